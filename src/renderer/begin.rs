//! Starts orders from the queue: each once, whatever breaks in between.
//!
//! The last call before the function is invoked claims the order, and the first one after it writes down the
//! ticket. Who finds a claim that has run out does not know which of the two happened last; neither does AWS.
//! Such an order is never started again: it fails as `start_unknown`.

use std::time::{Duration, Instant};

use super::budget::Asking;
use super::later::order_in;
use super::make::described;
use super::start::{Running, may_have_run};
use super::{Job, Order, Renderer};
use crate::callers::{Caller, Limits};
use crate::error::{Error, Kind, Result};
use crate::records::{OrderRecord, OrderState, Records, Version};
use crate::telemetry::{Metric, age, now_ms};

/// How long an order belongs to whoever claimed it: an Invoke (26 s), in a second account if the first one
/// throttles, and the writing down.
const LEASE: Duration = Duration::from_secs(90);
/// What was invoked is written down for as long as this, however often the store fails.
const PERSISTENCE: Duration = Duration::from_secs(30);
/// An order comes back after a pause between these, twice as long each time.
const SOONEST: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_secs(120);
/// How long an order may wait for what may pass. Records expire a day later.
const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How one attempt at a start ended.
enum Attempt<'a> {
    Runs(Box<Running<'a>>),
    /// Nothing ran, and it may go better later.
    Later(Error),
    /// It will not be started.
    Never(Error),
    /// Somebody else has it.
    Taken,
}

/// An order in our hands.
struct Claim<'a> {
    records: &'a Records,
    record: OrderRecord,
    version: Version,
    /// What we wrote to claim it, once we have tried to.
    claimed: Option<OrderState>,
}

