//! `/v1/renders`: start, follow, fetch, copy, cancel, delete.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, LOCATION};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::auth::Verbs;
use super::door::{About, Door};
use super::{accepted, body, idempotency};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::renderer::{Accepted, CopyStatus, CopyTo, Found, Renderer, Ticket};

pub(super) const PREFER: HeaderName = HeaderName::from_static("prefer");
pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The longest wait that every door survives.
pub(super) const LONGEST_WAIT: u64 = 25;
/// What an answer needs after a wait before the door's deadline.
const MARGIN: Duration = Duration::from_secs(2);

/// The id in the path, decoded.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let wrong = |_| {
            Error::new(Kind::RenderNotFound, "This is not the id of a render. Use the `id` that starting it answered.")
        };
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(wrong)?;
        Ok(Self(id))
    }
}

pub(super) async fn start(State(app): State<App>, Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let (headers, body) = body::json(request).await?;
    let (later, once) = (prefers_async(&headers), idempotency::once(&renderer, &headers, &body)?);
    let accepted = accepted::accept(&app, renderer, body, once, later).await?;
    let queued = matches!(accepted, Accepted::Queued { .. });
    let mut response = accepted::answer(accepted);
    if later && queued {
        response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static("respond-async"));
    }
    Ok(response)
}

/// How long a request may wait: so many seconds, but no longer than the door does.
pub(super) fn until(extensions: &Extensions, seconds: u64) -> Instant {
    let until = Instant::now() + Duration::from_secs(seconds);
    match extensions.get::<Door>().and_then(|door| door.deadline) {
        Some(deadline) => until.min(deadline.checked_sub(MARGIN).unwrap_or(deadline)),
        None => until,
    }
}

pub(super) async fn progress(Verbs(renderer): Verbs, Id(id): Id, request: Request) -> Result<Response> {
    let by_function = match query(&request, "skipLambdaInvocation").as_deref() {
        None | Some("true") => false,
        Some("false") => true,
        Some(_) => return Err(wrong_parameter("skipLambdaInvocation", "`true` or `false`")),
    };
    // An invocation costs money: it is made once, whatever is preferred.
    let wait = wait_preferred(request.headers()).filter(|_| !by_function);
    let deadline = until(request.extensions(), wait.unwrap_or_default());
    let ticket = match renderer.find_started(&id, deadline).await? {
        Found::Render(ticket) => ticket,
        Found::Order(order) => return Ok(as_of_now(Json(order).into_response(), wait)),
    };
    let view = match wait {
        None if by_function => renderer.progress_by_function(&ticket, query(&request, "functionName").as_deref()).await,
        None => renderer.progress(&ticket).await,
        Some(_) => renderer.wait(&ticket, deadline).await,
    };
    let mut response = as_of_now(Json(view?.known_as(&id)).into_response(), wait);
    response.extensions_mut().insert(about_ticket(&ticket));
    Ok(response)
}

/// An answer that is another one a moment later.
fn as_of_now(mut response: Response, wait: Option<u64>) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = wait {
        headers.insert(
            PREFERENCE_APPLIED,
            HeaderValue::try_from(format!("wait={seconds}")).unwrap_or(HeaderValue::from_static("wait")),
        );
    }
    response
}

pub(super) async fn output(Verbs(renderer): Verbs, Id(id): Id, request: Request) -> Result<Response> {
    let ticket = renderer.find_render(&id).await?;
    let seconds = match query(&request, "expiresIn") {
        None => 900,
        Some(text) => text
            .parse()
            .ok()
            .filter(|seconds| (1..=604_800).contains(seconds))
            .ok_or_else(|| wrong_parameter("expiresIn", "1 to 604800 seconds"))?,
    };
    let link = renderer.output(&ticket, Duration::from_secs(seconds)).await?;
    let wants_json = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    let mut response = if wants_json {
        Json(json!({"url": link.url, "expiresAt": link.expires_at})).into_response()
    } else {
        (StatusCode::FOUND, [(LOCATION, link.url)]).into_response()
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(about_ticket(&ticket));
    Ok(response)
}

pub(super) async fn copy(Verbs(renderer): Verbs, Id(id): Id, request: Request) -> Result<Response> {
    let ticket = renderer.find_render(&id).await?;
    let (_, body) = body::json(request).await?;
    let copy = renderer.copy(&ticket, &CopyTo::from_json(&body)?).await?;
    let status = match copy.status {
        CopyStatus::Pending | CopyStatus::Copying => StatusCode::ACCEPTED,
        CopyStatus::Done | CopyStatus::Failed => StatusCode::OK,
    };
    let mut response = (status, Json(json!({"id": id, "copy": copy}))).into_response();
    response.extensions_mut().insert(about_ticket(&ticket));
    Ok(response)
}

pub(super) async fn cancel(Verbs(renderer): Verbs, Id(id): Id) -> Result<Response> {
    let mut response = (StatusCode::ACCEPTED, Json(renderer.cancel_by_id(&id).await?)).into_response();
    about_id(&renderer, &id, &mut response);
    Ok(response)
}

pub(super) async fn delete(Verbs(renderer): Verbs, Id(id): Id) -> Result<Response> {
    let mut response = Json(renderer.delete_by_id(&id).await?).into_response();
    about_id(&renderer, &id, &mut response);
    Ok(response)
}

/// The value of a query parameter. Some doors encode what needs no encoding.
pub(super) fn query<'a>(request: &'a Request, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = request.uri().query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name)?;
    Some(percent_decode_str(value).decode_utf8_lossy())
}

/// Refuses query parameters of other names.
pub(super) fn only(request: &Request, known: &[&str]) -> Result<()> {
    let pairs = request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let mut names = pairs.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    match names.find(|name| !known.contains(name)) {
        Some(name) => Err(wrong_parameter(name, &format!("one of the parameters {}", known.join(", ")))),
        None => Ok(()),
    }
}

fn wrong_parameter(name: &str, expected: &str) -> Error {
    Error::new(Kind::InvalidParameter, format!("`{name}`: expected {expected}.")).with("field", name)
}

pub(super) fn about_ticket(ticket: &Ticket) -> About {
    About { render_id: ticket.render_id.clone(), account: ticket.account.clone() }
}

/// For the log, where the id is a render's own.
fn about_id(renderer: &Renderer, id: &str, response: &mut Response) {
    if let Ok(ticket) = renderer.ticket(id) {
        response.extensions_mut().insert(about_ticket(&ticket));
    }
}

/// The preferences of a request, <https://www.rfc-editor.org/rfc/rfc7240#section-2>.
fn preferences(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).map(str::trim)
}

fn prefers_async(headers: &HeaderMap) -> bool {
    preferences(headers).any(|preference| preference.eq_ignore_ascii_case("respond-async"))
}

/// The seconds of `Prefer: wait=N`, clamped.
fn wait_preferred(headers: &HeaderMap) -> Option<u64> {
    let (_, seconds) = preferences(headers)
        .filter_map(|preference| preference.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))?;
    Some(seconds.trim().trim_matches('"').parse::<u64>().ok()?.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_and_clamped() {
        let read =
            |text: &'static str| wait_preferred(&HeaderMap::from_iter([(PREFER, HeaderValue::from_static(text))]));
        for (text, seconds) in [
            ("wait=10", Some(10)),
            ("respond-async, wait=100", Some(25)),
            ("Wait = \"3\"", Some(3)),
            ("wait=0", Some(0)),
            ("wait", None),
            ("wait=x", None),
            ("wait=-1", None),
            ("handling=strict", None),
        ] {
            assert_eq!(read(text), seconds, "{text}");
        }
    }
}
