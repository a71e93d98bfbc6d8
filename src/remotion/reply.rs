//! What the function answers. Read tolerantly: others write it.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::progress::Progress;
use super::stream::Rendered;

/// The answer to `start`.
#[derive(Debug, PartialEq, Eq)]
pub enum StartReply {
    /// The render runs.
    Started {
        /// Its id.
        render_id: String,
        /// The render bucket.
        bucket_name: String,
    },
    /// The function refused or failed; its message, without the stack.
    Refused(String),
    /// Nothing that we know.
    Unreadable,
}

/// The answer to `status`.
#[derive(Debug)]
pub enum StatusReply {
    /// How the render is.
    Progress(Box<Progress>),
    /// There is no such render.
    NotFound,
    /// The function refused or failed; its message, without the stack.
    Refused(String),
    /// Nothing that we know.
    Unreadable,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
    error_message: Option<String>,
    error_type: Option<String>,
    render_id: Option<String>,
    bucket_name: Option<String>,
    version: Option<String>,
}

impl Head {
    fn read(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }

    /// The message of an answered error (`type: "error"`) or a thrown one.
    fn refusal(&self, threw: bool) -> Option<String> {
        let refused = threw || self.kind.as_deref() == Some("error");
        refused.then(|| self.message.clone().or_else(|| self.error_message.clone()).unwrap_or_default())
    }
}

/// Reads the answer to `start`; `threw` is Lambda's own mark of an unhandled error.
pub fn start(payload: &[u8], threw: bool) -> StartReply {
    let Some(reply) = Head::read(payload) else { return StartReply::Unreadable };
    match (reply.refusal(threw), reply.render_id, reply.bucket_name) {
        (Some(message), ..) => StartReply::Refused(message),
        (None, Some(render_id), Some(bucket_name)) => StartReply::Started { render_id, bucket_name },
        _ => StartReply::Unreadable,
    }
}

/// The `status` event of a render on AWS; `version` must be the function's own.
pub fn status_event(bucket: &str, render_id: &str, version: &str) -> Value {
    json!({
        "type": "status",
        "bucketName": bucket,
        "renderId": render_id,
        "version": version,
        "s3OutputProvider": null,
        "logLevel": "info",
        "forcePathStyle": false,
    })
}

/// Reads the answer to `status`; `threw` is Lambda's own mark of an unhandled error, which is how the
/// function refuses a status.
///
/// # Different from the official client
/// It looks at the mark alone, so that the reason is lost.
pub fn status(payload: &[u8], threw: bool) -> StatusReply {
    let Some(reply) = Head::read(payload) else { return StatusReply::Unreadable };
    match (reply.refusal(threw), reply.error_type.as_deref()) {
        (Some(_), Some("NoSuchKey" | "NotFound")) => StatusReply::NotFound,
        (Some(message), _) => StatusReply::Refused(message),
        (None, _) if reply.kind.as_deref() == Some("success") => {
            serde_json::from_slice(payload).map_or(StatusReply::Unreadable, StatusReply::Progress)
        }
        (None, _) => StatusReply::Unreadable,
    }
}

/// The first line of a function's message, of a bearable length: what follows is its stack.
pub fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().chars().take(300).collect()
}

/// The answer to an event other than `start`.
#[derive(Debug)]
pub enum Reply<T> {
    /// What was asked for.
    Answer(T),
    /// The function refused or failed; its message, without the stack.
    Refused(String),
    /// Nothing that we know.
    Unreadable,
}

/// Reads the answer to `compositions`: the list, as the function wrote it.
pub fn compositions(payload: &[u8], threw: bool) -> Reply<Vec<Box<RawValue>>> {
    #[derive(Deserialize)]
    struct Answer {
        compositions: Vec<Box<RawValue>>,
    }
    read(payload, threw, |Answer { compositions }| compositions)
}

/// Reads the answer to a `still` that was not streamed.
pub fn still(payload: &[u8], threw: bool) -> Reply<Box<Rendered>> {
    read(payload, threw, Box::new)
}

fn read<A: DeserializeOwned, T>(payload: &[u8], threw: bool, take: impl FnOnce(A) -> T) -> Reply<T> {
    match Head::read(payload).and_then(|head| head.refusal(threw)) {
        Some(message) => Reply::Refused(message),
        None => serde_json::from_slice(payload).map_or(Reply::Unreadable, |answer| Reply::Answer(take(answer))),
    }
}

