//! What the real function answered, against what we compute from the same file.

use std::collections::BTreeSet;

use super::*;

/// Field by field; `<upstream text>` and `<stack>` stand for any text that is not empty.
fn assert_same(expected: &Value, ours: &Value, path: &str) {
    match (expected, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(keys(a), keys(b), "{path}");
            a.iter().for_each(|(key, value)| assert_same(value, &b[key], &format!("{path}.{key}")));
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{path}: {ours}");
            a.iter().zip(b).for_each(|(a, b)| assert_same(a, b, path));
        }
        (Value::String(text), Value::String(ours)) if text == "<upstream text>" || text == "<stack>" => {
            assert!(!ours.is_empty(), "{path}");
        }
        _ => assert_eq!(expected, ours, "{path}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The answer of a capture, which is either the answer itself or an invocation that has it.
fn captured(text: &str) -> Value {
    let mut capture: Value = serde_json::from_str(text).unwrap();
    let mut answer = if capture.get("responseJson").is_some() { capture["responseJson"].take() } else { capture };
    // The function's own sentence; ours is another.
    if answer["done"] == false {
        answer["costs"]["disclaimer"] = json!("<upstream text>");
    }
    answer
}

macro_rules! capture {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/fixtures/remotion/4.0.527/captures/", $name, ".json"))
    };
}

#[test]
fn the_real_function_answered_the_same_from_the_same_file() {
    let slow = ProgressFile::read(capture!("s3-progress-json-other").as_bytes()).unwrap();
    let just_begun = file(json!({
        "functionLaunched": 1_795_405_249_096i64, "timeoutTimestamp": 1_795_405_369_094i64, "receivedArtifact": [],
    }));
    for (file, answer) in [
        (&slow, capture!("invoke-status-running")),
        (&slow, capture!("invoke-status-failed")),
        (&slow, capture!("progress-timeout")),
        (&just_begun, capture!("invoke-status-initial")),
    ] {
        let mut expected = captured(answer);
        let moment = Moment {
            now_ms: expected["currentTime"].as_i64().unwrap(),
            timeout_ms: 16_000, // the function of this recording was stopped after 16 s
            bucket: text(&expected["bucket"]),
            render_id: text(&expected["renderId"]),
            ..super::moment(0)
        };
        let ours = file.progress(&moment, None).unwrap();
        // The function looked at its clock twice, some milliseconds apart.
        let billed = |ms: Option<i64>| ms.map_or(-1, |ms| ms / 100);
        let field = "estimatedBillingDurationInMilliseconds";
        assert_eq!(billed(ours.estimated_billing_duration_in_milliseconds), billed(expected[field].as_i64()));
        expected[field] = json!(ours.estimated_billing_duration_in_milliseconds);
        assert_same(&expected, &serde_json::to_value(ours).unwrap(), "");
    }
}

#[test]
fn an_answer_of_the_function_is_read_without_loss() {
    for (answer, status) in [
        (capture!("invoke-status-initial"), Status::Rendering),
        (capture!("invoke-status-running"), Status::Rendering),
        (capture!("invoke-status-done"), Status::Done),
        (capture!("invoke-status-failed"), Status::Failed),
        (capture!("progress-timeout"), Status::Failed),
        (capture!("progress-overwrite-conflict"), Status::Failed),
        (capture!("progress-s3-output-provider"), Status::Done),
        (capture!("progress-cancelled"), Status::Cancelled),
    ] {
        let expected = captured(answer);
        let read: Progress = serde_json::from_str(&expected.to_string()).unwrap();
        assert_eq!(read.status(), status);
        assert_eq!(serde_json::to_value(&read).unwrap(), expected);
        assert_eq!(expected.as_object().unwrap().len(), 34);
    }
}

#[test]
fn files_of_the_real_function() {
    let done = ProgressFile::read(capture!("s3-progress-json-done").as_bytes()).unwrap();
    let answer = done.progress(&moment(1_795_405_299_000), None).unwrap();
    assert_eq!(answer.status(), Status::Done);
    assert_eq!(answer.out_bucket.as_deref(), Some("my-own-output-bucket"));
    assert_eq!(answer.out_key.as_deref(), Some("dup.mp4"));
    // What the function measured itself is what we compute for renders that don't say.
    assert_eq!(answer.time_to_finish_chunks, done.chunks_duration());

    let failed = ProgressFile::read(capture!("s3-progress-json-failed").as_bytes()).unwrap();
    let answer = failed.progress(&moment(1_795_405_299_000), None).unwrap();
    assert_eq!((answer.status(), answer.errors.len()), (Status::Failed, 2));
}

/// The order in which the official client answers for a finished render.
const ORDER: &str = "framesRendered bucket renderSize chunks cleanup costs currentTime done encodingStatus errors \
    fatalErrorEncountered lambdasInvoked outputFile renderId timeToFinish timeToFinishChunks timeToRenderFrames \
    overallProgress retriesInfo outKey outBucket mostExpensiveFrameRanges timeToEncode outputSizeInBytes type \
    estimatedBillingDurationInMilliseconds timeToCombine combinedFrames renderMetadata timeoutTimestamp \
    compositionValidated functionLaunched serveUrlOpened artifacts";

#[test]
fn fields_come_in_the_official_order() {
    let answer = file(json!({"receivedArtifact": []})).progress(&moment(0), None).unwrap();
    let text = serde_json::to_string(&answer).unwrap();
    let mut rest = &text[..];
    for key in ORDER.split(' ') {
        let (_, after) = rest.split_once(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} in {text}"));
        rest = after;
    }
    assert_eq!(ORDER.split(' ').count(), 34);
}
