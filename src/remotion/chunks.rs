//! How a render is cut into chunks, one for each function that renders.
//!
//! The function decides with these rules once it knows the composition's duration; here they tell
//! beforehand what it will do, and what it will refuse. See
//! <https://www.remotion.dev/docs/lambda/concurrency>.

use std::error::Error;
use std::fmt;

/// More functions than this never render together.
pub const MAX_CHUNKS: u64 = 200;

/// A chunk has at least this many frames, unless the whole render has fewer.
pub const MIN_FRAMES: u64 = 5;

/// Renders longer than this many frames get no further functions by default.
const LONG: u64 = 18_000;

/// Why frames can't be cut as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkError {
    /// `framesPerLambda` and `concurrency` say the same thing. Give one of them.
    Both,
    /// `concurrency` is none of 1 to [`MAX_CHUNKS`].
    Concurrency(i64),
    /// `framesPerLambda` is below its least value.
    TooFew {
        /// The least value for this render: [`MIN_FRAMES`], or all its frames where it has fewer.
        least: u64,
    },
    /// There would be more than [`MAX_CHUNKS`] chunks.
    TooMany {
        /// The least value of `framesPerLambda` that avoids it.
        least: u64,
    },
}

/// What was expected instead.
impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Both => f.write_str("either framesPerLambda or concurrency"),
            Self::Concurrency(_) => write!(f, "1 to {MAX_CHUNKS}"),
            Self::TooFew { least } => write!(f, "at least {least}"),
            Self::TooMany { least } => write!(f, "at least {least}, because {MAX_CHUNKS} functions are the limit"),
        }
    }
}

impl Error for ChunkError {}

/// How many frames are rendered of `first..=last` when only every nth is. `every_nth_frame` below 1
/// counts as 1.
pub fn frame_count(first: u64, last: u64, every_nth_frame: u64) -> u64 {
    match last.checked_sub(first) {
        Some(span) => (span / every_nth_frame.max(1)).saturating_add(1),
        None => 0,
    }
}

/// How many frames each chunk gets: as asked for, else by `concurrency`, else by Remotion's own rule,
/// which aims at 75 functions for short renders and 150 for those of 18 000 frames and more, with at
/// least 20 frames each.
///
/// # Errors
/// [`ChunkError`]
pub fn frames_per_chunk(
    frames: u64,
    frames_per_lambda: Option<i64>,
    concurrency: Option<i64>,
) -> Result<u64, ChunkError> {
    let least = frames.min(MIN_FRAMES);
    match (frames_per_lambda, concurrency) {
        (Some(_), Some(_)) => Err(ChunkError::Both),
        (Some(asked), None) => {
            u64::try_from(asked).ok().filter(|asked| *asked >= least).ok_or(ChunkError::TooFew { least })
        }
        (None, Some(asked)) => match u64::try_from(asked) {
            Ok(chunks @ 1..=MAX_CHUNKS) => Ok(frames.div_ceil(chunks).max(least)),
            _ => Err(ChunkError::Concurrency(asked)),
        },
        (None, None) => Ok(by_default(frames).max(least)),
    }
}

fn by_default(frames: u64) -> u64 {
    let frames = frames as f64;
    let long = LONG as f64;
    let functions = 75.0 + 75.0 * (frames.min(long) / long);
    let chunks = (frames / (frames / functions).max(20.0)).ceil();
    if chunks < 1.0 { 0 } else { (frames / chunks).ceil() as u64 }
}

/// The chunks of the frames `first..=last`, each as its own first and last frame. The last chunk ends
/// with the last frame that is rendered, which `every_nth_frame` may put before `last`.
///
/// # Errors
/// [`ChunkError::TooMany`], [`ChunkError::TooFew`] for chunks of no frames.
pub fn plan(first: u64, last: u64, every_nth_frame: u64, frames_per_chunk: u64) -> Result<Vec<(u64, u64)>, ChunkError> {
    let nth = every_nth_frame.max(1);
    let frames = frame_count(first, last, nth);
    if frames_per_chunk == 0 {
        return Err(ChunkError::TooFew { least: 1 });
    }
    let chunks = frames.div_ceil(frames_per_chunk);
    if chunks > MAX_CHUNKS {
        return Err(ChunkError::TooMany { least: frames.div_ceil(MAX_CHUNKS) });
    }
    // What is below stays below `last`, except the end of the last chunk, which is cut there.
    let step = frames_per_chunk.saturating_mul(nth);
    let last_rendered = last - last.saturating_sub(first) % nth;
    let end = |start: u64| start.saturating_add(step - 1).min(last_rendered);
    Ok((0..chunks).map(|chunk| first + chunk * step).map(|start| (start, end(start))).collect())
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn more_than_200_functions_are_refused_with_what_helps() {
        assert_eq!(plan(0, 999, 1, 5).unwrap().len(), 200);
        assert_eq!(plan(0, 1000, 1, 5), Err(ChunkError::TooMany { least: 6 }));
        assert_eq!(plan(0, 1000, 1, 6).unwrap().len(), 167);
        assert_eq!(plan(0, 9, 1, 0), Err(ChunkError::TooFew { least: 1 }));
        assert_eq!(frames_per_chunk(4, Some(3), None), Err(ChunkError::TooFew { least: 4 }));
        assert_eq!(frames_per_chunk(400, Some(-3), None), Err(ChunkError::TooFew { least: 5 }));
        assert_eq!(frames_per_chunk(400, None, Some(0)), Err(ChunkError::Concurrency(0)));
    }

    #[test]
    fn remotions_own_choice_never_needs_too_many() {
        for frames in (0..2000).chain([17_999, 18_000, 18_001, 1_000_000, u32::MAX.into()]) {
            let each = frames_per_chunk(frames, None, None).unwrap();
            let last = frames.saturating_sub(1);
            if frames > 0 {
                let chunks = plan(0, last, 1, each).unwrap();
                assert!(chunks.len() <= 150, "{frames}");
                assert_eq!((chunks[0].0, chunks[chunks.len() - 1].1), (0, last));
                assert!(chunks.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{frames}");
            }
        }
    }

    #[test]
    fn frames_are_counted_from_the_first() {
        assert_eq!(frame_count(3, 50, 3), 16);
        assert_eq!(frame_count(5, 5, 7), 1);
        assert_eq!(frame_count(6, 5, 1), 0);
        assert_eq!(frame_count(0, u64::MAX, 1), u64::MAX);
        assert_eq!(plan(u64::MAX, u64::MAX, u64::MAX, u64::MAX), Ok(vec![(u64::MAX, u64::MAX)]));
    }
    proptest::proptest! {
        #[test]
        fn chunks_are_all_frames_and_no_others(first in 0u64..1000, span in 0u64..5000, nth in 1u64..9, each in 1u64..300) {
            let last = first + span;
            let frames: Vec<u64> = (first..=last).step_by(nth as usize).collect();
            proptest::prop_assert_eq!(frame_count(first, last, nth), frames.len() as u64);
            match plan(first, last, nth, each) {
                Ok(chunks) => {
                    let rendered: Vec<u64> =
                        chunks.iter().flat_map(|(first, last)| (*first..=*last).step_by(nth as usize)).collect();
                    proptest::prop_assert_eq!(rendered, frames);
                }
                Err(ChunkError::TooMany { least }) => {
                    proptest::prop_assert!(plan(first, last, nth, least).is_ok());
                    proptest::prop_assert!(plan(first, last, nth, least - 1).is_err());
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}
