//! What callers are told of: how a render ended, and what became of its copy.

use serde::{Deserialize, Serialize};

use super::progress::word;
use super::{CopyStatus, CopyView, OrderView, Status, Ticket, View};
use crate::digest::sha256;
use crate::error::{Error, Kind, Result};
use crate::notify::rfc3339;
use crate::records::{EventRecord, EventStatus, NotifyRecord};
use crate::redacted::Redacted;
use crate::remotion::price::Costs;
use crate::remotion::progress::RenderError;
use crate::telemetry::now_ms;

/// Of a failed render so many errors are told, and so many letters of each.
const MOST_ERRORS: usize = 3;
const LONGEST: usize = 1000;

/// `notify` of a request: whom to tell.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Where signed events go: an `https://` address of a public host.
    pub url: Redacted<String>,
}

/// An event: the body of what is sent.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// `render.done`, `render.failed`, `render.cancelled`, `copy.done` or `copy.failed`.
    pub r#type: &'static str,
    /// When it was seen, in RFC 3339.
    pub timestamp: String,
    /// The render at that time.
    pub data: EventData,
}

/// A render, as events tell of it; by the names of the progress answer. Null where nothing is known.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventData {
    /// The id that ordering it answered.
    pub id: String,
    /// Remotion's id.
    pub render_id: Option<String>,
    /// The render bucket.
    pub bucket_name: Option<String>,
    /// Region of function and bucket.
    pub region: Option<String>,
    /// The account that renders.
    pub account: Option<String>,
    /// `done`, `failed` or `cancelled`.
    pub status: &'static str,
    /// The ordered copy.
    pub copy: Option<CopyView>,
    /// The output's address. It opens only if the output is public.
    pub output_file: Option<String>,
    /// The output's bucket.
    pub out_bucket: Option<String>,
    /// The output's key.
    pub out_key: Option<String>,
    /// The output's size.
    pub output_size_in_bytes: Option<u64>,
    /// How long the whole render took, ms.
    pub time_to_finish: Option<i64>,
    /// What it cost.
    pub costs: Option<Costs>,
    /// What ended it, at most three.
    pub errors: Vec<EventError>,
}

/// An error, as events tell of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EventError {
    /// Its class, such as `TimeoutError`.
    pub name: Option<String>,
    /// What happened.
    pub message: String,
}

impl From<&RenderError> for EventError {
    fn from(error: &RenderError) -> Self {
        Self { name: error.name.clone(), message: error.message.chars().take(LONGEST).collect() }
    }
}

/// Adds what a look at the render shows and nobody has written down yet. Whether there was anything.
pub(super) fn note(record: &mut NotifyRecord, ticket: &Ticket, view: &View) -> Result<bool> {
    let mut news = false;
    if view.status.is_final() {
        news |= add(record, render_event(view.status), "", || data(ticket, view))?;
    }
    if let (Status::Done, Some(copy)) = (view.status, &view.copy) {
        let place = format!("{}/{}", copy.bucket, copy.key);
        news |= match copy.status {
            CopyStatus::Done => add(record, "copy.done", &place, || data(ticket, view))?,
            CopyStatus::Failed => add(record, "copy.failed", &place, || data(ticket, view))?,
            CopyStatus::Pending | CopyStatus::Copying => false,
        };
    }
    Ok(news)
}

/// The same for an order that ended without a render.
pub(super) fn note_order(record: &mut NotifyRecord, order: &OrderView) -> Result<bool> {
    let kind = if order.status == "cancelled" { "render.cancelled" } else { "render.failed" };
    add(record, kind, "", || EventData {
        id: order.id.clone(),
        render_id: None,
        bucket_name: None,
        region: None,
        account: order.account.clone(),
        status: order.status,
        copy: None,
        output_file: None,
        out_bucket: None,
        out_key: None,
        output_size_in_bytes: None,
        time_to_finish: None,
        costs: None,
        errors: order.errors.iter().map(EventError::from).collect(),
    })
}

fn render_event(status: Status) -> &'static str {
    match status {
        Status::Cancelled => "render.cancelled",
        Status::Failed => "render.failed",
        _ => "render.done",
    }
}

/// Whoever sees the same gives it the same id, so that receivers can tell repetitions.
fn add(record: &mut NotifyRecord, kind: &'static str, about: &str, data: impl FnOnce() -> EventData) -> Result<bool> {
    let digest = sha256(format!("{}\n{kind}\n{about}", record.id).as_bytes());
    let id = format!("msg_{}", &digest[..32]);
    if record.events.iter().any(|event| event.id == id) {
        return Ok(false);
    }
    let now = now_ms();
    let data = EventData { id: record.known_as.clone(), ..data() };
    let body = serde_json::to_string(&Event { r#type: kind, timestamp: rfc3339(now), data })
        .map_err(|error| Error::new(Kind::Internal, "An event can't be written.").because(error))?;
    let (r#type, status) = (kind.to_owned(), EventStatus::Pending);
    record.events.push(EventRecord { id, r#type, body, status, attempts: 0, due_at: now, last_error: None });
    Ok(true)
}

fn data(ticket: &Ticket, view: &View) -> EventData {
    let progress = &view.progress;
    let fatal = progress.errors.iter().filter(|error| view.status != Status::Done && error.is_final());
    EventData {
        id: view.id.clone(),
        render_id: Some(ticket.render_id.clone()),
        bucket_name: Some(ticket.bucket.clone()),
        region: Some(ticket.region.clone()),
        account: Some(ticket.account.clone()),
        status: word(view.status),
        copy: view.copy.clone().filter(|_| view.status == Status::Done),
        output_file: progress.output_file.clone(),
        out_bucket: progress.out_bucket.clone(),
        out_key: progress.out_key.clone(),
        output_size_in_bytes: progress.output_size_in_bytes,
        time_to_finish: progress.time_to_finish,
        costs: progress.costs.clone(),
        errors: fatal.take(MOST_ERRORS).map(EventError::from).collect(),
    }
}
