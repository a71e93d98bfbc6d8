//! A named place where renders run: credentials, region, function, bucket; and what of it a request
//! may reach.
//!
//! Whatever is configured is all that may be reached. What is not configured may be chosen by the
//! request, among names that only Remotion uses.

mod choice;
mod functions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::aws::{Aws, ListedBucket, Object, OnThrottle};
use crate::error::{Error, Kind, Result};
use crate::remotion::names::{self, FunctionName};
use crate::remotion::reply;
pub use choice::{Accounts, Policy, Turn};
pub use functions::FunctionInfo;

/// What is configured of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSettings {
    /// Its name in ids, logs and metrics.
    pub name: String,
    /// The region used where a request names none.
    pub region: String,
    /// Whether `region` is the only one.
    pub region_is_fixed: bool,
    /// The only function.
    pub function_name: Option<String>,
    /// The only render bucket.
    pub bucket: Option<String>,
    /// The site used where a request names none.
    pub serve_url: Option<String>,
    /// The AWS account that owns the render bucket.
    pub account_id: Option<String>,
    /// Its share of the renders, against the other accounts' weights. 0: only where it is named, or where all
    /// others are used up.
    pub weight: u32,
}

/// A place where renders run.
#[derive(Debug)]
pub struct Account {
    /// What is configured.
    pub settings: AccountSettings,
    /// Calls AWS with the account's credentials.
    pub aws: Arc<Aws>,
    /// What functions said about their version, by region and name.
    versions: Mutex<HashMap<String, String>>,
    /// The render bucket found in a region.
    buckets: Mutex<HashMap<String, String>>,
    /// The function found in a region.
    functions: Mutex<HashMap<String, String>>,
    /// Until when it is asked last, because AWS throttled it.
    rests_until: Mutex<Option<Instant>>,
}

/// How long a throttled account is asked last: renders take seconds to minutes, so that room comes back soon.
const REST: Duration = Duration::from_secs(5);

impl Account {
    /// An account; nothing is called yet.
    pub fn new(settings: AccountSettings, aws: Arc<Aws>) -> Self {
        let (versions, buckets, functions) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { settings, aws, versions, buckets, functions, rests_until: Mutex::default() }
    }

    /// AWS throttled it: for a short while the others are asked first.
    fn rest(&self) {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
    }

