//! One image: what is sent for it, what its stream says, how long the caller waits.

use serde_json::json;

use crate::stack::{FUNCTION, Reply, SITE, World};

const POSTER: &str = "/v1/stills";

#[test]
fn a_still_is_in_the_answer_for_one_call() {
    let world = World::new();
    let server = world.serve();
    let answer = server.post(POSTER, &json!({ "inputProps": { "title": "ü" } })).expect(200);
    let calls = world.aws_calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].path, format!("/2021-11-15/functions/{FUNCTION}/response-streaming-invocations"));
    let payload = world.lambda.payload();
    assert_eq!(payload.as_object().unwrap().len(), 32);
    let sent = |name: &str| payload[name].clone();
    assert_eq!(
        [sent("type"), sent("serveUrl"), sent("imageFormat"), sent("privacy"), sent("version"), sent("bucketName")],
        [json!("still"), json!(SITE), json!("png"), json!("public"), json!("4.0.527"), json!(world.bucket)]
    );
    assert_eq!(payload["inputProps"], json!({ "type": "payload", "payload": r#"{"title":"ü"}"# }));

    let render_id = answer["renderId"].as_str().unwrap();
    let key = format!("renders/{render_id}/out.png");
    let expected = json!({
        "id": format!("default~us-east-1~{}~{render_id}", world.bucket), "bucketName": world.bucket,
        "url": format!("https://s3.us-east-1.amazonaws.com/{}/{key}", world.bucket), "outKey": key,
        "sizeInBytes": 19, "status": "done", "copy": null, "functionName": FUNCTION,
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&answer[member], value, "{member} in {answer:#}");
    }
    assert_eq!(answer["estimatedPrice"]["displayCost"], "<$0.001");
    assert_eq!(answer["artifacts"][0]["filename"], "a.txt");

    // Its id works as that of a render.
    let path = answer["links"]["self"].as_str().unwrap();
    let progress = server.get(path).expect(200);
    assert_eq!(
        (&progress["status"], &progress["outKey"], &progress["done"]),
        (&json!("done"), &json!(key), &json!(true))
    );
    let output = server.get_with(&format!("{path}/output"), &[("accept", "application/json")]).expect(200);
    assert!(output["url"].as_str().unwrap().contains(&key), "{output:#}");
}

#[test]
fn a_copy_is_made_within_the_request() {
    let world = World::new();
    let server = world.serve();
    let copy_to = json!({ "bucket": world.videos, "key": "posters/{renderId}.{ext}" });
    let answer = server.post(POSTER, &json!({ "copyTo": copy_to, "imageFormat": "webp" })).expect(200);
    let key = format!("posters/{}.webp", answer["renderId"].as_str().unwrap());
    assert_eq!(answer["copy"], json!({ "status": "done", "bucket": world.videos, "key": key, "size": 19 }));
    assert!(world.moto.object(&world.videos, &key).is_some());
    assert_eq!(server.get(answer["links"]["self"].as_str().unwrap()).expect(200)["copy"]["status"], "done");

    // What refuses the copy does not unmake the image.
    world.aws.fault(9, |call| call.method == "PUT", Reply::aws_xml(403, "AccessDenied", "Access Denied"));
    let answer = server.post(POSTER, &json!({ "copyTo": copy_to })).expect(200);
    assert_eq!((&answer["status"], &answer["copy"]["status"]), (&json!("done"), &json!("failed")), "{answer:#}");
    assert_eq!(answer["copy"]["error"]["action"], "s3:PutObject");
}

#[test]
fn an_image_in_a_destination_is_found_there() {
    let world = World::new();
    let server = world.serve();
    let place = json!({ "bucketName": world.videos, "key": "a/poster.png" });
    let answer = server.post(POSTER, &json!({ "outName": place })).expect(200);
    assert_eq!((&answer["bucketName"], &answer["outKey"]), (&json!(world.bucket), &json!("a/poster.png")));
    assert_eq!(answer["outBucket"], json!(world.videos));
    let progress = server.get(answer["links"]["self"].as_str().unwrap()).expect(200);
    assert_eq!((&progress["outBucket"], &progress["status"]), (&json!(world.videos), &json!("done")));
}

#[test]
fn large_props_go_to_the_bucket() {
    let world = World::new();
    let server = world.serve();
    for (length, kind) in [(4_993_950, "payload"), (4_993_990, "bucket-url")] {
        world.forget_calls();
        server.post(POSTER, &json!({ "inputProps": { "d": "x".repeat(length) } })).expect(200);
        assert_eq!(world.lambda.payload()["inputProps"]["type"], kind);
    }
    assert_eq!(world.aws.calls_like("PUT /").len(), 1);
}

#[test]
fn what_cannot_work_is_refused_before_it_costs() {
    let world = World::new();
    let server = world.serve();
    for (field, body) in [
        ("imageFormat", json!({ "imageFormat": "gif" })),
        ("frame", json!({ "frame": 1.5 })),
        ("jpegQuality", json!({ "jpegQuality": 101 })),
        ("jpegQuality", json!({ "quality": -1 })),
        ("timeoutInMilliseconds", json!({ "timeoutInMilliseconds": 6999 })),
        ("scale", json!({ "scale": 0 })),
        ("serveUrl", json!({ "serveUrl": "src/index.ts" })),
        ("deleteAfter", json!({ "deleteAfter": "2-days" })),
        ("codec", json!({ "codec": "h264" })),
        ("outName.key", json!({ "outName": { "bucketName": world.bucket, "key": "sites/x/index.html" } })),
    ] {
        let problem = server.post(POSTER, &body).problem(400, "invalid_field");
        assert_eq!(problem["field"], field, "{problem:#}");
    }
    for body in [
        json!({ "functionName": "billing" }),
        json!({ "region": "eu-west-1", "functionName": "billing" }),
        json!({ "forceBucketName": "payroll" }),
        json!({ "outName": { "bucketName": "payroll", "key": "k" } }),
        json!({ "copyTo": "s3://payroll/k" }),
        json!({ "account": "other" }),
    ] {
        server.post(POSTER, &body).problem(403, "not_allowed");
    }
    let problem = server.post(POSTER, &json!({ "imageformat": "png" })).problem(400, "invalid_field");
    assert_eq!(problem["didYouMean"], "imageFormat");
    assert_eq!(world.aws_calls().len(), 0);
}
