//! Orders with `Prefer: respond-async`: accepted at once, started by the worker.

use serde_json::{Value, json};

use crate::stack::queue::{Jobs, batch, failures};
use crate::stack::{Answer, Function, Reply, Server, Settings, VIDEO, World, minimal, progress};

pub(crate) const ASYNC: (&str, &str) = ("prefer", "respond-async");

pub(crate) fn submit(server: &Server, body: &Value) -> Answer {
    server.post_with("/v1/renders", &[ASYNC], body)
}

/// An accepted order: its id, and the message that the worker gets for it.
pub(crate) fn accepted(server: &Server, body: &Value) -> (String, String) {
    let id = submit(server, body).expect(202)["id"].as_str().unwrap().to_owned();
    let message = json!({ "job": "start", "order": id.trim_start_matches("q~"), "attempt": 0 }).to_string();
    (format!("/v1/renders/{id}"), message)
}

/// Nobody has been told of anything: no message, no record, no call of Lambda.
fn nothing_happened(world: &World, jobs: &Jobs) {
    assert_eq!(world.moto.messages(&jobs.queue), [0, 0, 0]);
    assert_eq!(world.moto.keys(&jobs.state), Vec::<String>::new());
    assert_eq!(world.lambda.calls().len(), 0);
}

#[test]
fn an_order_is_accepted_at_once_and_its_id_stays_valid() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let answer = submit(&server, &json!({ "copyTo": format!("s3://{}/{{renderId}}.mp4", world.videos) }));
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    let location = answer.header("location").unwrap().to_owned();
    let accepted = answer.expect(202);
    let id = accepted["id"].as_str().unwrap();
    assert_eq!(
        (location, &accepted["links"]["self"]),
        (format!("/v1/renders/{id}"), &json!(format!("/v1/renders/{id}")))
    );
    assert!(id.starts_with("q~"), "{id}");
    for (member, expected) in [("renderId", json!(null)), ("status", json!("queued")), ("copy", json!(null))] {
        assert_eq!(accepted[member], expected, "{accepted:#}");
    }
    let order = id.trim_start_matches("q~");
    let keys = world.moto.keys(&jobs.state);
    assert!(keys.len() == 2 && keys.contains(&format!("orders/{order}.json")), "and a place on the list: {keys:?}");
    assert_eq!((world.moto.messages(&jobs.queue), world.lambda.calls().len()), ([1, 0, 0], 0));

    let path = |rest: &str| format!("/v1/renders/{id}{rest}");
    let waiting = server.get_with(&path(""), &[("prefer", "wait=1")]);
    assert_eq!(waiting.header("preference-applied"), Some("wait=1"));
    let waiting = waiting.expect(200);
    assert_eq!((&waiting["status"], &waiting["done"], &waiting["id"]), (&json!("queued"), &json!(false), &json!(id)));
    let problem = server.get(&path("/output")).problem(409, "render_unfinished");
    assert_eq!(problem["renderStatus"], "queued");
    server.delete(&path("")).problem(409, "render_unfinished");

    let worker = Function::worker(&jobs.settings);
    let message = json!({ "job": "start", "order": order, "attempt": 0 }).to_string();
    assert_eq!(worker.invoke(&batch(&[("m-1", &message)])), json!({ "batchItemFailures": [] }));
    world.lambda.payload();
    let running = server.get(&path("")).expect(200);
    let render_id = running["renderId"].as_str().unwrap().to_owned();
    assert_eq!((&running["status"], &running["id"]), (&json!("rendering"), &json!(id)), "{running:#}");
    assert_eq!(running["copy"]["status"], "pending", "{running:#}");
    assert_eq!(world.moto.messages(&jobs.queue), [1, 0, 1], "it is followed");
    world.finishes(&render_id);
    let done = server.get_with(&path(""), &[("prefer", "wait=10")]).expect(200);
    assert_eq!((&done["status"], &done["copy"]["status"]), (&json!("done"), &json!("done")), "{done:#}");
    assert_eq!(world.moto.object(&world.videos, &format!("{render_id}.mp4")).unwrap().body, VIDEO);
    assert!(server.get(&path("/output")).header("location").unwrap().contains(&render_id));
    server.post(&path("/copy"), &json!({ "bucket": world.videos, "key": "again.mp4" })).expect(200);
    server.post(&path("/cancel"), &json!({})).problem(409, "not_cancellable");
    // A message may come twice, and late.
    assert_eq!(failures(&worker.invoke(&batch(&[("m-1", &message), ("m-2", &message)]))), Vec::<&str>::new());
    world.lambda.payload();
    server.delete(&path("")).expect(200);
    server.get(&path("")).problem(404, "render_not_found");
    worker.forget();
}

