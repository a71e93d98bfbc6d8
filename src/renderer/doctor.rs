//! Looks whether everything that is configured is there and may be used. Nothing is started or changed.

use serde::Serialize;

use super::{Destination, Renderer};
use crate::accounts::Account;
use crate::aws::{Concurrency, Reach};
use crate::error::{Error, Kind};
use crate::remotion::names::FunctionName;

/// Signatures are refused when the clocks are further apart than this, seconds. A quarter of an hour by
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>; most services take 5 minutes.
const CLOCK_SLACK: i64 = 300;
/// One render takes about this much; new AWS accounts have only 10 in all.
const FEW: i32 = 100;

/// One line of the doctor's report.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Whose; none where it is not about an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What was looked at.
    pub subject: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, or what to do.
    pub detail: String,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, or may work; worth a look.
    Check,
    /// Renders or copies will fail.
    Wrong,
}

use Verdict::{Check, Ok as Fine, Wrong};

struct Report {
    account: Option<String>,
    findings: Vec<Finding>,
}

impl Report {
    fn of(account: Option<&str>) -> Self {
        Self { account: account.map(str::to_owned), findings: Vec::new() }
    }

    fn add(&mut self, subject: &'static str, verdict: Verdict, detail: impl Into<String>) {
        let (account, detail) = (self.account.clone(), detail.into());
        self.findings.push(Finding { account, subject, verdict, detail });
    }

    /// A right that only the doctor uses is not missed.
    fn refused(&mut self, subject: &'static str, error: &Error) {
        let verdict = if error.kind() == Kind::AwsAccessDenied { Check } else { Wrong };
        self.add(subject, verdict, error.detail());
    }
}

impl Renderer {
    /// Every account, destination and the records, each looked at once.
    pub async fn examine(&self) -> Vec<Finding> {
        let settings = self.settings();
        let mut findings = Vec::new();
        for account in settings.accounts.all() {
            findings.extend(examine_account(account).await);
        }
        let mut report = Report::of(None);
        self.examine_destinations(&mut report).await;
        match &settings.records {
            None => report.add("records", Check, "RENDERGATE_STATE is not set: copyTo is refused."),
            Some(records) => match records.renders().await {
                Ok(ids) => report.add("records", Fine, format!("{} kept", ids.len())),
                Err(error) => report.add("records", Wrong, error.detail()),
            },
        }
        findings.extend(report.findings);
        findings
    }

    /// Destinations are looked at with their own credentials, else with the first account's.
    async fn examine_destinations(&self, report: &mut Report) {
        let settings = self.settings();
        if settings.destinations.is_empty() {
            report.add("destination", Check, "RENDERGATE_DESTINATIONS is not set: copying is off.");
        }
        let account = settings.accounts.first();
        for destination in settings.destinations.iter() {
            let Destination { bucket, prefix, .. } = destination;
            let aws = settings.stores.get(bucket).unwrap_or(&account.aws);
            let region = match &destination.region {
                Some(region) => Some(region.clone()),
                None => aws.region_of(bucket, &account.settings.region).await,
            };
            let asked_in = region.as_deref().unwrap_or(&account.settings.region);
            let place = format!("s3://{bucket}/{prefix}");
            match aws.reach(asked_in, bucket, None).await {
                Ok(Reach::Missing) => report.add("destination", Wrong, format!("{place}: there is no such bucket.")),
                Ok(Reach::Listable | Reach::Exists) => {
                    report.add(
                        "destination",
                        Fine,
                        format!("{place} is there, in {asked_in}. Only a copy shows whether it may be written."),
                    );
                }
                Err(error) => report.add("destination", Wrong, format!("{place}: {}", error.detail())),
            }
        }
    }
}

