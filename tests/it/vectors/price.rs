//! What renders cost: before, and after. Pure, by the public Rust API; the estimates by the command, too.

use rendergate::remotion::price::{ASSUMED_DISK_MB, Costs, Usage, estimate};
use rendergate::remotion::progress::{Moment, ProgressFile};
use serde_json::{Value, json};

use super::case::{Case, differences};
use super::names::judged;
use super::{Difference, Subject};
use crate::stack::Settings;

pub(super) const SUBJECTS: &[Subject] = &[
    Subject {
        call: "estimatePrice",
        replay: || Box::new(estimate_price),
        on_purpose: &[Difference {
            what: "one name",
            why: "durationInMiliseconds is the mistake of an old version: its value is replayed by the one name",
            cases: &["old spelling", "both spellings: the misspelt one wins"],
        }],
    },
    Subject { call: "formatCostsInfo", replay: || Box::new(format_costs_info), on_purpose: &[] },
    Subject { call: "postRenderCost", replay: || Box::new(post_render_cost), on_purpose: &[] },
];

/// The argument of the command for a JSON value, as somebody would type it.
fn typed(value: &Value) -> String {
    match value {
        // What no number is in JSON.
        Value::Object(odd) if odd.contains_key("$infinity") => "inf".to_owned(),
        Value::Object(_) => "NaN".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

fn estimate_price(case: &Case) -> Vec<String> {
    let input = case.raw();
    let misspelt = input.get("durationInMiliseconds");
    let duration = misspelt.unwrap_or(&input["durationInMilliseconds"]);
    let seconds = duration.as_f64().map_or(typed(duration), |ms| (ms / 1000.0).to_string());
    let [memory, disk, invocations] =
        ["memorySizeInMb", "diskSizeInMb", "lambdasInvoked"].map(|name| typed(&input[name]));
    let region = case.text("region");
    let pairs = [("region", &region), ("memory", &memory), ("disk", &disk), ("invocations", &invocations)];
    let mut arguments = vec!["price".to_owned(), "--json".to_owned(), format!("--duration={seconds}")];
    arguments.extend(pairs.map(|(name, value)| format!("--{name}={value}")));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let finished = Settings::default().run(&arguments);
    assert!([Some(0), Some(2)].contains(&finished.code), "{finished:?}");
    if finished.code != Some(0) || case.error.is_some() {
        return judged(case, finished.code == Some(0));
    }
    let told: Value = serde_json::from_str(&finished.stdout).unwrap();
    let whole = |name: &str| u32::try_from(input[name].as_u64().unwrap()).unwrap();
    let usage = Usage {
        memory_mb: whole("memorySizeInMb"),
        disk_mb: whole("diskSizeInMb"),
        duration_ms: duration.as_f64().unwrap(),
        invocations: input["lambdasInvoked"].as_u64().unwrap(),
    };
    let mut found = case.same(&told["accruedSoFar"]);
    found.extend(case.same(&json!(estimate(&usage, &region).unwrap())));
    found.extend(misspelt.map(|_| "one name".to_owned()));
    found
}

fn format_costs_info(case: &Case) -> Vec<String> {
    let input = case.input();
    let region = if input["currency"] == "CNY" { "cn-north-1" } else { "us-east-1" };
    case.same(&json!(Costs::new(input["accrued"].as_f64().unwrap(), region)))
}

/// The function computes this when a render ends and writes it down. We compute the same amount from the same
/// times, and tell what was written.
fn post_render_cost(case: &Case) -> Vec<String> {
    let (input, result) = (case.input(), case.result.as_ref().unwrap());
    let (region, metadata) = (case.text("region"), &input["renderMetadata"]);
    let mut file = input["overallProgress"].clone();
    file["renderMetadata"] = metadata.clone();
    file["chunks"] = json!([0, 1, 2, 3]);
    file["postRenderData"] = result.clone();
    let moment = Moment {
        now_ms: 1_760_000_000_000,
        memory_mb: 2048,
        disk_mb: ASSUMED_DISK_MB,
        timeout_ms: 120_000,
        region: &region,
        bucket: "remotionlambda-useast1-0a1b2c3d4e",
        render_id: "m1yq8x2c0v",
    };
    let read = |file: &Value| {
        let file = ProgressFile::read(file.to_string().as_bytes()).unwrap();
        json!(file.progress(&moment, None).unwrap())
    };
    let told = read(&file);
    let ours = json!({
        "cost": {
            "currency": told["costs"]["currency"], "disclaimer": told["costs"]["disclaimer"],
            "estimatedCost": told["costs"]["accruedSoFar"], "estimatedDisplayCost": told["costs"]["displayCost"],
        },
        "outputFile": told["outputFile"], "timeToFinish": told["timeToFinish"], "errors": told["errors"],
        "outputSize": told["outputSizeInBytes"], "renderSize": told["renderSize"],
        "timeToEncode": told["timeToEncode"], "timeToRenderFrames": told["timeToRenderFrames"],
        "timeToRenderChunks": told["timeToFinishChunks"], "retriesInfo": told["retriesInfo"],
        "filesCleanedUp": told["cleanup"]["filesDeleted"], "timeToCleanUp": told["cleanup"]["doneIn"],
        "mostExpensiveFrameRanges": told["mostExpensiveFrameRanges"], "timeToCombine": told["timeToCombine"],
        "estimatedBillingDurationInMilliseconds": told["estimatedBillingDurationInMilliseconds"],
        "artifactProgress": told["artifacts"],
    });
    let mut theirs = result.clone();
    // The answer has no place for these three: its metadata tell them.
    for only_in_the_file in ["startTime", "endTime", "deleteAfter"] {
        theirs.as_object_mut().unwrap().remove(only_in_the_file);
    }
    let mut found = differences("result", &theirs, &ours);
    // While there is no word of the end yet, time and money come from the same times.
    file["postRenderData"] = Value::Null;
    let before = read(&file);
    let billed = "estimatedBillingDurationInMilliseconds";
    found.extend(differences(billed, &result[billed], &before[billed]));
    let usage = Usage {
        memory_mb: 2048,
        disk_mb: ASSUMED_DISK_MB,
        duration_ms: before[billed].as_f64().unwrap_or_default(),
        invocations: metadata["estimatedTotalLambdaInvokations"].as_u64().unwrap(),
    };
    found.extend(differences("estimate", &result["cost"]["estimatedCost"], &json!(estimate(&usage, &region).unwrap())));
    found
}
