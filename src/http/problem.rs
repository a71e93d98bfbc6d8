//! From an error to `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::error::{Error, Kind};

/// The one table of statuses.
pub(super) const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::InvalidJson
        | Kind::InvalidField
        | Kind::MissingField
        | Kind::InvalidParameter
        | Kind::StateNotConfigured
        | Kind::QueueNotConfigured
        | Kind::NotifyNotConfigured
        | Kind::WebhookNotConfigured
        | Kind::DestinationsNotConfigured => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::NotAllowed => StatusCode::FORBIDDEN,
        Kind::RouteNotFound | Kind::RenderNotFound | Kind::FunctionNotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::VersionMismatch
        | Kind::RenderUnfinished
        | Kind::NotCancellable
        | Kind::CopyInProgress
        | Kind::StartInProgress
        | Kind::StartUnknown
        | Kind::DestinationExists => StatusCode::CONFLICT,
        Kind::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Throttled | Kind::ConcurrencyExceeded | Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::FunctionMissing
        | Kind::AwsAccessDenied
        | Kind::AwsCredentialsRefused
        | Kind::CredentialsUnavailable
        | Kind::FunctionError
        | Kind::UnreadableAnswer
        | Kind::AwsError => StatusCode::BAD_GATEWAY,
        Kind::AwsUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Kind::Config | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The error on its way to [`super::door`], which knows the request.
#[derive(Clone, Debug)]
pub(super) struct Failure(pub(super) std::sync::Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = status(self.kind()).into_response();
        response.extensions_mut().insert(Failure(self.into()));
        response
    }
}

/// The problem as the caller sees it, wherever it met it.
pub(super) fn members(error: &Error) -> Map<String, Value> {
    let status = status(error.kind());
    let code = error.kind().code();
    let mut problem: Map<String, Value> = error.members().clone();
    problem.insert("type".into(), format!("urn:rendergate:problem:{code}").into());
    problem.insert("title".into(), status.canonical_reason().unwrap_or_default().into());
    problem.insert("status".into(), status.as_u16().into());
    problem.insert("detail".into(), error.detail().into());
    problem.insert("code".into(), code.into());
    problem
}

/// The problem as the answer to a request.
pub(super) fn respond(error: &Error, request_id: &str, path: &str) -> Response {
    let status = status(error.kind());
    let mut problem = members(error);
    problem.insert("instance".into(), path.into());
    problem.insert("requestId".into(), request_id.into());
    let mut response = (status, Body::from(Value::Object(problem).to_string())).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if matches!(
        error.kind(),
        Kind::Throttled | Kind::ConcurrencyExceeded | Kind::RateLimited | Kind::AwsUnavailable | Kind::StartInProgress
    ) {
        let seconds = error.members().get("retryAfter").and_then(Value::as_u64).unwrap_or(2);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.kind() == Kind::Unauthenticated {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"rendergate\", charset=\"UTF-8\", Bearer"),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented_with_its_status() {
        let documented = include_str!("../../docs/API.md");
        for kind in Kind::ALL {
            let row = format!("| `{}` | {} |", kind.code(), status(kind).as_u16());
            assert!(kind == Kind::Config || documented.contains(&row), "docs/API.md has no row {row}");
        }
    }
}
