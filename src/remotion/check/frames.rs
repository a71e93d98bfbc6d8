//! Which frames are rendered, and by how many functions.

use super::Problems;
use crate::remotion::chunks::{self, ChunkError};
use crate::remotion::number::Whole;
use crate::remotion::options::MediaOptions;
use crate::remotion::values::FrameRange;

pub(super) fn check(options: &MediaOptions, problems: &mut Problems) {
    let duration = options.force_duration_in_frames.and_then(|Whole(frames)| u64::try_from(frames).ok());
    let every_nth = options.every_nth_frame.map_or(Some(1), |Whole(nth)| u64::try_from(nth).ok());
    let range = match read(options.frame_range) {
        Ok(range) => range,
        Err(expected) => return problems.unless(false, "frameRange", expected),
    };
    let (first, last) = range.unwrap_or((0, None));
    if let Some(duration) = duration
        && range.is_some()
        && last.unwrap_or(first) >= duration
    {
        return problems.unless(false, "frameRange", format!("frames below the {duration} of forceDurationInFrames"));
    }
    // Without a last frame the composition's duration counts, which only the function knows.
    let last = last.or_else(|| duration?.checked_sub(1));
    let (per_lambda, concurrency) = (options.frames_per_lambda, options.concurrency);
    let (per_lambda, concurrency) = (per_lambda.map(|Whole(frames)| frames), concurrency.map(|Whole(chunks)| chunks));
    let planned = match (last, every_nth) {
        (Some(last), Some(every_nth)) => {
            let frames = chunks::frame_count(first, last, every_nth);
            let per_chunk = chunks::frames_per_chunk(frames, per_lambda, concurrency);
            per_chunk.and_then(|per_chunk| chunks::plan(first, last, every_nth, per_chunk)).map(|_| ())
        }
        // One frame is the least that there can be.
        _ => chunks::frames_per_chunk(1, per_lambda, concurrency).map(|_| ()),
    };
    if let Err(error) = planned {
        let field = if matches!(error, ChunkError::Concurrency(_)) { "concurrency" } else { "framesPerLambda" };
        problems.unless(false, field, error.to_string());
    }
}

/// The first frame, and the last where it is known.
fn read(range: Option<FrameRange>) -> Result<Option<(u64, Option<u64>)>, &'static str> {
    let frame = |Whole(frame)| u64::try_from(frame).map_err(|_| "frame numbers from 0");
    Ok(match range {
        None => None,
        Some(FrameRange::Frame(only)) => Some((frame(only)?, Some(frame(only)?))),
        Some(FrameRange::Range(first, last)) => {
            let (first, last) = (frame(first)?, last.map(frame).transpose()?);
            if last.is_some_and(|last| last < first) {
                return Err("a last frame that is not before the first");
            }
            Some((first, last))
        }
    })
}
