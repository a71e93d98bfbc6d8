//! One image: the options of `renderStillOnLambda()`, and the `still` event.
//!
//! Strict, and null means left out, as in [`super::options`].
//! <https://www.remotion.dev/docs/lambda/renderstillonlambda>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::compositions::log_level;
use super::number::{Real, Whole};
use super::props::Props;
use super::values::{ChromiumOptions, DeleteAfter, DownloadBehavior, LogLevel, OutName, Privacy, object};
use crate::redacted::Redacted;

/// Format of a still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StillImageFormat {
    /// `png`
    #[default]
    Png,
    /// `jpeg`
    Jpeg,
    /// `webp`
    Webp,
    /// `pdf`
    Pdf,
}

impl StillImageFormat {
    /// The name on the wire, which is the extension too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Pdf => "pdf",
        }
    }
}

/// What to render, and how. Every option may be left out; what then has no default is asked for later.
///
/// # Different from the official client
/// It has no default for `inputProps`, `imageFormat` and `privacy`, and the function refuses an order without
/// them. Here they are those of Remotion's own command line: `{}`, png and public.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StillOptions {
    /// The deployed function; the configured one where left out. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#functionname)
    pub function_name: Option<String>,
    /// AWS region of the function; the configured one where left out. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#region)
    pub region: Option<String>,
    /// The site: a full URL, or a site id in the render bucket. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#serveurl)
    pub serve_url: Option<String>,
    /// Id of the composition to render. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#composition)
    pub composition: Option<String>,
    /// Props of the composition, any JSON; `{}` by default. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#inputprops)
    pub input_props: Option<Box<RawValue>>,
    /// png (default), jpeg, webp or pdf. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#imageformat)
    pub image_format: Option<StillImageFormat>,
    /// ACL of the image; public by default. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#privacy)
    pub privacy: Option<Privacy>,
    /// Which frame, from 0; negative ones count from the end, -1 being the last. Default 0. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#frame)
    pub frame: Option<Whole>,
    /// 0 to 100, default 80; only with jpeg. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#jpegquality)
    pub jpeg_quality: Option<Whole>,
    /// Deprecated name of `jpegQuality`, which wins over it.
    pub quality: Option<Whole>,
    /// How often a still is tried again whose stream broke; default 1. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#maxretries)
    pub max_retries: Option<Whole>,
    /// Environment variables of the render. Treated as secret. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#envvariables)
    pub env_variables: Option<Redacted<BTreeMap<String, String>>>,
    /// What the function logs; info by default. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#loglevel)
    pub log_level: Option<LogLevel>,
    /// Log what the browser logs: the same as `logLevel` verbose. Deprecated.
    pub dump_browser_logs: Option<bool>,
    /// Where the image goes; `out.<imageFormat>` in the render's folder by default. It replaces what is there. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#outname)
    pub out_name: Option<OutName>,
    /// How long the frame may wait for `delayRender()`, ms, at least 7000; default 30000. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#timeoutinmilliseconds)
    pub timeout_in_milliseconds: Option<Whole>,
    /// Options of the browser. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#chromiumoptions)
    #[serde(deserialize_with = "object")]
    pub chromium_options: Option<ChromiumOptions>,
    /// Factor of the image's size; default 1. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#scale)
    pub scale: Option<Real>,
    /// What a browser does with the image's link; shows it by default. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#downloadbehavior)
    #[serde(deserialize_with = "object")]
    pub download_behavior: Option<DownloadBehavior>,
    /// Overrides the composition's height, pixels. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#forceheight)
    pub force_height: Option<Whole>,
    /// Overrides the composition's width, pixels. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#forcewidth)
    pub force_width: Option<Whole>,
    /// Overrides the composition's frames per second. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#forcefps)
    pub force_fps: Option<Real>,
    /// Overrides the composition's duration, frames. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#forcedurationinframes)
    pub force_duration_in_frames: Option<Whole>,
    /// The render bucket, instead of the one found in the region. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#forcebucketname)
    pub force_bucket_name: Option<String>,
    /// Cache of `<OffthreadVideo>`, bytes. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#offthreadvideocachesizeinbytes)
    pub offthread_video_cache_size_in_bytes: Option<Whole>,
    /// When the bucket's lifecycle deletes the render. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#deleteafter)
    pub delete_after: Option<DeleteAfter>,
    /// Address buckets by path; default false. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#forcepathstyle)
    pub force_path_style: Option<bool>,
    /// Remotion licence key. Treated as secret. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#licensekey)
    pub license_key: Option<Redacted<String>>,
    /// Deprecated name of `licenseKey`, which wins over it.
    pub api_key: Option<Redacted<String>>,
    /// Threads of `<OffthreadVideo>`. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#offthreadvideothreads)
    pub offthread_video_threads: Option<Whole>,
    /// Cache of `@remotion/media`, bytes. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#mediacachesizeinbytes)
    pub media_cache_size_in_bytes: Option<Whole>,
    /// S3 storage class of the image. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#storageclass)
    pub storage_class: Option<String>,
    /// Whether the render counts as production for licensing; default true. [↗](https://www.remotion.dev/docs/lambda/renderstillonlambda#isproduction)
    pub is_production: Option<bool>,
}

