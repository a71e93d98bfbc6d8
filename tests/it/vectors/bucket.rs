//! getOrCreateBucket(), by the command.

use serde_json::Value;

use super::aws::{random_parts, requests, script, wide, world};
use super::media::judged_command;
use super::{Difference, Replay, Subject};

pub(super) const SUBJECTS: &[Subject] =
    &[Subject { call: "getOrCreateBucket", replay: get_or_create_bucket, on_purpose: ON_PURPOSE }];

const ON_PURPOSE: &[Difference] = &[Difference {
    what: "not sent: anonymous-https",
    why: "nobody asks without credentials whether an older bucket can be listed",
    cases: &["exists", "exists, expiry on"],
}];

fn get_or_create_bucket() -> Replay {
    let world = world();
    let wide = wide(&world);
    Box::new(move |case| {
        script(&world, case);
        let region = case.text("region");
        let expiry = case.input()["enableFolderExpiry"].as_bool().map(|wanted| format!("--folder-expiry={wanted}"));
        let mut arguments = vec!["bucket", "--json", "--region", &region];
        arguments.extend(expiry.as_deref());
        let finished = wide.run(&arguments);
        let mut found = requests(&world, case);
        // The name of a new one is drawn.
        let told: Value = serde_json::from_str(&finished.stdout).unwrap();
        let drawn = |name: &Value| name.as_str().map(|name| random_parts(&format!("/{name}")));
        let same =
            case.result.as_ref().is_some_and(|result| drawn(&result["bucketName"]) == drawn(&told["bucketName"]));
        found.extend(judged_command(case, &finished).into_iter().filter(|text| !(same && text.contains("bucketName"))));
        found
    })
}
