//! Upstream's arithmetic: progress, duration, costs, and when a function counts as dead. Results are equal
//! to the last bit.

use super::Moment;
use super::file::{ProgressFile, RenderMetadata, Timing};
use crate::remotion::names::FunctionName;
use crate::remotion::price::{Costs, Usage};

/// How long after a function's timeout it counts as dead, in milliseconds: clocks differ, and its last
/// words may still be on the way.
const GRACE_MS: i64 = 20_000;

/// Per chunk, what AWS bills beyond rendering, in milliseconds.
const OVERHEAD_MS: f64 = 100.0;

impl ProgressFile {
    /// From 0 to 1: a third each for the first invocation, the opened site, the validated composition.
    pub(super) fn evaluation(&self) -> f64 {
        let steps = [self.lambdas_invoked > 0, self.serve_url_opened.is_some(), self.composition_validated.is_some()];
        steps.into_iter().filter(|done| *done).count() as f64 / 3.0
    }

    /// The weights are upstream's. The order of the terms matters to the last bit of the sum.
    ///
    /// # Different from the official client
    /// Repeated chunks invoke more functions than were expected. It counts these as progress, and so comes to
    /// more than 1; we don't.
    pub(super) fn overall(&self, metadata: &RenderMetadata) -> f64 {
        let frames = metadata.frame_count() as f64;
        let of_frames = |done: f64| if frames > 0.0 { done / frames } else { 0.0 };
        let invoked = match metadata.estimated_render_lambda_invokations {
            0 => f64::from(u8::from(self.lambdas_invoked > 0)),
            expected => (self.lambdas_invoked as f64 / expected as f64).min(1.0),
        };
        let sum = 0.1 * self.evaluation()
            + 0.1 * of_frames(self.frames_encoded)
            + 0.1 * invoked
            + 0.6 * of_frames(self.frames_rendered)
            + 0.1 * of_frames(self.combined_frames);
        sum.min(1.0)
    }

    /// Duration of all invocations up to now, in milliseconds: finished chunks as timed, those under way
    /// from the render's begin until now or its failure.
    pub(super) fn billed_ms(&self, moment: &Moment<'_>, metadata: &RenderMetadata) -> f64 {
        let timed = |timing: &Timing| timing.rendered.saturating_sub(timing.start).max(0) as f64 + OVERHEAD_MS;
        let end = self.fatal_error_timestamp.unwrap_or(moment.now_ms);
        let under_way = self.lambdas_invoked.saturating_sub(self.timings.len() as u64) as f64;
        self.timings.iter().map(timed).sum::<f64>() + under_way * end.saturating_sub(metadata.started_date) as f64
    }

    pub(super) fn costs(&self, moment: &Moment<'_>, metadata: &RenderMetadata, duration_ms: f64) -> Costs {
        let renderer = metadata.renderer_function_name.as_deref().and_then(FunctionName::parse);
        let usage = Usage {
            memory_mb: renderer.map_or(moment.memory_mb, |name| name.memory_mb),
            disk_mb: moment.disk_mb,
            duration_ms,
            invocations: self.lambdas_invoked,
        };
        Costs::so_far(&usage, moment.region)
    }
}

/// Whether this many timeouts and the grace have passed since the render began. Two timeouts: rendering,
/// then combining.
pub(super) fn is_overdue(metadata: &RenderMetadata, timeouts: i64, moment: &Moment<'_>) -> bool {
    is_over(metadata.started_date.saturating_add(timeouts.saturating_mul(moment.timeout_ms)), moment)
}

/// Whether this end and the grace have passed.
pub(super) fn is_over(end_ms: i64, moment: &Moment<'_>) -> bool {
    moment.now_ms > end_ms.saturating_add(GRACE_MS)
}
