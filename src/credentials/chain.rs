//! The SDK's own chain.

use aws_config::SdkConfig;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use tokio::sync::OnceCell;

use crate::error::{Error, Kind};

const NONE: &str = "There are no AWS credentials here. Set REMOTION_AWS_ACCESS_KEY_ID and REMOTION_AWS_SECRET_ACCESS_KEY (with RENDERGATE_CREDENTIALS=role: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), name a profile by REMOTION_AWS_PROFILE or AWS_PROFILE, or run where AWS gives a role (Lambda, ECS, EC2, EKS).";
const BROKEN: &str = "A source of AWS credentials is there but gave none: a profile, a container's or instance's endpoint, or a web identity. The log tells which.";

/// Variables, shared files, web identity, container, instance: the first that has credentials.
#[derive(Debug)]
pub(super) struct Chain {
    config: ProviderConfig,
    chain: OnceCell<DefaultCredentialsChain>,
}

impl Chain {
    pub(super) fn new(base: &SdkConfig) -> Self {
        Self { config: provider_config(base), chain: OnceCell::new() }
    }

    async fn provide(&self) -> provider::Result {
        let build = || DefaultCredentialsChain::builder().configure(self.config.clone()).build();
        self.chain.get_or_init(build).await.provide_credentials().await.map_err(|error| {
            let ours = match error {
                CredentialsError::CredentialsNotLoaded(_) => Error::new(Kind::CredentialsUnavailable, NONE),
                _ => Error::new(Kind::CredentialsUnavailable, BROKEN),
            };
            CredentialsError::provider_error(ours.because(error))
        })
    }
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

/// Region, connections and timeouts of `base`, for the SDK's own providers.
pub(super) fn provider_config(base: &SdkConfig) -> ProviderConfig {
    let mut config = ProviderConfig::without_region()
        .with_region(base.region().cloned())
        .with_behavior_version(base.behavior_version());
    if let Some(client) = base.http_client() {
        config = config.with_http_client(client);
    }
    if let Some(timeouts) = base.timeout_config() {
        config = config.with_timeout_config(timeouts.clone());
    }
    if let Some(retries) = base.retry_config() {
        config = config.with_retry_config(retries.clone());
    }
    config
}
