//! Wires everything together: the one place that constructs.

use std::collections::HashMap;
use std::sync::Arc;

use aws_config::SdkConfig;

use crate::accounts::{Account, Accounts};
use crate::aws::{self, Aws, Endpoints};
use crate::callers::{ApiKeys, Basic, Callers};
use crate::config::{AccountConfig, Config, KeySource, TextSource};
use crate::credentials::{Held, Kept, SecretText};
use crate::notify::{Notifier, SigningKeys};
use crate::records::{Records, S3Records, StateLocation};
use crate::redacted::Redacted;
use crate::renderer::{Own, OwnWebhook, Queue, Renderer, Settings};
use crate::telemetry::Metrics;

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
        let endpoints = Endpoints::new(config.endpoints.clone());
        let base = aws::base_config(&config.home_region, &endpoints, config.authorities.as_ref()).await;
        let home = config.home.apply(&base);
        // Whoever has the credentials of where we run shares the clients.
        let own = Aws::new(home.clone(), config.home.is_renewable(), config.path_style);
        let own = Arc::new(own.keeping_clients(config.keep_clients));
        for AccountConfig { settings, credentials } in config.accounts() {
            tracing::info!(account = settings.name, %credentials, home = %config.home, "who we are to AWS");
        }
        let account = |account| account_of(config, account, &home, &own);
        let others = config.other_accounts.iter().map(account).collect();
        let settings = Settings {
            accounts: Accounts::new(account(&config.account), others, config.account_policy),
            composition: config.composition.clone(),
            codec: config.codec,
            destinations: config.destinations.clone(),
            stores: stores(config, &home),
            serve_url_hosts: config.serve_url_hosts.clone(),
            webhook_hosts: config.webhook_hosts.clone(),
            records: config.state.as_ref().map(|state| records(config, state, &own)),
            queue: config.queue.as_ref().map(|(url, region)| queue(url, region, &own)),
            dead_letters: config.dead_letters.as_ref().map(|(url, region)| queue(url, region, &own)),
            concurrency: config.concurrency,
            webhook: webhook(config, &home),
            notifier: notifier(config, &home),
            metrics: Metrics::new(config.metrics),
            lives_on: !config.on_lambda,
        };
        Self {
            renderer: Renderer::new(settings),
            callers: Arc::new(callers(config, &home)),
            cors_origins: config.cors_origins.clone().into(),
            lives_on: !config.on_lambda,
        }
    }
}

fn account_of(config: &Config, account: &AccountConfig, home: &SdkConfig, own: &Arc<Aws>) -> Account {
    let AccountConfig { settings, credentials: source } = account;
    let aws = if *source == config.home {
        own.clone()
    } else {
        let aws = Aws::new(source.apply(home), source.is_renewable(), config.path_style);
        Arc::new(aws.keeping_clients(config.keep_clients))
    };
    Account::new(settings.clone(), aws)
}

/// Who writes to the destinations that have credentials or an endpoint of their own.
fn stores(config: &Config, home: &SdkConfig) -> HashMap<String, Arc<Aws>> {
    let own = config.destinations.iter().filter_map(|destination| Some((destination, destination.own.as_ref()?)));
    let store = |own: &Own| {
        let Own { credentials, endpoint } = own;
        let aws = Aws::new(credentials.apply(home), credentials.is_renewable(), config.path_style);
        Arc::new(match endpoint {
            Some(endpoint) => aws.at(endpoint),
            None => aws,
        })
    };
    own.map(|(destination, own)| (destination.bucket.clone(), store(own))).collect()
}

/// Records are written with the credentials of where we run: the state is ours, not the account's.
fn records(config: &Config, state: &StateLocation, own: &Arc<Aws>) -> Records {
    match state {
        StateLocation::Folder(folder) => Records::Folder(folder.clone()),
        StateLocation::S3 { bucket, prefix } => Records::S3(S3Records {
            aws: own.clone(),
            region: config.home_region.clone(),
            bucket: bucket.clone(),
            prefix: prefix.clone(),
        }),
    }
}

/// As the records, the queue is ours.
fn queue(url: &str, region: &str, own: &Arc<Aws>) -> Queue {
    Queue { aws: own.clone(), url: url.to_owned(), region: region.to_owned() }
}

fn webhook(config: &Config, home: &SdkConfig) -> Option<OwnWebhook> {
    let url = config.public_url.as_ref().map(|url| format!("{url}/v1/webhooks/remotion"));
    config.webhook_secret.as_ref().map(|secret| OwnWebhook { url, secret: held(secret, home) })
}

