//! Where a finished file is copied: what callers may say, and what is configured.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Kind, Result};
use crate::records::IfExists;
use crate::remotion::names;

/// The longest key of S3, bytes.
const LONGEST_KEY: usize = 1024;

/// `copyTo` of a request: `"s3://bucket/key"`, or an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "EitherForm"))]
pub struct CopyTo {
    /// Destination bucket.
    pub bucket: String,
    /// Its key. None, or one ending in `/`, keeps the output's file name.
    pub key: String,
    /// The bucket's region, looked up where left out.
    pub region: Option<String>,
    /// Account id that must own the bucket.
    pub expected_bucket_owner: Option<String>,
    /// What to do about an object that is there already.
    pub if_exists: IfExists,
    /// Storage class of the copy.
    pub storage_class: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CopyToObject"))]
struct Shape {
    bucket: String,
    key: Option<String>,
    region: Option<String>,
    expected_bucket_owner: Option<String>,
    if_exists: Option<IfExists>,
    storage_class: Option<String>,
}

/// `"s3://bucket/key"`, or an object.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum EitherForm {
    /// `s3://bucket/key`
    Url(String),
    /// The same with options.
    Object(Shape),
}

struct CopyToVisitor;

impl<'de> Visitor<'de> for CopyToVisitor {
    type Value = CopyTo;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"s3://bucket/key\" or {bucket, key?, region?, expectedBucketOwner?, ifExists?, storageClass?}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<CopyTo, E> {
        let place = text.strip_prefix("s3://").map(|place| place.split_once('/').unwrap_or((place, "")));
        let (bucket, key) = place.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))?;
        CopyTo::at(bucket, key).checked().map_err(|wrong| E::invalid_value(de::Unexpected::Str(text), &wrong))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CopyTo, A::Error> {
        let Shape { bucket, key, region, expected_bucket_owner, if_exists, storage_class } =
            Shape::deserialize(MapAccessDeserializer::new(map))?;
        let key = key.unwrap_or_default();
        let copy_to = CopyTo {
            bucket,
            key,
            region,
            expected_bucket_owner,
            if_exists: if_exists.unwrap_or_default(),
            storage_class,
        };
        copy_to.checked().map_err(|wrong| de::Error::invalid_value(de::Unexpected::Map, &wrong))
    }
}

impl<'de> Deserialize<'de> for CopyTo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CopyToVisitor)
    }
}

impl CopyTo {
    /// A copy to this place, replacing what is there.
    pub fn at(bucket: &str, key: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            region: None,
            expected_bucket_owner: None,
            if_exists: IfExists::Overwrite,
            storage_class: None,
        }
    }

    fn checked(self) -> Result<Self, &'static str> {
        let owner_is_account = |owner: &String| owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit());
        let known = |region: &String| {
            region.len() <= 32 && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !names::is_bucket_name(&self.bucket) {
            return Err("the name of an S3 bucket");
        }
        if self.key.starts_with('/') || self.key.len() > LONGEST_KEY || self.key.chars().any(char::is_control) {
            return Err("a key of at most 1024 bytes that does not begin with a slash");
        }
        if self.key.split('/').any(|segment| segment == ".." || segment == ".") {
            return Err("a key without `.` and `..` segments");
        }
        if !has_known_placeholders(&self.key) {
            return Err("a key whose placeholders are {renderId}, {composition} or {ext}");
        }
        if !self.expected_bucket_owner.as_ref().is_none_or(owner_is_account) {
            return Err("an expectedBucketOwner of 12 digits");
        }
        if !self.region.as_ref().is_none_or(known) {
            return Err("the name of an AWS region");
        }
        Ok(self)
    }

    /// The key with `{renderId}`, `{composition}` and `{ext}` filled in, and the output's file name
    /// where none was given.
    pub fn resolved_key(&self, render_id: &str, composition: &str, file_name: &str) -> String {
        let ext = file_name.rsplit_once('.').map_or("", |(_, ext)| ext);
        let key = self.key.replace("{renderId}", render_id).replace("{composition}", composition).replace("{ext}", ext);
        if key.is_empty() || key.ends_with('/') { format!("{key}{file_name}") } else { key }
    }
}

/// A misspelt placeholder would become part of the key.
fn has_known_placeholders(key: &str) -> bool {
    let names = key.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    let mut words =
        names.filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    words.all(|name| ["renderId", "composition", "ext"].contains(&name))
}

/// A bucket that copies may go to, and the prefix that their keys must have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Destination {
    bucket: String,
    prefix: String,
}

/// Where copies may go: the value of `RENDERGATE_DESTINATIONS`, such as `videos,archive/customers/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destinations(Vec<Destination>);

