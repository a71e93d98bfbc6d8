//! `progress.json`, the file in which a render keeps its state, read tolerantly: fields that an older
//! function did not write have defaults, fields that a newer one adds are ignored.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::RenderError;
use crate::remotion::output::{OutputError, StoredName};

/// How long Lambda lets a function run, 15 minutes.
const LONGEST_MS: i64 = 900_000;

/// Why a `progress.json` gives no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unreadable {
    /// Not the JSON that a Remotion function writes. Check that the bucket and the render are Remotion's.
    Json(serde_json::Error),
    /// Marked as finished, but without its metadata. Nothing can be known; render again.
    NoMetadata,
    /// Finished, but its output can't be where the metadata say.
    Output(OutputError),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "progress.json is not readable: {error}"),
            Self::NoMetadata => f.write_str("progress.json says finished but lacks renderMetadata"),
            Self::Output(error) => write!(f, "the output's place is unknown: {error}"),
        }
    }
}

impl Error for Unreadable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::Output(error) => Some(error),
            Self::NoMetadata => None,
        }
    }
}

impl From<OutputError> for Unreadable {
    fn from(error: OutputError) -> Self {
        Self::Output(error)
    }
}

/// The contents of `progress.json`. Timestamps are milliseconds since 1970, durations milliseconds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProgressFile {
    /// Whether the render was started with `enableCancellation`.
    pub cancellation_enabled: Option<bool>,
    /// Chunks that are done, in the order in which they ended; some versions list each one per track.
    pub chunks: Vec<u64>,
    /// Frames rendered so far.
    pub frames_rendered: f64,
    /// Frames encoded so far.
    pub frames_encoded: f64,
    /// Frames of the chunks combined so far; a mean over several steps, hence possibly fractional.
    pub combined_frames: f64,
    /// How long combining took, once it is done.
    pub time_to_combine: Option<i64>,
    /// How long encoding took, once it is done.
    pub time_to_encode: Option<i64>,
    /// How long rendering all frames took, once it is done.
    pub time_to_render_frames: Option<i64>,
    /// Invocations of render functions so far.
    pub lambdas_invoked: u64,
    /// Repeated chunks, passed through: `{chunk, attempt, time}`.
    pub retries: Vec<Value>,
    /// Written when the render is finished.
    pub post_render_data: Option<PostRenderData>,
    /// When each finished chunk was rendered.
    pub timings: Vec<Timing>,
    /// Errors so far, fatal or not.
    pub errors: Vec<RenderError>,
    /// When the render failed.
    pub fatal_error_timestamp: Option<i64>,
    /// When the main function will be stopped by Lambda.
    pub timeout_timestamp: Option<i64>,
    /// When the main function began.
    pub function_launched: Option<i64>,
    /// When the browser had opened the site.
    pub serve_url_opened: Option<i64>,
    /// When the composition had been found.
    pub composition_validated: Option<i64>,
    /// Artifacts, passed through: `{filename, sizeInBytes, s3Url, s3Key}`. None from functions older than
    /// artifacts.
    pub received_artifact: Option<Vec<Value>>,
    /// The metadata as they were written, for the answer.
    #[serde(rename = "renderMetadata")]
    pub raw_metadata: Option<Box<RawValue>>,
    /// The part of them that is needed here. None until the composition is known.
    #[serde(skip)]
    pub metadata: Option<RenderMetadata>,
}

/// When one chunk was rendered, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// The begin.
    pub start: i64,
    /// The end.
    pub rendered: i64,
}

/// What a render was asked for, as far as its progress depends on it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RenderMetadata {
    /// `video` (also for audio and GIF) or `still`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The codec; none for stills.
    pub codec: Option<String>,
    /// The audio codec, if one was asked for.
    pub audio_codec: Option<String>,
    /// The format of frames, or of the still.
    pub image_format: Option<String>,
    /// First and last frame, both included.
    pub frame_range: (i64, i64),
    /// Of these, every nth is rendered.
    pub every_nth_frame: Option<u32>,
    /// When the render began, in milliseconds since 1970.
    pub started_date: i64,
    /// Chunks in all.
    pub total_chunks: u64,
    /// Expected invocations of render functions; 0 when the main function renders alone.
    pub estimated_render_lambda_invokations: u64,
    /// The function that renders the chunks.
    pub renderer_function_name: Option<String>,
    /// The render's id.
    pub render_id: String,
    /// The asked-for place of the output.
    pub out_name: Option<StoredName>,
}

