//! Cancelling: only what can be cancelled, told in the way that the functions look for.

use serde_json::{Value, json};

use crate::stack::{Reply, World, minimal, progress};

/// As `start` leaves it when asked for a render that can be cancelled.
fn cancellable() -> Value {
    let mut initial = progress::initial();
    initial["cancellationEnabled"] = json!(true);
    initial
}

#[test]
fn a_render_is_told_to_stop() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "enableCancellation": true }));
    world.writes(&render.render_id, &cancellable());
    world.forget_calls();
    let answer = server.post(&render.path("/cancel"), &Value::Null).expect(202);
    assert_eq!((&answer["id"], &answer["status"]), (&json!(render.id), &json!("rendering")), "{answer:#}");

    let key = format!("renders/{}/cancel.json", render.render_id);
    let file = world.moto.object(&world.bucket, &key).unwrap();
    assert_eq!(file.header("content-type"), Some("application/json"));
    assert_eq!(serde_json::from_slice::<Value>(&file.body).unwrap(), json!({ "cancelledAt": answer["cancelledAt"] }));
    let put = &world.aws.calls_like("PUT")[0];
    assert_eq!(put.header("x-amz-acl"), None, "a bucket may have ACLs disabled");
    assert_eq!((world.aws.calls().len(), world.lambda.calls().len()), (2, 0), "{:?}", world.aws.summaries());

    // It is told once more, as often as one likes, until it has stopped.
    server.post(&render.path("/cancel"), &json!({})).expect(202);
    world.writes(&render.render_id, &progress::cancelled(&render.render_id));
    let problem = server.post(&render.path("/cancel"), &json!({})).problem(409, "not_cancellable");
    assert_eq!(problem["renderStatus"], "cancelled", "{problem:#}");
    assert_eq!(server.get(&render.path("")).expect(200)["status"], "cancelled");
}

#[test]
fn what_cannot_be_cancelled_is_left_alone() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let mut done = progress::done(&world.bucket, &render.render_id);
    done["cancellationEnabled"] = json!(true);
    let mut failed = progress::failed(&render.render_id);
    failed["cancellationEnabled"] = json!(true);
    let mut still = progress::rendering(&render.render_id, 5);
    still["renderMetadata"]["type"] = json!("still");
    let mut older = progress::initial();
    older.as_object_mut().unwrap().remove("cancellationEnabled");
    world.forget_calls();
    for (what, file, status) in [
        ("started without it", progress::initial(), None),
        ("by a function that can't", older, None),
        ("a still", still, None),
        ("done", done, Some("done")),
        ("failed", failed, Some("failed")),
    ] {
        world.writes(&render.render_id, &file);
        let problem = server.post(&render.path("/cancel"), &json!({})).problem(409, "not_cancellable");
        assert_eq!(problem["renderStatus"].as_str(), status, "{what}: {problem:#}");
    }
    let nowhere = format!("/v1/renders/default~us-east-1~{}~abcdefghij/cancel", world.bucket);
    server.post(&nowhere, &json!({})).problem(404, "render_not_found");
    server.post("/v1/renders/default~us-east-1~payroll~abcdefghij/cancel", &json!({})).problem(403, "not_allowed");
    assert!(world.aws.calls_like("PUT").is_empty(), "{:?}", world.aws.summaries());
    assert_eq!(world.moto.keys(&world.bucket), [format!("renders/{}/progress.json", render.render_id)]);
}

#[test]
fn telling_it_is_tried_again_where_that_helps() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "enableCancellation": true }));
    world.writes(&render.render_id, &cancellable());
    let is_put = |call: &crate::stack::Call| call.method == "PUT";
    world.aws.fault(1, is_put, Reply::aws_xml(500, "InternalError", "Try again"));
    server.post(&render.path("/cancel"), &json!({})).expect(202);

    world.forget_calls();
    world.aws.fault(usize::MAX, is_put, Reply::aws_xml(403, "AccessDenied", "Access Denied"));
    let problem = server.post(&render.path("/cancel"), &json!({})).problem(502, "aws_access_denied");
    assert_eq!(problem["action"], "s3:PutObject", "{problem:#}");
    assert!(
        problem["resource"].as_str().unwrap().ends_with(&format!("{}/cancel.json", render.render_id)),
        "{problem:#}"
    );
    assert_eq!(world.aws.calls_like("PUT").len(), 1, "a refusal stays one");
}
