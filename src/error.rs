//! One error for the whole crate: a [`Kind`] in the user's words, what to do, and the cause for the log.
//!
//! The edges translate: `http::problem` holds the table kind → status, `cli` the table kind → exit code.

use std::error::Error as StdError;
use std::fmt;

use serde_json::{Map, Value};

/// What went wrong, as the caller sees it. The doc of each kind ends with what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The body is not JSON. Send a JSON object.
    InvalidJson,
    /// A field is unknown, has the wrong type or a value that can't work. Correct the named field.
    InvalidField,
    /// A field is missing and the configuration has no default for it. Send it, or configure it.
    MissingField,
    /// A header, query parameter or id is malformed. Correct it.
    InvalidParameter,
    /// The body is larger than the door takes. Send large props by reference, not by value.
    BodyTooLarge,
    /// The body is not declared as JSON. Send `Content-Type: application/json`.
    UnsupportedMediaType,
    /// Nobody we know. Send credentials.
    Unauthenticated,
    /// Known, but this function, bucket, region, destination or account is not allowed. Ask the operator.
    NotAllowed,
    /// No such route. See the list of routes.
    RouteNotFound,
    /// The route exists, the method doesn't. Use a method of the `Allow` header.
    MethodNotAllowed,
    /// No such render. Check the id.
    RenderNotFound,
    /// The function that the caller named doesn't exist. Correct `functionName` or `region`.
    FunctionNotFound,
    /// The configured function doesn't exist, or none was found. Deploy it, or correct the setting.
    FunctionMissing,
    /// The function speaks another version. Deploy function and site of one version.
    VersionMismatch,
    /// The render has not ended (or has no output). Ask again later.
    RenderUnfinished,
    /// The render can't be cancelled: it has ended, or was started without `enableCancellation`.
    NotCancellable,
    /// Another copy of this render is under way. Ask again when it has ended.
    CopyInProgress,
    /// The first request with this idempotency key has not been answered yet. Try again after `Retry-After`.
    StartInProgress,
    /// Nobody knows whether a render was started: the function's answer was lost. Look for it, then order again.
    /// With an idempotency key, by another key.
    StartUnknown,
    /// This idempotency key came with another body before. Use another key for another order.
    IdempotencyKeyReused,
    /// AWS throttles us everywhere. Try again after `Retry-After`.
    Throttled,
    /// As many functions as may run at once are in use. Try again after `Retry-After`, or order for later.
    ConcurrencyExceeded,
    /// The caller has made as many requests as it may in a minute. Try again after `Retry-After`.
    RateLimited,
    /// AWS knows our credentials and refuses the action. Grant the named action on the named resource.
    AwsAccessDenied,
    /// AWS refuses our credentials. Renew them, and send the session token with temporary keys.
    AwsCredentialsRefused,
    /// No credentials could be had. Check the configured source.
    CredentialsUnavailable,
    /// The Remotion function refused or failed. The detail says why.
    FunctionError,
    /// An answer that can't be understood. Check that the function is a Remotion function.
    UnreadableAnswer,
    /// AWS refused the request for another reason. The detail carries its error code.
    AwsError,
    /// AWS can't be reached or is failing. Try again after `Retry-After`.
    AwsUnavailable,
    /// No answer in time. Try again later.
    Timeout,
    /// `RENDERGATE_STATE` is needed for this and not set. Set it.
    StateNotConfigured,
    /// `RENDERGATE_QUEUE_URL` is needed for this and not set. Set it.
    QueueNotConfigured,
    /// `RENDERGATE_NOTIFY_SECRET` is needed for this and not set. Set it.
    NotifyNotConfigured,
    /// `RENDERGATE_WEBHOOK_SECRET` is needed for this and not set. Set it.
    WebhookNotConfigured,
    /// `RENDERGATE_DESTINATIONS` is needed for this and not set. Set it.
    DestinationsNotConfigured,
    /// The destination object exists, and the caller wanted it kept. Choose another key.
    DestinationExists,
    /// A setting is wrong. Correct it.
    Config,
    /// Our fault. Report it with the request id.
    Internal,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 39] = [
        Self::InvalidJson,
        Self::InvalidField,
        Self::MissingField,
        Self::InvalidParameter,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::Unauthenticated,
        Self::NotAllowed,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::RenderNotFound,
        Self::FunctionNotFound,
        Self::FunctionMissing,
        Self::VersionMismatch,
        Self::RenderUnfinished,
        Self::NotCancellable,
        Self::CopyInProgress,
        Self::StartInProgress,
        Self::StartUnknown,
        Self::IdempotencyKeyReused,
        Self::Throttled,
        Self::ConcurrencyExceeded,
        Self::RateLimited,
        Self::AwsAccessDenied,
        Self::AwsCredentialsRefused,
        Self::CredentialsUnavailable,
        Self::FunctionError,
        Self::UnreadableAnswer,
        Self::AwsError,
        Self::AwsUnavailable,
        Self::Timeout,
        Self::StateNotConfigured,
        Self::QueueNotConfigured,
        Self::NotifyNotConfigured,
        Self::WebhookNotConfigured,
        Self::DestinationsNotConfigured,
        Self::DestinationExists,
        Self::Config,
        Self::Internal,
    ];

    /// The stable name that callers may program against: the problem's `code`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidField => "invalid_field",
            Self::MissingField => "missing_field",
            Self::InvalidParameter => "invalid_parameter",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Unauthenticated => "unauthenticated",
            Self::NotAllowed => "not_allowed",
            Self::RouteNotFound => "route_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RenderNotFound => "render_not_found",
            Self::FunctionNotFound => "function_not_found",
            Self::FunctionMissing => "function_missing",
            Self::VersionMismatch => "version_mismatch",
            Self::RenderUnfinished => "render_unfinished",
            Self::NotCancellable => "not_cancellable",
            Self::CopyInProgress => "copy_in_progress",
            Self::StartInProgress => "start_in_progress",
            Self::StartUnknown => "start_unknown",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::Throttled => "throttled",
            Self::ConcurrencyExceeded => "concurrency_exceeded",
            Self::RateLimited => "rate_limited",
            Self::AwsAccessDenied => "aws_access_denied",
            Self::AwsCredentialsRefused => "aws_credentials_refused",
            Self::CredentialsUnavailable => "credentials_unavailable",
            Self::FunctionError => "function_error",
            Self::UnreadableAnswer => "unreadable_answer",
            Self::AwsError => "aws_error",
            Self::AwsUnavailable => "aws_unavailable",
            Self::Timeout => "timeout",
            Self::StateNotConfigured => "state_not_configured",
            Self::QueueNotConfigured => "queue_not_configured",
            Self::NotifyNotConfigured => "notify_not_configured",
            Self::WebhookNotConfigured => "webhook_not_configured",
            Self::DestinationsNotConfigured => "destinations_not_configured",
            Self::DestinationExists => "destination_exists",
            Self::Config => "config",
            Self::Internal => "internal",
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::ConcurrencyExceeded | Self::AwsUnavailable | Self::Timeout)
    }
}

