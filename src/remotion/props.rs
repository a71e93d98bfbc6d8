//! `inputProps`: inside the payload while they are small, in S3 beyond.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::javascript;

/// What is left for the other options and the webhook's data.
const RESERVED: usize = 5_000 + 1_024;

/// Where props fit into the payload, in bytes of the whole payload.
#[derive(Clone, Copy, Debug)]
pub enum Room {
    /// Remotion's asynchronous call to itself: what a media render, and the list of compositions, pass on.
    Passed,
    /// One synchronous call, as for a still.
    Direct,
}

impl Room {
    const fn bytes(self) -> usize {
        match self {
            Self::Passed => 200_000 - RESERVED,
            Self::Direct => 5_000_000 - RESERVED,
        }
    }
}

/// The props as the payload carries them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Props<'a> {
    /// The JSON text itself.
    Payload {
        /// JSON text.
        payload: &'a str,
    },
    /// The text is `input-props/<hash>.json` in the bucket.
    BucketUrl {
        /// Random, so that no two renders share (and delete) one object.
        hash: String,
        /// The render bucket.
        #[serde(rename = "bucketName")]
        bucket_name: String,
    },
}

/// The props' JSON text, as the official client writes it; `{}` where none or null were given.
pub fn text(props: Option<&RawValue>) -> String {
    match props {
        Some(props) if props.get() != "null" => javascript::stringify(props),
        _ => "{}".to_owned(),
    }
}

/// Whether the props fit into the payload. Counted as AWS counts: bytes of UTF-8 after the text was
/// escaped into a JSON string. The environment variables travel beside them.
pub fn fits_inline(text: &str, env_variables: Option<&BTreeMap<String, String>>, room: Room) -> bool {
    let env = env_variables.map_or(2, |map| serde_json::to_string(map).map_or(usize::MAX, |json| json.len()));
    escaped_len(text).saturating_add(env) <= room.bytes()
}

fn escaped_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
            0..=31 => 6,
            _ => 1,
        })
        .sum()
}

/// Where uploaded props go: the function looks for them here.
pub fn key(hash: &str) -> String {
    format!("input-props/{hash}.json")
}

/// Ten characters of `[a-z0-9]` made from 128 random bits.
pub fn hash(mut random: u128) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut hash = String::with_capacity(10);
    for _ in 0..10 {
        hash.push(char::from(ALPHABET[(random % 36) as usize]));
        random /= 36;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_official_client() {
        let raw = |text: &str| serde_json::from_str::<Box<RawValue>>(text).unwrap();
        assert_eq!(text(None), "{}");
        assert_eq!(text(Some(&raw(" null "))), "{}");
        assert_eq!(text(Some(&raw(r#"{ "b": "\u00e9", "1": 1.0 }"#))), r#"{"1":1,"b":"é"}"#);
    }

    #[test]
    fn the_size_is_that_of_the_escaped_text() {
        for text in ["{}", "{\"a\":\"é\\n\"}", "\u{1}\u{8}\u{c}\u{7f}", "日本"] {
            assert_eq!(escaped_len(text), serde_json::to_string(text).unwrap().len() - 2, "{text:?}");
        }
    }

    #[test]
    fn the_limit_counts_the_environment_too() {
        for (room, most) in [(Room::Passed, 193_976), (Room::Direct, 4_993_976)] {
            let fits = "x".repeat(most - 2);
            assert!(fits_inline(&fits, None, room));
            assert!(!fits_inline(&format!("{fits}x"), None, room));
            let env = BTreeMap::from([("A".to_owned(), "b".to_owned())]);
            assert!(!fits_inline(&fits, Some(&env), room));
        }
    }

    #[test]
    fn hashes_look_like_remotions() {
        for random in [0, 1, u128::MAX, 0x1234_5678_9abc_def0] {
            let hash = hash(random);
            assert!(hash.len() == 10 && hash.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        }
        assert_ne!(hash(1), hash(2));
    }
}
