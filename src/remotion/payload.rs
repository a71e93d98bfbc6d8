//! The `start` event: 55 keys, all always present, in the order of the official client.
//!
//! The function takes an absent key for "set" in several places, so that null must be written. Options
//! newer than 4.0.527 are written only where they are given.

use std::collections::BTreeMap;

use serde::Serialize;

use super::number::{Real, Whole};
use super::options::MediaOptions;
use super::props::Props;
use super::values::{
    AudioCodec, ChromiumOptions, Codec, ColorSpace, ConcurrencyPerLambda, DeleteAfter, DownloadBehavior, FrameRange,
    LogLevel, OutName, Privacy, ProResProfile, VideoImageFormat, X264Preset,
};
use super::webhook::Webhook;

/// What a `start` needs beside the caller's options: everything that has been decided.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// The caller's options.
    pub options: &'a MediaOptions,
    /// How many functions render: as the options say, or fewer.
    pub concurrency: Option<Whole>,
    /// Id of the composition.
    pub composition: &'a str,
    /// The site.
    pub serve_url: &'a str,
    /// The codec.
    pub codec: Codec,
    /// The Remotion version that the function speaks; it compares the text.
    pub version: &'a str,
    /// The render bucket, where it is not left to the function to find.
    pub bucket: Option<&'a str>,
    /// The packed props.
    pub props: Props<'a>,
    /// Called at the end where the caller names no webhook.
    pub webhook: Option<&'a Webhook>,
}

impl<'a> Given<'a> {
    fn env_variables(&self) -> BTreeMap<&'a str, &'a str> {
        let variables = self.options.env_variables.iter().flat_map(|map| map.expose());
        variables.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// The event on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Start<'a> {
    enable_cancellation: bool,
    renderer_function_name: Option<&'a str>,
    frames_per_lambda: Option<Whole>,
    concurrency: Option<Whole>,
    composition: &'a str,
    serve_url: &'a str,
    input_props: Props<'a>,
    codec: Codec,
    image_format: VideoImageFormat,
    crf: Option<&'a Real>,
    env_variables: BTreeMap<&'a str, &'a str>,
    pixel_format: Option<&'a str>,
    pro_res_profile: Option<ProResProfile>,
    x264_preset: Option<X264Preset>,
    gop_size: Option<Whole>,
    jpeg_quality: Whole,
    max_retries: Whole,
    privacy: Privacy,
    log_level: LogLevel,
    frame_range: Option<FrameRange>,
    out_name: Option<&'a OutName>,
    timeout_in_milliseconds: Whole,
    chromium_options: ChromiumOptions,
    scale: Real,
    every_nth_frame: Whole,
    number_of_gif_loops: Option<Whole>,
    concurrency_per_lambda: ConcurrencyPerLambda,
    download_behavior: DownloadBehavior,
    muted: bool,
    version: &'a str,
    overwrite: bool,
    audio_bitrate: Option<&'a str>,
    video_bitrate: Option<&'a str>,
    encoding_buffer_size: Option<&'a str>,
    encoding_max_rate: Option<&'a str>,
    webhook: Option<&'a Webhook>,
    force_height: Option<Whole>,
    force_width: Option<Whole>,
    force_fps: Option<&'a Real>,
    force_duration_in_frames: Option<Whole>,
    bucket_name: Option<&'a str>,
    audio_codec: Option<AudioCodec>,
    #[serde(rename = "type")]
    kind: &'static str,
    offthread_video_cache_size_in_bytes: Option<Whole>,
    delete_after: Option<DeleteAfter>,
    color_space: Option<ColorSpace>,
    prefer_lossless: bool,
    force_path_style: bool,
    metadata: Option<&'a BTreeMap<String, String>>,
    license_key: Option<&'a str>,
    offthread_video_threads: Option<Whole>,
    media_cache_size_in_bytes: Option<Whole>,
    storage_class: Option<&'a str>,
    is_production: Option<bool>,
    sample_rate: Whole,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_shared_memory_capture: Option<bool>,
}

impl<'a> Start<'a> {
    /// Fills in the defaults of `renderMediaOnLambda()`.
    pub fn new(given: Given<'a>) -> Self {
        let options = given.options;
        let env_variables = given.env_variables();
        Self {
            enable_cancellation: options.enable_cancellation.unwrap_or(false),
            renderer_function_name: options.renderer_function_name.as_deref(),
            frames_per_lambda: options.frames_per_lambda,
            concurrency: given.concurrency,
            composition: given.composition,
            serve_url: given.serve_url,
            input_props: given.props,
            codec: given.codec,
            image_format: options.image_format.unwrap_or(VideoImageFormat::Jpeg),
            crf: options.crf.as_ref(),
            env_variables,
            pixel_format: options.pixel_format.as_deref(),
            pro_res_profile: options.pro_res_profile,
            x264_preset: options.x264_preset,
            gop_size: options.gop_size,
            jpeg_quality: options.jpeg_quality.unwrap_or(Whole(80)),
            max_retries: options.max_retries.unwrap_or(Whole(1)),
            privacy: options.privacy.unwrap_or(Privacy::Public),
            log_level: options.log_level.unwrap_or(LogLevel::Info),
            frame_range: options.frame_range,
            out_name: options.out_name.as_ref(),
            timeout_in_milliseconds: options.timeout_in_milliseconds.unwrap_or(Whole(30_000)),
            chromium_options: options.chromium_options.clone().unwrap_or_default(),
            scale: options.scale.clone().unwrap_or(Real::from(1)),
            every_nth_frame: options.every_nth_frame.unwrap_or(Whole(1)),
            number_of_gif_loops: options.number_of_gif_loops,
            concurrency_per_lambda: options
                .concurrency_per_lambda
                .clone()
                .unwrap_or(ConcurrencyPerLambda::Tabs(Whole(1))),
            download_behavior: options.download_behavior.clone().unwrap_or(DownloadBehavior::PlayInBrowser),
            muted: options.muted.unwrap_or(false),
            version: given.version,
            overwrite: options.overwrite.unwrap_or(false),
            audio_bitrate: options.audio_bitrate.as_deref(),
            video_bitrate: options.video_bitrate.as_deref(),
            encoding_buffer_size: options.encoding_buffer_size.as_deref(),
            encoding_max_rate: options.encoding_max_rate.as_deref(),
            webhook: options.webhook.as_ref().or(given.webhook),
            force_height: options.force_height,
            force_width: options.force_width,
            force_fps: options.force_fps.as_ref(),
            force_duration_in_frames: options.force_duration_in_frames,
            bucket_name: given.bucket,
            audio_codec: options.audio_codec,
            kind: "start",
            offthread_video_cache_size_in_bytes: options.offthread_video_cache_size_in_bytes,
            delete_after: options.delete_after,
            color_space: options.color_space,
            prefer_lossless: options.prefer_lossless.unwrap_or(false),
            force_path_style: options.force_path_style.unwrap_or(false),
            metadata: options.metadata.as_ref(),
            license_key: options.license_key.as_ref().or(options.api_key.as_ref()).map(|key| key.expose().as_str()),
            offthread_video_threads: options.offthread_video_threads,
            media_cache_size_in_bytes: options.media_cache_size_in_bytes,
            storage_class: options.storage_class.as_deref(),
            is_production: options.is_production,
            sample_rate: options.sample_rate.unwrap_or(Whole(48_000)),
            disable_shared_memory_capture: options.disable_shared_memory_capture,
        }
    }
}
