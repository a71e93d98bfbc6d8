//! One look at a render: `progress.json` from S3, without invoking any function.

use std::sync::PoisonError;
use std::time::Duration;

use super::progress::View;
use super::{REMEMBERED, Renderer, Ticket};
use crate::aws::{Aws, Object};
use crate::error::{Error, Kind, Result};
use crate::remotion::names::FunctionName;
use crate::remotion::progress::{self, Moment, OutputHead, Progress, ProgressFile, Status, Unreadable};
use crate::telemetry::{Metric, now_ms};

/// The function writes at most every 250 ms.
const SECOND_LOOK: Duration = Duration::from_millis(300);

impl Renderer {
    /// What Remotion says, without the copy: one GET, rarely one HEAD.
    pub(super) async fn look(&self, ticket: &Ticket) -> Result<View> {
        let file = self.read(ticket).await?;
        self.view(ticket, &file).await
    }

    /// The render's `progress.json`. `start` has written it before it answers, and AWS shows every write at
    /// once and whole. Stores that imitate S3 may show half of one: then a second look tells.
    pub(super) async fn read(&self, ticket: &Ticket) -> Result<ProgressFile> {
        match self.read_once(ticket).await {
            Err(error) if error.kind() == Kind::UnreadableAnswer => {
                tokio::time::sleep(SECOND_LOOK).await;
                self.read_once(ticket).await
            }
            read => read,
        }
    }

    async fn read_once(&self, ticket: &Ticket) -> Result<ProgressFile> {
        let account = self.settings().accounts.get(&ticket.account)?;
        let object = account.object(&ticket.region, &ticket.bucket, progress::key(&ticket.render_id));
        let (bytes, _) = account.aws.get(&object).await.map_err(explain_denied)?.ok_or_else(|| {
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
        let is_news = self.count_end(ticket, status, &progress);
        let view = View { id: ticket.to_string(), status, copy: None, progress, in_use: file.in_use(status, &moment) };
        if is_news {
            self.ended(ticket, &view).await;
        }
        Ok(view)
    }

    /// Counts the end of a render, once per process. Whether it was news.
    pub(super) fn count_end(&self, ticket: &Ticket, status: Status, progress: &Progress) -> bool {
        if status == Status::Rendering {
            return false;
        }
        let mut ended = self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= REMEMBERED {
            ended.clear();
        }
        if !ended.insert(ticket.clone()) {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "a duration in ms is far below 2^52")]
        let metric = match status {
            Status::Done => Metric::Done(progress.time_to_finish.unwrap_or_default() as f64),
            _ => Metric::Failed,
        };
        self.settings().metrics.put(&ticket.account, metric);
        true
    }
}

/// The function that rendered tells memory, disk and time limit by its name; it is known once the
/// composition is, before that the configured one is asked. What is priced is the disk of the function that
/// renders the chunks.
fn moment<'a>(ticket: &'a Ticket, file: &ProgressFile, configured: Option<&str>) -> Moment<'a> {
    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Metadata {
        function_name: Option<String>,
        renderer_function_name: Option<String>,
    }
    let metadata: Metadata =
        file.raw_metadata.as_deref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let function = metadata.function_name.as_deref().or(configured);
    let name = function.and_then(FunctionName::parse).unwrap_or_else(FunctionName::unknown);
    let renderer = metadata.renderer_function_name.as_deref().and_then(FunctionName::parse);
    Moment {
        now_ms: i64::try_from(now_ms()).unwrap_or(i64::MAX),
        memory_mb: name.memory_mb,
        disk_mb: renderer.map_or(name.disk_mb, |renderer| renderer.disk_mb),
        timeout_ms: i64::from(name.timeout_seconds) * 1000,
        region: &ticket.region,
        bucket: &ticket.bucket,
        render_id: &ticket.render_id,
    }
}

/// Who may not list a bucket is not told either that a key isn't there.
fn explain_denied(error: Error) -> Error {
    if error.kind() != Kind::AwsAccessDenied {
        return error;
    }
    let detail = format!(
        "{} Without s3:ListBucket on the bucket, S3 says the same of a render that doesn't exist.",
        error.detail()
    );
    error.retold(detail)
}

/// 403 says nothing: without `s3:ListBucket` it is what a missing object answers.
async fn head(aws: &Aws, object: &Object) -> Result<Option<OutputHead>> {
    match aws.head(object).await {
        Ok(found) => Ok(found.map(|found| OutputHead { size: found.size, modified_ms: found.modified_ms })),
        Err(error) if error.kind() == Kind::AwsAccessDenied => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn unreadable(error: Unreadable) -> Error {
    let detail = match &error {
        // The parser's message quotes the file.
        Unreadable::Json(_) => {
            "The render's progress.json can't be read. Ask again; if it stays so, the file is damaged.".to_owned()
        }
        other => format!("{other}."),
    };
    Error::new(Kind::UnreadableAnswer, detail).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remotion::price::{ASSUMED_DISK_MB, Usage};

    #[test]
    fn the_disk_that_the_render_has_is_priced() {
        let ticket: Ticket = "default~us-east-1~remotionlambda-useast1-0a1b2c3d4e~m1yq8x2c0v".parse().unwrap();
        let price_of = |renderer: &str| {
            let file = serde_json::json!({
                "lambdasInvoked": 4,
                "timings": vec![serde_json::json!({"start": 0, "rendered": 899_900}); 4],
                "renderMetadata": {
                    "type": "video", "codec": "h264", "frameRange": [0, 99], "totalChunks": 4, "startedDate": now_ms(),
                    "functionName": "remotion-render-4-0-527-mem2048mb-disk3000mb-900sec", "rendererFunctionName": renderer,
                },
            });
            let file = ProgressFile::read(file.to_string().as_bytes()).unwrap();
            let moment = moment(&ticket, &file, None);
            file.progress(&moment, None).unwrap().costs.unwrap().accrued_so_far
        };
        let expected = |memory_mb, disk_mb| {
            let usage = Usage { memory_mb, disk_mb, duration_ms: 4.0 * 900_000.0, invocations: 4 };
            usage.price(&ticket.region)
        };
        assert_eq!(Some(price_of("remotion-render-4-0-527-mem1024mb-disk512mb-900sec")), expected(1024, 512));
        assert_eq!(Some(price_of("my-function")), expected(2048, 3000));
        assert!(Some(price_of("my-function")) < expected(2048, ASSUMED_DISK_MB));
    }
}
