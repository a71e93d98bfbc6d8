//! Events that were asked for: whom to tell, what of, and how far that is.

use serde::{Deserialize, Serialize};

use super::{Records, Version};
use crate::error::Result;
use crate::redacted::Redacted;

/// Records of events, by what they are about: a ticket, or the id of an order that was never started.
const NOTIFY: &str = "notify";

/// Who is to be told of what becomes of a render.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotifyRecord {
    /// The ticket, or `q~` and the id of an order.
    pub id: String,
    /// The id by which the caller knows it.
    pub known_as: String,
    /// When the order was accepted, epoch ms.
    pub created_at: u64,
    /// Where events go. It may hold a token.
    pub url: Redacted<String>,
    /// What has happened so far.
    pub events: Vec<EventRecord>,
}

/// One event, and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventRecord {
    /// Its id, the same however often and by whomever it is sent.
    pub id: String,
    /// Such as `render.done`.
    pub r#type: String,
    /// What is sent, byte for byte.
    pub body: String,
    /// How far it is.
    pub status: EventStatus,
    /// How often it was sent.
    pub attempts: u32,
    /// Not to be sent before, epoch ms. While it is being sent, this keeps others from doing the same.
    pub due_at: u64,
    /// What came of the last attempt, unless it was taken.
    pub last_error: Option<String>,
}

/// How far an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EventStatus {
    /// To be sent, perhaps again.
    Pending,
    /// The receiver has it.
    Delivered,
    /// Given up.
    Failed,
}

impl EventStatus {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl NotifyRecord {
    /// When the next event is due, epoch ms.
    pub fn next_due(&self) -> Option<u64> {
        self.events.iter().filter(|event| event.status == EventStatus::Pending).map(|event| event.due_at).min()
    }

    /// Whether an event of this type, or beginning of a type, has happened.
    pub fn has(&self, kind: &str) -> bool {
        self.events.iter().any(|event| event.r#type.starts_with(kind))
    }
}

impl Records {
    /// The events of a render, or of an order without one, if somebody is to be told.
    pub async fn notify(&self, id: &str) -> Result<Option<(NotifyRecord, Version)>> {
        self.read(NOTIFY, id).await
    }

    /// Writes down who is to be told and of what: the first, or in place of exactly `replaces`. Its version, or
    /// `None` where somebody else was faster.
    pub async fn write_notify(&self, record: &NotifyRecord, replaces: Option<&Version>) -> Result<Option<Version>> {
        self.write(NOTIFY, &record.id, record, replaces).await
    }

    /// What all records of events are about.
    pub async fn notified(&self) -> Result<Vec<String>> {
        self.list(NOTIFY, None, usize::MAX).await
    }
}
