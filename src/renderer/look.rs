//! One look at a render: `progress.json` from S3, without invoking any function.

use std::sync::PoisonError;

use super::progress::View;
use super::{Renderer, Ticket};
use crate::aws::{Aws, Object};
use crate::error::{Error, Kind, Result};
use crate::remotion::names::FunctionName;
use crate::remotion::price::ASSUMED_DISK_MB;
use crate::remotion::progress::{self, Moment, OutputHead, Progress, ProgressFile, Status, Unreadable};
use crate::telemetry::{Metric, now_ms};

/// Ended renders that a process remembers, so as to count each once.
const REMEMBERED: usize = 10_000;

impl Renderer {
    /// What Remotion says, without the copy: one GET, rarely one HEAD.
    pub(super) async fn look(&self, ticket: &Ticket) -> Result<View> {
        let file = self.read(ticket).await?;
        self.view(ticket, &file).await
    }

    /// The render's `progress.json`. `start` has written it before it answers, and S3 shows every write at
    /// once and whole: what is missing was never there, or is deleted.
    pub(super) async fn read(&self, ticket: &Ticket) -> Result<ProgressFile> {
        let account = self.settings().accounts.get(&ticket.account)?;
        let object = account.object(&ticket.region, &ticket.bucket, progress::key(&ticket.render_id));
        let (bytes, _) = account.aws.get(&object).await?.ok_or_else(|| {
            Error::new(Kind::RenderNotFound, "There is no such render, or its files were deleted. Check the id.")
        })?;
        ProgressFile::read(&bytes).map_err(unreadable)
    }

    /// What a `progress.json` says at this moment.
    pub(super) async fn view(&self, ticket: &Ticket, file: &ProgressFile) -> Result<View> {
        let account = self.settings().accounts.get(&ticket.account)?;
        let moment = moment(ticket, file, account.settings.function_name.as_deref());
        let head = match file.output_to_check(&moment).map_err(unreadable)? {
            Some(place) if place.endpoint.is_none() && self.check_output(ticket, &place.bucket, &place.key).is_ok() => {
                head(&account.aws, &account.object(&ticket.region, &place.bucket, place.key)).await?
            }
            _ => None,
        };
        let progress = file.progress(&moment, head).map_err(unreadable)?;
        let status = progress.status();
        self.count_end(ticket, status, &progress);
        Ok(View { id: ticket.to_string(), status, copy: None, progress })
    }

    /// Counts the end of a render, once per process.
    pub(super) fn count_end(&self, ticket: &Ticket, status: Status, progress: &Progress) {
        if status == Status::Rendering {
            return;
        }
        let mut ended = self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= REMEMBERED {
            ended.clear();
        }
        if !ended.insert(ticket.clone()) {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a duration in ms is far below 2^52")]
        let metric = match status {
            Status::Done => Metric::Done(progress.time_to_finish.unwrap_or_default() as f64),
            _ => Metric::Failed,
        };
        self.settings().metrics.put(&ticket.account, metric);
    }
}

/// The function that rendered tells memory and time limit by its name; it is known once the
/// composition is, before that the configured one is asked.
fn moment<'a>(ticket: &'a Ticket, file: &ProgressFile, configured: Option<&str>) -> Moment<'a> {
    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Metadata {
        function_name: Option<String>,
    }
    let metadata: Metadata =
        file.raw_metadata.as_deref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let function = metadata.function_name.as_deref().or(configured);
    let name = function.and_then(FunctionName::parse).unwrap_or_else(FunctionName::unknown);
    Moment {
        now_ms: i64::try_from(now_ms()).unwrap_or(i64::MAX),
        memory_mb: name.memory_mb,
        disk_mb: ASSUMED_DISK_MB,
        timeout_ms: i64::from(name.timeout_seconds) * 1000,
        region: &ticket.region,
        bucket: &ticket.bucket,
        render_id: &ticket.render_id,
    }
}

/// 403 says nothing: without `s3:ListBucket` it is what a missing object answers.
async fn head(aws: &Aws, object: &Object) -> Result<Option<OutputHead>> {
    match aws.head(object).await {
        Ok(found) => Ok(found.map(|found| OutputHead { size: found.size })),
        Err(error) if error.kind() == Kind::AwsAccessDenied => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn unreadable(error: Unreadable) -> Error {
    let kind = if matches!(error, Unreadable::Still) { Kind::InvalidParameter } else { Kind::UnreadableAnswer };
    let detail = match &error {
        // The parser's message quotes the file.
        Unreadable::Json(_) => {
            "The render's progress.json can't be read. Ask again; if it stays so, the file is damaged.".to_owned()
        }
        other => format!("{other}."),
    };
    Error::new(kind, detail).because(error)
}
