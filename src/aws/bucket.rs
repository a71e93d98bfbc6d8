//! Reads and writes objects.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};

use super::{Aws, Call, Result, unreadable};
use crate::error::{Error, Kind};
use crate::remotion::names;

/// The longest life of a link signed with temporary credentials that is promised: their own end
/// comes at an unknown time, one hour at the earliest for role chaining.
const TEMPORARY_LINK: Duration = Duration::from_secs(3600);

/// An object's place, and who must own the bucket where that is known.
#[derive(Clone, Debug)]
pub struct Object {
    /// Region of the bucket.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The key, not encoded.
    pub key: String,
    /// Account id, sent as ExpectedBucketOwner.
    pub owner: Option<String>,
}

/// An object in a listing.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was written, in milliseconds since 1970; S3 tells whole seconds.
    pub modified_ms: i64,
}

/// A bucket in a listing.
#[derive(Clone, Debug)]
pub struct ListedBucket {
    /// Its name.
    pub name: String,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: Option<i64>,
}

/// A link that works without credentials until it expires.
#[derive(Clone, Debug)]
pub struct Presigned {
    /// The link.
    pub url: String,
    /// Its end, in RFC 3339.
    pub expires_at: String,
}

/// What a PUT depends on.
#[derive(Clone, Copy, Debug)]
pub enum Put<'a> {
    /// Nothing.
    Always,
    /// There is no object yet.
    New,
    /// The object still has this ETag.
    Replaces(&'a str),
}

impl Object {
    /// The same with the key up to its last slash.
    pub fn folder(&self) -> Self {
        let end = self.key.rfind('/').map_or(0, |slash| slash + 1);
        Self { key: self.key[..end].to_owned(), ..self.clone() }
    }

    pub(super) fn call(&self, action: &'static str) -> Call {
        Call { action, resource: format!("arn:aws:s3:::{}/{}", self.bucket, self.key) }
    }
}

impl Aws {
    /// The object's bytes and ETag; `None` where there is no such key.
    pub async fn get(&self, object: &Object) -> Result<Option<(Vec<u8>, String)>> {
        let answer = self.call(object.call("s3:GetObject"), |clients| {
            let request = clients.s3(&object.region).get_object().bucket(&object.bucket).key(&object.key);
            let request = request.set_expected_bucket_owner(object.owner.clone()).send();
            async move { none_if("NoSuchKey", request.await) }
        });
        let Some(answer) = answer.await? else { return Ok(None) };
        let etag = answer.e_tag.unwrap_or_default();
        let bytes = answer.body.collect().await.map_err(|error| {
            Error::new(Kind::AwsUnavailable, "The connection to S3 broke. Try again.").because(error)
        })?;
        Ok(Some((bytes.into_bytes().into(), etag)))
    }

    /// Writes a JSON object; its ETag, or `None` where the condition did not hold.
    pub async fn put(&self, object: &Object, json: Vec<u8>, condition: Put<'_>) -> Result<Option<String>> {
        let written = self.call(object.call("s3:PutObject"), |clients| {
            let request = clients.s3(&object.region).put_object().bucket(&object.bucket).key(&object.key);
            let request = request
                .set_expected_bucket_owner(object.owner.clone())
                .content_type("application/json")
                .body(ByteStream::from(json.clone()));
            let request = match condition {
                Put::Always => request,
                Put::New => request.if_none_match("*"),
                Put::Replaces(etag) => request.if_match(etag),
            }
            .send();
            async move {
                let answer = none_if("PreconditionFailed", request.await)?;
                Ok::<_, SdkError<_, _>>(answer.map(|answer| answer.e_tag.unwrap_or_default()))
            }
        });
        match written.await {
            // Another conditional write of the same key is under way: it wins.
            Err(error)
                if error.members().get("awsErrorCode").is_some_and(|code| code == "ConditionalRequestConflict") =>
            {
                Ok(None)
            }
            other => other,
        }
    }

    /// A link to the object for `life` (at most 7 days; 1 hour with temporary credentials) from `start` on. No
    /// call is made.
    pub async fn presign(&self, object: &Object, life: Duration, start: SystemTime) -> Result<Presigned> {
        let signed = self.sign(object, life, start).await?;
        if life > TEMPORARY_LINK && signed.url.contains("X-Amz-Security-Token=") {
            return self.sign(object, TEMPORARY_LINK, start).await;
        }
        Ok(signed)
    }

