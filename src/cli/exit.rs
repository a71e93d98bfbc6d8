//! The one table of exit codes.

use crate::error::Kind;
use crate::renderer::{CopyStatus, Status, View};

/// Something ended badly that is none of the below.
pub(super) const FAILED: u8 = 1;
/// A setting is wrong.
pub(super) const CONFIG: u8 = 3;
/// The render failed or was cancelled.
const RENDER_FAILED: u8 = 4;
/// Credentials or permissions.
const REFUSED: u8 = 5;
/// It may work later.
const LATER: u8 = 6;
/// The render is done, its copy failed.
const COPY_FAILED: u8 = 7;

/// What `--help` says of them.
pub(super) const HELP: &str = "Exit codes:
  0  done
  1  another failure
  2  wrong usage or a wrong order
  3  a setting is wrong
  4  the render failed or was cancelled
  5  AWS refused the credentials or a permission
  6  throttled, unreachable or out of time: it may work later
  7  the render is done, but its copy failed";

/// How a followed render ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    RenderFailed,
    CopyFailed,
}

impl End {
    /// How it ended, or `Done` while it goes on.
    pub(super) fn of(view: &View) -> Self {
        match (view.status, view.copy.as_ref().map(|copy| copy.status)) {
            (Status::Failed | Status::Cancelled, _) => Self::RenderFailed,
            (Status::Done, Some(CopyStatus::Failed)) => Self::CopyFailed,
            _ => Self::Done,
        }
    }

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::RenderFailed => RENDER_FAILED,
            Self::CopyFailed => COPY_FAILED,
        }
    }
}

pub(super) const fn code(kind: Kind) -> u8 {
    match kind {
        Kind::InvalidJson
        | Kind::InvalidField
        | Kind::MissingField
        | Kind::InvalidParameter
        | Kind::BodyTooLarge
        | Kind::UnsupportedMediaType
        | Kind::NotAllowed
        | Kind::StateNotConfigured
        | Kind::QueueNotConfigured
        | Kind::NotifyNotConfigured
        | Kind::WebhookNotConfigured
        | Kind::DestinationsNotConfigured => 2,
        Kind::Config => CONFIG,
        Kind::AwsAccessDenied | Kind::AwsCredentialsRefused | Kind::CredentialsUnavailable | Kind::Unauthenticated => {
            REFUSED
        }
        Kind::Throttled | Kind::ConcurrencyExceeded | Kind::RateLimited | Kind::AwsUnavailable | Kind::Timeout => LATER,
        _ => FAILED,
    }
}
