//! Where finished files may be copied, as it is configured.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;

use super::CopyTo;
use crate::credentials::CredentialSource;
use crate::error::{Error, Kind, Result};
use crate::remotion::names;

/// A bucket that copies may go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The bucket.
    pub bucket: String,
    /// Which its keys must have.
    pub prefix: String,
    /// Its region, where it is not to be looked up.
    pub region: Option<String>,
    /// How it is reached, where that is not with the account's credentials on AWS.
    pub own: Option<Own>,
}

/// What a destination has for itself. S3 can't read with one key and write with another: the file is read and
/// written by us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Who writes there.
    pub credentials: CredentialSource,
    /// A store other than AWS.
    pub endpoint: Option<String>,
}

/// The value of `RENDERGATE_DESTINATIONS`, such as `videos,archive/customers/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destinations(Vec<Destination>);

impl Destinations {
    /// Whether copying is off.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them; an empty prefix is all of the bucket.
    pub fn iter(&self) -> impl Iterator<Item = &Destination> {
        self.0.iter()
    }

    /// The first of this bucket; all of them are reached in the same way.
    pub fn bucket(&self, bucket: &str) -> Option<&Destination> {
        self.0.iter().find(|destination| destination.bucket == bucket)
    }

    /// The same, whose own credentials are what `resolve` makes of them.
    ///
    /// # Errors
    /// Its own, with the bucket.
    pub fn resolved(
        mut self,
        resolve: impl Fn(CredentialSource) -> Result<CredentialSource, String>,
    ) -> Result<Self, String> {
        for Destination { bucket, own, .. } in &mut self.0 {
            if let Some(own) = own {
                own.credentials = resolve(own.credentials.clone())
                    .map_err(|what| format!("bucket `{bucket}`: `credentials`: {what}"))?;
            }
        }
        Ok(self)
    }

    /// Whether this object may be written.
    pub fn allows(&self, bucket: &str, key: &str) -> bool {
        self.0.iter().any(|destination| destination.bucket == bucket && key.starts_with(&destination.prefix))
    }

    /// Whether Remotion's function may write this object itself: in AWS, where it writes, a bucket of this name at
    /// another endpoint would be somebody else's.
    pub fn allows_render(&self, bucket: &str, key: &str) -> bool {
        self.allows(bucket, key) && self.bucket(bucket).is_some_and(|destination| destination.endpoint().is_none())
    }

    /// The guides' form: an `outName` whose first segment is a destination means a copy to there.
    pub fn from_out_name(&self, out_name: &str) -> Option<CopyTo> {
        let (bucket, key) = out_name.split_once('/')?;
        (self.bucket(bucket).is_some() && !key.is_empty()).then(|| CopyTo::at(bucket, key))
    }
}

impl Destination {
    /// Its store, where it is not AWS.
    pub fn endpoint(&self) -> Option<&str> {
        self.own.as_ref()?.endpoint.as_deref()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    bucket: String,
    #[serde(default)]
    prefix: String,
    region: Option<String>,
    credentials: Option<String>,
    endpoint: Option<String>,
}

impl TryFrom<Json> for Destination {
    type Error = Error;

    fn try_from(json: Json) -> Result<Self> {
        let Json { bucket, prefix, region, credentials, endpoint } = json;
        let wrong = |what: String| Error::new(Kind::Config, format!("bucket `{bucket}`: {what}"));
        let is_url = |url: &String| {
            url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).is_some_and(|host| !host.is_empty())
        };
        if endpoint.as_ref().is_some_and(|endpoint| !is_url(endpoint)) {
            return Err(wrong("`endpoint`: expected a URL such as https://s3.example.com".to_owned()));
        }
        let source = credentials.as_deref().map(str::parse::<CredentialSource>).transpose();
        let source = source.map_err(|error| wrong(format!("`credentials`: {error}")))?;
        let own =
            (source.is_some() || endpoint.is_some()).then(|| Own { credentials: source.unwrap_or_default(), endpoint });
        Ok(Self { bucket, prefix, region, own })
    }
}

