//! What we call: Lambda and S3, for one account's credentials in any region.
//!
//! `connections` are what all calls go through, `function` invokes, `bucket` reads and writes objects, `head` looks at one, `copy` moves a finished file, `delete`
//! removes files, `download` brings one here,
//! `setup` makes a bucket, `queue` keeps what is to be done later, `error` turns refusals into advice. Only this layer names an `aws_sdk_*` type.

mod bucket;
mod connections;
mod copy;
mod delete;
mod download;
mod endpoints;
mod error;
mod examine;
mod function;
mod head;
mod queue;
mod setup;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use tracing::Instrument;

use crate::error::{Error, Kind, Result};
use crate::redacted::Redacted;
pub use bucket::{Listed, ListedBucket, Object, Presigned, Put};
pub use connections::Authorities;
use connections::Connections;
pub use copy::{Copied, Copier, CopyTarget, Upload};
pub use endpoints::Endpoints;
use error::Call;
pub use examine::{Concurrency, Identity, Reach};
pub use function::{Deployed, Invoked, OnThrottle, Piece, Streaming};
pub use head::{Found, Headers};
pub use queue::{Message, Queue};
pub use setup::{Bucket, Expiry};

/// A refused key is looked up anew at most this often: a source that stays wrong must not cost a call per request.
const RENEW_AFTER: Duration = Duration::from_secs(10);

/// The SDK configuration of where we run: `region`, `endpoints`, connections and timeouts; no credentials yet.
/// Nothing is called, except that the shared files are read.
pub async fn base_config(region: &str, endpoints: &Endpoints, authorities: Option<&Authorities>) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(20))
        .build();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .no_credentials()
        .region(Region::new(region.to_owned()))
        .http_client(Connections::new(authorities.cloned()))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .load()
        .await;
    if endpoints.is_empty() { config } else { config.into_builder().service_config(endpoints.clone()).build() }
}

/// Calls AWS with one account's credentials.
#[derive(Debug)]
pub struct Aws {
    /// Not to be shown: it holds the shared files as they are.
    config: Redacted<SdkConfig>,
    renewable: bool,
    path_style: bool,
    endpoint: Option<String>,
    keeps_clients: bool,
    current: Mutex<(Arc<Clients>, Option<Instant>)>,
}

/// The clients made for one set of credentials; a client is built when first needed.
#[derive(Debug)]
struct Clients {
    config: Redacted<SdkConfig>,
    path_style: bool,
    endpoint: Option<String>,
    s3: Mutex<HashMap<String, aws_sdk_s3::Client>>,
    lambda: Mutex<HashMap<String, aws_sdk_lambda::Client>>,
    sqs: Mutex<HashMap<String, aws_sdk_sqs::Client>>,
}

impl Aws {
    /// `renewable`: a refused key is worth asking `config`'s provider again. `path_style`: S3 is
    /// not AWS's own and may know no bucket host names.
    pub fn new(config: SdkConfig, renewable: bool, path_style: bool) -> Self {
        let clients = Clients::new(config.clone(), path_style, None);
        Self {
            config: Redacted::new(config),
            renewable,
            path_style,
            endpoint: None,
            keeps_clients: true,
            current: Mutex::new((clients, None)),
        }
    }

    /// Calls an S3-compatible store at `endpoint` instead of AWS. Bucket names go into the path, and checksums,
    /// which not all stores know, are left out where they may be.
    pub fn at(self, endpoint: &str) -> Self {
        let store = Self { path_style: true, endpoint: Some(endpoint.to_owned()), ..self };
        Self { current: Mutex::new((store.new_clients(), None)), ..store }
    }

    /// Whether S3 is a store of its own, configured by its endpoint.
    pub fn is_foreign(&self) -> bool {
        self.endpoint.is_some()
    }

    /// Makes new clients for each call unless `keep`, which ask the source for credentials anew.
    pub fn keeping_clients(self, keep: bool) -> Self {
        Self { keeps_clients: keep, ..self }
    }

    /// Makes one call, and where AWS refuses a renewable key makes it once more with a fresh one.
    /// Safe for every call: a refused request did nothing.
    async fn call<T, E, F>(&self, call: Call, make: impl Fn(Arc<Clients>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let span = tracing::info_span!("aws", call = call.action, resource = call.resource);
        self.attempt(call, make).instrument(span).await
    }

    async fn attempt<T, E, F>(&self, call: Call, make: impl Fn(Arc<Clients>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let clients = self.clients();
        let started = Instant::now();
        // Boxed: the SDK's futures are nested so deeply that the compiler gives up on their layout.
        let mut answer = Box::pin(make(clients.clone())).await.map_err(|error| error::explain(error, &call));
        if let Err(refused) = &answer
            && refused.kind() == Kind::AwsCredentialsRefused
            && let Some(fresh) = self.renewed(&clients)
        {
            tracing::warn!("key refused, asking for a fresh one");
            answer = Box::pin(make(fresh)).await.map_err(|error| error::explain(error, &call));
        }
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let code = answer.as_ref().err().map(|error| error.kind().code());
        tracing::debug!(ms, code, "answered");
        answer
    }

    fn clients(&self) -> Arc<Clients> {
        if !self.keeps_clients {
            return self.new_clients();
        }
        self.current.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Clients whose key isn't the refused one: those of a request that renewed already, or new ones.
    fn renewed(&self, refused: &Arc<Clients>) -> Option<Arc<Clients>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current.0, refused) {
            return Some(current.0.clone());
        }
        if !self.renewable || current.1.is_some_and(|at| at.elapsed() < RENEW_AFTER) {
            return None;
        }
        *current = (self.new_clients(), Some(Instant::now()));
        Some(current.0.clone())
    }

    /// Clients that know no credentials yet.
    fn new_clients(&self) -> Arc<Clients> {
        let config = self.config.expose().to_builder().identity_cache(IdentityCache::lazy().build()).build();
        Clients::new(config, self.path_style, self.endpoint.clone())
    }
}

impl Clients {
    fn new(config: SdkConfig, path_style: bool, endpoint: Option<String>) -> Arc<Self> {
        let (config, lambda, sqs) = (Redacted::new(config), Mutex::default(), Mutex::default());
        Arc::new(Self { config, path_style, endpoint, s3: Mutex::default(), lambda, sqs })
    }

    fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        let mut clients = self.s3.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let config = aws_sdk_s3::config::Builder::from(self.config.expose())
                .region(Region::new(region.to_owned()))
                .force_path_style(self.path_style);
            let config = match &self.endpoint {
                Some(endpoint) => {
                    config.endpoint_url(endpoint).request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                }
                None => config,
            };
            aws_sdk_s3::Client::from_conf(config.build())
        };
        clients.entry(region.to_owned()).or_insert_with(make).clone()
    }

    fn sqs(&self, region: &str) -> aws_sdk_sqs::Client {
        let mut clients = self.sqs.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let config =
                aws_sdk_sqs::config::Builder::from(self.config.expose()).region(Region::new(region.to_owned()));
            aws_sdk_sqs::Client::from_conf(config.build())
        };
        clients.entry(region.to_owned()).or_insert_with(make).clone()
    }

    fn lambda(&self, region: &str) -> aws_sdk_lambda::Client {
        let mut clients = self.lambda.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.to_owned()).or_insert_with(|| function::client(self.config.expose(), region)).clone()
    }
}

fn unreadable(what: &str) -> Error {
    Error::new(Kind::UnreadableAnswer, format!("The answer to {what} could not be understood."))
}
