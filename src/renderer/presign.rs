//! Links to any object that may be reached.

use std::time::{Duration, SystemTime};

use super::progress::Link;
use super::{Renderer, Which};
use crate::error::Result;

impl Renderer {
    /// A link to an object in the render bucket or a destination, which works without credentials for `life`
    /// (1 s to 7 days; an hour at most with temporary credentials), as
    /// <https://www.remotion.dev/docs/lambda/presignurl> makes them. No call is made, unless `check_exists`
    /// asks for one: then there is no link to what isn't there.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`](crate::error::Kind::NotAllowed); what AWS refused.
    pub async fn presign(&self, which: &Which, key: &str, life: Duration, check_exists: bool) -> Result<Option<Link>> {
        let (account, region) = self.place(which)?;
        let bucket = account.bucket(region, which.bucket.as_deref()).await?;
        self.check_output_bucket("bucketName", account, &bucket, key)?;
        let object = account.object(region, &bucket, key.to_owned());
        if check_exists && account.aws.head(&object).await?.is_none() {
            return Ok(None);
        }
        let link = account.aws.presign(&object, life, SystemTime::now()).await?;
        Ok(Some(Link { url: link.url, expires_at: link.expires_at }))
    }
}
