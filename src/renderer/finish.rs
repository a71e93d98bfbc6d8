//! The end of a render: its output is copied where it was ordered, once in effect.
//!
//! Whoever sees the end comes here. The record's conditional write makes one of them copy, for as
//! long as its lease lasts; a copy that is repeated after a crash writes the same bytes again.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};
use tracing::Instrument;

use super::{CopyTo, Renderer, Ticket, start};
use crate::aws::{Copied, CopyTarget, Object};
use crate::error::{Error, Kind, Result};
use crate::records::{CopyRecord, CopyStatus, IfExists, Record, Version};
use crate::telemetry::{Metric, now_ms};

/// What a request waits for a copy; the copy itself may go on.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How often a copy is tried that fails for reasons that may pass.
const ATTEMPTS: u32 = 5;
/// How much longer than the copy its lease lasts.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

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
        self.finish(ticket, source, record, version, PATIENCE).await
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
        let now = now_ms();
        if matches!(record.copy.status, CopyStatus::Done | CopyStatus::Failed) || record.copy.lease_until > now {
            return Ok(CopyView::from(&record.copy));
        }
        let mut claimed = record;
        claimed.copy.status = CopyStatus::Copying;
        claimed.copy.attempts += 1;
        let lease = self.settings().copy_limit + LEASE_MARGIN;
        claimed.copy.lease_until = now + u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
        let Some(version) = self.records()?.write_render(&claimed, Some(&version)).await? else {
            return self.recorded(ticket, claimed).await;
        };
        let copying = CopyView::from(&claimed.copy);
        // Whoever sees the end makes the copy, for whoever ordered it.
        let (renderer, ticket) = (self.unlimited(), ticket.clone());
        let work = async move { renderer.work(&ticket, &source, claimed, &version).await };
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
    async fn recorded(&self, ticket: &Ticket, known: Record) -> Result<CopyView> {
        let record = self.record(ticket).await?.map_or(known, |(record, _)| record);
        Ok(CopyView::from(&record.copy))
    }

    /// Copies, and writes down how it went, in place of exactly the claim: a process that was frozen beyond
    /// its lease must not undo what another has done since.
    async fn work(&self, ticket: &Ticket, source: &Source, mut record: Record, claim: &Version) -> Result<CopyView> {
        let began = Instant::now();
        let made = self.copy_object(ticket, source, &record.copy).await;
        let metrics = self.settings().metrics;
        record.copy.lease_until = 0;
        match &made {
            Ok(size) => {
                record.copy.status = CopyStatus::Done;
                record.copy.size = Some(*size);
                record.copy.error = None;
                metrics.put(&ticket.account, Metric::Copied(began.elapsed().as_secs_f64() * 1000.0));
            }
            Err(error) => {
                let again = error.kind().is_transient() && record.copy.attempts < ATTEMPTS;
                record.copy.status = if again { CopyStatus::Pending } else { CopyStatus::Failed };
                record.copy.error = Some(described(error));
                if !again {
                    metrics.put(&ticket.account, Metric::CopyFailed);
                }
                tracing::warn!(renderId = ticket.render_id, code = error.kind().code(), again, "copy failed");
            }
        }
        if self.records()?.write_render(&record, Some(claim)).await?.is_none() {
            return self.recorded(ticket, record).await;
        }
        made.map(|_| CopyView::from(&record.copy))
    }

    async fn copy_object(&self, ticket: &Ticket, source: &Source, copy: &CopyRecord) -> Result<u64> {
        let account = self.settings().accounts.get(&ticket.account)?;
        self.check_output(ticket, &source.bucket, &source.key)?;
        let from = account.object(&ticket.region, &source.bucket, source.key.clone());
        let found = account
            .aws
            .head(&from)
            .await?
            .ok_or_else(|| Error::new(Kind::RenderNotFound, "The output is not there any more. Render again."))?;
        let region = match &copy.region {
            Some(region) => region.clone(),
            None => account.aws.region_of(&copy.bucket, &ticket.region).await.unwrap_or_else(|| ticket.region.clone()),
        };
        let object = Object {
            region,
            bucket: copy.bucket.clone(),
            key: copy.key.clone(),
            owner: copy.expected_bucket_owner.clone(),
        };
        let target = CopyTarget {
            object,
            storage_class: copy.storage_class.clone(),
            new_only: copy.if_exists != IfExists::Overwrite,
        };
        match account.aws.copy(&from, &found, &target, self.settings().copy_limit).await? {
            Copied::Existed if copy.if_exists == IfExists::Fail => Err(Error::new(
                Kind::DestinationExists,
                format!(
                    "s3://{}/{} exists already, and `ifExists` is `fail`. Choose another key.",
                    copy.bucket, copy.key
                ),
            )),
            Copied::Existed | Copied::Done => Ok(found.size),
        }
    }
}

/// What callers see of an error inside another answer.
pub(super) fn described(error: &Error) -> Value {
    let mut members = error.members().clone();
    members.insert("code".into(), error.kind().code().into());
    members.insert("detail".into(), error.detail().into());
    Value::Object(members)
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
