use serde_json::{Value, json};

use super::*;
use crate::remotion::price::ASSUMED_DISK_MB;

mod official;
mod stills;

const STARTED: i64 = 1_759_999_980_000;
const TIMEOUT: i64 = 120_000;

fn moment(now_ms: i64) -> Moment<'static> {
    Moment {
        now_ms,
        memory_mb: 2048,
        disk_mb: ASSUMED_DISK_MB,
        timeout_ms: TIMEOUT,
        region: "us-east-1",
        bucket: "remotionlambda-useast1-0a1b2c3d4e",
        render_id: "m1yq8x2c0v",
    }
}

fn file(json: Value) -> ProgressFile {
    ProgressFile::read(json.to_string().as_bytes()).unwrap()
}

/// A render of four chunks and 100 frames, with these fields beside its metadata.
fn render(fields: Value) -> ProgressFile {
    let mut json = json!({"renderMetadata": {
        "type": "video", "codec": "h264", "frameRange": [0, 99], "everyNthFrame": 1, "startedDate": STARTED,
        "totalChunks": 4, "estimatedRenderLambdaInvokations": 4, "renderId": "m1yq8x2c0v",
    }});
    let all = json.as_object_mut().unwrap();
    all.extend(fields.as_object().unwrap().clone());
    file(json)
}

fn fatal(name: &str, message: &str) -> Value {
    json!({"type": "renderer", "name": name, "message": message, "stack": "", "isFatal": true, "willRetry": false})
}

#[test]
fn a_render_with_sound_and_picture_is_recovered() {
    let complete = render(json!({"chunks": [3, 1, 0, 2], "combinedFrames": 100, "timeToCombine": 500}));
    let now = moment(STARTED + 30_000);
    let place = complete.output_to_check(&now).unwrap().unwrap();
    assert_eq!((&*place.bucket, &*place.key), (now.bucket, "renders/m1yq8x2c0v/out.mp4"));

    let found = complete.progress(&now, Some(OutputHead { size: 7, modified_ms: 0 })).unwrap();
    assert_eq!((found.status(), found.overall_progress), (Status::Done, 1.0));
    assert_eq!((found.output_size_in_bytes, found.time_to_finish), (Some(7), Some(30_000)));
    assert_eq!((found.out_key, found.output_file), (Some(place.key), Some(place.url)));

    let missing = complete.progress(&now, None).unwrap();
    assert_eq!(missing.status(), Status::Rendering);
}

#[test]
fn a_stray_output_does_not_make_a_render_done() {
    let head = Some(OutputHead { size: 7, modified_ms: 0 });
    let now = moment(STARTED + 30_000);
    for fields in [
        json!({"chunks": [0, 1, 2], "combinedFrames": 100, "timeToCombine": 500}),
        json!({"chunks": [0, 0, 1, 1], "combinedFrames": 100, "timeToCombine": 500}),
        json!({"chunks": [0, 1, 2, 3], "combinedFrames": 99, "timeToCombine": 500}),
        json!({"chunks": [0, 1, 2, 3], "combinedFrames": 100}),
        json!({"chunks": [0, 1, 2, 3], "combinedFrames": 100, "timeToCombine": 1, "errors": [fatal("Error", "x")]}),
    ] {
        let file = render(fields.clone());
        assert_eq!(file.output_to_check(&now).unwrap(), None, "{fields}");
        assert!(!file.progress(&now, head).unwrap().done, "{fields}");
    }
}

