//! What goes wrong at AWS or in the function, and what the caller learns from it: whose
//! fault it is, what to do, and never a render started twice.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::{FUNCTION, Reply, Server, World, minimal};

/// One submit against a function or a Lambda that answers so, every time.
fn submit(reply: Reply, status: u16, code: &str) -> (World, Value) {
    let world = World::new();
    let server = world.serve();
    world.lambda.always(reply);
    let problem = server.post("/v1/renders", &minimal()).problem(status, code);
    drop(server);
    (world, problem)
}

/// A `start` that may have run must not be sent again.
fn assert_sent_once(world: &World) {
    assert_eq!(world.lambda.calls().len(), 1, "{:?}", world.lambda.calls());
}

#[test]
fn a_function_that_does_not_exist_is_the_fault_of_who_named_it() {
    let (_, problem) = submit(Reply::no_such_function(FUNCTION), 502, "function_missing");
    assert!(problem["detail"].as_str().unwrap().contains(FUNCTION), "{problem:#}");

    let world = World::new();
    let server = world.settings().unset("RENDERGATE_FUNCTION_NAME").serve();
    world.lambda.always(Reply::no_such_function(FUNCTION));
    let problem = server.post("/v1/renders", &json!({ "functionName": FUNCTION })).problem(404, "function_not_found");
    assert!(problem["detail"].as_str().unwrap().contains(FUNCTION), "{problem:#}");
}

#[test]
fn a_version_mismatch_names_both_versions() {
    let world = World::new();
    let server = world.serve();
    // The function's name says 4.0.527; what was deployed under it says otherwise.
    world
        .lambda
        .next(Reply::function_says("Version mismatch: the function has the version 4.0.500, the caller 4.0.527"));
    world.lambda.always(Reply::json(200, &json!({ "type": "success", "version": "4.0.500" })));
    let problem = server.post("/v1/renders", &minimal()).problem(409, "version_mismatch");
    assert_eq!(
        (&problem["functionVersion"], &problem["clientVersion"]),
        (&json!("4.0.500"), &json!("4.0.527")),
        "{problem:#}"
    );
    let starts = world.lambda.payloads().iter().filter(|payload| payload["type"] == "start").count();
    assert_eq!(starts, 1);
}

#[test]
fn what_the_function_says_is_passed_on_without_its_stack() {
    let (world, problem) =
        submit(Reply::function_says("deleteAfter must be 1-day, 3-days, 7-days or 30-days"), 502, "function_error");
    assert!(problem["detail"].as_str().unwrap().contains("deleteAfter must be 1-day"), "{problem:#}");
    let starts = world.lambda.payloads().iter().filter(|payload| payload["type"] == "start").count();
    assert_eq!(starts, 1);
    let (world, problem) = submit(Reply::function_crashed("Task timed out after 3.00 seconds"), 502, "function_error");
    assert!(problem["detail"].as_str().unwrap().contains("timed out after 3.00 seconds"), "{problem:#}");
    assert_sent_once(&world);
}

