use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::*;

const RECORDED: &[u8] = include_bytes!("../../../tests/fixtures/remotion/4.0.527/captures/raw-eventstream-still.bin");
const VECTORS: &str = include_str!("../../../tests/fixtures/remotion/4.0.527/vectors/renderStillOnLambda.json");

/// The payloads of an AWS event stream, joined. On the way the SDK does this.
fn payloads(mut stream: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    while !stream.is_empty() {
        let length = |at: usize| u32::from_be_bytes(stream[at..at + 4].try_into().unwrap()) as usize;
        let (event, headers) = (length(0), length(4));
        let payload = &stream[12 + headers..event - 4];
        if stream[12..12 + headers].windows(12).any(|window| window == b"PayloadChunk") {
            joined.extend_from_slice(payload);
        }
        stream = &stream[event..];
    }
    joined
}

/// What is decoded of these pieces; the buffer never grows beyond what the limits say.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Message>, StreamError> {
    let mut frames = Frames::default();
    let mut messages = Vec::new();
    for piece in pieces {
        messages.extend(frames.push(piece)?);
        assert!(frames.buffer.len() <= MARKER.len() + LONGEST_HEADER + LARGEST);
    }
    Ok(messages)
}

fn frame(id: u8, content: &str) -> String {
    format!("remotion_buffer:{id}:{}:0:{content}", content.len())
}

/// Every recorded stream that succeeded or failed as a still does.
fn streams() -> Vec<Vec<u8>> {
    // One case holds half a surrogate pair, which no Rust string can.
    let cases: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let requests = cases.iter().flat_map(|case| case["requests"].as_array().unwrap());
    let raw = requests.filter_map(|request| request["response"]["rawBase64"].as_str());
    let mut streams: Vec<Vec<u8>> = raw.map(|raw| payloads(&BASE64_STANDARD.decode(raw).unwrap())).collect();
    streams.push(payloads(RECORDED));
    streams.sort();
    streams.dedup();
    streams
}

#[test]
fn a_recorded_still_is_understood() {
    let messages = decode([&payloads(RECORDED)[..]]).unwrap();
    let [Message::RenderId(id), Message::Rendered(still)] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!((id.as_str(), still.render_id.as_str(), still.size_in_bytes), ("0h6wk77i1x", "0h6wk77i1x", 7028));
    assert_eq!(still.out_key, "renders/0h6wk77i1x/out.png");
    assert_eq!(still.bucket_name, "remotionlambda-useast1-abcdefghij");
    assert_eq!(still.estimated_price.accrued_so_far, 0.00002);
}

#[test]
fn every_split_of_every_recorded_stream_says_the_same() {
    let streams = streams();
    assert!(streams.len() >= 8, "{} streams", streams.len());
    for stream in streams {
        let whole = decode([&stream[..]]);
        for at in 0..=stream.len() {
            assert_eq!(decode([&stream[..at], &stream[at..]]), whole, "split at {at}");
        }
        assert_eq!(decode(stream.chunks(1)), whole, "byte by byte");
        assert_eq!(decode(stream.chunks(7)), whole, "by seven");
    }
}

#[test]
fn an_error_is_told_by_its_message_s_first_line() {
    let failed = r#"{"error":"Error: kaputt\n    at render (/var/task/index.js:1)","shouldRetry":true,"errorInfo":{"message":"kaputt\nmore"}}"#;
    assert_eq!(decode([frame(2, failed).as_bytes()]), Ok(vec![Message::Failed("kaputt".into())]));
    let bare = frame(2, r#"{"error":"Error: x\n    at y","shouldRetry":false}"#);
    assert_eq!(decode([bare.as_bytes()]), Ok(vec![Message::Failed("Error: x".into())]));
}

#[test]
fn other_frames_and_noise_are_skipped_without_being_kept() {
    let large = "x".repeat(3 * LARGEST);
    let text =
        ["noise remotion_buf", &frame(4, &large), "noise", &frame(1, "[]"), &frame(3, r#"{"renderId":"a"}"#)].concat();
    let mut frames = Frames::default();
    let mut messages = Vec::new();
    for piece in text.as_bytes().chunks(1000) {
        messages.extend(frames.push(piece).unwrap());
        assert!(frames.buffer.len() <= 1000 + MARKER.len() + LONGEST_HEADER, "{}", frames.buffer.len());
    }
    assert_eq!(messages, [Message::RenderId("a".into())]);
}

#[test]
fn what_is_no_frame_is_refused_and_never_waited_for() {
    for (text, error) in [
        (frame(99, "{}"), StreamError::UnknownFrame),
        (frame(6, "{oops"), StreamError::Content),
        (frame(3, "{}"), StreamError::Content),
        ("remotion_buffer:x:1:0:a".to_owned(), StreamError::Header),
        ("remotion_buffer:3:-1:0:a".to_owned(), StreamError::Header),
        (format!("remotion_buffer:3:{}", "1".repeat(40)), StreamError::Header),
        ("remotion_buffer:3:99999999999999999999:0:".to_owned(), StreamError::Header),
        (format!("remotion_buffer:6:{}:0:", LARGEST + 1), StreamError::TooLarge),
    ] {
        assert_eq!(decode([text.as_bytes()]), Err(error), "{text:.60}");
        assert_eq!(decode(text.as_bytes().chunks(1)), Err(error), "{text:.60}");
    }
    assert_eq!(decode(["{\"type\":\"error\"}".as_bytes()]), Ok(Vec::new()));
}
