//! Orders while everything breaks: none is lost, none is started twice.

use std::time::Duration;

use serde_json::{Value, json};

use crate::orders::{ASYNC, accepted};
use crate::stack::http::now_ms;
use crate::stack::queue::{Jobs, batch, failures};
use crate::stack::{Function, Reply, World, minimal, random};

const NONE: [&str; 0] = [];

/// The order's record.
fn record(world: &World, jobs: &Jobs, path: &str) -> Value {
    let (_, order) = path.split_once("q~").unwrap();
    serde_json::from_slice(&world.moto.object(&jobs.state, &format!("orders/{order}.json")).unwrap().body).unwrap()
}

fn unavailable() -> Reply {
    Reply::aws_xml(503, "ServiceUnavailable", "later")
}

#[test]
fn what_may_pass_comes_back_later() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, message) = accepted(&server, &minimal());
    let worker = Function::worker(&jobs.settings);
    world.lambda.always_when_invoked(Reply::throttled("ConcurrentInvocationLimitExceeded", Some("1")));
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE, "not towards the dead letters");
    assert_eq!(world.moto.messages(&jobs.queue), [1, 0, 1], "the first one, and one with a delay");
    assert_eq!(server.get(&path).expect(200)["status"], "queued");
    assert_eq!(record(&world, &jobs, &path)["state"]["status"], "queued");
    world.lambda.always_when_invoked(Reply::slow(Duration::ZERO));
    worker.invoke(&batch(&[("m", &message)]));
    assert_eq!(server.get(&path).expect(200)["status"], "rendering");
    worker.forget();
}

/// Without credentials the function was never called: that is no lost answer.
#[test]
fn what_could_not_even_be_sent_comes_back_later() {
    let world = World::new();
    let jobs = world.with_queue();
    let secret = format!("keys-{}", random(8));
    let keys = json!({ "AWS_ACCESS_KEY_ID": "AKIAINSECRET00000001", "AWS_SECRET_ACCESS_KEY": "secret-canary" });
    world.moto.create_secret(&secret, &keys.to_string());
    let settings = jobs.settings.clone().set("RENDERGATE_CREDENTIALS", format!("secret:{secret}"));
    let server = settings.serve();
    let (path, message) = accepted(&server, &minimal());
    world.aws.fault(usize::MAX, |call| call.service() == "secretsmanager", Reply::cut());
    let worker = Function::worker(&settings);
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE);
    assert_eq!(record(&world, &jobs, &path)["state"]["status"], "queued");
    assert_eq!(world.lambda.calls().len(), 0);
    world.aws.heal();
    // A secret that can't be read is not asked for again at once.
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while server.get(&path).expect(200)["status"] != "rendering" {
        assert!(std::time::Instant::now() < deadline, "{}", record(&world, &jobs, &path));
        std::thread::sleep(Duration::from_millis(500));
        worker.invoke(&batch(&[("m", &message)]));
    }
    assert_eq!(world.lambda.payloads().len(), 1);
    worker.forget();
}

#[test]
fn a_start_whose_answer_was_lost_is_not_repeated() {
    for lost in [Reply::cut(), Reply::aws_json(500, "ServiceException", "oops")] {
        let world = World::new();
        let jobs = world.with_queue();
        let server = jobs.settings.serve();
        let (path, message) = accepted(&server, &minimal());
        world.lambda.next(lost);
        let worker = Function::worker(&jobs.settings.clone().set("RENDERGATE_METRICS", "emf"));
        for _ in 0..2 {
            assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE);
        }
        world.lambda.payload();
        let failed = server.get(&path).expect(200);
        assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("start_unknown")));
        let log = worker.forget();
        assert!(log.contains("\"StartsUnknown\":1.0"), "{log}");
    }
}

#[test]
fn a_worker_that_dies_while_it_starts_leaves_no_second_start() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, message) = accepted(&server, &minimal());
    // Killed while the function is silent.
    world.lambda.next(Reply::slow(Duration::from_secs(60)));
    let worker = jobs.settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"]);
    while world.lambda.payloads().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    worker.kill();
    let worker = Function::worker(&jobs.settings);
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE);
    assert_eq!(world.moto.messages(&jobs.queue)[2], 1, "somebody may still be at it: it comes back");
    assert_eq!(server.get(&path).expect(200)["status"], "queued");
    server.post(&format!("{path}/cancel"), &json!({})).problem(409, "not_cancellable");
    // The claim runs out.
    let mut claimed = record(&world, &jobs, &path);
    assert_eq!(claimed["state"]["status"], "starting", "{claimed:#}");
    claimed["state"]["until"] = json!(u64::try_from(now_ms()).unwrap() - 1);
    let order = claimed["id"].as_str().unwrap().to_owned();
    world.moto.put_json(&jobs.state, &format!("orders/{order}.json"), &claimed);
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE);
    world.lambda.payload();
    assert_eq!(server.get(&path).expect(200)["error"]["code"], "start_unknown");
    worker.forget();
}

