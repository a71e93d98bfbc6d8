//! Removes what was deployed: a function, a site.

use serde::Serialize;

use super::{Renderer, Which};
use crate::accounts::not_allowed;
use crate::error::{Error, Result};
use crate::remotion::names;

/// What deleting a site freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedSite {
    /// Bytes of all its files; 0 where there was no such site.
    pub total_size_in_bytes: u64,
}

impl Renderer {
    /// Deletes a function, as <https://www.remotion.dev/docs/lambda/deletefunction> does. What it renders
    /// breaks off. Needs `lambda:DeleteFunction`.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`](crate::error::Kind::NotAllowed),
    /// [`Kind::FunctionNotFound`](crate::error::Kind::FunctionNotFound); what AWS refused.
    pub async fn delete_function(&self, which: &Which, name: &str) -> Result<()> {
        let (account, region) = self.place(which)?;
        account.check_function("functionName", name)?;
        account.aws.delete_function(region, name).await?;
        account.forget_function(region);
        Ok(())
    }

    /// Deletes a site by its id, as <https://www.remotion.dev/docs/lambda/deletesite> does: from the named
    /// bucket, else from the only render bucket of the region. Renders that open it fail.
    ///
    /// # Errors
    /// [`Kind::InvalidField`](crate::error::Kind::InvalidField) for what can't be a site's id,
    /// [`Kind::NotAllowed`](crate::error::Kind::NotAllowed); what AWS refused.
    pub async fn delete_site(&self, which: &Which, id: &str) -> Result<DeletedSite> {
        let folder = format!("sites/{id}/");
        if names::site_of(&folder) != Some(id) {
            return Err(Error::field("siteName", "the id of a site: letters, digits and -!_.*'()"));
        }
        let (account, region) = self.place(which)?;
        if let Some(bucket) = which.bucket.as_deref().filter(|bucket| !account.is_render_bucket(bucket)) {
            return Err(not_allowed("forceBucketName", bucket));
        }
        let bucket = account.bucket(region, which.bucket.as_deref()).await?;
        let folder = account.object(region, &bucket, folder);
        let files = account.aws.list(&folder).await?;
        let total_size_in_bytes = files.iter().map(|file| file.size).sum();
        let keys: Vec<String> = files.into_iter().map(|file| file.key).collect();
        account.aws.delete(&folder, &keys).await?;
        Ok(DeletedSite { total_size_in_bytes })
    }
}