impl FromStr for Destinations {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(
                Kind::Config,
                "expected buckets with optional key prefixes, such as `videos,archive/customers/`, or JSON `[{\"bucket\":\"…\",\"prefix\":\"…\",\"region\":\"…\",\"credentials\":\"…\",\"endpoint\":\"…\"}]`",
            )
        };
        let listed: Vec<Destination> = if text.trim_start().starts_with('[') {
            let list: Vec<Json> = serde_json::from_str(text).map_err(|_| wrong())?;
            list.into_iter().map(Destination::try_from).collect::<Result<_>>()?
        } else {
            let split = |entry: &str| {
                let (bucket, prefix) = entry.split_once('/').unwrap_or((entry, ""));
                Destination { bucket: bucket.to_owned(), prefix: prefix.to_owned(), ..Destination::default() }
            };
            text.split(',').map(str::trim).map(split).collect()
        };
        let mut known = BTreeMap::new();
        for destination in &listed {
            if !names::is_bucket_name(&destination.bucket) {
                return Err(wrong());
            }
            let way = (&destination.own, &destination.region);
            if known.insert(&destination.bucket, way).is_some_and(|other| other != way) {
                let detail = format!(
                    "bucket `{}` is listed with different regions, credentials or endpoints",
                    destination.bucket
                );
                return Err(Error::new(Kind::Config, detail));
            }
        }
        Ok(Self(listed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_configured_places_are_allowed() {
        let destinations: Destinations = "videos, archive/customers/".parse().unwrap();
        assert!(destinations.allows("videos", "x") && destinations.allows("archive", "customers/x"));
        assert!(!destinations.allows("archive", "x") && !destinations.allows("other", "x"));
        let json: Destinations = r#"[{"bucket":"videos"},{"bucket":"archive","prefix":"customers/"}]"#.parse().unwrap();
        assert_eq!(destinations, json);
        assert_eq!(destinations.from_out_name("videos/a/b.mp4"), Some(CopyTo::at("videos", "a/b.mp4")));
        assert_eq!(destinations.from_out_name("other/a.mp4"), None);
    }

    #[test]
    fn a_destination_may_have_its_own_way() {
        let text = r#"[{"bucket":"videos","region":"eu-west-1"},{"bucket":"far","credentials":"secret:far"},
            {"bucket":"store","endpoint":"https://s3.example.com","credentials":"secret:store","region":"auto"}]"#;
        let destinations: Destinations = text.parse().unwrap();
        assert_eq!(destinations.bucket("videos").unwrap().own, None);
        let far = destinations.bucket("far").unwrap().own.as_ref().unwrap();
        assert_eq!((far.credentials.clone(), far.endpoint.as_deref()), ("secret:far".parse().unwrap(), None));
        assert_eq!(destinations.bucket("store").unwrap().endpoint(), Some("https://s3.example.com"));
        assert!(destinations.allows_render("far", "x") && !destinations.allows_render("store", "x"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (wrong, word) in [
            ("Videos", "expected buckets"),
            ("", "expected buckets"),
            ("a,,b", "expected buckets"),
            (r#"[{"bucket":"videos","acl":"x"}]"#, "expected buckets"),
            (r#"[{"bucket":"videos","endpoint":"s3.example.com"}]"#, "`videos`: `endpoint`"),
            (r#"[{"bucket":"videos","credentials":"AKIA"}]"#, "`videos`: `credentials`"),
            (r#"[{"bucket":"videos"},{"bucket":"videos","prefix":"a/","credentials":"role"}]"#, "`videos` is listed"),
        ] {
            let error = wrong.parse::<Destinations>().unwrap_err();
            assert!(error.to_string().contains(word), "{wrong}: {error}");
        }
    }
}
