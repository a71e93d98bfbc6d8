//! Credentials that outlast a failure of their source.

use std::error::Error as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};

use crate::error::Error;

/// How long credentials without an end of their own are used before the source is asked again: a rotation
/// without a refusal (both keys valid for a while) is noticed within this time.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How long before their end temporary credentials are renewed, at most: time to try again.
const EARLY: Duration = Duration::from_secs(2 * 60);
/// How long the last good credentials go on while the source fails. Longer than the 10 s before expiry at
/// which the SDK's identity cache asks again.
const GRACE: Duration = Duration::from_secs(30);
/// Those who waited for a call that failed share its failure, instead of making it again one after another.
const FAILED_FOR: Duration = Duration::from_secs(1);

/// A provider whose last good credentials go on while it fails.
#[derive(Debug)]
pub(super) struct Lasting {
    provider: SharedCredentialsProvider,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_good: Option<Credentials>,
    failed: Option<(Instant, Error)>,
}

impl Lasting {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, state: Mutex::default() }
    }

    async fn provide(&self) -> provider::Result {
        if let Some((at, error)) = &self.state().failed
            && at.elapsed() < FAILED_FOR
        {
            return Err(CredentialsError::provider_error(error.share()));
        }
        let answer = self.provider.provide_credentials().await;
        let mut state = self.state();
        let error = match answer {
            Ok(fresh) => {
                *state = State { last_good: Some(fresh.clone()), failed: None };
                return Ok(until(fresh.clone(), renewal(fresh.expiry(), SystemTime::now())));
            }
            Err(error) => error,
        };
        let Some(ours) = error.source().and_then(|source| source.downcast_ref::<Error>()) else {
            return Err(error);
        };
        let now = SystemTime::now();
        if ours.kind().is_transient()
            && let Some(old) = &state.last_good
            && old.expiry().is_none_or(|end| end > now)
        {
            tracing::warn!(code = ours.kind().code(), detail = ours.detail(), "using the last credentials");
            let end = old.expiry().map_or(now + GRACE, |end| end.min(now + GRACE));
            return Ok(until(old.clone(), end));
        }
        state.failed = Some((Instant::now(), ours.share()));
        Err(error)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProvideCredentials for Lasting {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

/// When credentials that end then are to be renewed: a quarter of their time before, or [`EARLY`].
fn renewal(end: Option<SystemTime>, now: SystemTime) -> SystemTime {
    let Some(end) = end else {
        return now + LIFETIME;
    };
    let left = end.duration_since(now).unwrap_or_default();
    end - (left / 4).min(EARLY)
}

fn until(mut credentials: Credentials, end: SystemTime) -> Credentials {
    *credentials.expiry_mut() = Some(end);
    credentials
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_credential_types::credential_fn::provide_credentials_fn;

    use super::*;
    use crate::error::Kind;

    static CALLS: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn renewal_comes_before_the_end() {
        let now = SystemTime::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(renewal(None, now), after(300));
        assert_eq!(renewal(Some(after(900)), now), after(780));
        assert_eq!(renewal(Some(after(40)), now), after(30));
        assert_eq!(renewal(Some(now - GRACE), now), now - GRACE);
    }

    #[tokio::test]
    async fn the_last_credentials_serve_while_the_source_is_away_and_not_after_their_end() {
        for (end, kind, serves) in [
            (None, Kind::AwsUnavailable, true),
            (Some(SystemTime::now() + Duration::from_secs(60)), Kind::Timeout, true),
            (Some(SystemTime::now() - Duration::from_secs(1)), Kind::Timeout, false),
            (None, Kind::AwsAccessDenied, false),
        ] {
            let calls = std::sync::Arc::new(AtomicUsize::new(0));
            let provider = provide_credentials_fn(move || {
                let first = calls.fetch_add(1, Ordering::Relaxed) == 0;
                async move {
                    if first {
                        return Ok(Credentials::new("AKIA", "s", None, end, "test"));
                    }
                    Err(CredentialsError::provider_error(Error::new(kind, "away")))
                }
            });
            let lasting = Lasting::new(SharedCredentialsProvider::new(provider));
            lasting.provide().await.unwrap();
            let again = lasting.provide().await;
            assert_eq!(again.is_ok(), serves, "{kind:?}");
            if let Ok(again) = again {
                let left = again.expiry().unwrap().duration_since(SystemTime::now()).unwrap();
                assert!(left <= GRACE && left > GRACE / 2, "{left:?}");
            }
        }
    }

    #[tokio::test]
    async fn those_who_waited_share_a_failure() {
        let provider = provide_credentials_fn(|| async {
            CALLS.fetch_add(1, Ordering::Relaxed);
            Err(CredentialsError::provider_error(Error::new(Kind::AwsUnavailable, "away")))
        });
        let lasting = Lasting::new(SharedCredentialsProvider::new(provider));
        for _ in 0..5 {
            let error = lasting.provide().await.unwrap_err();
            assert_eq!(error.source().unwrap().to_string(), "away");
        }
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    }
}
