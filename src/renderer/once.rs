//! One request, one render, however often the request is sent: by its idempotency key.
//!
//! The key is claimed by a conditional write before anything is started, and the claim is replaced by what came of
//! it. Nobody but its owner replaces the claim of a start before the key expires, so that a crash leaves it as it is.
//! For the queue the order's id is chosen with the claim: who finds that the first request broke off goes on with the
//! same order, because nothing of that does harm twice.

use std::time::Duration;

use super::left::Left;
use super::start::may_have_run;
use super::submit::new_order_id;
use super::{Order, OrderView, Renderer, Started};
use crate::digest::sha256;
use crate::error::{Error, Kind, Result};
use crate::records::{KeyRecord, KeyState, OrderState, Record, Records, Version};
use crate::telemetry::{age, now_ms};

/// How long a key is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// A start that has taken longer than this was broken off: each of its calls has a shorter limit.
const LONGEST_START: Duration = Duration::from_secs(60);

/// An order that was accepted, by this request or an earlier one.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// The render runs.
    Started {
        /// The render.
        started: Box<Started>,
        /// It was started by an earlier request.
        replayed: bool,
        /// Something is left to do that nobody follows yet.
        unfollowed: bool,
    },
    /// It is queued, or was when it was accepted.
    Queued {
        /// The order.
        order: Box<OrderView>,
        /// It was accepted from an earlier request.
        replayed: bool,
    },
}

/// What a request is recognized by.
#[derive(Clone, Debug)]
pub struct Once {
    /// Stands for caller and key.
    name: String,
    /// Stands for the body.
    body: String,
}

impl Once {
    /// The same for one order of a batch whose key is held since then ([`Renderer::claim_batch`]).
    #[must_use]
    pub fn of_batch(&self, since: u64, position: usize) -> Self {
        Self { name: sha256(format!("{}~{since}~{position}", self.name).as_bytes()), body: self.body.clone() }
    }
}

/// A key whose record nobody has replaced since it was read.
struct Claim<'a> {
    records: &'a Records,
    name: String,
    record: KeyRecord,
    version: Version,
    /// It was this request that wrote it.
    fresh: bool,
}

impl Renderer {
    /// What a request with this `Idempotency-Key` of this caller is recognized by. `body` is as it was sent.
    ///
    /// # Errors
    /// None that a text could cause.
    pub fn once(&self, key: &str, body: &[u8]) -> Result<Once> {
        let scope = serde_json::to_vec(&(&self.caller.name, key))
            .map_err(|error| Error::new(Kind::Internal, "The key can't be written.").because(error))?;
        Ok(Once { name: sha256(&scope), body: sha256(body) })
    }

    /// As [`Renderer::start`], once within 24 h: who comes again with the same key and body finds the render, or
    /// the order if it was [queued](Renderer::submit_once). Three AWS calls more than without a key, two of them at
    /// once.
    ///
    /// # Errors
    /// [`Kind::StateNotConfigured`]; [`Kind::IdempotencyKeyReused`] with another body;
    /// [`Kind::StartInProgress`]; [`Kind::StartUnknown`] where an earlier answer was lost. What is certain to have
    /// started nothing leaves the key free.
    pub async fn start_once(&self, order: &[u8], once: &Once) -> Result<Accepted> {
        self.accept(order, once, KeyState::Starting).await
    }

    /// As [`Renderer::submit`], once within 24 h, as [`Renderer::start_once`]. Three AWS calls more than without a
    /// key.
    ///
    /// # Errors
    /// As [`Renderer::start_once`] and [`Renderer::submit`]. An order whose message may be on the queue keeps the
    /// key: who comes again after a minute goes on with it.
    pub async fn submit_once(&self, order: &[u8], once: &Once) -> Result<Accepted> {
        self.queue()?;
        self.accept(order, once, KeyState::Ordering { order: new_order_id() }).await
    }

    /// Since when a batch holds its key, in milliseconds since 1970, and whether an earlier request brought it.
    ///
    /// # Errors
    /// [`Kind::StateNotConfigured`]; [`Kind::IdempotencyKeyReused`] with another body.
    pub async fn claim_batch(&self, once: &Once) -> Result<(u64, bool)> {
        let claim = self.claim(once, KeyState::Batch).await?;
        match claim.record.state {
            KeyState::Batch => Ok((claim.record.since, !claim.fresh)),
            _ => Err(reused()),
        }
    }

