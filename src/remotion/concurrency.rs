//! How many functions a render uses at once: what a budget of them has to know.
//!
//! Two run while a render is started, then its main function and one per chunk; a chunk's ends with the chunk.
//! See <https://www.remotion.dev/docs/lambda/concurrency>.

use std::collections::HashSet;

use super::chunks;
use super::names::FunctionName;
use super::number::Whole;
use super::options::MediaOptions;
use super::progress::{Moment, ProgressFile, Status};
use super::values::FrameRange;
use crate::error::{Error, Result};

/// No budget may be smaller: a render's main function, and one that renders.
pub const LEAST: u64 = 2;

/// Remotion's own rule makes no more chunks than these.
const MOST_BY_DEFAULT: u64 = 150;
/// Where there is not enough room, chunks are made so large that one ends in time at half a frame per second.
const SLOWEST: u64 = 2;
/// How long a function may have run when its time is up and its end is not yet seen, in milliseconds.
const GRACE_MS: i64 = 20_000;

/// What a render asks of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// So many functions at once, at the most.
    pub functions: u64,
    /// It can do with so many: the caller left their number open.
    pub least: u64,
    /// Whether it stays within them by itself; else `concurrency` has to be sent.
    as_it_is: bool,
}

impl Need {
    /// The `concurrency` to send so that the render uses no more than these functions.
    pub fn concurrency(self, functions: u64) -> Option<Whole> {
        let chunks = i64::try_from(functions.saturating_sub(1)).unwrap_or_default();
        (!(self.as_it_is && functions >= self.functions)).then_some(Whole(chunks))
    }
}

/// What a render with these options needs of a budget of `limit` functions that may run for so many `seconds`. What
/// the caller left open is made to fit. Frames that are not known count as the most that there may be; with `framesPerLambda` they can't be
/// limited, and such a render needs the whole budget where 200 chunks are more than that.
///
/// # Errors
/// [`Kind::InvalidField`](crate::error::Kind::InvalidField) for a field that asks for more than the budget.
///
/// ```
/// # use rendergate::remotion::{concurrency, options::MediaOptions};
/// let options: MediaOptions = serde_json::from_str(r#"{"frameRange":[0,299]}"#).unwrap();
/// let need = concurrency::need(&options, 1000, 120).unwrap();
/// assert_eq!((need.functions, need.least), (16, 6));
/// ```
pub fn need(options: &MediaOptions, limit: u64, seconds: u64) -> Result<Need> {
    let room = limit.saturating_sub(1).max(1);
    let frames = known_frames(options);
    let chunks = most_chunks(frames, options.frames_per_lambda, options.concurrency);
    let fixed = |functions: u64| Need { functions, least: functions, as_it_is: true };
    let because = format!("because {limit} functions may run at once here, and the render itself is one of them");
    match (options.frames_per_lambda, options.concurrency, frames) {
        (None, None, Some(frames)) => {
            let least = frames.div_ceil((seconds / SLOWEST).max(1)).min(room).min(chunks) + 1;
            Ok(Need { functions: chunks.min(room) + 1, least, as_it_is: chunks <= room })
        }
        (None, None, None) => {
            let functions = chunks.min(room) + 1;
            Ok(Need { functions, least: functions, as_it_is: chunks <= room })
        }
        _ if chunks <= room => Ok(fixed(chunks + 1)),
        (_, Some(_), _) => Err(Error::field("concurrency", format!("at most {room}, {because}"))),
        (Some(_), None, Some(frames)) => {
            let least = frames.div_ceil(room);
            Err(Error::field("framesPerLambda", format!("at least {least}, {because}")))
        }
        (Some(_), None, None) => Ok(fixed(limit)),
    }
}

/// More are refused by the function itself.
fn most_chunks(frames: Option<u64>, frames_per_lambda: Option<Whole>, concurrency: Option<Whole>) -> u64 {
    let plain = |value: Option<Whole>| value.map(|Whole(value)| value);
    let most = match (frames_per_lambda, concurrency) {
        (_, Some(Whole(chunks))) => u64::try_from(chunks).unwrap_or(chunks::MAX_CHUNKS),
        (Some(_), None) => chunks::MAX_CHUNKS,
        (None, None) => MOST_BY_DEFAULT,
    };
    let planned = frames.and_then(|frames| {
        let each = chunks::frames_per_chunk(frames, plain(frames_per_lambda), plain(concurrency)).ok()?;
        Some(frames.div_ceil(each.max(1)))
    });
    planned.unwrap_or(most).clamp(1, chunks::MAX_CHUNKS)
}

/// How many frames will be rendered, where the options alone tell.
fn known_frames(options: &MediaOptions) -> Option<u64> {
    let plain = |Whole(value): Whole| u64::try_from(value).ok();
    let duration = options.force_duration_in_frames.and_then(plain);
    let nth = options.every_nth_frame.map_or(Some(1), plain)?;
    let end = || duration?.checked_sub(1);
    let (first, last) = match options.frame_range {
        None => (0, end()?),
        Some(FrameRange::Frame(_)) => return Some(1),
        Some(FrameRange::Range(first, last)) => (plain(first)?, last.map_or_else(end, plain)?),
    };
    Some(chunks::frame_count(first, last, nth))
}

/// The functions that a render may be using.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InUse {
    /// How many, at the most.
    pub functions: u64,
    /// When the last of them has ended at the latest, where that is known; milliseconds since 1970.
    pub until_ms: Option<i64>,
}

