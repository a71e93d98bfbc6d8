//! Accepts orders to be started later: each is written down, then put on the queue.

use std::time::Duration;

use serde_json::value::RawValue;

use super::make::described;
use super::start::unsure;
use super::{Job, Order, OrderView, Renderer};
use crate::error::{Error, Kind, Result};
use crate::records::{OrderRecord, OrderState};
use crate::redacted::Redacted;
use crate::telemetry::now_ms;

impl Renderer {
    /// Accepts an order to be started later: it is checked as [`Renderer::start`] would, written down, and put
    /// on the queue. One PUT and one message; one PUT more puts it on its caller's list.
    ///
    /// # Errors
    /// [`Kind::QueueNotConfigured`], [`Kind::StateNotConfigured`]; those of a bad order. After an error the
    /// order is not started, unless it tells of `mayHaveStarted`.
    pub async fn submit(&self, body: &[u8]) -> Result<OrderView> {
        self.queue()?;
        let order = Order::from_json(body)?;
        self.check(&order).await?;
        let mut record = self.new_order(&new_order_id(), now_ms(), body)?;
        let records = self.records()?;
        let version = records.write_order(&record, None).await?;
        let version = version.ok_or_else(|| Error::new(Kind::Internal, "An id was given twice. Order again."))?;
        let view = OrderView::new(&record.id, &OrderState::Queued, Some(&order));
        let error = match self.enqueue_start(&record.id).await {
            Ok(message_id) => {
                self.enlist(&view.id, record.created_at).await;
                return Ok(OrderView { message_id: Some(message_id), ..view });
            }
            Err(error) => error,
        };
        // The message may be there, its answer lost: nobody knows of the order, so nobody must start it.
        record.state = OrderState::Failed { error: described(&error) };
        match records.write_order(&record, Some(&version)).await {
            Ok(Some(_)) => Err(error),
            // It is there, and somebody has begun.
            Ok(None) => {
                self.enlist(&view.id, record.created_at).await;
                Ok(view)
            }
            Err(failure) => {
                tracing::warn!(order = record.id, code = failure.kind().code(), "could not be withdrawn");
                Err(unsure(error))
            }
        }
    }

    /// Sees to it that an order is written down and on the queue, whatever of that was done before; `createdAt` is
    /// in milliseconds since 1970. An error of which [`may_have_run`](super::start::may_have_run) is true leaves
    /// that to whoever comes next.
    pub(super) async fn put(&self, id: &str, created_at: u64, order: &Order, body: &[u8]) -> Result<OrderView> {
        let record = self.new_order(id, created_at, body)?;
        let message_id = match self.records()?.write_order(&record, None).await? {
            Some(_) => Some(self.enqueue_start(id).await.map_err(|error| match error.kind() {
                // Also where it was throttled in the end: an earlier attempt may have got there.
                kind if kind.is_transient() || kind == Kind::UnreadableAnswer => unsure(error),
                _ => error,
            })?),
            // It has come further: its message was there.
            None => None,
        };
        Ok(OrderView { message_id, ..OrderView::new(id, &OrderState::Queued, Some(order)) })
    }

    fn new_order(&self, id: &str, created_at: u64, body: &[u8]) -> Result<OrderRecord> {
        let text: Box<RawValue> = serde_json::from_slice(body)
            .map_err(|error| Error::new(Kind::InvalidJson, "The body is not JSON.").because(error))?;
        Ok(OrderRecord {
            id: id.to_owned(),
            created_at,
            order: Redacted::new(text),
            accounts: self.caller.limits.accounts.clone(),
            destinations: self.caller.limits.destinations.clone(),
            state: OrderState::Queued,
        })
    }

    async fn enqueue_start(&self, id: &str) -> Result<String> {
        self.enqueue(&Job::Start { order: id.to_owned(), attempt: 0 }, Duration::ZERO).await
    }
}

/// A new order's id.
pub(super) fn new_order_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
