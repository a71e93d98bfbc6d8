//! What is deployed: functions and sites, as far as the configuration allows them.

use super::{Renderer, Site, Sites, sites};
use crate::accounts::{Account, FunctionInfo, not_allowed};
use crate::error::{Kind, Result};

/// Which functions or sites are asked for.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// In which account; the first one where left out.
    pub account: Option<String>,
    /// In which region; the configured one where left out.
    pub region: Option<String>,
    /// In this bucket only. For sites.
    pub bucket: Option<String>,
    /// Only those of the version of the function that renders where nobody names one.
    ///
    /// # Different from the official client
    /// It keeps those of its own version. We speak every function's.
    pub compatible_only: bool,
}

impl Renderer {
    /// The functions of a region: one AWS call per 50 functions, and one per function whose name does not
    /// tell its version.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`]; what AWS refuses.
    pub async fn functions(&self, which: &Which) -> Result<Vec<FunctionInfo>> {
        let (account, region) = self.place(which)?;
        let mut functions = account.functions(region).await?;
        if which.compatible_only && !functions.is_empty() {
            let version = own_version(account, region).await?;
            functions.retain(|function| function.version == version);
        }
        Ok(functions)
    }

    /// One function.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`], [`Kind::FunctionNotFound`]; what AWS refuses.
    pub async fn function(&self, which: &Which, name: &str) -> Result<FunctionInfo> {
        let (account, region) = self.place(which)?;
        account.function_info(region, name).await
    }

    /// The sites in the render buckets of a region: one listing per bucket, and one GET per site, for its
    /// version.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`]; what AWS refuses.
    pub async fn sites(&self, which: &Which) -> Result<Sites> {
        let (account, region) = self.place(which)?;
        if let Some(bucket) = which.bucket.as_deref().filter(|bucket| !account.is_render_bucket(bucket)) {
            return Err(not_allowed("forceBucketName", bucket));
        }
        let mut found = sites::find(account, region, which.bucket.as_deref()).await?;
        if which.compatible_only && !found.sites.is_empty() {
            let version = own_version(account, region).await?;
            found.sites.retain(|site: &Site| site.version == version);
        }
        Ok(found)
    }

    pub(super) fn place<'a>(&'a self, which: &'a Which) -> Result<(&'a Account, &'a str)> {
        let account = self.named_or_first(which.account.as_deref())?;
        Ok((account, account.region(which.region.as_deref())?))
    }
}

/// The version of the function that renders where nobody names one; none where there is no function.
async fn own_version(account: &Account, region: &str) -> Result<Option<String>> {
    let function = match account.function(None)? {
        Some(function) => Ok(function.to_owned()),
        None => account.found_function(region).await,
    };
    match function {
        Ok(function) => account.version(region, &function).await.map(Some),
        Err(error) if error.kind() == Kind::FunctionMissing => Ok(None),
        Err(error) => Err(error),
    }
}
