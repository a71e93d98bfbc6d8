//! Functions and sites: listed over HTTP, told of and deleted by commands; and the versions they speak.

use serde_json::{Value, json};

use super::aws::{OWNER, requests, script, wide, world};
use super::case::{Case, differences};
use super::deployed_differences as listed;
use super::media::{judged, judged_command};
use super::renders::without_deletions;
use super::{Replay, Subject};
use crate::stack::{FUNCTION, Reply};

pub(super) const SUBJECTS: &[Subject] = &[
    Subject { call: "getFunctions", replay: || over("functions"), on_purpose: listed::FUNCTIONS },
    Subject { call: "getSites", replay: || over("sites"), on_purpose: listed::SITES },
    Subject { call: "getFunctionInfo", replay: function_info, on_purpose: listed::INFO },
    Subject { call: "getFunctionVersion", replay: function_version, on_purpose: listed::VERSION },
    Subject { call: "deleteFunction", replay: delete_function, on_purpose: &[] },
    Subject { call: "deleteSite", replay: delete_site, on_purpose: listed::DELETE_SITE },
    Subject { call: "versionCheck", replay: version_check, on_purpose: &[] },
];

/// A list, over HTTP.
fn over(what: &'static str) -> Replay {
    let world = world();
    let wide = wide(&world).set("RENDERGATE_ACCOUNT_ID", OWNER);
    Box::new(move |case| {
        let input = case.input();
        // What was found once is remembered.
        let mut own = wide.clone();
        if what == "sites" && input["compatibleOnly"] == true {
            own = own.set("RENDERGATE_FUNCTION_NAME", FUNCTION);
        }
        if let Some(bucket) = input["forceBucketName"].as_str() {
            // A caller may name no bucket of another kind; who configures us may.
            own = own.set("RENDERGATE_BUCKET", bucket);
        }
        let server = own.serve();
        script(&world, case);
        let mut query = format!("region={}&compatibleOnly={}", case.text("region"), input["compatibleOnly"] == true);
        if let Some(bucket) = input["forceBucketName"].as_str() {
            query.push_str(&format!("&forceBucketName={bucket}"));
        }
        let mut answer = server.get(&format!("/v1/{what}?{query}"));
        if what == "functions" && answer.status < 400 {
            answer.json = answer.json["functions"].take();
        }
        let mut found = requests(&world, case);
        found.extend(judged(case, &answer));
        found
    })
}

fn function_info() -> Replay {
    let world = world();
    let wide = wide(&world);
    Box::new(move |case| {
        script(&world, case);
        let (name, region) = (case.text("functionName"), case.text("region"));
        let mut finished = wide.run(&["functions", "info", &name, "--region", &region, "--json"]);
        one_function(&mut finished.stdout);
        [requests(&world, case), judged_command(case, &finished)].concat()
    })
}

/// Of a list of one.
fn one_function(stdout: &mut String) {
    let mut told: Value = serde_json::from_str(stdout).unwrap();
    if told["functions"].is_array() {
        *stdout = told["functions"][0].take().to_string();
    }
}

fn function_version() -> Replay {
    let world = world();
    let wide = wide(&world);
    Box::new(move |case| {
        script(&world, case);
        let (name, region) = (case.text("functionName"), case.text("region"));
        // The command asks for memory and disk, too.
        let known = json!({ "Configuration": { "FunctionName": name, "MemorySize": 2048, "Timeout": 120 } });
        world.aws.fault(usize::MAX, |call| call.method == "GET", Reply::json(200, &known));
        let finished = wide.run(&["functions", "info", &name, "--region", &region, "--json"]);
        let told: Value = serde_json::from_str(&finished.stdout).unwrap();
        let mut found = requests(&world, case);
        found.extend(case.same(&told["functions"][0]["version"]));
        found
    })
}

fn delete_function() -> Replay {
    let world = world();
    let wide = wide(&world);
    Box::new(move |case| {
        script(&world, case);
        let (name, region) = (case.text("functionName"), case.text("region"));
        let finished = wide.run(&["functions", "rm", &name, "--region", &region, "--yes", "--json"]);
        [requests(&world, case), judged_command(case, &finished)].concat()
    })
}

fn delete_site() -> Replay {
    let world = world();
    let wide = wide(&world).set("RENDERGATE_ACCOUNT_ID", OWNER);
    Box::new(move |case| {
        script(&world, case);
        let (id, bucket, region) = (case.text("siteName"), case.text("bucketName"), case.text("region"));
        let arguments = ["sites", "rm", &id, "--bucket", &bucket, "--region", &region, "--yes", "--json"];
        let finished = wide.run(&arguments);
        [without_deletions(&world, case), judged_command(case, &finished)].concat()
    })
}

/// The function refuses whoever speaks another version. So that it doesn't, its own is spoken; where its name
/// lies, both versions are told.
fn version_check() -> Replay {
    let world = world();
    let server = wide(&world).serve();
    Box::new(move |case: &Case| {
        script(&world, case);
        let version = case.input()["params"]["version"].as_str().map(str::to_owned);
        let Some(version) = version else {
            // Asked for its version by whoever doesn't know it.
            world.aws.fault(1, |_| true, Reply::json(200, &json!({ "type": "success", "version": "4.0.527" })));
            let body = json!({ "functionName": "remotion-render-bds9aab", "serveUrl": "s", "composition": "c" });
            server.post("/v1/renders", &body).expect(202);
            let asked = world.aws.calls()[0].json();
            return differences("asked", &json!({ "type": "info", "logLevel": "info" }), &asked);
        };
        let label = version.replace('.', "-");
        let body = json!({
            "functionName": case.text("functionName").replace("4-0-527", &label), "serveUrl": "s", "composition": "c",
        });
        if case.error.is_some() {
            // The function is not what its name says.
            world.aws.heal();
            world.aws.fault(1, |_| true, Reply::function_says("Version mismatch: <upstream text>"));
            world.aws.fault(1, |_| true, Reply::json(200, &json!({ "type": "success", "version": "4.0.527" })));
        }
        let answer = server.post("/v1/renders", &body);
        let mut found = differences("sent", &json!(version), &world.aws.calls()[0].json()["version"]);
        if case.error.is_none() {
            answer.expect(202);
            return found;
        }
        let problem = answer.problem(409, "version_mismatch");
        found.extend(differences("clientVersion", &json!(version), &problem["clientVersion"]));
        found.extend(differences("functionVersion", &json!("4.0.527"), &problem["functionVersion"]));
        found
    })
}
