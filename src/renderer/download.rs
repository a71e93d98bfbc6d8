//! Brings the output of a render to this machine.

use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::fs;

use super::{Renderer, Ticket};
use crate::error::{Error, Kind, Result};

/// An output that is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Downloaded {
    /// The file.
    pub path: PathBuf,
    /// Bytes.
    pub size_in_bytes: u64,
}

impl Renderer {
    /// Downloads the output of a render that is done, as
    /// <https://www.remotion.dev/docs/lambda/downloadmedia> does: to `to`, or into it if it is a folder, or
    /// into the current one, under the output's own name. A file that is there is replaced, in one step and
    /// only by a whole one: until then the bytes are in a file beside it. `seen` is told the bytes so far and
    /// in all.
    ///
    /// # Errors
    /// [`Kind::RenderUnfinished`], where the official client would fail over a missing file;
    /// [`Kind::InvalidParameter`] where the file can't be written; [`Kind::AwsUnavailable`] where the
    /// connection broke.
    pub async fn download(&self, ticket: &Ticket, to: Option<&Path>, seen: impl FnMut(u64, u64)) -> Result<Downloaded> {
        let source = self.look(ticket).await?.source()?;
        self.check_output(ticket, &source.bucket, &source.key)?;
        let account = self.settings().accounts.get(&ticket.account)?;
        let path = target(to, &source.key);
        let unwritable = |error: IoError| {
            Error::new(
                Kind::InvalidParameter,
                format!("{} can't be written: {error}. Choose another path.", path.display()),
            )
        };
        if path.is_dir() {
            return Err(unwritable(ErrorKind::IsADirectory.into()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let aside = Aside(folder.join(format!(".rendergate-{}.part", uuid::Uuid::new_v4().simple())));
        let mut file = fs::File::create_new(&aside.0).await.map_err(unwritable)?;
        let object = account.object(&ticket.region, &source.bucket, source.key.clone());
        let size = account.aws.download(&object, &mut file, seen).await?;
        let size_in_bytes =
            size.ok_or_else(|| Error::new(Kind::RenderNotFound, "The output is not there any more. Render again."))?;
        fs::rename(&aside.0, &path).await.map_err(unwritable)?;
        // So that the name is on the disk, too.
        fs::File::open(folder).await.map_err(unwritable)?.sync_all().await.map_err(unwritable)?;
        Ok(Downloaded { path, size_in_bytes })
    }
}

/// An unfinished file. Nothing is left of it, however the download ends.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        // After the rename there is none.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn target(to: Option<&Path>, key: &str) -> PathBuf {
    match to {
        None => file_name(key).into(),
        Some(path) if path.is_dir() => path.join(file_name(key)),
        Some(path) => path.to_owned(),
    }
}

/// The last segment of a key, which is what somebody wrote, as a name that does no harm here.
fn file_name(key: &str) -> String {
    let name: String = key.rsplit('/').next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if ["", ".", ".."].contains(&name.as_str()) { "out".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_a_file_and_nothing_else() {
        for (key, name) in [
            ("renders/m1yq8x2c0v/out.mp4", "out.mp4"),
            ("my film.mp4", "my film.mp4"),
            ("a/..", "out"),
            ("a/.", "out"),
            ("a/", "out"),
            ("a/\u{1b}[2Jx.mp4", "[2Jx.mp4"),
        ] {
            assert_eq!(target(None, key), PathBuf::from(name), "{key:?}");
        }
        let folder = PathBuf::from("/");
        assert_eq!(target(Some(&folder), "a/x.mp4"), folder.join("x.mp4"));
        assert_eq!(target(Some(Path::new("y.mp4")), "a/x.mp4"), PathBuf::from("y.mp4"));
    }
}