#[test]
fn whoever_looks_notices_a_claim_that_has_run_out() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, _) = accepted(&server, &minimal());
    let mut claimed = record(&world, &jobs, &path);
    claimed["state"] = json!({ "status": "starting", "claim": "x", "until": 1 });
    let order = claimed["id"].as_str().unwrap().to_owned();
    world.moto.put_json(&jobs.state, &format!("orders/{order}.json"), &claimed);
    assert_eq!(server.get(&path).expect(200)["error"]["code"], "start_unknown");
    assert_eq!(record(&world, &jobs, &path)["state"]["status"], "failed");
}

#[test]
fn a_copy_survives_the_death_of_who_started_its_render() {
    for looked in [false, true] {
        let world = World::new();
        let jobs = world.with_queue();
        let server = jobs.settings.serve();
        let copy = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) });
        let (path, message) = accepted(&server, &copy);
        let worker = Function::worker(&jobs.settings);
        // It starts the render, writes that down, and fails before the copy's own record stands.
        let is_record = |call: &crate::stack::Call| call.method == "PUT" && call.path.contains("/renders/default~");
        world.aws.fault(100, is_record, unavailable());
        assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), ["m"]);
        assert_eq!(record(&world, &jobs, &path)["state"]["status"], "started");
        world.aws.heal();
        if looked {
            assert_eq!(server.get(&path).expect(200)["copy"]["status"], "pending");
        }
        assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE);
        assert_eq!(world.moto.messages(&jobs.queue)[2], 1, "it is followed");
        world.lambda.payload();
        let render_id = server.get(&path).expect(200)["renderId"].as_str().unwrap().to_owned();
        world.finishes(&render_id);
        assert_eq!(server.get_with(&path, &[("prefer", "wait=10")]).expect(200)["copy"]["status"], "done");
        worker.forget();
    }
}

#[test]
fn the_store_may_fail_for_a_while_after_the_start() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, message) = accepted(&server, &minimal());
    let worker = Function::worker(&jobs.settings);
    // The claim goes through; then the store fails, for more than the SDK's own attempts.
    let is_started = |call: &crate::stack::Call| String::from_utf8_lossy(&call.body).contains("\"started\"");
    world.aws.fault(5, is_started, unavailable());
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE);
    assert_eq!(server.get(&path).expect(200)["status"], "rendering");
    world.lambda.payload();
    worker.forget();
}

#[test]
fn a_claim_that_could_not_be_written_costs_nothing() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, message) = accepted(&server, &minimal());
    let worker = Function::worker(&jobs.settings);
    let is_claim = |call: &crate::stack::Call| String::from_utf8_lossy(&call.body).contains("\"starting\"");
    world.aws.fault(3, is_claim, unavailable());
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE);
    assert_eq!((world.lambda.payloads().len(), world.moto.messages(&jobs.queue)[2]), (0, 1));
    assert_eq!(record(&world, &jobs, &path)["state"]["status"], "queued");
    worker.invoke(&batch(&[("m", &message)]));
    world.lambda.payload();
    worker.forget();
}

#[test]
fn an_order_that_was_not_accepted_is_not_started() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    // The message arrives, its answer doesn't.
    world.aws.fault(10, |call| call.service() == "sqs", unavailable());
    server.post_with("/v1/renders", &[ASYNC], &minimal()).problem(503, "aws_unavailable");
    world.aws.heal();
    let keys = world.moto.keys(&jobs.state);
    let order = keys[0].trim_start_matches("orders/").trim_end_matches(".json");
    let message = json!({ "job": "start", "order": order, "attempt": 0 }).to_string();
    let worker = Function::worker(&jobs.settings);
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), NONE);
    assert_eq!(world.lambda.calls().len(), 0);
    // A message whose order is not there at all is not ours to throw away.
    let foreign = json!({ "job": "start", "order": "0", "attempt": 0 }).to_string();
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &foreign)]))), ["m"]);
    worker.forget();
}