/// A failure. [`fmt::Display`] and [`Error::members`] are for callers; the source is for the log only.
pub struct Error {
    kind: Kind,
    detail: String,
    members: Map<String, Value>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    unsent: bool,
}

/// What everything fallible in this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of this kind; `detail` tells the caller what to do and holds no secret.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), members: Map::new(), source: None, unsent: false }
    }

    /// Adds a member to the problem, such as `field`, `action` or `functionVersion`.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds the cause. It is logged, never shown to the caller.
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same failure, told anew to the caller; its members stay.
    pub fn retold(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The same failure without its cause, for those who wait for the same thing.
    pub fn share(&self) -> Self {
        let Self { kind, detail, members, unsent, .. } = self;
        Self { kind: *kind, detail: detail.clone(), members: members.clone(), source: None, unsent: *unsent }
    }

    /// Says that the call was never made, for want of credentials or of a connection: nothing can have come of it.
    pub fn unsent(self) -> Self {
        Self { unsent: true, ..self }
    }

    /// Whether the call was never made.
    pub fn is_unsent(&self) -> bool {
        self.unsent
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the caller should know and do.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Further members of the problem.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The wrong field, what was expected there.
    pub fn field(field: &str, expected: impl Into<String>) -> Self {
        let expected = expected.into();
        Self::new(Kind::InvalidField, format!("`{field}`: expected {expected}."))
            .with("field", field)
            .with("expected", expected)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
