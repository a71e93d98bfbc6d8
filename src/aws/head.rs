//! What S3 tells of an object without its bytes.

use std::collections::HashMap;

use aws_sdk_s3::types::ChecksumMode;

use super::bucket::{millis, none_if};
use super::{Aws, Object, Result, unreadable};

/// What HeadObject told.
#[derive(Clone, Debug)]
pub struct Found {
    /// Bytes.
    pub size: u64,
    /// When it was written, in milliseconds since 1970; S3 tells whole seconds.
    pub modified_ms: i64,
    /// With its quotes, as S3 gave it.
    pub etag: String,
    /// Base64 CRC32 over the whole object.
    pub crc32: Option<String>,
    /// Base64 CRC64NVME over the whole object.
    pub crc64nvme: Option<String>,
    /// The object is encrypted with a KMS key, so that its ETag says nothing about its content.
    pub kms: bool,
    /// It has tags, and we may read them: S3 tells nobody else of them.
    pub tagged: bool,
    /// What is stored beside the bytes.
    pub headers: Headers,
}

/// What is stored beside an object's bytes, by the names of HTTP.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Headers {
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub content_type: Option<String>,
    /// As an HTTP date.
    pub expires: Option<String>,
    /// `x-amz-meta-…`
    pub metadata: Option<HashMap<String, String>>,
}

impl Aws {
    /// Size, ETag, checksums and headers; `None` where there is no such key.
    pub async fn head(&self, object: &Object) -> Result<Option<Found>> {
        let answer = self.call(object.call("s3:GetObject"), |clients| {
            let request = clients.s3(&object.region).head_object().bucket(&object.bucket).key(&object.key);
            let request =
                request.set_expected_bucket_owner(object.owner.clone()).checksum_mode(ChecksumMode::Enabled).send();
            async move { none_if("NotFound", request.await) }
        });
        let Some(head) = answer.await? else { return Ok(None) };
        let etag = head.e_tag.ok_or_else(|| unreadable("HeadObject"))?;
        let whole = head.checksum_type.as_ref().is_none_or(|kind| kind.as_str() == "FULL_OBJECT");
        Ok(Some(Found {
            size: head.content_length.unwrap_or_default().max(0).unsigned_abs(),
            modified_ms: millis(head.last_modified),
            etag,
            crc32: head.checksum_crc32.filter(|_| whole),
            crc64nvme: head.checksum_crc64_nvme.filter(|_| whole),
            kms: head.server_side_encryption.is_some_and(|kind| kind.as_str().starts_with("aws:kms")),
            tagged: head.tag_count.is_some_and(|count| count > 0),
            headers: Headers {
                cache_control: head.cache_control,
                content_disposition: head.content_disposition,
                content_encoding: head.content_encoding,
                content_language: head.content_language,
                content_type: head.content_type,
                expires: head.expires_string,
                metadata: head.metadata,
            },
        }))
    }
}