#[test]
fn what_the_function_says_is_passed_on_without_the_orders_secrets() {
    // The second lies across the place where the message is cut, the third across lines.
    let (short, cut, lines) = ("env-secret-one", "licence-secret-two", "webhook\nsecret-three");
    let message = format!("{short} {} {cut} tail", "x".repeat(300 - short.len() - 2 - 9));
    for message in [message, format!("bad {lines} here")] {
        let world = World::new();
        let server = world.serve();
        world.lambda.always(Reply::function_says(&message));
        let mut order = minimal();
        order["envVariables"] = json!({ "KEY": short });
        order["licenseKey"] = json!(cut);
        order["webhook"] = json!({ "url": "https://example.com", "secret": lines });
        let problem = server.post("/v1/renders", &order).problem(502, "function_error");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("***"), "{detail}");
        for part in [short, "licence-", "webhook", "secret"] {
            assert!(!detail.contains(part), "{detail}");
        }
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_not_taken_for_a_render() {
    let no_id = json!({ "type": "success", "bucketName": "b" }).to_string();
    let odd_id =
        json!({ "type": "success", "bucketName": "remotionlambda-useast1-x", "renderId": "../../sites" }).to_string();
    for body in ["<html>nope", "null", "", "[]", "{}", &no_id, &odd_id] {
        let (world, _) = submit(Reply::new(200, body.to_owned()), 502, "unreadable_answer");
        assert_sent_once(&world);
    }
}

#[test]
fn refused_credentials_are_ours_to_mend() {
    let (_, problem) = submit(Reply::key_refused(), 502, "aws_credentials_refused");
    let advice = problem["detail"].as_str().unwrap().to_lowercase();
    assert!(advice.contains("session token") || advice.contains("credentials"), "{problem:#}");
}

#[test]
fn a_missing_permission_names_action_and_resource() {
    let (world, problem) = submit(Reply::invoke_denied(), 502, "aws_access_denied");
    assert_eq!(problem["action"], "lambda:InvokeFunction", "{problem:#}");
    assert!(problem["resource"].as_str().unwrap().contains(FUNCTION), "{problem:#}");
    assert_sent_once(&world);
}

#[test]
fn throttling_says_when_to_come_back() {
    for reason in [
        "ConcurrentInvocationLimitExceeded",
        "ReservedFunctionConcurrentInvocationLimitExceeded",
        "CallerRateLimitExceeded",
    ] {
        let world = World::new();
        let server = world.serve();
        world.lambda.always(Reply::throttled(reason, Some("7")));
        let answer = server.post("/v1/renders", &minimal());
        assert!(answer.header("retry-after").and_then(|value| value.parse().ok()) >= Some(7), "{answer:#?}");
        answer.problem(429, "throttled");
    }
    submit(Reply::throttled("ConcurrentInvocationLimitExceeded", None), 429, "throttled");
}

/// Sent once, and the caller knows that it may run.
fn assert_perhaps_started((world, problem): (World, Value)) {
    assert_sent_once(&world);
    assert!(problem["detail"].as_str().unwrap().contains("may have started"), "{problem:#}");
}

#[test]
fn aws_out_of_order_is_unavailable() {
    for reply in [
        Reply::aws_json(500, "ServiceException", "An error occurred"),
        Reply::new(502, "<html>Bad Gateway</html>"),
        Reply::new(503, ""),
    ] {
        assert_perhaps_started(submit(reply, 503, "aws_unavailable"));
    }
    assert_perhaps_started(submit(Reply::cut(), 503, "aws_unavailable"));
}

#[test]
fn lambda_that_does_not_answer_is_a_timeout() {
    let mut slow = Reply::new(200, "too late");
    slow.delay = Duration::from_secs(50);
    assert_perhaps_started(submit(slow, 504, "timeout"));
}

/// A poll while S3 answers so, every time.
fn poll(world: &World, server: &Server, path: &str, reply: Reply, status: u16, code: &str) -> Value {
    world.aws.fault(usize::MAX, |call| call.service() == "s3", reply);
    let problem = server.get(path).problem(status, code);
    world.aws.heal();
    problem
}

#[test]
fn storage_fails_in_as_many_ways() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let path = render.path("");
    let denied = Reply::aws_xml(403, "AccessDenied", "Access Denied");
    let problem = poll(&world, &server, &path, denied, 502, "aws_access_denied");
    assert_eq!(problem["action"], "s3:GetObject", "{problem:#}");
    // Who may not list is told the same of a render that isn't there.
    assert!(problem["detail"].as_str().unwrap().contains("s3:ListBucket"), "{problem:#}");
    assert!(problem["resource"].as_str().unwrap().contains(&world.bucket), "{problem:#}");
    poll(
        &world,
        &server,
        &path,
        Reply::aws_xml(403, "InvalidAccessKeyId", "The key does not exist"),
        502,
        "aws_credentials_refused",
    );
    poll(&world, &server, &path, Reply::aws_xml(503, "SlowDown", "Please reduce your request rate."), 429, "throttled");
    poll(
        &world,
        &server,
        &path,
        Reply::aws_xml(500, "InternalError", "We encountered an internal error."),
        503,
        "aws_unavailable",
    );
    poll(&world, &server, &path, Reply::cut(), 503, "aws_unavailable");
    server.get(&path).expect(200);
}

#[test]
fn a_hiccup_of_storage_is_not_the_caller_s_business() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    for hiccup in [Reply::aws_xml(500, "InternalError", "Try again"), Reply::cut()] {
        world.aws.fault(1, |call| call.service() == "s3", hiccup);
        server.get(&render.path("")).expect(200);
    }
}

#[test]
fn props_that_cannot_be_stored_start_nothing() {
    let world = World::new();
    let server = world.serve();
    world.aws.fault(usize::MAX, |call| call.method == "PUT", Reply::aws_xml(403, "AccessDenied", "Access Denied"));
    let body = json!({ "inputProps": { "d": "x".repeat(250_000) } });
    let problem = server.post("/v1/renders", &body).problem(502, "aws_access_denied");
    assert_eq!(problem["action"], "s3:PutObject", "{problem:#}");
    assert!(problem["resource"].as_str().unwrap().contains(&format!("{}/input-props/", world.bucket)), "{problem:#}");
    assert_eq!(world.lambda.calls().len(), 0);
}