/// The message of an error that Lambda reports at the end of a stream, where it is one; it is JSON mostly.
pub fn thrown(details: &str) -> String {
    let message = Head::read(details.as_bytes()).and_then(|head| head.error_message);
    message.unwrap_or_else(|| details.to_owned())
}

/// The `info` event, which every version answers.
pub fn info_event() -> Value {
    json!({"type": "info", "logLevel": "info"})
}

/// The version in the answer to `info`.
pub fn info(payload: &[u8]) -> Option<String> {
    Head::read(payload)?.version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_from_what_functions_really_answered() {
        let running = include_str!("../../tests/fixtures/remotion/4.0.527/captures/invoke-status-running.json");
        let answer = serde_json::from_str::<Value>(running).unwrap()["responseJson"].to_string();
        let StatusReply::Progress(progress) = status(answer.as_bytes(), false) else { panic!("{answer}") };
        assert_eq!(serde_json::to_value(&progress).unwrap(), serde_json::from_str::<Value>(&answer).unwrap());

        let thrown = |kind: &str| json!({"errorType": kind, "errorMessage": "m", "trace": []}).to_string();
        assert!(matches!(status(thrown("NoSuchKey").as_bytes(), true), StatusReply::NotFound));
        assert!(matches!(status(thrown("Error").as_bytes(), true), StatusReply::Refused(m) if m == "m"));
        assert!(matches!(status(br#"{"type":"error","message":"m"}"#, false), StatusReply::Refused(m) if m == "m"));
        for other in ["null", "{}", "[]", "<html>", r#"{"type":"success","errors":1}"#] {
            assert!(matches!(status(other.as_bytes(), false), StatusReply::Unreadable), "{other}");
        }
    }

    #[test]
    fn a_start_is_read_from_what_functions_really_answered() {
        let started = br#"{"type":"success","bucketName":"remotionlambda-useast1-0a1b2c3d4e","renderId":"m1yq8x2c0v"}"#;
        assert_eq!(
            start(started, false),
            StartReply::Started {
                render_id: "m1yq8x2c0v".into(),
                bucket_name: "remotionlambda-useast1-0a1b2c3d4e".into()
            }
        );
        assert_eq!(start(br#"{"type":"error","message":"m","stack":"s"}"#, false), StartReply::Refused("m".into()));
        let thrown = br#"{"errorType":"Error","errorMessage":"m","trace":[]}"#;
        assert_eq!(start(thrown, true), StartReply::Refused("m".into()));
        for other in ["null", "{}", "", "[1]", "<html>", r#"{"renderId":"x"}"#] {
            assert_eq!(start(other.as_bytes(), false), StartReply::Unreadable, "{other}");
        }
    }

    fn recorded(capture: &str) -> Vec<u8> {
        let capture: Value = serde_json::from_str(capture).unwrap();
        let answer = capture.get("response").or(capture.get("responseJson")).unwrap();
        answer.to_string().into_bytes()
    }

    macro_rules! capture {
        ($name:literal) => {
            &recorded(include_str!(concat!("../../tests/fixtures/remotion/4.0.527/captures/", $name, ".json")))
        };
    }

    #[test]
    fn recorded_answers_are_read_and_errors_told_apart() {
        let Reply::Answer(list) = compositions(capture!("invoke-compositions"), false) else { panic!() };
        assert!(list.len() == 2 && list[1].get().contains("\"Boom\""), "{list:?}");
        let Reply::Answer(image) = still(capture!("raw-still-sync-not-streamed"), false) else { panic!() };
        assert_eq!((image.out_key.as_str(), image.size_in_bytes), ("renders/3natn4l2wc/out.png", 7028));
        let error = br#"{"type":"error","message":"m","stack":"s"}"#;
        assert!(matches!(compositions(error, false), Reply::Refused(message) if message == "m"));
        assert!(matches!(still(error, false), Reply::Refused(message) if message == "m"));
        for other in ["null", "{}", "", "[1]", r#"{"compositions":5}"#] {
            assert!(matches!(compositions(other.as_bytes(), false), Reply::Unreadable), "{other}");
        }
    }

    #[test]
    fn what_a_stream_threw_is_told_without_its_trace() {
        assert_eq!(thrown(r#"{"errorType":"T","errorMessage":"m","trace":["at x"]}"#), "m");
        assert_eq!(thrown(r#"{"errorMessage":"a\"b"}"#), "a\"b");
        assert_eq!(thrown("Task timed out"), "Task timed out");
    }
}
