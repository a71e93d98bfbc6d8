//! What a caller asks for, read strictly from JSON.

use std::fmt;

use serde::Deserializer;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::copy_to::CopyTo;
use super::notify::Notify;
use crate::error::{Error, Kind, Result};
use crate::remotion::options::MediaOptions;

/// One Remotion render, and where its output goes.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Which account renders.
    pub account: Option<String>,
    /// Where the finished output is copied.
    pub copy_to: Option<CopyTo>,
    /// Who is told of its end.
    pub notify: Option<Notify>,
    /// Remotion's own options.
    pub media: MediaOptions,
}

/// What callers write who know another name for the same thing.
const RENAMED: [(&str, &str); 7] = [
    ("quality", "jpegQuality"),
    ("bufferSize", "encodingBufferSize"),
    ("maxRate", "encodingMaxRate"),
    ("bucketName", "forceBucketName"),
    ("compositionId", "composition"),
    ("props", "inputProps"),
    ("destination", "copyTo"),
];

impl Order {
    /// Reads a request's body: the options of `renderMediaOnLambda()`, `account`, `copyTo` and `notify`, flat.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`]; [`Kind::InvalidField`] with the field, what was expected there and the
    /// nearest name that exists.
    pub fn from_json(body: &[u8]) -> Result<Self> {
        let mut body = Body::read(body)?;
        let (account, copy_to, notify) = (body.take("account")?, body.take("copyTo")?, body.take("notify")?);
        Ok(Self { account, copy_to, notify, media: body.options()? })
    }
}

/// A body whose fields are taken one by one; what is left are Remotion's options.
pub(super) struct Body<'a> {
    fields: Vec<(String, &'a RawValue)>,
    /// The names that were taken: fields of Rendergate's own.
    own: Vec<&'static str>,
}

impl<'a> Body<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self> {
        Ok(Self { fields: object(body)?, own: Vec::new() })
    }

    /// A field of Rendergate's own; null means left out.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>> {
        self.own.push(name);
        let Some(at) = self.fields.iter().position(|(field, _)| field == name) else { return Ok(None) };
        let (_, value) = self.fields.remove(at);
        if self.fields.iter().any(|(field, _)| field == name) {
            return Err(Error::field(name, "to be given once"));
        }
        field(name, value)
    }

    /// What is left.
    pub(super) fn options<T: DeserializeOwned>(self) -> Result<T> {
        let Self { fields, own } = self;
        let options = MapDeserializer::new(fields.into_iter());
        serde_path_to_error::deserialize(options).map_err(|error| explain(&error, "", &own))
    }
}

impl CopyTo {
    /// Reads a request's body of the same form as `copyTo`.
    ///
    /// # Errors
    /// As [`Order::from_json`].
    pub fn from_json(body: &[u8]) -> Result<Self> {
        let value: &RawValue = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
        field("copyTo", value)
    }
}

/// The top level, split into fields in the order given, each as its own JSON text.
fn object(body: &[u8]) -> Result<Vec<(String, &RawValue)>> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let fields = json.deserialize_map(Fields).map_err(|error| not_json(&error))?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(fields)
}

fn not_json(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    Error::new(Kind::InvalidJson, format!("The body is not a JSON object (line {line}, column {column}). Send one."))
}

fn field<T: DeserializeOwned>(name: &str, value: &RawValue) -> Result<T> {
    let mut json = serde_json::Deserializer::from_str(value.get());
    serde_path_to_error::deserialize(&mut json).map_err(|error| explain(&error, name, &[]))
}

/// From serde's message to a field, what was expected, and a suggestion. The message quotes the
/// value, which may be a secret: of it only the type is kept. `own` are further names that are known.
fn explain(error: &serde_path_to_error::Error<serde_json::Error>, parent: &str, own: &[&str]) -> Error {
    let path = error.path().to_string();
    let path = match (parent, path.as_str()) {
        ("", path) => path.to_owned(),
        (parent, "." | "") => parent.to_owned(),
        (parent, path) => format!("{parent}.{path}"),
    };
    let message = error.inner().to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    // serde puts names between backticks: the wrong one first, then the known ones.
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if message.starts_with("unknown field") {
        let (name, known) = names.split_first().map_or(("", [].as_slice()), |(name, known)| (*name, known));
        let top = parent.is_empty();
        return unknown_field(&path, name, &[known, own].concat(), top);
    }
    if let Some(name) = message.strip_prefix("missing field").and(names.first()) {
        let name = if path == "." { (*name).to_owned() } else { format!("{path}.{name}") };
        return Error::field(&name, "a value; it is missing");
    }
    if let Some(name) = message.strip_prefix("duplicate field").and(names.first()) {
        return Error::field(name, "to be given once");
    }
    let expected = match message.rsplit_once("expected ") {
        Some((_, "u64" | "i64")) => "a whole number",
        Some((_, "a map")) => "an object",
        Some((_, expected)) => expected,
        None if message.starts_with("data did not match") => "another type",
        // The message is an `expecting` text of ours.
        None => message,
    };
    Error::field(&path, expected.replace('`', "\""))
}

