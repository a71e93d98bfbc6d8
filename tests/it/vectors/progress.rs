//! getRenderProgress(): over HTTP, and exactly to the millisecond by the public Rust API.

use rendergate::remotion::names::FunctionName;
use rendergate::remotion::price::ASSUMED_DISK_MB;
use rendergate::remotion::progress::{Moment, OutputHead, ProgressFile};
use serde_json::{Value, json};

use super::aws::{requests, script_with, wide, world};
use super::case::{Case, differences};
use super::media::judged;
use super::progress_differences::ON_PURPOSE;
use super::renders::{RECORDED_AT, path};
use super::{Replay, Subject};
use crate::stack::http::now_ms;
use crate::stack::progress::shift_times;
use crate::stack::{Reply, Settings, World};

pub(super) const SUBJECTS: &[Subject] =
    &[Subject { call: "getRenderProgress", replay: progress, on_purpose: ON_PURPOSE }];

fn progress() -> Replay {
    let world = world();
    let wide = wide(&world);
    let server = wide.serve();
    Box::new(move |case| {
        if case.name.starts_with("invoke") {
            return asked(&world, &wide, case);
        }
        let shift = now_ms() as i64 - RECORDED_AT;
        script_with(&world, case, |response| shift_times(response, shift));
        let mut answer = server.get(&path(case, ""));
        shift_times(&mut answer.json, -shift);
        let mut found = requests(&world, case);
        let Some(result) = case.result.as_ref().filter(|_| answer.status == 200) else {
            found.extend(judged(case, &answer));
            return found;
        };
        // At the instant of the recording, to the last digit; and what we tell at that instant.
        found.extend(differences("result", result, &computed(case, RECORDED_AT, false)));
        found.extend(differences("told", result, &computed(case, RECORDED_AT, true)));
        // Over HTTP, at the instant when it was asked.
        let at = answer.json["currentTime"].as_i64().unwrap();
        assert!((0..30_000).contains(&(at - RECORDED_AT)), "{at}");
        let members = answer.json.as_object_mut().unwrap();
        for ours in ["id", "status", "copy"] {
            members.remove(ours).unwrap();
        }
        found.extend(differences("over HTTP", &computed(case, at, true), &answer.json));
        found
    })
}

/// The function itself is asked.
fn asked(world: &World, wide: &Settings, case: &Case) -> Vec<String> {
    let function = case.text("functionName");
    // Any function may be asked that is configured.
    let server = wide.clone().set("RENDERGATE_FUNCTION_NAME", &function).serve();
    if FunctionName::parse(&function).is_none() {
        // Its name does not tell its version; what it told is kept.
        world.aws.heal();
        world.aws.fault(2, |_| true, Reply::json(200, &json!({ "type": "success", "version": "4.0.527" })));
        server.get(&path(case, "?skipLambdaInvocation=false")).problem(502, "unreadable_answer");
    }
    script_with(world, case, |_| {});
    let answer = server.get(&path(case, "?skipLambdaInvocation=false"));
    [requests(world, case), judged(case, &answer)].concat()
}

/// What the recorded file says at this instant: with the disk that the official client assumes, and the function
/// that it is told; or with the function that rendered, as its metadata name it.
fn computed(case: &Case, now_ms: i64, real: bool) -> Value {
    let requested = |operation: &str| case.requests.iter().rfind(|request| request["operation"] == operation);
    let get = &requested("GetObject").unwrap()["response"];
    let metadata = &get["body"]["renderMetadata"];
    let named = |name: &str| metadata[name].as_str().and_then(FunctionName::parse);
    let told = FunctionName::parse(&case.text("functionName")).unwrap();
    let function = if real { named("functionName").unwrap_or_else(FunctionName::unknown) } else { told };
    let disk_mb = named("rendererFunctionName").map_or(function.disk_mb, |renderer| renderer.disk_mb);
    let [bucket, region, render_id] = ["bucketName", "region", "renderId"].map(|name| case.text(name));
    let moment = Moment {
        now_ms,
        memory_mb: function.memory_mb,
        disk_mb: if real { disk_mb } else { ASSUMED_DISK_MB },
        timeout_ms: i64::from(function.timeout_seconds) * 1000,
        region: &region,
        bucket: &bucket,
        render_id: &render_id,
    };
    let file = ProgressFile::read(get["body"].to_string().as_bytes()).unwrap();
    let head = requested("HeadObject").map(|head| &head["response"]).filter(|head| head["status"] == 200);
    // There are no keys to other clouds here.
    let head = head.filter(|_| !real || case.raw()["s3OutputProvider"].is_null());
    let size = head.map(|head| head["headers"]["content-length"].as_str().unwrap().parse().unwrap());
    json!(file.progress(&moment, size.map(|size| OutputHead { size, modified_ms: 0 })).unwrap())
}
