//! Who may call: Basic credentials and API keys, compared in constant time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::credentials::SecretText;
use crate::error::{Error, Kind, Result};
use crate::redacted::Redacted;

/// How long keys from Secrets Manager are used before they are read again.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// An unknown key makes us read them again, but not more often than this.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// One API key, as the settings hold it: `{name, sha256}`, or `{name, key}` where the whole list is
/// a secret itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    name: String,
    sha256: Option<String>,
    key: Option<Redacted<String>>,
}

/// Where API keys come from.
#[derive(Debug, Default)]
pub enum ApiKeys {
    /// There are none.
    #[default]
    None,
    /// In the settings.
    Listed(Vec<ApiKey>),
    /// In Secrets Manager: read when first needed.
    Secret {
        /// Reads the list.
        text: SecretText,
        /// What was read, and when.
        read: Mutex<Option<(Vec<ApiKey>, Instant)>>,
    },
}

/// Everybody who may call.
#[derive(Debug, Default)]
pub struct Callers {
    /// User name and password, as in the EC2 guide.
    pub basic: Option<(String, Redacted<String>)>,
    /// API keys.
    pub keys: ApiKeys,
    /// Whether nobody has to say who they are.
    pub allow_anonymous: bool,
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

impl ApiKey {
    /// Reads a list of keys, or a single one.
    ///
    /// # Errors
    /// [`Kind::Config`] for another shape; the text itself is not shown.
    pub fn list(json: &str) -> Result<Vec<Self>> {
        let one = |_| serde_json::from_str::<Self>(json).map(|key| vec![key]);
        let wrong =
            || Error::new(Kind::Config, "expected a JSON list of `{\"name\":\"…\",\"sha256\":\"…\"}`, sha256 in hex");
        let list: Vec<Self> = serde_json::from_str(json).or_else(one).map_err(|_| wrong())?;
        let hex = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let good = |key: &Self| {
            key.sha256.as_ref().map_or_else(|| key.key.as_ref().is_some_and(|key| key.expose().len() >= 16), hex)
        };
        if list.iter().all(good) { Ok(list) } else { Err(wrong()) }
    }

    fn matches(&self, digest: &[u8]) -> bool {
        let own = match (&self.sha256, &self.key) {
            (Some(sha256), _) => sha256.to_ascii_lowercase(),
            (None, Some(key)) => hex(&Sha256::digest(key.expose().as_bytes())),
            (None, None) => return false,
        };
        own.as_bytes().ct_eq(hex(digest).as_bytes()).into()
    }
}

impl Callers {
    /// Whether anybody is configured.
    pub fn is_empty(&self) -> bool {
        self.basic.is_none() && matches!(self.keys, ApiKeys::None)
    }

    /// How many API keys there are; those in Secrets Manager are read.
    ///
    /// # Errors
    /// What keeps us from reading the keys.
    pub async fn count_keys(&self) -> Result<usize> {
        match &self.keys {
            ApiKeys::None => Ok(0),
            ApiKeys::Listed(keys) => Ok(keys.len()),
            ApiKeys::Secret { text, .. } => Ok(ApiKey::list(&text.read().await?)?.len()),
        }
    }

    /// The caller's name for logs and limits.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; what kept us from reading the keys.
    pub async fn identify(&self, presented: Presented<'_>) -> Result<String> {
        if let Some(identity) = presented.identity {
            return Ok(identity.to_owned());
        }
        let (scheme, value) = presented.authorization.and_then(|header| header.split_once(' ')).unwrap_or_default();
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("basic")
            && let Some(user) = self.basic_user(value)
        {
            return Ok(user);
        }
        let bearer = Some(value).filter(|_| scheme.eq_ignore_ascii_case("bearer"));
        if let Some(key) = presented.api_key.or(bearer)
            && let Some(name) = self.key_name(key).await?
        {
            return Ok(name);
        }
        if self.allow_anonymous {
            return Ok("anonymous".to_owned());
        }
        Err(Error::new(
            Kind::Unauthenticated,
            "Send credentials: `Authorization: Basic …` or `Bearer …`, or `x-api-key`.",
        ))
    }

