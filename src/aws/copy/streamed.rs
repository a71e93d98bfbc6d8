//! What is read here to be written elsewhere, one part at a time.

use std::ops::Range;

use bytes::Bytes;

use super::{Copier, MOVING, Result, taking};
use crate::error::{Error, Kind};

impl Copier {
    /// These bytes of the source, if it is still the same.
    pub(super) async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let from = &self.source;
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let answer = self.aws.call(from.call("s3:GetObject"), |clients| {
            let request = clients.s3(&from.region).get_object().bucket(&from.bucket).key(&from.key);
            request
                .range(format!("bytes={}-{}", range.start, range.end - 1))
                .if_match(&self.found.etag)
                .set_expected_bucket_owner(from.owner.clone())
                .customize()
                .config_override(taking(MOVING))
                .send()
        });
        let read = tokio::time::timeout(MOVING, answer.await?.body.collect()).await;
        let bytes = match read {
            Ok(Ok(body)) => body.into_bytes(),
            Ok(Err(error)) => return Err(broken().because(error)),
            Err(late) => return Err(broken().because(late)),
        };
        if bytes.len() as u64 == range.end - range.start { Ok(bytes) } else { Err(broken()) }
    }
}

fn broken() -> Error {
    Error::new(Kind::AwsUnavailable, "The connection to S3 broke before all had come. Try again.")
}