impl InUse {
    const NONE: Self = Self { functions: 0, until_ms: None };
}

impl ProgressFile {
    /// The functions that the render uses at this moment, or may yet come to use; `None` while its chunks are not
    /// known. `status` is what [`Progress::status`](super::progress::Progress::status) says.
    ///
    /// The chunks of a render that has failed are not told to stop: each runs on to its own end.
    pub fn in_use(&self, status: Status, moment: &Moment<'_>) -> Option<InUse> {
        match (status, &self.metadata) {
            (Status::Done | Status::Cancelled, _) => Some(InUse::NONE),
            (_, None) => self.fatal_error_timestamp.map(|_| InUse::NONE),
            (_, Some(metadata)) => {
                let alone = metadata.estimated_render_lambda_invokations == 0;
                let all = if alone { 0 } else { metadata.total_chunks };
                let done: HashSet<u64> = self.chunks.iter().copied().filter(|chunk| *chunk < all).collect();
                let chunks = all - done.len() as u64;
                let Some(_) = self.fatal_error_timestamp else {
                    return Some(InUse { functions: chunks + 1, until_ms: None });
                };
                let name = metadata.renderer_function_name.as_deref().and_then(FunctionName::parse);
                let limit = name.map_or(moment.timeout_ms, |name| i64::from(name.timeout_seconds) * 1000);
                let retried = self.retries.iter().filter_map(|retry| retry["time"].as_i64()).max();
                let began = self.composition_validated.max(retried).unwrap_or(moment.now_ms);
                Some(InUse { functions: chunks, until_ms: Some(began.saturating_add(limit + GRACE_MS)) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(options: &str, limit: u64) -> (u64, u64, Option<i64>) {
        let options: MediaOptions = serde_json::from_str(options).unwrap();
        let need = need(&options, limit, 120).unwrap();
        (need.functions, need.least, need.concurrency(need.functions).map(|Whole(chunks)| chunks))
    }

    #[test]
    fn an_order_asks_for_its_main_function_and_its_chunks() {
        assert_eq!(asks("{}", 1000), (151, 151, None));
        assert_eq!(asks("{}", 10), (10, 10, Some(9)));
        assert_eq!(asks(r#"{"concurrency":7}"#, 1000), (8, 8, None));
        assert_eq!(asks(r#"{"framesPerLambda":7}"#, 1000), (201, 201, None));
        assert_eq!(asks(r#"{"framesPerLambda":7}"#, 10), (10, 10, None));
        assert_eq!(asks(r#"{"frameRange":5}"#, 1000), (2, 2, None));
        assert_eq!(asks(r#"{"frameRange":[0,299],"everyNthFrame":3}"#, 1000), (6, 3, None));
        assert_eq!(asks(r#"{"frameRange":[100,null],"forceDurationInFrames":400}"#, 1000), (16, 6, None));
        assert_eq!(asks(r#"{"frameRange":[0,17999]}"#, 100), (100, 100, Some(99)));
        assert_eq!(asks(r#"{"frameRange":[0,299],"framesPerLambda":100}"#, 4), (4, 4, None));
    }

    #[test]
    fn fewer_functions_are_told_to_remotion() {
        let options: MediaOptions = serde_json::from_str(r#"{"frameRange":[0,299]}"#).unwrap();
        let need = need(&options, 1000, 120).unwrap();
        assert_eq!(need.concurrency(16), None);
        assert_eq!(need.concurrency(10), Some(Whole(9)));
    }

    #[test]
    fn what_a_render_uses_is_read_off_its_progress() {
        let moment = Moment {
            now_ms: 50_000,
            memory_mb: 2048,
            disk_mb: 2048,
            timeout_ms: 120_000,
            region: "us-east-1",
            bucket: "b",
            render_id: "r",
        };
        let of = |file: serde_json::Value, status| {
            let in_use = ProgressFile::read(file.to_string().as_bytes()).unwrap().in_use(status, &moment);
            in_use.map(|in_use| (in_use.functions, in_use.until_ms))
        };
        let mut file = serde_json::json!({ "chunks": [] });
        assert_eq!(of(file.clone(), Status::Rendering), None);
        file["renderMetadata"] = serde_json::json!({ "totalChunks": 4, "estimatedRenderLambdaInvokations": 4 });
        assert_eq!(of(file.clone(), Status::Rendering), Some((5, None)));
        file["chunks"] = serde_json::json!([2, 0, 2]);
        file["compositionValidated"] = serde_json::json!(1000);
        assert_eq!(of(file.clone(), Status::Rendering), Some((3, None)));
        for over in [Status::Done, Status::Cancelled] {
            assert_eq!(of(file.clone(), over), Some((0, None)));
        }
        file["fatalErrorTimestamp"] = serde_json::json!(9000);
        assert_eq!(of(file.clone(), Status::Failed), Some((2, Some(141_000))), "they are not told to stop");
        file["renderMetadata"]["estimatedRenderLambdaInvokations"] = serde_json::json!(0);
        assert_eq!(of(file, Status::Failed), Some((0, Some(141_000))));
        let alone = r#"{"renderMetadata":{"totalChunks":1,"estimatedRenderLambdaInvokations":0}}"#;
        assert_eq!(of(serde_json::from_str(alone).unwrap(), Status::Rendering), Some((1, None)));
    }
}
