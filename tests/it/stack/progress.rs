//! What the function writes while it renders: the recorded progress.json files, given a
//! new name and moved to today, because Rendergate compares their times with its clock.

use serde_json::{Value, json};

use super::http::now_ms;
use super::{FUNCTION, fixture};

/// As `start` leaves it, before anything has run.
pub(crate) fn initial() -> Value {
    json!({
        "cancellationEnabled": false, "chunks": [], "framesRendered": 0, "framesEncoded": 0,
        "combinedFrames": 0, "timeToCombine": null, "timeToEncode": null, "timeToRenderFrames": null,
        "lambdasInvoked": 0, "retries": [], "postRenderData": null, "timings": [], "renderMetadata": null,
        "errors": [], "fatalErrorTimestamp": null, "timeoutTimestamp": now_ms() as u64 + 120_000,
        "functionLaunched": now_ms() as u64, "serveUrlOpened": null, "compositionValidated": null,
        "receivedArtifact": [],
    })
}

/// Finished, the output in the render's own folder as `out.mp4`.
pub(crate) fn done(bucket: &str, render_id: &str) -> Value {
    let mut progress = recorded("s3-progress-json-done.json", render_id, 5);
    progress["renderMetadata"]["outName"] = Value::Null;
    progress["postRenderData"]["outputFile"] =
        json!(format!("https://s3.us-east-1.amazonaws.com/{bucket}/renders/{render_id}/out.mp4"));
    progress
}

/// A composition that threw.
pub(crate) fn failed(render_id: &str) -> Value {
    recorded("s3-progress-json-failed.json", render_id, 5)
}

/// Half way, started `age` seconds ago, with a time limit of 120 seconds.
pub(crate) fn rendering(render_id: &str, age: u64) -> Value {
    let mut progress = recorded("s3-progress-json-other.json", render_id, age);
    progress["timeoutTimestamp"] = json!(now_ms() as u64 - age * 1000 + 120_000);
    progress
}

/// Stopped by cancel.json, as the function reports it.
pub(crate) fn cancelled(render_id: &str) -> Value {
    let mut progress = rendering(render_id, 5);
    progress["cancellationEnabled"] = json!(true);
    progress["errors"] = json!([{
        "name": "CancelledError", "message": "cancelled", "stack": "CancelledError: cancelled", "chunk": null,
        "frame": null, "type": "stitcher", "isFatal": true, "tmpDir": null, "attempt": 1, "totalAttempts": 1,
        "willRetry": false,
    }]);
    progress["fatalErrorTimestamp"] = json!(now_ms() as u64);
    progress
}

/// A still: written once, when the composition is known, and never again. Its `timeoutTimestamp` is none.
pub(crate) fn still(render_id: &str, payload: &Value) -> Value {
    let mut progress = initial();
    progress["timeoutTimestamp"] = json!(119_997);
    progress["renderMetadata"] = json!({
        "outputFileIsConditional": null, "startedDate": now_ms() as u64, "codec": null,
        "compositionId": payload["composition"], "estimatedTotalLambdaInvokations": 1,
        "estimatedRenderLambdaInvokations": 1, "siteId": payload["serveUrl"], "totalChunks": 1, "type": "still",
        "imageFormat": payload["imageFormat"], "inputProps": payload["inputProps"], "lambdaVersion": "4.0.527",
        "framesPerLambda": 1, "memorySizeInMb": 2048, "region": "us-east-1", "renderId": render_id,
        "outName": payload["outName"], "privacy": payload["privacy"], "audioCodec": null, "deleteAfter": null,
        "numberOfGifLoops": null, "downloadBehavior": { "type": "play-in-browser" }, "audioBitrate": null,
        "metadata": null, "functionName": FUNCTION, "rendererFunctionName": FUNCTION,
        "dimensions": { "height": 720, "width": 1280 }, "scale": 1,
    });
    progress
}

/// A capture whose render began `age` seconds ago.
fn recorded(file: &str, render_id: &str, age: u64) -> Value {
    let mut progress = fixture(&format!("captures/{file}"));
    let began = progress["renderMetadata"]["startedDate"].as_i64().unwrap();
    let shift = now_ms() as i64 - age as i64 * 1000 - began;
    shift_times(&mut progress, shift);
    progress["renderMetadata"]["renderId"] = json!(render_id);
    progress
}

/// Only times are numbers this large in a progress.json.
pub(crate) fn shift_times(value: &mut Value, by: i64) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| shift_times(item, by)),
        Value::Object(members) => members.values_mut().for_each(|member| shift_times(member, by)),
        Value::Number(number) => {
            if let Some(time) = number.as_i64().filter(|time| *time > 1_000_000_000_000) {
                *value = json!(time + by);
            }
        }
        _ => {}
    }
}