#[test]
fn who_waits_for_an_order_hears_of_its_start() {
    let world = World::new();
    let jobs = world.with_queue();
    let settings = jobs.settings.clone().set("RENDERGATE_CONCURRENCY", "off");
    let server = settings.serve();
    let (path, _) = accepted(&server, &minimal());
    let worker = settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"]);
    let started = server.get_with(&path, &[("prefer", "wait=5")]).expect(200);
    assert_eq!(started["status"], "rendering", "{started:#}\n{}", worker.log());
    assert_eq!(
        world.moto.messages(&jobs.queue),
        [0, 0, 0],
        "without a copy or a budget there is nothing to follow it for"
    );
    worker.stop();
}

#[test]
fn what_would_be_refused_at_once_is_refused_at_once() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    for (body, status, code) in [
        (json!({ "compositon": "x" }), 400, "invalid_field"),
        (json!({ "crf": 18, "videoBitrate": "1M" }), 400, "invalid_field"),
        (json!({ "copyTo": "s3://elsewhere/x.mp4" }), 403, "not_allowed"),
        (json!({ "functionName": "other" }), 403, "not_allowed"),
        (json!({ "account": "other" }), 403, "not_allowed"),
        (json!([]), 400, "invalid_json"),
    ] {
        submit(&server, &body).problem(status, code);
    }
    nothing_happened(&world, &jobs);
    let no_queue = world.settings().serve();
    let problem = submit(&no_queue, &minimal()).problem(400, "queue_not_configured");
    assert!(problem["detail"].as_str().unwrap().contains("RENDERGATE_QUEUE_URL"), "{problem:#}");
    // On Lambda there is no state by itself.
    let function = Function::start(
        &jobs.settings.clone().unset("RENDERGATE_STATE").set("API_USERNAME", "a").set("API_PASSWORD", "b"),
    );
    let event = json!({ "version": "2.0", "rawPath": "/v1/renders", "rawQueryString": "", "isBase64Encoded": false,
        "headers": { "prefer": "respond-async", "content-type": "application/json", "authorization": crate::stack::basic("a", "b") },
        "body": "{}", "requestContext": { "http": { "method": "POST", "path": "/v1/renders" }, "stage": "$default", "requestId": "r" } });
    let answer = function.invoke(&event);
    assert!(answer["body"].as_str().unwrap().contains("state_not_configured"), "{answer:#}");
    assert_eq!(world.moto.messages(&jobs.queue), [0, 0, 0]);
    function.forget();
}

