//! What is left to do for a render that runs, written down before anybody is told that it does.

use std::time::Duration;

use super::later::{order_in, public_id};
use super::{Job, Order, OrderView, Renderer, Ticket};
use crate::error::Result;
use crate::records::{NotifyRecord, OrderRecord, Record};

/// When a render is looked at first; none is done before.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// What is left to do for a render.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) id: String,
    /// Its copy.
    pub(super) copy: Option<Record>,
    /// Whom to tell of its end.
    pub(super) notify: Option<NotifyRecord>,
}

impl Left {
    /// For a render of this order, accepted at `since`, epoch ms.
    pub(super) fn new(ticket: &Ticket, copy: Option<Record>, order: &Order, since: u64) -> Self {
        let id = ticket.to_string();
        let notify = order.notify.as_ref().map(|notify| NotifyRecord {
            id: id.clone(),
            known_as: id.clone(),
            created_at: since,
            url: notify.url.clone(),
            events: Vec::new(),
        });
        Self { id, copy, notify }
    }

    /// The same for a caller who knows the order by this id.
    pub(super) fn known_as(mut self, order: &str) -> Self {
        if let Some(notify) = &mut self.notify {
            notify.known_as = public_id(order);
        }
        self
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.copy.is_none() && self.notify.is_none()
    }
}

impl Renderer {
    /// Writes down what is left to do. Whether any of it was news.
    ///
    /// # Errors
    /// Of the store; the render runs all the same.
    pub(super) async fn write_left(&self, left: &Left) -> Result<bool> {
        if left.is_nothing() {
            return Ok(false);
        }
        let records = self.records()?;
        let copy = async {
            match &left.copy {
                Some(record) => records.write_render(record, None).await.map(|written| written.is_some()),
                None => Ok(false),
            }
        };
        let notify = async {
            match &left.notify {
                Some(record) => records.write_notify(record, None).await.map(|written| written.is_some()),
                None => Ok(false),
            }
        };
        let (copy, notify) = tokio::join!(copy, notify);
        Ok(copy? | notify?)
    }

    /// The same before anybody is told of the render, and sees to it that somebody follows it.
    pub(super) async fn promise(&self, left: &Left) -> Result<bool> {
        let id = &left.id;
        let news = self.write_left(left).await.map_err(|error| {
            let detail = format!("The render {id} runs, but its copy or events could not be recorded: {error} Ask for the copy at /v1/renders/{id}/copy when it is done.");
            error.with("id", id.as_str()).retold(detail)
        })?;
        if news {
            self.follow_later(id).await;
        }
        Ok(news)
    }

    /// Sees to it that somebody follows a render, where there is a queue.
    pub(super) async fn follow_later(&self, id: &str) {
        if !self.has_queue() {
            return;
        }
        if let Err(error) = self.enqueue(&Job::follow(id), FIRST_LOOK).await {
            // The records are there: whoever asks for the render goes on.
            tracing::warn!(id, code = error.kind().code(), "could not be put on the queue");
        }
    }

    /// What a started order leaves to do, made to stand by itself. Repeating it does no harm.
    /// Whether somebody follows it.
    pub(super) async fn settle(&self, order: &OrderRecord, ticket: &str, copy: Option<&Record>) -> Result<bool> {
        let left = self.left_of(order, ticket, copy)?;
        self.write_left(&left).await?;
        match left.is_nothing() {
            true => Ok(false),
            false => self.enqueue(&Job::follow(ticket), FIRST_LOOK).await.map(|_| true),
        }
    }

    pub(super) fn left_of(&self, order: &OrderRecord, ticket: &str, copy: Option<&Record>) -> Result<Left> {
        let left = Left::new(&self.ticket(ticket)?, copy.cloned(), &order_in(order)?, order.created_at);
        Ok(left.known_as(&order.id))
    }

    /// Who asked for it is told of an order that ended without a render. Repeating it does no harm.
    pub(super) async fn settle_end(&self, record: &OrderRecord) -> Result<()> {
        let Some(notify) = order_in(record).ok().and_then(|order| order.notify) else { return Ok(()) };
        let view = OrderView::new(&record.id, &record.state, None);
        let (id, url) = (view.id.clone(), notify.url);
        let nobody_told =
            NotifyRecord { known_as: id.clone(), id, created_at: record.created_at, url, events: Vec::new() };
        self.records()?.write_notify(&nobody_told, None).await?;
        if self.tell_of_order(&view, Duration::ZERO).await?.is_some() {
            self.enqueue(&Job::follow(&view.id), Duration::ZERO).await?;
        }
        Ok(())
    }
}
