//! What a site holds: the options of `getCompositionsOnLambda()`, and the `compositions` event.
//!
//! Strict, and null means left out, as in [`super::options`].
//! <https://www.remotion.dev/docs/lambda/getcompositionsonlambda>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::number::Whole;
use super::props::Props;
use super::values::{ChromiumOptions, LogLevel, object};
use crate::redacted::Redacted;

/// Which site, and how to open it. Every option may be left out; what then has no default is asked for later.
///
/// # Different from the official client
/// It fails without `inputProps` or `envVariables`. Here they are `{}` where left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CompositionsOptions {
    /// The deployed function; the configured one where left out. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#functionname)
    pub function_name: Option<String>,
    /// AWS region of the function; the configured one where left out. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#region)
    pub region: Option<String>,
    /// The site: a full URL, or a site id in the render bucket. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#serveurl)
    pub serve_url: Option<String>,
    /// Props that the compositions are computed with, any JSON; `{}` by default. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#inputprops)
    pub input_props: Option<Box<RawValue>>,
    /// Environment variables of the site. Treated as secret. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#envvariables)
    pub env_variables: Option<Redacted<BTreeMap<String, String>>>,
    /// How long the site may wait for `delayRender()`, ms, at least 7000; default 30000. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#timeoutinmilliseconds)
    pub timeout_in_milliseconds: Option<Whole>,
    /// Options of the browser. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#chromiumoptions)
    #[serde(deserialize_with = "object")]
    pub chromium_options: Option<ChromiumOptions>,
    /// What the function logs; info by default. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#loglevel)
    pub log_level: Option<LogLevel>,
    /// Log what the browser logs: the same as `logLevel` verbose. Deprecated.
    pub dump_browser_logs: Option<bool>,
    /// The render bucket, instead of the one found in the region. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#forcebucketname)
    pub force_bucket_name: Option<String>,
    /// Cache of `<OffthreadVideo>`, bytes. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#offthreadvideocachesizeinbytes)
    pub offthread_video_cache_size_in_bytes: Option<Whole>,
    /// Address buckets by path; default false. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#forcepathstyle)
    pub force_path_style: Option<bool>,
    /// Cache of `@remotion/media`, bytes. [↗](https://www.remotion.dev/docs/lambda/getcompositionsonlambda#mediacachesizeinbytes)
    pub media_cache_size_in_bytes: Option<Whole>,
}

/// What a `compositions` needs beside the caller's options: everything that has been decided.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// The caller's options.
    pub options: &'a CompositionsOptions,
    /// The site.
    pub serve_url: &'a str,
    /// The Remotion version that the function speaks; it compares the text.
    pub version: &'a str,
    /// The render bucket, where it is not left to the function to find.
    pub bucket: Option<&'a str>,
    /// The packed props.
    pub props: Props<'a>,
}

/// The level of an order that may carry the deprecated `dumpBrowserLogs`, which means verbose.
pub(super) fn log_level(level: Option<LogLevel>, dump_browser_logs: Option<bool>) -> LogLevel {
    if dump_browser_logs == Some(true) { LogLevel::Verbose } else { level.unwrap_or(LogLevel::Info) }
}

/// The event on the wire, in the order of the official client.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compositions<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    chromium_options: ChromiumOptions,
    serve_url: &'a str,
    env_variables: BTreeMap<&'a str, &'a str>,
    input_props: Props<'a>,
    log_level: LogLevel,
    timeout_in_milliseconds: Whole,
    version: &'a str,
    bucket_name: Option<&'a str>,
    offthread_video_cache_size_in_bytes: Option<Whole>,
    force_path_style: bool,
    media_cache_size_in_bytes: Option<Whole>,
}

impl<'a> Compositions<'a> {
    /// Fills in the defaults of `getCompositionsOnLambda()`.
    pub fn new(given: Given<'a>) -> Self {
        let options = given.options;
        let env = options.env_variables.iter().flat_map(|map| map.expose());
        Self {
            kind: "compositions",
            chromium_options: options.chromium_options.clone().unwrap_or_default(),
            serve_url: given.serve_url,
            env_variables: env.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            input_props: given.props,
            log_level: log_level(options.log_level, options.dump_browser_logs),
            timeout_in_milliseconds: options.timeout_in_milliseconds.unwrap_or(Whole(30_000)),
            version: given.version,
            bucket_name: given.bucket,
            offthread_video_cache_size_in_bytes: options.offthread_video_cache_size_in_bytes,
            force_path_style: options.force_path_style.unwrap_or(false),
            media_cache_size_in_bytes: options.media_cache_size_in_bytes,
        }
    }
}
