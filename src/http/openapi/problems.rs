//! What each route may answer beside what it is for.

use crate::error::Kind;

/// What every order may meet.
pub(super) const ORDER_PROBLEMS: &[Kind] = &[
    Kind::InvalidJson,
    Kind::InvalidField,
    Kind::MissingField,
    Kind::InvalidParameter,
    Kind::StateNotConfigured,
    Kind::QueueNotConfigured,
    Kind::NotifyNotConfigured,
    Kind::DestinationsNotConfigured,
    Kind::Unauthenticated,
    Kind::RateLimited,
    Kind::NotAllowed,
    Kind::FunctionNotFound,
    Kind::VersionMismatch,
    Kind::BodyTooLarge,
    Kind::UnsupportedMediaType,
    Kind::Throttled,
    Kind::FunctionMissing,
    Kind::FunctionError,
    Kind::AwsAccessDenied,
    Kind::AwsCredentialsRefused,
    Kind::CredentialsUnavailable,
    Kind::UnreadableAnswer,
    Kind::AwsError,
    Kind::AwsUnavailable,
    Kind::Timeout,
];

/// What an order with an idempotency key may meet besides.
pub(super) const KEY_PROBLEMS: &[Kind] = &[Kind::StartInProgress, Kind::StartUnknown, Kind::IdempotencyKeyReused];

/// What the list of orders may meet.
pub(super) const LIST_PROBLEMS: &[Kind] = &[
    Kind::InvalidParameter,
    Kind::StateNotConfigured,
    Kind::Unauthenticated,
    Kind::RateLimited,
    Kind::AwsAccessDenied,
    Kind::AwsCredentialsRefused,
    Kind::CredentialsUnavailable,
    Kind::AwsError,
    Kind::AwsUnavailable,
    Kind::Timeout,
];

/// What listing what is deployed may meet.
pub(super) const DEPLOYED_PROBLEMS: &[Kind] = &[
    Kind::InvalidField,
    Kind::InvalidParameter,
    Kind::Unauthenticated,
    Kind::RateLimited,
    Kind::NotAllowed,
    Kind::Throttled,
    Kind::AwsAccessDenied,
    Kind::AwsCredentialsRefused,
    Kind::CredentialsUnavailable,
    Kind::AwsError,
    Kind::AwsUnavailable,
    Kind::Timeout,
];

/// What looking at a render may meet.
pub(super) const LOOK_PROBLEMS: &[Kind] = &[
    Kind::StateNotConfigured,
    Kind::Unauthenticated,
    Kind::RateLimited,
    Kind::NotAllowed,
    Kind::RenderNotFound,
    Kind::AwsAccessDenied,
    Kind::AwsCredentialsRefused,
    Kind::CredentialsUnavailable,
    Kind::UnreadableAnswer,
    Kind::AwsUnavailable,
    Kind::Timeout,
];

pub(super) const OUTPUT_PROBLEMS: &[Kind] = &[
    Kind::InvalidParameter,
    Kind::StateNotConfigured,
    Kind::Unauthenticated,
    Kind::RateLimited,
    Kind::NotAllowed,
    Kind::RenderNotFound,
    Kind::RenderUnfinished,
    Kind::AwsAccessDenied,
    Kind::AwsUnavailable,
];

pub(super) const CANCEL_PROBLEMS: &[Kind] = &[
    Kind::StateNotConfigured,
    Kind::Unauthenticated,
    Kind::RateLimited,
    Kind::NotAllowed,
    Kind::RenderNotFound,
    Kind::NotCancellable,
    Kind::AwsAccessDenied,
    Kind::UnreadableAnswer,
    Kind::AwsUnavailable,
];

pub(super) const DELETE_PROBLEMS: &[Kind] = &[
    Kind::StateNotConfigured,
    Kind::Unauthenticated,
    Kind::RateLimited,
    Kind::NotAllowed,
    Kind::RenderNotFound,
    Kind::RenderUnfinished,
    Kind::CopyInProgress,
    Kind::AwsAccessDenied,
    Kind::UnreadableAnswer,
    Kind::AwsUnavailable,
];

pub(super) const COPY_PROBLEMS: &[Kind] = &[
    Kind::InvalidJson,
    Kind::InvalidField,
    Kind::StateNotConfigured,
    Kind::DestinationsNotConfigured,
    Kind::Unauthenticated,
    Kind::RateLimited,
    Kind::NotAllowed,
    Kind::RenderNotFound,
    Kind::RenderUnfinished,
    Kind::CopyInProgress,
    Kind::DestinationExists,
    Kind::AwsAccessDenied,
    Kind::AwsError,
    Kind::AwsUnavailable,
];