impl StillOptions {
    /// The format, png where none is given.
    pub fn format(&self) -> StillImageFormat {
        self.image_format.unwrap_or_default()
    }
}

/// What a `still` needs beside the caller's options: everything that has been decided.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// The caller's options.
    pub options: &'a StillOptions,
    /// Id of the composition.
    pub composition: &'a str,
    /// The site.
    pub serve_url: &'a str,
    /// The Remotion version that the function speaks; it compares the text.
    pub version: &'a str,
    /// The render bucket, where it is not left to the function to find.
    pub bucket: Option<&'a str>,
    /// The packed props.
    pub props: Props<'a>,
    /// Whether the function may stream its answer. It can't in China.
    pub streamed: bool,
}

/// The event on the wire: 32 keys, all always present, in the order of the official client.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Still<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    composition: &'a str,
    serve_url: &'a str,
    input_props: Props<'a>,
    image_format: StillImageFormat,
    env_variables: BTreeMap<&'a str, &'a str>,
    jpeg_quality: Whole,
    max_retries: Whole,
    frame: Whole,
    privacy: Privacy,
    attempt: u8,
    log_level: LogLevel,
    out_name: Option<&'a OutName>,
    timeout_in_milliseconds: Whole,
    chromium_options: ChromiumOptions,
    scale: Real,
    download_behavior: DownloadBehavior,
    version: &'a str,
    force_height: Option<Whole>,
    force_width: Option<Whole>,
    force_fps: Option<&'a Real>,
    force_duration_in_frames: Option<Whole>,
    bucket_name: Option<&'a str>,
    offthread_video_cache_size_in_bytes: Option<Whole>,
    delete_after: Option<DeleteAfter>,
    streamed: bool,
    force_path_style: bool,
    license_key: Option<&'a str>,
    offthread_video_threads: Option<Whole>,
    media_cache_size_in_bytes: Option<Whole>,
    storage_class: Option<&'a str>,
    is_production: Option<bool>,
}

impl<'a> Still<'a> {
    /// Fills in the defaults of `renderStillOnLambda()`.
    pub fn new(given: Given<'a>) -> Self {
        let options = given.options;
        let env = options.env_variables.iter().flat_map(|map| map.expose());
        Self {
            kind: "still",
            composition: given.composition,
            serve_url: given.serve_url,
            input_props: given.props,
            image_format: options.format(),
            env_variables: env.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            jpeg_quality: options.jpeg_quality.or(options.quality).unwrap_or(Whole(80)),
            max_retries: options.max_retries.unwrap_or(Whole(1)),
            frame: options.frame.unwrap_or(Whole(0)),
            privacy: options.privacy.unwrap_or(Privacy::Public),
            attempt: 1,
            log_level: log_level(options.log_level, options.dump_browser_logs),
            out_name: options.out_name.as_ref(),
            timeout_in_milliseconds: options.timeout_in_milliseconds.unwrap_or(Whole(30_000)),
            chromium_options: options.chromium_options.clone().unwrap_or_default(),
            scale: options.scale.clone().unwrap_or(1.into()),
            download_behavior: options.download_behavior.clone().unwrap_or(DownloadBehavior::PlayInBrowser),
            version: given.version,
            force_height: options.force_height,
            force_width: options.force_width,
            force_fps: options.force_fps.as_ref(),
            force_duration_in_frames: options.force_duration_in_frames,
            bucket_name: given.bucket,
            offthread_video_cache_size_in_bytes: options.offthread_video_cache_size_in_bytes,
            delete_after: options.delete_after,
            streamed: given.streamed,
            force_path_style: options.force_path_style.unwrap_or(false),
            license_key: options.license_key.as_ref().or(options.api_key.as_ref()).map(|key| key.expose().as_str()),
            offthread_video_threads: options.offthread_video_threads,
            media_cache_size_in_bytes: options.media_cache_size_in_bytes,
            storage_class: options.storage_class.as_deref(),
            is_production: options.is_production,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_the_recorded_one_key_by_key() {
        let recorded = include_str!("../../tests/fixtures/remotion/4.0.527/captures/invoke-still.json");
        let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
        let options = r#"{"imageFormat":"png","frame":15,"dumpBrowserLogs":true,"forcePathStyle":true}"#;
        let options: StillOptions = serde_json::from_str(options).unwrap();
        let event = Still::new(Given {
            options: &options,
            composition: "Demo",
            serve_url: recorded["request"]["serveUrl"].as_str().unwrap(),
            version: "4.0.527",
            bucket: None,
            props: Props::Payload { payload: recorded["request"]["inputProps"]["payload"].as_str().unwrap() },
            streamed: true,
        });
        assert_eq!(serde_json::to_value(&event).unwrap(), recorded["request"]);
    }
}
