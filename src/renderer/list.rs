//! The orders that a caller has placed, as far as they are recorded.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;

use super::{CopyView, Renderer, Ticket};
use crate::callers::Caller;
use crate::error::{Error, Kind, Result};
use crate::records::{Entry, Records};

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
    /// The render's ticket.
    pub id: String,
    /// Remotion's id.
    pub render_id: String,
    /// The account that renders.
    pub account: String,
    /// Region of function and bucket.
    pub region: String,
    /// The render bucket.
    pub bucket_name: String,
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

    /// The caller's orders that are recorded, newest first: those with a copy or an idempotency key. `cursor` is
    /// where an earlier page said that the next one begins. One listing, and one read per order for its copy.
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
        // An account may have been taken from the caller since.
        let own = entries.into_iter().filter_map(|entry| Some((entry.id.parse::<Ticket>().ok()?, entry)));
        let own: Vec<_> = own.filter(|(ticket, _)| self.caller.limits.allow_account(&ticket.account)).collect();
        let copies = copies(records, own.iter().map(|(_, entry)| &entry.id)).await?;
        let renders = own.into_iter().zip(copies).map(|((ticket, Entry { created_at, id }), copy)| Ordered {
            id,
            render_id: ticket.render_id,
            account: ticket.account,
            region: ticket.region,
            bucket_name: ticket.bucket,
            created_at,
            caller: self.caller.name.clone(),
            copy,
        });
        Ok(Orders { renders: renders.collect(), next_cursor })
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

/// The copies of these renders, in their order; all are read at once.
async fn copies(records: &Records, ids: impl Iterator<Item = &String>) -> Result<Vec<Option<CopyView>>> {
    let read = ids.map(|id| {
        let (records, id) = (records.clone(), id.clone());
        tokio::spawn(async move { records.render(&id).await })
    });
    let mut copies = Vec::new();
    for record in read.collect::<Vec<_>>() {
        let record = record
            .await
            .map_err(|broken| Error::new(Kind::Internal, "A record could not be read. Try again.").because(broken))?;
        copies.push(record?.map(|(record, _)| CopyView::from(&record.copy)));
    }
    Ok(copies)
}

fn read_cursor(cursor: &str) -> Option<String> {
    let name = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let id = Entry::parse(&name)?.id;
    id.parse::<Ticket>().is_ok().then_some(name)
}
