//! The settings: read once at start, every mistake reported at once.
//!
//! `settings` is the documented table, `variables` where it is looked up, `credentials` who we are. Nothing
//! else in this crate reads the environment (the SDK's own chain does); nothing ever writes it.

mod accounts;
mod callers;
mod credentials;
mod dotenv;
mod ends;
mod reader;
mod settings;
mod variables;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use tracing::level_filters::LevelFilter;

use crate::accounts::{AccountSettings, Policy};
use crate::aws::Authorities;
use crate::credentials::{CredentialSource, SecretRef};
use crate::records::StateLocation;
use crate::remotion::names;
use crate::remotion::values::Codec;
use crate::renderer::{Concurrency, Destinations, Hosts};
use crate::telemetry::LogFormat;
pub use accounts::AccountConfig;
pub use callers::{KeySource, TextSource};
use credentials::Sources;
use reader::Reader;
pub use reader::{Mistake, Mistakes};
use settings::ENDPOINTS;
pub use settings::{SETTINGS, Setting};
pub use variables::Variables;

/// Every setting, read and checked. See [`SETTINGS`] for what each means.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is explained in SETTINGS")]
pub struct Config {
    pub account: AccountConfig,
    /// Where there are several.
    pub other_accounts: Vec<AccountConfig>,
    pub account_policy: Policy,
    /// Where we run: secrets and state are there.
    pub home_region: String,
    pub composition: Option<String>,
    pub codec: Codec,
    /// Who we are: secrets and records are reached so.
    pub home: CredentialSource,
    pub keep_clients: bool,
    /// `AWS_ENDPOINT_URL…`, by name.
    pub endpoints: BTreeMap<String, String>,
    /// Of `AWS_CA_BUNDLE`.
    pub authorities: Option<Authorities>,
    pub destinations: Destinations,
    pub serve_url_hosts: Hosts,
    pub webhook_hosts: Hosts,
    pub state: Option<StateLocation>,
    /// URL and region.
    pub queue: Option<(String, String)>,
    /// URL and region.
    pub dead_letters: Option<(String, String)>,
    pub concurrency: Concurrency,
    /// Where Remotion's function can reach us.
    pub public_url: Option<String>,
    pub webhook_secret: Option<TextSource>,
    pub notify_secret: Option<TextSource>,
    pub basic: Option<(String, TextSource)>,
    pub api_keys: Option<KeySource>,
    pub allow_anonymous: bool,
    pub cors_origins: Vec<String>,
    pub host: IpAddr,
    pub port: u16,
    pub log_format: LogFormat,
    pub log_level: LevelFilter,
    pub metrics: bool,
    pub on_lambda: bool,
    /// S3 is not AWS's own.
    pub path_style: bool,
}

impl Config {
    /// The settings of this process alone.
    ///
    /// # Errors
    /// Every mistake there is.
    pub fn from_env() -> Result<Self, Mistakes> {
        Self::from_variables(&Variables::default())
    }

    /// The settings of these variables.
    ///
    /// # Errors
    /// Every mistake there is, misspelt names among them.
    pub fn from_variables(variables: &Variables) -> Result<Self, Mistakes> {
        let config = Self::from_lookup(|name| variables.get(name));
        let misspelt = variables.misspelt();
        match config {
            Ok(config) if misspelt.is_empty() => Ok(config),
            Ok(_) => Err(Mistakes(misspelt)),
            Err(Mistakes(mistakes)) => Err(Mistakes([mistakes, misspelt].concat())),
        }
    }

