//! The multipart upload: begun, recorded by who copies, completed. All of it is `s3:PutObject`.

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, StorageClass};
use serde::{Deserialize, Serialize};

use super::verify::Written;
use super::{COMPLETING, Copied, Copier, Result, is, plan, taking};
use crate::aws::{Headers, unreadable};

/// A multipart upload, as far as it is: all that another process needs to go on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// S3's name for it.
    pub(super) id: String,
    /// ETag of the source that its parts are of.
    pub(super) source_etag: String,
    /// Bytes of each part but the last.
    pub(super) part_size: u64,
    /// The parts that are there: number and ETag.
    pub(super) parts: BTreeMap<u64, String>,
    /// All parts were there, and S3 was or is about to be told.
    pub(super) completing: bool,
}

impl Upload {
    /// How many parts are there.
    pub fn done(&self) -> usize {
        self.parts.len()
    }

    /// To be recorded before [`Copier::complete`].
    pub fn set_completing(&mut self) {
        self.completing = true;
    }

    /// Whether S3 was or is about to be told to put it into effect.
    pub fn is_completing(&self) -> bool {
        self.completing
    }
}

impl Headers {
    pub(super) fn expires_at(&self) -> Option<DateTime> {
        DateTime::from_str(self.expires.as_deref()?, DateTimeFormat::HttpDate).ok()
    }
}

impl Copier {
    /// Begins an upload. A multipart copy inherits nothing: headers, user metadata and tags are given here. The
    /// encryption is the destination's default, as a key of the source's account would rarely be usable there.
    ///
    /// # Errors
    /// [`crate::error::Kind::AwsAccessDenied`] names the action and the resource.
    pub async fn begin(&self) -> Result<Upload> {
        let id = self.with_tags(|tags| self.create(tags)).await;
        let id = id.map_err(|error| self.explained(error))?;
        let part_size = plan::part_size(self.found.size, self.target.streamed);
        let (source_etag, parts) = (self.found.etag.clone(), BTreeMap::new());
        Ok(Upload { id, source_etag, part_size, parts, completing: false })
    }

    async fn create(&self, tags: Option<String>) -> Result<String> {
        let (to, target, headers) = (&self.target.object, &self.target, &self.found.headers);
        let answer = target.aws.call(target.writing(), |clients| {
            let request = clients.s3(&to.region).create_multipart_upload().bucket(&to.bucket).key(&to.key);
            request
                .set_cache_control(headers.cache_control.clone())
                .set_content_disposition(headers.content_disposition.clone())
                .set_content_encoding(headers.content_encoding.clone())
                .set_content_language(headers.content_language.clone())
                .set_content_type(headers.content_type.clone())
                .set_expires(headers.expires_at())
                .set_metadata(headers.metadata.clone())
                .set_tagging(tags.clone())
                .set_checksum_algorithm(self.algorithm())
                .set_checksum_type(self.algorithm().map(|_| ChecksumType::FullObject))
                .set_expected_bucket_owner(to.owner.clone())
                .set_storage_class(target.storage_class.as_deref().map(StorageClass::from))
                .send()
        });
        answer.await?.upload_id.ok_or_else(|| unreadable("CreateMultipartUpload"))
    }

    /// Whether the upload is of what the source holds now.
    pub fn goes_on_with(&self, upload: &Upload) -> bool {
        upload.source_etag == self.found.etag
    }

    /// Puts the upload into effect. S3 refuses it where the size or the checksum is another than the source's.
    ///
    /// # Errors
    /// [`crate::error::Kind::AwsUnavailable`] where the copy differs from its source.
    pub async fn complete(&self, upload: &Upload) -> Result<Copied> {
        let (to, target) = (&self.target.object, &self.target);
        let part = |(number, etag): (&u64, &String)| {
            CompletedPart::builder().part_number(i32::try_from(*number).unwrap_or(i32::MAX)).e_tag(etag).build()
        };
        let parts = CompletedMultipartUpload::builder().set_parts(Some(upload.parts.iter().map(part).collect()));
        let parts = parts.build();
        let answer = target.aws.call(target.writing(), |clients| {
            let request = clients.s3(&to.region).complete_multipart_upload().bucket(&to.bucket).key(&to.key);
            request
                .upload_id(&upload.id)
                .multipart_upload(parts.clone())
                .mpu_object_size(i64::try_from(self.found.size).unwrap_or(i64::MAX))
                .set_checksum_type(self.algorithm().map(|_| ChecksumType::FullObject))
                .set_checksum_crc32(self.crc32())
                .set_checksum_crc64_nvme(self.crc64nvme())
                .set_expected_bucket_owner(to.owner.clone())
                .set_if_none_match(target.new_only.then(|| "*".to_owned()))
                .customize()
                .config_override(taking(COMPLETING))
                .send()
        });
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(error) if target.new_only && is(&error, "PreconditionFailed") => return Ok(Copied::Existed),
            // Nobody gives up an upload that is being completed: it is in effect, by an attempt whose answer was lost.
            // Another upload would find that object, and take it for somebody else's.
            Err(error) if target.new_only && upload.completing && is(&error, "NoSuchUpload") => {
                return Ok(Copied::Done);
            }
            Err(error) if Self::is_gone(&error) => return Ok(Copied::UploadGone),
            Err(error) => return Err(self.explained(error)),
        };
        let kms = answer.server_side_encryption.is_some_and(|kind| kind.as_str().starts_with("aws:kms"));
        let (etag, crc32, crc64nvme) = (answer.e_tag, answer.checksum_crc32, answer.checksum_crc64_nvme);
        let written = Written { etag, crc32, crc64nvme, kms };
        self.checked(&written, "CompleteMultipartUpload")
    }

    /// Whether S3 says that another upload has to be begun: this one is no more, a part was written again by
    /// somebody else, or the whole has another checksum than the source. 409 tells of another write of the same key
    /// under way, and wants a new upload too.
    pub(super) fn is_gone(error: &crate::error::Error) -> bool {
        ["NoSuchUpload", "InvalidPart", "InvalidPartOrder", "BadDigest", "ConditionalRequestConflict"]
            .iter()
            .any(|code| is(error, code))
    }

    /// The source's algorithm where it is known, so that both can be compared. Stores other than AWS know
    /// different ones, and are sent none.
    pub(super) fn algorithm(&self) -> Option<ChecksumAlgorithm> {
        if self.target.aws.is_foreign() {
            return None;
        }
        Some(if self.found.crc32.is_some() { ChecksumAlgorithm::Crc32 } else { ChecksumAlgorithm::Crc64Nvme })
    }

    pub(super) fn crc32(&self) -> Option<String> {
        self.found.crc32.clone().filter(|_| self.algorithm() == Some(ChecksumAlgorithm::Crc32))
    }

    pub(super) fn crc64nvme(&self) -> Option<String> {
        self.found.crc64nvme.clone().filter(|_| self.algorithm() == Some(ChecksumAlgorithm::Crc64Nvme))
    }
}
