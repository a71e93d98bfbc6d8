//! When to come back: the shorter a pause, the less of the budget lies idle; the longer, the fewer calls.

use std::time::Duration;

use crate::records::Place;

/// Pauses of whoever waits outside the budget's list.
const SOONEST_UNLISTED: Duration = Duration::from_secs(15);
const LATEST_UNLISTED: Duration = Duration::from_secs(120);
/// Between two looks at a render that holds functions, where nobody waits for them.
const SOONEST_LOOK: Duration = Duration::from_secs(5);
const LATEST_LOOK: Duration = Duration::from_secs(30);
/// The same where somebody does.
const SOONEST_AWAITED: Duration = Duration::from_secs(1);
const LATEST_AWAITED: Duration = Duration::from_secs(3);

/// When an order that found no room asks again; `age` is since when it waits. Queues count whole seconds.
pub(super) fn ask_again(place: Place, age: Duration) -> Duration {
    match place {
        Place::First => Duration::from_secs(1),
        Place::Behind(place) => Duration::from_secs(fastrand::u64(1..=3) + place as u64 / 8),
        Place::Unlisted => (age / 10).clamp(SOONEST_UNLISTED, LATEST_UNLISTED).mul_f64(0.5 + fastrand::f64() / 2.0),
    }
}

/// When a render that holds functions is looked at again; `age` is since when it runs. While its chunks are not known
/// it holds the most that it might need.
pub(super) fn look_again(age: Duration, is_awaited: bool, is_known: bool) -> Duration {
    match (is_awaited, is_known) {
        (true, false) => SOONEST_AWAITED,
        (true, true) => (age / 64).clamp(SOONEST_AWAITED, LATEST_AWAITED),
        (false, _) => (age / 4).clamp(SOONEST_LOOK, LATEST_LOOK),
    }
}
