//! HTTP: one router for Lambda and for the server. It translates and decides nothing.
//!
//! `door` wraps every request (id, log line, problems), `cors` lets pages of other origins in, `auth` knows the
//! caller, `renders` holds the handlers, `problem` is the table from kinds of errors to statuses, `serve` listens.

mod accepted;
mod auth;
mod batch;
mod body;
mod cors;
mod deployed;
mod door;
mod events;
mod guides;
mod idempotency;
mod list;
mod openapi;
mod problem;
mod renders;
mod serve;
mod stills;
mod webhooks;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use crate::app::App;
use crate::error::{Error, Kind};
pub use door::Door;
pub use serve::{serve, stopped};

/// Every route. Put a [`Door`] into a request's extensions where something stands in front of us.
pub fn router(app: App) -> Router {
    let open = Router::new()
        .route("/", get(greeting))
        .route("/healthz", get(healthz))
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(openapi::page))
        // By its signature alone.
        .route("/v1/webhooks/remotion", post(webhooks::remotion));
    let known = Router::new()
        .route("/v1/renders", post(renders::start).get(list::renders))
        .route("/v1/renders/batch", post(batch::start))
        .route("/v1/renders/{id}", get(renders::progress).delete(renders::delete))
        .route("/v1/renders/{id}/events", get(events::events))
        .route("/v1/renders/{id}/output", get(renders::output))
        .route("/v1/renders/{id}/copy", post(renders::copy))
        .route("/v1/renders/{id}/cancel", post(renders::cancel))
        .route("/v1/stills", post(stills::render))
        .route("/v1/compositions", post(deployed::compositions))
        .route("/v1/functions", get(deployed::functions))
        .route("/v1/sites", get(deployed::sites))
        .route("/render", post(guides::render))
        .route("/render/{renderId}", get(guides::progress))
        .route("/enqueue", post(guides::enqueue))
        .route_layer(from_fn_with_state(app.clone(), auth::require_caller));
    let cors = (!app.cors_origins.is_empty()).then(|| cors::layer(&app.cors_origins));
    let router = open
        .merge(known)
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .with_state(app)
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(door::panicked));
    // Before anybody is asked who they are: a preflight carries no credentials.
    let router = match cors {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.layer(from_fn(door::wrap))
}

async fn greeting() -> &'static str {
    concat!("Rendergate ", env!("CARGO_PKG_VERSION"), ": POST /v1/renders starts a Remotion Lambda render.\n")
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn no_route() -> Error {
    Error::new(
        Kind::RouteNotFound,
        "There is no such route. See GET and POST /v1/renders, POST /v1/renders/batch, GET and DELETE /v1/renders/{id}, GET /v1/renders/{id}/output and /v1/renders/{id}/events, POST /v1/renders/{id}/copy, POST /v1/renders/{id}/cancel, POST /v1/stills, POST /v1/compositions, GET /v1/functions, GET /v1/sites, POST /v1/webhooks/remotion, POST /render, GET /render/{renderId}, POST /enqueue.",
    )
}

async fn no_method() -> Error {
    Error::new(Kind::MethodNotAllowed, "This route does not take that method. See the Allow header.")
}
