//! One request, one render, however often the request is sent: by its idempotency key.
//!
//! The key is claimed by a conditional write before anything is started, and the claim is replaced by what came of
//! it. Nobody but its owner replaces a claim before the key expires, so that a crash leaves it as it is.

use std::time::Duration;

use super::start::may_have_run;
use super::{Order, Renderer, Started};
use crate::digest::sha256;
use crate::error::{Error, Kind, Result};
use crate::records::{KeyRecord, KeyState, Record, Records, Version};
use crate::telemetry::{age, now_ms};

/// How long a key is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// A start that has taken longer than this was broken off: each of its calls has a shorter limit.
const LONGEST_START: Duration = Duration::from_secs(60);

/// A render that was asked for once or more.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The render.
    pub started: Started,
    /// It was started by an earlier request.
    pub replayed: bool,
    /// A copy is due that nobody follows yet.
    pub unfollowed: bool,
}

/// A key that is ours until what came of it is written down.
struct Claim<'a> {
    records: &'a Records,
    name: String,
    record: KeyRecord,
    version: Version,
}

/// Who holds the key.
enum Holder<'a> {
    This(Claim<'a>),
    Earlier { since: u64, id: String, function_name: String, record: Option<Box<Record>> },
}

impl Renderer {
    /// As [`Renderer::start`], once per `key` of this caller within 24 h: the same `body` (the order, as it was
    /// sent) finds the render again. Three AWS calls more than without a key, two of them at once.
    ///
    /// # Errors
    /// [`Kind::StateNotConfigured`]; [`Kind::IdempotencyKeyReused`] with another body;
    /// [`Kind::StartInProgress`]; [`Kind::StartUnknown`] where an earlier answer was lost. What is certain to have
    /// started nothing leaves the key free.
    pub async fn start_once(&self, order: &Order, body: &[u8], key: &str) -> Result<Accepted> {
        let claim = match self.claim(body, key).await? {
            Holder::This(claim) => claim,
            Holder::Earlier { since, id, function_name, record } => {
                let (ticket, record) = (self.ticket(&id)?, record.as_deref());
                // If the earlier request died before it had written down what is left to do, this does.
                let unfollowed = self.write_down(&id, since, record).await?;
                let renderer_function = order.media.renderer_function_name.as_deref();
                let started = Started::new(ticket, function_name, renderer_function, record);
                return Ok(Accepted { started, replayed: true, unfollowed });
            }
        };
        let (started, record) = match self.run(order).await {
            Ok(running) => running,
            Err(error) => {
                claim.release(&error).await;
                return Err(error);
            }
        };
        let since = claim.record.since;
        let (kept, recorded) =
            tokio::join!(claim.keep(&started, record.as_ref()), self.write_down(&started.id, since, record.as_ref()));
        kept?;
        Ok(Accepted { started, replayed: false, unfollowed: recorded? })
    }

    /// The order's place on the list, and its copy. Whether the copy was news.
    async fn write_down(&self, id: &str, since: u64, record: Option<&Record>) -> Result<bool> {
        let promise = async {
            match record {
                Some(record) => self.promise(record).await,
                None => Ok(false),
            }
        };
        let ((), promised) = tokio::join!(self.enlist(id, since), promise);
        promised
    }

    /// The key, for this request or as an earlier one left it.
    async fn claim(&self, body: &[u8], key: &str) -> Result<Holder<'_>> {
        let records = self.records()?;
        let scope = serde_json::to_vec(&(&self.caller.name, key))
            .map_err(|error| Error::new(Kind::Internal, "The key can't be written.").because(error))?;
        let name = sha256(&scope);
        let (claim, since) = (uuid::Uuid::new_v4().to_string(), now_ms());
        let record = KeyRecord { claim, body: sha256(body), since, state: KeyState::Starting };
        let mut seen = None;
        // The second time in place of one that is over.
        for _ in 0..2 {
            let Some((found, version)) = records.write_key(&name, &record, seen.as_ref()).await? else { break };
            if found == record {
                return Ok(Holder::This(Claim { records, name, record, version }));
            }
            if !is_over(&found) {
                return earlier(found, &record.body);
            }
            seen = Some(version);
        }
        Err(in_progress())
    }
}

impl Claim<'_> {
    /// The render runs.
    async fn keep(mut self, started: &Started, record: Option<&Record>) -> Result<()> {
        self.record.state = KeyState::Started {
            id: started.id.clone(),
            function_name: started.function_name.clone(),
            record: record.cloned().map(Box::new),
        };
        let id = &started.id;
        let unkept = |error: Error| {
            let detail = format!(
                "The render {id} runs, but its Idempotency-Key could not be recorded: {error} Don't order it again: follow it at /v1/renders/{id}."
            );
            error.with("id", id.as_str()).retold(detail)
        };
        match self.records.write_key(&self.name, &self.record, Some(&self.version)).await.map_err(unkept)? {
            Some((found, _)) if found == self.record => Ok(()),
            _ => Err(unkept(Error::new(Kind::AwsUnavailable, "Its record has changed."))),
        }
    }

    /// Nothing was started, or nobody knows. That this can't be written down is no worse than a crash.
    async fn release(mut self, error: &Error) {
        self.record.state = if may_have_run(error) { KeyState::Unknown } else { KeyState::Free };
        if let Err(error) = self.records.write_key(&self.name, &self.record, Some(&self.version)).await {
            tracing::warn!(code = error.kind().code(), "an idempotency key could not be released");
        }
    }
}

/// What a request with this body is told of the one that holds its key.
fn earlier(found: KeyRecord, body: &str) -> Result<Holder<'static>> {
    if found.body != body {
        return Err(Error::new(
            Kind::IdempotencyKeyReused,
            "This Idempotency-Key came with another body within the last 24 hours. Use another key for another order.",
        ));
    }
    match found.state {
        KeyState::Started { id, function_name, record } => {
            Ok(Holder::Earlier { since: found.since, id, function_name, record })
        }
        KeyState::Starting if age(found.since) <= LONGEST_START => Err(in_progress()),
        KeyState::Starting | KeyState::Unknown | KeyState::Free => Err(Error::new(
            Kind::StartUnknown,
            "The first request with this Idempotency-Key broke off, and Remotion keeps nothing by which its render could be found: it may have started. Look into the render bucket; to render in any case, use another key.",
        )
        .with("since", found.since)),
    }
}

fn in_progress() -> Error {
    let detail = "The first request with this Idempotency-Key is starting the render. Send it again in a moment.";
    Error::new(Kind::StartInProgress, detail).with("retryAfter", 1)
}

fn is_over(record: &KeyRecord) -> bool {
    record.state == KeyState::Free || age(record.since) > REMEMBERED
}
