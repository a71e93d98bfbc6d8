//! Does the queue's jobs: a Lambda function behind SQS, or `rendergate work`.
//!
//! A message stays on the queue until its job is done, put back or given up by the queue itself.

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::renderer::Renderer;

/// What SQS sends to a Lambda function.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event>
#[derive(Debug, Deserialize)]
pub struct Batch {
    /// The messages.
    #[serde(rename = "Records")]
    pub records: Vec<Received>,
}

/// One message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// Its id.
    pub message_id: String,
    /// What was sent.
    pub body: String,
}

/// The messages that stay on the queue; all others are deleted.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failures {
    /// By id.
    pub batch_item_failures: Vec<Failure>,
}

/// A message that stays.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its id.
    pub item_identifier: String,
}

impl Failures {
    /// Those whose job is not done.
    fn of(ended: Vec<(String, bool)>) -> Self {
        let failed = ended.into_iter().filter(|(_, done)| !done);
        Self { batch_item_failures: failed.map(|(item_identifier, _)| Failure { item_identifier }).collect() }
    }
}

#[cfg(not(panic = "unwind"))]
compile_error!("a job that panics must fail alone: build with panic = \"unwind\"");

/// Does the jobs of a batch, all at once; what fails, or panics, fails alone.
pub async fn handle(app: &App, batch: Batch) -> Failures {
    Failures::of(ends(begin_all(&app.renderer, batch.records)).await)
}

/// Each message's id, and its job, which is under way.
fn begin_all(renderer: &Renderer, messages: Vec<Received>) -> Vec<(String, JoinHandle<Result<()>>)> {
    let begin = |Received { message_id, body }| {
        let (renderer, span) = (renderer.clone(), tracing::info_span!("message", messageId = message_id));
        let id = message_id.clone();
        let work = async move { renderer.take(&id, &body).await };
        (message_id, tokio::spawn(work.instrument(span)))
    };
    messages.into_iter().map(begin).collect()
}

/// Each message's id, and whether its job is done.
async fn ends(started: Vec<(String, JoinHandle<Result<()>>)>) -> Vec<(String, bool)> {
    let mut ended = Vec::with_capacity(started.len());
    for (message_id, work) in started {
        let done = match work.await {
            Ok(done) => done,
            Err(_) => Err(Error::new(Kind::Internal, "A job panicked. The log holds why.")),
        };
        if let Err(error) = &done {
            let (code, detail) = (error.kind().code(), error.detail());
            tracing::warn!(messageId = message_id, code, detail, "job failed; its message stays on the queue");
        }
        ended.push((message_id, done.is_ok()));
    }
    ended
}

/// Works on the queue until `stop`: what was received by then is done first.
///
/// # Errors
/// [`Kind::QueueNotConfigured`]; what AWS refuses for good.
pub async fn work(app: &App, stop: impl Future<Output = ()>) -> Result<()> {
    let mut stop = std::pin::pin!(stop);
    loop {
        let received = tokio::select! {
            () = &mut stop => return Ok(()),
            received = app.renderer.receive() => received,
        };
        let messages = match received {
            Ok(messages) => messages,
            Err(error) if error.kind().is_transient() => {
                tracing::warn!(code = error.kind().code(), "the queue gives nothing");
                // The SDK has tried with its own pauses; this one is for a longer failure.
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let jobs =
            messages.iter().map(|message| Received { message_id: message.id.clone(), body: message.body.clone() });
        let ended = ends(begin_all(&app.renderer, jobs.collect())).await;
        let done: Vec<_> =
            messages.into_iter().zip(ended).filter(|(_, (_, done))| *done).map(|(message, _)| message).collect();
        if let Err(error) = app.renderer.forget(&done).await {
            // They come again, and are found done.
            tracing::warn!(code = error.kind().code(), "done messages could not be deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_fails_alone() {
        async fn job(reached: Option<bool>) -> Result<()> {
            tokio::task::yield_now().await;
            match reached {
                Some(true) => Ok(()),
                Some(false) => Err(Error::new(Kind::AwsUnavailable, "not now")),
                None => panic!("a fault of ours"),
            }
        }
        let jobs = [("first", Some(true)), ("panics", None), ("fails", Some(false)), ("last", Some(true))];
        let started = jobs.map(|(id, reached)| (id.to_owned(), tokio::spawn(job(reached))));
        let answer = serde_json::to_value(Failures::of(ends(started.into()).await)).unwrap();
        let expected = serde_json::json!([{ "itemIdentifier": "panics" }, { "itemIdentifier": "fails" }]);
        assert_eq!(answer, serde_json::json!({ "batchItemFailures": expected }));
    }
}
