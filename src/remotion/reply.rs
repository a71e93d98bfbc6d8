//! What the function answers. Read tolerantly: others write it.

use serde::Deserialize;
use serde_json::{Value, json};

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
    error_message: Option<String>,
    render_id: Option<String>,
    bucket_name: Option<String>,
    version: Option<String>,
}

impl Reply {
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
    let Some(reply) = Reply::read(payload) else { return StartReply::Unreadable };
    match (reply.refusal(threw), reply.render_id, reply.bucket_name) {
        (Some(message), ..) => StartReply::Refused(message),
        (None, Some(render_id), Some(bucket_name)) => StartReply::Started { render_id, bucket_name },
        _ => StartReply::Unreadable,
    }
}

/// The `info` event, which every version answers.
pub fn info_event() -> Value {
    json!({"type": "info", "logLevel": "info"})
}

/// The version in the answer to `info`.
pub fn info(payload: &[u8]) -> Option<String> {
    Reply::read(payload)?.version
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
