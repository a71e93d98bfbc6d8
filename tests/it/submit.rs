//! What a submitted order becomes: the payload on the wire, the calls it costs, the answer.

use serde_json::{Value, json};

use crate::stack::{FUNCTION, Reply, SITE, World, minimal, random};

#[test]
fn a_plain_submit_costs_one_call_and_tells_where_to_look() {
    let world = World::new();
    let server = world.serve();
    let answer = server.post("/v1/renders", &minimal());
    let location = answer.header("location").unwrap().to_owned();
    let body = answer.expect(202);
    let calls = world.aws_calls();
    assert_eq!(calls.len(), 1, "{:?}", calls.iter().map(|call| call.summary()).collect::<Vec<_>>());
    assert_eq!(calls[0].header("x-amz-invocation-type").unwrap_or("RequestResponse"), "RequestResponse");
    assert_eq!(world.lambda.payload().as_object().unwrap().len(), 55);

    let render_id = body["renderId"].as_str().unwrap();
    let id = format!("default~us-east-1~{}~{render_id}", world.bucket);
    assert_eq!(body["id"], id);
    assert_eq!(location, format!("/v1/renders/{id}"));
    let expected = [
        ("bucketName", json!(world.bucket)),
        ("region", json!("us-east-1")),
        ("functionName", json!(FUNCTION)),
        ("account", json!("default")),
        ("status", json!("rendering")),
        ("copy", Value::Null),
    ];
    for (member, value) in expected {
        assert_eq!(body[member], value, "{member} in {body:#}");
    }
    assert!(
        body["links"].as_object().is_some_and(|links| links.values().any(|link| link == &json!(location))),
        "{body:#}"
    );
    assert_eq!(server.get(&location).expect(200)["renderId"], render_id);
}

#[test]
fn what_the_body_leaves_out_comes_from_the_settings() {
    let world = World::new();
    let server = world.settings().set("RENDERGATE_CODEC", "vp8").set("RENDERGATE_COMPOSITION", "Intro").serve();
    server.post("/v1/renders", &json!({})).expect(202);
    let payload = world.lambda.payload();
    assert_eq!(
        (&payload["composition"], &payload["codec"], &payload["serveUrl"]),
        (&json!("Intro"), &json!("vp8"), &json!(SITE))
    );
}

#[test]
fn props_arrive_as_javascript_writes_them() {
    let world = World::new();
    let server = world.serve();
    // The function reads doubles anyway; what it gets is what the official client would send.
    let body = r#"{"inputProps":{"b":12345678901234567890,"a":0.1000000000000000055511151231257827,"ü":"\u2028 remotion-date:2024-02-03T04:05:06.789Z","7":"\uD800"}}"#;
    server.send(reqwest::Method::POST, "/v1/renders", &[("content-type", "application/json")], body).expect(202);
    let payload = world.lambda.payload();
    let props = payload["inputProps"]["payload"].as_str().unwrap();
    assert!(props.starts_with(r#"{"7":"\ud800","b":12345678901234567000,"a":0.1,"ü":"#), "{props}");
    let read: Value = serde_json::from_str(&props.replace("\\ud800", "")).unwrap();
    assert_eq!(read["ü"], "\u{2028} remotion-date:2024-02-03T04:05:06.789Z");
}

#[test]
fn large_props_go_to_the_bucket() {
    let world = World::new();
    let server = world.serve();
    let props = json!({ "d": "x".repeat(250_000) });
    server.post("/v1/renders", &json!({ "inputProps": props })).expect(202);
    let carrier = world.lambda.payload()["inputProps"].clone();
    let hash = carrier["hash"].as_str().unwrap_or_else(|| panic!("inline: {:.200}", carrier.to_string()));
    assert_eq!(carrier, json!({ "type": "bucket-url", "hash": hash, "bucketName": world.bucket }));
    assert_eq!(world.aws.summaries(), [format!("s3 PUT /{}/input-props/{hash}.json", world.bucket)]);
    let object = world.moto.object(&world.bucket, &format!("input-props/{hash}.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&object.body).unwrap(), props);
    assert_eq!(object.header("content-type"), Some("application/json"));

    // Equal props of two renders must not share an object: the first to end deletes it.
    world.forget_calls();
    server.post("/v1/renders", &json!({ "inputProps": props })).expect(202);
    assert_ne!(world.lambda.payload()["inputProps"]["hash"], hash);
}

#[test]
fn the_limit_of_inline_props_counts_what_is_sent() {
    let world = World::new();
    let server = world.serve();
    // The official client counts UTF-16 units and would send all but the second inline; the
    // function then has to pass the text inside a text on to itself, and AWS counts bytes.
    let cases = [
        ("x".repeat(193_950), "payload"),
        ("x".repeat(193_990), "bucket-url"),
        ("ü".repeat(100_000), "bucket-url"),
        ("\"".repeat(100_000), "bucket-url"),
    ];
    for (text, kind) in cases {
        world.forget_calls();
        server.post("/v1/renders", &json!({ "inputProps": { "d": text } })).expect(202);
        assert_eq!(world.lambda.payload()["inputProps"]["type"], kind, "{:.3}…", text);
    }
}

#[test]
fn secrets_of_an_order_reach_the_function_and_nobody_else() {
    let world = World::new();
    let server = world.serve();
    let order = json!({
        "envVariables": { "TOKEN": "env-canary" },
        "licenseKey": "license-canary",
        "webhook": { "url": "https://example.com/hook", "secret": "webhook-canary", "customData": { "order": 7 } },
        "outName": {
            "bucketName": world.videos, "key": "out.mp4",
            "s3OutputProvider": { "endpoint": "https://s3.example.com", "accessKeyId": "K", "secretAccessKey": "provider-canary" },
        },
    });
    let render = world.submit(&server, order.clone());
    server.get(&render.path("")).expect(200);
    let payload = world.lambda.payload();
    for name in ["envVariables", "licenseKey", "webhook", "outName"] {
        assert_eq!(payload[name], order[name], "{name}");
    }
}

#[test]
fn a_function_whose_name_tells_no_version_is_asked_once() {
    let world = World::new();
    let server = world.settings().set("RENDERGATE_FUNCTION_NAME", "remotion-render-bds9aab").serve();
    for _ in 0..3 {
        server.post("/v1/renders", &minimal()).expect(202);
    }
    let kinds: Vec<_> =
        world.lambda.payloads().iter().map(|payload| payload["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["info", "start", "start", "start"]);
    assert_eq!(world.lambda.payloads()[1]["version"], "4.0.527");
}

#[test]
fn the_region_of_an_order_is_where_it_is_sent() {
    let world = World::new();
    let server = world.settings().unset("RENDERGATE_BUCKET").serve();
    let bucket = format!("remotionlambda-euwest3-{}", random(10));
    world.lambda.always(Reply::started(&bucket, "abcdefghij"));
    let answer = server.post("/v1/renders", &json!({ "region": "eu-west-3" })).expect(202);
    assert_eq!(answer["id"], format!("default~eu-west-3~{bucket}~abcdefghij"));
    assert_eq!(world.lambda.calls()[0].region(), "eu-west-3");
}
