//! The right that AWS asks for a request.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::{Call, Settings};

/// Every action that `rendergate policy` prints, with all that can be configured.
pub(crate) fn printed() -> &'static BTreeSet<String> {
    static PRINTED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let settings = Settings::default()
            .set("RENDERGATE_DESTINATIONS", "videos")
            .set("RENDERGATE_STATE", "s3://state")
            .set("RENDERGATE_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/jobs")
            .set("RENDERGATE_API_KEYS", "secret:callers")
            .set("REMOTION_ROLE_ARN", "arn:aws:iam::123456789012:role/render");
        let actions = ["all", "bucket", "remove", "doctor"].iter().flat_map(|subject| {
            let printed: Value = serde_json::from_str(&settings.run(&["policy", subject]).stdout).unwrap();
            printed["Statement"].as_array().unwrap().clone()
        });
        let actions = actions.flat_map(|statement| statement["Action"].as_array().unwrap().clone());
        actions.map(|action| action.as_str().unwrap().to_owned()).collect()
    });
    &PRINTED
}

/// The IAM action, such as `s3:GetObject`; none for those who follow a link, and for what everyone may.
pub(crate) fn action(call: &Call) -> Option<String> {
    let action = (!call.service().is_empty()).then(|| signed(call))?;
    (action != "sts:GetCallerIdentity").then_some(action)
}

fn signed(call: &Call) -> String {
    let method = call.method.as_str();
    match call.service() {
        "lambda" => lambda(method, &call.path),
        "s3" => s3(call, method),
        service => {
            let target = call.header("x-amz-target").and_then(|target| target.rsplit('.').next());
            let form = String::from_utf8_lossy(&call.body).into_owned();
            let query = form.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned);
            let operation = target.map(str::to_owned).or(query).unwrap_or_else(|| panic!("what does {call:?} do?"));
            // Many at once need the same right.
            format!("{service}:{}", operation.trim_end_matches("Batch"))
        }
    }
}

fn lambda(method: &str, path: &str) -> String {
    let name = match (method, path.rsplit('/').next().unwrap_or_default()) {
        // Streaming needs the same right.
        ("POST", "invocations" | "response-streaming-invocations") => "InvokeFunction",
        ("GET", "" | "functions") => "ListFunctions",
        ("GET", _) if path.contains("account-settings") => "GetAccountSettings",
        ("GET", _) => "GetFunction",
        ("DELETE", _) => "DeleteFunction",
        other => panic!("what does Lambda do on {other:?}?"),
    };
    format!("lambda:{name}")
}

fn s3(call: &Call, method: &str) -> String {
    let has = |parameter: &str| call.query.split('&').any(|pair| pair.split('=').next() == Some(parameter));
    let key = call.path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
    let in_bucket = call.path.len() > 1;
    let name = match (method, key.is_empty()) {
        _ if !in_bucket => "ListAllMyBuckets",
        ("POST", _) if has("delete") => "DeleteObject",
        ("GET", true) if has("location") => "GetBucketLocation",
        ("GET", true) if has("ownershipControls") => "GetBucketOwnershipControls",
        ("GET" | "HEAD", true) => "ListBucket",
        ("PUT" | "DELETE", true) if has("ownershipControls") => "PutBucketOwnershipControls",
        ("PUT" | "DELETE", true) if has("publicAccessBlock") => "PutBucketPublicAccessBlock",
        ("PUT" | "DELETE", true) if has("lifecycle") => "PutLifecycleConfiguration",
        ("PUT", true) if has("policy") => "PutBucketPolicy",
        ("PUT", true) if has("acl") => "PutBucketAcl",
        ("PUT", true) => "CreateBucket",
        ("DELETE", true) => "DeleteBucket",
        ("GET" | "HEAD", false) => "GetObject",
        ("PUT" | "POST", false) => "PutObject",
        ("DELETE", false) if has("uploadId") => "AbortMultipartUpload",
        ("DELETE", false) => "DeleteObject",
        other => panic!("what does S3 do on {other:?} {call:?}?"),
    };
    format!("s3:{name}")
}
