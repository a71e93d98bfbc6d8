//! How many functions may run at once.

use std::str::FromStr;

use crate::accounts::Account;
use crate::error::{Error, Kind, Result};
use crate::remotion::concurrency;
use crate::remotion::options::MediaOptions;
use crate::renderer::Renderer;

/// How many functions may run at once, in each account and region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// What AWS allows, for orders from the queue.
    #[default]
    Quota,
    /// So many, for all renders.
    Most(u64),
    /// As many as are ordered.
    Off,
}

impl FromStr for Concurrency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.parse() {
            _ if text == "off" => Ok(Self::Off),
            Ok(most @ concurrency::LEAST..) => Ok(Self::Most(most)),
            _ => Err(Error::new(Kind::Config, "expected a number from 2, or `off`")),
        }
    }
}

impl Renderer {
    /// Refuses what needs more than the configured budget.
    pub(in crate::renderer) fn check_need(&self, media: &MediaOptions) -> Result<()> {
        match self.settings().concurrency {
            Concurrency::Most(limit) => concurrency::need(media, limit, 0).map(|_| ()),
            Concurrency::Quota | Concurrency::Off => Ok(()),
        }
    }

    /// How many functions may run at once in a region of an account, if that is limited.
    pub(super) async fn limit(&self, account: &Account, region: &str, is_queued: bool) -> Option<u64> {
        match self.settings().concurrency {
            Concurrency::Most(most) => Some(most),
            Concurrency::Quota if is_queued && self.has_queue() => self.quota(account, region).await,
            Concurrency::Quota | Concurrency::Off => None,
        }
    }

    /// What AWS allows, asked once.
    async fn quota(&self, account: &Account, region: &str) -> Option<u64> {
        let name = super::budget_name(&account.settings.name, region);
        let mut quotas = self.inner.quotas.lock().await;
        if let Some(known) = quotas.get(&name) {
            return *known;
        }
        let quota = match account.aws.concurrency(region).await {
            Ok(told) => u64::try_from(told.unreserved).ok().filter(|quota| *quota >= concurrency::LEAST),
            Err(error) => {
                let (account, code) = (account.settings.name.as_str(), error.kind().code());
                tracing::warn!(
                    account,
                    region,
                    code,
                    "the quota is unknown: orders are not held to it. Allow lambda:GetAccountSettings, or set RENDERGATE_CONCURRENCY"
                );
                None
            }
        };
        quotas.insert(name, quota);
        quota
    }
}
