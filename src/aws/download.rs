//! Streams an object into a file.

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::bucket::none_if;
use super::{Aws, Object, Result};
use crate::error::{Error, Kind};

impl Aws {
    /// Writes the object's bytes to `file` as they come, and verifies that they are all there (the SDK also
    /// checks the object's checksum where it has one). `seen` is told the bytes so far and in all. The size;
    /// `None` where there is no such key.
    ///
    /// # Errors
    /// [`Kind::AwsUnavailable`] where the connection broke, [`Kind::InvalidParameter`] where the file can't be written.
    pub async fn download(
        &self,
        object: &Object,
        file: &mut File,
        mut seen: impl FnMut(u64, u64),
    ) -> Result<Option<u64>> {
        let answer = self.call(object.call("s3:GetObject"), |clients| {
            let request = clients.s3(&object.region).get_object().bucket(&object.bucket).key(&object.key);
            let request = request.set_expected_bucket_owner(object.owner.clone()).send();
            async move { none_if("NoSuchKey", request.await) }
        });
        let Some(answer) = answer.await? else { return Ok(None) };
        let size = answer.content_length.unwrap_or_default().max(0).unsigned_abs();
        let (mut body, mut written) = (answer.body, 0);
        seen(0, size);
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| broken().because(error))?;
            file.write_all(&piece).await.map_err(unwritable)?;
            written += piece.len() as u64;
            seen(written, size);
        }
        if written != size {
            return Err(broken());
        }
        // Flushed and on the disk: a full one may say so only now.
        file.sync_all().await.map_err(unwritable)?;
        Ok(Some(size))
    }
}

fn broken() -> Error {
    Error::new(Kind::AwsUnavailable, "The connection to S3 broke before all had come. Try again.")
}

fn unwritable(error: std::io::Error) -> Error {
    Error::new(Kind::InvalidParameter, format!("The file can't be written: {error}. Choose another path."))
}
