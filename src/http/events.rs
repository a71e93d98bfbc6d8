//! `GET /v1/renders/{id}/events`: progress as server-sent events, while this process lives.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde_json::json;

use super::auth::Verbs;
use super::renders::{Id, about_ticket};
use super::serve;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::renderer::{Status, View, Watch};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks nginx not to hold events back.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// When a client that was cut off comes back.
const RETRY: Duration = Duration::from_secs(3);
/// How long a connection is silent at most.
const SILENCE: Duration = Duration::from_secs(15);

/// What is left to tell.
struct Events {
    watch: Watch,
    /// How the render was when the request came.
    first: Option<View>,
    /// Of the last event.
    id: u64,
    /// Something went wrong, and was told.
    broken: bool,
    /// The server ends: whoever listens comes back to another one.
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

pub(super) async fn events(
    State(app): State<App>,
    Verbs(renderer): Verbs,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response> {
    if !app.lives_on {
        return Err(Error::new(
            Kind::RouteNotFound,
            "Only `rendergate serve` sends events. Use GET /v1/renders/{id} with `Prefer: wait=25`.",
        ));
    }
    let ticket = renderer.ticket(&id)?;
    let (first, watch) = renderer.watch(&ticket).await?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or_default();
    let (first, stopped) = (Some(first), Box::pin(serve::stopped()));
    let events = Events { watch, first, id: last, broken: false, stopped };
    let stream = Sse::new(unfold(events, Events::next)).keep_alive(KeepAlive::new().interval(SILENCE));
    let mut response = ([(BUFFERING, HeaderValue::from_static("no"))], stream).into_response();
    response.extensions_mut().insert(about_ticket(&ticket));
    Ok(response)
}

impl Events {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.broken {
            return None;
        }
        let event = Event::default();
        let (event, news) = match self.first.take() {
            Some(first) => (event.retry(RETRY), Ok(first)),
            None => tokio::select! {
                news = self.watch.next() => (event, news.transpose()?),
                () = &mut self.stopped => return None,
            },
        };
        self.id = self.id.saturating_add(1);
        let event = event.id(self.id.to_string());
        let event = match news {
            Ok(view) => event.event(name(&view)).json_data(&view),
            Err(error) => {
                self.broken = true;
                // `error` is what browsers call a connection that broke.
                event.event("problem").json_data(json!({"code": error.kind().code(), "detail": error.detail()}))
            }
        };
        Some((Ok(event.ok()?), self))
    }
}

/// The end has a name of its own, once the copy has ended, too.
fn name(view: &View) -> &'static str {
    match view.status {
        Status::Done if view.is_final() => "done",
        Status::Failed if view.is_final() => "failed",
        Status::Cancelled if view.is_final() => "cancelled",
        _ => "progress",
    }
}
