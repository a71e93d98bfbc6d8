//! The sites in render buckets: what lies below `sites/`, and the version that each was built with.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::accounts::Account;
use crate::error::{Kind, Result};
use crate::remotion::names::{self, site_of};

/// How many sites are asked for their version at once.
const AT_ONCE: usize = 16;

/// What `getSites()` answers.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sites {
    /// Every site.
    pub sites: Vec<Site>,
    /// The buckets that were looked into.
    pub buckets: Vec<Bucket>,
}

/// A deployed site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Site {
    /// All its files together, bytes.
    pub size_in_bytes: u64,
    /// The bucket.
    pub bucket_name: String,
    /// When its newest file was written, in milliseconds since 1970.
    pub last_modified: i64,
    /// Its id: the name of its folder. May be given as `serveUrl`.
    pub id: String,
    /// Its address.
    pub serve_url: String,
    /// The Remotion version that it was built with; null where it does not tell.
    pub version: Option<String>,
}

/// A render bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// When it was created, in milliseconds since 1970. Null for a configured bucket: it is not looked up.
    pub creation_date: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
}

/// The sites in this bucket, else in the configured one, else in all render buckets of the region.
///
/// # Different from the official client
/// It asks STS for the account's id, and fails on a file that lies beside the sites. We check a bucket's
/// owner where the id is configured, and pass such files over.
pub(super) async fn find(account: &Account, region: &str, bucket: Option<&str>) -> Result<Sites> {
    let mut found = Sites { sites: Vec::new(), buckets: buckets(account, region, bucket).await? };
    for bucket in &found.buckets {
        let mut sites = list(account, bucket).await?;
        for some in sites.chunks_mut(AT_ONCE) {
            let mut asked = tokio::task::JoinSet::new();
            for (at, site) in some.iter().enumerate() {
                let index = account.object(region, &bucket.name, format!("sites/{}/index.html", site.id));
                let aws = account.aws.clone();
                asked.spawn(async move { (at, aws.get(&index).await) });
            }
            while let Some(Ok((at, html))) = asked.join_next().await {
                some[at].version = match html {
                    Ok(html) => html.and_then(|(html, _)| names::site_version(&html)),
                    // The list is worth more than one site's version.
                    Err(error) if error.kind() != Kind::AwsCredentialsRefused => None,
                    Err(error) => return Err(error),
                };
            }
        }
        found.sites.append(&mut sites);
    }
    Ok(found)
}

async fn buckets(account: &Account, region: &str, bucket: Option<&str>) -> Result<Vec<Bucket>> {
    let region = region.to_owned();
    if let Some(name) = bucket.or(account.settings.bucket.as_deref()) {
        return Ok(vec![Bucket { creation_date: None, name: name.to_owned(), region }]);
    }
    let listed = account.render_buckets(&region).await?.into_iter();
    Ok(listed
        .map(|bucket| Bucket { creation_date: bucket.created_ms, name: bucket.name, region: region.clone() })
        .collect())
}

async fn list(account: &Account, bucket: &Bucket) -> Result<Vec<Site>> {
    let Bucket { name, region, .. } = bucket;
    let mut sites: BTreeMap<String, Site> = BTreeMap::new();
    for object in account.aws.list(&account.object(region, name, "sites/".into())).await? {
        let Some(id) = site_of(&object.key) else { continue };
        let site = sites.entry(id.to_owned()).or_insert_with(|| Site {
            size_in_bytes: 0,
            bucket_name: name.clone(),
            last_modified: 0,
            id: id.to_owned(),
            serve_url: names::serve_url(name, region, id),
            version: None,
        });
        site.size_in_bytes += object.size;
        site.last_modified = site.last_modified.max(object.modified_ms);
    }
    Ok(sites.into_values().collect())
}
