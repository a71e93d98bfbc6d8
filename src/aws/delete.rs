//! Deletes objects, many per request.

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{self, Delete, ObjectIdentifier};

use super::{Aws, Call, Object, Result, error};
use crate::error::{Error, Kind};

/// What DeleteObjects takes in one request.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const BATCH: usize = 1000;
const ACTION: &str = "s3:DeleteObject";

impl Aws {
    /// Deletes these keys from the bucket of `place`, whose own key doesn't matter. One that isn't there
    /// counts as deleted. In a bucket with versions the old ones stay.
    ///
    /// # Errors
    /// The first refusal; keys before and after it may be deleted.
    pub async fn delete(&self, place: &Object, keys: &[String]) -> Result<()> {
        let Object { region, bucket, owner, .. } = place;
        for batch in keys.chunks(BATCH) {
            let delete = request(batch)
                .map_err(|error| Error::new(Kind::Internal, "A deletion can't be written.").because(error))?;
            let first = batch.first().map(String::as_str).unwrap_or_default();
            let call = Call { action: ACTION, resource: arn(bucket, first) };
            let answer = self.call(call, |clients| {
                let request = clients.s3(region).delete_objects().bucket(bucket).delete(delete.clone());
                request.set_expected_bucket_owner(owner.clone()).send()
            });
            // One that refuses single keys is a success all the same: 200.
            if let Some(refused) = answer.await?.errors.unwrap_or_default().first() {
                return Err(explain(bucket, refused));
            }
        }
        Ok(())
    }
}

fn request(keys: &[String]) -> Result<Delete, BuildError> {
    let named: Result<_, _> = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build()).collect();
    Delete::builder().quiet(true).set_objects(Some(named?)).build()
}

fn explain(bucket: &str, refused: &types::Error) -> Error {
    let resource = arn(bucket, refused.key.as_deref().unwrap_or_default());
    match refused.code.as_deref().unwrap_or_default() {
        "AccessDenied" => error::denied(ACTION, &resource, refused.message.as_deref()),
        "InternalError" | "SlowDown" | "ServiceUnavailable" => error::unavailable(ACTION, None),
        code => Error::new(Kind::AwsError, format!("AWS refused {ACTION} on {resource}: {code}."))
            .with("awsErrorCode", code),
    }
}

fn arn(bucket: &str, key: &str) -> String {
    format!("arn:aws:s3:::{bucket}/{key}")
}
