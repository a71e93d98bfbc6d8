//! A copy in one request: CopyObject, or PutObject of what was read.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{StorageClass, TaggingDirective};

use super::verify::Written;
use super::{Copied, Copier, MOVING, Result, is, tags, taking};
use crate::error::Error;

impl Copier {
    /// Copies in one request. Inside S3 headers, user metadata and tags come along by themselves; where tags may
    /// not be read or written, the file goes without them.
    ///
    /// # Errors
    /// [`crate::error::Kind::AwsAccessDenied`] names the action and the resource. [`Copier::needs_upload`] tells
    /// of a bucket that takes no such request.
    pub async fn whole(&self) -> Result<Copied> {
        let written = match self.target.streamed {
            true => self.with_tags(|tags| self.put_object(tags)).await,
            false => match self.copy_object(None).await {
                Err(error) if tags::are_refused(&error) => {
                    tracing::info!(bucket = self.target.object.bucket, "the copy has no tags: they may not be copied");
                    self.copy_object(Some(TaggingDirective::Replace)).await
                }
                other => other,
            },
        };
        let what = if self.target.streamed { "PutObject" } else { "CopyObject" };
        match written {
            Err(error) if self.target.new_only && is(&error, "PreconditionFailed") => {
                // S3 says the same where the source is another by now.
                let now = self.aws.head(&self.source).await?;
                let same = now.is_some_and(|now| now.etag == self.found.etag);
                if same { Ok(Copied::Existed) } else { Err(self.explained(error)) }
            }
            Err(error) => Err(self.explained(error)),
            Ok(written) => self.checked(&written, what),
        }
    }

    /// A bucket whose policy asks for conditional writes may answer 501 to a CopyObject. A multipart upload has
    /// its condition at the end, and works there.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html>
    pub fn needs_upload(&self, error: &Error) -> bool {
        !self.target.streamed && self.found.size > 0 && is(error, "NotImplemented")
    }

    async fn copy_object(&self, tagging: Option<TaggingDirective>) -> Result<Written> {
        let (from, to, target) = (&self.source, &self.target.object, &self.target);
        let answer = target.aws.call(target.writing(), |clients| {
            let request = clients.s3(&to.region).copy_object().bucket(&to.bucket).key(&to.key);
            request
                .copy_source(self.copy_source())
                .copy_source_if_match(&self.found.etag)
                .set_expected_source_bucket_owner(from.owner.clone())
                .set_expected_bucket_owner(to.owner.clone())
                .set_storage_class(target.storage_class.as_deref().map(StorageClass::from))
                .set_if_none_match(target.new_only.then(|| "*".to_owned()))
                .set_tagging_directive(tagging.clone())
                .customize()
                .config_override(taking(MOVING))
                .send()
        });
        let answer = answer.await?;
        let kms = answer.server_side_encryption.is_some_and(|kind| kind.as_str().starts_with("aws:kms"));
        let Some(result) = answer.copy_object_result else { return Ok(Written::default()) };
        let (etag, crc32, crc64nvme) = (result.e_tag, result.checksum_crc32, result.checksum_crc64_nvme);
        Ok(Written { etag, crc32, crc64nvme, kms })
    }

    async fn put_object(&self, tags: Option<String>) -> Result<Written> {
        let bytes = self.read(0..self.found.size).await?;
        let (to, target, headers) = (&self.target.object, &self.target, &self.found.headers);
        let answer = target.aws.call(target.writing(), |clients| {
            let request = clients.s3(&to.region).put_object().bucket(&to.bucket).key(&to.key);
            request
                .body(ByteStream::from(bytes.clone()))
                .set_cache_control(headers.cache_control.clone())
                .set_content_disposition(headers.content_disposition.clone())
                .set_content_encoding(headers.content_encoding.clone())
                .set_content_language(headers.content_language.clone())
                .set_content_type(headers.content_type.clone())
                .set_expires(headers.expires_at())
                .set_metadata(headers.metadata.clone())
                .set_tagging(tags.clone())
                // S3 writes nothing that it doesn't count to the same sum.
                .set_checksum_crc32(self.crc32())
                .set_checksum_crc64_nvme(self.crc64nvme())
                .set_expected_bucket_owner(to.owner.clone())
                .set_storage_class(target.storage_class.as_deref().map(StorageClass::from))
                .set_if_none_match(target.new_only.then(|| "*".to_owned()))
                .customize()
                .config_override(taking(MOVING))
                .send()
        });
        let answer = answer.await?;
        let kms = answer.server_side_encryption.is_some_and(|kind| kind.as_str().starts_with("aws:kms"));
        let (etag, crc32, crc64nvme) = (answer.e_tag, answer.checksum_crc32, answer.checksum_crc64_nvme);
        Ok(Written { etag, crc32, crc64nvme, kms })
    }
}
