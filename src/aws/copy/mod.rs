//! Copies a finished file: small ones `whole`, in one request, larger ones by a multipart `upload` that
//! another process can go on with, whose `parts` are copied at once.
//!
//! Inside S3 nothing flows through us. Where the destination has credentials or an endpoint of its own, S3
//! can't read the one and write the other: the bytes are `streamed` then, a few parts at a time. `plan` says
//! where a file is cut, `verify` whether the copy is what was copied, `refused` what to do where it isn't allowed.

mod parts;
mod plan;
mod refused;
mod streamed;
mod tags;
mod upload;
mod verify;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::timeout::TimeoutConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Aws, Call, Found, Object, Result};
use crate::error::Error;
pub use upload::Upload;

/// Everything that S3 wants encoded in `x-amz-copy-source`; the slashes between segments stay.
const SOURCE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What one request may take that moves bytes: S3 copies about 90 MB/s per request.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html>
const MOVING: Duration = Duration::from_secs(2 * 60);
/// What CompleteMultipartUpload may take; "several minutes" by its documentation.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
const COMPLETING: Duration = Duration::from_secs(5 * 60);

/// Where a copy goes.
#[derive(Clone, Debug)]
pub struct CopyTarget {
    /// Who may write there.
    pub aws: Arc<Aws>,
    /// They are others than may read the source, or it is not AWS: the bytes flow through us.
    pub streamed: bool,
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
    /// The upload is no more, or doesn't hold what was recorded: another one has to be begun.
    UploadGone,
}

/// One copy. The destination is neither read nor listed: `s3:PutObject` there is enough, and the copy is
/// verified by what S3 answers.
#[derive(Debug)]
pub struct Copier {
    /// Who may read the source.
    pub aws: Arc<Aws>,
    /// What is copied.
    pub source: Object,
    /// How it was when the copy was begun; no other content is copied.
    pub found: Found,
    /// Where to.
    pub target: CopyTarget,
}

impl CopyTarget {
    fn writing(&self) -> Call {
        self.object.call("s3:PutObject")
    }

    /// Gives an upload up, so that its parts cost nothing any more. Where that is not allowed, a lifecycle rule
    /// has to do it: the copy's own end matters more.
    pub async fn abort(&self, upload: &Upload) {
        let to = &self.object;
        let made = self.aws.call(to.call("s3:AbortMultipartUpload"), |clients| {
            let request = clients.s3(&to.region).abort_multipart_upload().bucket(&to.bucket).key(&to.key);
            request.upload_id(&upload.id).set_expected_bucket_owner(to.owner.clone()).send()
        });
        match made.await {
            Ok(_) => {}
            Err(error) if is(&error, "NoSuchUpload") => {}
            Err(error) => tracing::warn!(
                bucket = to.bucket,
                key = to.key,
                code = error.kind().code(),
                "an unfinished upload stays: allow s3:AbortMultipartUpload, or set a lifecycle rule with AbortIncompleteMultipartUpload"
            ),
        }
    }
}

impl Copier {
    /// Whether the copy is made by an upload; else by one request, which leaves nothing behind.
    pub fn is_in_parts(&self) -> bool {
        plan::is_in_parts(self.found.size, self.target.streamed)
    }

    fn copy_source(&self) -> String {
        utf8_percent_encode(&format!("{}/{}", self.source.bucket, self.source.key), SOURCE).to_string()
    }
}

/// A request that may take so long; the SDK's three attempts together.
fn taking(limit: Duration) -> aws_sdk_s3::config::Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(limit).operation_timeout(limit * 2).build();
    aws_sdk_s3::config::Builder::new().timeout_config(timeouts)
}

/// Whether S3 refused for this reason, by its own name for it.
fn is(error: &Error, code: &str) -> bool {
    error.members().get("awsErrorCode").is_some_and(|found| found == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_source_is_encoded_but_for_its_slashes() {
        let encoded = utf8_percent_encode("b/renders/x/Ünï code+1.mp4", SOURCE).to_string();
        assert_eq!(encoded, "b/renders/x/%C3%9Cn%C3%AF%20code%2B1.mp4");
    }
}
