//! A request with an `Idempotency-Key` starts one render, however often it is sent.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Answer, FUNCTION, Reply, Server, World, minimal, random};

/// Where a test's records are, in S3.
pub(crate) fn in_s3(world: &World) -> String {
    let state = format!("state-{}", random(10));
    world.moto.create_bucket(&state, "us-east-1");
    state
}

pub(crate) fn send(server: &Server, key: &str, body: &Value) -> Answer {
    server.post_with("/v1/renders", &[("idempotency-key", key)], body)
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

/// How often a render was started.
pub(crate) fn starts(world: &World) -> usize {
    world.lambda.payloads().iter().filter(|payload| payload["type"] == "start").count()
}

/// Rewrites the only key's record.
fn edit(world: &World, state: &str, change: impl FnOnce(&mut Value)) {
    let key = world.moto.keys(state).into_iter().find(|key| key.starts_with("keys/")).unwrap();
    let mut record: Value = serde_json::from_slice(&world.moto.object(state, &key).unwrap().body).unwrap();
    change(&mut record);
    world.moto.put_object(state, &key, &[], record.to_string());
}

#[test]
fn a_repeated_request_finds_its_render() {
    let world = World::new();
    let state = in_s3(&world);
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve();
    let body = json!({ "rendererFunctionName": FUNCTION });
    let first = send(&server, "\"order 7\"", &body);
    assert!(!replayed(&first), "{first:#?}");
    let calls: Vec<_> = world.aws_calls().iter().map(|call| format!("{} {}", call.service(), call.method)).collect();
    // The server has looked for unfinished records when it started.
    let calls: Vec<_> = calls.iter().filter(|call| *call != "s3 GET").collect();
    assert_eq!(calls, ["lambda POST", "s3 PUT", "s3 PUT", "s3 PUT"], "claim, result and place on the list");
    let again = send(&server, "\"order 7\"", &body);
    assert!(replayed(&again) && again.header("location") == first.header("location"), "{again:#?}");
    assert_eq!(again.expect(202), first.expect(202), "the same answer, whole");
    assert_eq!(starts(&world), 1);

    // What is not the same: the body, by its bytes; the key; no key; the caller.
    send(&server, "\"order 7\"", &json!({})).problem(422, "idempotency_key_reused");
    assert!(!replayed(&send(&server, "order-7", &body)));
    assert!(replayed(&send(&server, "\"order-7\"", &body)), "quotes are no part of the key");
    assert!(!replayed(&server.post("/v1/renders", &body)));
    assert_eq!(starts(&world), 3);
    let recorded: Vec<_> = world.moto.keys(&state).iter().filter_map(|key| world.moto.object(&state, key)).collect();
    let recorded: String = recorded.iter().map(|object| String::from_utf8_lossy(&object.body).into_owned()).collect();
    assert!(!recorded.contains("order"), "neither key nor body are kept: {recorded}");
}

#[test]
fn keys_are_the_callers_own() {
    let world = World::new();
    let keys =
        json!([{ "name": "shop", "key": "shop-canary-0123456" }, { "name": "blog", "key": "blog-canary-0123456" }]);
    let server = world.settings().set("RENDERGATE_API_KEYS", keys.to_string()).serve();
    let ask =
        |key: &str, path: &str| server.post_with(path, &[("x-api-key", key), ("idempotency-key", "k")], &minimal());
    let shop = ask("shop-canary-0123456", "/v1/renders").expect(202);
    let blog = ask("blog-canary-0123456", "/v1/renders").expect(202);
    assert_ne!(shop["id"], blog["id"]);
    // The guide's form is another way to order the same.
    let guide = ask("shop-canary-0123456", "/render");
    assert!(replayed(&guide), "{guide:#?}");
    assert_eq!(guide.expect(200)["renderId"], shop["renderId"]);
    assert_eq!(starts(&world), 2);
}

#[test]
fn a_hundred_at_once_start_one_render() {
    for in_folder in [true, false] {
        let world = World::new();
        let state = if in_folder {
            format!("file:{}/keys", world.folder().display())
        } else {
            format!("s3://{}", in_s3(&world))
        };
        let server = world.settings().set("RENDERGATE_STATE", &state).serve();
        world.lambda.next(Reply::slow(Duration::from_millis(300)));
        let ask = || {
            let mut refused = 0;
            loop {
                let answer = send(&server, "k", &minimal());
                match answer.status {
                    409 => {
                        assert!(answer.header("retry-after").is_some(), "{answer:#?}");
                        answer.problem(409, "start_in_progress");
                        refused += 1;
                        std::thread::sleep(Duration::from_millis(100));
                    }
                    _ => return (refused, answer.expect(202)["id"].as_str().unwrap().to_owned()),
                }
            }
        };
        let answers: Vec<_> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..100).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let refused: usize = answers.iter().map(|(refused, _)| refused).sum();
        let kind = state.split(':').next().unwrap();
        println!("100 at once ({kind}): {} started, {refused} times 409 first", starts(&world));
        assert!(answers.iter().all(|(_, id)| *id == answers[0].1), "{answers:?}");
        assert_eq!(starts(&world), 1);
    }
}

