//! The accounts: of `RENDERGATE_ACCOUNTS`, of the guide's numbered keys, or the one of the other settings.

use std::collections::HashSet;

use serde::Deserialize;

use super::credentials::{Sources, source};
use super::{Reader, is_account_id, text_or_file};
use crate::accounts::{AccountSettings, Policy};
use crate::credentials::CredentialSource;
use crate::redacted::Redacted;
use crate::remotion::names;

/// An account, and how it proves who it is.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// What is configured of the place.
    pub settings: AccountSettings,
    /// Where its credentials come from.
    pub credentials: CredentialSource,
}

/// One of `RENDERGATE_ACCOUNTS`. What it leaves out is taken from the settings of a single account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Listed {
    name: String,
    credentials: Option<String>,
    region: Option<String>,
    function_name: Option<String>,
    serve_url: Option<String>,
    bucket: Option<String>,
    account_id: Option<String>,
    weight: Option<u32>,
}

const ACCOUNTS: &str = "RENDERGATE_ACCOUNTS";
/// More numbered keys than this are not looked for.
const MOST_KEYS: usize = 200;

/// How an account is chosen.
pub(super) fn policy<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Policy {
    let read = |text: &str| match text {
        "random" => Ok(Policy::Random),
        "round-robin" => Ok(Policy::RoundRobin),
        _ => Err("expected `random` or `round-robin`".to_owned()),
    };
    reader.read("RENDERGATE_ACCOUNT_POLICY", read).unwrap_or_default()
}

/// The first account and the others; `only` is the one of the other settings, and stands for what others leave out.
pub(super) fn accounts<F: Fn(&str) -> Option<String>>(
    reader: &mut Reader<F>,
    only: AccountConfig,
    sources: &Sources,
) -> (AccountConfig, Vec<AccountConfig>) {
    let listed = reader.read(ACCOUNTS, text_or_file).map(|json| list(reader, &json, &only, sources));
    let numbered = numbered(reader, &only);
    if listed.is_some() && !numbered.is_empty() {
        reader.wrong(ACCOUNTS, "can't be used together with AWS_KEY_1: give the accounts in one of the two ways");
    }
    let mut accounts = listed.unwrap_or(numbered).into_iter();
    let Some(first) = accounts.next() else { return (only, Vec::new()) };
    let others: Vec<_> = accounts.collect();
    if !others.is_empty() && only.settings.bucket.is_some() {
        reader.wrong("RENDERGATE_BUCKET", "is for one account, a bucket belongs to one: name each account's own in RENDERGATE_ACCOUNTS, or leave it out and each function finds its own");
    }
    (first, others)
}

fn list<F: Fn(&str) -> Option<String>>(
    reader: &mut Reader<F>,
    json: &str,
    only: &AccountConfig,
    sources: &Sources,
) -> Vec<AccountConfig> {
    let listed: Vec<Listed> = match serde_json::from_str(json) {
        Ok(listed) => listed,
        Err(error) => {
            // What has the wrong type could be a secret in the wrong place.
            let told = error.to_string();
            let told = if told.starts_with("invalid") { "a value has the wrong type" } else { &told };
            reader.wrong(ACCOUNTS, format!("expected a JSON list such as `[{{\"name\":\"a\",\"credentials\":\"role\",\"region\":\"us-east-1\"}}]`: {told}"));
            return Vec::new();
        }
    };
    if listed.is_empty() {
        reader.wrong(ACCOUNTS, "the list is empty: name an account, or leave the setting out");
    }
    let mut names = HashSet::new();
    listed
        .into_iter()
        .map(|listed| {
            let name = listed.name.clone();
            if !names.insert(name.clone()) {
                reader.wrong(ACCOUNTS, format!("two accounts are named `{name}`"));
            }
            let (account, mistakes) = account(listed, only, sources);
            for what in mistakes {
                reader.wrong(ACCOUNTS, format!("account `{name}`: {what}"));
            }
            account
        })
        .collect()
}

