//! Copies that AWS, the destination or the settings refuse, and copies asked for afterwards.

use serde_json::json;

use crate::copy::followed;
use crate::stack::{Call, Reply, VIDEO, World, minimal, random};

#[test]
fn a_refused_copy_names_what_is_missing() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    let videos = world.videos.clone();
    let refuses = move |call: &Call| call.method == "PUT" && call.path.contains(&videos);
    world.aws.fault(usize::MAX, refuses, Reply::aws_xml(403, "AccessDenied", "Access Denied"));
    world.finishes(&render.render_id);
    let answer = followed(&server, &render);
    // The render itself is fine, and stays so.
    assert_eq!((&answer["status"], &answer["copy"]["status"]), (&json!("done"), &json!("failed")), "{answer:#}");
    let error = answer["copy"]["error"].to_string();
    assert!(error.contains("s3:PutObject") && error.contains(&world.videos), "{answer:#}");

    let problem = server
        .post(&render.path("/copy"), &json!({ "bucket": world.videos, "key": "x.mp4" }))
        .problem(502, "aws_access_denied");
    assert_eq!(problem["action"], "s3:PutObject", "{problem:#}");
    assert!(problem["resource"].as_str().unwrap().contains(&world.videos), "{problem:#}");

    // Once the permission is there, asking again is enough.
    world.aws.heal();
    let answer = server.post(&render.path("/copy"), &json!({ "bucket": world.videos, "key": "x.mp4" })).expect(200);
    let copy = &answer["copy"];
    assert_eq!((&copy["status"], &copy["size"]), (&json!("done"), &json!(VIDEO.len())), "{answer:#}");
    assert_eq!(world.moto.object(&world.videos, "x.mp4").unwrap().body, VIDEO);
}

#[test]
fn an_empty_success_is_not_a_copy() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    let liar = Reply::new(200, "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>no</Message></Error>");
    for lie in [Reply::new(200, ""), liar] {
        world.aws.fault(usize::MAX, |call| call.header("x-amz-copy-source").is_some(), lie);
        let answer = server.post(&render.path("/copy"), &json!({ "bucket": world.videos, "key": "x.mp4" }));
        assert!([502, 503].contains(&answer.status), "{answer:#?}");
        world.aws.heal();
    }
}

#[test]
fn what_is_there_already_is_kept_on_request() {
    let world = World::new();
    let server = world.serve();
    world.moto.put_object(&world.videos, "x.mp4", &[], "older");
    let videos = world.videos.clone();
    // moto ignores the condition that S3 honours: answer as S3 does.
    world.aws.fault(
        usize::MAX,
        move |call| call.path == format!("/{videos}/x.mp4") && call.header("if-none-match") == Some("*"),
        Reply::aws_xml(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
    );
    for (wish, status) in [("skip", "done"), ("fail", "failed")] {
        let copy_to = json!({ "bucket": world.videos, "key": "x.mp4", "ifExists": wish });
        let render = world.submit(&server, json!({ "copyTo": copy_to }));
        world.finishes(&render.render_id);
        let answer = followed(&server, &render);
        assert_eq!(answer["copy"]["status"], status, "{answer:#}");
        assert_eq!(world.moto.object(&world.videos, "x.mp4").unwrap().body, b"older");
    }
    let render =
        world.submit(&server, json!({ "copyTo": { "bucket": world.videos, "key": "x.mp4", "ifExists": "overwrite" } }));
    world.finishes(&render.render_id);
    assert_eq!(followed(&server, &render)["copy"]["status"], "done");
    assert_eq!(world.moto.object(&world.videos, "x.mp4").unwrap().body, VIDEO);
}

#[test]
fn copying_afterwards() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let path = render.path("/copy");
    server.post(&path, &json!({ "bucket": world.videos })).problem(409, "render_unfinished");
    world.finishes(&render.render_id);
    let answer = server.post(&path, &json!({ "bucket": world.videos, "key": "{renderId}.{ext}" })).expect(200);
    let key = format!("{}.mp4", render.render_id);
    let copy = &answer["copy"];
    assert_eq!(
        (&copy["status"], &copy["bucket"], &copy["key"]),
        (&json!("done"), &json!(world.videos), &json!(key)),
        "{answer:#}"
    );
    assert_eq!(world.moto.object(&world.videos, &key).unwrap().body, VIDEO);
    server.post(&path, &json!(format!("s3://{}/as-text.mp4", world.videos))).expect(200);
    assert_eq!(world.moto.object(&world.videos, "as-text.mp4").unwrap().body, VIDEO);
    server.post(&path, &json!({ "bucket": world.videos, "keey": "x" })).problem(400, "invalid_field");
    server.post(&path, &json!({ "bucket": "someone-elses" })).problem(403, "not_allowed");
}

#[test]
fn a_render_that_fails_is_not_copied() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    world.writes(&render.render_id, &crate::stack::progress::failed(&render.render_id));
    let answer = server.get_with(&render.path(""), &[("prefer", "wait=20")]).expect(200);
    assert_eq!((&answer["status"], &answer["copy"]["status"]), (&json!("failed"), &json!("failed")), "{answer:#}");
    assert_eq!(world.moto.keys(&world.videos), Vec::<String>::new());
}

#[test]
fn only_where_and_under_what_the_settings_allow() {
    let world = World::new();
    let archive = format!("archive-{}", random(10));
    world.moto.create_bucket(&archive, "us-east-1");
    let destinations = format!("{},{archive}/customers/", world.videos);
    let server = world.settings().set("RENDERGATE_DESTINATIONS", destinations).serve();
    let inside = json!({ "copyTo": format!("s3://{archive}/customers/7/x.mp4") });
    assert_eq!(server.post("/v1/renders", &inside).expect(202)["copy"]["key"], "customers/7/x.mp4");
    world.forget_calls();
    for outside in
        ["x.mp4", "customers", "customersx/y.mp4", "customers/../x.mp4", "../customers/x.mp4", "/customers/x.mp4"]
    {
        let answer = server.post("/v1/renders", &json!({ "copyTo": { "bucket": archive, "key": outside } }));
        assert!([400, 403].contains(&answer.status), "{outside}: {answer:#?}");
    }
    assert_eq!(world.lambda.calls().len(), 0);

    let closed = world.settings().unset("RENDERGATE_DESTINATIONS").serve();
    closed
        .post("/v1/renders", &json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }))
        .problem(400, "destinations_not_configured");
}