impl Claim<'_> {
    /// Writes the state, in place of the one that we know; false where somebody else was faster.
    async fn write(&mut self, state: OrderState) -> Result<bool> {
        self.record.state = state;
        let written = self.records.write_order(&self.record, Some(&self.version)).await?;
        let ours = written.is_some();
        if let Some(version) = written {
            self.version = version;
        }
        Ok(ours)
    }

    /// The same, however often the store fails: nobody else knows what we know now.
    async fn insist(&mut self, state: OrderState) -> Result<bool> {
        let until = Instant::now() + PERSISTENCE;
        loop {
            let failure = match self.write(state.clone()).await {
                Ok(true) => return Ok(true),
                Ok(false) => match self.records.order(&self.record.id).await {
                    Ok(Some((found, version))) if self.may_replace(&found.state, &state) => {
                        self.version = version;
                        None
                    }
                    Ok(_) => return Ok(false),
                    Err(error) => Some(error),
                },
                Err(error) => Some(error),
            };
            match failure {
                Some(error) if !error.kind().is_transient() || Instant::now() > until => return Err(error),
                _ => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }

    /// Our own claim, and what somebody noted when it ran out, although the render runs.
    fn may_replace(&self, found: &OrderState, new: &OrderState) -> bool {
        match found {
            OrderState::Starting { .. } => self.claimed.as_ref() == Some(found),
            OrderState::Failed { error } => {
                matches!(new, OrderState::Started { .. }) && error["code"] == Kind::StartUnknown.code()
            }
            _ => false,
        }
    }
}

impl Renderer {
    /// Starts an order, or finds that it was. Once this returns `Ok` the message is no longer needed.
    pub(super) async fn start_order(&self, id: &str, attempt: u32) -> Result<()> {
        let records = self.records()?;
        let missing = || Error::new(Kind::RenderNotFound, "RENDERGATE_STATE knows no such order. Is it the right one?");
        let (record, version) = records.order(id).await?.ok_or_else(missing)?;
        match &record.state {
            OrderState::Queued => self.begin(Claim { records, record, version, claimed: None }, attempt).await,
            OrderState::Starting { until, .. } if *until > now_ms() => {
                // Its claimer may die, and with it the message that this one is a copy of.
                let left = Duration::from_millis(until - now_ms()) + SOONEST;
                self.enqueue(&Job::Start { order: id.to_owned(), attempt }, left).await.map(|_| ())
            }
            OrderState::Starting { .. } => self.expire(record, version).await.map(|_| ()),
            OrderState::Started { ticket, record: copy } => {
                let is_followed = self.settle(&record, ticket, copy.as_deref()).await?;
                self.order_runs(id, &self.ticket(ticket)?, is_followed).await
            }
            OrderState::Failed { .. } => self.settle_end(&record).await,
            OrderState::Cancelled => {
                self.give_back_all(&record).await;
                self.settle_end(&record).await
            }
        }
    }

    async fn begin(&self, mut claim: Claim<'_>, attempt: u32) -> Result<()> {
        let (began, id) = (Instant::now(), claim.record.id.clone());
        let (accounts, destinations) = (claim.record.accounts.clone(), claim.record.destinations.clone());
        let renderer = self.called_by(Caller::limited(Limits { accounts, destinations }));
        let order = order_in(&claim.record);
        let attempted = match &order {
            Ok(order) => renderer.attempt_start(order, &mut claim).await,
            Err(error) => Attempt::Never(error.share()),
        };
        let again = |attempt| Job::Start { order: id.clone(), attempt };
        let written = match attempted {
            Attempt::Taken => false,
            Attempt::Runs(running) => {
                let (ticket, copy) = (running.ticket.clone(), running.left().copy);
                tracing::info!(order = id, renderId = ticket.render_id, account = ticket.account, "started");
                self.count_start(&ticket, began);
                let started = OrderState::Started { ticket: ticket.to_string(), record: copy.clone().map(Box::new) };
                let written = claim.insist(started).await?;
                let is_followed = self.settle(&claim.record, &ticket.to_string(), copy.as_ref()).await?;
                self.order_runs(&id, &ticket, is_followed).await?;
                written
            }
            Attempt::Later(error) if age(claim.record.created_at) < LONGEST_WAIT => {
                tracing::info!(order = id, code = error.kind().code(), attempt, "not now");
                if claim.claimed.is_some() {
                    claim.insist(OrderState::Queued).await?;
                }
                let attempt = if error.kind() == Kind::ConcurrencyExceeded { attempt } else { attempt + 1 };
                self.enqueue(&again(attempt), pause(attempt, &error)).await?;
                return Ok(());
            }
            Attempt::Later(error) | Attempt::Never(error) => {
                let (code, detail) = (error.kind().code(), error.detail());
                tracing::warn!(order = id, code, detail, "an order was not started");
                if error.kind() == Kind::StartUnknown {
                    self.count_unknown(&claim.record);
                }
                let written = claim.insist(failed(&error)).await?;
                if written {
                    self.settle_end(&claim.record).await?;
                }
                written
            }
        };
        // Whoever was faster may be dead, and its message the one that we are about to delete.
        if !written {
            self.enqueue(&again(attempt), SOONEST).await?;
        }
        Ok(())
    }

    /// As [`Renderer::start`], but claims the order before anything is invoked.
    async fn attempt_start<'a>(&'a self, order: &'a Order, claim: &mut Claim<'_>) -> Attempt<'a> {
        let mut turn = match self.turn(order.account.as_deref()) {
            Ok(turn) => turn,
            Err(error) => return Attempt::Never(error),
        };
        let failure = loop {
            let place = match Self::next_place(&mut turn) {
                Ok(place) => place,
                Err(error) => break error,
            };
            let refused = match self.prepare(place, order, Asking::Queue(&claim.record)).await {
                Err(error) => error,
                Ok(prepared) => {
                    if claim.claimed.is_none() {
                        let starting = starting();
                        claim.claimed = Some(starting.clone());
                        match claim.write(starting).await {
                            Ok(true) => {}
                            Ok(false) => return Attempt::Taken,
                            Err(error) => break error,
                        }
                    }
                    match prepared.send().await {
                        Ok(running) => return Attempt::Runs(Box::new(running)),
                        Err(error) if may_have_run(&error) && error.kind().is_transient() => {
                            return Attempt::Never(start_unknown().because(error));
                        }
                        Err(error) => error,
                    }
                }
            };
            if let Err(error) = self.not_there(&mut turn, place, refused) {
                break error;
            }
        };
        if failure.kind().is_transient() { Attempt::Later(failure) } else { Attempt::Never(failure) }
    }

    /// The order, failed if its claim has run out.
    pub(super) async fn expire(&self, mut record: OrderRecord, version: Version) -> Result<OrderRecord> {
        match &record.state {
            OrderState::Starting { until, .. } if *until <= now_ms() => {}
            _ => return Ok(record),
        }
        let records = self.records()?;
        record.state = failed(&start_unknown());
        if records.write_order(&record, Some(&version)).await?.is_some() {
            tracing::warn!(order = record.id, code = Kind::StartUnknown.code(), "an order was not started");
            self.count_unknown(&record);
            return Ok(record);
        }
        Ok(records.order(&record.id).await?.map_or(record, |(record, _)| record))
    }

    fn count_unknown(&self, record: &OrderRecord) {
        let account = order_in(record).ok().and_then(|order| order.account);
        let first = &self.settings().accounts.first().settings.name;
        self.settings().metrics.put(account.as_ref().unwrap_or(first), Metric::StartUnknown);
    }
}

fn starting() -> OrderState {
    let until = now_ms() + u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
    OrderState::Starting { claim: uuid::Uuid::new_v4().simple().to_string(), until }
}

fn failed(error: &Error) -> OrderState {
    OrderState::Failed { error: described(error) }
}

fn start_unknown() -> Error {
    Error::new(
        Kind::StartUnknown,
        "The function was about to be invoked, and its answer was lost: the render may run. Look for it in Remotion's bucket or in the function's log, and order again if it isn't there.",
    )
}

/// Full jitter in the upper half; never sooner than AWS asks for.
fn pause(attempt: u32, error: &Error) -> Duration {
    let longest = SOONEST.saturating_mul(2_u32.saturating_pow(attempt.min(10) + 1)).min(LATEST);
    let asked = error.members().get("retryAfter").and_then(serde_json::Value::as_u64).unwrap_or_default();
    if error.kind() == Kind::ConcurrencyExceeded {
        return Duration::from_secs(asked);
    }
    longest.mul_f64(0.5 + fastrand::f64() / 2.0).max(Duration::from_secs(asked.min(LATEST.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_within_bounds() {
        let error = Error::new(Kind::Throttled, "");
        for (attempt, least, most) in [(0, 2, 4), (1, 4, 8), (3, 16, 32), (9, 60, 120), (u32::MAX, 60, 120)] {
            let pause = pause(attempt, &error);
            assert!((Duration::from_secs(least)..=Duration::from_secs(most)).contains(&pause), "{attempt}: {pause:?}");
        }
        assert!(pause(0, &error.with("retryAfter", 50)) >= Duration::from_secs(50));
    }
}