    /// Both comparisons are always made, on digests of equal length.
    fn basic_user(&self, encoded: &str) -> Option<String> {
        let (user, password) = self.basic.as_ref()?;
        let given = BASE64_STANDARD.decode(encoded).ok()?;
        // Only the first colon separates: passwords may hold more of them.
        let colon = given.iter().position(|byte| *byte == b':')?;
        let same = |ours: &str, theirs: &[u8]| Sha256::digest(ours.as_bytes()).ct_eq(&Sha256::digest(theirs));
        let both = same(user, &given[..colon]) & same(password.expose(), &given[colon + 1..]);
        bool::from(both).then(|| user.clone())
    }

    async fn key_name(&self, key: &str) -> Result<Option<String>> {
        let digest = Sha256::digest(key.as_bytes());
        let find = |keys: &[ApiKey]| keys.iter().find(|key| key.matches(&digest)).map(|key| key.name.clone());
        let (text, read) = match &self.keys {
            ApiKeys::None => return Ok(None),
            ApiKeys::Listed(keys) => return Ok(find(keys)),
            ApiKeys::Secret { text, read } => (text, read),
        };
        if let Some((keys, at)) = &*read.lock().unwrap_or_else(PoisonError::into_inner) {
            let found = find(keys);
            let fresh = if found.is_some() { LIFETIME } else { AGAIN_AFTER };
            if at.elapsed() < fresh {
                return Ok(found);
            }
        }
        let keys = ApiKey::list(&text.read().await?).map_err(|error| {
            Error::new(Kind::CredentialsUnavailable, format!("The secret with the API keys is wrong: {error}"))
        })?;
        let found = find(&keys);
        *read.lock().unwrap_or_else(PoisonError::into_inner) = Some((keys, Instant::now()));
        Ok(found)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callers() -> Callers {
        let key = hex(&Sha256::digest(b"a-key-of-ours"));
        let keys = ApiKey::list(&format!(r#"[{{"name":"shop","sha256":"{key}"}}]"#)).unwrap();
        let basic = Some(("us:er".into(), Redacted::new("pä:ss:wörd".into())));
        Callers { basic, keys: ApiKeys::Listed(keys), allow_anonymous: false }
    }

    async fn who(authorization: Option<&str>, api_key: Option<&str>) -> Option<String> {
        let presented = Presented { authorization, api_key, identity: None };
        callers().identify(presented).await.ok()
    }

    #[tokio::test]
    async fn keys_are_taken_from_either_header() {
        assert_eq!(who(Some("Bearer a-key-of-ours"), None).await.as_deref(), Some("shop"));
        assert_eq!(who(Some("bearer  a-key-of-ours"), None).await.as_deref(), Some("shop"));
        assert_eq!(who(None, Some("a-key-of-ours")).await.as_deref(), Some("shop"));
        for wrong in ["Bearer a-key", "Bearer", "a-key-of-ours", "Basic a-key-of-ours", ""] {
            assert_eq!(who(Some(wrong), None).await, None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn passwords_may_hold_colons_and_any_letter() {
        let callers =
            Callers { basic: Some(("user".into(), Redacted::new("pä:ss:wörd".into()))), ..Callers::default() };
        for (pair, good) in [
            ("user:pä:ss:wörd", true),
            ("user:pä", false),
            ("user:", false),
            ("user", false),
            ("User:pä:ss:wörd", false),
        ] {
            let header = format!("Basic {}", BASE64_STANDARD.encode(pair));
            let presented = Presented { authorization: Some(&header), ..Presented::default() };
            assert_eq!(callers.identify(presented).await.is_ok(), good, "{pair}");
        }
    }

    #[test]
    fn a_list_of_keys_is_checked_and_never_shown() {
        for wrong in
            ["", "{}", r#"[{"name":"a"}]"#, r#"[{"name":"a","sha256":"zz"}]"#, r#"[{"name":"a","key":"short"}]"#]
        {
            assert!(ApiKey::list(wrong).is_err(), "{wrong}");
        }
        let keys = ApiKey::list(r#"{"name":"default","key":"CANARY-of-sixteen"}"#).unwrap();
        assert!(!format!("{keys:?}").contains("CANARY"));
    }
}
