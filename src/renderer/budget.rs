//! Keeps renders within what may run at once: a lease is taken before a function is invoked and held until the render
//! has ended (`records/budget`). Who sees a chunk or the render end gives back what is no longer used; what nobody
//! gives back ends at the time limit of the functions.

mod limit;
mod pauses;
#[cfg(test)]
mod simulation;

use std::time::Duration;

use super::progress::View;
use super::target::Function;
use super::{Job, Renderer, Ticket};
use crate::error::{Error, Kind, Result};
use crate::records::{Budget, Lease, OrderRecord};
use crate::remotion::concurrency::{self, InUse, Need};
use crate::remotion::names::FunctionName;
use crate::remotion::number::Whole;
use crate::remotion::options::MediaOptions;
use crate::telemetry::{Metric, now_ms};
pub use limit::Concurrency;

/// How often a change is tried while others write to the same budget.
const TRIES: u32 = 12;
/// What a lease outlasts the time limits by: Lambda may begin a main function late.
const MARGIN: Duration = Duration::from_secs(60);
/// The first look at a render that holds functions: its chunks are known soon.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// What a caller that found no room is told to wait, seconds.
const RETRY_AFTER: u64 = 5;

/// Who asks for functions.
#[derive(Clone, Copy)]
pub(super) enum Asking<'a> {
    /// A caller that waits for the answer.
    Caller,
    /// The queue, for an order.
    Queue(&'a OrderRecord),
}

/// The functions that a render may use, before its id is known.
#[derive(Clone)]
pub(super) struct Held {
    budget: String,
    account: String,
    id: String,
    /// What to send so that it uses no more.
    pub(super) concurrency: Option<Whole>,
}

impl Renderer {
    /// Takes the functions that a render needs, where there is a budget for them. For an order from the queue it is the
    /// same lease each time.
    ///
    /// # Errors
    /// [`Kind::ConcurrencyExceeded`] where there is no room now, [`Kind::InvalidField`] where there never will be.
    pub(super) async fn hold(
        &self,
        function: &Function<'_>,
        media: &MediaOptions,
        asking: Asking<'_>,
    ) -> Result<Option<Held>> {
        let (account, region) = (function.account, function.region);
        let Some(limit) = self.limit(account, region, matches!(asking, Asking::Queue(_))).await else {
            return Ok(None);
        };
        let renderer = media.renderer_function_name.as_deref().unwrap_or(&function.name);
        let need = concurrency::need(media, limit, seconds(renderer))?;
        let id = match asking {
            Asking::Caller => uuid::Uuid::new_v4().simple().to_string(),
            Asking::Queue(order) => order.id.clone(),
        };
        let account = account.settings.name.clone();
        let budget = budget_name(&account, region);
        let lasts = longest(&function.name, renderer);
        let taken = self.change(&budget, &account, |budget, now| {
            let lease = Lease { id: id.clone(), functions: need.functions, until: now + lasts };
            match (budget.take(lease, need.least, limit, now), asking) {
                (Some(functions), _) => Ok(functions),
                (None, Asking::Caller) => Err(self.no_room(need, limit, RETRY_AFTER)),
                (None, Asking::Queue(order)) => {
                    let place = budget.wait(&order.id, need.least, order.created_at, now);
                    let age = Duration::from_millis(now.saturating_sub(order.created_at));
                    Err(self.no_room(need, limit, pauses::ask_again(place, age).as_secs()))
                }
            }
        });
        let functions = taken.await??;
        Ok(Some(Held { budget, account, id, concurrency: need.concurrency(functions) }))
    }

    /// Nothing runs: others may have the functions.
    pub(super) async fn give_back(&self, held: &Held) {
        warn(self.change(&held.budget, &held.account, |budget, _| budget.forget(&held.id)).await);
    }

    /// An order that was cancelled needs nothing more, in whatever account it waited.
    pub(super) async fn give_back_all(&self, order: &OrderRecord) {
        for account in self.settings().accounts.all() {
            let region = super::later::order_in(order).ok().and_then(|order| order.media.region);
            let region = region.unwrap_or_else(|| account.settings.region.clone());
            if self.limit(account, &region, true).await.is_some() {
                let (name, account) = (budget_name(&account.settings.name, &region), &account.settings.name);
                warn(self.change(&name, account, |budget, _| budget.forget(&order.id)).await);
            }
        }
    }

    /// The render runs: its lease is found by its ticket now. Somebody looks after it, if nobody does yet.
    pub(super) async fn runs(&self, held: Option<&Held>, ticket: &Ticket, is_followed: bool) {
        let Some(held) = held else { return };
        let renamed =
            self.change(&held.budget, &held.account, |budget, _| budget.rename(&held.id, &ticket.render_id)).await;
        warn(renamed.map(|_| ()));
        if is_followed {
            return;
        }
        if self.has_queue() {
            warn(self.enqueue(&Job::follow(&ticket.to_string()), FIRST_LOOK).await.map(|_| ()));
        } else if self.settings().lives_on {
            let (renderer, ticket) = (self.unlimited(), ticket.clone());
            tokio::spawn(async move { renderer.follow(&ticket).await });
        }
    }

