//! Orders that were accepted (`submit`) and are started later, by whoever takes them from the queue (`begin`).
//!
//! Their ids, `q~<orderId>`, stay valid: once the render runs they stand for its ticket.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::adopt::is_order_id;
use super::plan::Plan;
use super::{Cancelling, CopyView, Deleted, Order, Renderer, Status, Ticket};
use crate::error::{Error, Kind, Result};
use crate::records::{OrderRecord, OrderState, Version};
use crate::remotion::check;
use crate::remotion::progress::RenderError;
use crate::telemetry::now_ms;

/// What the id of an order begins with.
pub(super) const PREFIX: &str = "q~";
/// The pause between two looks at an order that waits.
const PAUSE: Duration = Duration::from_secs(1);

/// An order that waits for its start, or was never started. By the names of a render's answer.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "QueuedRender"))]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    /// `q~<orderId>`, also when the render runs.
    pub id: String,
    /// Remotion's id: null until the render is started.
    pub render_id: Option<String>,
    /// Null until the render is started.
    pub bucket_name: Option<String>,
    /// Null until the render is started.
    pub region: Option<String>,
    /// Null until the render is started.
    pub function_name: Option<String>,
    /// The account that the order names.
    pub account: Option<String>,
    /// `queued`, `failed` or `cancelled`.
    pub status: &'static str,
    /// Null until the render is started.
    pub copy: Option<CopyView>,
    /// Why it was not started: `code`, `detail` and what belongs to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// As Remotion says of a render that has not begun.
    pub done: bool,
    /// As Remotion says of a render that has not begun.
    pub overall_progress: f64,
    /// Whether it will never be started.
    pub fatal_error_encountered: bool,
    /// Why, as Remotion would say it.
    pub errors: Vec<RenderError>,
    /// The id of the message that was put on the queue just now.
    #[serde(skip)]
    pub message_id: Option<String>,
}

/// What an id stands for.
#[derive(Clone, Debug)]
pub enum Found {
    /// A render.
    Render(Ticket),
    /// An order without one.
    Order(Box<OrderView>),
}

impl OrderView {
    pub(super) fn new(id: &str, state: &OrderState, order: Option<&Order>) -> Self {
        let error = match state {
            OrderState::Failed { error } => Some(error.clone()),
            _ => None,
        };
        let errors = error.iter().map(|error| {
            RenderError::fatal(error["detail"].as_str().unwrap_or("The order could not be started.").to_owned())
        });
        Self {
            id: public_id(id),
            render_id: None,
            bucket_name: None,
            region: None,
            function_name: None,
            account: order.and_then(|order| order.account.clone()),
            status: status_of(state),
            copy: None,
            done: false,
            overall_progress: 0.0,
            fatal_error_encountered: error.is_some(),
            errors: errors.collect(),
            error,
            message_id: None,
        }
    }
}

impl Renderer {
    /// What an id stands for: a render's own, or an order's, which stays valid when its render runs.
    ///
    /// # Errors
    /// As [`Renderer::ticket`].
    pub async fn find(&self, id: &str) -> Result<Found> {
        let Some((record, version)) = self.order_of(id).await? else { return Ok(Found::Render(self.ticket(id)?)) };
        self.found(record, version).await
    }

    /// As [`Renderer::find`], but waits for the start until `until`.
    ///
    /// # Errors
    /// As [`Renderer::find`].
    pub async fn find_started(&self, id: &str, until: Instant) -> Result<Found> {
        loop {
            let found = self.find(id).await?;
            let left = until.saturating_duration_since(Instant::now());
            match &found {
                Found::Order(order) if order.status == "queued" && !left.is_zero() => {}
                _ => return Ok(found),
            }
            tokio::time::sleep(PAUSE.min(left)).await;
        }
    }

    /// The ticket that an id stands for.
    ///
    /// # Errors
    /// As [`Renderer::find`]; [`Kind::RenderUnfinished`] where an order has no render.
    pub async fn find_render(&self, id: &str) -> Result<Ticket> {
        match self.find(id).await? {
            Found::Render(ticket) => Ok(ticket),
            Found::Order(order) => {
                let detail = match order.error.as_ref().and_then(|error| error["detail"].as_str()) {
                    Some(why) => format!("The order was not started: {why}"),
                    None => format!("The order is {}; there is no render.", order.status),
                };
                Err(Error::new(Kind::RenderUnfinished, detail).with("renderStatus", order.status))
            }
        }
    }

