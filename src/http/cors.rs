//! Pages of other origins, where the operator lets them in.

use std::time::Duration;

use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::door::Door;
use super::idempotency::{IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED};
use super::renders::{PREFER, PREFERENCE_APPLIED};
use super::{auth, door};

/// How long a browser remembers the answer to a preflight.
const MAX_AGE: Duration = Duration::from_secs(600);

/// The origins that may call: `*` is any. Credentials of the browser itself (cookies) are never let through;
/// a page sends its own `authorization` or `x-api-key`.
pub(super) fn layer(origins: &[String]) -> CorsLayer {
    let origins = origins.to_vec();
    let known = AllowOrigin::predicate(move |origin, parts| {
        let answered = parts.extensions.get::<Door>().is_some_and(|door| door.answers_cors);
        !answered && allows(&origins, origin)
    });
    CorsLayer::new()
        .allow_origin(known)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IDEMPOTENCY_KEY,
            PREFER,
            // What a request signed with SigV4 carries.
            HeaderName::from_static("x-amz-content-sha256"),
            HeaderName::from_static("x-amz-date"),
            HeaderName::from_static("x-amz-security-token"),
            auth::API_KEY,
        ])
        .expose_headers([
            IDEMPOTENT_REPLAYED,
            LOCATION,
            PREFERENCE_APPLIED,
            RETRY_AFTER,
            WWW_AUTHENTICATE,
            door::REQUEST_ID,
        ])
        .max_age(MAX_AGE)
}

/// Whether a page of another origin sent the request, and may not.
pub(super) fn is_stranger(origins: &[String], headers: &HeaderMap) -> bool {
    headers.get(ORIGIN).is_some_and(|origin| !allows(origins, origin))
}

fn allows(origins: &[String], origin: &HeaderValue) -> bool {
    origins.iter().any(|known| known == "*" || known.as_bytes() == origin.as_bytes())
}

/// What of an answer's headers belongs to CORS and must outlive a problem that takes the answer's place.
pub(super) fn is_cors(name: &HeaderName) -> bool {
    name == axum::http::header::VARY || name.as_str().starts_with("access-control-")
}
