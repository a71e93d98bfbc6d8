//! Follows a render to its end, and delivers its output.

use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::finish::{self, CopyView, Source};
use super::later::PREFIX;
use super::{Renderer, Ticket};
use crate::aws::Presigned;
use crate::error::{Error, Kind, Result};
use crate::records::{Record, Version};
use crate::remotion::concurrency::InUse;
use crate::remotion::output::StoredName;
use crate::remotion::progress::{Progress, RenderMetadata, Status};

/// The first pause between two looks; each is half as long again as the one before.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(400);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long who waits for a render believes that a missing file is on its way. AWS never needs it: `start`
/// writes the file before it answers, and S3 shows it at once.
const FILE_MAY_BE_LATE: Duration = Duration::from_secs(5);

/// A render as it is now: what Remotion says about it, and its copy.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Render"))]
pub struct View {
    /// Its ticket.
    pub id: String,
    /// In one word.
    pub status: Status,
    /// The ordered copy.
    pub copy: Option<CopyView>,
    /// The answer of `getRenderProgress()`, by the same names.
    #[serde(flatten)]
    pub progress: Progress,
    /// The functions that it uses, where that is known.
    #[serde(skip)]
    pub(super) in_use: Option<InUse>,
}

/// A link to the output.
#[derive(Clone, Debug)]
pub struct Link {
    /// Works without credentials.
    pub url: String,
    /// Until when, in RFC 3339.
    pub expires_at: String,
}

impl View {
    /// Whether nothing more will happen to render and copy.
    pub fn is_final(&self) -> bool {
        self.status != Status::Rendering && self.copy.as_ref().is_none_or(CopyView::is_final)
    }

    /// The same by the id that it was asked for: who knows an order's goes on with that.
    pub fn known_as(mut self, id: &str) -> Self {
        if id.starts_with(PREFIX) {
            id.clone_into(&mut self.id);
        }
        self
    }

    /// Where the output is.
    pub(super) fn source(&self) -> Result<Source> {
        if let Some(endpoint) = self.other_cloud() {
            let detail = format!("The output is at {endpoint}, to which there are no keys here. Fetch it there.");
            return Err(Error::new(Kind::NotAllowed, detail).with("field", "outName.s3OutputProvider"));
        }
        match (&self.progress.out_bucket, &self.progress.out_key) {
            (Some(bucket), Some(key)) if self.status == Status::Done => {
                Ok(Source { bucket: bucket.clone(), key: key.clone() })
            }
            _ => Err(Error::new(
                Kind::RenderUnfinished,
                format!("The render is {}; there is no output. Ask for it when `status` is `done`.", word(self.status)),
            )
            .with("renderStatus", word(self.status))),
        }
    }

    /// The endpoint of the other cloud that holds the output: bucket and key then name nothing in S3.
    fn other_cloud(&self) -> Option<String> {
        let metadata: RenderMetadata = serde_json::from_str(self.progress.render_metadata.as_deref()?.get()).ok()?;
        match metadata.out_name {
            Some(StoredName::Place { s3_output_provider: Some(provider), .. }) => Some(provider.endpoint),
            _ => None,
        }
    }

    /// The composition, as Remotion noted it.
    pub(super) fn composition(&self) -> Option<&str> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Metadata<'a> {
            #[serde(borrow)]
            composition_id: Option<&'a str>,
        }
        let metadata: Metadata<'_> = serde_json::from_str(self.progress.render_metadata.as_deref()?.get()).ok()?;
        metadata.composition_id
    }
}

impl Renderer {
    /// How the render is now. If it is done and a copy is due, makes it.
    ///
    /// # Errors
    /// [`Kind::RenderNotFound`]; [`Kind::UnreadableAnswer`] where `progress.json` is none.
    pub async fn progress(&self, ticket: &Ticket) -> Result<View> {
        self.see(ticket, finish::PATIENCE).await
    }

    pub(super) async fn see(&self, ticket: &Ticket, patience: Duration) -> Result<View> {
        let until = Instant::now() + patience;
        let (view, record) = tokio::join!(self.look(ticket), self.record(ticket));
        let view = self.with_copy(ticket, self.with_memory(ticket, view)?, record?, patience).await?;
        // Elsewhere a follower or a message of the queue does it.
        if view.status.is_final() && !self.settings().lives_on && !self.has_queue() {
            let left = until.saturating_duration_since(Instant::now());
            if let Err(error) = self.tell(ticket, &view, left).await {
                tracing::warn!(renderId = ticket.render_id, code = error.kind().code(), "nobody was told yet");
            }
        }
        Ok(view)
    }

    /// Adds the copy to what Remotion says. If one is due, makes it.
    pub(super) async fn with_copy(
        &self,
        ticket: &Ticket,
        mut view: View,
        record: Option<(Record, Version)>,
        patience: Duration,
    ) -> Result<View> {
        let Some((record, version)) = record else { return Ok(view) };
        view.copy = Some(match view.status {
            Status::Rendering => CopyView::from(&record.copy),
            Status::Failed | Status::Cancelled => finish::nothing_to_copy(&record.copy, word(view.status)),
            Status::Done => self.deliver(ticket, view.source()?, record, version, patience).await?,
        });
        Ok(view)
    }

    /// As [`Renderer::progress`], but waits until render and copy are final or `until` has come.
    /// `overallProgress` never goes backwards within the wait.
    ///
    /// # Errors
    /// As [`Renderer::progress`]. One that may pass is waited out; so is a missing or damaged file, for 5 s.
    pub async fn wait(&self, ticket: &Ticket, until: Instant) -> Result<View> {
        let mut pause = FIRST_PAUSE;
        let mut furthest: f64 = 0.0;
        let began = Instant::now();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let seen = self.see(ticket, left.clamp(LONGEST_PAUSE, finish::PATIENCE)).await;
            let left = until.saturating_duration_since(Instant::now());
            match seen {
                Ok(mut view) => {
                    furthest = furthest.max(view.progress.overall_progress);
                    view.progress.overall_progress = furthest;
                    if view.is_final() || left.is_zero() {
                        return Ok(view);
                    }
                }
                Err(error) => {
                    let late = matches!(error.kind(), Kind::RenderNotFound | Kind::UnreadableAnswer)
                        && began.elapsed() < FILE_MAY_BE_LATE;
                    if left.is_zero() || !(error.kind().is_transient() || late) {
                        return Err(error);
                    }
                }
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = pause.mul_f32(1.5).min(LONGEST_PAUSE);
        }
    }

    /// A link to the output for `life`.
    ///
    /// # Errors
    /// [`Kind::RenderUnfinished`]; [`Kind::NotAllowed`] where the output is in a bucket that isn't ours to show,
    /// or in another cloud.
    pub async fn output(&self, ticket: &Ticket, life: Duration) -> Result<Link> {
        let source = self.look(ticket).await?.source()?;
        let account = self.settings().accounts.get(&ticket.account)?;
        self.check_output(ticket, &source.bucket, &source.key)?;
        let object = account.object(&ticket.region, &source.bucket, source.key);
        let Presigned { url, expires_at } = account.aws.presign(&object, life, SystemTime::now()).await?;
        Ok(Link { url, expires_at })
    }

    pub(super) async fn record(&self, ticket: &Ticket) -> Result<Option<(Record, Version)>> {
        match &self.settings().records {
            Some(records) => records.render(&ticket.to_string()).await,
            None => Ok(None),
        }
    }
}

/// The status as callers read it.
pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Rendering => "rendering",
        Status::Done => "done",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
    }
}
