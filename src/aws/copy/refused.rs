//! What to do where a copy is refused, in the words of who has to do it.

use super::Copier;
use crate::error::{Error, Kind};

impl Copier {
    /// The refusal, and what is needed besides what AWS said.
    pub(super) fn explained(&self, error: Error) -> Error {
        let member = |name: &str| error.members().get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let to = &self.target.object;
        // What passes by itself.
        let passing = match member("awsErrorCode") {
            "PreconditionFailed" => Some("The output has changed since the copy was begun. Try again."),
            "ConditionalRequestConflict" => Some("Somebody else writes to the destination at this moment. Try again."),
            _ => None,
        };
        if let Some(detail) = passing {
            return Error::new(Kind::AwsUnavailable, detail).because(error);
        }
        let advice = match error.kind() {
            Kind::AwsAccessDenied => match member("action") {
                "kms:Decrypt" => "The output (or, in parts, the copy) is encrypted with this KMS key: allow it in the key's policy too, if the key is another account's.".to_owned(),
                "kms:GenerateDataKey" => "The destination bucket encrypts with this KMS key: allow it, and kms:Decrypt for files above 12 MiB, in the key's policy too, if the key is another account's.".to_owned(),
                "s3:PutObject" => {
                    let owner = to.owner.as_ref().map(|owner| format!(" S3 says the same of a bucket that does not belong to {owner}, the `expectedBucketOwner`.")).unwrap_or_default();
                    format!("A bucket of another account has to allow it in its bucket policy as well; a policy that asks for an ACL, for encryption headers or for conditional writes refuses it too.{owner}")
                }
                _ => return error,
            },
            Kind::AwsError => match member("awsErrorCode") {
                "NoSuchBucket" => format!("There is no bucket `{}`. Correct the destination.", to.bucket),
                "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
                    format!("The bucket `{}` is not in {}. Correct the destination's `region`, or leave it out.", to.bucket, to.region)
                }
                "InvalidStorageClass" => "The destination does not know this `storageClass`. Correct it, or leave it out.".to_owned(),
                "NotImplemented" => "The destination does not take this kind of write: its bucket policy may ask for conditional writes. Send `ifExists` as `skip` or `fail`, or exempt copies in the policy.".to_owned(),
                "AccessControlListNotSupported" => "The destination takes no ACLs, and none was sent. Look at its bucket policy.".to_owned(),
                "InvalidObjectState" => "The output is archived. Restore it first.".to_owned(),
                _ => return error,
            },
            _ => return error,
        };
        let detail = format!("{} {advice}", error.detail());
        error.retold(detail)
    }
}
