//! The rights that the current settings need in AWS, and no others: IAM policies to paste.
//!
//! Each function tells the statements for one purpose. Tests hold them to what is really called, and to
//! what moto's IAM enforces.

use serde::Serialize;

use crate::config::{AccountConfig, Config};
use crate::credentials::SecretRef;
use crate::records::StateLocation;
use crate::remotion::names;
use crate::renderer::{Concurrency, Destination};

/// One statement of a policy, by IAM's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// What it is for.
    pub sid: &'static str,
    /// Always `Allow`.
    pub effect: &'static str,
    /// The actions.
    pub action: Vec<&'static str>,
    /// What they may be done to.
    pub resource: Vec<String>,
}

fn allow(sid: &'static str, action: &[&'static str], resource: Vec<String>) -> Statement {
    Statement { sid, effect: "Allow", action: action.to_vec(), resource }
}

fn unless_empty(sid: &'static str, action: &[&'static str], resource: Vec<String>) -> Vec<Statement> {
    if resource.is_empty() { Vec::new() } else { vec![allow(sid, action, resource)] }
}

/// Who may assume a role: one statement of its trust policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Trust {
    effect: &'static str,
    principal: Principal,
    action: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
enum Principal {
    Service(&'static str),
    #[serde(rename = "AWS")]
    Arn(String),
}

/// A policy, as IAM takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document<T> {
    version: &'static str,
    statement: Vec<T>,
}

impl<T> From<Vec<T>> for Document<T> {
    fn from(statement: Vec<T>) -> Self {
        Self { version: "2012-10-17", statement }
    }
}

fn trust(principal: Principal) -> Trust {
    Trust { effect: "Allow", principal, action: "sts:AssumeRole" }
}

/// The trust policy of the EC2 guide's `remotion-ec2-executionrole`: Lambda and `principal` may assume it.
pub fn assume_trust(principal: String) -> Vec<Trust> {
    vec![trust(Principal::Service("lambda.amazonaws.com")), trust(Principal::Arn(principal))]
}

/// The trust policy of the EC2 guide's `ec2-remotion-role`: instances may assume it.
pub fn ec2_trust() -> Vec<Trust> {
    vec![trust(Principal::Service("ec2.amazonaws.com"))]
}

/// The guide's `ec2-remotion-role`, in the account of the role that an account's credentials assume.
pub fn ec2_role(account: &AccountConfig) -> Option<String> {
    let role = account.credentials.role()?.to_string();
    let (place, _) = role.split_once(":role/")?;
    Some(format!("{place}:role/ec2-remotion-role"))
}

/// What an account's credentials need to start, follow, cancel and delete renders, and to tell what is
/// deployed: the guide's `remotion-executionrole-policy`.
pub fn trigger(account: &AccountConfig) -> Vec<Statement> {
    let place = &account.settings;
    let function = function_arn(account);
    let bucket = bucket_arn(account);
    let below = |path: &str| format!("{bucket}/{path}");
    let mut statements = vec![
        allow("Render", &["lambda:InvokeFunction"], vec![function.clone()]),
        allow("ReadProgressAndOutputs", &["s3:GetObject"], vec![below("*")]),
        // Without it a missing file is a refusal, and sites could not be listed.
        allow("ListSitesAndTellWhatIsMissing", &["s3:ListBucket"], vec![bucket.clone()]),
        allow("PassLargeProps", &["s3:PutObject"], vec![below("input-props/*")]),
        allow("Cancel", &["s3:PutObject"], vec![below("renders/*/cancel.json")]),
        allow("DeleteRenders", &["s3:DeleteObject"], vec![below("renders/*")]),
        // AWS knows no narrower resource.
        allow("ListFunctions", &["lambda:ListFunctions"], vec!["*".to_owned()]),
        allow("TellOfAFunction", &["lambda:GetFunction"], vec![function]),
    ];
    if place.bucket.is_none() {
        statements.push(allow("FindTheBucket", &["s3:ListAllMyBuckets"], vec!["*".to_owned()]));
    }
    statements
}

/// What copying outputs needs at the destinations: the guide's inline policy, both forms of ARN per destination;
/// and to take back the parts of a copy that failed, without which they have to expire by a lifecycle rule.
pub fn copy(config: &Config) -> Vec<Statement> {
    let partition = names::partition(&config.home_region);
    // Those with credentials of their own need the same for those.
    let listed: Vec<_> = config.destinations.iter().filter(|destination| destination.own.is_none()).collect();
    let arn = |destination: &&Destination| format!("arn:{partition}:s3:::{}", destination.bucket);
    let below = |destination: &&Destination| format!("{}/{}*", arn(destination), destination.prefix);
    let both = listed.iter().flat_map(|destination| [arn(destination), below(destination)]);
    let objects = listed.iter().map(below);
    [
        unless_empty("CopyOutputs", &["s3:PutObject"], both.collect()),
        unless_empty("TakeBackFailedCopies", &["s3:AbortMultipartUpload"], objects.collect()),
    ]
    .concat()
}

