//! The answer of `getRenderProgress()`, field for field. See
//! <https://www.remotion.dev/docs/lambda/getrenderprogress>.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::remotion::number::as_javascript;
use crate::remotion::price::Costs;

/// How a render stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Under way. Ask again.
    Rendering,
    /// Finished: `outBucket` and `outKey` say where the output is.
    Done,
    /// Failed for good: `errors` says why.
    Failed,
    /// Cancelled by a caller.
    Cancelled,
}

impl Status {
    /// Whether it stays like this.
    pub fn is_final(self) -> bool {
        self != Self::Rendering
    }
}

/// What Remotion says about a render. Timestamps are milliseconds since 1970, durations milliseconds, sizes
/// bytes; null where nothing is known yet.
///
/// Read tolerantly, so that the answer of a function of another version is understood as well.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Progress {
    /// Frames rendered so far.
    #[serde(serialize_with = "as_javascript")]
    pub frames_rendered: f64,
    /// The render bucket, which holds `progress.json`.
    pub bucket: String,
    /// Bytes of all files of the render; 0 until it is done.
    pub render_size: u64,
    /// Chunks that are done.
    pub chunks: u64,
    /// What was deleted at the end: nothing, in current versions.
    pub cleanup: Option<Cleanup>,
    /// What was spent so far.
    pub costs: Option<Costs>,
    /// When this answer was computed.
    pub current_time: i64,
    /// Whether the output is there.
    pub done: bool,
    /// How far encoding is.
    pub encoding_status: Option<EncodingStatus>,
    /// Errors so far. Not all are fatal: see [`RenderError::is_final`].
    pub errors: Vec<RenderError>,
    /// Whether the render has failed for good.
    pub fatal_error_encountered: bool,
    /// Render functions invoked so far.
    pub lambdas_invoked: u64,
    /// The output's address once it is done. It opens only if the output is public.
    pub output_file: Option<String>,
    /// The render's id.
    pub render_id: String,
    /// How long the whole render took.
    pub time_to_finish: Option<i64>,
    /// How long it took until the last chunk was done.
    pub time_to_finish_chunks: Option<i64>,
    /// How long rendering the frames took.
    pub time_to_render_frames: Option<i64>,
    /// From 0 to 1.
    #[serde(serialize_with = "as_javascript")]
    pub overall_progress: f64,
    /// Repeated chunks: `{chunk, attempt, time}`.
    pub retries_info: Vec<Value>,
    /// The output's key once it is done.
    pub out_key: Option<String>,
    /// The output's bucket once it is done.
    pub out_bucket: Option<String>,
    /// The slowest chunks, at most five, once it is done: `{timeInMilliseconds, chunk, frameRange}`.
    pub most_expensive_frame_ranges: Option<Vec<Value>>,
    /// How long encoding took.
    pub time_to_encode: Option<i64>,
    /// The output's size once it is done.
    pub output_size_in_bytes: Option<u64>,
    /// `success`: the status could be computed; says nothing about the render.
    pub r#type: String,
    /// Estimated duration of all invocations together.
    pub estimated_billing_duration_in_milliseconds: Option<i64>,
    /// How long combining the chunks took.
    pub time_to_combine: Option<i64>,
    /// Frames of the chunks combined so far.
    #[serde(serialize_with = "as_javascript")]
    pub combined_frames: f64,
    /// What the render was asked for, as Remotion keeps it. Null until the composition is known.
    pub render_metadata: Option<Box<RawValue>>,
    /// When Lambda will stop the main function.
    pub timeout_timestamp: Option<i64>,
    /// When the composition had been found.
    pub composition_validated: Option<i64>,
    /// When the main function began.
    pub function_launched: Option<i64>,
    /// When the browser had opened the site.
    pub serve_url_opened: Option<i64>,
    /// Artifacts so far: `{filename, sizeInBytes, s3Url, s3Key}`. Left out by functions older than artifacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<Vec<Value>>,
}

impl Progress {
    /// How the render stands.
    ///
    /// A cancelled render is one whose first final error is a cancellation. Later ones don't count: when
    /// the main function fails, it cancels the others, and they report that too. Nor does the timeout that
    /// we add when a render, cancelled or not, has been silent for long.
    pub fn status(&self) -> Status {
        let mut causes = self.errors.iter().filter(|error| error.is_final() && !error.is_timeout());
        if self.done {
            Status::Done
        } else if causes.next().is_some_and(RenderError::is_cancellation) {
            Status::Cancelled
        } else if self.fatal_error_encountered {
            Status::Failed
        } else {
            Status::Rendering
        }
    }
}

/// What was deleted at the end of a render.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, rename_all = "camelCase")]
pub struct Cleanup {
    /// How long it took, in milliseconds.
    pub done_in: Option<i64>,
    /// Files deleted.
    pub files_deleted: u64,
    /// Files that were to be deleted.
    pub min_files_to_delete: u64,
}

/// How far encoding is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, rename_all = "camelCase")]
pub struct EncodingStatus {
    /// Frames encoded so far.
    #[serde(serialize_with = "as_javascript")]
    pub frames_encoded: f64,
    /// Frames of the chunks combined so far.
    #[serde(serialize_with = "as_javascript")]
    pub combined_frames: f64,
    /// How long combining took, in milliseconds, once it is done.
    pub time_to_combine: Option<i64>,
}

/// One error of a render, as Remotion keeps it. The last two fields are added by whoever reads the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, rename_all = "camelCase")]
pub struct RenderError {
    /// What failed: `renderer`, `browser`, `stitcher`, `webhook` or `artifact`.
    pub r#type: String,
    /// What happened.
    pub message: String,
    /// The class of the error, such as `TimeoutError`.
    pub name: Option<String>,
    /// Where it happened.
    pub stack: String,
    /// The frame at which it happened, if it was one.
    pub frame: Option<i64>,
    /// The chunk in which it happened, if it was one.
    pub chunk: Option<i64>,
    /// Whether it ends the render, unless the chunk is tried again.
    pub is_fatal: bool,
    /// Which attempt at the chunk this was, from 1.
    pub attempt: u32,
    /// Whether the chunk is tried again.
    pub will_retry: bool,
    /// How many attempts there may be.
    pub total_attempts: u32,
    /// What lay on the function's disk, if that was the trouble.
    pub tmp_dir: Option<Value>,
    /// The usual cause and remedy, for errors known to need one.
    pub explanation: Option<String>,
    /// Always empty; kept for old clients.
    pub s3_location: String,
}

impl RenderError {
    /// What ended a render that could not write it down itself.
    pub fn fatal(message: String) -> Self {
        Self {
            r#type: "renderer".into(),
            message,
            name: Some("Error".into()),
            is_fatal: true,
            attempt: 1,
            total_attempts: 1,
            ..Self::default()
        }
    }

    /// Whether it has ended the render.
    pub fn is_final(&self) -> bool {
        self.is_fatal && !self.will_retry
    }

    /// Whether it says that a caller cancelled the render. Remotion documents the name `CancelledError`;
    /// recorded functions of 4.0.527 report a plain `Error` with a message such as
    /// `renderMedia() got cancelled`.
    pub fn is_cancellation(&self) -> bool {
        let first_line = self.message.lines().next().unwrap_or_default();
        self.name.as_deref() == Some("CancelledError") || first_line.ends_with("() got cancelled")
    }

    /// Whether it says that the main function was stopped, or has not been heard of for too long.
    pub fn is_timeout(&self) -> bool {
        self.name.as_deref() == Some("TimeoutError") && self.chunk.is_none()
    }
}
