//! Keeps JSON records by folder and name: in S3, or in a folder on one machine.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aws::{Aws, Object, Put};
use crate::digest::sha256;
use crate::error::{Error, Kind, Result};

/// Where records are kept: the value of `RENDERGATE_STATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateLocation {
    /// `s3://bucket[/prefix]`
    S3 {
        /// A private bucket.
        bucket: String,
        /// Empty, or ending in `/`.
        prefix: String,
    },
    /// `file:<folder>`
    Folder(PathBuf),
}

impl FromStr for StateLocation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(folder) = text.strip_prefix("file:").filter(|folder| !folder.is_empty()) {
            return Ok(Self::Folder(folder.into()));
        }
        let place = text.strip_prefix("s3://").map(|place| place.split_once('/').unwrap_or((place, "")));
        match place {
            Some((bucket, prefix)) if !bucket.is_empty() => {
                let prefix = prefix.trim_end_matches('/');
                let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
                Ok(Self::S3 { bucket: bucket.to_owned(), prefix })
            }
            _ => Err(Error::new(Kind::Config, "expected `s3://bucket[/prefix]` or `file:<folder>`")),
        }
    }
}

/// A record as it was read; needed to replace exactly that state of it.
#[derive(Clone, Debug)]
pub struct Version(String);

/// Records in S3, written with the credentials of where we run.
#[derive(Clone, Debug)]
pub struct S3Records {
    /// Calls S3.
    pub aws: Arc<Aws>,
    /// Region of the bucket.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// Empty, or ending in `/`.
    pub prefix: String,
}

/// The store.
#[derive(Clone, Debug)]
pub enum Records {
    /// In S3.
    S3(S3Records),
    /// In a folder.
    Folder(PathBuf),
}

impl Records {
    /// A record and its version, if there is one.
    pub(super) async fn read<T: DeserializeOwned>(&self, folder: &str, name: &str) -> Result<Option<(T, Version)>> {
        let found = match self {
            Self::S3(store) => {
                store.aws.get(&store.object(folder, name)).await?.map(|(bytes, etag)| (bytes, Version(etag)))
            }
            Self::Folder(root) => {
                let path = path(root, folder, name);
                let bytes = blocking(move || read_file(&path)).await?;
                bytes.map(|bytes| (bytes.clone(), digest(&bytes)))
            }
        };
        let Some((bytes, version)) = found else { return Ok(None) };
        let record = serde_json::from_slice(&bytes)
            .map_err(|error| Error::new(Kind::Internal, "A record is damaged.").because(error))?;
        Ok(Some((record, version)))
    }

    /// Writes a record durably: a new one, or in place of exactly `replaces`. Its version, or `None`
    /// where somebody else was faster.
    pub(super) async fn write<T: Serialize>(
        &self,
        folder: &str,
        name: &str,
        record: &T,
        replaces: Option<&Version>,
    ) -> Result<Option<Version>> {
        let json = serde_json::to_vec(record)
            .map_err(|error| Error::new(Kind::Internal, "A record can't be written.").because(error))?;
        match self {
            Self::S3(store) => {
                let condition = replaces.map_or(Put::New, |version| Put::Replaces(&version.0));
                Ok(store.aws.put(&store.object(folder, name), json, condition).await?.map(Version))
            }
            Self::Folder(root) => {
                let (path, replaces) = (path(root, folder, name), replaces.cloned());
                blocking(move || write_file(&path, &json, replaces.as_ref())).await
            }
        }
    }

    /// The names of the records in a folder, sorted, at most so many, from behind `after`.
    pub(super) async fn list(&self, folder: &str, after: Option<&str>, most: usize) -> Result<Vec<String>> {
        let mut names: Vec<String> = match self {
            Self::S3(store) => {
                let after = after.map(|name| store.object(folder, name).key);
                let listed = store.aws.list_some(&store.folder(folder), after.as_deref(), most).await?;
                listed.into_iter().filter_map(|object| Some(object.key.rsplit('/').next()?.to_owned())).collect()
            }
            Self::Folder(root) => {
                let folder = root.join(folder);
                let mut names = blocking(move || list_folder(&folder)).await?;
                names.sort_unstable();
                let after = after.map(|name| format!("{name}.json"));
                names.retain(|name| after.as_ref().is_none_or(|after| name > after));
                names
            }
        };
        names.retain(|name| name.ends_with(".json"));
        names.truncate(most);
        Ok(names.iter().filter_map(|name| name.strip_suffix(".json")).map(str::to_owned).collect())
    }
}

impl S3Records {
    fn folder(&self, folder: &str) -> Object {
        self.at(format!("{}{folder}/", self.prefix))
    }

    fn object(&self, folder: &str, name: &str) -> Object {
        self.at(format!("{}{folder}/{name}.json", self.prefix))
    }

    fn at(&self, key: String) -> Object {
        Object { region: self.region.clone(), bucket: self.bucket.clone(), key, owner: None }
    }
}

fn path(root: &Path, folder: &str, name: &str) -> PathBuf {
    root.join(folder).join(format!("{name}.json"))
}

fn digest(bytes: &[u8]) -> Version {
    Version(sha256(bytes))
}

fn read_file(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

fn list_folder(folder: &Path) -> std::io::Result<Vec<String>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
    }
}

/// Compare, write aside, sync, rename: under a lock, since other processes may do the same.
fn write_file(path: &Path, bytes: &[u8], replaces: Option<&Version>) -> std::io::Result<Option<Version>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let lock = File::create(folder.join(".lock"))?;
    lock.lock()?;
    let now = read_file(path)?.map(|bytes| digest(&bytes).0);
    if now.as_ref() != replaces.map(|version| &version.0) {
        return Ok(None);
    }
    let aside = path.with_extension("new");
    let mut file = File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    File::open(folder)?.sync_all()?;
    Ok(Some(digest(bytes)))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other).and_then(|done| done);
    done.map_err(|error| {
        Error::new(
            Kind::Internal,
            "The folder of RENDERGATE_STATE can't be read or written. Check its permissions and space.",
        )
        .because(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_list_goes_on_behind_what_was_seen() {
        let root = tempfile::tempdir().unwrap();
        let records = Records::Folder(root.path().to_owned());
        for name in ["c", "a", "b"] {
            assert!(records.write("orders", name, &name, None).await.unwrap().is_some());
        }
        assert_eq!(records.list("orders", None, 2).await.unwrap(), ["a", "b"]);
        assert_eq!(records.list("orders", Some("b"), 2).await.unwrap(), ["c"]);
        assert_eq!(records.list("nothing", None, 2).await.unwrap(), Vec::<String>::new());
        let (read, version): (String, _) = records.read("orders", "a").await.unwrap().unwrap();
        assert_eq!(read, "a");
        assert!(records.write("orders", "a", &"new", None).await.unwrap().is_none());
        assert!(records.write("orders", "a", &"new", Some(&version)).await.unwrap().is_some());
    }
}
