//! The compositions of a site: what is sent for them, and what comes back.

use serde_json::{Value, json};

use crate::stack::{Reply, World};

#[test]
fn compositions_are_listed_as_the_function_wrote_them() {
    let world = World::new();
    let server = world.serve();
    let list = r#"{"compositions":[{"id":"Demo","props":{"n":12345678901234567890123,"ü":1e-7}}],"type":"success"}"#;
    world.lambda.next(Reply::new(200, list));
    let answer = server.post("/v1/compositions", &json!({}));
    assert!(answer.text.contains(r#"[{"id":"Demo","props":{"n":12345678901234567890123,"ü":1e-7}}]"#), "{answer:?}");
    answer.expect(200);
    assert_eq!(world.aws_calls().len(), 1);

    world.lambda.next(Reply::function_says("Boom at env-canary-1"));
    let body = json!({ "envVariables": { "T": "env-canary-1" } });
    let problem = server.post("/v1/compositions", &body).problem(502, "function_error");
    assert!(problem["detail"].as_str().unwrap().ends_with("compositions: Boom at ***"), "{problem:#}");
    world.lambda.next(Reply::json(200, &json!({ "type": "success" })));
    server.post("/v1/compositions", &json!({})).problem(502, "unreadable_answer");
}

#[test]
fn large_props_of_compositions_go_to_the_bucket() {
    let world = World::new();
    let server = world.serve();
    server.post("/v1/compositions", &json!({ "inputProps": { "d": "x".repeat(194_000) } })).expect(200);
    let carrier = world.lambda.payload()["inputProps"].clone();
    assert_eq!((&carrier["type"], &carrier["bucketName"]), (&json!("bucket-url"), &json!(world.bucket)));
    assert_eq!(world.aws.calls_like("PUT /").len(), 1);
}

#[test]
fn what_compositions_may_not_reach_is_refused_before_it_costs() {
    let world = World::new();
    let server = world.serve();
    for (status, code, body) in [
        (403, "not_allowed", json!({ "functionName": "billing" })),
        (403, "not_allowed", json!({ "forceBucketName": "payroll" })),
        (400, "invalid_field", json!({ "copyTo": "s3://videos/x" })),
        (400, "invalid_field", json!({ "quality": 1 })),
        (400, "invalid_field", json!({ "timeoutInMilliseconds": 5000 })),
        (400, "invalid_field", json!({ "serveUrl": 5 })),
    ] {
        let problem = server.post("/v1/compositions", &body).problem(status, code);
        assert_eq!(problem["didYouMean"], Value::Null, "no name of another order: {problem:#}");
    }
    assert_eq!(world.aws_calls().len(), 0);
}