/// What a finished render says about itself. Durations in milliseconds, sizes in bytes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "each field goes into the field of the same name of the answer, where it is explained")]
pub struct PostRenderData {
    pub cost: PostRenderCost,
    pub output_file: Option<String>,
    pub output_size: u64,
    pub render_size: u64,
    pub time_to_finish: Option<i64>,
    pub time_to_render_frames: Option<i64>,
    pub time_to_render_chunks: Option<i64>,
    pub time_to_encode: Option<i64>,
    pub time_to_combine: Option<i64>,
    pub time_to_clean_up: Option<i64>,
    pub files_cleaned_up: u64,
    pub errors: Vec<RenderError>,
    pub retries_info: Vec<Value>,
    pub most_expensive_frame_ranges: Option<Vec<Value>>,
    pub estimated_billing_duration_in_milliseconds: Option<i64>,
}

/// The final costs, as the function computed them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "as PostRenderData")]
pub struct PostRenderCost {
    pub estimated_cost: f64,
    pub estimated_display_cost: String,
    pub currency: String,
    pub disclaimer: String,
}

impl ProgressFile {
    /// Reads the bytes of a `progress.json`.
    ///
    /// # Errors
    /// [`Unreadable::Json`]: not JSON, cut short, or fields of another type.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        // serde would take an array for a struct, too.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Unreadable::Json(serde::de::Error::custom("not an object")));
        }
        let mut file: Self = serde_json::from_slice(bytes).map_err(Unreadable::Json)?;
        let raw = file.raw_metadata.as_deref();
        file.metadata = raw.map(|raw| serde_json::from_str(raw.get())).transpose().map_err(Unreadable::Json)?;
        Ok(file)
    }

    /// Chunks of the render that are not done, in ascending order.
    ///
    /// # Different from the official client
    /// It divides the length of the list by the number of tracks, because functions once listed each chunk
    /// once per track. As they list it once today, it never finds a render with audio and video complete.
    /// We look at the distinct chunks, which is right for both.
    pub(super) fn missing_chunks(&self, metadata: &RenderMetadata) -> impl Iterator<Item = u64> {
        let done: HashSet<u64> = self.chunks.iter().copied().collect();
        (0..metadata.total_chunks).filter(move |chunk| !done.contains(chunk))
    }

    /// When Lambda stops the main function. A still of 4.0.527 writes the time that is left instead, which is
    /// never more than Lambda's limit.
    pub(super) fn ends_at(&self) -> Option<i64> {
        let end = self.timeout_timestamp?;
        let left = self.function_launched.filter(|_| (0..=LONGEST_MS).contains(&end));
        Some(left.map_or(end, |start| start.saturating_add(end)))
    }

    /// Whether the render has failed for good.
    pub(super) fn has_fatal_error(&self) -> bool {
        self.errors.iter().any(RenderError::is_final)
    }

    /// From the begin of the first chunk to the end of the last, in milliseconds.
    pub(super) fn chunks_duration(&self) -> Option<i64> {
        let start = self.timings.iter().map(|timing| timing.start).min()?;
        let end = self.timings.iter().map(|timing| timing.rendered).max()?;
        Some(end.saturating_sub(start))
    }
}

impl RenderMetadata {
    /// Whether this is a single image.
    pub fn is_still(&self) -> bool {
        self.kind == "still"
    }

    /// Frames that the render has to produce.
    pub fn frame_count(&self) -> u64 {
        let (first, last) = self.frame_range;
        let range = u64::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or_default();
        range.div_ceil(u64::from(self.every_nth_frame.unwrap_or(1).max(1)))
    }
}
