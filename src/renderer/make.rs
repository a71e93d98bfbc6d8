//! Makes a copy that was claimed, as far as the time goes, and writes down what has become of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::claim::Claim;
use super::finish::{CopyView, Source};
use super::{Renderer, Ticket};
use crate::aws::{Copied, Copier, CopyTarget, Object};
use crate::error::{Error, Kind, Result};
use crate::records::{CopyRecord, CopyStatus, IfExists};
use crate::telemetry::Metric;

/// How often in a row a copy is tried that fails for reasons that may pass, without one part of it getting there.
const ATTEMPTS: u32 = 5;
/// How many uploads are begun in one go, where S3 knows nothing of the last one any more.
const UPLOADS: usize = 2;

impl Renderer {
    /// Copies for as long as `limit`, and writes down how it went, in place of exactly the claim: a process that
    /// was frozen beyond its lease must not undo what another has done since.
    pub(super) async fn work(
        &self,
        ticket: &Ticket,
        source: &Source,
        mut claim: Claim,
        limit: Option<Duration>,
    ) -> Result<CopyView> {
        let began = Instant::now();
        let making = self.make(ticket, source, &mut claim);
        let made = match limit {
            None => making.await,
            Some(limit) => tokio::time::timeout(limit, making).await.unwrap_or_else(|_| Err(out_of_time())),
        };
        let known = claim.record().clone();
        if made.as_ref().is_err_and(|error| error.kind() == Kind::CopyInProgress) {
            return self.recorded(ticket, known).await;
        }
        let metrics = self.settings().metrics;
        let progressed = claim.has_progressed();
        let attempts = if progressed { 0 } else { known.copy.attempts };
        let ended = match &made {
            Ok(size) => {
                metrics.put(&ticket.account, Metric::Copied(began.elapsed().as_secs_f64() * 1000.0));
                let size = Some(*size);
                let done = |copy: &mut CopyRecord| {
                    *copy = CopyRecord { status: CopyStatus::Done, size, error: None, upload: None, ..copy.clone() };
                };
                claim.end(done).await?
            }
            Err(error) => {
                let again = error.kind().is_transient() && attempts < ATTEMPTS;
                let upload = claim.upload();
                if !again {
                    metrics.put(&ticket.account, Metric::CopyFailed);
                    // The record is ended in any case.
                    if let (Some(upload), Ok(target)) = (&upload, self.copy_target(ticket, &known.copy).await) {
                        target.abort(upload).await;
                    }
                }
                let parts = upload.map_or(0, |upload| upload.done());
                let (id, code) = (&ticket.render_id, error.kind().code());
                if progressed && is_out_of_time(error) {
                    tracing::info!(renderId = id, parts, "the copy goes on with the next request");
                } else {
                    tracing::warn!(renderId = id, code, again, parts, "copy broken off");
                }
                claim.end(|copy| broken_off(copy, error, again.then_some(progressed), attempts)).await?
            }
        };
        match (ended, made) {
            (None, _) => self.recorded(ticket, known).await,
            (Some(record), Err(error)) if record.copy.status == CopyStatus::Failed || !progressed => Err(error),
            (Some(record), _) => Ok(CopyView::from(&record.copy)),
        }
    }

    async fn make(&self, ticket: &Ticket, source: &Source, claim: &mut Claim) -> Result<u64> {
        let copy = claim.record().copy.clone();
        let account = self.settings().accounts.get(&ticket.account)?;
        self.check_output(ticket, &source.bucket, &source.key)?;
        let from = account.object(&ticket.region, &source.bucket, source.key.clone());
        let found = account.aws.head(&from).await?;
        let found =
            found.ok_or_else(|| Error::new(Kind::RenderNotFound, "The output is not there any more. Render again."))?;
        let target = self.copy_target(ticket, &copy).await?;
        let copier = Arc::new(Copier { aws: account.aws.clone(), source: from, found, target });
        if let Some(upload) = claim.upload().filter(|upload| !copier.goes_on_with(upload)) {
            copier.target.abort(&upload).await;
            claim.set(None);
        }
        let copied = if copier.is_in_parts() || claim.upload().is_some() {
            by_upload(&copier, claim).await?
        } else {
            match claim.hold(copier.whole()).await {
                Err(error) if copier.needs_upload(&error) => by_upload(&copier, claim).await?,
                other => other?,
            }
        };
        match copied {
            Copied::Done => Ok(copier.found.size),
            Copied::Existed if copy.if_exists == IfExists::Skip => Ok(copier.found.size),
            Copied::Existed => {
                let place = format!("s3://{}/{}", copy.bucket, copy.key);
                let detail = format!("{place} exists already, and `ifExists` is `fail`. Choose another key.");
                Err(Error::new(Kind::DestinationExists, detail))
            }
            Copied::UploadGone => Err(Error::new(
                Kind::AwsUnavailable,
                "S3 does not know the upload any more that it was given. Try again.",
            )),
        }
    }