fn unknown_field(path: &str, name: &str, known: &[&str], top: bool) -> Error {
    let renamed = RENAMED.iter().find(|(old, new)| top && *old == name && known.contains(new)).map(|(_, new)| *new);
    let nearest = || {
        let all = known.iter().copied();
        let scored =
            all.map(|candidate| (strsim::jaro_winkler(&candidate.to_lowercase(), &name.to_lowercase()), candidate));
        scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
    };
    // The path of an unknown field ends in its name, or is that of its parent.
    let full = match path {
        "." | "" => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    match renamed.or_else(nearest) {
        Some(near) => Error::new(Kind::InvalidField, format!("`{full}` is not a known field. Did you mean `{near}`?"))
            .with("field", full)
            .with("expected", "a known field")
            .with("didYouMean", near),
        None => Error::new(Kind::InvalidField, format!("`{full}` is not a known field. Leave it out."))
            .with("field", full)
            .with("expected", "a known field"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> (String, String, String) {
        let error = Order::from_json(body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidField, "{body}: {error}");
        assert!(!error.detail().contains("CANARY"), "{error}");
        let member =
            |name: &str| error.members().get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        (member("field"), member("expected"), member("didYouMean"))
    }

    #[test]
    fn wrong_fields_are_named_with_what_was_expected() {
        for (body, field, expected) in [
            (r#"{"composition":5}"#, "composition", "a string"),
            (r#"{"muted":"yes"}"#, "muted", "a boolean"),
            (r#"{"scale":"CANARY"}"#, "scale", "a number"),
            (r#"{"jpegQuality":80.5}"#, "jpegQuality", "a whole number"),
            (
                r#"{"webhook":"CANARY"}"#,
                "webhook",
                "{url, secret, customData?} with url a string and secret a string or null",
            ),
            (r#"{"envVariables":{"A":5}}"#, "envVariables.A", "a string"),
            (r#"{"envVariables":"CANARY"}"#, "envVariables", "an object"),
            (r#"{"frameRange":[[0,1]]}"#, "frameRange", "a frame number, [first, last] or [first, null]"),
            (r#"{"outName":{"bucketName":"b"}}"#, "outName.key", "a value; it is missing"),
            (r#"{"outName":{"bucketName":"b","key":7}}"#, "outName.key", "a string"),
            (
                r#"{"copyTo":{"bucket":"videos","ifExists":"x"}}"#,
                "copyTo.ifExists",
                "one of \"overwrite\", \"skip\", \"fail\"",
            ),
            (r#"{"account":1}"#, "account", "a string"),
            (r#"{"muted":true,"muted":false}"#, "muted", "to be given once"),
            (r#"{"account":"a","account":"b"}"#, "account", "to be given once"),
            (r#"{"downloadBehavior":{"type":"download"}}"#, "downloadBehavior.fileName", "a value; it is missing"),
        ] {
            let (named, wanted, _) = refused(body);
            assert_eq!((named.as_str(), wanted.as_str()), (field, expected), "{body}");
        }
        assert!(refused(r#"{"codec":"av1"}"#).1.contains("\"h264\""));
    }

    #[test]
    fn unknown_fields_get_a_suggestion() {
        for (name, near) in [
            ("compositon", "composition"),
            ("frame_range", "frameRange"),
            ("copyto", "copyTo"),
            ("quality", "jpegQuality"),
            ("serveURL", "serveUrl"),
            ("zzzzz", ""),
        ] {
            let (field, _, suggestion) = refused(&format!(r#"{{"{name}":1}}"#));
            assert_eq!((field.as_str(), suggestion.as_str()), (name, near));
        }
        let (field, _, near) = refused(r#"{"chromiumOptions":{"headles":true}}"#);
        assert_eq!((field.as_str(), near.as_str()), ("chromiumOptions.headles", "headless"));
    }

    #[test]
    fn null_means_left_out() {
        let order =
            Order::from_json(br#"{"copyTo":null,"account":null,"crf":null,"inputProps":null,"frameRange":[0,null]}"#)
                .unwrap();
        assert!(order.copy_to.is_none() && order.account.is_none() && order.media.crf.is_none());
        assert!(order.media.frame_range.is_some());
    }

    #[test]
    fn what_is_not_an_object_is_not_an_order() {
        for body in ["", "[]", "null", "{", "{} x", "\"a\"", "{\"a\":}"] {
            assert_eq!(Order::from_json(body.as_bytes()).unwrap_err().kind(), Kind::InvalidJson, "{body}");
        }
    }

    #[test]
    fn secrets_of_an_order_never_show_in_debug() {
        let body = r#"{"envVariables":{"A":"CANARY"},"licenseKey":"CANARY","apiKey":"CANARY",
            "webhook":{"url":"https://e.com","secret":"CANARY"},
            "outName":{"bucketName":"b","key":"k","s3OutputProvider":{"endpoint":"e","accessKeyId":"CANARY","secretAccessKey":"CANARY"}}}"#;
        let order = Order::from_json(body.as_bytes()).unwrap();
        assert!(!format!("{order:?} {order:#?}").contains("CANARY"));
    }
}
