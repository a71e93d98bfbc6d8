//! What outlives a process: one small JSON record per render that has work left after its end.
//!
//! Kept in a private bucket of ours, or in a folder on one machine. Every write is conditional, so
//! that of several finishers one wins.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::aws::{Aws, Object, Put, Upload};
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

/// What is left to do for a render.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The ticket.
    pub id: String,
    /// When the order was accepted, epoch ms.
    pub created_at: u64,
    /// The copy that was ordered.
    pub copy: CopyRecord,
}

/// A copy that was ordered, and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyRecord {
    /// Destination bucket.
    pub bucket: String,
    /// Destination key.
    pub key: String,
    /// The bucket's region, where the caller knew it.
    pub region: Option<String>,
    /// Who must own the bucket.
    pub expected_bucket_owner: Option<String>,
    /// What to do about an object that is there already.
    pub if_exists: IfExists,
    /// Storage class of the copy.
    pub storage_class: Option<String>,
    /// How far it is.
    pub status: CopyStatus,
    /// Bytes, once done.
    pub size: Option<u64>,
    /// Why it failed, as a problem's members.
    pub error: Option<serde_json::Value>,
    /// How often it was begun since the last time that a part of it got there.
    pub attempts: u32,
    /// Until when the one who copies has it to itself, epoch ms.
    pub lease_until: u64,
    /// The multipart upload that is under way, and its parts that are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
}

/// What to do about an object that is at the destination already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum IfExists {
    /// Replace it.
    #[default]
    Overwrite,
    /// Keep it; the copy counts as done.
    Skip,
    /// Keep it; the copy fails.
    Fail,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CopyStatus {
    /// Not begun, or to be tried again.
    Pending,
    /// Somebody copies.
    Copying,
    /// In effect.
    Done,
    /// Given up.
    Failed,
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
    /// The record of a render and its version, if there is one.
    pub async fn read(&self, id: &str) -> Result<Option<(Record, Version)>> {
        let found = match self {
            Self::S3(store) => store.aws.get(&store.object(id)).await?.map(|(bytes, etag)| (bytes, Version(etag))),
            Self::Folder(folder) => {
                let path = path(folder, id);
                let bytes = blocking(move || read_file(&path)).await?;
                bytes.map(|bytes| (bytes.clone(), digest(&bytes)))
            }
        };
        let Some((bytes, version)) = found else { return Ok(None) };
        let record = serde_json::from_slice(&bytes)
            .map_err(|error| Error::new(Kind::Internal, "The render's record is damaged.").because(error))?;
        Ok(Some((record, version)))
    }

    /// The ids of all renders that have a record.
    pub async fn ids(&self) -> Result<Vec<String>> {
        let names = match self {
            Self::S3(store) => {
                let listed = store.aws.list(&store.object("").folder()).await?;
                listed.into_iter().map(|object| object.key).collect()
            }
            Self::Folder(folder) => {
                let folder = folder.join("renders");
                blocking(move || list_folder(&folder)).await?
            }
        };
        let id = |name: &String| Some(name.rsplit('/').next()?.strip_suffix(".json")?.to_owned());
        Ok(names.iter().filter_map(id).collect())
    }

    /// Writes a record durably: a new one, or in place of exactly `replaces`. Its version, or `None`
    /// where somebody else was faster.
    pub async fn write(&self, record: &Record, replaces: Option<&Version>) -> Result<Option<Version>> {
        let json = serde_json::to_vec(record)
            .map_err(|error| Error::new(Kind::Internal, "A record can't be written.").because(error))?;
        match self {
            Self::S3(store) => {
                let condition = replaces.map_or(Put::New, |version| Put::Replaces(&version.0));
                Ok(store.aws.put(&store.object(&record.id), json, condition).await?.map(Version))
            }
            Self::Folder(folder) => {
                let (path, replaces) = (path(folder, &record.id), replaces.cloned());
                blocking(move || write_file(&path, &json, replaces.as_ref())).await
            }
        }
    }
}

impl S3Records {
    fn object(&self, id: &str) -> Object {
        let key = format!("{}renders/{id}.json", self.prefix);
        Object { region: self.region.clone(), bucket: self.bucket.clone(), key, owner: None }
    }
}

fn path(folder: &Path, id: &str) -> PathBuf {
    folder.join("renders").join(format!("{id}.json"))
}

fn digest(bytes: &[u8]) -> Version {
    Version(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
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
