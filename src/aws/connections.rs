//! Connections to AWS and to S3-compatible stores: shared by all clients, built when first needed.
//!
//! Who vouches for a host: for AWS's commercial regions Amazon's own roots, which this program carries, for
//! everything else the machine's, where `AWS_CA_BUNDLE` does not name others. Reading a machine's hundreds of
//! roots takes longer than all else that a function does at its start.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::{Error, Kind};

/// All five that the certificates of AWS's hosts end at. <https://www.amazontrust.com/repository/>
const AMAZON: &str = include_str!("amazon.pem");
/// How long an unused connection is kept: less than whoever is at its other end keeps it. A request that is sent
/// on one that has just been closed there fails, and an invoke is not repeated.
const IDLE: Duration = Duration::from_secs(20);

/// Whom to believe instead of Amazon's and the machine's roots: what the file that `AWS_CA_BUNDLE` names holds.
#[derive(Clone, Debug)]
pub struct Authorities(TrustStore);

impl Authorities {
    /// The certificates of a PEM file. Those that can't be used are left out, as of the machine's.
    ///
    /// # Errors
    /// [`Kind::Config`] where none can.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        let usable = |der: &CertificateDer<'_>| RootCertStore::empty().add(der.clone().into_owned()).is_ok();
        let found = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).filter(usable);
        // The SDK takes PEM only, and panics at what it can't use.
        let texts: Vec<String> = found.map(|der| to_pem(&der)).collect();
        if texts.is_empty() {
            return Err(Error::new(Kind::Config, "expected certificates in PEM form"));
        }
        Ok(Self(texts.into_iter().fold(TrustStore::empty(), TrustStore::with_pem_certificate)))
    }
}

fn to_pem(der: &CertificateDer<'_>) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
}

/// The SDK's view of all connections.
#[derive(Debug)]
pub(super) struct Connections {
    bundle: Option<Authorities>,
    /// And when they were last used, by the wall clock: the other one stands still while Lambda has us frozen, so
    /// that a connection which its other end gave up minutes ago looks as good as new.
    pools: Mutex<(Pools, SystemTime)>,
}

#[derive(Clone, Debug)]
struct Pools {
    amazon: SharedHttpClient,
    others: SharedHttpClient,
}

impl Connections {
    /// Nothing is connected, and no root read, before the first request.
    pub(super) fn new(bundle: Option<Authorities>) -> Self {
        let pools = Pools::new(bundle.as_ref());
        Self { bundle, pools: Mutex::new((pools, SystemTime::now())) }
    }

    fn pools(&self, now: SystemTime) -> Pools {
        let mut kept = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let (pools, used) = &mut *kept;
        if now.duration_since(*used).is_ok_and(|unused| unused > IDLE) {
            *pools = Pools::new(self.bundle.as_ref());
        }
        *used = now;
        pools.clone()
    }
}

impl Pools {
    fn new(bundle: Option<&Authorities>) -> Self {
        let bundle = bundle.map(|Authorities(roots)| roots.clone());
        let amazon = bundle.clone().unwrap_or_else(|| TrustStore::empty().with_pem_certificate(AMAZON));
        Self { amazon: client(amazon), others: client(bundle.unwrap_or_default()) }
    }

    fn of(&self, uri: &str) -> &SharedHttpClient {
        if is_amazons(uri) { &self.amazon } else { &self.others }
    }
}

/// Builds no connector yet.
fn client(roots: TrustStore) -> SharedHttpClient {
    // It can't fail: the certificates have been looked at.
    let context = TlsContext::builder().with_trust_store(roots).build().unwrap_or_default();
    let builder = Builder::new().pool_idle_timeout(IDLE);
    builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https()
}

/// Whether a host of AWS's commercial regions is asked. Those of other partitions (China, GovCloud, Europe's
/// sovereign cloud, …) have other names, and others may vouch for them. Without TLS nobody does.
fn is_amazons(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("https://") else { return true };
    let host = rest.split(['/', ':', '?', '#', '@']).next().unwrap_or_default();
    host.ends_with(".amazonaws.com") && !host.split('.').any(|label| label.starts_with("us-gov-"))
}

impl HttpClient for Connections {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let pools = self.pools(SystemTime::now());
        SharedHttpConnector::new(Connector { pools, settings: settings.clone(), components: components.clone() })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).0.amazon.connector_metadata()
    }
}

/// Chooses by the request's host.
#[derive(Debug)]
struct Connector {
    pools: Pools,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.pools.of(request.uri()).http_connector(&self.settings, &self.components).call(request)
    }
}

#[cfg(test)]
mod tests;
