//! What a request may reach: the configured places, and nothing by way of an id or a name.

use serde_json::json;

use crate::stack::{FUNCTION, World};

#[test]
fn ids_that_are_not_ours() {
    let world = World::new();
    let server = world.serve();
    let foreign = [
        "nobody~us-east-1~BUCKET~abcdefghij",
        "default~mars-1~BUCKET~abcdefghij",
        "default~us-east-1~someone-elses-bucket~abcdefghij",
        "default~us-east-1~remotionlambda-useast1-zzzzzzzzzz~abcdefghij",
        "default~us-east-1~BUCKET~..",
        "default~us-east-1~BUCKET~..%2F..%2Fsites%2Fx",
        "default~us-east-1~BUCKET~a%00b",
        "default~us-east-1~BUCKET",
        "default~us-east-1~BUCKET~abcdefghij~more",
        "~~~",
        "%20",
        "%FF",
    ];
    for id in foreign {
        let id = id.replace("BUCKET", &world.bucket);
        for path in [format!("/v1/renders/{id}"), format!("/v1/renders/{id}/output")] {
            let answer = server.get(&path);
            assert!([400, 403, 404].contains(&answer.status), "{path}: {answer:#?}");
            let (status, code) = (answer.status, answer.json["code"].as_str().unwrap_or("none").to_owned());
            answer.problem(status, &code);
        }
        let answer = server.post(&format!("/v1/renders/{id}/copy"), &json!({ "bucket": world.videos }));
        assert!([400, 403, 404].contains(&answer.status), "{id}: {answer:#?}");
    }
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn places_that_a_request_may_not_reach() {
    let world = World::new();
    let server = world.serve();
    let own = &world.bucket;
    let refused = [
        ("another destination", json!({ "copyTo": "s3://someone-elses/x.mp4" })),
        ("Remotion's bucket as destination", json!({ "copyTo": format!("s3://{own}/sites/x/index.html") })),
        ("another bucket", json!({ "forceBucketName": "someone-elses" })),
        ("another Remotion bucket", json!({ "forceBucketName": "remotionlambda-useast1-zzzzzzzzzz" })),
        ("another function", json!({ "functionName": "billing" })),
        ("another Remotion function", json!({ "functionName": "remotion-render-4-0-527-mem512mb-disk2048mb-900sec" })),
        ("another function for the chunks", json!({ "rendererFunctionName": "billing" })),
        ("another account", json!({ "account": "nobody" })),
        ("another bucket for the output", json!({ "outName": { "bucketName": "someone-elses", "key": "x.mp4" } })),
        ("the site as output", json!({ "outName": { "bucketName": own, "key": "sites/testbed/index.html" } })),
        ("another render as output", json!({ "outName": { "bucketName": own, "key": "renders/abcdefghij/out.mp4" } })),
        ("props as output", json!({ "outName": { "bucketName": own, "key": "input-props/abcdefghij.json" } })),
    ];
    for (what, body) in refused {
        let answer = server.post("/v1/renders", &body);
        assert!(answer.status == 403 || answer.json["field"] == "outName.key", "{what}: {answer:#?}");
        match answer.status {
            400 => answer.problem(400, "invalid_field"),
            _ => answer.problem(403, "not_allowed"),
        };
    }
    let answer = server.post("/v1/renders", &json!({ "region": "mars-1" }));
    assert!([400, 403].contains(&answer.status), "{answer:#?}");
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn without_function_and_bucket_settings_only_remotion_s_names_are_reached() {
    let world = World::new();
    let server = world.settings().unset("RENDERGATE_FUNCTION_NAME").unset("RENDERGATE_BUCKET").serve();
    for body in
        [json!({ "functionName": "billing" }), json!({ "functionName": FUNCTION, "rendererFunctionName": "billing" })]
    {
        server.post("/v1/renders", &body).problem(403, "not_allowed");
    }
    let body = json!({ "functionName": FUNCTION, "forceBucketName": "payroll" });
    server.post("/v1/renders", &body).problem(403, "not_allowed");
    let answer = server.get("/v1/renders/default~us-east-1~payroll~abcdefghij");
    assert!([403, 404].contains(&answer.status), "{answer:#?}");
    assert_eq!(world.aws_calls().len(), 0);
}
