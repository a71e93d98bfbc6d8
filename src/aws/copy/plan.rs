//! Where a file is cut into parts.
//!
//! Argued and measured in `benches/copy`: one request copies about 90 MB/s inside S3, so that a larger file is faster
//! in parts; each is a request that is paid for and may fail.

use std::ops::{Range, RangeInclusive};

const MIB: u64 = 1024 * 1024;

/// Copied in one request up to here: above it parts win more than it takes to begin, record and complete an upload.
const WHOLE: u64 = 12 * MIB;
/// So many parts, as long as their size is within `PARTS`.
const FEW: u64 = 16;
/// Inside S3: from the least that it takes to a fifth of a second each.
const PARTS: RangeInclusive<u64> = 5 * MIB..=16 * MIB;
/// So many at once.
const AT_ONCE: usize = 32;

/// Through us, where one part at a time is held in memory, or in one request up to here.
const STREAMED_PART: u64 = 8 * MIB;
const STREAMED_AT_ONCE: u64 = 4;

/// S3 numbers parts from 1 to 10,000.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MOST_PARTS: u64 = 10_000;

pub(super) fn is_in_parts(size: u64, streamed: bool) -> bool {
    size > if streamed { STREAMED_PART } else { WHOLE }
}

/// Bytes of each part but the last.
pub(super) fn part_size(size: u64, streamed: bool) -> u64 {
    let usual = match streamed {
        true => STREAMED_PART,
        false => size.div_ceil(FEW).clamp(*PARTS.start(), *PARTS.end()),
    };
    usual.max(size.div_ceil(MOST_PARTS)).next_multiple_of(MIB)
}

/// How many parts are copied at once. What is streamed takes at most four parts of memory, and less than that
/// where parts are larger than usual: above 80 GB.
pub(super) fn at_once(part_size: u64, streamed: bool) -> usize {
    if !streamed {
        return AT_ONCE;
    }
    usize::try_from((STREAMED_AT_ONCE * STREAMED_PART / part_size).max(1)).unwrap_or(1)
}

/// The part with this number, counted from 1; empty beyond the last.
pub(super) fn part(number: u64, size: u64, part_size: u64) -> Range<u64> {
    let start = (number - 1).saturating_mul(part_size).min(size);
    start..start.saturating_add(part_size).min(size)
}

/// How many parts there are.
pub(super) fn count(size: u64, part_size: u64) -> u64 {
    size.div_ceil(part_size.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_are_the_file(size in 1..50 * 1024 * 1024 * MIB, streamed: bool) {
            let part_size = part_size(size, streamed);
            let count = count(size, part_size);
            prop_assert!(count <= MOST_PARTS);
            prop_assert!((5 * MIB..=5 * 1024 * MIB).contains(&part_size) || size > 5 * 1024 * MIB * MOST_PARTS);
            prop_assert_eq!(part(1, size, part_size).start, 0);
            for number in [1, count / 2, count - 1].into_iter().filter(|number| (1..count).contains(number)) {
                let one = part(number, size, part_size);
                prop_assert_eq!(one.end - one.start, part_size);
                prop_assert_eq!(part(number + 1, size, part_size).start, one.end);
            }
            let last = part(count, size, part_size);
            prop_assert_eq!(last.end, size);
            prop_assert!(!last.is_empty() && part(count + 1, size, part_size).is_empty());
        }
    }

    #[test]
    fn what_is_streamed_takes_little_memory() {
        for size in [1, 100 * MIB, 80_000 * MIB, 500_000 * MIB] {
            let part = part_size(size, true);
            assert!(at_once(part, true) as u64 * part <= (STREAMED_AT_ONCE * STREAMED_PART).max(part), "{size}");
        }
        assert_eq!(at_once(STREAMED_PART, true), 4);
    }

    #[test]
    fn small_files_are_copied_in_one_request() {
        assert!(!is_in_parts(WHOLE, false) && is_in_parts(WHOLE + 1, false));
        assert!(!is_in_parts(STREAMED_PART, true) && is_in_parts(STREAMED_PART + 1, true));
    }

    #[test]
    fn files_of_middle_size_have_few_parts() {
        let parts = |size| count(size, part_size(size, false));
        let mib = [13, 80, 81, 256, 257, 1024, 160_000, 200_001];
        assert_eq!(mib.map(|size| parts(size * MIB)), [3, 16, 14, 16, 17, 64, 10_000, 9524]);
    }
}
