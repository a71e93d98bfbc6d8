//! A profile of the shared files, `~/.aws/config` and `~/.aws/credentials`.

use std::str::FromStr;

use aws_config::SdkConfig;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};

use super::chain::provider_config;
use crate::error::{Error, Kind, Result};

/// What follows `profile:` in a setting, and where it is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Instead of `~/.aws/credentials`.
    pub credentials_file: Option<String>,
    /// Instead of `~/.aws/config`.
    pub config_file: Option<String>,
}

impl FromStr for Profile {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        if name.trim().is_empty() {
            return Err(Error::new(
                Kind::Config,
                "expected `profile:<name>`, a profile of ~/.aws/credentials or ~/.aws/config",
            ));
        }
        Ok(Self { name: name.to_owned(), credentials_file: None, config_file: None })
    }
}

impl Profile {
    pub(super) fn within(&self, base: &SdkConfig) -> ProfileCredentials {
        ProfileCredentials { profile: self.clone(), config: provider_config(base) }
    }

    fn files(&self) -> EnvConfigFiles {
        let mut files = EnvConfigFiles::builder();
        files = match &self.config_file {
            Some(path) => files.with_file(EnvConfigFileKind::Config, path),
            None => files.include_default_config_file(true),
        };
        files = match &self.credentials_file {
            Some(path) => files.with_file(EnvConfigFileKind::Credentials, path),
            None => files.include_default_credentials_file(true),
        };
        files.build()
    }

    fn explain(&self, error: CredentialsError) -> CredentialsError {
        let name = &self.name;
        let (kind, detail) = match &error {
            CredentialsError::CredentialsNotLoaded(_) => (
                Kind::CredentialsUnavailable,
                format!(
                    "There is no profile `{name}`, or it holds no credentials. Write it into ~/.aws/credentials or ~/.aws/config (AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name others), or name another."
                ),
            ),
            CredentialsError::ProviderTimedOut(_) => {
                (Kind::Timeout, format!("The profile `{name}` gave no credentials in time. Try again."))
            }
            CredentialsError::InvalidConfiguration(_) => (
                Kind::CredentialsUnavailable,
                format!(
                    "The profile `{name}` is incomplete or contradicts itself, or needs a way to sign in that this program was built without. See what the log says of it, and `aws configure list --profile {name}`."
                ),
            ),
            _ => (
                Kind::CredentialsUnavailable,
                format!(
                    "The profile `{name}` gave no credentials: its role, command or sign-in failed. `aws sts get-caller-identity --profile {name}` tells why; after SSO ended, `aws sso login --profile {name}`."
                ),
            ),
        };
        CredentialsError::provider_error(Error::new(kind, detail).because(error))
    }
}

/// The SDK's view of a profile. The files are read each time that credentials are needed, so that new keys
/// in them are found.
#[derive(Debug)]
pub(super) struct ProfileCredentials {
    profile: Profile,
    config: ProviderConfig,
}

impl ProfileCredentials {
    async fn provide(&self) -> provider::Result {
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&self.config)
            .profile_name(&self.profile.name)
            .profile_files(self.profile.files())
            .build();
        provider.provide_credentials().await.map_err(|error| self.profile.explain(error))
    }
}

impl ProvideCredentials for ProfileCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}
