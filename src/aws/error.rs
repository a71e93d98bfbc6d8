//! From the SDK's errors to ours: what a caller can act on.

use std::error::Error as StdError;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use hyper_util::client::legacy;

use crate::error::{Error, Kind};

/// One AWS call, as IAM names it; for errors, spans and metrics.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The IAM action, such as `lambda:InvokeFunction`.
    pub(crate) action: &'static str,
    /// The resource's ARN, as far as we know it.
    pub(crate) resource: String,
}

/// AWS's names for "I don't know this key": temporary keys without their token, deleted, expired or revoked keys.
const REFUSED: [&str; 9] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

pub(super) fn explain<E>(error: SdkError<E, HttpResponse>, call: &Call) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if let Some(ours) = find_ours(&error) {
        return ours;
    }
    let Call { action, resource } = call;
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let retry_after =
        error.raw_response().and_then(|response| response.headers().get("retry-after")?.parse::<u64>().ok());
    let code = error.code().unwrap_or_default();
    let explained = match &error {
        SdkError::TimeoutError(_) => Error::new(Kind::Timeout, format!("AWS did not answer {action} in time. Try again.")),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            Error::new(Kind::Timeout, format!("AWS did not answer {action} in time. Try again."))
        }
        _ if is_credentials_error(&error) => Error::new(
            Kind::CredentialsUnavailable,
            "There are no AWS credentials here. Check RENDERGATE_CREDENTIALS and the role or variables it relies on.",
        ),
        _ if REFUSED.contains(&code) => Error::new(
            Kind::AwsCredentialsRefused,
            format!("AWS refused our credentials ({code}). Renew them; temporary keys need their session token."),
        ),
        _ if code.starts_with("AccessDenied") || status == 403 => denied(action, resource, error.message()),
        _ if is_throttle(code, status) => Error::new(
            Kind::Throttled,
            "AWS throttles: the account's Lambda concurrency or request rate is used up. Nothing was started; try again later, or raise the quota.",
        )
        .with("retryAfter", retry_after.unwrap_or(2)),
        _ if code == "RequestTooLargeException" => Error::new(
            Kind::BodyTooLarge,
            "The order is larger than Lambda takes: 6 MB. Put large data at a URL and pass that in inputProps.",
        ),
        SdkError::ServiceError(_) if status >= 500 && status != 501 => unavailable(action, retry_after),
        SdkError::ServiceError(_) => {
            Error::new(Kind::AwsError, format!("AWS refused {action} on {resource}: {code} (HTTP {status})."))
                .with("awsErrorCode", code)
        }
        SdkError::DispatchFailure(_) => unavailable(action, None),
        // An answer that was cut short is a broken connection, not a different protocol.
        SdkError::ResponseError(_) if status < 400 => unavailable(action, None),
        _ => Error::new(Kind::UnreadableAnswer, format!("The answer to {action} could not be understood.")),
    };
    explained.because(error)
}

/// The refusal, with the action and resource that AWS itself named where it did.
pub(super) fn denied(action: &str, resource: &str, message: Option<&str>) -> Error {
    let message = message.unwrap_or_default();
    let named = |before: &str| {
        let word = message.split_once(before)?.1.split_whitespace().next()?.trim_matches(['"', '\'', '.', ',']);
        (!word.is_empty()).then_some(word)
    };
    let action = named("to perform: ").unwrap_or(action);
    let resource = named("on resource: ").unwrap_or(resource);
    Error::new(
        Kind::AwsAccessDenied,
        format!("AWS does not allow {action} on {resource}. Grant it to the credentials in use."),
    )
    .with("action", action)
    .with("resource", resource)
}

pub(super) fn unavailable(action: &str, retry_after: Option<u64>) -> Error {
    Error::new(Kind::AwsUnavailable, format!("AWS could not be reached or failed on {action}. Try again."))
        .with("retryAfter", retry_after.unwrap_or(2))
}

fn is_throttle(code: &str, status: u16) -> bool {
    status == 429 || code == "SlowDown" || code.contains("Throttl") || code == "TooManyRequestsException"
}

/// A credential source of ours explains itself; its error travels inside the SDK's.
fn find_ours(error: &(dyn StdError + 'static)) -> Option<Error> {
    sources(error).find_map(|source| source.downcast_ref::<Error>().map(Error::share)).map(Error::unsent)
}

/// Marks a failure to connect (no such host, refused, out of time, no TLS): nothing was sent. Only for calls of which
/// an earlier attempt, if there was one, is known to have done nothing.
pub(super) fn unsent_where_unconnected(error: Error) -> Error {
    let connecting = |source: &(dyn StdError + 'static)| {
        source.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect)
    };
    if sources(&error).any(connecting) { error.unsent() } else { error }
}

fn is_credentials_error(error: &(dyn StdError + 'static)) -> bool {
    sources(error).any(|source| source.is::<aws_credential_types::provider::error::CredentialsError>())
}

fn sources<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
