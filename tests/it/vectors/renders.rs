//! What can be done with a render: cancelled and deleted over HTTP, downloaded by the command.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::aws::{OWNER, requests, script_with, wide, world};
use super::case::{Case, differences};
use super::media::judged;
use super::renders_differences as listed;
use super::{Replay, Subject};
use crate::stack::http::now_ms;
use crate::stack::{Reply, World, progress};

pub(super) const SUBJECTS: &[Subject] = &[
    Subject { call: "cancelRenderOnLambda", replay: cancel, on_purpose: listed::CANCEL },
    Subject { call: "deleteRender", replay: delete, on_purpose: listed::DELETE },
    Subject { call: "downloadMedia", replay: download, on_purpose: listed::DOWNLOAD },
];

/// The recording's clock stood still.
pub(super) const RECORDED_AT: i64 = 1_760_000_000_000;

/// The path of a case's render.
pub(super) fn path(case: &Case, verb: &str) -> String {
    let [region, bucket, render_id] = ["region", "bucketName", "renderId"].map(|name| case.text(name));
    format!("/v1/renders/default~{region}~{bucket}~{render_id}{verb}")
}

/// S3 as it was, with the render's times moved to now.
fn alive(world: &World, case: &Case) {
    script_with(world, case, |response| progress::shift_times(response, now_ms() as i64 - RECORDED_AT));
}

fn cancel() -> Replay {
    let world = world();
    let server = wide(&world).set("RENDERGATE_ACCOUNT_ID", OWNER).serve();
    Box::new(move |case| {
        alive(&world, case);
        let answer = server.post(&path(case, "/cancel"), &json!({}));
        let mut found = requests(&world, case);
        // The time in the file is the clock's.
        found.retain(|text| {
            let ours =
                |call: &crate::stack::Call| call.path.ends_with("/cancel.json") && call.json()["cancelledAt"].is_i64();
            !(text.starts_with("s3 PutObject: body") && world.aws.calls().iter().any(ours))
        });
        found.extend(judged(case, &answer));
        found
    })
}

/// The keys that were deleted: one by one by the client, many at once by us.
fn deleted(world: &World) -> BTreeSet<String> {
    let calls = world.aws.calls().into_iter().filter(|call| call.method == "POST");
    let texts = calls.map(|call| (call.path.clone(), String::from_utf8(call.body.to_vec()).unwrap()));
    let keys = |(path, text): (String, String)| -> Vec<String> {
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        keys.map(|key| format!("{}/{key}", path.trim_end_matches('/'))).collect()
    };
    texts.flat_map(keys).collect()
}

/// What was deleted otherwise than recorded, key by key; the requests themselves are others.
fn deletions(world: &World, case: &Case) -> Vec<String> {
    let theirs = case.requests.iter().filter(|request| request["operation"] == "DeleteObject");
    let theirs: BTreeSet<String> = theirs.map(|request| request["path"].as_str().unwrap().to_owned()).collect();
    let ours = deleted(world);
    let more = ours.difference(&theirs).map(|key| format!("deleted, too: {key}"));
    let mut found: Vec<String> = more.collect();
    found.extend(theirs.difference(&ours).map(|key| format!("not deleted: {key}")));
    found
}

/// Differences without those of the requests that delete: what they deleted is compared.
pub(super) fn without_deletions(world: &World, case: &Case) -> Vec<String> {
    let mut found = requests(world, case);
    let batches = |text: &String| text == "not sent: s3 DeleteObject" || text.ends_with("?delete");
    let single = found.iter().any(batches);
    found.retain(|text| !batches(text));
    if single {
        found.push("many keys per request".to_owned());
    }
    found.extend(deletions(world, case));
    found
}

fn delete() -> Replay {
    let world = world();
    let server = wide(&world).set("RENDERGATE_ACCOUNT_ID", OWNER).serve();
    Box::new(move |case| {
        let mut found = Vec::new();
        alive(&world, case);
        let answer = server.delete(&path(case, ""));
        if answer.status != 200 {
            found.push(format!("while it runs: {} {}", answer.status, answer.json["code"].as_str().unwrap()));
            assert_eq!(deleted(&world), BTreeSet::new());
            // Its function is dead, by now.
            script_with(&world, case, |_| {});
            let answer = server.delete(&path(case, ""));
            found.extend(judged(case, &answer));
        } else {
            found.extend(judged(case, &answer));
        }
        found.extend(without_deletions(&world, case));
        found
    })
}

fn download() -> Replay {
    let world = world();
    let wide = wide(&world).set("RENDERGATE_ACCOUNT_ID", OWNER);
    Box::new(move |case| {
        let [region, bucket, render_id] = ["region", "bucketName", "renderId"].map(|name| case.text(name));
        let id = format!("default~{region}~{bucket}~{render_id}");
        let to = world.folder().join("downloaded");
        let run = || wide.run(&["download", &id, to.to_str().unwrap(), "--json"]);
        alive(&world, case);
        // The image of a still.
        let image =
            Reply::new(200, "png").header("etag", "\"e\"").header("last-modified", "Fri, 01 Jan 2100 00:00:00 GMT");
        world.aws.fault(usize::MAX, |call| call.method == "HEAD", image);
        let mut found = Vec::new();
        let mut finished = run();
        if finished.code != Some(0) && case.error.is_none() {
            // The recorded renders have no end: the client fetches what lies there.
            let told: Value = serde_json::from_str(&finished.stdout).unwrap();
            found.push(format!("while it runs: {}", told["error"]["code"].as_str().unwrap()));
            script_with(&world, case, |response| ended(response, case));
            finished = run();
        }
        found.extend(requests(&world, case));
        let Some(result) = &case.result else {
            found.extend(super::media::judged_command(case, &finished));
            return found;
        };
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let told: Value = serde_json::from_str(&finished.stdout).unwrap();
        found.extend(differences("result.sizeInBytes", &result["sizeInBytes"], &told["sizeInBytes"]));
        let content = std::fs::read_to_string(&to).unwrap();
        found.extend(differences("result.content", &result["content"], &json!(content)));
        found
    })
}

/// The word of the end, where there is none.
fn ended(response: &mut Value, case: &Case) {
    let body = &mut response["body"];
    if body["renderMetadata"]["type"] == "video" {
        let size = case.result.as_ref().unwrap()["sizeInBytes"].clone();
        body["postRenderData"] = json!({
            "cost": { "estimatedCost": 0, "estimatedDisplayCost": "", "currency": "USD", "disclaimer": "" },
            "outputFile": "https://u", "timeToFinish": 1, "outputSize": size, "renderSize": size, "errors": [],
        });
    }
}
