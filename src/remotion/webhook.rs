//! Remotion's webhook: how a render asks for it, whether it is genuine, and what it says.
//!
//! The function signs the bytes that it sends, with HMAC-SHA512 under the secret that the render was
//! started with. See <https://www.remotion.dev/docs/lambda/webhooks>.

use std::error::Error;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::Sha512;

use super::javascript;
use crate::digest::hex;
use crate::redacted::Redacted;

/// Called by the function when the render ends; sent to it exactly as given.
/// <https://www.remotion.dev/docs/lambda/webhooks>
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "WebhookShape"))]
#[serde(transparent)]
pub struct Webhook {
    #[serde(skip)]
    url: Redacted<String>,
    #[serde(skip)]
    secret: Redacted<Option<String>>,
    given: Redacted<Box<RawValue>>,
}

/// What must be right in a webhook.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct WebhookShape {
    url: String,
    secret: Option<String>,
    custom_data: Option<Box<RawValue>>,
}

/// Remotion's own limit for `webhook.customData`, in UTF-16 units of its JSON.
const CUSTOM_DATA: usize = 1024;

impl Webhook {
    /// Where it is sent. May hold a password.
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// A webhook with these `customData`.
    ///
    /// # Errors
    /// None that is known: JSON of strings can be written.
    pub fn new(url: &str, secret: &str, custom_data: &serde_json::Value) -> serde_json::Result<Self> {
        let given = serde_json::json!({ "url": url, "secret": secret, "customData": custom_data });
        let given = Redacted::new(serde_json::value::to_raw_value(&given)?);
        Ok(Self { url: Redacted::new(url.to_owned()), secret: Redacted::new(Some(secret.to_owned())), given })
    }

    /// The key of its signature.
    pub fn secret(&self) -> Option<&str> {
        self.secret.expose().as_deref()
    }
}

impl<'de> Deserialize<'de> for Webhook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Box::<RawValue>::deserialize(deserializer)?;
        let wrong = |what: &str| de::Error::invalid_value(de::Unexpected::Map, &what);
        let shape = "{url, secret, customData?} with url a string and secret a string or null";
        if !given.get().starts_with('{') {
            return Err(wrong(shape));
        }
        let shape: WebhookShape = serde_json::from_str(given.get()).map_err(|_| wrong(shape))?;
        let size = shape.custom_data.map_or(0, |data| javascript::stringify(&data).encode_utf16().count());
        if size > CUSTOM_DATA {
            return Err(wrong("a customData of at most 1024 characters as JSON"));
        }
        let (url, secret) = (Redacted::new(shape.url), Redacted::new(shape.secret));
        Ok(Self { url, secret, given: Redacted::new(given) })
    }
}

/// The header that holds the signature, as HTTP compares it.
pub const SIGNATURE_HEADER: &str = "x-remotion-signature";

/// What the header holds when the render was started without a secret.
pub const NO_SECRET: &str = "NO_SECRET_PROVIDED";

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// An empty secret proves nothing. Configure one, and start renders with it.
    NoSecret,
    /// The header is missing or says that there was no secret. Start renders with `webhook.secret`.
    Unsigned,
    /// Another secret, or another body.
    Different,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSecret => "no secret is configured for webhooks",
            Self::Unsigned => "the webhook is not signed; start the render with webhook.secret",
            Self::Different => "the signature does not fit the body and the secret",
        })
    }
}

impl Error for SignatureError {}

/// The signature of these bytes: `sha512=` and 128 hexadecimal digits in lower case.
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    format!("sha512={}", hex(&digest(secret, body).finalize().into_bytes()))
}

/// Checks the header [`SIGNATURE_HEADER`] of a request. `body` must be the bytes as they arrived: JSON that
/// was read and written again may differ. Takes the same time wherever signatures differ.
///
/// # Errors
/// [`SignatureError`]; answer 401 and believe nothing of the body.
///
/// ```
/// # use rendergate::remotion::webhook::{sign, verify};
/// let body = br#"{"type":"timeout","renderId":"m1yq8x2c0v"}"#;
/// let header = sign(b"secret", body);
/// assert!(verify(b"secret", body, Some(&header)).is_ok());
/// assert!(verify(b"other", body, Some(&header)).is_err());
/// ```
pub fn verify(secret: &[u8], body: &[u8], header: Option<&str>) -> Result<(), SignatureError> {
    if secret.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let header = header.filter(|header| !header.is_empty() && *header != NO_SECRET).ok_or(SignatureError::Unsigned)?;
    let given = header.strip_prefix("sha512=").and_then(unhex).ok_or(SignatureError::Different)?;
    digest(secret, body).verify_slice(&given).map_err(|_| SignatureError::Different)
}

#[expect(clippy::expect_used, reason = "an HMAC takes keys of any length")]
fn digest(secret: &[u8], body: &[u8]) -> Hmac<Sha512> {
    let mut mac = Hmac::<Sha512>::new_from_slice(secret).expect("any key");
    mac.update(body);
    mac
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if rest.is_empty() { pairs.iter().map(|[a, b]| Some(digit(*a)? << 4 | digit(*b)?)).collect() } else { None }
}

/// What a webhook says. Verify it first.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Notice {
    /// The render.
    pub render_id: String,
    /// The render bucket.
    pub bucket_name: String,
    /// The AWS account that owns the bucket.
    #[serde(default)]
    pub expected_bucket_owner: Option<String>,
    /// What the render was started with as `webhook.customData`; null where nothing.
    #[serde(default)]
    pub custom_data: Value,
    /// How the render ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a render ended.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// There is an output.
    Success(Success),
    /// It failed.
    Error {
        /// Why.
        #[serde(default)]
        errors: Vec<Failure>,
    },
    /// The function's time was nearly up. Sent a second before the end.
    Timeout,
}

/// A render that succeeded.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Success {
    /// The output's address; see [`super::output::Location::url`] for when it is wrong.
    pub output_url: Option<String>,
    /// The same.
    pub output_file: Option<String>,
    /// From start to end, in milliseconds.
    pub time_to_finish: Option<f64>,
    /// Errors that did not stop the render.
    pub lambda_errors: Vec<Value>,
    /// Costs of the render.
    pub costs: Option<NoticeCosts>,
}

/// Costs as a webhook tells them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct NoticeCosts {
    /// The amount.
    pub estimated_cost: f64,
    /// The same for people to read.
    pub estimated_display_cost: String,
    /// `USD` or `CNY`.
    pub currency: String,
    /// What the estimate leaves out.
    pub disclaimer: String,
}

/// An error that ended a render.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Failure {
    /// What happened.
    pub message: String,
    /// Its kind.
    pub name: String,
    /// Where in the function.
    pub stack: String,
}

impl Notice {
    /// Reads a webhook's body: tolerantly, but for the render, its bucket and how it ended.
    ///
    /// # Errors
    /// For something that is no webhook of Remotion Lambda 4.
    pub fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }
}

#[cfg(test)]
mod tests;
