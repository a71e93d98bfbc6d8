//! API keys: a list in the settings, in a file, or in Secrets Manager.

use std::num::NonZeroU32;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Limits;
use crate::credentials::Kept;
use crate::digest::hex;
use crate::error::{Error, Kind, Result};
use crate::redacted::Redacted;

/// The least letters of a key that is kept as it is.
const SHORTEST: usize = 16;

/// A caller, as the settings list it: known by the hash of its key, by the key itself where the whole list is a
/// secret, or by the identity that an authorizer has verified.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKey {
    name: String,
    sha256: Option<String>,
    key: Option<Redacted<String>>,
    /// An IAM ARN, the subject of a token, …; one that ends in `*` is the beginning of several.
    identity: Option<String>,
    accounts: Option<Vec<String>>,
    destinations: Option<Vec<String>>,
    pub(super) requests_per_minute: Option<NonZeroU32>,
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
    Secret(Kept<Vec<ApiKey>>),
}

/// What a caller shows of itself.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    /// SHA-256 of its key.
    Key(&'a [u8]),
    /// The authorizer's word.
    Identity(&'a str),
}

impl ApiKey {
    /// Reads a list of keys, or a single one.
    ///
    /// # Errors
    /// [`Kind::Config`] with all entries that are wrong; their text is not shown.
    pub fn list(json: &str) -> Result<Vec<Self>> {
        let wrong = |what: String| Error::new(Kind::Config, what);
        let shape =
            "`{\"name\":\"…\",\"sha256\":\"…\"}`, optionally with `accounts`, `destinations`, `requestsPerMinute`";
        let entries = match serde_json::from_str(json) {
            Ok(Value::Array(entries)) => entries,
            Ok(entry @ Value::Object(_)) => vec![entry],
            _ => return Err(wrong(format!("expected a JSON list of {shape}"))),
        };
        let (mut keys, mut mistakes) = (Vec::new(), Vec::new());
        for (at, entry) in entries.into_iter().enumerate() {
            let key = Self::deserialize(entry).map_err(|_| shape);
            match key.and_then(Self::checked) {
                Ok(key) => keys.push(key),
                Err(expected) => mistakes.push(format!("entry {}: expected {expected}", at + 1)),
            }
        }
        if mistakes.is_empty() { Ok(keys) } else { Err(wrong(mistakes.join("; "))) }
    }

    fn checked(self) -> Result<Self, &'static str> {
        let hex = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (&self.sha256, &self.key, &self.identity) {
            _ if self.name.is_empty() => Err("a `name`"),
            (Some(sha256), None, None) if !hex(sha256) => Err("a `sha256` of 64 hexadecimal digits"),
            (None, Some(key), None) if key.expose().len() < SHORTEST => Err("a `key` of at least 16 letters"),
            (None, None, Some(identity)) if identity.trim_end_matches('*').is_empty() => Err("an `identity`"),
            (Some(_), None, None) | (None, Some(_), None) | (None, None, Some(_)) => Ok(self),
            _ => Err("one of `sha256`, `key` and `identity`"),
        }
    }

    /// Who it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it may use.
    pub fn limits(&self) -> Limits {
        Limits { accounts: self.accounts.clone(), destinations: self.destinations.clone() }
    }

    fn fits(&self, proof: Proof<'_>) -> bool {
        match (proof, &self.sha256, &self.key, &self.identity) {
            (Proof::Key(digest), Some(sha256), ..) => {
                sha256.to_ascii_lowercase().as_bytes().ct_eq(hex(digest).as_bytes()).into()
            }
            (Proof::Key(digest), _, Some(key), _) => Sha256::digest(key.expose().as_bytes()).ct_eq(digest).into(),
            (Proof::Identity(known), _, _, Some(identity)) => match identity.strip_suffix('*') {
                Some(beginning) => known.starts_with(beginning),
                None => known == identity,
            },
            _ => false,
        }
    }
}

impl ApiKeys {
    /// How many there are.
    ///
    /// # Errors
    /// What keeps us from reading the list.
    pub(super) async fn count(&self) -> Result<usize> {
        match self {
            Self::None => Ok(0),
            Self::Listed(keys) => Ok(keys.len()),
            Self::Secret(kept) => Ok(kept.read(secret).await?.len()),
        }
    }

