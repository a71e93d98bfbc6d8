//! What outlives a process: one small JSON record per render that has work left after its end, and one per
//! idempotency key (`key`); events that were asked for (`notify`); an index by caller and time (`list`); and who may
//! run how much at once (`budget`).
//!
//! Kept in a private bucket of ours, or in a folder on one machine (`store`). Every write is conditional, so
//! that of several finishers one wins.

mod budget;
mod key;
mod list;
mod notify;
mod orders;
mod store;

use serde::{Deserialize, Serialize};

use crate::aws::Upload;
use crate::error::Result;
pub use budget::{Budget, Lease, Place};
pub use key::{KeyRecord, KeyState};
pub use list::Entry;
pub use notify::{EventRecord, EventStatus, NotifyRecord};
pub use orders::{OrderRecord, OrderState};
pub use store::{Records, S3Records, StateLocation, Version};

/// Records of renders, by their ticket.
const RENDERS: &str = "renders";

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

impl Records {
    /// The record of a render and its version, if there is one.
    pub async fn render(&self, id: &str) -> Result<Option<(Record, Version)>> {
        self.read(RENDERS, id).await
    }

    /// Writes a render's record durably: a new one, or in place of exactly `replaces`. Its version, or `None`
    /// where somebody else was faster.
    pub async fn write_render(&self, record: &Record, replaces: Option<&Version>) -> Result<Option<Version>> {
        self.write(RENDERS, &record.id, record, replaces).await
    }

    /// The ids of all renders that have a record.
    pub async fn renders(&self) -> Result<Vec<String>> {
        self.list(RENDERS, None, usize::MAX).await
    }
}