    async fn accept(&self, body: &[u8], once: &Once, first: KeyState) -> Result<Accepted> {
        let order = Order::from_json(body)?;
        let claim = self.claim(once, first).await?;
        let (fresh, since) = (claim.fresh, claim.record.since);
        let in_time = age(since) <= LONGEST_START;
        match claim.record.state.clone() {
            KeyState::Starting if fresh => self.start_for(claim, &order).await,
            KeyState::Ordering { order: id } if fresh || !in_time => self.submit_for(claim, &id, &order, body).await,
            KeyState::Starting | KeyState::Ordering { .. } if in_time => Err(in_progress()),
            KeyState::Started { id, function_name, record } => {
                let ticket = self.ticket(&id)?;
                let left = Left::new(&ticket, record.map(|record| *record), &order, since);
                // If the earlier request died before it had written down what is left to do, this does.
                let unfollowed = self.write_down(&left, since).await?;
                let renderer_function = order.media.renderer_function_name.as_deref();
                let started = Started::new(ticket, function_name, renderer_function, left.copy.as_ref());
                Ok(Accepted::Started { started: Box::new(started), replayed: true, unfollowed })
            }
            KeyState::Ordered { order: id, message_id } => {
                let queued = OrderView::new(&id, &OrderState::Queued, Some(&order));
                Ok(Accepted::Queued { order: Box::new(OrderView { message_id, ..queued }), replayed: true })
            }
            KeyState::Batch => Err(reused()),
            KeyState::Starting | KeyState::Ordering { .. } | KeyState::Unknown | KeyState::Free => Err(unknown(since)),
        }
    }

    async fn start_for(&self, claim: Claim<'_>, order: &Order) -> Result<Accepted> {
        let (started, left) = match self.run(order).await {
            Ok(running) => running,
            Err(error) => {
                claim.release(&error).await;
                return Err(error);
            }
        };
        let since = claim.record.since;
        let (kept, recorded) = tokio::join!(claim.keep(&started, left.copy.as_ref()), self.write_down(&left, since));
        kept?;
        Ok(Accepted::Started { started: Box::new(started), replayed: false, unfollowed: recorded? })
    }

    /// The same whether nothing of it was done, or an earlier request died at any point: the order has one id.
    async fn submit_for(&self, claim: Claim<'_>, id: &str, order: &Order, body: &[u8]) -> Result<Accepted> {
        let (replayed, since) = (!claim.fresh, claim.record.since);
        let submitted = async {
            // What was accepted once is not refused later.
            if claim.fresh {
                self.check(order).await?;
            }
            self.put(id, since, order, body).await
        };
        match submitted.await {
            Ok(queued) => {
                let ordered = KeyState::Ordered { order: id.to_owned(), message_id: queued.message_id.clone() };
                tokio::join!(claim.settle(ordered), self.enlist(&queued.id, since));
                Ok(Accepted::Queued { order: Box::new(queued), replayed })
            }
            Err(error) => {
                // Where a message may be on its way, or an order is there, the next request goes on.
                if claim.fresh && !may_have_run(&error) {
                    claim.settle(KeyState::Free).await;
                }
                Err(error)
            }
        }
    }

    /// The order's place on the list, and what is left to do. Whether that was news.
    async fn write_down(&self, left: &Left, since: u64) -> Result<bool> {
        let ((), promised) = tokio::join!(self.enlist(&left.id, since), self.promise(left));
        promised
    }

    /// The key, for this request or as an earlier one with the same body left it.
    async fn claim(&self, once: &Once, state: KeyState) -> Result<Claim<'_>> {
        let records = self.records()?;
        let (claim, since) = (uuid::Uuid::new_v4().to_string(), now_ms());
        let record = KeyRecord { claim, body: once.body.clone(), since, state };
        let mut seen = None;
        // The second time in place of one that is over.
        for _ in 0..2 {
            let Some((found, version)) = records.write_key(&once.name, &record, seen.as_ref()).await? else { break };
            let fresh = found == record;
            if fresh || !is_over(&found) {
                if found.body != record.body {
                    return Err(reused());
                }
                return Ok(Claim { records, name: once.name.clone(), record: found, version, fresh });
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

    /// Nothing was started, or nobody knows.
    async fn release(self, error: &Error) {
        self.settle(if may_have_run(error) { KeyState::Unknown } else { KeyState::Free }).await;
    }

    /// That this can't be written down is no worse than a crash.
    async fn settle(mut self, state: KeyState) {
        self.record.state = state;
        if let Err(error) = self.records.write_key(&self.name, &self.record, Some(&self.version)).await {
            tracing::warn!(code = error.kind().code(), "what came of an idempotency key could not be recorded");
        }
    }
}

fn reused() -> Error {
    Error::new(
        Kind::IdempotencyKeyReused,
        "This Idempotency-Key came with another body within the last 24 hours. Use another key for another order.",
    )
}

fn unknown(since: u64) -> Error {
    Error::new(
        Kind::StartUnknown,
        "The first request with this Idempotency-Key broke off, and Remotion keeps nothing by which its render could be found: it may have started. Look into the render bucket; to render in any case, use another key.",
    )
    .with("since", since)
}

fn in_progress() -> Error {
    let detail = "The first request with this Idempotency-Key has not been answered yet. Send it again in a moment.";
    Error::new(Kind::StartInProgress, detail).with("retryAfter", 1)
}

fn is_over(record: &KeyRecord) -> bool {
    record.state == KeyState::Free || age(record.since) > REMEMBERED
}
