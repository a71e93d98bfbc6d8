//! Who we are towards AWS: one credential source per file.
//!
//! A source is a value bound to clients, never a change of the process environment. The SDK's
//! identity cache holds what a source provides until its expiry.

mod secret;

use std::str::FromStr;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::error::{Error, Kind};
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
    use super::*;

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
