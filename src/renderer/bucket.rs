//! Remotion's bucket in a region: found, or created.

use serde::Serialize;
use serde_json::json;

use super::Renderer;
use crate::accounts::Account;
use crate::aws::{Bucket, Expiry};
use crate::error::{Error, Kind, Result};
use crate::remotion::{names, props};

/// The days of Remotion's `deleteAfter`, which are also the beginnings of its render ids.
/// <https://www.remotion.dev/docs/lambda/autodelete>
const EXPIRIES: [(&str, i32); 4] = [("1-day", 1), ("3-days", 3), ("7-days", 7), ("30-days", 30)];

/// A bucket to render to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenderBucket {
    /// Its name.
    pub bucket_name: String,
    /// It was there before.
    pub already_existed: bool,
}

impl Renderer {
    /// The only Remotion bucket of a region, which is created where there is none (by the configured name if
    /// there is one), as <https://www.remotion.dev/docs/lambda/getorcreatebucket> does. Everybody may read the
    /// objects of a bucket that is created, and nobody list them: sites are opened without credentials.
    ///
    /// `folder_expiry`: `true` makes S3 delete renders that were started with `deleteAfter`, `false` stops it;
    /// both replace all lifecycle rules of the bucket. `None` leaves them.
    ///
    /// # Different from the official client
    /// A bucket that can't get its policy is deleted again, not opened for listing to the world. Nobody asks
    /// without credentials whether an older bucket can be listed.
    ///
    /// # Errors
    /// [`Kind::MissingField`] where there is more than one; [`Kind::AwsAccessDenied`] names what is missing.
    pub async fn get_or_create_bucket(
        &self,
        account: Option<&str>,
        region: Option<&str>,
        folder_expiry: Option<bool>,
    ) -> Result<RenderBucket> {
        let account = self.named_or_first(account)?;
        let region = account.region(region)?;
        let mut here: Vec<_> = account.render_buckets(region).await?.into_iter().map(|bucket| bucket.name).collect();
        let (bucket_name, already_existed) = match (here.pop(), here.as_slice()) {
            (None, _) => (create(account, region).await?, false),
            (Some(only), []) => (only, true),
            (Some(last), others) => {
                let detail = format!(
                    "There is more than one Remotion bucket in {region}: {}, {last}. Delete all but one, or set RENDERGATE_BUCKET.",
                    others.join(", ")
                );
                return Err(Error::new(Kind::MissingField, detail).with("field", "RENDERGATE_BUCKET"));
            }
        };
        if let Some(expires) = folder_expiry {
            let rules = EXPIRIES.into_iter().filter(|_| expires).map(|(folder, days)| Expiry {
                id: format!("delete-after-{folder}"),
                prefix: format!("renders/{folder}"),
                days,
            });
            let rules: Vec<_> = rules.collect();
            account.aws.set_expiry(Bucket { region, name: &bucket_name }, &rules).await?;
        }
        Ok(RenderBucket { bucket_name, already_existed })
    }
}

async fn create(account: &Account, region: &str) -> Result<String> {
    let name = match &account.settings.bucket {
        Some(configured) => configured.clone(),
        None => names::bucket(region, &props::hash(uuid::Uuid::new_v4().as_u128())),
    };
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "PublicReadGetObject",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": format!("arn:{}:s3:::{name}/*", names::partition(region)),
        }],
    });
    account.aws.create_bucket(Bucket { region, name: &name }, &policy.to_string()).await?;
    Ok(name)
}
