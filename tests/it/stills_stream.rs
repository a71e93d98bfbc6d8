//! What the stream of a still says, and what is made of it: pieces, errors, retries, deadlines.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::http::now_ms;
use crate::stack::queue::{batch, failures};
use crate::stack::stream::{self, Step, begun, complete, failed, rendered};
use crate::stack::{FUNCTION, Function, Reply, World, basic, progress, random};

const POSTER: &str = "/v1/stills";

#[test]
fn a_stream_may_come_in_any_pieces() {
    let world = World::new();
    let server = world.serve();
    let id = random(10);
    let key = format!("renders/{id}/out.png");
    let steps = [begun(&id), rendered(&world.bucket, &id, &world.bucket, &key, 7), complete(None)];
    let bytes: Vec<u8> =
        steps.iter().flat_map(|step| if let Step::Send(bytes) = step { bytes.to_vec() } else { vec![] }).collect();
    let noise = [stream::chunk("noise remotion_"), stream::chunk("buffer")];
    let pieces = bytes.chunks(11).map(|piece| Step::Send(piece.to_vec().into()));
    world.lambda.next(Reply::stream(noise.into_iter().chain(pieces).collect::<Vec<_>>()));
    assert_eq!(server.post(POSTER, &json!({})).expect(200)["renderId"], id);
}

#[test]
fn a_composition_that_throws_is_quoted_without_stack_and_secrets() {
    let world = World::new();
    let server = world.serve();
    world.lambda.next(Reply::stream([begun("abcdefghij"), failed("Boom at env-canary-1"), complete(None)]));
    let body = json!({ "envVariables": { "TOKEN": "env-canary-1" } });
    let problem = server.post(POSTER, &body).problem(502, "function_error");
    assert!(problem["detail"].as_str().unwrap().ends_with("Boom at ***"), "{problem:#}");
    assert_eq!(problem["renderId"], "abcdefghij");
    assert_eq!(world.lambda.calls().len(), 1, "a composition that fails once fails again");
}

#[test]
fn what_kills_the_function_is_told() {
    let world = World::new();
    let server = world.serve();
    let details = r#"{"errorType":"TypeError","errorMessage":"Task timed out after 3.00 seconds","trace":["at x (/var/task/i.js)"]}"#;
    for (end, word) in [
        (complete(Some(("Unhandled", details))), "timed out after 3.00 seconds"),
        (complete(Some(("Runtime.ExitError", ""))), "Runtime.ExitError"),
    ] {
        world.lambda.next(Reply::stream([begun("abcdefghij"), end]));
        let problem = server.post(POSTER, &json!({})).problem(502, "function_error");
        assert!(problem["detail"].as_str().unwrap().ends_with(word), "{problem:#}");
    }
}

#[test]
fn only_a_stream_that_broke_is_tried_again() {
    let world = World::new();
    let server = world.serve();
    let truncated = || Reply::stream([begun("abcdefghij"), complete(Some(("Runtime.TruncatedResponse", "cut")))]);
    let broken = || Reply::stream([begun("abcdefghij"), Step::Pause(Duration::from_millis(50)), Step::Break]);
    for (retries, replies, sent) in [(json!(null), vec![truncated()], 2), (json!(2), vec![broken(), truncated()], 3)] {
        world.forget_calls();
        replies.into_iter().for_each(|reply| world.lambda.next(reply));
        server.post(POSTER, &json!({ "maxRetries": retries })).expect(200);
        assert_eq!(world.lambda.calls().len(), sent);
    }
    for (retries, reply, status, code, sent) in [
        (0, truncated(), 503, "aws_unavailable", 1),
        (1, truncated(), 503, "aws_unavailable", 2),
        (1, broken(), 503, "aws_unavailable", 2),
        (1, Reply::stream([complete(None)]), 502, "unreadable_answer", 1),
        (1, Reply::stream([stream::chunk(&stream::frame(99, &json!({})))]), 502, "unreadable_answer", 1),
        (1, Reply::stream([stream::chunk("remotion_buffer:6:5:0:{oops")]), 502, "unreadable_answer", 1),
        (1, Reply::stream([begun("../../sites")]), 502, "unreadable_answer", 1),
        (1, Reply::invoke_denied(), 502, "aws_access_denied", 1),
        (1, Reply::no_such_function(FUNCTION), 502, "function_missing", 1),
    ] {
        world.forget_calls();
        world.lambda.always(reply);
        server.post(POSTER, &json!({ "maxRetries": retries })).problem(status, code);
        assert_eq!(world.lambda.calls().len(), sent, "{code} with {retries}");
    }
}

#[test]
fn in_china_nothing_is_streamed() {
    let world = World::new();
    let server = world.settings().unset("RENDERGATE_BUCKET").serve();
    let (bucket, id) = ("remotionlambda-cnnorth1-aaaaaaaaaa", random(10));
    let image = json!({
        "type": "success", "output": "https://x", "sizeInBytes": 1, "bucketName": bucket, "renderId": id,
        "estimatedPrice": { "accruedSoFar": 0, "displayCost": "", "currency": "CNY", "disclaimer": "" }, "outKey": "k",
    });
    world.lambda.next(Reply::json(200, &image));
    let answer = server.post(POSTER, &json!({ "region": "cn-north-1" })).expect(200);
    assert_eq!((&answer["renderId"], &answer["artifacts"]), (&json!(id), &json!([])));
    assert_eq!(world.lambda.payload()["streamed"], false);
    assert!(world.lambda.calls()[0].path.ends_with("/invocations"));
    world.lambda.next(Reply::function_says("kaputt"));
    server.post(POSTER, &json!({ "region": "cn-north-1" })).problem(502, "function_error");
}

