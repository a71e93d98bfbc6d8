//! What names and addresses mean: pure rules, by the public Rust API.

use rendergate::remotion::links::{Console, serve_url};
use rendergate::remotion::names::{
    BUCKET_PREFIX, DEFAULT_REGIONS, FunctionName, REGIONS, bucket_region, is_output_bucket_name,
};
use serde_json::{Value, json};

use super::case::Case;
use super::{Difference, Subject};

pub(super) const SUBJECTS: &[Subject] = &[
    Subject { call: "parseFunctionName", replay: || Box::new(parse_function_name), on_purpose: &[] },
    Subject { call: "parseBucketName", replay: || Box::new(parse_bucket_name), on_purpose: &[] },
    Subject { call: "validateBucketName", replay: || Box::new(validate_bucket_name), on_purpose: &[] },
    Subject {
        call: "speculateFunctionName",
        replay: || Box::new(speculate_function_name),
        on_purpose: &[Difference {
            what: "refused",
            why: "it prints what no function is called (1e3mb, truemb); a size is a whole number here",
            cases: &[r#"["1e3",2048,120]"#, "[true,6,7]"],
        }],
    },
    Subject { call: "getRegions", replay: || Box::new(get_regions), on_purpose: &[] },
    Subject { call: "convertToServeUrl", replay: || Box::new(convert_to_serve_url), on_purpose: &[] },
    Subject { call: "consoleUrls", replay: || Box::new(console_urls), on_purpose: &[] },
];

/// Whether both or neither is refused.
pub(super) fn judged(case: &Case, fine: bool) -> Vec<String> {
    match (fine, case.error.is_some()) {
        (true, true) => vec!["taken".to_owned()],
        (false, false) => vec!["refused".to_owned()],
        _ => Vec::new(),
    }
}

fn parse_function_name(case: &Case) -> Vec<String> {
    let ours = FunctionName::parse(&case.text("functionName")).map_or(Value::Null, |name| {
        json!({
            "version": name.version_label, "memorySizeInMb": name.memory_mb, "diskSizeInMb": name.disk_mb,
            "timeoutInSeconds": name.timeout_seconds,
        })
    });
    case.same(&ours)
}

fn parse_bucket_name(case: &Case) -> Vec<String> {
    let region = bucket_region(&case.text("name"));
    super::case::differences("region", &case.result.as_ref().unwrap()["region"], &json!(region))
}

fn validate_bucket_name(case: &Case) -> Vec<String> {
    let name = case.text("bucketName");
    let prefixed = case.input()["mustStartWithRemotion"] == false || name.starts_with(BUCKET_PREFIX);
    judged(case, is_output_bucket_name(&name) && prefixed)
}

fn speculate_function_name(case: &Case) -> Vec<String> {
    let input = case.input();
    let size = |name: &str| match &input[name] {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|size| u32::try_from(size).ok()),
    };
    let sizes = (size("memorySizeInMb"), size("diskSizeInMb"), size("timeoutInSeconds"));
    let ours = match sizes {
        (Some(memory), Some(disk), Some(timeout)) => FunctionName::speculate("4.0.527", memory, disk, timeout),
        _ => None,
    };
    match ours {
        Some(name) if case.error.is_none() => case.same(&json!(name)),
        ours => judged(case, ours.is_some()),
    }
}

fn get_regions(case: &Case) -> Vec<String> {
    let default = case.input().get("enabledByDefaultOnly").is_some();
    case.same(&if default { json!(DEFAULT_REGIONS) } else { json!(REGIONS) })
}

fn convert_to_serve_url(case: &Case) -> Vec<String> {
    match serve_url(&case.text("urlOrId"), &case.text("region"), &case.text("bucketName")) {
        Some(url) if case.error.is_none() => case.same(&json!(url)),
        ours => judged(case, ours.is_some()),
    }
}

fn console_urls(case: &Case) -> Vec<String> {
    let input = case.input();
    let text = |name: &str| input[name].as_str().unwrap();
    let console = Console {
        region: text("region"),
        function: text("functionName"),
        renderer_function: input["rendererFunctionName"].as_str(),
        bucket: text("bucketName"),
        render_id: text("renderId"),
    };
    case.same(&json!({
        "lambdaFunction": console.function_page(), "s3Bucket": console.bucket_page(), "s3Render": console.folder(),
        "cloudwatchMethod": console.logs(text("method")),
        "cloudwatchRenderer": console.chunk_logs(input["chunk"].as_u64()),
    }))
}