#[test]
fn what_started_nothing_leaves_the_key_free() {
    let world = World::new();
    let server = world.serve();
    world.lambda.next(Reply::function_says("No such site"));
    send(&server, "k", &minimal()).problem(502, "function_error");
    for _ in 0..3 {
        world.lambda.next(Reply::throttled("ConcurrentInvocationLimitExceeded", Some("1")));
    }
    send(&server, "k", &minimal()).problem(429, "throttled");
    send(&server, "k", &json!({ "forceBucketName": "elsewhere" })).problem(403, "not_allowed");
    // Corrected, it is another body.
    let started = send(&server, "k", &json!({ "codec": "h265" })).expect(202);
    assert_eq!(send(&server, "k", &json!({ "codec": "h265" })).expect(202)["id"], started["id"]);
}

#[test]
fn what_may_have_run_is_not_started_again() {
    let cases = [
        (Reply::lost(), 503, "aws_unavailable"),
        (Reply::function_crashed("Task timed out after 120.00 seconds"), 502, "function_error"),
        (Reply::new(200, "who?"), 502, "unreadable_answer"),
    ];
    for (reply, status, code) in cases {
        let world = World::new();
        let server = world.serve();
        world.lambda.next(reply);
        let problem = send(&server, "k", &minimal()).problem(status, code);
        assert_eq!(problem["mayHaveStarted"], true, "{problem:#}");
        let problem = send(&server, "k", &minimal()).problem(409, "start_unknown");
        assert!(problem["since"].is_u64(), "{problem:#}");
        send(&server, "k", &json!({})).problem(422, "idempotency_key_reused");
        assert_eq!(starts(&world), 1, "{code}");
    }
}

#[test]
fn a_key_has_its_time() {
    let world = World::new();
    let state = in_s3(&world);
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve();
    let started = send(&server, "k", &minimal()).expect(202);
    let since = |age_s: u64| {
        move |record: &mut Value| record["since"] = (record["since"].as_u64().unwrap() - age_s * 1000).into()
    };
    edit(&world, &state, since(24 * 3600 - 60));
    assert_eq!(send(&server, "k", &minimal()).expect(202)["id"], started["id"], "nearly a day later");
    edit(&world, &state, since(120));
    assert_ne!(send(&server, "k", &json!({})).expect(202)["id"], started["id"], "a day later, also with another body");

    edit(&world, &state, |record| record["state"] = "starting".into());
    send(&server, "k", &json!({})).problem(409, "start_in_progress");
    edit(&world, &state, since(58));
    send(&server, "k", &json!({})).problem(409, "start_in_progress");
    edit(&world, &state, since(3));
    send(&server, "k", &json!({})).problem(409, "start_unknown");
    assert_eq!(starts(&world), 2);
}

#[test]
fn answers_that_we_lose_are_found_again() {
    let world = World::new();
    let state = in_s3(&world);
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve();
    // The claim, then what came of it: S3 has it, and we hear of a broken connection.
    for lost in [0, 1] {
        let key = format!("k{lost}");
        let mut seen = 0;
        let counter = std::sync::Mutex::new(move || {
            seen += 1;
            seen - 1 == lost
        });
        let ours = move |call: &crate::stack::Call| {
            call.method == Method::PUT && call.path.contains("/keys/") && counter.lock().unwrap()()
        };
        world.aws.fault(1, ours, Reply::lost());
        let first = send(&server, &key, &minimal());
        assert!(!replayed(&first), "{first:#?}");
        assert_eq!(first.expect(202), send(&server, &key, &minimal()).expect(202));
        world.aws.heal();
    }
    assert_eq!(starts(&world), 2);
}

#[test]
fn a_caller_that_hangs_up_finds_its_render_and_its_copy() {
    let world = World::new();
    let server = world.serve();
    world.lambda.next(Reply::slow(Duration::from_secs(1)));
    let order = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) });
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_millis(400)).build().unwrap();
    let request = client.post(format!("{}/v1/renders", server.url)).header("idempotency-key", "k");
    let request = request.header("content-type", "application/json").body(order.to_string());
    let hung_up = crate::stack::http::RUNTIME.block_on(async { request.send().await });
    assert!(hung_up.unwrap_err().is_timeout());
    std::thread::sleep(Duration::from_secs(2));
    let again = send(&server, "k", &order);
    assert!(replayed(&again), "{again:#?}");
    let started = again.expect(202);
    assert_eq!(started["copy"]["status"], "pending");
    world.finishes(started["renderId"].as_str().unwrap());
    let path = format!("/v1/renders/{}", started["id"].as_str().unwrap());
    let done = server.get_with(&path, &[("prefer", "wait=20")]).expect(200);
    assert_eq!(done["copy"]["status"], "done", "{done:#}");
    assert_eq!(starts(&world), 1);
}

#[test]
fn keys_that_can_not_be_kept_are_refused() {
    let world = World::new();
    let without = world.settings().unset("RENDERGATE_STATE").unset("HOME").serve();
    let problem = send(&without, "k", &minimal()).problem(400, "state_not_configured");
    assert!(problem["detail"].as_str().unwrap().contains("RENDERGATE_STATE"));
    let server = world.serve();
    let problem = send(&server, "\"unfinished", &minimal()).problem(400, "invalid_parameter");
    assert_eq!(problem["field"], "Idempotency-Key");
    server.post_with("/v1/stills", &[("idempotency-key", "k")], &minimal()).problem(400, "invalid_parameter");
    assert_eq!(starts(&world), 0);
}