    fn rests(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// The region to use: the named one if it may be used, else the configured one.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`], [`Kind::InvalidField`] for a region that Remotion doesn't know.
    pub fn region<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str> {
        let own = self.settings.region.as_str();
        match named {
            None => Ok(own),
            Some(region) if region == own => Ok(own),
            Some(region) if self.settings.region_is_fixed => Err(not_allowed("region", region)),
            Some(region) if names::REGIONS.contains(&region) => Ok(region),
            Some(_) => Err(Error::field("region", "an AWS region that Remotion Lambda knows")),
        }
    }

    /// The function to invoke: the named one if it may be invoked, else the configured one, if any.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`]
    pub fn function<'a>(&'a self, named: Option<&'a str>) -> Result<Option<&'a str>> {
        let function = named.or(self.settings.function_name.as_deref());
        function.map_or(Ok(()), |function| self.check_function("functionName", function))?;
        Ok(function)
    }

    /// Refuses a function that may not be invoked; `field` is the request's name for it.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`]
    pub fn check_function(&self, field: &str, function: &str) -> Result<()> {
        let allowed = match &self.settings.function_name {
            Some(own) => function == own,
            None => {
                let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
                function.starts_with(names::FUNCTION_PREFIX) && function.len() <= 64 && function.bytes().all(word)
            }
        };
        if allowed { Ok(()) } else { Err(not_allowed(field, function)) }
    }

    /// Whether this is a render bucket of the account.
    pub fn is_render_bucket(&self, bucket: &str) -> bool {
        match &self.settings.bucket {
            Some(own) => bucket == own,
            None => bucket.starts_with(names::BUCKET_PREFIX) && names::is_bucket_name(bucket),
        }
    }

    /// An object in a bucket of the account; its owner is checked where it is known.
    pub fn object(&self, region: &str, bucket: &str, key: String) -> Object {
        let owner = self.settings.account_id.clone().filter(|_| self.is_render_bucket(bucket));
        Object { region: region.to_owned(), bucket: bucket.to_owned(), key, owner }
    }

    /// The Remotion version that the function speaks: from its name, else from the function itself,
    /// once.
    ///
    /// # Errors
    /// As [`Aws::invoke`]; [`Kind::UnreadableAnswer`] from something that is no Remotion function.
    pub async fn version(&self, region: &str, function: &str) -> Result<String> {
        if let Some(version) = FunctionName::parse(function).and_then(|name| name.version) {
            return Ok(version);
        }
        let place = format!("{region}/{function}");
        if let Some(version) = self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return Ok(version.clone());
        }
        let version = self.ask_version(region, function).await?;
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).insert(place, version.clone());
        Ok(version)
    }

    /// The version as the function itself tells it: one call.
    ///
    /// # Errors
    /// As [`Account::version`].
    pub async fn ask_version(&self, region: &str, function: &str) -> Result<String> {
        let event = reply::info_event().to_string().into_bytes();
        let answer = self.aws.invoke(region, function, event, OnThrottle::TryAgain).await?;
        reply::info(&answer.payload).ok_or_else(|| {
            Error::new(
                Kind::UnreadableAnswer,
                format!("`{function}` did not tell its version. Check that it is a Remotion function."),
            )
        })
    }

    /// What a function's refusal really is, if it is that `spoken` is not its version: a problem that tells
    /// both. Costs a call where the message speaks of versions.
    pub async fn version_mismatch(&self, region: &str, function: &str, spoken: &str, message: &str) -> Option<Error> {
        if !message.to_lowercase().contains("version") {
            return None;
        }
        let own = self.ask_version(region, function).await.ok().filter(|own| own != spoken)?;
        let detail = format!(
            "`{function}` runs Remotion {own}, but its name says {spoken}. Deploy function and site of one version, and name the new function."
        );
        Some(Error::new(Kind::VersionMismatch, detail).with("functionVersion", own).with("clientVersion", spoken))
    }

    /// The render bucket: the one named by the request, the configured one, else the only one of the
    /// region, found once.
    ///
    /// # Errors
    /// [`Kind::MissingField`] where there is none or more than one.
    pub async fn bucket(&self, region: &str, named: Option<&str>) -> Result<String> {
        if let Some(bucket) = named.or(self.settings.bucket.as_deref()) {
            return Ok(bucket.to_owned());
        }
        if let Some(bucket) = self.buckets.lock().unwrap_or_else(PoisonError::into_inner).get(region) {
            return Ok(bucket.clone());
        }
        let mut here = self.render_buckets(region).await?;
        let (Some(bucket), None) = (here.pop(), here.pop()) else {
            return Err(Error::new(
                Kind::MissingField,
                format!("There must be exactly one Remotion bucket in {region}. Send `forceBucketName`, set RENDERGATE_BUCKET, or make one by `rendergate bucket --region {region}`."),
            )
            .with("field", "forceBucketName"));
        };
        let bucket = bucket.name;
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).insert(region.to_owned(), bucket.clone());
        Ok(bucket)
    }

    /// The render buckets of a region: one listing, and one more call for each bucket whose name does not tell
    /// its region.
    ///
    /// # Errors
    /// What AWS refused.
    pub async fn render_buckets(&self, region: &str) -> Result<Vec<ListedBucket>> {
        let mut here = Vec::new();
        for bucket in self.aws.list_buckets(region, names::BUCKET_PREFIX).await? {
            if !self.is_render_bucket(&bucket.name) {
                continue;
            }
            if self.aws.region_of_render_bucket(&bucket.name, region).await.as_deref() == Some(region) {
                here.push(bucket);
            }
        }
        Ok(here)
    }
}

/// A function that is not there is the operator's to mend, unless the caller named it.
pub fn explain_missing(error: Error, region: &str, function: &str, was_named: bool) -> Error {
    if error.kind() != Kind::FunctionNotFound || was_named {
        return error;
    }
    let detail = format!(
        "The configured function `{function}` does not exist in {region}. Deploy it, or correct RENDERGATE_FUNCTION_NAME."
    );
    Error::new(Kind::FunctionMissing, detail).because(error)
}

/// A name that the configuration doesn't allow.
pub fn not_allowed(field: &str, name: &str) -> Error {
    Error::new(
        Kind::NotAllowed,
        format!("`{field}`: `{name}` is not allowed here. Use one that is configured, or have it configured."),
    )
    .with("field", field)
}
