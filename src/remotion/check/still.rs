//! Stills and compositions: what their functions surely refuse, after the browser was started.

use super::{GL, Problems};
use crate::error::Result;
use crate::remotion::compositions::CompositionsOptions;
use crate::remotion::number::Whole;
use crate::remotion::output;
use crate::remotion::still::StillOptions;
use crate::remotion::values::{ChromiumOptions, OutName};

/// Checks the options of a still of this site, as [`media`](super::media) does those of a video.
///
/// # Errors
/// As [`media`](super::media).
pub fn still(options: &StillOptions, serve_url: &str) -> Result<()> {
    let mut problems = Problems::default();
    site(serve_url, options.timeout_in_milliseconds, options.chromium_options.as_ref(), &mut problems);
    let place = match &options.out_name {
        Some(OutName::Name(name)) if !name.is_empty() => Some(("outName", name)),
        Some(OutName::Place(place)) => Some(("outName.key", &place.key)),
        _ => None,
    };
    if let Some((field, key)) = place {
        problems.unless(output::check_key(key).is_ok(), field, output::KEY_START);
    }
    let mut at_least_one = |field, value: Option<Whole>| {
        problems.unless(value.is_none_or(|Whole(value)| value >= 1), field, "at least 1");
    };
    at_least_one("forceHeight", options.force_height);
    at_least_one("forceWidth", options.force_width);
    at_least_one("forceDurationInFrames", options.force_duration_in_frames);
    let positive = options.force_fps.as_ref().is_none_or(|fps| fps.get() > 0.0);
    problems.unless(positive, "forceFps", "more than 0");
    let scale = options.scale.as_ref().is_none_or(|scale| scale.get() > 0.0 && scale.get() <= 16.0);
    problems.unless(scale, "scale", "more than 0, and at most 16");
    let quality = options.jpeg_quality.or(options.quality);
    problems.unless(quality.is_none_or(|Whole(quality)| (0..=100).contains(&quality)), "jpegQuality", "0 to 100");
    problems.into_result()
}

/// Checks the options of a list of compositions of this site.
///
/// # Errors
/// As [`media`](super::media).
pub fn compositions(options: &CompositionsOptions, serve_url: &str) -> Result<()> {
    let mut problems = Problems::default();
    site(serve_url, options.timeout_in_milliseconds, options.chromium_options.as_ref(), &mut problems);
    problems.into_result()
}

fn site(serve_url: &str, timeout: Option<Whole>, browser: Option<&ChromiumOptions>, problems: &mut Problems) {
    problems.unless(!serve_url.starts_with("src/"), "serveUrl", "a URL or a site id, not a file of a project");
    problems.unless(timeout.is_none_or(|Whole(ms)| ms >= 7000), "timeoutInMilliseconds", "at least 7000");
    let gl = browser.and_then(|options| options.gl.as_ref()?.as_deref());
    problems.unless(gl.is_none_or(|gl| GL.contains(&gl)), "chromiumOptions.gl", format!("one of {}", GL.join(", ")));
}
