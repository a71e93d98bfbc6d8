//! Orders that others put on the queue, and messages that nobody can do anything with.

use serde_json::value::RawValue;

use super::later::public_id;
use super::make::described;
use super::{Job, Order, Renderer};
use crate::error::{Error, Kind, Result};
use crate::records::{OrderRecord, OrderState};
use crate::redacted::Redacted;
use crate::telemetry::now_ms;

impl Renderer {
    /// Does what a message of the queue says: a job of ours, or an order of somebody else, whose id is then the
    /// message's. A message that can't ever be done goes to the dead letters, where there are some. Once this
    /// returns `Ok` the message is no longer needed.
    ///
    /// # Errors
    /// What kept it from being done; the message must stay on the queue.
    pub async fn take(&self, message_id: &str, body: &str) -> Result<()> {
        let done = match Job::find(body) {
            Ok(Some(job)) => self.perform(&job).await,
            Ok(None) => self.adopt(message_id, body).await,
            Err(error) => Err(error),
        };
        match (done, &self.settings().dead_letters) {
            (Err(error), Some(dead_letters)) if is_poison(error.kind()) => {
                let (code, detail) = (error.kind().code(), error.detail());
                tracing::warn!(code, detail, "a message went to the dead letters");
                dead_letters.send_with_reason(body.to_owned(), &format!("{code}: {detail}")).await
            }
            (done, _) => done,
        }
    }

    /// Who may send to the queue may order whatever is configured. A bad order also ends as failed.
    async fn adopt(&self, message_id: &str, body: &str) -> Result<()> {
        if !is_order_id(message_id) {
            return Err(Error::new(Kind::InvalidParameter, "The id of this message can't be an order's."));
        }
        let records = self.records()?;
        let mut refusal = None;
        let mut stands = records.order(message_id).await?;
        if stands.is_none() {
            let refused = match Order::from_json(body.as_bytes()) {
                Ok(order) => self.check(&order).await.err(),
                Err(error) => Some(error),
            };
            let text = RawValue::from_string(body.trim().to_owned())
                .map_err(|error| Error::new(Kind::InvalidJson, "The message is not JSON.").because(error))?;
            let state =
                refused.as_ref().map_or(OrderState::Queued, |error| OrderState::Failed { error: described(error) });
            let order = OrderRecord {
                id: message_id.to_owned(),
                created_at: now_ms(),
                order: Redacted::new(text),
                accounts: None,
                destinations: None,
                state,
            };
            // The same message may be read twice at once: whichever record stands counts.
            records.write_order(&order, None).await?;
            if refused.is_some() {
                self.settle_end(&order).await?;
            }
            (refusal, stands) = (refused, records.order(message_id).await?);
        }
        if let Some((record, _)) = stands {
            // Nobody is known to have ordered it.
            self.enlist(&public_id(message_id), record.created_at).await;
        }
        match refusal {
            Some(error) => Err(error),
            None => self.start_order(message_id, 0).await,
        }
    }
}

/// Whether a text may be the name of an order's record.
pub(super) fn is_order_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether it can't ever go better.
fn is_poison(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::InvalidJson
            | Kind::InvalidField
            | Kind::MissingField
            | Kind::InvalidParameter
            | Kind::NotAllowed
            | Kind::DestinationsNotConfigured
    )
}
