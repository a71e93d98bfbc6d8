//! Endpoints that are not AWS's own, for local work.

use std::collections::BTreeMap;

use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// The `AWS_ENDPOINT_URL…` variables. The SDK finds those of the process itself, but not those of a file.
#[derive(Clone, Debug, Default)]
pub struct Endpoints(BTreeMap<String, String>);

impl Endpoints {
    /// By the names of the variables, such as `AWS_ENDPOINT_URL_S3`.
    pub const fn new(variables: BTreeMap<String, String>) -> Self {
        Self(variables)
    }

    /// Whether all of them are AWS's own.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl LoadServiceConfig for Endpoints {
    /// The service's own variable first: `AWS_ENDPOINT_URL_SECRETS_MANAGER` for the service `Secrets Manager`.
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        self.0.get(&format!("{}_{service}", key.env())).or_else(|| self.0.get(key.env())).cloned()
    }
}
