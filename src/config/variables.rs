//! Where settings are looked up: the environment, and for the command a dotenv file below it.

use std::collections::BTreeMap;
use std::path::Path;

use super::dotenv;
use super::{Mistake, Mistakes, SETTINGS};

/// The file that the command reads where it runs, as Remotion's does.
const FILE: &str = ".env";

/// The variables of the process, which win, and those of a file. The process environment is never written.
#[derive(Default)]
pub struct Variables {
    file: BTreeMap<String, String>,
}

/// The setting whose name is at most two letters away.
fn nearest(name: &str) -> Option<&'static str> {
    let scored = SETTINGS.iter().map(|setting| (strsim::osa_distance(setting.name, name), setting.name));
    scored.filter(|(letters, _)| *letters <= 2).min().map(|(_, near)| near)
}

impl Variables {
    /// With the named file, else `.env` of the working directory, if there is one.
    ///
    /// # Errors
    /// The file can't be read, or the named one isn't there.
    pub fn with_file(named: Option<&Path>) -> Result<Self, Mistakes> {
        let path = named.unwrap_or(Path::new(FILE));
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self { file: dotenv::parse(&text) }),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => {
                let name = if named.is_some() { "--env-file" } else { FILE };
                Err(Mistakes(vec![Mistake { name, what: format!("`{}` can't be read: {error}", path.display()) }]))
            }
        }
    }

    /// A variable as it stands. An empty one of the process hides the file's.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().or_else(|| self.file.get(name).cloned())
    }

    /// Variables that look like settings of ours and are none, each with the nearest name that is.
    #[allow(clippy::disallowed_methods, reason = "as get")]
    pub fn unknown(&self) -> Vec<(String, Option<&'static str>)> {
        let process = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let ours = process.chain(self.file.keys().cloned()).filter(|name| name.starts_with("RENDERGATE_"));
        let unknown = ours.filter(|name| SETTINGS.iter().all(|setting| setting.name != name));
        unknown.map(|name| (name.clone(), nearest(&name))).collect()
    }

    /// Names that are a slip away from a setting: what was meant would be left out in silence.
    pub(super) fn misspelt(&self) -> Vec<Mistake> {
        let slips = self.unknown().into_iter().filter_map(|(name, near)| Some((name, near?)));
        slips.map(|(name, near)| Mistake { name: near, what: format!("`{name}` is set; is it misspelt?") }).collect()
    }

    /// Puts variables that look like settings, and are none, into the log.
    pub fn warn_of_unknown(&self) {
        for (name, near) in self.unknown() {
            tracing::warn!(name, near, "not a setting of this version");
        }
    }
}