    /// The settings found by `lookup`.
    ///
    /// # Errors
    /// Every mistake there is.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(lookup);
        let own_region = reader.checked("RENDERGATE_REGION", names::is_region, "a region such as us-east-1");
        let home = reader.text("AWS_REGION").or_else(|| reader.text("AWS_DEFAULT_REGION"));
        let region = own_region.clone().or_else(|| home.clone()).unwrap_or_else(|| "us-east-1".to_owned());
        let on_lambda = reader.text("AWS_LAMBDA_RUNTIME_API").is_some();
        let path_style = reader.text("AWS_ENDPOINT_URL").or_else(|| reader.text("AWS_ENDPOINT_URL_S3")).is_some();
        let mut state = reader.parsed("RENDERGATE_STATE");
        if state.is_none() && !on_lambda {
            state = default_state(&reader);
        }
        let home_region = home.unwrap_or_else(|| region.clone());
        let sources = Sources::read(&mut reader);
        let (home, credentials) = sources.choose(&mut reader, on_lambda);
        let only = AccountConfig {
            settings: AccountSettings {
                name: "default".to_owned(),
                region,
                region_is_fixed: own_region.is_some(),
                function_name: reader.text("RENDERGATE_FUNCTION_NAME"),
                bucket: reader.checked("RENDERGATE_BUCKET", names::is_bucket_name, "the name of an S3 bucket"),
                serve_url: reader.text("RENDERGATE_SERVE_URL"),
                account_id: reader.checked("RENDERGATE_ACCOUNT_ID", is_account_id, "12 digits"),
                weight: 1,
            },
            credentials,
        };
        let (account, other_accounts) = accounts::accounts(&mut reader, only, &sources);
        let endpoints = ENDPOINTS.iter().filter_map(|name| Some(((*name).to_owned(), reader.text(name)?))).collect();
        let config = Self {
            account,
            other_accounts,
            account_policy: accounts::policy(&mut reader),
            home_region: home_region.clone(),
            composition: reader.text("RENDERGATE_COMPOSITION"),
            codec: reader.read("RENDERGATE_CODEC", codec).unwrap_or(Codec::H264),
            home,
            keep_clients: reader.text("REMOTION_DISABLE_AWS_CLIENT_CACHE").is_none(),
            endpoints,
            authorities: reader.read("AWS_CA_BUNDLE", authorities),
            destinations: reader.read("RENDERGATE_DESTINATIONS", |text| sources.destinations(text)).unwrap_or_default(),
            serve_url_hosts: reader.parsed("RENDERGATE_SERVE_URL_HOSTS").unwrap_or_default(),
            webhook_hosts: reader.parsed("RENDERGATE_WEBHOOK_HOSTS").unwrap_or_default(),
            state,
            queue: reader.read("RENDERGATE_QUEUE_URL", |url| queue(url, &home_region)),
            dead_letters: reader.read("RENDERGATE_DEAD_LETTER_QUEUE_URL", |url| queue(url, &home_region)),
            public_url: reader.read("RENDERGATE_PUBLIC_URL", ends::public_url),
            webhook_secret: reader.read("RENDERGATE_WEBHOOK_SECRET", callers::text_source),
            notify_secret: reader.read("RENDERGATE_NOTIFY_SECRET", ends::notify_secret),
            concurrency: reader.parsed("RENDERGATE_CONCURRENCY").unwrap_or_default(),
            basic: callers::basic(&mut reader),
            api_keys: reader.read("RENDERGATE_API_KEYS", callers::key_source),
            allow_anonymous: reader.flag("RENDERGATE_ALLOW_ANONYMOUS"),
            cors_origins: reader.read("RENDERGATE_CORS_ORIGINS", callers::origins).unwrap_or_default(),
            host: reader
                .read("RENDERGATE_HOST", |host| host.parse().map_err(|_| "expected an IP address".to_owned()))
                .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: reader
                .read("PORT", |port| port.parse().map_err(|_| "expected 0 to 65535".to_owned()))
                .unwrap_or(8080),
            log_format: log_format(&mut reader, on_lambda),
            log_level: log_level(&mut reader),
            metrics: metrics(&mut reader, on_lambda),
            on_lambda,
            path_style,
        };
        if !on_lambda && !config.host.is_loopback() && config.has_no_callers() {
            reader.wrong("RENDERGATE_HOST", "beyond loopback callers must authenticate: set API_USERNAME and API_PASSWORD, RENDERGATE_API_KEYS, or RENDERGATE_ALLOW_ANONYMOUS=true");
        }
        if config.public_url.is_some() && config.webhook_secret.is_none() {
            reader.wrong("RENDERGATE_WEBHOOK_SECRET", "must be set together with RENDERGATE_PUBLIC_URL");
        }
        if matches!(config.concurrency, Concurrency::Most(_)) && config.state.is_none() {
            reader.wrong("RENDERGATE_CONCURRENCY", "who runs what is recorded: set RENDERGATE_STATE, too");
        }
        for what in callers::unknown_names(&config) {
            reader.wrong("RENDERGATE_API_KEYS", what);
        }
        reader.done(config)
    }

    /// All accounts, the first one first.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountConfig> {
        std::iter::once(&self.account).chain(&self.other_accounts)
    }

    /// Where the credentials of all accounts come from, and of the destinations that have their own.
    pub fn credentials(&self) -> impl Iterator<Item = &CredentialSource> {
        let stores = self.destinations.iter().filter_map(|destination| Some(&destination.own.as_ref()?.credentials));
        self.accounts().map(|account| &account.credentials).chain(stores)
    }

    /// The secrets that are read where we run.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let keys = self.credentials().filter_map(CredentialSource::secret);
        let callers = self.api_keys.iter().filter_map(|keys| match keys {
            KeySource::Secret(secret) => Some(secret),
            KeySource::Listed(_) => None,
        });
        let password = self.basic.iter().map(|(_, password)| password);
        let texts = password.chain(&self.webhook_secret).chain(&self.notify_secret).filter_map(|text| match text {
            TextSource::Secret(secret) => Some(secret),
            TextSource::Set(_) => None,
        });
        keys.chain(callers).chain(texts)
    }

    fn has_no_callers(&self) -> bool {
        self.basic.is_none() && self.api_keys.is_none() && !self.allow_anonymous
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// AWS writes the region into a queue's URL: `https://sqs.us-east-1.amazonaws.com/123456789012/name`.
fn queue(url: &str, home_region: &str) -> Result<(String, String), String> {
    let Some((host, _)) = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')) else {
        return Err("expected the URL of an SQS queue".to_owned());
    };
    let region = host.split('.').find(|part| names::is_region(part)).unwrap_or(home_region);
    Ok((url.to_owned(), region.to_owned()))
}

