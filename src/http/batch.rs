//! `POST /v1/renders/batch`: up to 100 orders, each with an answer of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::accepted::{self, QueuedBody, StartedBody};
use super::auth::Verbs;
use super::{body, idempotency, problem, renders};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::renderer::{Accepted, Once, Renderer};

/// The most orders at once.
const MOST: usize = 100;
/// How many of them are accepted at the same time.
const AT_ONCE: usize = 10;
/// What one order may take before the door's deadline, so that its answer is still heard.
const TIME_FOR_ONE: Duration = Duration::from_secs(12);
/// Where the door has none.
const LONGEST: u64 = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    orders: Vec<Box<RawValue>>,
}

/// What became of one order.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "BatchResult"))]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// It is queued.
    #[serde(rename = "render")]
    Queued(Box<QueuedBody>),
    /// It runs.
    #[serde(rename = "render")]
    Started(Box<StartedBody>),
    /// It was refused: `code`, `detail`, `status` and what belongs to them.
    Problem(Map<String, Value>),
}

pub(super) async fn start(State(app): State<App>, Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let deadline = renders::until(request.extensions(), LONGEST);
    let (headers, body) = body::json(request).await?;
    let once = idempotency::once(&renderer, &headers, &body)?;
    let Batch { orders } = serde_json::from_slice(&body)
        .map_err(|error| Error::field("orders", "a body of the form {\"orders\": [{…}, …]}").because(error))?;
    if !(1..=MOST).contains(&orders.len()) {
        return Err(Error::field("orders", format!("1 to {MOST} orders")));
    }
    let (keys, replayed) = match &once {
        None => (None, false),
        Some(once) => {
            let (since, replayed) = renderer.claim_batch(once).await?;
            (Some(move |position| once.of_batch(since, position)), replayed)
        }
    };
    let orders = orders.into_iter().enumerate();
    let orders = orders.map(|(position, order)| (order, keys.as_ref().map(|key| key(position)))).collect();
    let results = all(&app, &renderer, orders, deadline).await;
    Ok((accepted::mark(replayed), Json(serde_json::json!({ "results": results }))).into_response())
}

/// Each order, and what it is recognized by where the batch has a key.
type Orders = Vec<(Box<RawValue>, Option<Once>)>;

async fn all(app: &App, renderer: &Renderer, orders: Orders, deadline: Instant) -> Vec<Outcome> {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    let mut outcomes: Vec<_> = orders.iter().map(|_| None).collect();
    for (number, (order, once)) in orders.into_iter().enumerate() {
        let (app, renderer, room) = (app.clone(), renderer.clone(), room.clone());
        let work = async move {
            let _room = room.acquire_owned().await;
            let outcome = one(&app, renderer, &order, once, deadline).await;
            (number, outcome.unwrap_or_else(|error| Outcome::Problem(problem::members(&error))))
        };
        tasks.spawn(work.in_current_span());
    }
    while let Some(ended) = tasks.join_next().await {
        if let Ok((number, outcome)) = ended {
            outcomes[number] = Some(outcome);
        }
    }
    let panicked = || Error::new(Kind::Internal, "Something is wrong in Rendergate. Report it with the request id.");
    outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|| Outcome::Problem(problem::members(&panicked()))))
        .collect()
}

/// As `Prefer: respond-async` where there is a queue; else it is started.
async fn one(
    app: &App,
    renderer: Renderer,
    order: &RawValue,
    once: Option<Once>,
    deadline: Instant,
) -> Result<Outcome> {
    if deadline.saturating_duration_since(Instant::now()) < TIME_FOR_ONE {
        return Err(Error::new(Kind::Timeout, "No time was left for this order: nothing was started. Send it again."));
    }
    let (later, order) = (renderer.has_queue(), Bytes::copy_from_slice(order.get().as_bytes()));
    Ok(match accepted::accept(app, renderer, order, once, later).await? {
        Accepted::Queued { order, .. } => Outcome::Queued(Box::new((*order).into())),
        Accepted::Started { started, .. } => Outcome::Started(Box::new((*started).into())),
    })
}
