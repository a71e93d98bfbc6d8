//! What is ordered on that day, and how it runs.

use crate::remotion::chunks;
use crate::remotion::options::MediaOptions;

pub(super) const SECOND: u64 = 1000;
/// The time limit of the function.
pub(super) const SECONDS: u64 = 240;

/// A render as it really runs, times in ms.
pub(super) struct Render {
    pub(super) started: u64,
    pub(super) began: u64,
    pub(super) chunks_known_at: u64,
    /// When each chunk has ended, as `progress.json` tells it.
    pub(super) ends: Vec<u64>,
    pub(super) failed: bool,
    pub(super) over: u64,
}

pub(super) fn between(least: f64, most: f64) -> f64 {
    least + fastrand::f64() * (most - least)
}

pub(super) fn ms(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}

/// Its frames, and what the order tells: half are clips, a tenth is minutes long. Of so many in a hundred nothing is
/// known, a fifth names its `concurrency`.
pub(super) fn what(unknown: u32) -> (u64, MediaOptions) {
    let frames = match fastrand::u32(0..100) {
        0..55 => fastrand::u64(150..450),
        55..90 => fastrand::u64(900..3600),
        _ => fastrand::u64(5400..18_000),
    };
    let options = match fastrand::u32(0..100) {
        draw if draw < unknown => "{}".to_owned(),
        draw if draw < unknown + 20 => format!(r#"{{"concurrency":{}}}"#, (frames / 80).clamp(4, 150)),
        _ => format!(r#"{{"frameRange":[0,{}]}}"#, frames - 1),
    };
    (frames, serde_json::from_str(&options).unwrap())
}

/// A render, and when a function of it begins (true) or ends.
pub(super) fn play(now: u64, frames: u64, concurrency: Option<i64>) -> (Render, Vec<(u64, bool)>) {
    // What the function does: `start`, then the main function opens the site, then the chunks.
    let each = chunks::frames_per_chunk(frames, None, concurrency).unwrap();
    let count = frames.div_ceil(each);
    let started = now + ms(between(0.3, 0.9));
    let main = started - ms(0.1);
    let known = main + ms(between(0.6, 1.8));
    let speed = between(0.65, 1.6);
    let mut events = vec![(now, true), (started, false), (main, true)];
    let mut ends = Vec::new();
    for _ in 0..count {
        let begin = known + ms(between(0.1, 1.0));
        let end =
            (begin + ms(between(1.0, 2.5) + each as f64 / speed * between(0.8, 1.25))).min(begin + SECONDS * SECOND);
        events.extend([(begin, true), (end, false)]);
        ends.push(end + ms(between(0.0, 0.25)));
    }
    let last = ends.iter().max().copied().unwrap();
    let failed = fastrand::u32(0..500) == 0;
    let over = if failed { ends[0] } else { last + ms(between(0.5, 2.0 + frames as f64 / 3000.0)) };
    events.push((over, false));
    (Render { started, began: now, chunks_known_at: known, ends, failed, over }, events)
}
