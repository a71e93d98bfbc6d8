//! Asks AWS about ourselves and what is configured, for `rendergate doctor`. Nothing is changed or started.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_sdk_lambda::types::InvocationType;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_sts::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sts::config::{ConfigBag, Intercept, Region, RuntimeComponents};
use aws_sdk_sts::error::BoxError;

use super::{Aws, Call, Result};

/// Who AWS takes us for.
#[derive(Clone, Debug)]
pub struct Identity {
    /// ARN of the user or role session.
    pub arn: String,
    /// The account's 12 digits.
    pub account_id: String,
}

/// How much may run at once in a region, all functions together.
#[derive(Clone, Copy, Debug)]
pub struct Concurrency {
    /// The account's quota.
    pub quota: i32,
    /// What of it no function has reserved for itself.
    pub unreserved: i32,
}

/// How a bucket is, as far as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is there and may be listed.
    Listable,
    /// It is there; listing it is not allowed, or it belongs to somebody else.
    Exists,
    /// There is no such bucket.
    Missing,
}

/// AWS's clock minus ours, seconds.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<Mutex<Option<i64>>>);

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let theirs = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        let ahead = theirs.map(|theirs| theirs.secs() - DateTime::from(SystemTime::now()).secs());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        Ok(())
    }
}

impl Aws {
    /// Who we are, and by how many seconds AWS's clock is ahead of ours, where AWS answered at all. Needs no
    /// permission.
    pub async fn who(&self, region: &str) -> (Result<Identity>, Option<i64>) {
        let clock = Clock::default();
        let call = Call { action: "sts:GetCallerIdentity", resource: "*".into() };
        let answer = self.call(call, |clients| {
            let config =
                aws_sdk_sts::config::Builder::from(clients.config.expose()).region(Region::new(region.to_owned()));
            let client = aws_sdk_sts::Client::from_conf(config.build());
            client.get_caller_identity().customize().interceptor(clock.clone()).send()
        });
        let identity = answer
            .await
            .map(|who| Identity { arn: who.arn.unwrap_or_default(), account_id: who.account.unwrap_or_default() });
        let ahead = *clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        (identity, ahead)
    }

    /// Whether the function may be invoked; it does not run.
    ///
    /// # Errors
    /// As [`Aws::invoke`].
    pub async fn may_invoke(&self, region: &str, function: &str) -> Result<()> {
        let made = self.call(super::function::invoking(region, function), |clients| {
            let request = clients.lambda(region).invoke().function_name(function);
            request.invocation_type(InvocationType::DryRun).send()
        });
        made.await.map(|_| ()).map_err(|error| super::function::not_found(error, region, function))
    }

    /// How much may run at once.
    ///
    /// # Errors
    /// Without `lambda:GetAccountSettings` a refusal.
    pub async fn concurrency(&self, region: &str) -> Result<Concurrency> {
        let call = Call { action: "lambda:GetAccountSettings", resource: "*".into() };
        let answer = self.call(call, |clients| clients.lambda(region).get_account_settings().send()).await?;
        let limit = answer.account_limit.ok_or_else(|| super::unreadable("GetAccountSettings"))?;
        let unreserved = limit.unreserved_concurrent_executions.unwrap_or(limit.concurrent_executions);
        Ok(Concurrency { quota: limit.concurrent_executions, unreserved })
    }

    /// Whether a bucket is there.
    ///
    /// # Errors
    /// Where nobody answers, and where AWS refuses the credentials themselves.
    pub async fn reach(&self, region: &str, bucket: &str, owner: Option<&str>) -> Result<Reach> {
        let call = Call { action: "s3:ListBucket", resource: format!("arn:aws:s3:::{bucket}") };
        let answer = self.call(call, |clients| {
            let request = clients.s3(region).head_bucket().bucket(bucket);
            let request = request.set_expected_bucket_owner(owner.map(str::to_owned)).send();
            async move {
                match request.await {
                    Ok(_) => Ok(Reach::Listable),
                    Err(error) if error.raw_response().is_some_and(|raw| raw.status().as_u16() == 404) => {
                        Ok(Reach::Missing)
                    }
                    Err(error) if is_plain_refusal(&error) => Ok(Reach::Exists),
                    Err(error) => Err(error),
                }
            }
        });
        answer.await
    }

    /// Whether the bucket takes ACLs, which Remotion sets on outputs that are not private.
    ///
    /// # Errors
    /// Without `s3:GetBucketOwnershipControls` a refusal.
    pub async fn takes_acls(&self, region: &str, bucket: &str) -> Result<bool> {
        let call = Call { action: "s3:GetBucketOwnershipControls", resource: format!("arn:aws:s3:::{bucket}") };
        let answer = self.call(call, |clients| {
            let request = clients.s3(region).get_bucket_ownership_controls().bucket(bucket).send();
            async move { super::bucket::none_if("OwnershipControlsNotFoundError", request.await) }
        });
        let rules = answer.await?.and_then(|answer| answer.ownership_controls).map(|controls| controls.rules);
        let enforced = |rule: &aws_sdk_s3::types::OwnershipControlsRule| {
            rule.object_ownership == aws_sdk_s3::types::ObjectOwnership::BucketOwnerEnforced
        };
        // A bucket without the setting is of the time before it, and takes them.
        Ok(!rules.unwrap_or_default().iter().any(enforced))
    }
}

/// A HEAD has no body: 403 may be the right, the owner, or the key, and a wrong key has shown before.
fn is_plain_refusal<E: ProvideErrorMetadata>(
    error: &aws_sdk_s3::error::SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
) -> bool {
    error.raw_response().is_some_and(|raw| matches!(raw.status().as_u16(), 301 | 403))
}
