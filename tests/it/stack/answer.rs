//! An answer, read whole, and what every answer has to keep to.

use base64::Engine as _;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// Part of every secret that a test hands to the program, so that one search finds them all.
pub(crate) const CANARY: &str = "canary";

/// The first secret found in a text, or in its base64, with what stands around it.
pub(crate) fn reveals(text: &str, secrets: &[String]) -> Option<String> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(CANARY);
    let named = secrets.iter().find_map(|secret| text.find(secret.as_str()));
    let place = named.or_else(|| text.to_lowercase().find(CANARY)).or_else(|| text.find(&encoded))?;
    let around = text.char_indices().filter(|(at, _)| *at + 60 > place && *at < place + 60);
    Some(around.map(|(_, letter)| letter).collect())
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null when the body isn't JSON.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response, secrets: &[String]) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        let answer = Self { status, headers, text, json };
        assert!(answer.header("x-request-id").is_some(), "no x-request-id: {answer:?}");
        let said = without_presigned_token(&format!("{:?} {}", answer.headers, answer.text));
        assert_eq!(reveals(&said, secrets), None, "in {answer:?}");
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body of an answer that must have this status.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:#?}");
        self.json
    }

    /// The members of an RFC 9457 problem, complete and in agreement with its headers.
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{self:#?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:#?}");
        assert_eq!(self.json["status"], status, "{self:#?}");
        assert_eq!(self.json["requestId"].as_str(), self.header("x-request-id"), "{self:#?}");
        for member in ["type", "title", "detail", "instance"] {
            assert!(self.json[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}: {self:#?}");
        }
        if [429, 503].contains(&status) {
            let seconds = self.header("retry-after").and_then(|value| value.parse::<u32>().ok());
            assert!(seconds.is_some(), "429 and 503 say when to come back: {self:#?}");
        }
        for inside in ["/var/task", ".rs:", "SdkError", "ServiceError", "backtrace"] {
            assert!(!self.text.contains(inside), "{inside} is nobody's business: {self:#?}");
        }
        self.json
    }
}

/// A presigned link has to carry the session token; nothing else may.
fn without_presigned_token(text: &str) -> String {
    let mut pieces = text.split("X-Amz-Security-Token=");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(['&', '"', ' ']).unwrap_or(piece.len());
        kept.push_str(&piece[end..]);
    }
    kept
}