fn codec(text: &str) -> Result<Codec, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "expected h264, h265, vp8, vp9, mp3, aac, wav, gif or prores".to_owned())
}

fn authorities(path: &str) -> Result<Authorities, String> {
    let pem = std::fs::read(path).map_err(|error| format!("it can't be read: {error}"))?;
    Authorities::from_pem(&pem).map_err(|error| error.to_string())
}

/// The folder in which programs keep their state, by the XDG convention.
fn default_state<F: Fn(&str) -> Option<String>>(reader: &Reader<F>) -> Option<StateLocation> {
    let state_home = reader.text("XDG_STATE_HOME");
    let folder = state_home.or_else(|| reader.text("HOME").map(|home| format!("{home}/.local/state")))?;
    Some(StateLocation::Folder(format!("{folder}/rendergate").into()))
}

/// A value, or what the file that it names holds: `file:<path>`.
fn text_or_file(text: &str) -> Result<String, String> {
    match text.strip_prefix("file:") {
        Some(path) => std::fs::read_to_string(path).map_err(|error| format!("`{path}` can't be read: {error}")),
        None => Ok(text.to_owned()),
    }
}

fn log_format<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>, on_lambda: bool) -> LogFormat {
    let read = |text: &str| match text.to_ascii_lowercase().as_str() {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err("expected `json` or `text`".to_owned()),
    };
    let own = reader.read("RENDERGATE_LOG_FORMAT", read).or_else(|| reader.read("AWS_LAMBDA_LOG_FORMAT", read));
    own.unwrap_or(if on_lambda { LogFormat::Json } else { LogFormat::Text })
}

fn log_level<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> LevelFilter {
    let read = |text: &str| {
        // AWS's FATAL is the only name that tracing doesn't have.
        let text = if text.eq_ignore_ascii_case("fatal") { "error" } else { text };
        text.parse().map_err(|_| "expected trace, debug, info, warn, error or off".to_owned())
    };
    reader
        .read("RENDERGATE_LOG", read)
        .or_else(|| reader.read("AWS_LAMBDA_LOG_LEVEL", read))
        .unwrap_or(LevelFilter::INFO)
}

fn metrics<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>, on_lambda: bool) -> bool {
    let read = |text: &str| match text {
        "emf" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected `emf` or `off`".to_owned()),
    };
    reader.read("RENDERGATE_METRICS", read).unwrap_or(on_lambda)
}

#[cfg(test)]
mod tests;