    /// Cancels what an id stands for; an order that still waits then never costs anything.
    ///
    /// # Errors
    /// As [`Renderer::cancel`]; [`Kind::NotCancellable`] for an order that is just being started.
    pub async fn cancel_by_id(&self, id: &str) -> Result<Cancelling> {
        while let Some((mut record, version)) = self.order_of(id).await? {
            let cancelled = Cancelling { id: id.to_owned(), status: Status::Cancelled, cancelled_at: now_ms() };
            match &record.state {
                OrderState::Cancelled => return Ok(cancelled),
                OrderState::Queued => {
                    record.state = OrderState::Cancelled;
                    if self.records()?.write_order(&record, Some(&version)).await?.is_some() {
                        // Else the order's message sees to it, when it comes.
                        if let Err(error) = self.settle_end(&record).await {
                            tracing::warn!(order = record.id, code = error.kind().code(), "nobody was told yet");
                        }
                        return Ok(cancelled);
                    }
                    // Somebody has begun to start it.
                }
                OrderState::Starting { .. } => {
                    let detail = "The order is just being started. Cancel it again in a moment.";
                    return Err(Error::new(Kind::NotCancellable, detail).with("renderStatus", "queued"));
                }
                OrderState::Failed { .. } => {
                    let detail = "The order was not started; there is nothing to cancel.";
                    return Err(Error::new(Kind::NotCancellable, detail).with("renderStatus", "failed"));
                }
                OrderState::Started { ticket, .. } => {
                    return Ok(Cancelling { id: id.to_owned(), ..self.cancel(&self.ticket(ticket)?).await? });
                }
            }
        }
        self.cancel(&self.ticket(id)?).await
    }

    /// Deletes what an id stands for; of an order that was never started there is nothing to delete.
    ///
    /// # Errors
    /// As [`Renderer::delete`]; [`Kind::RenderUnfinished`] for an order that still waits.
    pub async fn delete_by_id(&self, id: &str) -> Result<Deleted> {
        match self.find(id).await? {
            Found::Render(ticket) => self.delete(&ticket).await,
            Found::Order(order) if order.status == "queued" => {
                let detail = "The order still waits. Cancel it instead.";
                Err(Error::new(Kind::RenderUnfinished, detail).with("renderStatus", order.status))
            }
            Found::Order(_) => Ok(Deleted { freed_bytes: 0, output_kept: None }),
        }
    }

    /// The order that an id names, if it is an order's and the caller may know of it: one that it could have
    /// made itself.
    async fn order_of(&self, id: &str) -> Result<Option<(OrderRecord, Version)>> {
        let Some(id) = id.strip_prefix(PREFIX) else { return Ok(None) };
        let unknown = || Error::new(Kind::RenderNotFound, "There is no such order. Check the id.");
        if !is_order_id(id) {
            return Err(unknown());
        }
        let (record, version) = self.records()?.order(id).await?.ok_or_else(unknown)?;
        // Of a bad order only its failure can be seen.
        if let Ok(order) = order_in(&record)
            && let Err(error) = self.plan_somewhere(&order)
            && error.kind() == Kind::NotAllowed
        {
            return Err(error);
        }
        Ok(Some((record, version)))
    }

    async fn found(&self, record: OrderRecord, version: Version) -> Result<Found> {
        let record = self.expire(record, version).await?;
        let OrderState::Started { ticket, record: copy } = &record.state else {
            let order = order_in(&record).ok();
            return Ok(Found::Order(Box::new(OrderView::new(&record.id, &record.state, order.as_ref()))));
        };
        let id = self.ticket(ticket)?;
        // Whoever started it may have died before this was done.
        if copy.is_some() && self.record(&id).await?.is_none() {
            self.write_left(&self.left_of(&record, ticket, copy.as_deref())?).await?;
        }
        Ok(Found::Render(id))
    }

    /// Refuses an order that [`Renderer::start`] would refuse before it invokes anything.
    pub(super) async fn check(&self, order: &Order) -> Result<()> {
        let plan = self.plan_somewhere(order)?;
        // A function whose version can't be had now is asked again when the order is started.
        match plan.target.function().await {
            Ok(function) => check::options_known_to(&function.version, &order.media),
            Err(_) => Ok(()),
        }
    }

    /// The plan for the first account that the order fits.
    fn plan_somewhere<'a>(&'a self, order: &'a Order) -> Result<Plan<'a>> {
        let allowed = |name: &str| self.caller.limits.allow_account(name);
        let mut turn = self.settings().accounts.in_order(order.account.as_deref(), allowed)?;
        loop {
            let place = Self::next_place(&mut turn)?;
            match self.plan(place, order) {
                Ok(plan) => return Ok(plan),
                Err(error) => self.not_there(&mut turn, place, error)?,
            }
        }
    }
}

/// The id by which callers know an order.
pub(super) fn public_id(order: &str) -> String {
    format!("{PREFIX}{order}")
}

/// The order that an id stands for, if it is an order's.
pub(super) fn order_id(id: &str) -> Option<&str> {
    id.strip_prefix(PREFIX).filter(|id| is_order_id(id))
}

/// How an order without a render is.
pub(super) fn status_of(state: &OrderState) -> &'static str {
    match state {
        OrderState::Failed { .. } => "failed",
        OrderState::Cancelled => "cancelled",
        OrderState::Queued | OrderState::Starting { .. } | OrderState::Started { .. } => "queued",
    }
}

/// The order in a record.
pub(super) fn order_in(record: &OrderRecord) -> Result<Order> {
    Order::from_json(record.order.expose().get().as_bytes())
}