    /// The entry that fits.
    ///
    /// # Errors
    /// What kept us from reading the list.
    pub(super) async fn find(&self, proof: Proof<'_>) -> Result<Option<ApiKey>> {
        let find = |keys: &Vec<ApiKey>| keys.iter().find(|key| key.fits(proof)).cloned();
        match self {
            Self::None => Ok(None),
            Self::Listed(keys) => Ok(find(keys)),
            Self::Secret(kept) => {
                // That an identity is not listed is nothing new.
                kept.find(secret, find, matches!(proof, Proof::Key(_))).await
            }
        }
    }
}

fn secret(text: &str) -> Result<Vec<ApiKey>> {
    ApiKey::list(text).map_err(|error| {
        Error::new(Kind::CredentialsUnavailable, format!("The secret with the API keys is wrong: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_keys_is_checked_and_never_shown() {
        let hash = "0".repeat(64);
        for (wrong, expected) in [
            ("", "a JSON list"),
            ("5", "a JSON list"),
            ("{}", "entry 1"),
            (r#"[{"name":"a"}]"#, "one of `sha256`"),
            (r#"[{"name":"a","sha256":"zz"}]"#, "64 hex"),
            (r#"[{"name":"a","key":"short"}]"#, "16 letters"),
            (r#"[{"name":"","key":"long-enough-as-it-is"}]"#, "`name`"),
            (r#"[{"name":"a","identity":"*"}]"#, "`identity`"),
            (r#"[{"name":"a","identity":"x","key":"long-enough-as-it-is"}]"#, "one of"),
            (r#"[{"name":"a","sha256":"HASH","requestsPerMinute":0}]"#, "requestsPerMinute"),
            (r#"[{"name":"a","sha256":"HASH","rateLimit":5}]"#, "requestsPerMinute"),
            (r#"[{"name":"a","sha256":"HASH","accounts":"a"}]"#, "`accounts`"),
        ] {
            let error = ApiKey::list(&wrong.replace("HASH", &hash)).unwrap_err();
            assert!(error.detail().contains(expected), "{wrong}: {error}");
        }
        let two = ApiKey::list(r#"[{"name":"CANARY"},{"name":"b","key":"CANARY"}]"#).unwrap_err();
        assert!(two.detail().contains("entry 1") && two.detail().contains("entry 2"), "all at once: {two}");
        assert!(!two.detail().contains("CANARY"), "{two}");
        let keys = ApiKey::list(r#"{"name":"default","key":"CANARY-of-sixteen"}"#).unwrap();
        assert!(!format!("{keys:?}").contains("CANARY"));
    }

    #[test]
    fn an_entry_fits_its_own_proof_only() {
        let digest = Sha256::digest(b"a-key-of-sixteen");
        let one = |entry: String| ApiKey::list(&entry).unwrap().remove(0);
        let by_hash = one(format!(r#"{{"name":"a","sha256":"{}"}}"#, hex(&digest).to_uppercase()));
        let by_key = one(r#"{"name":"a","key":"a-key-of-sixteen"}"#.to_owned());
        let role = one(r#"{"name":"a","identity":"arn:aws:sts::1:assumed-role/shop/*"}"#.to_owned());
        let user = one(r#"{"name":"a","identity":"5f3f0d9e"}"#.to_owned());
        for key in [&by_hash, &by_key] {
            assert!(key.fits(Proof::Key(&digest)) && !key.fits(Proof::Key(&Sha256::digest(b"another"))));
            assert!(!key.fits(Proof::Identity("a-key-of-sixteen")));
        }
        assert!(role.fits(Proof::Identity("arn:aws:sts::1:assumed-role/shop/session")));
        assert!(!role.fits(Proof::Identity("arn:aws:sts::1:assumed-role/shopping/x")));
        assert!(user.fits(Proof::Identity("5f3f0d9e")) && !user.fits(Proof::Identity("5f3f0d9e0")));
        assert!(!user.fits(Proof::Key(&digest)));
    }
}
