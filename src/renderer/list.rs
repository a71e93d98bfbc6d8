//! The orders that a caller has placed, as far as they are recorded.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;

use super::later::{order_id, order_in, status_of};
use super::{CopyView, Renderer, Ticket};
use crate::callers::Caller;
use crate::error::{Error, Kind, Result};
use crate::records::{Entry, OrderRecord, OrderState};

/// The most orders on a page.
const LARGEST_PAGE: usize = 100;

/// One page of orders, newest first.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Orders {
    /// The orders.
    pub renders: Vec<Ordered>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

/// An order, as it is recorded.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Ordered {
    /// The render's ticket; `q~<orderId>` of an order that came by the queue.
    pub id: String,
    /// Of an order that has no render: `queued`, `failed` or `cancelled`. Null where one was started: it is not
    /// looked at.
    pub status: Option<&'static str>,
    /// Remotion's id; null until the render is started, as what follows.
    pub render_id: Option<String>,
    /// The account that renders, or that the order names.
    pub account: Option<String>,
    /// Region of function and bucket.
    pub region: Option<String>,
    /// The render bucket.
    pub bucket_name: Option<String>,
    /// When it was accepted, in milliseconds since 1970.
    pub created_at: u64,
    /// Who ordered it; null where nobody has to say who they are.
    pub caller: Option<String>,
    /// The copy as it was last written down; looking at the render may take it further.
    pub copy: Option<CopyView>,
}

impl Renderer {
    /// The same for what this caller has ordered, without its limits: for who runs Rendergate.
    pub fn on_behalf_of(&self, caller: &str) -> Self {
        self.called_by(Caller::named(caller))
    }

    /// The caller's orders that are recorded, newest first: those that came by the queue, and those with a copy or an
    /// idempotency key. `cursor` is where an earlier page said that the next one begins. One listing, and one read per
    /// order for its copy; one more for what came by the queue and was started.
    ///
    /// # Errors
    /// [`Kind::InvalidParameter`] for a `limit` that is not from 1 to 100, or another `cursor`;
    /// [`Kind::StateNotConfigured`].
    pub async fn orders(&self, limit: usize, cursor: Option<&str>) -> Result<Orders> {
        let wrong = |name: &str, expected: &str| {
            Error::new(Kind::InvalidParameter, format!("`{name}`: expected {expected}.")).with("field", name)
        };
        if !(1..=LARGEST_PAGE).contains(&limit) {
            return Err(wrong("limit", "a number from 1 to 100"));
        }
        let after = match cursor.map(read_cursor) {
            Some(None) => return Err(wrong("cursor", "the `nextCursor` of an earlier page")),
            after => after.flatten(),
        };
        let (records, caller) = (self.records()?, self.caller.name.as_deref());
        // One more tells whether there is another page.
        let mut entries = records.entries(caller, after.as_deref(), limit + 1).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| more);
        let next_cursor = last.map(|entry| BASE64_URL_SAFE_NO_PAD.encode(entry.name()));
        let renders = self.read_all(entries).await?;
        Ok(Orders { renders, next_cursor })
    }

    /// What is recorded of these, in their order; all are read at once.
    async fn read_all(&self, entries: Vec<Entry>) -> Result<Vec<Ordered>> {
        let reading = entries.into_iter().map(|entry| {
            let renderer = self.clone();
            tokio::spawn(async move { renderer.read_entry(entry).await })
        });
        let mut orders = Vec::new();
        for order in reading.collect::<Vec<_>>() {
            let broken = |error| Error::new(Kind::Internal, "A record could not be read. Try again.").because(error);
            orders.extend(order.await.map_err(broken)??);
        }
        Ok(orders)
    }

    /// Nothing for what can't be the caller's any more: an account may have been taken from it, and the record of what
    /// came by the queue may have expired.
    async fn read_entry(&self, Entry { created_at, id }: Entry) -> Result<Option<Ordered>> {
        let records = self.records()?;
        let (ticket, named, status, ordered) = match order_id(&id) {
            None => (Some(id.clone()), None, None, None),
            Some(order) => match records.order(order).await?.map(|(record, _)| record) {
                None => return Ok(None),
                Some(OrderRecord { state: OrderState::Started { ticket, record }, .. }) => {
                    (Some(ticket), None, None, record.map(|record| record.copy))
                }
                Some(record) => {
                    let named = order_in(&record).ok().and_then(|order| order.account);
                    (None, named, Some(status_of(&record.state)), None)
                }
            },
        };
        let (place, copy) = match ticket {
            None => (None, None),
            Some(ticket) => {
                let Ok(place) = ticket.parse::<Ticket>() else { return Ok(None) };
                let copy = records.render(&ticket).await?.map(|(record, _)| record.copy).or(ordered);
                (Some(place), copy)
            }
        };
        let account = place.as_ref().map(|place| place.account.clone()).or(named);
        if account.as_ref().is_some_and(|account| !self.caller.limits.allow_account(account)) {
            return Ok(None);
        }
        Ok(Some(Ordered {
            id,
            status,
            render_id: place.as_ref().map(|place| place.render_id.clone()),
            account,
            region: place.as_ref().map(|place| place.region.clone()),
            bucket_name: place.map(|place| place.bucket),
            created_at,
            caller: self.caller.name.clone(),
            copy: copy.as_ref().map(CopyView::from),
        }))
    }

    /// Puts an order on its caller's list. An order that is missing there runs all the same, and who ordered it
    /// has its id.
    pub(super) async fn enlist(&self, id: &str, created_at: u64) {
        let Some(records) = &self.settings().records else { return };
        let entry = Entry { created_at, id: id.to_owned() };
        if let Err(error) = records.enlist(self.caller.name.as_deref(), &entry).await {
            tracing::warn!(id, code = error.kind().code(), "an order could not be put on the list");
        }
    }
}

fn read_cursor(cursor: &str) -> Option<String> {
    let name = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let id = Entry::parse(&name)?.id;
    (order_id(&id).is_some() || id.parse::<Ticket>().is_ok()).then_some(name)
}