    /// As [`Renderer::runs`], by whoever finds an order started; its starter may have died before.
    pub(super) async fn order_runs(&self, order: &str, ticket: &Ticket, is_followed: bool) -> Result<()> {
        let account = self.settings().accounts.get(&ticket.account)?;
        if self.limit(account, &ticket.region, true).await.is_none() {
            return Ok(());
        }
        let (budget, account) = (budget_name(&ticket.account, &ticket.region), &ticket.account);
        let is_held = self.change(&budget, account, |budget, _| {
            budget.rename(order, &ticket.render_id) || budget.lease(&ticket.render_id).is_some()
        });
        // Also where it was renamed before: the message may not have been sent then, and a second one does no harm.
        if is_held.await? && !is_followed {
            self.enqueue(&Job::follow(&ticket.to_string()), FIRST_LOOK).await?;
        }
        Ok(())
    }

    /// Looks at a render that holds functions, and gives back those that it no longer uses. When to look again for
    /// that, if it still holds some.
    pub(super) async fn tend(&self, ticket: &Ticket, age: Duration) -> Option<Duration> {
        let account = self.settings().accounts.get(&ticket.account).ok()?;
        self.limit(account, &ticket.region, true).await?;
        // What can't be read now holds on to what it has.
        let in_use = self.look(ticket).await.ok().and_then(|view| Some((view.in_use?, view.status.is_final())));
        let name = budget_name(&ticket.account, &ticket.region);
        let changed = self.change(&name, &ticket.account, |budget, _| {
            if let Some((in_use, _)) = in_use {
                shrink(budget, ticket, in_use);
            }
            budget.lease(&ticket.render_id).map(|_| budget.is_awaited())
        });
        match changed.await {
            // Of a render that has ended nothing more will be heard.
            Ok(Some(_)) if in_use.is_some_and(|(_, ended)| ended) => None,
            Ok(is_held) => is_held.map(|is_awaited| pauses::look_again(age, is_awaited, in_use.is_some())),
            Err(error) => {
                warn(Err(error));
                Some(FIRST_LOOK)
            }
        }
    }

    /// Gives back what a render held whose end is seen here, where all renders hold some.
    pub(super) async fn ended(&self, ticket: &Ticket, view: &View) {
        if let (Concurrency::Most(_), Some(in_use)) = (self.settings().concurrency, view.in_use) {
            let name = budget_name(&ticket.account, &ticket.region);
            warn(self.change(&name, &ticket.account, |budget, _| shrink(budget, ticket, in_use)).await);
        }
    }

    /// Changes a budget, in place of exactly what was read. One at a time in this process; others may write, too.
    async fn change<T>(&self, name: &str, account: &str, change: impl Fn(&mut Budget, u64) -> T) -> Result<T> {
        let records = self.records()?;
        let _turn = self.inner.budgets.lock().await;
        for attempt in 0..TRIES {
            let (mut budget, version) = records.budget(name).await?;
            let (before, now) = (budget.clone(), now_ms());
            budget.expire(now);
            let done = change(&mut budget, now);
            if budget == before {
                return Ok(done);
            }
            if records.write_budget(name, &budget, version.as_ref()).await? {
                #[expect(clippy::cast_precision_loss, reason = "a number of functions is far below 2^52")]
                self.settings().metrics.put(account, Metric::Held(budget.in_use() as f64));
                return Ok(done);
            }
            let longest = 50 * u64::from(attempt + 1);
            tokio::time::sleep(Duration::from_millis(fastrand::u64(longest / 2..=longest))).await;
        }
        let detail = "Too many are starting renders at this moment. Try again.";
        Err(Error::new(Kind::AwsUnavailable, detail).with("retryAfter", 1).unsent())
    }

    fn no_room(&self, need: Need, limit: u64, retry_after: u64) -> Error {
        let advice = if self.has_queue() {
            "Order with `Prefer: respond-async`: such orders wait until there is room."
        } else {
            "Try again when a render has ended."
        };
        let detail = format!(
            "The render needs {} of the {limit} functions that may run at once here, and so many are not free. {advice}",
            need.least
        );
        Error::new(Kind::ConcurrencyExceeded, detail).with("retryAfter", retry_after)
    }
}

fn shrink(budget: &mut Budget, ticket: &Ticket, in_use: InUse) {
    budget.resize(&ticket.render_id, in_use.functions, in_use.until_ms.and_then(|until| u64::try_from(until).ok()));
}

fn budget_name(account: &str, region: &str) -> String {
    format!("{account}~{region}")
}

/// How long functions may run, ms: the main one, and a chunk's that was begun at its very end.
fn longest(function: &str, renderer: &str) -> u64 {
    let all = Duration::from_secs(seconds(function) + seconds(renderer)) + MARGIN;
    u64::try_from(all.as_millis()).unwrap_or(u64::MAX)
}

/// The time limit of a function.
fn seconds(function: &str) -> u64 {
    FunctionName::parse(function).unwrap_or_else(FunctionName::unknown).timeout_seconds.into()
}

/// A lease that can't be changed ends by itself.
fn warn(changed: Result<()>) {
    if let Err(error) = changed {
        tracing::warn!(code = error.kind().code(), "a share of the concurrency could not be given back yet");
    }
}
