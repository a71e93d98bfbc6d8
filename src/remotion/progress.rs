//! How far a render is, computed from its `progress.json` alone: no function is invoked, no clock is read.
//!
//! The sequence for whoever follows a render:
//! 1. GET [`key`] from the render bucket and [`ProgressFile::read`] it.
//! 2. Ask [`ProgressFile::output_to_check`]. If it names a place, HEAD that object: found is
//!    `Some(OutputHead)`; not found (404) or not allowed to know (403) is `None`; anything else is an error.
//! 3. [`ProgressFile::progress`] gives the answer, [`Progress::status`] the word for it.
//!
//! The same inputs give the same answer as the official client's, with the differences that the items name
//! under "Different from the official client". See
//! <https://www.remotion.dev/docs/lambda/getrenderprogress>.

mod answer;
mod arithmetic;
mod errors;
mod file;
mod still;

pub use answer::{Cleanup, EncodingStatus, Progress, RenderError, Status};
pub use file::{PostRenderCost, PostRenderData, ProgressFile, RenderMetadata, Timing, Unreadable};

use super::output::{self, Location};
use super::price::Costs;
use arithmetic::{is_over, is_overdue};

/// The key of a render's `progress.json` in its bucket.
pub fn key(render_id: &str) -> String {
    format!("renders/{render_id}/progress.json")
}

/// The key of the file that cancels a render that was started with `enableCancellation`. Its content is
/// `{"cancelledAt": <milliseconds since 1970>}`; its existence is what counts.
pub fn cancel_key(render_id: &str) -> String {
    format!("renders/{render_id}/cancel.json")
}

/// What has to be known beside the file. The three sizes come from the function's name
/// ([`FunctionName::parse`](super::names::FunctionName::parse), else `FunctionName::unknown`).
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
    /// Memory in MB of the function that answers for the render; used when the rendering function's own
    /// name does not tell it.
    pub memory_mb: u32,
    /// Disk in MB to price: that of the rendering function. [`super::price::ASSUMED_DISK_MB`] gives the
    /// official client's price, which assumes the largest disk.
    pub disk_mb: u32,
    /// How long an invocation of the function may run, in milliseconds.
    pub timeout_ms: i64,
    /// The function's region.
    pub region: &'a str,
    /// The render bucket.
    pub bucket: &'a str,
    /// The render's id.
    pub render_id: &'a str,
}

/// What a HEAD of the output says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputHead {
    /// Content-Length, in bytes.
    pub size: u64,
    /// Last-Modified, in milliseconds since 1970; S3 tells whole seconds.
    pub modified_ms: i64,
}

impl ProgressFile {
    /// The output that may already be there although the file doesn't say so: the function died after
    /// writing it, or is about to tell. `None` when there is nothing to look for.
    ///
    /// A [`Location`] with an `endpoint` is in another cloud, which takes its own credentials: without them,
    /// don't look.
    ///
    /// # Errors
    /// [`Unreadable::Output`] when all is rendered but its place can't be told.
    pub fn output_to_check(&self, moment: &Moment<'_>) -> Result<Option<Location>, Unreadable> {
        let Some(metadata) = &self.metadata else { return Ok(None) };
        if metadata.is_still() {
            return self.image_to_check(moment, metadata);
        }
        let frames = metadata.frame_count() as f64;
        let combined = self.combined_frames >= frames && self.time_to_combine.is_some();
        let complete = self.missing_chunks(metadata).next().is_none();
        let over = combined || is_overdue(metadata, 2, moment);
        if self.post_render_data.is_some() || self.has_fatal_error() || !complete || !over {
            return Ok(None);
        }
        Ok(Some(output::expected(metadata, moment.bucket, moment.region)?))
    }

    /// How far the render is at this moment. `head` is what was found at [`ProgressFile::output_to_check`];
    /// it is ignored where there was nothing to look for.
    ///
    /// # Errors
    /// [`Unreadable`], but never [`Unreadable::Json`].
    pub fn progress(&self, moment: &Moment<'_>, head: Option<OutputHead>) -> Result<Progress, Unreadable> {
        let metadata = self.metadata.as_ref();
        if let Some(post) = &self.post_render_data {
            return self.finished(moment, metadata.ok_or(Unreadable::NoMetadata)?, post);
        }
        let Some(metadata) = metadata else { return Ok(self.early(moment)) };
        match (head, self.output_to_check(moment)?) {
            (Some(head), Some(location)) if metadata.is_still() => Ok(self.still(moment, metadata, head, location)),
            (Some(head), Some(location)) => Ok(self.recovered(moment, metadata, head, location)),
            _ => Ok(self.running(moment, metadata)),
        }
    }

    /// Branch 1: the function has said that it is finished. Errors it met on the way stay listed.
    fn finished(
        &self,
        moment: &Moment<'_>,
        metadata: &RenderMetadata,
        post: &PostRenderData,
    ) -> Result<Progress, Unreadable> {
        let location = output::expected(metadata, moment.bucket, moment.region)?;
        let cost = &post.cost;
        Ok(Progress {
            render_size: post.render_size,
            cleanup: Some(Cleanup {
                done_in: post.time_to_clean_up,
                files_deleted: post.files_cleaned_up,
                min_files_to_delete: 0,
            }),
            costs: Some(Costs {
                accrued_so_far: cost.estimated_cost,
                display_cost: cost.estimated_display_cost.clone(),
                currency: cost.currency.clone(),
                disclaimer: cost.disclaimer.clone(),
            }),
            errors: post.errors.clone(),
            output_file: post.output_file.clone(),
            time_to_finish: post.time_to_finish,
            time_to_finish_chunks: post.time_to_render_chunks,
            time_to_render_frames: post.time_to_render_frames,
            retries_info: post.retries_info.clone(),
            most_expensive_frame_ranges: post.most_expensive_frame_ranges.clone(),
            time_to_encode: post.time_to_encode,
            output_size_in_bytes: Some(post.output_size),
            estimated_billing_duration_in_milliseconds: post.estimated_billing_duration_in_milliseconds,
            ..self.complete(moment, metadata, location, post.time_to_combine)
        })
    }

