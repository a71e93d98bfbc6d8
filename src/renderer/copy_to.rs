//! Where a finished file is copied, as callers say it.

use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use crate::error::Result;
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
}
