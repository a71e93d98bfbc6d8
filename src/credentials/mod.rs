//! Who we are towards AWS: one credential source per file.
//!
//! A source is a value bound to clients, never a change of the process environment. The SDK's
//! identity cache holds what a source provides until its expiry.

mod assume;
mod chain;
mod kept;
mod lasting;
mod profile;
mod secret;

use std::fmt;
use std::str::FromStr;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

use crate::error::{Error, Kind};
use crate::redacted::Redacted;
pub use assume::{AssumeRole, RoleArn, RoleOptions};
use chain::Chain;
pub use kept::{Held, Kept};
use lasting::Lasting;
pub use profile::Profile;
use secret::SecretCredentials;
pub use secret::{SecretRef, SecretText};

/// Where an account's credentials come from: the value of `RENDERGATE_CREDENTIALS`.
///
/// The settings replace [`Self::Auto`] and [`Self::Env`] by what they stand for before anything is called.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum CredentialSource {
    /// Whoever we are already: what the environment offers, in the order of Remotion's client.
    #[default]
    Auto,
    /// The SDK's default chain and nothing else: container, instance or web identity, SSO; on Lambda the
    /// execution role.
    Role,
    /// `REMOTION_AWS_*` or `AWS_*` variables and nothing else.
    Env,
    /// A key pair in Secrets Manager, read with the credentials of where we run.
    Secret(SecretRef),
    /// A role of STS.
    Assume(Box<AssumeRole>),
    /// A profile of the shared files.
    Profile(Profile),
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
        !matches!(self, Self::Auto | Self::Env | Self::Keys { .. })
    }

    /// The secret that has to be read for it.
    pub fn secret(&self) -> Option<&SecretRef> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Assume(role) => role.from.secret(),
            _ => None,
        }
    }

    /// The role that is assumed.
    pub fn role(&self) -> Option<&RoleArn> {
        match self {
            Self::Assume(role) => Some(&role.arn),
            _ => None,
        }
    }

    /// `base`, whose credentials are those of where we run, with this source's credentials instead.
    pub fn apply(&self, base: &SdkConfig) -> SdkConfig {
        let with = |provider: SharedCredentialsProvider| base.to_builder().credentials_provider(provider).build();
        match self {
            Self::Auto => base.clone(),
            Self::Role => with(SharedCredentialsProvider::new(Chain::new(base))),
            // The settings have replaced it by what they hold; where they hold none, there are none.
            Self::Env => with(SharedCredentialsProvider::new(provide_credentials_fn(|| async { Err(no_variables()) }))),
            Self::Secret(secret) => with(lasting(SecretCredentials::new(SecretText::new(secret.clone(), base)))),
            Self::Assume(role) => with(lasting(role.with(&role.from.apply(base)))),
            Self::Profile(profile) => with(SharedCredentialsProvider::new(profile.within(base))),
            Self::Keys { access_key_id, secret_access_key, session_token } => {
                let token = session_token.as_ref().map(|token| token.expose().clone());
                let keys = Credentials::new(access_key_id, secret_access_key.expose(), token, None, "Settings");
                with(SharedCredentialsProvider::new(keys))
            }
        }
    }
}

/// The provider, whose last good credentials go on while it fails.
fn lasting(provider: impl ProvideCredentials + 'static) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Lasting::new(SharedCredentialsProvider::new(provider)))
}

fn no_variables() -> CredentialsError {
    let detail = "The variables hold no credentials. Set REMOTION_AWS_ACCESS_KEY_ID and REMOTION_AWS_SECRET_ACCESS_KEY, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
    CredentialsError::not_loaded(Error::new(Kind::CredentialsUnavailable, detail))
}

/// What `RENDERGATE_CREDENTIALS` may be.
const FORMS: &str = "`auto`, `role`, `env`, `secret:<id or arn>[#stage]`, `assume:<role arn>` or `profile:<name>`";

impl FromStr for CredentialSource {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "role" => Ok(Self::Role),
            None if text == "env" => Ok(Self::Env),
            Some(("secret", reference)) => Ok(Self::Secret(reference.parse()?)),
            Some(("assume", arn)) => Ok(Self::Assume(Box::new(AssumeRole::new(arn.parse()?)))),
            Some(("profile", name)) => Ok(Self::Profile(name.parse()?)),
            _ => Err(Error::new(Kind::Config, format!("expected {FORMS}"))),
        }
    }
}

/// As the setting has it; of keys only that they are some.
impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Role => f.write_str("role"),
            Self::Env => f.write_str("env"),
            Self::Secret(secret) => write!(f, "secret:{}#{}", secret.id(), secret.stage()),
            Self::Assume(role) => write!(f, "assume:{} from {}", role.arn, role.from),
            Self::Profile(profile) => write!(f, "profile:{}", profile.name),
            Self::Keys { .. } => f.write_str("keys"),
        }
    }
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