async fn examine_account(account: &Account) -> Vec<Finding> {
    let mut report = Report::of(Some(&account.settings.name));
    let region = account.settings.region.as_str();
    let (identity, ahead) = account.aws.who(region).await;
    let known = identity.is_ok();
    match identity {
        Ok(who) => match &account.settings.account_id {
            Some(expected) if *expected != who.account_id => {
                // A role may use another account's bucket.
                report.add("identity", Check, format!("{}; RENDERGATE_ACCOUNT_ID is {expected}.", who.arn));
            }
            _ => report.add("identity", Fine, who.arn),
        },
        Err(error) => report.add("identity", Wrong, error.detail()),
    }
    match ahead {
        Some(seconds) if seconds.abs() > CLOCK_SLACK => {
            let detail = format!(
                "The clock here is {} s {}. Set it: AWS refuses signatures of another time.",
                seconds.abs(),
                if seconds > 0 { "behind" } else { "ahead" }
            );
            report.add("clock", Wrong, detail);
        }
        Some(_) => report.add("clock", Fine, "agrees with AWS's"),
        None => report.add("clock", Check, "AWS did not tell the time."),
    }
    // Everything else would only say the same again.
    if known {
        examine_function(account, &mut report).await;
        examine_bucket(account, &mut report).await;
    }
    report.findings
}

async fn examine_function(account: &Account, report: &mut Report) {
    let region = account.settings.region.as_str();
    let name = match &account.settings.function_name {
        Some(name) => name.clone(),
        None => match account.found_function(region).await {
            Ok(name) => name,
            Err(error) => return report.add("function", Wrong, error.detail()),
        },
    };
    match account.aws.function(region, &name).await {
        Ok(deployed) => {
            let version = FunctionName::parse(&deployed.name).and_then(|name| name.version);
            let version = version.map_or("version not in its name".to_owned(), |version| format!("Remotion {version}"));
            let (memory, disk, seconds) = (deployed.memory_mb, deployed.disk_mb, deployed.timeout_seconds);
            report.add(
                "function",
                Fine,
                format!("{name} in {region}: {version}, {memory} MB, {disk} MB disk, {seconds} s"),
            );
        }
        Err(error) => report.refused("function", &error),
    }
    match account.aws.may_invoke(region, &name).await {
        Ok(()) => report.add("invoke", Fine, "allowed"),
        Err(error) => report.add("invoke", Wrong, error.detail()),
    }
    match account.aws.concurrency(region).await {
        Ok(Concurrency { quota, unreserved }) if unreserved < FEW => {
            report.add("concurrency", Check, format!("{unreserved} of {quota} functions may run at once in {region}: little for more than one render. Ask AWS for more (Service Quotas, Lambda, concurrent executions)."));
        }
        Ok(Concurrency { quota, unreserved }) => {
            report.add("concurrency", Fine, format!("{unreserved} of {quota} functions may run at once in {region}"));
        }
        Err(error) => report.refused("concurrency", &error),
    }
}

async fn examine_bucket(account: &Account, report: &mut Report) {
    let region = account.settings.region.as_str();
    let bucket = match account.bucket(region, None).await {
        Ok(bucket) => bucket,
        Err(error) => return report.refused("bucket", &error),
    };
    match account.aws.reach(region, &bucket, account.settings.account_id.as_deref()).await {
        Ok(Reach::Listable) => report.add("bucket", Fine, format!("{bucket} in {region}")),
        Ok(Reach::Exists) => {
            report.add("bucket", Wrong, format!("{bucket} may not be listed, lies in another region, or belongs to another account. Grant s3:ListBucket, or correct the setting."));
        }
        Ok(Reach::Missing) => {
            report.add("bucket", Wrong, format!("There is no bucket {bucket}. `rendergate bucket` creates one."));
        }
        Err(error) => report.add("bucket", Wrong, error.detail()),
    }
    match account.aws.takes_acls(region, &bucket).await {
        Ok(true) => report.add("ownership", Fine, "the bucket takes ACLs"),
        Ok(false) => report.add(
            "ownership",
            Check,
            "The bucket takes no ACLs: renders must be started with `privacy: \"no-acl\"`.",
        ),
        Err(error) => report.refused("ownership", &error),
    }
}
