//! Who may call, what each may use, and how often.
//!
//! `basic` and `keys` know callers, `limits` are what a caller
//! may use. Secrets are compared in constant time.

mod basic;
mod keys;
mod limits;

use std::num::NonZeroU32;
use std::sync::Once;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::error::{Error, Kind, Result};
pub use basic::Basic;
use keys::Proof;
pub use keys::{ApiKey, ApiKeys};
pub use limits::Limits;
use limits::Rates;

/// Everybody who may call.
#[derive(Debug)]
pub struct Callers {
    /// User name and password.
    pub basic: Option<Basic>,
    keys: ApiKeys,
    /// Whether nobody has to say who they are.
    pub allow_anonymous: bool,
    /// None where requests can't be counted: each instance of a Lambda function sees only its own.
    rates: Option<Rates>,
    /// Says so, once.
    uncounted: Once,
}

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its name in the log: who is configured, or whom the door knows. None if nobody had to say.
    pub name: Option<String>,
    /// What it may use.
    pub limits: Limits,
    requests_per_minute: Option<NonZeroU32>,
}

impl Caller {
    /// Nobody in particular, who may use no more than this.
    pub fn limited(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}

/// What a request shows of its caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presented<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `x-api-key` header.
    pub api_key: Option<&'a str>,
    /// Who the door says it is, such as an IAM ARN that API Gateway has verified.
    pub identity: Option<&'a str>,
}

impl Callers {
    /// Who is configured. `allow_anonymous`: nobody has to say who they are. `counts`: this process sees every
    /// request, so that it can count them.
    pub fn new(basic: Option<Basic>, keys: ApiKeys, allow_anonymous: bool, counts: bool) -> Self {
        Self { basic, keys, allow_anonymous, rates: counts.then(Rates::default), uncounted: Once::new() }
    }

    /// How many API keys there are; those in Secrets Manager, and a password there, are read.
    ///
    /// # Errors
    /// What keeps us from reading them.
    pub async fn count_keys(&self) -> Result<usize> {
        if let Some(basic) = &self.basic {
            basic.read().await?;
        }
        self.keys.count().await
    }

    /// Who calls.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; what kept us from reading the keys.
    pub async fn identify(&self, presented: Presented<'_>) -> Result<Caller> {
        if let Some(identity) = presented.identity {
            let listed = self.keys.find(Proof::Identity(identity)).await?;
            return Ok(listed.map_or_else(|| Caller::named(identity), Caller::listed));
        }
        let (scheme, value) = presented.authorization.and_then(|header| header.split_once(' ')).unwrap_or_default();
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("basic")
            && let Some(basic) = &self.basic
            && basic.knows(value).await?
        {
            return Ok(Caller::named(&basic.user));
        }
        let bearer = Some(value).filter(|_| scheme.eq_ignore_ascii_case("bearer"));
        for key in [presented.api_key, bearer].into_iter().flatten() {
            if let Some(key) = self.keys.find(Proof::Key(&Sha256::digest(key.as_bytes()))).await? {
                return Ok(Caller::listed(key));
            }
        }
        if self.allow_anonymous {
            return Ok(Caller::default());
        }
        Err(Error::new(
            Kind::Unauthenticated,
            "Send credentials: `Authorization: Basic …` or `Bearer …`, or `x-api-key`.",
        )
        // As the server of Remotion's EC2 guide and API Gateway call it.
        .with("message", "Unauthorized"))
    }

    /// Counts a request of this caller, where its requests are limited and can be counted.
    ///
    /// # Errors
    /// [`Kind::RateLimited`]: this one is too many, and is not counted.
    pub fn count(&self, caller: &Caller) -> Result<()> {
        let (Some(name), Some(limit)) = (&caller.name, caller.requests_per_minute) else { return Ok(()) };
        let Some(rates) = &self.rates else {
            let warn = || {
                tracing::warn!(caller = name, "requestsPerMinute is not counted on Lambda: let API Gateway throttle")
            };
            self.uncounted.call_once(warn);
            return Ok(());
        };
        rates.count(name, limit.get(), Instant::now()).map_err(|wait| {
            // Rounded up: a second too early would be refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let detail = format!("`{name}` may make {limit} requests per minute. Come back in {seconds} s.");
            Error::new(Kind::RateLimited, detail).with("retryAfter", seconds).with("requestsPerMinute", limit.get())
        })
    }
}

impl Caller {
    /// A caller of that name, without limits.
    pub fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }
    }

    fn listed(key: ApiKey) -> Self {
        let (name, requests_per_minute) = (Some(key.name().to_owned()), key.requests_per_minute);
        Self { name, limits: key.limits(), requests_per_minute }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:sts::123456789012:assumed-role/shop/shop";

    fn callers(keys: &str) -> Callers {
        Callers::new(None, ApiKeys::Listed(ApiKey::list(keys).unwrap()), false, true)
    }

    #[tokio::test]
    async fn keys_are_taken_from_either_header() {
        let callers = callers(r#"[{"name":"shop","key":"a-key-of-ours-16"}]"#);
        let who = async |authorization: Option<&str>, api_key: Option<&str>| {
            let presented = Presented { authorization, api_key, identity: None };
            callers.identify(presented).await.ok().and_then(|caller| caller.name)
        };
        let shop = Some("shop".to_owned());
        assert_eq!(who(Some("Bearer a-key-of-ours-16"), None).await, shop);
        assert_eq!(who(Some("bearer  a-key-of-ours-16"), None).await, shop);
        assert_eq!(who(None, Some("a-key-of-ours-16")).await, shop);
        assert_eq!(who(Some("Bearer a-key-of-ours-16"), Some("somebody-else-s")).await, shop);
        for wrong in ["Bearer a-key", "Bearer", "a-key-of-ours-16", "Basic a-key-of-ours-16", ""] {
            assert_eq!(who(Some(wrong), None).await, None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn an_identity_has_the_limits_that_are_listed_for_it() {
        let callers = callers(
            r#"[{"name":"shop","identity":"arn:aws:sts::123456789012:assumed-role/shop/*","accounts":["a"],"requestsPerMinute":1}]"#,
        );
        let identify =
            async |identity| callers.identify(Presented { identity: Some(identity), ..Presented::default() }).await;
        let shop = identify(ROLE).await.unwrap();
        let limits = Limits { accounts: Some(vec!["a".to_owned()]), destinations: None };
        assert_eq!((shop.name.as_deref(), &shop.limits), (Some("shop"), &limits));
        assert!(callers.count(&shop).is_ok());
        assert_eq!(callers.count(&shop).unwrap_err().kind(), Kind::RateLimited);
        let another = identify("5f3f0d9e").await.unwrap();
        assert_eq!(another, Caller::named("5f3f0d9e"));
    }
}
