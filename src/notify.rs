//! Events to whoever asked for them, signed by Standard Webhooks 1.0.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::credentials::Held;
use crate::error::{Error, Kind, Result};
use crate::outbound::{Outbound, OutboundError};
use crate::redacted::Redacted;

/// How long a receiver may take for its answer.
pub const LIMIT: Duration = Duration::from_secs(15);
/// What a secret begins with; base64 of 24 to 64 bytes follows.
const PREFIX: &str = "whsec_";
/// What the specification takes for a key, in bytes.
const LEAST: usize = 24;
const MOST: usize = 64;

/// The keys that events are signed with: of a receiver that knows one of them each event is believed, so that a
/// secret can be replaced without losing any.
#[derive(Clone, Debug)]
pub struct SigningKeys(Vec<Redacted<Vec<u8>>>);

impl SigningKeys {
    /// Reads `whsec_…` secrets, newest first, separated by commas or blanks.
    ///
    /// # Errors
    /// [`Kind::Config`]; nothing of the text is shown.
    pub fn read(text: &str) -> Result<Self> {
        let wrong = || {
            let expected = format!(
                "expected `{PREFIX}` and {LEAST} to {MOST} bytes in base64, several with commas: `{PREFIX}$(openssl rand -base64 32)`"
            );
            Error::new(Kind::Config, expected)
        };
        let key = |secret: &str| {
            let bytes = secret.strip_prefix(PREFIX).and_then(|secret| BASE64_STANDARD.decode(secret).ok());
            bytes.filter(|bytes| (LEAST..=MOST).contains(&bytes.len())).map(Redacted::new).ok_or_else(wrong)
        };
        let secrets = text.split([',', ' ', '\n']).map(str::trim).filter(|secret| !secret.is_empty());
        let keys = secrets.map(key).collect::<Result<Vec<_>>>()?;
        if keys.is_empty() { Err(wrong()) } else { Ok(Self(keys)) }
    }

    /// The header `webhook-signature`: one signature per key.
    fn sign(&self, id: &str, timestamp: u64, body: &str) -> String {
        let signed = format!("{id}.{timestamp}.{body}");
        let signature = |key: &Redacted<Vec<u8>>| format!("v1,{}", BASE64_STANDARD.encode(hmac(key.expose(), &signed)));
        self.0.iter().map(signature).collect::<Vec<_>>().join(" ")
    }
}

#[expect(clippy::expect_used, reason = "an HMAC takes keys of any length")]
fn hmac(key: &[u8], text: &str) -> impl AsRef<[u8]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes()
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The receiver has it: any 2xx.
    Taken,
    /// The receiver wants no more of them: 410.
    Gone,
    /// Not now: another status (a redirect is one, too), or no answer. In words that may be shown.
    NotNow(String),
    /// Nothing may be sent there, now or later. In words that may be shown.
    Never(String),
}

/// Sends events.
#[derive(Debug)]
pub struct Notifier {
    outbound: Outbound,
    keys: Held<SigningKeys>,
}

impl Notifier {
    /// Nothing is sent or read yet. With `allow_loopback`, for local work, receivers may be on this machine.
    pub fn new(keys: Held<SigningKeys>, allow_loopback: bool) -> Self {
        Self { outbound: Outbound::new(LIMIT, allow_loopback), keys }
    }

    /// Refuses an address to which nothing will ever be sent, as far as that can be told without asking for its
    /// host.
    ///
    /// # Errors
    /// [`Kind::InvalidField`] for `notify.url`.
    pub fn check(&self, url: &str) -> Result<()> {
        let why = |error: OutboundError| {
            Error::field("notify.url", "an https:// address of a public host").because(error.to_string())
        };
        self.outbound.check(url).map(drop).map_err(why)
    }

    /// Sends an event once; `id` is the same each time that it is sent. Takes [`LIMIT`] at most.
    ///
    /// # Errors
    /// What keeps us from reading the keys: nothing was sent.
    pub async fn send(&self, url: &str, id: &str, body: &str) -> Result<Answer> {
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let sign = |keys: &SigningKeys| Some(keys.sign(id, timestamp, body));
        let signature = self.keys.find(SigningKeys::read, sign, false).await.map_err(|error| {
            let detail = format!("RENDERGATE_NOTIFY_SECRET: {}", error.detail());
            error.retold(detail)
        })?;
        let signature = signature.unwrap_or_default();
        let timestamp = timestamp.to_string();
        let headers = [
            ("content-type", "application/json"),
            ("user-agent", concat!("rendergate/", env!("CARGO_PKG_VERSION"))),
            ("webhook-id", id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signature),
        ];
        Ok(match self.outbound.post(url, &headers, body.as_bytes().to_vec()).await {
            Ok(200..=299) => Answer::Taken,
            Ok(410) => Answer::Gone,
            Ok(status) => Answer::NotNow(format!("HTTP {status}")),
            Err(error @ OutboundError::NotAllowed(_)) => Answer::Never(error.to_string()),
            Err(error @ OutboundError::NoAnswer(_)) => Answer::NotNow(error.to_string()),
        })
    }
}

/// A time as events tell it: RFC 3339 with milliseconds.
pub fn rfc3339(ms: u64) -> String {
    let time = DateTime::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
    time.fmt(Format::DateTime).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_own_example_is_signed_as_it_says() {
        let keys = SigningKeys::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn several_secrets_sign_while_one_takes_the_others_place() {
        let (new, old) = ("whsec_bmV3IGtleSBvZiB0d2VudHktZm91ciBi", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let both = SigningKeys::read(&format!("{new}, {old}")).unwrap().sign("id", 1, "{}");
        let [new, old] = [new, old].map(|secret| SigningKeys::read(secret).unwrap().sign("id", 1, "{}"));
        assert_eq!(both, format!("{new} {old}"));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_shown() {
        for wrong in ["", "CANARY", "whsec_", "whsec_CANARY", "whsec_c2hvcnQ=", "whsec_!", ","] {
            let error = SigningKeys::read(wrong).unwrap_err();
            assert!(error.kind() == Kind::Config && !error.detail().contains("CANARY"), "{wrong}");
        }
        let keys = SigningKeys::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert!(format!("{keys:?}").contains("***"));
    }

    #[test]
    fn times_are_told_in_utc() {
        assert_eq!(rfc3339(1_760_000_000_123), "2025-10-09T08:53:20.123Z");
    }
}
