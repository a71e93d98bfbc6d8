//! Who we are towards AWS: one credential source per file.
//!
//! A source is a value bound to clients, never a change of the process environment. The SDK's
//! identity cache holds what a source provides until its expiry.

mod secret;

use std::str::FromStr;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::error::{Error, Kind};
use crate::redacted::Redacted;
use secret::SecretCredentials;
pub use secret::{SecretRef, SecretText};

/// Where an account's credentials come from: the value of `RENDERGATE_CREDENTIALS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CredentialSource {
    /// The SDK's default chain; on Lambda that is the execution role with its session token.
    #[default]
    Auto,
    /// The SDK's default chain and nothing else.
    Role,
    /// A key pair in Secrets Manager.
    Secret(SecretRef),
    /// A key pair of the settings themselves, such as the guide's `AWS_KEY_1` and `AWS_SECRET_1`. It has
    /// no text form: a secret belongs in a variable of its own.
    Keys {
        /// `AKIA…`, or `ASIA…` with a session token.
        access_key_id: String,
        /// The secret half.
        secret_access_key: Redacted<String>,
        /// What temporary keys need besides.
        session_token: Option<Redacted<String>>,
    },
}

impl CredentialSource {
    /// Whether a key that AWS refuses may be replaced by asking the source again.
    pub fn is_renewable(&self) -> bool {
        matches!(self, Self::Secret(_))
    }

    /// `base`, whose credentials are those of where we run, with this source's credentials instead.
    pub fn apply(&self, base: &SdkConfig) -> SdkConfig {
        match self {
            Self::Auto | Self::Role => base.clone(),
            Self::Secret(secret) => {
                let provider = SecretCredentials::new(SecretText::new(secret.clone(), base));
                base.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
            }
            Self::Keys { access_key_id, secret_access_key, session_token } => {
                let token = session_token.as_ref().map(|token| token.expose().clone());
                let keys = Credentials::new(access_key_id, secret_access_key.expose(), token, None, "Settings");
                base.to_builder().credentials_provider(SharedCredentialsProvider::new(keys)).build()
            }
        }
    }
}

impl FromStr for CredentialSource {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "role" => Ok(Self::Role),
            Some(("secret", reference)) => Ok(Self::Secret(reference.parse()?)),
            _ => Err(Error::new(Kind::Config, "expected `auto`, `role` or `secret:<id or arn>[#stage]`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::ProvideCredentials;

    use super::*;

    #[tokio::test]
    async fn a_key_pair_of_the_settings_is_used_as_it_is_and_never_shown() {
        let keys = CredentialSource::Keys {
            access_key_id: "AKIA1".into(),
            secret_access_key: Redacted::new("CANARY-secret".into()),
            session_token: Some(Redacted::new("CANARY-token".into())),
        };
        let provider = keys.apply(&SdkConfig::builder().build()).credentials_provider().unwrap();
        let found = provider.provide_credentials().await.unwrap();
        assert_eq!(
            (found.access_key_id(), found.secret_access_key(), found.session_token()),
            ("AKIA1", "CANARY-secret", Some("CANARY-token"))
        );
        assert!(!keys.is_renewable() && !format!("{keys:?}").contains("CANARY"));
    }

    #[test]
    fn sources_are_read_by_their_documented_names() {
        assert_eq!("auto".parse::<CredentialSource>().unwrap(), CredentialSource::Auto);
        assert_eq!("role".parse::<CredentialSource>().unwrap(), CredentialSource::Role);
        let CredentialSource::Secret(secret) = "secret:dev/remotion-user#AWSPREVIOUS".parse().unwrap() else {
            panic!("a secret")
        };
        assert_eq!((secret.id(), secret.stage()), ("dev/remotion-user", "AWSPREVIOUS"));
        for wrong in ["", "secret:", "assume:arn:aws:iam::1:role/x", "ROLE", "secret:#AWSCURRENT"] {
            assert!(wrong.parse::<CredentialSource>().is_err(), "{wrong}");
        }
    }
}
