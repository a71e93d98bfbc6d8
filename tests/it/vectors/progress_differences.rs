//! What is told of a render otherwise than by the official client, on purpose.

use super::Difference;

const LOG_LEVEL: &[&str] = &["invoke logLevel trace", "invoke logLevel error"];
const CLOUD: &str = "there are no keys to other clouds here: none are sent, and nothing is asked there";
const OTHER_CLOUD: &[&str] = &["direct: combined, other cloud, path style and region"];
const OWN_MEMORY: &[&str] = &["direct: price falls back to own memory if renderer name does not parse"];
const OVER: &[&str] = &["direct: price over one tenth of a cent is shown with 3 decimals"];
const ONE_ENTRY: &[&str] = &[
    "direct: one chunk entry per chunk with audio and video (as functions really write it): recovery is not attempted",
];
const STILL: &[&str] = &["direct: still metadata is refused", "direct: postRenderData of a still"];
const COMPLETE: &str =
    "a render with sound and picture is complete when each chunk is there once: its output is looked for";

/// Renders under way, whose costs are reckoned by the disk.
const WITH_DISK: &[&str] = &[
    "direct: mid render, two chunks done",
    "direct: non-fatal webhook error",
    "direct: fatal but will retry",
    "direct: cancelled",
    "direct: error explanation ConcurrentInvocationLimitExceeded",
    "direct: error explanation disk",
    "direct: error explanation memory",
    "direct: error explanation session",
    "direct: error explanation zygote",
    "direct: all chunks (audio + video), combining",
    "direct: gif has no audio",
    "direct: mp3 has no video",
    "direct: combined, output not there yet",
    "direct: combined, custom bucket output found",
    OTHER_CLOUD[0],
    "direct: timeout with missing chunks",
    "direct: timeout boundary: exactly limit + 20 s is not yet a timeout",
    "direct: timeout, no missing chunks, within 2x",
    "direct: timeout of the stitcher, output exists",
    "direct: everyNthFrame 2",
    OVER[0],
    ONE_ENTRY[0],
];

const fn elsewhere(what: &'static str) -> Difference {
    Difference { what, why: CLOUD, cases: OTHER_CLOUD }
}

pub(super) const ON_PURPOSE: &[Difference] = &[
    Difference {
        what: "lambda Invoke.logLevel is \"info\"",
        why: "who asks how a render is does not choose what the function logs",
        cases: LOG_LEVEL,
    },
    Difference { what: "lambda Invoke.s3OutputProvider is null", why: CLOUD, cases: &["invoke s3OutputProvider"] },
    Difference {
        what: "sent, too: lambda POST",
        why: "a 429 says that nothing ran: tried again, at most twice",
        cases: &["invoke error: 429"],
    },
    Difference {
        what: "sent, too: s3 GET",
        why: "half a file is whole a moment later: looked at twice",
        cases: &["direct: invalid JSON"],
    },
    Difference {
        what: "told.costs.",
        why: "the price of the function's real disk, which is what AWS bills, not of the largest there is",
        cases: WITH_DISK,
    },
    Difference {
        what: "told.costs.",
        why: "memory and disk of the function that rendered, as it wrote them down, not of the one that is named",
        cases: OWN_MEMORY,
    },
    Difference { what: "result.overallProgress is 0.46", why: "nothing is more than done: 411 %", cases: OVER },
    Difference { what: "told.overallProgress is 0.46", why: "nothing is more than done: 411 %", cases: OVER },
    Difference { what: "taken", why: "a still has an end like any render: it is told", cases: STILL },
    Difference { what: "sent, too: s3 HEAD", why: "whether a still is done is known by its image", cases: &[STILL[0]] },
    Difference { what: "sent, too: s3 HEAD", why: COMPLETE, cases: ONE_ENTRY },
    Difference { what: "result.timeToFinishChunks is 6500", why: COMPLETE, cases: ONE_ENTRY },
    Difference { what: "told.timeToFinishChunks is 6500", why: COMPLETE, cases: ONE_ENTRY },
    elsewhere("not sent: s3 HeadObject"),
    elsewhere("told.chunks is 8"),
    elsewhere("told.done is false"),
    elsewhere("told.outBucket is null"),
    elsewhere("told.outKey is null"),
    elsewhere("told.outputFile is null"),
    elsewhere("told.outputSizeInBytes is null"),
    elsewhere("told.renderSize is 0"),
    elsewhere("told.timeToFinish is null"),
];
