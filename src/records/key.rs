//! What is known of an idempotency key.

use serde::{Deserialize, Serialize};

use super::{Record, Records, Version};
use crate::error::Result;

/// Records of keys, by the digest of caller and key.
const KEYS: &str = "keys";

/// The request that holds a key, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRecord {
    /// Random, one per request: tells a write of one's own whose answer was lost from somebody else's.
    pub claim: String,
    /// Hex SHA-256 of the request's body.
    pub body: String,
    /// Since when it is held, epoch ms.
    pub since: u64,
    /// How far the request is.
    #[serde(flatten)]
    pub state: KeyState,
}

/// How far the request is that holds a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum KeyState {
    /// It may be starting a render.
    Starting,
    /// It started this render.
    Started {
        /// The ticket.
        id: String,
        /// The function that the render was started with.
        function_name: String,
        /// What was left to do for it.
        record: Option<Box<Record>>,
    },
    /// It is about to put this order on the queue. Whoever comes later may go on with that.
    Ordering {
        /// The order's id.
        order: String,
    },
    /// It put this order on the queue.
    Ordered {
        /// The order's id.
        order: String,
        /// The id of its message, where it was the request's own.
        message_id: Option<String>,
    },
    /// It is a batch, whose orders have keys of their own.
    Batch,
    /// Its answer was lost: it may have started a render.
    Unknown,
    /// It started nothing, so that the key may be used again.
    Free,
}

impl Records {
    /// Writes what is known of a key durably: the first, or in place of exactly `replaces`. What is there then:
    /// this, or what somebody else wrote; `None` where others are writing at this moment.
    pub async fn write_key(
        &self,
        name: &str,
        record: &KeyRecord,
        replaces: Option<&Version>,
    ) -> Result<Option<(KeyRecord, Version)>> {
        match self.write(KEYS, name, record, replaces).await? {
            Some(version) => Ok(Some((record.clone(), version))),
            // Also where the answer to the first attempt was lost: then what is there is this.
            None => self.read(KEYS, name).await,
        }
    }
}
