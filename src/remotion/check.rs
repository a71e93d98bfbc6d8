//! Refuses, before anything is called, what is known to fail inside the function.
//!
//! The official client lets most of this through: the render then starts, costs, and fails, in the worst
//! case after every frame was rendered. Only what surely fails is refused; each rule was read off the
//! function's own checks of version 4.0.527. Limits are documented at
//! <https://www.remotion.dev/docs/lambda/rendermediaonlambda>.

mod codecs;
mod frames;
mod newer;
mod still;

use serde_json::{Value, json};

use super::number::Whole;
use super::options::MediaOptions;
use super::output;
use super::values::{Codec, ConcurrencyPerLambda, OutName};
use crate::error::{Error, Result};
pub use newer::known_to as options_known_to;
pub use still::{compositions, still};

/// Checks the options of a media render with this codec and site. Names that the configuration restricts
/// (regions, functions, buckets) are not looked at.
///
/// # Errors
/// [`Kind::InvalidField`](crate::error::Kind::InvalidField) for the first option that can't work; the member `errors` lists all of them where
/// there are more, each with `field` and `expected`.
///
/// ```
/// # use rendergate::remotion::{check, options::MediaOptions, values::Codec};
/// let options: MediaOptions = serde_json::from_str(r#"{"crf":0,"timeoutInMilliseconds":500}"#).unwrap();
/// let error = check::media(&options, Codec::H264, "my-site").unwrap_err();
/// assert_eq!(error.to_string(), "`timeoutInMilliseconds`: expected at least 7000.");
/// assert_eq!(error.members()["errors"][1]["field"], "crf");
/// ```
pub fn media(options: &MediaOptions, codec: Codec, serve_url: &str) -> Result<()> {
    let mut problems = Problems::default();
    places(options, codec, serve_url, &mut problems);
    numbers(options, &mut problems);
    browser(options, &mut problems);
    frames::check(options, &mut problems);
    codecs::check(options, codec, &mut problems);
    problems.into_result()
}

/// What is wrong, in the order found: the field, and what was expected there.
#[derive(Default)]
struct Problems(Vec<(&'static str, String)>);

impl Problems {
    fn unless(&mut self, fine: bool, field: &'static str, expected: impl Into<String>) {
        if !fine {
            self.0.push((field, expected.into()));
        }
    }

    fn into_result(self) -> Result<()> {
        let Some((field, expected)) = self.0.first() else { return Ok(()) };
        let first = Error::field(field, expected);
        if self.0.len() == 1 {
            return Err(first);
        }
        let all = self.0.iter().map(|(field, expected)| json!({"field": field, "expected": expected}));
        Err(first.with("errors", all.collect::<Vec<Value>>()))
    }
}

/// Where things are read from and written to.
fn places(options: &MediaOptions, codec: Codec, serve_url: &str, problems: &mut Problems) {
    problems.unless(!serve_url.starts_with("src/"), "serveUrl", "a URL or a site id, not a file of a project");
    match &options.out_name {
        Some(OutName::Name(name)) if !name.is_empty() => {
            let audio_codec = options.audio_codec.map(|codec| codec.as_str());
            match output::check_file_name(name, codec.as_str(), audio_codec) {
                // Told for audioCodec.
                Ok(()) | Err(output::OutputError::Codec(_)) => {}
                Err(output::OutputError::Extension { allowed, .. }) => {
                    let expected = format!("a name that ends in .{} with these codecs", allowed.join(" or ."));
                    problems.unless(false, "outName", expected);
                }
                Err(_) => problems.unless(false, "outName", output::KEY_START),
            }
        }
        Some(OutName::Place(place)) => {
            problems.unless(output::check_key(&place.key).is_ok(), "outName.key", output::KEY_START);
        }
        _ => {}
    }
    let url = options.webhook.as_ref().map(|webhook| webhook.url().to_ascii_lowercase());
    let http =
        |url: String| ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    problems.unless(url.is_none_or(http), "webhook.url", "an address that begins with https:// or http://");
}

/// Numbers with a range of their own.
fn numbers(options: &MediaOptions, problems: &mut Problems) {
    let mut at_least = |field, value: Option<Whole>, least| {
        problems.unless(value.is_none_or(|Whole(value)| value >= least), field, format!("at least {least}"));
    };
    at_least("timeoutInMilliseconds", options.timeout_in_milliseconds, 7000);
    at_least("gopSize", options.gop_size, 1);
    at_least("everyNthFrame", options.every_nth_frame, 1);
    at_least("forceHeight", options.force_height, 1);
    at_least("forceWidth", options.force_width, 1);
    at_least("forceDurationInFrames", options.force_duration_in_frames, 1);
    at_least("offthreadVideoCacheSizeInBytes", options.offthread_video_cache_size_in_bytes, 1);
    let positive = options.force_fps.as_ref().is_none_or(|fps| fps.get() > 0.0);
    problems.unless(positive, "forceFps", "more than 0");
    let scale = options.scale.as_ref().is_none_or(|scale| scale.get() > 0.0 && scale.get() <= 16.0);
    problems.unless(scale, "scale", "more than 0, and at most 16");
    let quality = options.jpeg_quality.is_none_or(|Whole(quality)| (0..=100).contains(&quality));
    problems.unless(quality, "jpegQuality", "0 to 100");
}

/// The OpenGL renderers of the browser.
const GL: [&str; 6] = ["swangle", "angle", "egl", "swiftshader", "vulkan", "angle-egl"];

/// How the browser runs.
fn browser(options: &MediaOptions, problems: &mut Problems) {
    let gl = options.chromium_options.as_ref().and_then(|options| options.gl.as_ref()?.as_deref());
    problems.unless(gl.is_none_or(|gl| GL.contains(&gl)), "chromiumOptions.gl", format!("one of {}", GL.join(", ")));
    let tabs = match &options.concurrency_per_lambda {
        None => true,
        Some(ConcurrencyPerLambda::Tabs(Whole(tabs))) => *tabs >= 1,
        Some(ConcurrencyPerLambda::Share(share)) => is_share(share),
    };
    problems.unless(tabs, "concurrencyPerLambda", "at least 1, or a percentage such as \"50%\"");
}

/// `50%`, `12.5%`. The function ignores the fraction, and needs one tab at least.
fn is_share(share: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = share.strip_suffix('%') else { return false };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    digits(whole) && digits(fraction) && whole.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests;