impl Destinations {
    /// Whether copying is off.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each bucket with the prefix below which it may be written; an empty one is all of it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|destination| (destination.bucket.as_str(), destination.prefix.as_str()))
    }

    /// Whether the bucket is a destination, whatever the key.
    pub fn has_bucket(&self, bucket: &str) -> bool {
        self.0.iter().any(|destination| destination.bucket == bucket)
    }

    /// Whether this object may be written.
    pub fn allows(&self, bucket: &str, key: &str) -> bool {
        self.0.iter().any(|destination| destination.bucket == bucket && key.starts_with(&destination.prefix))
    }

    /// The guides' form: an `outName` whose first segment is a destination means a copy to there.
    pub fn from_out_name(&self, out_name: &str) -> Option<CopyTo> {
        let (bucket, key) = out_name.split_once('/')?;
        (self.has_bucket(bucket) && !key.is_empty()).then(|| CopyTo::at(bucket, key))
    }
}

impl FromStr for Destinations {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Json {
            bucket: String,
            #[serde(default)]
            prefix: String,
        }
        let wrong = || {
            Error::new(
                Kind::Config,
                "expected buckets with optional key prefixes, such as `videos,archive/customers/`, or JSON `[{\"bucket\":\"…\",\"prefix\":\"…\"}]`",
            )
        };
        let listed: Vec<Destination> = if text.trim_start().starts_with('[') {
            let list: Vec<Json> = serde_json::from_str(text).map_err(|_| wrong())?;
            list.into_iter().map(|Json { bucket, prefix }| Destination { bucket, prefix }).collect()
        } else {
            let split = |entry: &str| match entry.split_once('/') {
                Some((bucket, prefix)) => Destination { bucket: bucket.to_owned(), prefix: prefix.to_owned() },
                None => Destination { bucket: entry.to_owned(), prefix: String::new() },
            };
            text.split(',').map(str::trim).map(split).collect()
        };
        if listed.iter().all(|destination| names::is_bucket_name(&destination.bucket)) {
            Ok(Self(listed))
        } else {
            Err(wrong())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_mean_the_same() {
        let text: CopyTo = serde_json::from_str(r#""s3://videos/a/{renderId}.{ext}""#).unwrap();
        let object: CopyTo = serde_json::from_str(r#"{"bucket":"videos","key":"a/{renderId}.{ext}"}"#).unwrap();
        assert_eq!(text, object);
        assert_eq!(text.resolved_key("m1yq8x2c0v", "Demo", "out.mp4"), "a/m1yq8x2c0v.mp4");
    }

    #[test]
    fn a_key_that_is_a_folder_keeps_the_file_name() {
        for (key, resolved) in
            [("", "my film.mp4"), ("a/", "a/my film.mp4"), ("{composition}/", "Demo/my film.mp4"), ("x", "x")]
        {
            assert_eq!(CopyTo::at("videos", key).resolved_key("r", "Demo", "my film.mp4"), resolved);
        }
    }

    #[test]
    fn wrong_places_are_refused() {
        for json in [
            r#""videos/a.mp4""#,
            r#""s3://Videos/a""#,
            r#""s3://videos//a""#,
            r#"{"bucket":"videos","key":"../x"}"#,
            r#"{"bucket":"videos","expectedBucketOwner":"me"}"#,
            r#"{"bucket":"videos","ifExists":"maybe"}"#,
            r#"{"bucket":"videos","acl":"public-read"}"#,
            r#"{"key":"x"}"#,
            r#""s3://videos/{renderID}.mp4""#,
            r#"{"bucket":"videos","key":"{foo}/x"}"#,
            "5",
        ] {
            assert!(serde_json::from_str::<CopyTo>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn only_configured_places_are_allowed() {
        let destinations: Destinations = "videos, archive/customers/".parse().unwrap();
        assert!(destinations.allows("videos", "x") && destinations.allows("archive", "customers/x"));
        assert!(!destinations.allows("archive", "x") && !destinations.allows("other", "x"));
        let json: Destinations = r#"[{"bucket":"videos"},{"bucket":"archive","prefix":"customers/"}]"#.parse().unwrap();
        assert_eq!(destinations, json);
        assert_eq!(destinations.from_out_name("videos/a/b.mp4"), Some(CopyTo::at("videos", "a/b.mp4")));
        assert_eq!(destinations.from_out_name("other/a.mp4"), None);
        for wrong in ["Videos", "", "a,,b", r#"[{"bucket":"videos","acl":"x"}]"#] {
            assert!(wrong.parse::<Destinations>().is_err(), "{wrong}");
        }
    }
}