    /// Branch 2: the composition is not known yet.
    ///
    /// # Different from the official client
    /// A function that dies this early leaves no metadata, and the official client says "rendering" for
    /// ever. We call the render failed when nothing was heard for 20 s after its own `timeoutTimestamp`.
    fn early(&self, moment: &Moment<'_>) -> Progress {
        let mut errors = errors::explained(&self.errors);
        // Older functions don't write when they end.
        let end = self.ends_at().or(self.function_launched.map(|start| start.saturating_add(moment.timeout_ms)));
        let overdue = end.is_some_and(|end| is_over(end, moment));
        if overdue && !self.has_fatal_error() {
            errors.insert(0, errors::timeout("The main function ended before it had read the composition.".into()));
        }
        Progress {
            costs: Some(Costs::new(0.0, moment.region)),
            encoding_status: Some(EncodingStatus::default()),
            fatal_error_encountered: errors.iter().any(RenderError::is_final),
            errors,
            overall_progress: 0.1 * self.evaluation(),
            ..self.common(moment)
        }
    }

    /// Branch 3: the file does not say so, but the output is there.
    fn recovered(
        &self,
        moment: &Moment<'_>,
        metadata: &RenderMetadata,
        head: OutputHead,
        location: Location,
    ) -> Progress {
        let billed_ms = self.billed_ms(moment, metadata);
        Progress {
            render_size: head.size,
            costs: Some(self.costs(moment, metadata, billed_ms)),
            errors: errors::explained(&self.errors),
            output_file: Some(location.url.clone()),
            time_to_finish: Some(moment.now_ms.saturating_sub(metadata.started_date)),
            time_to_finish_chunks: self.chunks_duration(),
            time_to_render_frames: self.time_to_render_frames,
            retries_info: self.retries.clone(),
            time_to_encode: self.time_to_encode,
            output_size_in_bytes: Some(head.size),
            estimated_billing_duration_in_milliseconds: Some(billed_ms as i64),
            ..self.complete(moment, metadata, location, self.time_to_combine)
        }
    }

    /// Branch 4: under way, failed, or silent for too long.
    fn running(&self, moment: &Moment<'_>, metadata: &RenderMetadata) -> Progress {
        let billed_ms = self.billed_ms(moment, metadata);
        let missing: Vec<u64> = self.missing_chunks(metadata).take(5).collect();
        let mut errors = errors::explained(&self.errors);
        if is_overdue(metadata, 2, moment) || (!missing.is_empty() && is_overdue(metadata, 1, moment)) {
            let message = if metadata.is_still() { metadata.no_image() } else { timeout_message(&missing) };
            errors.insert(0, errors::timeout(message));
        }
        Progress {
            frames_rendered: self.frames_rendered,
            chunks: self.chunks.len() as u64,
            costs: Some(self.costs(moment, metadata, billed_ms)),
            encoding_status: Some(EncodingStatus {
                frames_encoded: self.frames_encoded,
                combined_frames: self.combined_frames,
                time_to_combine: self.time_to_combine,
            }),
            fatal_error_encountered: errors.iter().any(RenderError::is_final),
            errors,
            time_to_finish_chunks: self.chunks_duration().filter(|_| missing.is_empty()),
            time_to_render_frames: self.time_to_render_frames,
            overall_progress: self.overall(metadata),
            retries_info: self.retries.clone(),
            time_to_encode: self.time_to_encode,
            estimated_billing_duration_in_milliseconds: Some(billed_ms as i64),
            time_to_combine: self.time_to_combine,
            combined_frames: self.combined_frames,
            ..self.common(moment)
        }
    }

    /// What all branches answer alike.
    fn common(&self, moment: &Moment<'_>) -> Progress {
        Progress {
            bucket: moment.bucket.to_owned(),
            cleanup: Some(Cleanup::default()),
            current_time: moment.now_ms,
            lambdas_invoked: self.lambdas_invoked,
            render_id: moment.render_id.to_owned(),
            r#type: "success".into(),
            render_metadata: self.raw_metadata.clone(),
            timeout_timestamp: self.ends_at(),
            composition_validated: self.composition_validated,
            function_launched: self.function_launched,
            serve_url_opened: self.serve_url_opened,
            artifacts: self.received_artifact.clone(),
            ..Progress::default()
        }
    }

    /// What both branches answer alike whose output is there: every frame and chunk is done.
    fn complete(
        &self,
        moment: &Moment<'_>,
        metadata: &RenderMetadata,
        location: Location,
        time_to_combine: Option<i64>,
    ) -> Progress {
        let frames = metadata.frame_count() as f64;
        Progress {
            frames_rendered: frames,
            chunks: metadata.total_chunks,
            done: true,
            encoding_status: Some(EncodingStatus { frames_encoded: frames, combined_frames: frames, time_to_combine }),
            lambdas_invoked: metadata.total_chunks,
            overall_progress: 1.0,
            out_key: Some(location.key),
            out_bucket: Some(location.bucket),
            time_to_combine,
            combined_frames: frames,
            ..self.common(moment)
        }
    }
}

fn timeout_message(missing: &[u64]) -> String {
    let chunks = missing.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    match missing {
        [] => "All chunks were rendered, but combining them did not end in time.".into(),
        _ => format!("The function's time is up, and chunks are missing (the first: {chunks})."),
    }
}

#[cfg(test)]
mod tests;