/// What reading the settings' secrets needs where Rendergate runs.
pub fn secret(config: &Config) -> Vec<Statement> {
    let arns = config.secrets().map(|secret| secret_arn(config, secret)).collect();
    unless_empty("ReadSecrets", &["secretsmanager:GetSecretValue"], arns)
}

/// What assuming the accounts' and destinations' roles needs of whoever assumes them; the roles have to trust them, too.
pub fn assume(config: &Config) -> Vec<Statement> {
    let arns = config.credentials().filter_map(|source| source.role()).map(ToString::to_string).collect();
    unless_empty("AssumeRoles", &["sts:AssumeRole"], arns)
}

/// What keeping records in S3 needs where Rendergate runs.
pub fn state(config: &Config) -> Vec<Statement> {
    let Some(StateLocation::S3 { bucket, prefix }) = &config.state else { return Vec::new() };
    let arn = format!("arn:{}:s3:::{bucket}", names::partition(&config.home_region));
    vec![
        allow("ListRecords", &["s3:ListBucket"], vec![arn.clone()]),
        allow("KeepRecords", &["s3:GetObject", "s3:PutObject"], vec![format!("{arn}/{prefix}*")]),
    ]
}

/// What putting jobs on the queue needs, and working on it, where Rendergate runs. The quota is asked for with the
/// credentials that render.
pub fn queue(config: &Config) -> Vec<Statement> {
    let arn = |(url, region): &(String, String)| {
        let mut path = url.rsplit('/');
        let (name, owner) = (path.next().unwrap_or("*"), path.next().unwrap_or("*"));
        format!("arn:{}:sqs:{region}:{owner}:{name}", names::partition(region))
    };
    let Some(queue) = config.queue.as_ref().map(arn) else { return Vec::new() };
    let mut statements = vec![
        allow("PutJobs", &["sqs:SendMessage"], vec![queue.clone()]),
        allow("DoJobs", &["sqs:DeleteMessage", "sqs:ReceiveMessage"], vec![queue]),
    ];
    if config.concurrency == Concurrency::Quota {
        // AWS knows no narrower resource.
        statements.push(allow("KnowTheQuota", &["lambda:GetAccountSettings"], vec!["*".to_owned()]));
    }
    let dead_letters = config.dead_letters.iter().map(arn).collect();
    statements.extend(unless_empty("PutDeadLetters", &["sqs:SendMessage"], dead_letters));
    statements
}

/// What `rendergate bucket` needs: to create Remotion's bucket.
pub fn bucket(account: &AccountConfig) -> Vec<Statement> {
    let set_up = [
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:ListBucket",
        "s3:PutBucketAcl",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutLifecycleConfiguration",
    ];
    vec![
        allow("FindTheBucket", &["s3:ListAllMyBuckets"], vec!["*".to_owned()]),
        allow("SetUpTheBucket", &set_up, vec![bucket_arn(account)]),
    ]
}

/// What `rendergate functions rm` and `rendergate sites rm` need.
pub fn remove(account: &AccountConfig) -> Vec<Statement> {
    let bucket = bucket_arn(account);
    let mut statements = vec![
        allow("DeleteFunctions", &["lambda:DeleteFunction"], vec![function_arn(account)]),
        allow("ListSites", &["s3:ListBucket"], vec![bucket.clone()]),
        allow("DeleteSites", &["s3:DeleteObject"], vec![format!("{bucket}/sites/*")]),
    ];
    if account.settings.bucket.is_none() {
        statements.push(allow("FindTheBucket", &["s3:ListAllMyBuckets"], vec!["*".to_owned()]));
    }
    statements
}

/// What `rendergate doctor` needs besides, to tell everything.
pub fn doctor(account: &AccountConfig) -> Vec<Statement> {
    vec![
        allow("TellTheQuota", &["lambda:GetAccountSettings"], vec!["*".to_owned()]),
        allow("TellTheOwnership", &["s3:GetBucketOwnershipControls"], vec![bucket_arn(account)]),
    ]
}

fn function_arn(account: &AccountConfig) -> String {
    let place = &account.settings;
    let region = if place.region_is_fixed { place.region.as_str() } else { "*" };
    let owner = place.account_id.as_deref().unwrap_or("*");
    let name = place.function_name.clone().unwrap_or_else(|| format!("{}*", names::FUNCTION_PREFIX));
    if name.starts_with("arn:") {
        return name;
    }
    format!("arn:{}:lambda:{region}:{owner}:function:{name}", names::partition(&place.region))
}

fn bucket_arn(account: &AccountConfig) -> String {
    let place = &account.settings;
    let bucket = place.bucket.clone().unwrap_or_else(|| format!("{}*", names::BUCKET_PREFIX));
    format!("arn:{}:s3:::{bucket}", names::partition(&place.region))
}

/// Secrets Manager puts six letters of its own behind a secret's name.
fn secret_arn(config: &Config, secret: &SecretRef) -> String {
    let region = &config.home_region;
    if secret.id().starts_with("arn:") {
        return secret.id().to_owned();
    }
    format!("arn:{}:secretsmanager:{region}:*:secret:{}-??????", names::partition(region), secret.id())
}