#[test]
fn a_function_that_died_before_its_metadata_is_failed() {
    let end = STARTED + 50_000;
    let early = file(json!({"timeoutTimestamp": end, "functionLaunched": STARTED, "serveUrlOpened": STARTED}));
    assert_eq!(early.progress(&moment(end + 20_000), None).unwrap().status(), Status::Rendering);

    let dead = early.progress(&moment(end + 20_001), None).unwrap();
    assert_eq!(dead.status(), Status::Failed);
    assert!(dead.fatal_error_encountered);
    let [error] = &dead.errors[..] else { panic!("{:?}", dead.errors) };
    assert_eq!((error.name.as_deref(), &*error.r#type), (Some("TimeoutError"), "stitcher"));

    let without_end = file(json!({"functionLaunched": STARTED}));
    let end = STARTED + TIMEOUT;
    assert_eq!(without_end.progress(&moment(end + 20_000), None).unwrap().status(), Status::Rendering);
    assert_eq!(without_end.progress(&moment(end + 20_001), None).unwrap().status(), Status::Failed);
}

#[test]
fn an_early_failure_keeps_its_own_reason() {
    let failed = file(json!({"timeoutTimestamp": STARTED, "errors": [fatal("TypeError", "exists")]}));
    let answer = failed.progress(&moment(STARTED + 1_000_000), None).unwrap();
    assert_eq!(answer.status(), Status::Failed);
    assert_eq!(answer.errors.len(), 1);
}

#[test]
fn the_first_final_error_tells_cancelled_from_failed() {
    let later = STARTED + 30_000;
    let long_after = STARTED + 10 * TIMEOUT;
    let cancelled = || fatal("CancelledError", "x");
    let retried = json!({"name": "Error", "isFatal": true, "willRetry": true});
    for (errors, now, expected) in [
        (json!([]), later, Status::Rendering),
        (json!([retried]), later, Status::Rendering),
        (json!([fatal("Error", "boom")]), later, Status::Failed),
        (json!([cancelled()]), later, Status::Cancelled),
        (json!([fatal("Error", "Error: renderMedia() got cancelled\n    at x")]), later, Status::Cancelled),
        (json!([retried, cancelled(), fatal("Error", "y")]), later, Status::Cancelled),
        (json!([fatal("Error", "boom"), cancelled()]), later, Status::Failed),
        (json!([cancelled()]), long_after, Status::Cancelled),
        (json!([]), long_after, Status::Failed),
    ] {
        let answer = render(json!({"errors": errors})).progress(&moment(now), None).unwrap();
        assert_eq!(answer.status(), expected, "{errors}");
    }
}

#[test]
fn errors_show_what_the_function_wrote_and_no_more() {
    let mut error = fatal("Error", "boom");
    error["envVariables"] = json!({"SECRET": "s"});
    error["stack"] = json!("Error: No Space Left On Device");
    let answer = render(json!({"errors": [error]})).progress(&moment(STARTED), None).unwrap();
    let shown = serde_json::to_value(&answer.errors[0]).unwrap();
    assert_eq!(shown.as_object().unwrap().len(), 13);
    assert!(shown.get("envVariables").is_none());
    assert!(answer.errors[0].explanation.as_deref().unwrap().contains("disk"));
}

#[test]
fn known_troubles_are_explained() {
    for (stack, word) in [
        ("FATAL:zygote_communication_linux.cc(1)", "start"),
        ("error while loading shared libraries: libnss3.so", "start"),
        ("TooManyRequestsException", "quota"),
        ("ConcurrentInvocationLimitExceeded", "quota"),
        ("ENOSPC: no space", "disk"),
        ("net::ERR_INSUFFICIENT_RESOURCES", "memory"),
        ("Target closed.", "crashed"),
        ("Session closed", "crashed"),
    ] {
        let error = json!({"stack": stack});
        let answer = render(json!({"errors": [error]})).progress(&moment(STARTED), None).unwrap();
        let explanation = answer.errors[0].explanation.as_deref().unwrap();
        assert!(explanation.contains(word), "{stack}: {explanation}");
    }
}

#[test]
fn what_is_not_a_progress_file_is_refused() {
    let bytes = include_bytes!("../../../tests/fixtures/remotion/4.0.527/captures/s3-progress-json-done.json");
    let end = bytes.trim_ascii_end().len();
    assert!(ProgressFile::read(&bytes[..end]).is_ok());
    for cut in 0..end {
        assert!(matches!(ProgressFile::read(&bytes[..cut]), Err(Unreadable::Json(_))), "cut at {cut}");
    }
    for other in ["null", "1", r#"{"chunks": "all"}"#, r#"{"renderMetadata": 1}"#] {
        assert!(ProgressFile::read(other.as_bytes()).is_err(), "{other}");
    }
    assert!(ProgressFile::read(b"{\"newer\": {\"field\": 1}}").is_ok());
}

#[test]
fn numbers_without_sense_do_no_harm() {
    for number in [i64::MIN, -1, 0, i64::MAX] {
        for now in [i64::MIN, 0, i64::MAX] {
            let strange = render(json!({
                "timings": [{"start": number, "rendered": now}, {"start": now, "rendered": number}],
                "fatalErrorTimestamp": number, "timeoutTimestamp": number, "lambdasInvoked": u64::MAX,
                "renderMetadata": {"frameRange": [number, now], "everyNthFrame": 0, "startedDate": number,
                    "totalChunks": u64::MAX, "codec": "h264"},
            }));
            let answer = strange.progress(&moment(now), None).unwrap();
            assert!(answer.overall_progress.is_finite());
            assert!(strange.output_to_check(&moment(now)).unwrap().is_none());
        }
    }
}

#[test]
fn progress_rises_from_0_to_1() {
    let mut last = -1.0;
    for step in 0..=1000u64 {
        // Each count runs through its own part of the way.
        let part = |from: u64, to: u64, most: u64| step.clamp(from, to).saturating_sub(from) * most / (to - from);
        let render = render(json!({
            "lambdasInvoked": part(0, 300, 4),
            "framesRendered": part(100, 800, 100),
            "framesEncoded": part(200, 900, 100),
            "combinedFrames": part(900, 1000, 300) as f64 / 3.0,
            "serveUrlOpened": (step > 10).then_some(STARTED),
            "compositionValidated": (step > 20).then_some(STARTED),
        }));
        let overall = render.progress(&moment(STARTED + 1), None).unwrap().overall_progress;
        assert!((0.0..=1.0).contains(&overall), "{overall} at {step}");
        assert!(overall >= last, "{overall} after {last} at {step}");
        last = overall;
    }
    assert_eq!(last, 1.0);
}

#[test]
fn a_render_without_render_functions_counts_the_main_one() {
    let overall = |invoked: u64| {
        let metadata = json!({"codec": "h264", "frameRange": [0, 99], "startedDate": STARTED, "totalChunks": 1});
        let file = file(json!({"renderMetadata": metadata, "lambdasInvoked": invoked}));
        file.progress(&moment(STARTED), None).unwrap().overall_progress
    };
    assert_eq!(overall(0), 0.0);
    assert_eq!(overall(1), 0.1 / 3.0 + 0.1);
}