fn notifier(config: &Config, home: &SdkConfig) -> Option<Notifier> {
    let keys = match config.notify_secret.as_ref()? {
        // They were checked when they were read.
        TextSource::Set(keys) => Held::Set(SigningKeys::read(keys.expose()).ok()?),
        TextSource::Secret(secret) => Held::Secret(Kept::new(SecretText::new(secret.clone(), home))),
    };
    Some(Notifier::new(keys, config.is_local()))
}

fn held(source: &TextSource, home: &SdkConfig) -> Held<Redacted<String>> {
    match source {
        TextSource::Set(text) => Held::Set(text.clone()),
        TextSource::Secret(secret) => Held::Secret(Kept::new(SecretText::new(secret.clone(), home))),
    }
}

fn callers(config: &Config, home: &SdkConfig) -> Callers {
    let keys = match &config.api_keys {
        None => ApiKeys::None,
        Some(KeySource::Listed(keys)) => ApiKeys::Listed(keys.clone()),
        Some(KeySource::Secret(secret)) => ApiKeys::Secret(Kept::new(SecretText::new(secret.clone(), home))),
    };
    let basic = config.basic.as_ref();
    let basic = basic.map(|(user, password)| Basic { user: user.clone(), password: held(password, home) });
    // On loopback nobody has to say who they are unless callers are configured; the server refuses
    // to listen elsewhere then, and on Lambda somebody always has to.
    let only_loopback = !config.on_lambda && config.basic.is_none() && config.api_keys.is_none();
    // An instance of a function sees only its own requests.
    let counts = !config.on_lambda;
    Callers::new(basic, keys, config.allow_anonymous || only_loopback, counts)
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};
    use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

    use super::*;

    /// Stands for what the SDK keeps of `~/.aws/credentials`.
    #[derive(Debug)]
    #[expect(dead_code, reason = "only shown")]
    struct Files(&'static str);

    impl LoadServiceConfig for Files {
        fn load_config(&self, _: ServiceConfigKey<'_>) -> Option<String> {
            None
        }
    }

    fn base_with_files() -> SdkConfig {
        let base = SdkConfig::builder().service_config(Files("aws_secret_access_key = CANARY-shared"));
        base.behavior_version(BehaviorVersion::latest()).region(Region::from_static("us-east-1")).build()
    }

    /// Shared files, settings, clients: everything that holds a secret, in one `Debug`.
    #[tokio::test]
    async fn no_secret_shows_in_debug() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let profile = "[x]\naws_access_key_id = AKIAFILE\naws_secret_access_key = CANARY-file\naws_session_token = CANARY-token\n";
        std::fs::write(&file, profile).unwrap();
        let file = file.display().to_string();
        let everything = [
            ("AWS_SHARED_CREDENTIALS_FILE", file.as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIAPLAIN"),
            ("AWS_SECRET_ACCESS_KEY", "CANARY-plain"),
            ("AWS_SESSION_TOKEN", "CANARY-plain-token"),
            ("REMOTION_AWS_ACCESS_KEY_ID", "AKIAREMOTION"),
            ("REMOTION_AWS_SECRET_ACCESS_KEY", "CANARY-remotion"),
            ("RENDERGATE_ROLE_EXTERNAL_ID", "CANARY-id"),
            ("API_USERNAME", "me"),
            ("API_PASSWORD", "CANARY-password"),
        ];
        let assume = "assume:arn:aws:iam::123456789012:role/render";
        for (source, base) in [
            ("auto", ""),
            ("env", ""),
            ("role", ""),
            ("profile:x", ""),
            ("secret:s", ""),
            (assume, "profile:x"),
            (assume, ""),
        ] {
            let config = Config::from_lookup(|name| match name {
                "RENDERGATE_CREDENTIALS" => Some(source.to_owned()),
                "RENDERGATE_ROLE_SOURCE" => Some(base.to_owned()),
                name => everything.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()),
            });
            let config = config.unwrap();
            let aws = Aws::new(config.account.credentials.apply(&base_with_files()), true, false);
            let shown = format!("{config:?} {aws:?} {:?}", App::new(&config).await);
            let found = shown.find("CANARY").map(|at| &shown[at.saturating_sub(200)..at + 20]);
            assert_eq!(found, None, "{source}");
        }
    }
}
