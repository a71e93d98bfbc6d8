//! User name and password, as in Remotion's EC2 guide.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::credentials::Held;
use crate::error::Result;
use crate::redacted::Redacted;

/// Who may come in by name.
#[derive(Debug)]
pub struct Basic {
    /// The user's name.
    pub user: String,
    /// The password; in Secrets Manager the secret's whole text, or the member `password` of its JSON.
    pub password: Held<Redacted<String>>,
}

impl Basic {
    /// Whether the credentials, user and password in base64, are ours. Wrong ones of any kind take the same time.
    ///
    /// # Errors
    /// What kept us from reading the password.
    pub(super) async fn knows(&self, encoded: &str) -> Result<bool> {
        let Ok(given) = BASE64_STANDARD.decode(encoded) else { return Ok(false) };
        // Only the first colon separates: passwords may hold more of them.
        let Some(colon) = given.iter().position(|byte| *byte == b':') else { return Ok(false) };
        let (user, password) = (same(&self.user, &given[..colon]), &given[colon + 1..]);
        let right = |ours: &Redacted<String>| bool::from(same(ours.expose(), password)).then_some(());
        let right = Choice::from(u8::from(self.password.find(read, right, true).await?.is_some()));
        Ok((user & right).into())
    }

    /// Reads a password that is in Secrets Manager.
    ///
    /// # Errors
    /// What keeps us from reading it.
    pub(super) async fn read(&self) -> Result<()> {
        match &self.password {
            Held::Set(_) => Ok(()),
            Held::Secret(kept) => kept.read(read).await.map(drop),
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "whoever reads a secret may find it wrong")]
fn read(text: &str) -> Result<Redacted<String>> {
    let json: Option<Value> = serde_json::from_str(text).ok();
    let member = json.as_ref().and_then(|json| json.get("password")?.as_str());
    Ok(Redacted::new(member.unwrap_or(text).to_owned()))
}

/// Compares digests of equal length. Without a charset of ours in reach, clients encode letters in UTF-8 or in
/// Latin-1; see <https://www.rfc-editor.org/rfc/rfc7617#section-2.1>.
fn same(ours: &str, theirs: &[u8]) -> Choice {
    let latin: Option<Vec<u8>> = ours.chars().map(|letter| u8::try_from(letter).ok()).collect();
    let latin = latin.unwrap_or_else(|| ours.as_bytes().to_vec());
    let theirs = Sha256::digest(theirs);
    Sha256::digest(ours.as_bytes()).ct_eq(&theirs) | Sha256::digest(latin).ct_eq(&theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn passwords_may_hold_colons_and_any_letter() {
        let basic = Basic { user: "zoë".into(), password: Held::Set(Redacted::new("pä:ss:wörd".into())) };
        for (pair, good) in [
            ("zoë:pä:ss:wörd".as_bytes(), true),
            (b"zo\xeb:p\xe4:ss:w\xf6rd", true),
            (b"zo\xeb:p\xc3\xa4:ss:w\xc3\xb6rd", true),
            ("zoë:pä".as_bytes(), false),
            ("zoë:".as_bytes(), false),
            ("zoë".as_bytes(), false),
            ("zoe:pä:ss:wörd".as_bytes(), false),
            ("Zoë:pä:ss:wörd".as_bytes(), false),
            (b"zo\xeb:p\xe4:ss:w\xd6rd", false),
        ] {
            assert_eq!(basic.knows(&BASE64_STANDARD.encode(pair)).await.unwrap(), good, "{pair:?}");
        }
        for broken in ["", "!", "em/DqzpwYTp", "\u{e4}"] {
            assert!(!basic.knows(broken).await.unwrap(), "{broken}");
        }
    }

    #[tokio::test]
    async fn letters_outside_of_latin_1_come_in_utf_8() {
        let basic = Basic { user: "shop".into(), password: Held::Set(Redacted::new("☂x".into())) };
        assert!(basic.knows(&BASE64_STANDARD.encode("shop:☂x")).await.unwrap());
        assert!(!basic.knows(&BASE64_STANDARD.encode("shop:x")).await.unwrap());
    }

    #[test]
    fn a_secret_holds_the_password_or_names_it() {
        for (text, password) in [
            ("plain", "plain"),
            (r#"{"username":"shop","password":"inside"}"#, "inside"),
            (r#"{"x":1}"#, r#"{"x":1}"#),
            ("123", "123"),
        ] {
            assert_eq!(read(text).unwrap().expose(), password);
        }
    }
}
