//! What a render may be asked for, and where its output goes: pure rules, by the public Rust API.

use rendergate::remotion::chunks::{frames_per_chunk, plan};
use rendergate::remotion::object::{acl, content_disposition, content_type};
use rendergate::remotion::output::{check_file_name, expected};
use rendergate::remotion::progress::RenderMetadata;
use rendergate::remotion::values::{DownloadBehavior, Privacy};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::Subject;
use super::case::{Case, differences};
use super::names::judged;

pub(super) const SUBJECTS: &[Subject] = &[
    Subject { call: "validateFramesPerFunction", replay: || Box::new(frames_per_function), on_purpose: &[] },
    Subject { call: "planFrameRanges", replay: || Box::new(frame_ranges), on_purpose: &[] },
    Subject { call: "validatePrivacy", replay: || Box::new(privacy), on_purpose: &[] },
    Subject { call: "validateOutname", replay: || Box::new(out_name), on_purpose: &[] },
    Subject { call: "expectedOutput", replay: || Box::new(expected_output), on_purpose: &[] },
    Subject { call: "writeFileHeaders", replay: || Box::new(file_headers), on_purpose: &[] },
];

fn frames_per_function(case: &Case) -> Vec<String> {
    let input = case.raw();
    // What is no whole number never gets there: the option's type refuses it.
    let whole = |name: &str| match &input[name] {
        Value::Null => Ok(None),
        value => value.as_i64().map(Some).ok_or(()),
    };
    let ours = match (whole("framesPerFunction"), whole("concurrency")) {
        (Ok(each), Ok(concurrency)) => {
            frames_per_chunk(input["durationInFrames"].as_u64().unwrap(), each, concurrency).ok()
        }
        _ => None,
    };
    match ours {
        Some(frames) if case.error.is_none() => case.same(&json!(frames)),
        ours => judged(case, ours.is_some()),
    }
}

fn frame_ranges(case: &Case) -> Vec<String> {
    let input = case.input();
    let number = |value: &Value| value.as_u64().unwrap();
    let (range, each) = (&input["frameRange"], number(&input["framesPerFunction"]));
    let chunks = plan(number(&range[0]), number(&range[1]), number(&input["everyNthFrame"]), each).unwrap();
    let chunks: Vec<[u64; 2]> = chunks.into_iter().map(|(first, last)| [first, last]).collect();
    differences("chunks", &case.result.as_ref().unwrap()["chunks"], &json!(chunks))
}

fn privacy(case: &Case) -> Vec<String> {
    let input = case.input();
    let ours = Privacy::deserialize(&input["privacy"]);
    judged(case, ours.is_ok_and(|privacy| input["allowPrivate"] == true || privacy.suits_sites()))
}

fn out_name(case: &Case) -> Vec<String> {
    let input = case.input();
    let fine = match (input["outName"].as_str(), input["codec"].as_str()) {
        (Some(name), Some(codec)) => check_file_name(name, codec, input["audioCodecSetting"].as_str()).is_ok(),
        // No name, or no codec (a still): nothing to check.
        _ => true,
    };
    judged(case, fine)
}

fn expected_output(case: &Case) -> Vec<String> {
    let input = case.input();
    let metadata: RenderMetadata = serde_json::from_value(input["renderMetadata"].clone()).unwrap();
    let ours = expected(&metadata, &case.text("bucketName"), &case.text("currentRegion"));
    let Some((ours, result)) = ours.as_ref().ok().zip(case.result.as_ref()) else {
        return judged(case, ours.is_ok());
    };
    let theirs = json!({
        "bucket": result["renderBucketName"], "key": result["key"], "url": result["url"],
        "endpoint": result["customCredentials"]["endpoint"],
    });
    let ours = json!({ "bucket": ours.bucket, "key": ours.key, "url": ours.url, "endpoint": ours.endpoint });
    differences("result", &theirs, &ours)
}

fn file_headers(case: &Case) -> Vec<String> {
    let (input, headers) = (case.input(), &case.requests[0]["headers"]);
    let privacy = input.get("privacy").map_or(Privacy::Private, |text| Privacy::deserialize(text).unwrap());
    let behavior = input.get("downloadBehavior").map(|text| DownloadBehavior::deserialize(text).unwrap());
    let ours = json!({
        "content-type": content_type(&case.text("key")), "x-amz-acl": acl(privacy),
        "content-disposition": behavior.as_ref().and_then(content_disposition),
    });
    let theirs = json!({
        "content-type": headers["content-type"], "x-amz-acl": headers["x-amz-acl"],
        "content-disposition": headers["content-disposition"],
    });
    differences("headers", &theirs, &ours)
}
