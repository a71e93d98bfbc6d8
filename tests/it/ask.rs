//! The function asked how a render is: the same answer by another way, and its reasons when it has none.

use serde_json::{Value, json};

use crate::stack::{FUNCTION, Reply, VIDEO, World, fixture, minimal};

const ASK: &str = "?skipLambdaInvocation=false";

/// What the real function answered, about this render.
fn answered(file: &str, world: &World, render_id: &str) -> Value {
    let mut answer = fixture(&format!("captures/{file}.json"))["responseJson"].take();
    answer["renderId"] = json!(render_id);
    answer["bucket"] = json!(world.bucket);
    if answer["outKey"].is_string() {
        answer["outBucket"] = json!(world.bucket);
        answer["outKey"] = json!(format!("renders/{render_id}/out.mp4"));
    }
    answer
}

/// The members of `answer` that Rendergate adds, and the rest.
fn parted(mut answer: Value) -> ((Value, Value, Value), Value) {
    let members = answer.as_object_mut().unwrap();
    let mut take = |name: &str| members.remove(name).unwrap_or_default();
    ((take("id"), take("status"), take("copy")), answer)
}

#[test]
fn the_function_tells_the_same() {
    let world = World::new();
    let server = world.serve();
    // Only this one is followed by the server itself, which reads progress.json.
    let to_copy = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    let plain = world.submit(&server, minimal());
    for (file, status) in [
        ("invoke-status-initial", "rendering"),
        ("invoke-status-running", "rendering"),
        ("invoke-status-failed", "failed"),
        ("invoke-status-done", "done"),
    ] {
        let render = if status == "done" { &to_copy } else { &plain };
        world.finishes(&render.render_id);
        world.forget_calls();
        let answer = answered(file, &world, &render.render_id);
        world.lambda.next(Reply::json(200, &answer));
        let response = server.get_with(&render.path(ASK), &[("prefer", "wait=20")]);
        assert_eq!(response.header("preference-applied"), None, "an invocation is made once");
        let ((id, word, copy), rest) = parted(response.expect(200));
        assert_eq!((id, word), (json!(render.id), json!(status)));
        assert_eq!(rest, answer, "{file}");
        assert!(world.aws.calls_like(&plain.render_id).is_empty(), "{:?}", world.aws.summaries());
        if status == "done" {
            assert_eq!(copy["status"], "done", "who sees the end makes the copy: {copy}");
            assert_eq!(world.moto.object(&world.videos, "x.mp4").unwrap().body, VIDEO);
        }
    }
}

#[test]
fn what_the_function_refuses_is_told() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let path = render.path(ASK);
    // Both versions, though Lambda's own mark says nothing.
    world.lambda.next(Reply::function_crashed("Version mismatch: it is not what it was"));
    world.lambda.next(Reply::json(200, &json!({ "type": "success", "version": "4.0.600" })));
    let problem = server.get(&path).problem(409, "version_mismatch");
    assert_eq!((&problem["functionVersion"], &problem["clientVersion"]), (&json!("4.0.600"), &json!("4.0.527")));

    let missing = json!({ "errorType": "NoSuchKey", "errorMessage": "The specified key does not exist.", "trace": [] });
    world.lambda.next(Reply::json(200, &missing).header("x-amz-function-error", "Unhandled"));
    server.get(&path).problem(404, "render_not_found");
    for reply in [Reply::function_crashed("no room left"), Reply::function_says("no room left")] {
        world.lambda.next(reply);
        let problem = server.get(&path).problem(502, "function_error");
        assert!(problem["detail"].as_str().unwrap().contains("no room left"), "{problem:#}");
    }
    let others = answered("invoke-status-done", &world, "zzzzzzzzzz");
    for reply in [Reply::new(200, "<html>"), Reply::json(200, &json!({})), Reply::json(200, &others)] {
        world.lambda.next(reply);
        server.get(&path).problem(502, "unreadable_answer");
    }
    world.lambda.next(Reply::no_such_function(FUNCTION));
    server.get(&path).problem(502, "function_missing");
    world.lambda.always(Reply::throttled("ConcurrentInvocationLimitExceeded", None));
    server.get(&path).problem(429, "throttled");
}

#[test]
fn only_an_allowed_function_is_asked() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.forget_calls();
    server.get(&render.path(&format!("{ASK}&functionName=billing"))).problem(403, "not_allowed");
    for wrong in ["no", "", "FALSE"] {
        let problem =
            server.get(&render.path(&format!("?skipLambdaInvocation={wrong}"))).problem(400, "invalid_parameter");
        assert_eq!(problem["field"], "skipLambdaInvocation");
    }
    assert_eq!(world.aws_calls().len(), 0);
    server.get(&render.path("?skipLambdaInvocation=true")).expect(200);
    assert_eq!(world.lambda.calls().len(), 0);
    drop(server);

    let server = world.settings().unset("RENDERGATE_FUNCTION_NAME").serve();
    // Without one it is the one that is found, and here there is none.
    server.get(&render.path(ASK)).problem(502, "function_missing");
    world.forget_calls();
    server.get(&render.path(&format!("{ASK}&functionName=billing"))).problem(403, "not_allowed");
    server.get(&render.path(&format!("{ASK}&functionName={FUNCTION}"))).expect(200);
    assert_eq!(world.lambda.calls().len(), 1);
    world.lambda.next(Reply::no_such_function(FUNCTION));
    server.get(&render.path(&format!("{ASK}&functionName={FUNCTION}"))).problem(404, "function_not_found");
}

#[test]
fn progress_is_never_more_than_all_of_it() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let mut answer = answered("invoke-status-running", &world, &render.render_id);
    answer["overallProgress"] = json!(1.04);
    world.lambda.next(Reply::json(200, &answer));
    assert_eq!(server.get(&render.path(ASK)).expect(200)["overallProgress"], 1);
}
