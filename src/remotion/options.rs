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
    LogLevel, OutName, Privacy, ProResProfile, VideoImageFormat, X264Preset, object,
};
use super::webhook::Webhook;
use crate::redacted::Redacted;

/// What to render, and how. Every option may be left out; what then has no default is asked for later.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MediaOptions {
    /// The deployed function; the configured one where left out. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#functionname)
    pub function_name: Option<String>,
    /// AWS region of the function; the configured one where left out. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#region)
    pub region: Option<String>,
    /// The site: a full URL, or a site id in the render bucket. The configured one where left out. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#serveurl)
    pub serve_url: Option<String>,
    /// Id of the composition to render. The configured one where left out. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#composition)
    pub composition: Option<String>,
    /// Video or audio codec; `h264` unless configured otherwise. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#codec)
    pub codec: Option<Codec>,
    /// Props of the composition, any JSON; `{}` by default. Large ones go to S3 first. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#inputprops)
    pub input_props: Option<Box<RawValue>>,
    /// Format of the frames between browser and encoder; `jpeg` by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#imageformat)
    pub image_format: Option<VideoImageFormat>,
    /// Constant rate factor: lower is better. h264 1 to 51 (18), h265 0 to 51 (23), vp8 4 to 63 (9), vp9 0 to 63 (28); not together with `videoBitrate`. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#crf)
    pub crf: Option<Real>,
    /// Environment variables of the render; none by default. Treated as secret. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#envvariables)
    pub env_variables: Option<Redacted<BTreeMap<String, String>>>,
    /// FFmpeg pixel format, such as `yuv420p`, the default of most codecs. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#pixelformat)
    pub pixel_format: Option<String>,
    /// Only with codec `prores`. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#proresprofile)
    pub pro_res_profile: Option<ProResProfile>,
    /// Speed of the encoder, only with codec `h264` (and `gif`, whose chunks are h264). [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#x264preset)
    pub x264_preset: Option<X264Preset>,
    /// Frames between two keyframes at the most; the codec's own by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#gopsize)
    pub gop_size: Option<Whole>,
    /// 0 to 100; 80 by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#jpegquality)
    pub jpeg_quality: Option<Whole>,
    /// How often a failed chunk is tried again; 1 by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#maxretries)
    pub max_retries: Option<Whole>,
    /// Frames of one chunk, at least 5, so that there are at most 200 chunks; not together with `concurrency`. By default 75 to 150 functions share the frames. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#framesperlambda)
    pub frames_per_lambda: Option<Whole>,
    /// How many functions render, 1 to 200; not together with `framesPerLambda`. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#concurrency)
    pub concurrency: Option<Whole>,
    /// ACL of the output; `public` by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#privacy)
    pub privacy: Option<Privacy>,
    /// What the function logs; `info` by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#loglevel)
    pub log_level: Option<LogLevel>,
    /// Which frames to render, both ends included; all by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#framerange)
    pub frame_range: Option<FrameRange>,
    /// Where the output goes; `out.<ext>` in the render's folder by default. The extension must fit the codecs. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#outname)
    pub out_name: Option<OutName>,
    /// How long a frame may wait for `delayRender()`, in milliseconds, at least 7000; 30000 by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#timeoutinmilliseconds)
    pub timeout_in_milliseconds: Option<Whole>,
    /// Options of the browser; none by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#chromiumoptions)
    #[serde(deserialize_with = "object")]
    pub chromium_options: Option<ChromiumOptions>,
    /// Factor of the output's size, above 0 and at most 16; 1 by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#scale)
    pub scale: Option<Real>,
    /// Render only every nth frame; 1 by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#everynthframe)
    pub every_nth_frame: Option<Whole>,
    /// How often a gif repeats, 0 or more; for ever where left out. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#numberofgifloops)
    pub number_of_gif_loops: Option<Whole>,
    /// Browser tabs per function: 1 to the function's processors, or a percentage of them; 1 by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#concurrencyperlambda)
    pub concurrency_per_lambda: Option<ConcurrencyPerLambda>,
    /// What a browser does with the output's link; it plays by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#downloadbehavior)
    #[serde(deserialize_with = "object")]
    pub download_behavior: Option<DownloadBehavior>,
    /// Leave the audio out; false by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#muted)
    pub muted: Option<bool>,
    /// Replace an existing output; false by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#overwrite)
    pub overwrite: Option<bool>,
    /// Bits per second, such as `320k`; `320k` by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#audiobitrate)
    pub audio_bitrate: Option<String>,
    /// Bits per second, such as `4M`; not together with `crf`. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#videobitrate)
    pub video_bitrate: Option<String>,
    /// Bits of FFmpeg's `-bufsize`, such as `10M`. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#buffersize)
    pub encoding_buffer_size: Option<String>,
    /// Bits per second of FFmpeg's `-maxrate`, such as `5M`; needs `encodingBufferSize`. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#maxrate)
    pub encoding_max_rate: Option<String>,
    /// Called by the function when the render ends; nobody by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#webhook)
    pub webhook: Option<Webhook>,
    /// Overrides the composition's height, pixels. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#forceheight)
    pub force_height: Option<Whole>,
    /// Overrides the composition's width, pixels. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#forcewidth)
    pub force_width: Option<Whole>,
    /// Overrides the composition's frames per second. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#forcefps)
    pub force_fps: Option<Real>,
    /// Overrides the composition's duration, frames. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#forcedurationinframes)
    pub force_duration_in_frames: Option<Whole>,
    /// The render bucket, instead of the one found in the region. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#forcebucketname)
    pub force_bucket_name: Option<String>,
    /// Codec of the sound; the default of the codec where left out. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#audiocodec)
    pub audio_codec: Option<AudioCodec>,
    /// Cache of `<OffthreadVideo>`, bytes; half of the free memory by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#offthreadvideocachesizeinbytes)
    pub offthread_video_cache_size_in_bytes: Option<Whole>,
    /// When the bucket's lifecycle deletes the render; never by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#deleteafter)
    pub delete_after: Option<DeleteAfter>,
    /// Colour space of the output; `default` where left out. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#colorspace)
    pub color_space: Option<ColorSpace>,
    /// Use the lossless audio codec; false by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#preferlossless)
    pub prefer_lossless: Option<bool>,
    /// Address buckets by path; false by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#forcepathstyle)
    pub force_path_style: Option<bool>,
    /// Metadata embedded into the file; none by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#metadata)
    pub metadata: Option<BTreeMap<String, String>>,
    /// Remotion licence key. Treated as secret. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#licensekey)
    pub license_key: Option<Redacted<String>>,
    /// Deprecated name of `licenseKey`, which wins over it.
    pub api_key: Option<Redacted<String>>,
    /// Threads of `<OffthreadVideo>`; 2 by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#offthreadvideothreads)
    pub offthread_video_threads: Option<Whole>,
    /// Cache of `@remotion/media`, bytes. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#mediacachesizeinbytes)
    pub media_cache_size_in_bytes: Option<Whole>,
    /// S3 storage class of the output, such as `STANDARD_IA`; the bucket's own by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#storageclass)
    pub storage_class: Option<String>,
    /// Whether the render counts as production for licensing; true by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#isproduction)
    pub is_production: Option<bool>,
    /// Of the sound, Hz; 48000 by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#samplerate)
    pub sample_rate: Option<Whole>,
    /// Another function that renders the chunks; the same by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#rendererfunctionname)
    pub renderer_function_name: Option<String>,
    /// Allow cancelling this render, at the price of a request per second and function; false by default. [↗](https://www.remotion.dev/docs/lambda/rendermediaonlambda#enablecancellation)
    pub enable_cancellation: Option<bool>,
    /// Do not take frames through shared memory; default false. For functions of 4.0.534 and newer.
    pub disable_shared_memory_capture: Option<bool>,
}