fn account(listed: Listed, only: &AccountConfig, sources: &Sources) -> (AccountConfig, Vec<String>) {
    let mut mistakes = Vec::new();
    let mut check = |good: bool, what: &str| {
        if !good {
            mistakes.push(what.to_owned());
        }
    };
    check(is_name(&listed.name), "`name`: expected 1 to 32 letters, digits, `-` and `_`");
    check(listed.name != "q", "`name`: `q` is what the ids of queued orders begin with");
    check(listed.region.as_deref().is_none_or(names::is_region), "`region`: expected a region such as us-east-1");
    check(listed.bucket.as_deref().is_none_or(names::is_bucket_name), "`bucket`: expected the name of an S3 bucket");
    check(listed.account_id.as_deref().is_none_or(is_account_id), "`accountId`: expected 12 digits");
    let named = listed.credentials.as_deref().map(|text| source(text).and_then(|source| sources.resolve(source)));
    let credentials = match named {
        None => only.credentials.clone(),
        Some(Ok(credentials)) => credentials,
        Some(Err(what)) => {
            mistakes.push(format!("`credentials`: {what}"));
            CredentialSource::default()
        }
    };
    let base = only.settings.clone();
    let settings = AccountSettings {
        name: listed.name,
        region_is_fixed: base.region_is_fixed || listed.region.is_some(),
        region: listed.region.unwrap_or(base.region),
        function_name: listed.function_name.or(base.function_name),
        bucket: listed.bucket.or(base.bucket),
        serve_url: listed.serve_url.or(base.serve_url),
        account_id: listed.account_id.or(base.account_id),
        weight: listed.weight.unwrap_or(base.weight),
    };
    (AccountConfig { settings, credentials }, mistakes)
}

/// Names go into ids, which go into paths.
fn is_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=32).contains(&text.len()) && text.bytes().all(word)
}

/// The guide's rotation: `AWS_KEY_1` and `AWS_SECRET_1`, `AWS_KEY_2` and `AWS_SECRET_2`, …, without gaps. The
/// accounts are named by their number.
fn numbered<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>, only: &AccountConfig) -> Vec<AccountConfig> {
    let pair = |reader: &Reader<F>, number: usize| {
        (reader.text(&format!("AWS_KEY_{number}")), reader.text(&format!("AWS_SECRET_{number}")))
    };
    // The first two tell whether there are any: one of them may be the mistake.
    if (1..=2).all(|number| pair(reader, number) == (None, None)) {
        return Vec::new();
    }
    if reader.text("AWS_SECRET_1").is_none() && reader.text("AWS_SECRET_").is_some() {
        reader.wrong("AWS_SECRET_n", "`AWS_SECRET_` has no number: the first secret is AWS_SECRET_1");
    }
    let mut accounts = Vec::new();
    let last = (1..=MOST_KEYS).rev().find(|number| pair(reader, *number) != (None, None)).unwrap_or_default();
    for number in 1..=last {
        match pair(reader, number) {
            (Some(access_key_id), Some(secret)) => {
                let secret_access_key = Redacted::new(secret);
                let credentials = CredentialSource::Keys { access_key_id, secret_access_key, session_token: None };
                let settings = AccountSettings { name: number.to_string(), ..only.settings.clone() };
                accounts.push(AccountConfig { settings, credentials });
            }
            (Some(_), None) => {
                reader.wrong("AWS_SECRET_n", format!("AWS_SECRET_{number} is missing; AWS_KEY_{number} is set"))
            }
            (None, Some(_)) => {
                reader.wrong("AWS_KEY_n", format!("AWS_KEY_{number} is missing; AWS_SECRET_{number} is set"))
            }
            (None, None) => {
                reader.wrong("AWS_KEY_n", format!("AWS_KEY_{number} is missing; number the keys from 1 without gaps"))
            }
        }
    }
    accounts
}
