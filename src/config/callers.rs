//! Who may call.

use super::{Config, Reader, text_or_file};
use crate::callers::ApiKey;
use crate::credentials::SecretRef;
use crate::error::Error;
use crate::redacted::Redacted;

/// Where the list of API keys is.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// In the setting itself, or in a file that it names.
    Listed(Vec<ApiKey>),
    /// In Secrets Manager.
    Secret(SecretRef),
}

/// Where a secret text is, such as the password of HTTP Basic.
#[derive(Clone, Debug)]
pub enum TextSource {
    /// In the setting itself.
    Set(Redacted<String>),
    /// In Secrets Manager.
    Secret(SecretRef),
}

pub(super) fn basic<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Option<(String, TextSource)> {
    match (reader.text("API_USERNAME"), reader.text("API_PASSWORD")) {
        // Only the first colon of what comes separates user and password.
        (Some(user), _) if user.contains(':') => {
            reader.wrong("API_USERNAME", "expected a name without colons");
            None
        }
        (Some(user), Some(_)) => Some((user, reader.read("API_PASSWORD", text_source)?)),
        (None, None) => None,
        (Some(_), None) => {
            reader.wrong("API_PASSWORD", "must be set together with API_USERNAME");
            None
        }
        (None, Some(_)) => {
            reader.wrong("API_USERNAME", "must be set together with API_PASSWORD");
            None
        }
    }
}

/// The text itself, or `secret:<id or arn>[#stage]`.
pub(super) fn text_source(text: &str) -> Result<TextSource, String> {
    match text.strip_prefix("secret:") {
        Some(reference) => reference.parse().map(TextSource::Secret).map_err(|error: Error| error.to_string()),
        None => Ok(TextSource::Set(Redacted::new(text.to_owned()))),
    }
}

pub(super) fn key_source(text: &str) -> Result<KeySource, String> {
    if let Some(reference) = text.strip_prefix("secret:") {
        return reference.parse().map(KeySource::Secret).map_err(|error: Error| error.to_string());
    }
    ApiKey::list(&text_or_file(text)?).map(KeySource::Listed).map_err(|error| error.to_string())
}

/// Accounts and destinations that keys may use and that aren't configured: slips of the pen.
pub(super) fn unknown_names(config: &Config) -> Vec<String> {
    let Some(KeySource::Listed(keys)) = &config.api_keys else { return Vec::new() };
    let accounts = [&config.account].into_iter().chain(&config.other_accounts);
    let accounts: Vec<&str> = accounts.map(|account| account.settings.name.as_str()).collect();
    let mut mistakes = Vec::new();
    for limits in keys.iter().map(ApiKey::limits) {
        for name in limits.accounts.unwrap_or_default() {
            if !accounts.contains(&name.as_str()) {
                let known = accounts.join(", ");
                mistakes.push(format!("`accounts` names `{name}`, which is not configured; expected some of {known}"));
            }
        }
        for destination in limits.destinations.unwrap_or_default() {
            let bucket = destination.split('/').next().unwrap_or_default();
            if config.destinations.bucket(bucket).is_none() {
                mistakes.push(format!(
                    "`destinations` names the bucket `{bucket}`, which is not in RENDERGATE_DESTINATIONS; expected one that is"
                ));
            }
        }
    }
    mistakes
}

/// Origins as browsers send them: scheme, host and port, nothing behind.
pub(super) fn origins(text: &str) -> Result<Vec<String>, String> {
    let is_origin = |origin: &str| {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
        origin == "*" || host.is_some_and(|host| !host.is_empty() && host.bytes().all(fine))
    };
    let listed: Vec<String> = text.split(',').map(|origin| origin.trim().to_owned()).collect();
    match listed.iter().find(|origin| !is_origin(origin)) {
        None => Ok(listed),
        Some(wrong) => Err(format!(
            "`{wrong}` is no origin; expected `https://shop.example`, in lower case and without a slash behind, several with commas, or `*`"
        )),
    }
}
