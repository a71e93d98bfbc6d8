//! Around every request: its id, its line in the log, and its problem if it fails.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::header::{ALLOW, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::cors;
use super::problem::{self, Failure};
use crate::error::{Error, Kind};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What stands in front of us knows of a request, such as API Gateway.
#[derive(Clone, Debug, Default)]
pub struct Door {
    /// Its id for the request.
    pub request_id: Option<String>,
    /// Who it says the caller is; it has verified that.
    pub identity: Option<String>,
    /// When it gives up.
    pub deadline: Option<Instant>,
    /// The largest body that it passes on, in bytes; 6 MB where it is not known.
    pub largest_body: Option<usize>,
    /// Whether it answers what browsers ask about other origins, so that we must not.
    pub answers_cors: bool,
}

/// The caller's name, as a response tells the log.
#[derive(Clone, Debug)]
pub(super) struct CallerName(pub(super) String);

/// Which render a response is about, for the log.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) render_id: String,
    pub(super) account: String,
}

pub(super) async fn wrap(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let request_id = request.extensions().get::<Door>().and_then(|door| door.request_id.clone());
    let request_id = request_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).instrument(tracing::info_span!("request", requestId = request_id)).await;

    let failure = response.extensions_mut().remove::<Failure>();
    let code = failure.as_ref().map(|Failure(error)| error.kind().code());
    let cause = failure.as_ref().and_then(|Failure(error)| cause(error));
    if let Some(Failure(error)) = failure {
        let (kept, extensions) = (kept(response.headers()), std::mem::take(response.extensions_mut()));
        response = problem::respond(&error, &request_id, &path);
        response.extensions_mut().extend(extensions);
        response.headers_mut().extend(kept);
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let extensions = response.extensions();
    let about = extensions.get::<About>();
    tracing::info!(
        requestId = request_id,
        caller = extensions.get::<CallerName>().map(|CallerName(name)| name.as_str()),
        method = method.as_str(),
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        code,
        ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        renderId = about.map(|about| about.render_id.as_str()),
        account = about.map(|about| about.account.as_str()),
        cause,
        "request"
    );
    response
}

/// What of an answer's headers the problem that takes its place needs, too.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| *name == ALLOW || cors::is_cors(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Why, in the words of whoever failed. Their `Display` only: `Debug` could hold a request.
fn cause(error: &Arc<Error>) -> Option<String> {
    let first = std::error::Error::source(&**error)?;
    let chain: Vec<String> =
        std::iter::successors(Some(first), |error| error.source()).map(ToString::to_string).collect();
    Some(chain.join(": "))
}

/// A panic is our fault: the caller gets a problem, the log gets the panic's text from its hook.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Error::new(Kind::Internal, "Something is wrong in Rendergate. Report it with the request id.").into_response()
}
