//! Orders that come, and what their callers are told.

use axum::Json;
use axum::body::Bytes;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::Instrument;

use super::door::About;
use super::idempotency::IDEMPOTENT_REPLAYED;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::renderer::{Accepted, Once, Order, OrderView, Renderer, Started};

/// Where to go on.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Links {
    #[serde(rename = "self")]
    pub(super) own: String,
    output: String,
    copy: String,
}

impl Links {
    pub(super) fn of(id: &str) -> Self {
        let own = format!("/v1/renders/{id}");
        Self { output: format!("{own}/output"), copy: format!("{own}/copy"), own }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "StartedRender"))]
pub(super) struct StartedBody {
    #[serde(flatten)]
    started: Started,
    pub(super) links: Links,
}

/// An order that waits.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "AcceptedRender"))]
pub(super) struct QueuedBody {
    #[serde(flatten)]
    order: OrderView,
    pub(super) links: Links,
}

impl From<OrderView> for QueuedBody {
    fn from(order: OrderView) -> Self {
        Self { links: Links::of(&order.id), order }
    }
}

impl From<Started> for StartedBody {
    fn from(started: Started) -> Self {
        Self { links: Links::of(&started.id), started }
    }
}

/// Starts an order, or puts it on the queue to be started `later`; once where the request has a key. A process that
/// lives on sees to its copy itself.
pub(super) async fn accept(
    app: &App,
    renderer: Renderer,
    order: Bytes,
    once: Option<Once>,
    later: bool,
) -> Result<Accepted> {
    let lives_on = app.lives_on;
    // A caller that hangs up drops its request, but must not drop an order that is half written down.
    let work = async move {
        // Boxed: most orders are of one kind, and need not take the memory of all.
        let accepted = match (once, later) {
            (Some(once), false) => Box::pin(renderer.start_once(&order, &once)).await?,
            (Some(once), true) => Box::pin(renderer.submit_once(&order, &once)).await?,
            (None, false) => {
                let order = Order::from_json(&order)?;
                let started = Box::new(Box::pin(renderer.start(&order)).await?);
                let unfollowed = started.copy.is_some() || order.notify.is_some();
                Accepted::Started { started, replayed: false, unfollowed }
            }
            (None, true) => {
                Accepted::Queued { order: Box::new(Box::pin(renderer.submit(&order)).await?), replayed: false }
            }
        };
        if lives_on && let Accepted::Started { started, unfollowed: true, .. } = &accepted {
            let ticket = renderer.ticket(&started.id)?;
            tokio::spawn(async move { renderer.follow(&ticket).await });
        }
        Ok(accepted)
    };
    let done = tokio::spawn(work.in_current_span()).await;
    done.map_err(|broken| Error::new(Kind::Internal, "The start broke off. The render may run.").because(broken))?
}

/// Marks what an earlier request was answered with.
pub(super) fn mark(replayed: bool) -> Option<[(HeaderName, &'static str); 1]> {
    replayed.then_some([(IDEMPOTENT_REPLAYED, "true")])
}

pub(super) fn about(started: &Started) -> About {
    About { render_id: started.render_id.clone(), account: started.account.clone() }
}

/// The 202 of an order.
pub(super) fn answer(accepted: Accepted) -> Response {
    match accepted {
        Accepted::Started { started, replayed, .. } => {
            let (about, body) = (about(&started), StartedBody::from(*started));
            let location = [(LOCATION, body.links.own.clone())];
            let mut response = (StatusCode::ACCEPTED, location, mark(replayed), Json(body)).into_response();
            response.extensions_mut().insert(about);
            response
        }
        Accepted::Queued { order, replayed } => {
            let body = QueuedBody::from(*order);
            let location = [(LOCATION, body.links.own.clone())];
            (StatusCode::ACCEPTED, location, mark(replayed), Json(body)).into_response()
        }
    }
}
