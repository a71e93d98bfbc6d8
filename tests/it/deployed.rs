//! What is deployed: functions, sites; and the function that is found where nobody names one.

use serde_json::{Value, json};

use crate::stack::{FUNCTION, Reply, Server, World, minimal, random};

const LARGE: &str = "remotion-render-4-0-527-mem3008mb-disk2048mb-120sec";
const OLD: &str = "remotion-render-4-0-99-mem10240mb-disk2048mb-120sec";
const ODD: &str = "remotion-render-bds9aab";

fn names(server: &Server, query: &str) -> Vec<String> {
    let answer = server.get(&format!("/v1/functions{query}")).expect(200);
    let functions = answer["functions"].as_array().unwrap();
    functions.iter().map(|function| function["functionName"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn functions_are_listed_without_waking_those_whose_name_tells_all() {
    let world = World::new();
    world.lambda.deploy(&[
        (FUNCTION, 2048, Some(10_240)),
        ("billing", 128, None),
        (OLD, 10_240, None),
        (ODD, 1024, None),
        (LARGE, 3008, Some(2048)),
    ]);
    let server = world.settings().unset("RENDERGATE_FUNCTION_NAME").serve();
    let answer = server.get("/v1/functions?region=eu-west-1").expect(200);
    let function = |name: &str, version: &str, memory: u32, disk: u32| {
        json!({
            "functionName": name, "version": version, "memorySizeInMb": memory, "timeoutInSeconds": 120,
            "diskSizeInMb": disk,
        })
    };
    let expected = json!({ "functions": [
        function(FUNCTION, "4.0.527", 2048, 10_240),
        function(OLD, "4.0.99", 10_240, 2048),
        function(ODD, "4.0.527", 1024, 2048),
        function(LARGE, "4.0.527", 3008, 2048),
    ] });
    assert_eq!(answer, expected);
    // Three pages, and one question; each to the region that was named.
    let calls = world.lambda.calls();
    assert_eq!(calls.iter().filter(|call| call.method == "GET").count(), 3);
    assert_eq!(world.lambda.payloads(), [json!({ "type": "info", "logLevel": "info" })]);
    assert!(calls.iter().all(|call| call.region() == "eu-west-1"));

    assert_eq!(names(&server, "?compatibleOnly=true"), [FUNCTION, ODD, LARGE]);
    world.lambda.deploy(&[]);
    assert_eq!(names(&server, "?compatibleOnly=true&region=eu-west-3"), [""; 0]);
}

#[test]
fn only_configured_functions_are_listed() {
    let world = World::new();
    world.lambda.deploy(&[(FUNCTION, 2048, None), (LARGE, 3008, None)]);
    assert_eq!(names(&world.serve(), ""), [FUNCTION]);
    let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{LARGE}");
    let server = world.settings().set("RENDERGATE_FUNCTION_NAME", arn).set("RENDERGATE_REGION", "us-east-1").serve();
    assert_eq!(names(&server, "?compatibleOnly=true"), [LARGE]);
    server.get("/v1/functions?region=eu-west-1").problem(403, "not_allowed");
    server.get("/v1/functions?account=other").problem(403, "not_allowed");
    for query in ["?regoin=x", "?compatibleOnly=yes", "?forceBucketName=x"] {
        server.get(&format!("/v1/functions{query}")).problem(400, "invalid_parameter");
    }
    world.lambda.always(Reply::aws_json(403, "AccessDeniedException", "no"));
    let problem = server.get("/v1/functions").problem(502, "aws_access_denied");
    assert_eq!((&problem["action"], &problem["resource"]), (&json!("lambda:ListFunctions"), &json!("*")));
}

#[test]
fn without_a_function_the_best_one_is_found_once() {
    let world = World::new();
    world.lambda.deploy(&[(FUNCTION, 2048, None), (OLD, 10_240, None), (LARGE, 3008, None), (ODD, 10_240, None)]);
    let server = world.settings().unset("RENDERGATE_FUNCTION_NAME").serve();
    for _ in 0..2 {
        assert_eq!(server.post("/v1/renders", &minimal()).expect(202)["functionName"], LARGE);
    }
    assert_eq!(server.post("/v1/stills", &json!({})).expect(200)["functionName"], LARGE);
    let lists = || world.lambda.calls().iter().filter(|call| call.method == "GET").count();
    assert_eq!(lists(), 2, "two pages, once");

    // One that is gone is looked for again.
    world.lambda.deploy(&[(FUNCTION, 2048, None)]);
    world.lambda.next(Reply::no_such_function(LARGE));
    server.post("/v1/renders", &minimal()).problem(502, "function_missing");
    assert_eq!(server.post("/v1/renders", &minimal()).expect(202)["functionName"], FUNCTION);
    // A request that names one needs no list.
    world.forget_calls();
    server.post("/v1/renders", &json!({ "functionName": OLD })).expect(202);
    assert_eq!(lists(), 0);
}

#[test]
fn where_no_function_can_be_found_the_caller_learns_why() {
    let world = World::new();
    let server = world.settings().unset("RENDERGATE_FUNCTION_NAME").serve();
    server.post("/v1/renders", &minimal()).problem(502, "function_missing");
    world.lambda.next(Reply::aws_json(403, "AccessDeniedException", "no"));
    let problem = server.post("/v1/renders", &minimal()).problem(502, "aws_access_denied");
    assert_eq!(problem["action"], "lambda:ListFunctions");
    assert!(problem["detail"].as_str().unwrap().contains("RENDERGATE_FUNCTION_NAME"), "{problem:#}");
}

/// A site of two files.
fn deploy_site(world: &World, bucket: &str, id: &str, html: &str) {
    world.moto.put_object(bucket, &format!("sites/{id}/index.html"), &[], html);
    world.moto.put_object(bucket, &format!("sites/{id}/bundle.js"), &[], "12345");
}

#[test]
fn sites_are_listed_with_size_and_version() {
    let world = World::new();
    let html = "<html><script>window.remotion_version = '4.0.527';</script></html>";
    deploy_site(&world, &world.bucket, "a", html);
    deploy_site(&world, &world.bucket, "my-site_!.*'()", "<html>");
    world.moto.put_object(&world.bucket, "sites/file-at-root.txt", &[], "x");
    let server = world.settings().set("RENDERGATE_ACCOUNT_ID", "123456789012").serve();
    let answer = server.get("/v1/sites").expect(200);
    let address = format!("https://{}.s3.us-east-1.amazonaws.com/sites", world.bucket);
    let site = |at: usize| answer["sites"][at].clone();
    assert_eq!(answer["sites"].as_array().unwrap().len(), 2, "{answer:#}");
    assert_eq!((site(0)["id"].clone(), site(0)["version"].clone()), (json!("a"), json!("4.0.527")));
    assert_eq!(site(0)["serveUrl"], format!("{address}/a/index.html"));
    assert_eq!(site(0)["sizeInBytes"], html.len() + 5);
    assert_eq!((site(1)["version"].clone(), site(1)["bucketName"].clone()), (Value::Null, json!(world.bucket)));
    assert!(site(0)["lastModified"].as_i64().unwrap() > 1_700_000_000_000, "{answer:#}");
    assert_eq!(answer["buckets"], json!([{ "creationDate": null, "name": world.bucket, "region": "us-east-1" }]));
    // A listing and a GET per site, each for the known owner's bucket only; nobody is asked who we are.
    let calls = world.aws.calls();
    assert_eq!(calls.len(), 3, "{:?}", world.aws.summaries());
    assert!(calls.iter().all(|call| call.header("x-amz-expected-bucket-owner") == Some("123456789012")));

    let compatible = server.get("/v1/sites?compatibleOnly=true").expect(200);
    assert_eq!(compatible["sites"].as_array().unwrap().len(), 1, "{compatible:#}");
}

#[test]
fn sites_are_looked_for_in_render_buckets_only() {
    let world = World::on(Box::leak(Box::new(crate::stack::Moto::start(&[]))));
    let other = format!("remotionlambda-useast1-{}", random(10));
    let elsewhere = format!("remotionlambda-euwest1-{}", random(10));
    for (bucket, region) in [(&other, "us-east-1"), (&elsewhere, "eu-west-1")] {
        world.moto.create_bucket(bucket, region);
        deploy_site(&world, bucket, "b", "");
    }
    let own = world.serve();
    for bucket in [&other, &world.videos] {
        own.get(&format!("/v1/sites?forceBucketName={bucket}")).problem(403, "not_allowed");
    }
    assert_eq!(world.aws_calls().len(), 0);
    assert_eq!(own.get("/v1/sites").expect(200)["sites"], json!([]));

    let server = world.settings().unset("RENDERGATE_BUCKET").serve();
    let answer = server.get("/v1/sites").expect(200);
    let mut buckets: Vec<&str> =
        answer["buckets"].as_array().unwrap().iter().map(|bucket| bucket["name"].as_str().unwrap()).collect();
    buckets.sort_unstable();
    let mut expected = [other.as_str(), world.bucket.as_str()];
    expected.sort_unstable();
    assert_eq!(buckets, expected);
    assert!(answer["buckets"][0]["creationDate"].is_i64(), "{answer:#}");
    assert_eq!(answer["sites"][0]["bucketName"], other);
    let one = server.get(&format!("/v1/sites?region=eu-west-1&forceBucketName={elsewhere}")).expect(200);
    assert_eq!(one["sites"][0]["bucketName"], elsewhere);
    server.get(&format!("/v1/sites?forceBucketName={}", world.videos)).problem(403, "not_allowed");
}
