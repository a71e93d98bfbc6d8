//! Creates and sets up a bucket for Remotion.

use aws_sdk_s3::types::{
    BucketCannedAcl, BucketLifecycleConfiguration, BucketLocationConstraint, CreateBucketConfiguration,
    ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
};

use super::{Aws, Call, Result};
use crate::error::{Error, Kind};

/// Removes what lies below `prefix` when it is `days` old.
#[derive(Clone, Debug)]
pub struct Expiry {
    /// The rule's name.
    pub id: String,
    /// Beginning of the keys.
    pub prefix: String,
    /// At least 1.
    pub days: i32,
}

/// A bucket by its place, for the calls that change the bucket itself.
#[derive(Clone, Copy, Debug)]
pub struct Bucket<'a> {
    /// Its region.
    pub region: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl Bucket<'_> {
    fn call(&self, action: &'static str) -> Call {
        Call { action, resource: format!("arn:aws:s3:::{}", self.name) }
    }
}

impl Aws {
    /// Creates a bucket whose objects may have ACLs, and lets `policy` say who reads them. Where a later step
    /// is refused, the bucket is deleted again: a half made one would be taken for ready the next time.
    ///
    /// # Errors
    /// [`Kind::AwsAccessDenied`] names the step that is not allowed.
    pub async fn create_bucket(&self, bucket: Bucket<'_>, policy: &str) -> Result<()> {
        let Bucket { region, name } = bucket;
        // us-east-1 is where no place is named, and can't be.
        let place = (region != "us-east-1").then(|| {
            let constraint = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        });
        let made = self.call(bucket.call("s3:CreateBucket"), |clients| {
            clients.s3(region).create_bucket().bucket(name).set_create_bucket_configuration(place.clone()).send()
        });
        made.await?;
        let ready = self.open(bucket, policy).await;
        if ready.is_err() {
            let call = bucket.call("s3:DeleteBucket");
            let undone = self.call(call, |clients| clients.s3(region).delete_bucket().bucket(name).send()).await;
            if let Err(error) = undone {
                tracing::warn!(bucket = name, code = error.kind().code(), "a half made bucket stays; delete it");
            }
        }
        ready
    }

    async fn open(&self, bucket: Bucket<'_>, policy: &str) -> Result<()> {
        let Bucket { region, name } = bucket;
        let call = bucket.call("s3:PutBucketOwnershipControls");
        self.call(call, |clients| clients.s3(region).delete_bucket_ownership_controls().bucket(name).send()).await?;
        let call = bucket.call("s3:PutBucketPublicAccessBlock");
        self.call(call, |clients| clients.s3(region).delete_public_access_block().bucket(name).send()).await?;
        let call = bucket.call("s3:PutBucketPolicy");
        self.call(call, |clients| clients.s3(region).put_bucket_policy().bucket(name).policy(policy).send()).await?;
        // Nobody may list it; and the call shows now, not at the first render, whether it takes ACLs.
        let call = bucket.call("s3:PutBucketAcl");
        let acl = BucketCannedAcl::Private;
        self.call(call, |clients| clients.s3(region).put_bucket_acl().bucket(name).acl(acl.clone()).send()).await?;
        Ok(())
    }

    /// Replaces the bucket's lifecycle rules by these; without any, it has none.
    ///
    /// # Errors
    /// [`Kind::AwsAccessDenied`] without `s3:PutLifecycleConfiguration`.
    pub async fn set_expiry(&self, bucket: Bucket<'_>, rules: &[Expiry]) -> Result<()> {
        let Bucket { region, name } = bucket;
        let call = bucket.call("s3:PutLifecycleConfiguration");
        if rules.is_empty() {
            self.call(call, |clients| clients.s3(region).delete_bucket_lifecycle().bucket(name).send()).await?;
            return Ok(());
        }
        let rules: Result<Vec<_>, _> = rules.iter().map(rule).collect();
        let rules = rules.and_then(|rules| BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build());
        let rules =
            rules.map_err(|error| Error::new(Kind::Internal, "Lifecycle rules can't be written.").because(error))?;
        self.call(call, |clients| {
            let request = clients.s3(region).put_bucket_lifecycle_configuration().bucket(name);
            request.lifecycle_configuration(rules.clone()).send()
        })
        .await?;
        Ok(())
    }
}

fn rule(expiry: &Expiry) -> Result<LifecycleRule, aws_sdk_s3::error::BuildError> {
    LifecycleRule::builder()
        .id(&expiry.id)
        .filter(LifecycleRuleFilter::builder().prefix(&expiry.prefix).build())
        .expiration(LifecycleExpiration::builder().days(expiry.days).build())
        .status(ExpirationStatus::Enabled)
        .build()
}
