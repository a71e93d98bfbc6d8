//! The Remotion functions of an account.

use std::sync::PoisonError;

use serde::Serialize;

use super::Account;
use crate::aws::Deployed;
use crate::error::{Error, Kind, Result};
use crate::remotion::names::FunctionName;

/// A deployed Remotion function, as `getFunctions()` tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FunctionInfo {
    /// Its name.
    pub function_name: String,
    /// The Remotion version that it speaks; null where it could not be asked.
    pub version: Option<String>,
    /// Memory in MB.
    pub memory_size_in_mb: u32,
    /// How long one invocation may run, seconds.
    pub timeout_in_seconds: u32,
    /// Size of `/tmp` in MB.
    pub disk_size_in_mb: u32,
}

impl Account {
    /// The functions of a region that may be invoked, in AWS's order.
    ///
    /// # Different from the official client
    /// It wakes every function to ask for its version. We ask (one `info` call, kept) only where the name
    /// does not tell it.
    ///
    /// # Errors
    /// What refused the list. A function that does not tell its version has none.
    pub async fn functions(&self, region: &str) -> Result<Vec<FunctionInfo>> {
        let listed = self.deployed(region).await?;
        // Who asks which of them renders by default need not list them again.
        if let Some(best) = listed.iter().max_by_key(|function| rank(function)) {
            let mut found = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
            found.entry(region.to_owned()).or_insert_with(|| best.name.clone());
        }
        let mut functions = Vec::new();
        for deployed in listed {
            let version = self.version(region, &deployed.name).await.ok();
            functions.push(info(deployed, version));
        }
        Ok(functions)
    }

    /// One function, as `getFunctionInfo()` tells of it. Needs `lambda:GetFunction`.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`], [`Kind::FunctionNotFound`], and what keeps it from telling its version.
    pub async fn function_info(&self, region: &str, name: &str) -> Result<FunctionInfo> {
        self.check_function("functionName", name)?;
        let deployed = self.aws.function(region, name).await?;
        let version = self.version(region, name).await?;
        Ok(info(deployed, Some(version)))
    }

    /// The function of a region that is used where nobody names one: of the newest version, then with the
    /// most memory. Found by one call, and kept.
    ///
    /// # Errors
    /// [`Kind::FunctionMissing`] where there is none; what refused the list.
    pub async fn found_function(&self, region: &str) -> Result<String> {
        if let Some(name) = self.functions.lock().unwrap_or_else(PoisonError::into_inner).get(region) {
            return Ok(name.clone());
        }
        let deployed = self.deployed(region).await.map_err(|error| {
            let detail = format!("{error} Or name the function: send `functionName`, or set RENDERGATE_FUNCTION_NAME.");
            error.retold(detail)
        })?;
        let best = deployed.into_iter().max_by_key(rank).ok_or_else(|| {
            Error::new(
                Kind::FunctionMissing,
                format!("There is no Remotion function in {region}. Deploy one, or send another `region`."),
            )
        })?;
        tracing::info!(region, function = best.name, "found a function");
        self.functions.lock().unwrap_or_else(PoisonError::into_inner).insert(region.to_owned(), best.name.clone());
        Ok(best.name)
    }

    /// Looks for a function anew next time.
    pub fn forget_function(&self, region: &str) {
        self.functions.lock().unwrap_or_else(PoisonError::into_inner).remove(region);
    }

    /// All that is deployed and may be invoked.
    async fn deployed(&self, region: &str) -> Result<Vec<Deployed>> {
        let own = self.settings.function_name.as_deref().map(base_name);
        let allowed = |name: &str| match own {
            Some(own) => name == own,
            None => self.check_function("functionName", name).is_ok(),
        };
        let mut deployed = self.aws.functions(region).await?;
        deployed.retain(|function| allowed(&function.name));
        Ok(deployed)
    }
}

fn info(deployed: Deployed, version: Option<String>) -> FunctionInfo {
    let Deployed { name, memory_mb, timeout_seconds, disk_mb } = deployed;
    FunctionInfo {
        function_name: name,
        version,
        memory_size_in_mb: memory_mb,
        timeout_in_seconds: timeout_seconds,
        disk_size_in_mb: disk_mb,
    }
}

/// A name without the ARN and the qualifier around it.
fn base_name(function: &str) -> &str {
    let name = function.split_once(":function:").map_or(function, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

/// How good a function is as a default. A version that its name doesn't tell ranks last; the name itself
/// only makes the choice the same each time.
fn rank(function: &Deployed) -> (Option<Vec<u32>>, u32, String) {
    let version = FunctionName::parse(&function.name).and_then(|name| name.version);
    let numbers = version.map(|version| version.split('.').filter_map(|part| part.parse().ok()).collect());
    (numbers, function.memory_mb, function.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_wins_then_the_most_memory() {
        let deployed = |name: &str, memory_mb| Deployed {
            name: format!("remotion-render-{name}"),
            memory_mb,
            timeout_seconds: 120,
            disk_mb: 2048,
        };
        let mut all = vec![
            deployed("4-0-527-mem2048mb-disk2048mb-120sec", 2048),
            deployed("4-0-99-mem3008mb-disk2048mb-120sec", 3008),
            deployed("bds9aab", 10_240),
            deployed("4-0-527-mem3008mb-disk2048mb-120sec", 3008),
        ];
        for best in ["4-0-527-mem3008mb", "4-0-527-mem2048mb", "4-0-99", "bds9aab"] {
            all.sort_by_key(rank);
            let found = all.pop().unwrap().name;
            assert!(found.starts_with(&format!("remotion-render-{best}")), "{found} before {best}");
        }
    }

    #[test]
    fn a_function_is_known_by_its_bare_name() {
        for name in
            ["f", "f:live", "arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws:lambda:r:1:function:f:7"]
        {
            assert_eq!(base_name(name), "f");
        }
    }
}