    async fn copy_target(&self, ticket: &Ticket, copy: &CopyRecord) -> Result<CopyTarget> {
        let account = self.settings().accounts.get(&ticket.account)?;
        let own = self.settings().stores.get(&copy.bucket);
        let aws = own.unwrap_or(&account.aws).clone();
        let configured = self.settings().destinations.bucket(&copy.bucket).and_then(|bucket| bucket.region.clone());
        let region = match copy.region.clone().or(configured) {
            Some(region) => region,
            None => aws.region_of(&copy.bucket, &ticket.region).await.unwrap_or_else(|| ticket.region.clone()),
        };
        let (bucket, key) = (copy.bucket.clone(), copy.key.clone());
        Ok(CopyTarget {
            aws,
            streamed: own.is_some(),
            object: Object { region, bucket, key, owner: copy.expected_bucket_owner.clone() },
            storage_class: copy.storage_class.clone(),
            new_only: copy.if_exists != IfExists::Overwrite,
        })
    }
}

/// Goes on with the recorded upload, or begins one. It is recorded before anything is put into it, so that
/// whoever comes next knows of it, and once more before it is put into effect: who has lost the claim by then
/// must not do that.
async fn by_upload(copier: &Arc<Copier>, claim: &mut Claim) -> Result<Copied> {
    for _ in 0..UPLOADS {
        if claim.upload().is_none() {
            let upload = copier.begin().await?;
            claim.set(Some(upload.clone()));
            if let Err(error) = claim.renew().await {
                copier.target.abort(&upload).await;
                claim.set(None);
                return Err(error);
            }
        }
        let parts = claim.parts();
        let mut copied = claim.hold(copier.parts(&parts)).await?;
        if copied == Copied::Done
            && let Some(upload) = claim.completing().await?
        {
            copied = claim.hold(copier.complete(&upload)).await?;
        }
        if copied == Copied::Done {
            return Ok(copied);
        }
        if let Some(upload) = claim.upload() {
            copier.target.abort(&upload).await;
            claim.set(None);
        }
        if copied == Copied::Existed {
            return Ok(copied);
        }
    }
    Ok(Copied::UploadGone)
}

/// What is left in the record. `again` is whether parts were copied, where it is to be gone on with.
fn broken_off(copy: &mut CopyRecord, error: &Error, again: Option<bool>, attempts: u32) {
    copy.attempts = attempts;
    copy.error = Some(described(error));
    match again {
        Some(true) => {
            copy.status = CopyStatus::Copying;
            copy.error = copy.error.take().filter(|_| !is_out_of_time(error));
        }
        Some(false) => copy.status = CopyStatus::Pending,
        None => {
            copy.status = CopyStatus::Failed;
            copy.upload = None;
        }
    }
}

fn out_of_time() -> Error {
    Error::new(Kind::Timeout, "The copy took longer than there was time. Ask again, and it goes on.").with("left", true)
}

fn is_out_of_time(error: &Error) -> bool {
    error.members().contains_key("left")
}

/// What callers see of an error inside another answer.
pub(super) fn described(error: &Error) -> Value {
    let mut members = error.members().clone();
    members.insert("code".into(), error.kind().code().into());
    members.insert("detail".into(), error.detail().into());
    Value::Object(members)
}
