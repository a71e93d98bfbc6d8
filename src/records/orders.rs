//! Orders that were accepted and are started later, each a record of its own.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Record, Records, Version};
use crate::error::Result;
use crate::redacted::Redacted;

/// Orders, by their id.
const ORDERS: &str = "orders";

/// An order that was accepted, and what has become of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRecord {
    /// Its id: letters, digits and hyphens.
    pub id: String,
    /// When it was accepted, epoch ms.
    pub created_at: u64,
    /// The order as it was sent. It may hold secrets, so that the state's bucket must be private.
    pub order: Redacted<Box<RawValue>>,
    /// The accounts that its caller may use; left out: all.
    pub accounts: Option<Vec<String>>,
    /// The destinations that its caller may use; left out: all.
    pub destinations: Option<Vec<String>>,
    /// How far it is.
    pub state: OrderState,
}

/// How far an order is. Only `Queued` and `Starting` lead on to another state; a `start_unknown` does where
/// it becomes known after all that the render runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum OrderState {
    /// Nobody has begun it; it costs nothing yet.
    Queued,
    /// Somebody is about to invoke the function, or has.
    Starting {
        /// Who: a random id.
        claim: String,
        /// Until when that one has it to itself, epoch ms. Nobody knows afterwards whether the render runs.
        until: u64,
    },
    /// The render runs, or has ended.
    Started {
        /// Its ticket.
        ticket: String,
        /// The render's record, where something is left to do at its end. It is kept here until it stands by
        /// itself.
        record: Option<Box<Record>>,
    },
    /// It will not be started.
    Failed {
        /// Why, as a problem's members.
        error: serde_json::Value,
    },
    /// Somebody cancelled it before it was started.
    Cancelled,
}

impl Records {
    /// An order and its version, if there is one.
    pub async fn order(&self, id: &str) -> Result<Option<(OrderRecord, Version)>> {
        self.read(ORDERS, id).await
    }

    /// Writes an order durably: a new one, or in place of exactly `replaces`. Its version, or `None` where
    /// somebody else was faster. A write whose answer was lost and that was repeated is found to be ours.
    pub async fn write_order(&self, order: &OrderRecord, replaces: Option<&Version>) -> Result<Option<Version>> {
        if let Some(version) = self.write(ORDERS, &order.id, order, replaces).await? {
            return Ok(Some(version));
        }
        let found = self.order(&order.id).await?;
        Ok(found.filter(|(found, _)| found.state == order.state).map(|(_, version)| version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(state: OrderState) -> OrderRecord {
        let order = RawValue::from_string(r#"{"envVariables":{"A":"CANARY"},"scale":1.10}"#.into()).unwrap();
        OrderRecord {
            id: "1".into(),
            created_at: 7,
            order: Redacted::new(order),
            accounts: None,
            destinations: None,
            state,
        }
    }

    #[tokio::test]
    async fn one_of_several_writers_wins_and_knows_it() {
        let root = tempfile::tempdir().unwrap();
        let records = Records::Folder(root.path().to_owned());
        let starting = |claim: &str| record(OrderState::Starting { claim: claim.into(), until: 9 });
        let first = records.write_order(&record(OrderState::Queued), None).await.unwrap().unwrap();
        assert!(records.write_order(&starting("a"), Some(&first)).await.unwrap().is_some());
        assert!(records.write_order(&starting("b"), Some(&first)).await.unwrap().is_none());
        // The answer to the first was lost: it is repeated.
        assert!(records.write_order(&starting("a"), Some(&first)).await.unwrap().is_some());
        let (read, _) = records.order("1").await.unwrap().unwrap();
        assert_eq!(read.state, starting("a").state);
        assert_eq!(read.order.expose().get(), r#"{"envVariables":{"A":"CANARY"},"scale":1.10}"#);
        assert!(!format!("{read:?}").contains("CANARY"));
    }
}
