//! The end of a render: its output is copied where it was ordered, once in effect.
//!
//! Whoever sees the end comes here. The record's conditional write makes one of them copy, for as
//! long as it renews its lease; whoever comes after a crash goes on with the parts that are there.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tracing::Instrument;

use super::claim::Claim;
use super::{CopyTo, Renderer, Ticket, start};
use crate::error::{Error, Kind, Result};
use crate::records::{CopyRecord, CopyStatus, Record, Version};
use crate::telemetry::now_ms;

/// What a request waits for a copy; the copy itself may go on.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Where a process stops with its answer, a copy is not begun with less time than this: it would be broken off.
const LEAST: Duration = Duration::from_secs(5);
/// What of that is for the record at the end.
const WRITING_DOWN: Duration = Duration::from_secs(2);

/// A copy, as callers see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CopyView {
    /// How far it is.
    pub status: CopyStatus,
    /// Destination bucket.
    pub bucket: String,
    /// Destination key.
    pub key: String,
    /// Bytes, once done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Why it failed, or what went wrong last: `code`, `detail` and what belongs to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
}

impl From<&CopyRecord> for CopyView {
    fn from(copy: &CopyRecord) -> Self {
        let CopyRecord { status, bucket, key, size, error, .. } = copy.clone();
        Self { status, bucket, key, size, error }
    }
}

impl CopyView {
    /// Whether nothing more will happen.
    pub fn is_final(&self) -> bool {
        matches!(self.status, CopyStatus::Done | CopyStatus::Failed)
    }
}

/// Where the output is.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Renderer {
    /// Copies the output of a render that is done to another place.
    ///
    /// # Errors
    /// [`Kind::RenderUnfinished`]; [`Kind::CopyInProgress`] where another copy is under way; what
    /// refused the copy.
    pub async fn copy(&self, ticket: &Ticket, copy_to: &CopyTo) -> Result<CopyView> {
        let view = self.look(ticket).await?;
        let source = view.source()?;
        let file_name = source.key.rsplit('/').next().unwrap_or_default();
        let composition = view.composition().unwrap_or_default();
        let key = copy_to.resolved_key(&ticket.render_id, composition, file_name);
        self.check_copy("copyTo", copy_to, &key)?;
        self.check_output(ticket, &source.bucket, &source.key)?;
        let record = start::new_record(ticket, copy_to, key);
        let records = self.records()?;
        let version = match records.render(&record.id).await? {
            None => None,
            Some((old, version)) => {
                let same = (&old.copy.bucket, &old.copy.key) == (&record.copy.bucket, &record.copy.key);
                match CopyView::from(&old.copy).is_final() {
                    true => Some(version),
                    // What was ordered before is owed: it is made first, never replaced.
                    false if same => return self.finish(ticket, source, old, version, PATIENCE).await,
                    false => return Err(copy_in_progress()),
                }
            }
        };
        let Some(version) = records.write_render(&record, version.as_ref()).await? else {
            return Err(copy_in_progress());
        };
        let copied = self.finish(ticket, source, record, version, PATIENCE).await;
        if !copied.as_ref().is_ok_and(CopyView::is_final) || self.is_told_of(ticket).await {
            self.follow_on(ticket).await;
        }
        copied
    }

    /// How the recorded copy is, made if it is due. That it failed is no error here: the record says why, and
    /// the render itself is fine.
    ///
    /// # Errors
    /// Of the store.
    pub(super) async fn deliver(
        &self,
        ticket: &Ticket,
        source: Source,
        record: Record,
        version: Version,
        patience: Duration,
    ) -> Result<CopyView> {
        match self.finish(ticket, source, record.clone(), version, patience).await {
            Ok(copy) => Ok(copy),
            Err(_) => self.recorded(ticket, record).await,
        }
    }

    /// Makes the recorded copy if nobody else does; waits for it for `patience` at most.
    ///
    /// # Errors
    /// The copy's own, also kept in the record.
    pub(super) async fn finish(
        &self,
        ticket: &Ticket,
        source: Source,
        record: Record,
        version: Version,
        patience: Duration,
    ) -> Result<CopyView> {
        let due = !CopyView::from(&record.copy).is_final() && record.copy.lease_until <= now_ms();
        let lives_on = self.settings().lives_on;
        if !due || (!lives_on && patience < LEAST) {
            return Ok(CopyView::from(&record.copy));
        }
        let limit = (!lives_on).then(|| patience.saturating_sub(WRITING_DOWN));
        let Some(claim) = Claim::take(self.records()?, record.clone(), &version).await? else {
            return self.recorded(ticket, record).await;
        };
        let copying = CopyView::from(&claim.record().copy);
        // Whoever sees the end makes the copy, for whoever ordered it.
        let (renderer, ticket) = (self.unlimited(), ticket.clone());
        let work = async move { renderer.work(&ticket, &source, claim, limit).await };
        let work = tokio::spawn(work.in_current_span());
        match tokio::time::timeout(patience, work).await {
            Err(_) => Ok(copying),
            Ok(Err(broken)) => {
                Err(Error::new(Kind::Internal, "The copy broke off. It will be tried again.").because(broken))
            }
            Ok(Ok(done)) => done,
        }
    }

    /// How the copy is by the record as it stands now.
    pub(super) async fn recorded(&self, ticket: &Ticket, known: Record) -> Result<CopyView> {
        let record = self.record(ticket).await?.map_or(known, |(record, _)| record);
        Ok(CopyView::from(&record.copy))
    }
}

/// The copy of a render that ended without an output.
pub(super) fn nothing_to_copy(copy: &CopyRecord, status: &str) -> CopyView {
    let error =
        json!({"code": "render_failed", "detail": format!("The render ended as {status}; there is nothing to copy.")});
    CopyView { status: CopyStatus::Failed, error: Some(error), ..CopyView::from(copy) }
}

fn copy_in_progress() -> Error {
    Error::new(Kind::CopyInProgress, "Another copy of this render is under way. Ask again when it has ended.")
}