#[test]
fn near_the_deadline_the_ticket_tells_the_rest() {
    let world = World::new();
    let function = Function::start(
        &world
            .settings()
            .set("RENDERGATE_STATE", format!("s3://{}", world.videos))
            .set("API_USERNAME", "a")
            .set("API_PASSWORD", "canary-b"),
    );
    let id = random(10);
    // Silent for longer than an idle connection is usually given.
    world.lambda.next(Reply::stream([begun(&id), Step::Pause(Duration::from_secs(30))]));
    let body = json!({ "copyTo": { "bucket": world.videos, "key": "x.png" } });
    let answer = function.invoke_within(&event("POST", POSTER, &body), Duration::from_secs(9));
    assert_eq!(answer["statusCode"], 202, "{answer:#}");
    let view: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let path = format!("/v1/renders/default~us-east-1~{}~{id}", world.bucket);
    assert_eq!(
        (&view["renderId"], &view["status"], &answer["headers"]["location"]),
        (&json!(id), &json!("rendering"), &json!(path))
    );
    assert_eq!((&view["copy"]["status"], view.get("url")), (&json!("pending"), None));

    let look = |expected: (&str, &str)| {
        let answer = function.invoke(&event("GET", &path, &Value::Null));
        let view: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(
            (view["status"].as_str(), view["copy"]["status"].as_str()),
            (Some(expected.0), Some(expected.1)),
            "{view:#}"
        );
    };
    world.writes(&id, &progress::still(&id, &json!({ "imageFormat": "png" })));
    look(("rendering", "pending"));
    world.moto.put_object(&world.bucket, &format!("renders/{id}/out.png"), &[], "image");
    look(("done", "done"));
    assert!(world.moto.object(&world.videos, "x.png").is_some());

    // Without an id there is nothing to tell.
    world.lambda.next(Reply::stream([Step::Pause(Duration::from_secs(30))]));
    let answer = function.invoke_within(&event("POST", POSTER, &json!({})), Duration::from_secs(3));
    assert_eq!(answer["statusCode"], 504, "{answer:#}");
    function.forget();
}

/// The function that took the order is frozen after its answer: its message is what is left.
#[test]
fn with_a_queue_the_copy_of_a_late_still_is_followed() {
    let world = World::new();
    let jobs = world.with_queue();
    let function = Function::start(&jobs.settings.clone().set("API_USERNAME", "a").set("API_PASSWORD", "canary-b"));
    let id = random(10);
    world.lambda.next(Reply::stream([begun(&id), Step::Pause(Duration::from_secs(30))]));
    let body = json!({ "copyTo": { "bucket": world.videos, "key": "x.png" } });
    let answer = function.invoke_within(&event("POST", POSTER, &body), Duration::from_secs(9));
    assert_eq!((&answer["statusCode"], world.moto.messages(&jobs.queue)), (&json!(202), [0, 0, 1]), "{answer:#}");
    function.forget();
    let ticket = format!("default~us-east-1~{}~{id}", world.bucket);
    let message = json!({ "job": "follow", "id": ticket, "since": now_ms() }).to_string();
    let worker = Function::worker(&jobs.settings);
    let follow = || assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), Vec::<&str>::new());
    // Nothing is there yet: it comes back.
    follow();
    assert_eq!(world.moto.messages(&jobs.queue), [0, 0, 2]);
    world.writes(&id, &progress::still(&id, &json!({ "imageFormat": "png" })));
    world.moto.put_object(&world.bucket, &format!("renders/{id}/out.png"), &[], "image");
    follow();
    assert!(world.moto.object(&world.videos, "x.png").is_some());
    assert_eq!(world.moto.messages(&jobs.queue), [0, 0, 2], "it has ended");
    worker.forget();
}

#[test]
fn the_process_that_hears_of_a_failure_remembers_it() {
    let world = World::new();
    let function = Function::start(
        &world.settings().unset("RENDERGATE_STATE").set("API_USERNAME", "a").set("API_PASSWORD", "canary-b"),
    );
    let id = random(10);
    let path = format!("/v1/renders/default~us-east-1~{}~{id}", world.bucket);
    let steps = [begun(&id), Step::Pause(Duration::from_secs(4)), failed("Boom at frame 12"), complete(None)];
    world.lambda.next(Reply::stream(steps));
    let answer = function.invoke_within(&event("POST", POSTER, &json!({})), Duration::from_secs(4));
    assert_eq!(answer["statusCode"], 202, "{answer:#}");
    let look = || -> Value {
        let answer = function.invoke(&event("GET", &path, &Value::Null));
        assert_eq!(answer["statusCode"], 200, "{answer:#}");
        serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
    };
    // Nothing has been written: the composition is still being looked for.
    assert_eq!(look()["status"], "rendering");
    std::thread::sleep(Duration::from_secs(3));
    world.writes(&id, &progress::still(&id, &json!({ "imageFormat": "png" })));
    let failed = look();
    assert_eq!((&failed["status"], &failed["fatalErrorEncountered"]), (&json!("failed"), &json!(true)), "{failed:#}");
    assert!(failed["errors"][0]["message"].as_str().unwrap().ends_with("Boom at frame 12"), "{failed:#}");
    function.forget();
}

/// What API Gateway sends for a caller with a password.
pub(crate) fn event(method: &str, path: &str, body: &Value) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": { "content-type": "application/json", "authorization": basic("a", "canary-b") },
        "requestContext": {
            "accountId": "123456789012", "apiId": "a", "domainName": "a", "domainPrefix": "a", "requestId": "r",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t" },
            "routeKey": "$default", "stage": "$default", "time": "23/Nov/2026:00:00:00 +0000", "timeEpoch": 1,
        },
        "body": if body.is_null() { Value::Null } else { json!(body.to_string()) }, "isBase64Encoded": false,
    })
}
