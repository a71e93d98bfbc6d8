//! Wires everything together: the one place that constructs.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;

use crate::accounts::{Account, Accounts};
use crate::aws::{self, Aws};
use crate::callers::{ApiKeys, Basic, Callers, Kept, Password};
use crate::config::{AccountConfig, Config, KeySource, PasswordSource};
use crate::credentials::SecretText;
use crate::records::{Records, S3Records, StateLocation};
use crate::renderer::{Queue, Renderer, Settings};
use crate::telemetry::Metrics;

/// A copy on Lambda must end before API Gateway gives up; elsewhere it may take its time.
const COPY_ON_LAMBDA: Duration = Duration::from_secs(20);
const COPY: Duration = Duration::from_secs(10 * 60);

/// What an edge needs.
#[derive(Clone, Debug)]
pub struct App {
    /// The verbs.
    pub renderer: Renderer,
    /// Who may call.
    pub callers: Arc<Callers>,
    /// The origins whose pages may call; `*` is any.
    pub cors_origins: Arc<[String]>,
    /// Whether the process lives on after an answer and may follow renders.
    pub lives_on: bool,
}

impl App {
    /// Builds the app. AWS is not called.
    pub async fn new(config: &Config) -> Self {
        let home = aws::base_config(&config.home_region).await;
        let account = |account| account_of(config, account, &home);
        let others = config.other_accounts.iter().map(account).collect();
        let settings = Settings {
            accounts: Accounts::new(account(&config.account), others, config.account_policy),
            composition: config.composition.clone(),
            codec: config.codec,
            destinations: config.destinations.clone(),
            serve_url_hosts: config.serve_url_hosts.clone(),
            webhook_hosts: config.webhook_hosts.clone(),
            records: config.state.as_ref().map(|state| records(config, state, &home)),
            queue: config.queue.as_ref().map(|(url, region)| queue(config, url, region, &home)),
            dead_letters: config.dead_letters.as_ref().map(|(url, region)| queue(config, url, region, &home)),
            metrics: Metrics::new(config.metrics),
            copy_limit: if config.on_lambda { COPY_ON_LAMBDA } else { COPY },
        };
        Self {
            renderer: Renderer::new(settings),
            callers: Arc::new(callers(config, &home)),
            cors_origins: config.cors_origins.clone().into(),
            lives_on: !config.on_lambda,
        }
    }
}

fn account_of(config: &Config, account: &AccountConfig, home: &SdkConfig) -> Account {
    let AccountConfig { settings, credentials } = account;
    let aws = Aws::new(credentials.apply(home), credentials.is_renewable(), config.path_style);
    Account::new(settings.clone(), Arc::new(aws))
}

/// Records are written with the credentials of where we run: the state is ours, not the account's.
fn records(config: &Config, state: &StateLocation, home: &SdkConfig) -> Records {
    match state {
        StateLocation::Folder(folder) => Records::Folder(folder.clone()),
        StateLocation::S3 { bucket, prefix } => Records::S3(S3Records {
            aws: Arc::new(Aws::new(home.clone(), false, config.path_style)),
            region: config.home_region.clone(),
            bucket: bucket.clone(),
            prefix: prefix.clone(),
        }),
    }
}

/// As the records, the queue is ours.
fn queue(config: &Config, url: &str, region: &str, home: &SdkConfig) -> Queue {
    let aws = Arc::new(Aws::new(home.clone(), false, config.path_style));
    Queue { aws, url: url.to_owned(), region: region.to_owned() }
}

fn callers(config: &Config, home: &SdkConfig) -> Callers {
    let keys = match &config.api_keys {
        None => ApiKeys::None,
        Some(KeySource::Listed(keys)) => ApiKeys::Listed(keys.clone()),
        Some(KeySource::Secret(secret)) => ApiKeys::Secret(Kept::new(SecretText::new(secret.clone(), home))),
    };
    let basic = config.basic.as_ref().map(|(user, password)| {
        let password = match password {
            PasswordSource::Set(password) => Password::Set(password.clone()),
            PasswordSource::Secret(secret) => Password::Secret(Kept::new(SecretText::new(secret.clone(), home))),
        };
        Basic { user: user.clone(), password }
    });
    // On loopback nobody has to say who they are unless callers are configured; the server refuses
    // to listen elsewhere then, and on Lambda somebody always has to.
    let only_loopback = !config.on_lambda && config.basic.is_none() && config.api_keys.is_none();
    // An instance of a function sees only its own requests.
    let counts = !config.on_lambda;
    Callers::new(basic, keys, config.allow_anonymous || only_loopback, counts)
}
