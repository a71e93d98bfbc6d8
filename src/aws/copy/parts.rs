//! The parts of an upload, several at once.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::{Copied, Copier, MOVING, Result, Upload, plan, taking};
use crate::aws::unreadable;
use crate::error::{Error, Kind};

impl Copier {
    /// Copies the parts that are missing; each is noted in `upload` when it is there. Dropping the future ends
    /// all requests; what was noted by then is done.
    ///
    /// # Errors
    /// The first part's that fails. The others' are noted as far as they are there.
    pub async fn parts(self: &Arc<Self>, upload: &watch::Sender<Option<Upload>>) -> Result<Copied> {
        let Some(Upload { id, part_size, parts, .. }) = upload.borrow().clone() else {
            return Ok(Copied::UploadGone);
        };
        let at_once = plan::at_once(part_size, self.target.streamed);
        let count = plan::count(self.found.size, part_size);
        let mut missing = (1..=count).filter(|number| !parts.contains_key(number));
        let mut running = JoinSet::new();
        loop {
            while running.len() < at_once
                && let Some(number) = missing.next()
            {
                let (copier, id) = (self.clone(), id.clone());
                running.spawn(async move { copier.part(&id, number, part_size).await }.in_current_span());
            }
            match running.join_next().await {
                None => return Ok(Copied::Done),
                Some(Ok(Ok((number, etag)))) => upload.send_modify(|upload| {
                    if let Some(upload) = upload {
                        upload.parts.insert(number, etag);
                    }
                }),
                Some(Ok(Err(error))) if Self::is_gone(&error) => return Ok(Copied::UploadGone),
                Some(Ok(Err(error))) => return Err(self.explained(error)),
                Some(Err(broken)) => {
                    return Err(Error::new(Kind::Internal, "The copy broke off. Try again.").because(broken));
                }
            }
        }
    }

    async fn part(&self, id: &str, number: u64, part_size: u64) -> Result<(u64, String)> {
        let range = plan::part(number, self.found.size, part_size);
        let part_number = i32::try_from(number).unwrap_or(i32::MAX);
        let (from, to, target) = (&self.source, &self.target.object, &self.target);
        let etag = if target.streamed {
            let bytes = self.read(range).await?;
            let answer = target.aws.call(target.writing(), |clients| {
                let request = clients.s3(&to.region).upload_part().bucket(&to.bucket).key(&to.key);
                request
                    .upload_id(id)
                    .part_number(part_number)
                    .body(ByteStream::from(bytes.clone()))
                    .set_checksum_algorithm(self.algorithm())
                    .set_expected_bucket_owner(to.owner.clone())
                    .customize()
                    .config_override(taking(MOVING))
                    .send()
            });
            answer.await?.e_tag
        } else {
            let answer = target.aws.call(target.writing(), |clients| {
                let request = clients.s3(&to.region).upload_part_copy().bucket(&to.bucket).key(&to.key);
                request
                    .upload_id(id)
                    .part_number(part_number)
                    .copy_source(self.copy_source())
                    .copy_source_if_match(&self.found.etag)
                    .copy_source_range(format!("bytes={}-{}", range.start, range.end - 1))
                    .set_expected_source_bucket_owner(from.owner.clone())
                    .set_expected_bucket_owner(to.owner.clone())
                    .customize()
                    .config_override(taking(MOVING))
                    .send()
            });
            answer.await?.copy_part_result.and_then(|result| result.e_tag)
        };
        // As with CopyObject, a 200 may have nothing inside.
        Ok((number, etag.ok_or_else(|| unreadable("UploadPartCopy"))?))
    }
}