#[test]
fn an_order_is_started_within_the_limits_of_its_caller() {
    let world = World::new();
    let jobs = world.with_queue();
    let accounts = json!([{ "name": "a", "weight": 100 }, { "name": "b", "weight": 1 }]);
    let keys = json!([{ "name": "shop", "key": "key-of-the-shop-canary", "accounts": ["b"] },
        { "name": "blog", "key": "key-of-the-blog-canary", "accounts": ["a"] }]);
    let settings = jobs.settings.clone().set("RENDERGATE_ACCOUNTS", accounts.to_string()).unset("RENDERGATE_BUCKET");
    let settings: Settings = settings.set("RENDERGATE_API_KEYS", keys.to_string());
    let server = settings.serve();
    let (shop, blog) = (("x-api-key", "key-of-the-shop-canary"), ("x-api-key", "key-of-the-blog-canary"));
    let refused = server.post_with("/v1/renders", &[shop, ASYNC], &json!({ "account": "a" }));
    assert_eq!(refused.problem(403, "not_allowed")["field"], "account");
    nothing_happened(&world, &jobs);
    let worker = Function::worker(&settings);
    for _ in 0..4 {
        let accepted = server.post_with("/v1/renders", &[shop, ASYNC], &json!({})).expect(202);
        let id = accepted["id"].as_str().unwrap();
        let message = json!({ "job": "start", "order": id.trim_start_matches("q~"), "attempt": 0 }).to_string();
        worker.invoke(&batch(&[("m", &message)]));
        let path = format!("/v1/renders/{id}");
        assert_eq!(server.get_with(&path, &[shop]).expect(200)["status"], "rendering");
        server.get_with(&path, &[blog]).problem(403, "not_allowed");
    }
    let log = worker.forget();
    let started: Vec<&str> = log.lines().filter(|line| line.contains("\"message\":\"started\"")).collect();
    assert!(started.len() == 4 && started.iter().all(|line| line.contains("\"account\":\"b\"")), "{log}");
    // What waits is not for everyone either.
    let accepted = server.post_with("/v1/renders", &[shop, ASYNC], &json!({ "account": "b" })).expect(202);
    let path = format!("/v1/renders/{}", accepted["id"].as_str().unwrap());
    server.post_with(&format!("{path}/cancel"), &[blog], &json!({})).problem(403, "not_allowed");
    server.get_with(&path, &[blog]).problem(403, "not_allowed");
    server.get_with("/v1/renders/q~nothing", &[blog]).problem(404, "render_not_found");
    server.get_with("/v1/renders/q~..%2Frenders%2Fx", &[blog]).problem(404, "render_not_found");
}

#[test]
fn a_queued_order_is_cancelled_before_it_costs_anything() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, message) = accepted(&server, &minimal());
    for _ in 0..2 {
        assert_eq!(server.post(&format!("{path}/cancel"), &json!({})).expect(202)["status"], "cancelled");
    }
    let worker = Function::worker(&jobs.settings);
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), Vec::<&str>::new());
    assert_eq!(world.lambda.payloads().len(), 0);
    assert_eq!(server.get(&path).expect(200)["status"], "cancelled");
    assert_eq!(server.delete(&path).expect(200)["freedBytes"], 0);
    worker.forget();
}

#[test]
fn an_order_that_runs_is_cancelled_as_its_render() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, message) = accepted(&server, &json!({ "enableCancellation": true }));
    let worker = Function::worker(&jobs.settings);
    worker.invoke(&batch(&[("m", &message)]));
    worker.forget();
    let render_id = server.get(&path).expect(200)["renderId"].as_str().unwrap().to_owned();
    let mut running = progress::initial();
    running["cancellationEnabled"] = json!(true);
    world.writes(&render_id, &running);
    let cancelling = server.post(&format!("{path}/cancel"), &json!({})).expect(202);
    assert_eq!(
        (&cancelling["status"], path.ends_with(cancelling["id"].as_str().unwrap())),
        (&json!("rendering"), true)
    );
    assert!(world.moto.object(&world.bucket, &format!("renders/{render_id}/cancel.json")).is_some());
}

#[test]
fn a_refusal_ends_the_order_with_its_reason_and_without_its_secrets() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, message) = accepted(&server, &json!({ "envVariables": { "TOKEN": "CANARY-of-the-order" } }));
    world.lambda.next(Reply::function_says("no such CANARY-of-the-order here"));
    let worker = Function::worker(&jobs.settings);
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), Vec::<&str>::new());
    let failed = server.get(&path).expect(200);
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("function_error")),
        "{failed:#}"
    );
    assert_eq!((&failed["fatalErrorEncountered"], &failed["renderId"]), (&json!(true), &json!(null)), "{failed:#}");
    assert_eq!(failed["errors"][0]["message"], failed["error"]["detail"]);
    assert_eq!(server.get(&format!("{path}/output")).problem(409, "render_unfinished")["renderStatus"], "failed");
    server.post(&format!("{path}/cancel"), &json!({})).problem(409, "not_cancellable");
    worker.invoke(&batch(&[("m", &message)]));
    world.lambda.payload();
    worker.forget();
}
