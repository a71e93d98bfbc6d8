//! The options of `renderMediaOnLambda()`, by the same names and JSON types.
//!
//! Strict: an unknown field or a wrong type is refused. `null` means the same as leaving the
//! option out. <https://www.remotion.dev/docs/lambda/rendermediaonlambda>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::number::{Real, Whole};
use super::values::{
    AudioCodec, ChromiumOptions, Codec, ColorSpace, ConcurrencyPerLambda, DeleteAfter, DownloadBehavior, FrameRange,
    LogLevel, OutName, Privacy, ProResProfile, VideoImageFormat, Webhook, X264Preset, object,
};
use crate::redacted::Redacted;

/// What to render, and how. Every option may be left out; what then has no default is asked for later.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MediaOptions {
    /// The deployed function; the configured one where left out.
    pub function_name: Option<String>,
    /// AWS region of the function; the configured one where left out.
    pub region: Option<String>,
    /// The site: a full URL, or a site id in the render bucket.
    pub serve_url: Option<String>,
    /// Id of the composition to render.
    pub composition: Option<String>,
    /// Video or audio codec; h264 unless configured otherwise.
    pub codec: Option<Codec>,
    /// Props of the composition, any JSON; `{}` by default.
    pub input_props: Option<Box<RawValue>>,
    /// Format of the intermediate frames; jpeg by default.
    pub image_format: Option<VideoImageFormat>,
    /// Constant rate factor: lower is better; range and default depend on the codec.
    pub crf: Option<Real>,
    /// Environment variables of the render. Treated as secret.
    pub env_variables: Option<Redacted<BTreeMap<String, String>>>,
    /// FFmpeg pixel format, such as yuv420p.
    pub pixel_format: Option<String>,
    /// Only with codec prores.
    pub pro_res_profile: Option<ProResProfile>,
    /// Only with codec h264.
    pub x264_preset: Option<X264Preset>,
    /// Frames between two keyframes at the most.
    pub gop_size: Option<Whole>,
    /// 0 to 100, default 80.
    pub jpeg_quality: Option<Whole>,
    /// How often a failed chunk is tried again; default 1.
    pub max_retries: Option<Whole>,
    /// Frames of one chunk, at least 5; not together with `concurrency`.
    pub frames_per_lambda: Option<Whole>,
    /// How many functions render, 1 to 200; not together with `framesPerLambda`.
    pub concurrency: Option<Whole>,
    /// ACL of the output; public by default.
    pub privacy: Option<Privacy>,
    /// What the function logs; info by default.
    pub log_level: Option<LogLevel>,
    /// Which frames to render, both ends included; all by default.
    pub frame_range: Option<FrameRange>,
    /// Where the output goes; `out.<ext>` in the render's folder by default.
    pub out_name: Option<OutName>,
    /// How long one frame may wait for `delayRender()`, ms, at least 7000; default 30000.
    pub timeout_in_milliseconds: Option<Whole>,
    /// Options of the browser.
    #[serde(deserialize_with = "object")]
    pub chromium_options: Option<ChromiumOptions>,
    /// Factor of the output's size; default 1.
    pub scale: Option<Real>,
    /// Render only every nth frame (gif); default 1.
    pub every_nth_frame: Option<Whole>,
    /// How often a gif repeats; null repeats for ever.
    pub number_of_gif_loops: Option<Whole>,
    /// Browser tabs per function: a number or a percentage; default 1.
    pub concurrency_per_lambda: Option<ConcurrencyPerLambda>,
    /// What a browser does with the output's link; plays it by default.
    #[serde(deserialize_with = "object")]
    pub download_behavior: Option<DownloadBehavior>,
    /// Leave the audio out; default false.
    pub muted: Option<bool>,
    /// Replace an existing output; default false.
    pub overwrite: Option<bool>,
    /// Such as `320k`.
    pub audio_bitrate: Option<String>,
    /// Such as `4M`; not together with `crf`.
    pub video_bitrate: Option<String>,
    /// FFmpeg's -bufsize, such as `10M`.
    pub encoding_buffer_size: Option<String>,
    /// FFmpeg's -maxrate, such as `5M`.
    pub encoding_max_rate: Option<String>,
    /// Called by the function when the render ends.
    pub webhook: Option<Webhook>,
    /// Overrides the composition's height, pixels.
    pub force_height: Option<Whole>,
    /// Overrides the composition's width, pixels.
    pub force_width: Option<Whole>,
    /// Overrides the composition's frames per second.
    pub force_fps: Option<Real>,
    /// Overrides the composition's duration, frames.
    pub force_duration_in_frames: Option<Whole>,
    /// The render bucket, instead of the one found in the region.
    pub force_bucket_name: Option<String>,
    /// Audio codec; the codec's default where left out.
    pub audio_codec: Option<AudioCodec>,
    /// Cache of `<OffthreadVideo>`, bytes.
    pub offthread_video_cache_size_in_bytes: Option<Whole>,
    /// When the bucket's lifecycle deletes the render.
    pub delete_after: Option<DeleteAfter>,
    /// Colour space of the output.
    pub color_space: Option<ColorSpace>,
    /// Use the lossless variant of the audio codec; default false.
    pub prefer_lossless: Option<bool>,
    /// Address buckets by path; default false.
    pub force_path_style: Option<bool>,
    /// Metadata embedded into the file.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Remotion licence key. Treated as secret.
    pub license_key: Option<Redacted<String>>,
    /// Deprecated name of `licenseKey`, which wins over it.
    pub api_key: Option<Redacted<String>>,
    /// Threads of `<OffthreadVideo>`.
    pub offthread_video_threads: Option<Whole>,
    /// Cache of `@remotion/media`, bytes.
    pub media_cache_size_in_bytes: Option<Whole>,
    /// S3 storage class of the output.
    pub storage_class: Option<String>,
    /// Whether the render counts as production for licensing; default true.
    pub is_production: Option<bool>,
    /// Audio sample rate, Hz; default 48000.
    pub sample_rate: Option<Whole>,
    /// Another function that renders the chunks.
    pub renderer_function_name: Option<String>,
    /// Allow cancelling this render; default false.
    pub enable_cancellation: Option<bool>,
    /// Do not take frames through shared memory; default false. For functions of 4.0.534 and newer.
    pub disable_shared_memory_capture: Option<bool>,
}