    async fn sign(&self, object: &Object, life: Duration, start: SystemTime) -> Result<Presigned> {
        let expires_at = DateTime::from(start + life);
        let config = PresigningConfig::builder()
            .start_time(start)
            .expires_in(life)
            .build()
            .map_err(|error| Error::field("expiresIn", "1 to 604800 seconds").because(error))?;
        let signed = self.call(object.call("s3:GetObject"), |clients| {
            let request = clients.s3(&object.region).get_object().bucket(&object.bucket).key(&object.key);
            let config = config.clone();
            async move { request.presigned(config).await }
        });
        let url = signed.await?.uri().to_owned();
        let whole_seconds = DateTime::from_secs(expires_at.secs());
        let expires_at = whole_seconds.fmt(DateTimeFormat::DateTime).map_err(|_| unreadable("the clock"))?;
        Ok(Presigned { url, expires_at })
    }

    /// The objects whose keys begin with the object's key.
    pub async fn list(&self, under: &Object) -> Result<Vec<Listed>> {
        self.list_some(under, None, usize::MAX).await
    }

    /// The same, in the order of their keys: at most so many, from behind `after`.
    pub async fn list_some(&self, under: &Object, after: Option<&str>, most: usize) -> Result<Vec<Listed>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            // What S3 gives at most in one answer.
            let left = most.saturating_sub(found.len());
            let page = i32::try_from(left).ok().filter(|page| *page < 1000);
            let call = Call { action: "s3:ListBucket", resource: format!("arn:aws:s3:::{}", under.bucket) };
            let page = self.call(call, |clients| {
                let request = clients.s3(&under.region).list_objects_v2().bucket(&under.bucket).prefix(&under.key);
                request
                    .set_expected_bucket_owner(under.owner.clone())
                    .set_continuation_token(next.clone())
                    .set_start_after(after.map(str::to_owned))
                    .set_max_keys(page)
                    .send()
            });
            let page = page.await?;
            found.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| {
                let size = object.size.unwrap_or_default().max(0).unsigned_abs();
                Some(Listed { key: object.key?, size, modified_ms: millis(object.last_modified) })
            }));
            next = page.next_continuation_token;
            if next.is_none() || found.len() >= most {
                return Ok(found);
            }
        }
    }

    /// The buckets whose names begin with `prefix`, as seen in this region.
    pub async fn list_buckets(&self, region: &str, prefix: &str) -> Result<Vec<ListedBucket>> {
        let call = Call { action: "s3:ListAllMyBuckets", resource: "*".into() };
        let answer = self.call(call, |clients| clients.s3(region).list_buckets().send());
        let listed = answer.await?.buckets.unwrap_or_default().into_iter().filter_map(|bucket| {
            let created_ms = bucket.creation_date.and_then(|date| date.to_millis().ok());
            Some(ListedBucket { name: bucket.name?, created_ms })
        });
        Ok(listed.filter(|bucket| bucket.name.starts_with(prefix)).collect())
    }

    /// The region of a bucket that Remotion created: by its name, else as AWS tells it.
    pub async fn region_of_render_bucket(&self, bucket: &str, ask_in: &str) -> Option<String> {
        match names::bucket_region(bucket) {
            Some(known) => Some(known.to_owned()),
            None => self.region_of(bucket, ask_in).await,
        }
    }

    /// The bucket's region. AWS tells it in a header even to those who may not read the bucket;
    /// `None` where nobody told.
    pub async fn region_of(&self, bucket: &str, ask_in: &str) -> Option<String> {
        let request = self.clients().s3(ask_in).head_bucket().bucket(bucket).send();
        match request.await {
            Ok(answer) => answer.bucket_region,
            Err(error) => {
                let header = error.raw_response()?.headers().get("x-amz-bucket-region")?;
                Some(header.to_owned())
            }
        }
    }
}

/// Milliseconds since 1970; 0 where S3 does not tell.
pub(super) fn millis(time: Option<DateTime>) -> i64 {
    time.and_then(|time| time.to_millis().ok()).unwrap_or_default()
}

#[allow(clippy::result_large_err, reason = "the size is that of the SDK's own error")]
/// Turns the one failure that means "not there" or "condition not met" into `None`.
pub(super) fn none_if<T, E: ProvideErrorMetadata>(
    code: &str,
    answer: Result<T, SdkError<E, aws_sdk_s3::config::http::HttpResponse>>,
) -> Result<Option<T>, SdkError<E, aws_sdk_s3::config::http::HttpResponse>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        // A HEAD has no body, so that S3 sends no code with its 404.
        Err(error) if error.code() == Some(code) => Ok(None),
        Err(error) => Err(error),
    }
}
