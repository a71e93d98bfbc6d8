//! Copies a finished file inside S3; nothing flows through us.

use std::time::Duration;

use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::types::StorageClass;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Aws, Call, Found, Object, Result, unreadable};
use crate::error::{Error, Kind};

/// What CopyObject takes in one request.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
const LARGEST: u64 = 5 * 1024 * 1024 * 1024;

/// Everything that S3 wants encoded in `x-amz-copy-source`; the slashes between segments stay.
const SOURCE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Where a copy goes.
#[derive(Clone, Debug)]
pub struct CopyTarget {
    /// The place; its owner is the caller's `expectedBucketOwner`.
    pub object: Object,
    /// Storage class, the bucket's default where unset.
    pub storage_class: Option<String>,
    /// Only if there is no such object yet.
    pub new_only: bool,
}

/// How a copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The object is there, as S3 itself answered.
    Done,
    /// The object existed and was to be kept.
    Existed,
}

impl Aws {
    /// Copies `source`, which `found` describes, in one CopyObject. Content-Type, Content-Disposition
    /// and user metadata come along. The destination is neither read nor listed: `s3:PutObject` there
    /// is enough, and the copy is verified by what CopyObject answers.
    ///
    /// # Errors
    /// [`Kind::AwsAccessDenied`] names `s3:PutObject` and the destination.
    pub async fn copy(&self, source: &Object, found: &Found, target: &CopyTarget, limit: Duration) -> Result<Copied> {
        if found.size > LARGEST {
            return Err(Error::new(Kind::AwsError, "The output is larger than 5 GB, which one CopyObject can't copy."));
        }
        let to = &target.object;
        let call = Call { action: "s3:PutObject", resource: format!("arn:aws:s3:::{}/{}", to.bucket, to.key) };
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(limit).operation_timeout(limit).build();
        let made = self.call(call, |clients| {
            let request = clients.s3(&to.region).copy_object().bucket(&to.bucket).key(&to.key);
            request
                .copy_source(utf8_percent_encode(&format!("{}/{}", source.bucket, source.key), SOURCE).to_string())
                .copy_source_if_match(&found.etag)
                .set_expected_source_bucket_owner(source.owner.clone())
                .set_expected_bucket_owner(to.owner.clone())
                .set_storage_class(target.storage_class.as_deref().map(StorageClass::from))
                .set_if_none_match(target.new_only.then(|| "*".to_owned()))
                .customize()
                .config_override(aws_sdk_s3::config::Builder::new().timeout_config(timeouts.clone()))
                .send()
        });
        let answer = match made.await {
            Err(error) if target.new_only && exists(&error) => return Ok(Copied::Existed),
            other => other?,
        };
        let kms = answer.server_side_encryption.is_some_and(|kind| kind.as_str().starts_with("aws:kms"));
        let result = answer.copy_object_result.ok_or_else(|| unreadable("CopyObject"))?;
        // S3 may answer 200 with nothing inside: without an ETag nothing was written.
        let etag = result.e_tag.ok_or_else(|| unreadable("CopyObject"))?;
        let same = [
            (Some(&found.etag), Some(&etag), !kms && !found.kms && is_md5(&found.etag) && is_md5(&etag)),
            (found.crc32.as_ref(), result.checksum_crc32.as_ref(), true),
            (found.crc64nvme.as_ref(), result.checksum_crc64_nvme.as_ref(), true),
        ];
        for (ours, theirs, comparable) in same {
            if comparable && ours.is_some() && theirs.is_some() && ours != theirs {
                return Err(Error::new(Kind::AwsUnavailable, "The copy differs from the output. Try again."));
            }
        }
        Ok(Copied::Done)
    }
}

/// The ETag of a multipart or KMS object is not an MD5 of its bytes.
fn is_md5(etag: &str) -> bool {
    let etag = etag.trim_matches('"');
    etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn exists(error: &Error) -> bool {
    error.members().get("awsErrorCode").is_some_and(|code| code == "PreconditionFailed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_etags_are_compared() {
        assert!(is_md5("\"9e107d9d372bb6826bd81d3542a419d6\""));
        assert!(!is_md5("\"9e107d9d372bb6826bd81d3542a419d6-3\""));
    }

    #[test]
    fn a_copy_source_is_encoded_but_for_its_slashes() {
        let encoded = utf8_percent_encode("b/renders/x/Ünï code+1.mp4", SOURCE).to_string();
        assert_eq!(encoded, "b/renders/x/%C3%9Cn%C3%AF%20code%2B1.mp4");
    }
}
