//! What Lambda sends for a streamed answer: AWS's event stream around Remotion's frames, in any pieces.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

/// One thing that happens on the connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Bytes),
    Pause(Duration),
    /// The connection breaks.
    Break,
}

/// Bytes that the function wrote.
pub(crate) fn chunk(written: &str) -> Step {
    Step::Send(event("PayloadChunk", "application/octet-stream", written.as_bytes()).into())
}

/// The end, after which Lambda closes; an error is `(ErrorCode, ErrorDetails)`.
pub(crate) fn complete(error: Option<(&str, &str)>) -> Step {
    let payload = error.map_or(json!({}), |(code, details)| json!({ "ErrorCode": code, "ErrorDetails": details }));
    Step::Send(event("InvokeComplete", "application/json", payload.to_string().as_bytes()).into())
}

/// One of Remotion's frames.
pub(crate) fn frame(id: u8, content: &Value) -> String {
    let content = content.to_string();
    format!("remotion_buffer:{id}:{}:0:{content}", content.len())
}

/// The first frame of a still.
pub(crate) fn begun(render_id: &str) -> Step {
    chunk(&frame(3, &json!({ "renderId": render_id })))
}

/// The last frame of a still that is done.
pub(crate) fn rendered(bucket: &str, render_id: &str, out_bucket: &str, out_key: &str, size: usize) -> Step {
    chunk(&frame(
        6,
        &json!({
            "type": "success", "output": format!("https://s3.us-east-1.amazonaws.com/{out_bucket}/{out_key}"),
            "size": size, "sizeInBytes": size, "bucketName": bucket,
            "estimatedPrice": { "accruedSoFar": 0.00002, "displayCost": "<$0.001", "currency": "USD", "disclaimer": "d" },
            "renderId": render_id, "outKey": out_key,
            "receivedArtifacts": [{ "filename": "a.txt", "sizeInBytes": 3, "s3Url": "https://x/a.txt", "s3Key": "k" }],
        }),
    ))
}

/// The last frame of a still that failed, as the function of 4.0.527 writes it.
pub(crate) fn failed(message: &str) -> Step {
    let stack = format!("Error: {message}\n    at Boom (/var/task/index.js:1:1)");
    chunk(&frame(
        2,
        &json!({
            "error": stack, "shouldRetry": true,
            "errorInfo": {
                "name": "Error", "message": message, "stack": stack, "chunk": null, "frame": 12, "type": "renderer",
                "isFatal": false, "tmpDir": null, "attempt": 1, "totalAttempts": 1, "willRetry": false,
            },
        }),
    ))
}

/// One message of AWS's event stream.
fn event(kind: &str, content_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in [(":event-type", kind), (":content-type", content_type), (":message-type", "event")] {
        headers.push(name.len() as u8);
        headers.extend_from_slice(name.as_bytes());
        headers.push(7); // a string
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let mut message = Vec::new();
    message.extend_from_slice(&((16 + headers.len() + payload.len()) as u32).to_be_bytes());
    message.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    message.extend_from_slice(&crc32(&message).to_be_bytes());
    message.extend_from_slice(&headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32(&message).to_be_bytes());
    message
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(!0, step)
}

#[test]
fn the_event_stream_is_the_recorded_one() {
    let path = "tests/fixtures/remotion/4.0.527/captures/raw-eventstream-still.bin";
    let recorded = std::fs::read(super::root().join(path)).unwrap();
    let Step::Send(ours) = begun("0h6wk77i1x") else { panic!() };
    assert_eq!(recorded[..ours.len()], ours[..]);
    let Step::Send(ours) = complete(None) else { panic!() };
    assert_eq!(recorded[recorded.len() - ours.len()..], ours[..]);
}
