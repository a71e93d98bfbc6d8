//! What is added to a render's own errors: explanations, and the timeout that a dead function can't report.

use super::answer::RenderError;

/// The errors of `progress.json` as they appear in an answer.
pub(super) fn explained(errors: &[RenderError]) -> Vec<RenderError> {
    let explain = |error: &RenderError| RenderError {
        explanation: explanation(&error.stack).map(str::to_owned),
        s3_location: String::new(),
        ..error.clone()
    };
    errors.iter().map(explain).collect()
}

/// The usual cause of an error, told by its stack. See
/// <https://www.remotion.dev/docs/lambda/troubleshooting/rate-limit> and
/// <https://www.remotion.dev/docs/lambda/troubleshooting/out-of-memory>.
fn explanation(stack: &str) -> Option<&'static str> {
    let any = |signs: &[&str]| signs.iter().any(|sign| stack.contains(sign));
    if any(&["FATAL:zygote_communication_linux.cc", "libnss3"]) {
        Some("The browser did not start. This happens now and then on Lambda; the chunk is tried again.")
    } else if any(&["TooManyRequests", "ConcurrentInvocationLimitExceeded"]) {
        Some(
            "The AWS account ran into its limit of concurrent Lambda functions. Raise the quota, \
             or let a render use fewer functions: raise framesPerLambda or lower concurrency.",
        )
    } else if any(&["ENOSPC"]) || stack.to_lowercase().contains("no space left on device") {
        Some("The function's disk is full. Deploy it with a larger disk, or render less in one go.")
    } else if any(&["net::ERR_INSUFFICIENT_RESOURCES"]) {
        Some("The browser ran out of memory. Deploy the function with more memory, or render at a smaller size.")
    } else if any(&["Target closed.", "Session closed"]) {
        Some("The browser crashed while rendering, often for lack of memory. Try again, or give it more memory.")
    } else {
        None
    }
}

/// The error that stands for a main function of which nothing was heard for too long. A fatal `TimeoutError`
/// of the stitcher, as the official client makes it, in our own words.
pub(super) fn timeout(message: String) -> RenderError {
    RenderError {
        r#type: "stitcher".into(),
        stack: format!("TimeoutError: {message}"),
        message,
        name: Some("TimeoutError".into()),
        is_fatal: true,
        attempt: 1,
        total_attempts: 1,
        ..RenderError::default()
    }
}
