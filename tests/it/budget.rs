//! How many functions may run at once: held from before the start until the render has ended.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::orders::{accepted, submit};
use crate::stack::http::now_ms;
use crate::stack::queue::{Jobs, batch, failures};
use crate::stack::{Function, Reply, Server, Settings, World, minimal, progress};

const NONE: [&str; 0] = [];
const RECORD: &str = "budget/default~us-east-1.json";

/// Three functions: the render itself, and two that render.
fn small() -> Value {
    json!({ "concurrency": 2 })
}

fn limited(jobs: &Jobs, functions: u32) -> Settings {
    jobs.settings.clone().set("RENDERGATE_CONCURRENCY", functions.to_string())
}

fn record(world: &World, jobs: &Jobs) -> Value {
    serde_json::from_slice(&world.moto.object(&jobs.state, RECORD).unwrap().body).unwrap()
}

/// Each lease's id and functions.
fn leases(world: &World, jobs: &Jobs) -> Vec<(String, u64)> {
    let record = record(world, jobs);
    let lease = |lease: &Value| (lease["id"].as_str().unwrap().to_owned(), lease["functions"].as_u64().unwrap());
    record["leases"].as_array().unwrap().iter().map(lease).collect()
}

fn follow(render: &Value) -> String {
    json!({ "job": "follow", "id": render["id"], "since": u64::try_from(now_ms()).unwrap() }).to_string()
}

#[test]
fn beyond_the_budget_a_direct_start_is_told_to_wait_in_the_queue() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = limited(&jobs, 4).serve();
    let first = server.post("/v1/renders", &small()).expect(202);
    let render_id = first["renderId"].as_str().unwrap().to_owned();
    assert_eq!(leases(&world, &jobs), [(render_id.clone(), 3)]);
    assert_eq!(world.moto.messages(&jobs.queue), [0, 0, 1], "somebody follows it, though nothing else is left to do");
    let refused = server.post("/v1/renders", &small());
    assert_eq!(refused.header("retry-after"), Some("5"));
    let problem = refused.problem(429, "concurrency_exceeded");
    assert!(problem["detail"].as_str().unwrap().contains("Prefer: respond-async"), "{problem:#}");
    world.lambda.payload();
    // Whoever sees the end gives the functions back.
    world.finishes(&render_id);
    server.get(&format!("/v1/renders/{}", first["id"].as_str().unwrap())).expect(200);
    assert_eq!(leases(&world, &jobs), []);
    server.post("/v1/renders", &small()).expect(202);
}

#[test]
fn what_does_not_run_holds_nothing() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = limited(&jobs, 4).serve();
    world.lambda.next(Reply::function_says("no"));
    server.post("/v1/renders", &small()).problem(502, "function_error");
    assert_eq!(leases(&world, &jobs), []);
    // What may run holds on, until its functions have surely ended: 120 s each, and one minute.
    world.lambda.next(Reply::cut());
    server.post("/v1/renders", &small()).problem(503, "aws_unavailable");
    let mut held = record(&world, &jobs);
    let until = held["leases"][0]["until"].as_u64().unwrap();
    let lasts = until - u64::try_from(now_ms()).unwrap();
    assert!((295_000..=300_000).contains(&lasts), "{held:#}");
    server.post("/v1/renders", &small()).problem(429, "concurrency_exceeded");
    held["leases"][0]["until"] = json!(now_ms() as u64);
    world.moto.put_json(&jobs.state, RECORD, &held);
    server.post("/v1/renders", &small()).expect(202);
    assert_eq!(leases(&world, &jobs).len(), 1);
}

#[test]
fn what_can_never_fit_is_refused_and_what_is_left_open_is_made_to_fit() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = limited(&jobs, 10).serve();
    for (body, field, expected) in [
        (json!({ "concurrency": 10 }), "concurrency", "at most 9"),
        (json!({ "framesPerLambda": 20, "frameRange": [0, 299] }), "framesPerLambda", "at least 34"),
    ] {
        let refusals = [server.post("/v1/renders", &body), submit(&server, &body)];
        for problem in refusals.map(|answer| answer.problem(400, "invalid_field")) {
            assert_eq!(problem["field"], field, "{problem:#}");
            assert!(problem["detail"].as_str().unwrap().contains(expected), "{problem:#}");
        }
    }
    assert_eq!(world.lambda.calls().len(), 0);
    let first = server.post("/v1/renders", &minimal()).expect(202);
    assert_eq!(world.lambda.payload()["concurrency"], 9);
    world.finishes(first["renderId"].as_str().unwrap());
    server.get(&format!("/v1/renders/{}", first["id"].as_str().unwrap())).expect(200);
    world.lambda.forget_calls();
    server.post("/v1/renders", &json!({ "frameRange": [0, 99] })).expect(202);
    assert_eq!(world.lambda.payload()["concurrency"], Value::Null, "it fits as it is");
    assert_eq!(leases(&world, &jobs)[0].1, 6);
}

#[test]
fn an_order_waits_in_the_queue_and_can_be_cancelled_at_no_cost() {
    let world = World::new();
    let jobs = world.with_queue();
    let settings = limited(&jobs, 4);
    let (server, worker) = (settings.serve(), Function::worker(&settings));
    let [(first, one), (second, two), (third, three)] = [(); 3].map(|()| accepted(&server, &small()));
    for _ in 0..3 {
        let messages = [("1", one.as_str()), ("2", two.as_str()), ("3", three.as_str())];
        for message in messages {
            assert_eq!(failures(&worker.invoke(&batch(&[message]))), NONE, "not towards the dead letters");
        }
    }
    world.lambda.payload();
    assert_eq!(server.get(&second).expect(200)["status"], "queued");
    assert_eq!(record(&world, &jobs)["waiting"].as_array().unwrap().len(), 2);
    assert_eq!(server.post(&format!("{second}/cancel"), &json!({})).expect(202)["status"], "cancelled");
    worker.invoke(&batch(&[("2", &two)]));
    assert_eq!(record(&world, &jobs)["waiting"].as_array().unwrap().len(), 1);
    // The first one's chunks: one of two has ended.
    let running = server.get(&first).expect(200);
    let render_id = running["renderId"].as_str().unwrap();
    let mut half = progress::rendering(render_id, 5);
    half["chunks"] = json!([1]);
    world.writes(render_id, &half);
    let ticket = json!({ "id": format!("default~us-east-1~{}~{render_id}", world.bucket) });
    assert_eq!(failures(&worker.invoke(&batch(&[("f", &follow(&ticket))]))), NONE);
    assert_eq!(leases(&world, &jobs), [(render_id.to_owned(), 2)]);
    world.finishes(render_id);
    assert_eq!(failures(&worker.invoke(&batch(&[("f", &follow(&ticket))]))), NONE);
    assert_eq!(leases(&world, &jobs), []);
    worker.invoke(&batch(&[("3", &three)]));
    assert_eq!(server.get(&third).expect(200)["status"], "rendering");
    assert_eq!(world.lambda.payloads().len(), 2);
    worker.forget();
}

#[test]
fn without_the_setting_the_queue_is_held_to_the_quota_which_is_asked_for_once() {
    let world = World::new();
    let jobs = world.with_queue();
    let (server, worker) = (jobs.settings.serve(), Function::worker(&jobs.settings));
    world.lambda.quota(10);
    let (first, one) = accepted(&server, &json!({ "concurrency": 6 }));
    let (second, two) = accepted(&server, &json!({ "concurrency": 6 }));
    let (third, three) = accepted(&server, &json!({ "concurrency": 20 }));
    for message in [("1", one.as_str()), ("2", two.as_str()), ("3", three.as_str())] {
        assert_eq!(failures(&worker.invoke(&batch(&[message]))), NONE);
    }
    assert_eq!(server.get(&first).expect(200)["status"], "rendering");
    assert_eq!(server.get(&second).expect(200)["status"], "queued");
    assert_eq!(server.get(&third).expect(200)["error"]["field"], "concurrency");
    let asked = world.lambda.calls().iter().filter(|call| call.path.contains("account-settings")).count();
    assert_eq!(asked, 1);
    // Who waits for the answer is not held to it.
    world.forget_calls();
    server.post("/v1/renders", &json!({ "concurrency": 20 })).expect(202);
    assert_eq!(world.aws_calls().len(), 1);
    worker.forget();
}

#[test]
fn off_is_off() {
    let world = World::new();
    let jobs = world.with_queue();
    let settings = jobs.settings.clone().set("RENDERGATE_CONCURRENCY", "off");
    let (server, worker) = (settings.serve(), Function::worker(&settings));
    let (path, message) = accepted(&server, &json!({ "concurrency": 20 }));
    worker.invoke(&batch(&[("1", &message)]));
    assert_eq!(server.get(&path).expect(200)["status"], "rendering");
    assert!(world.moto.object(&jobs.state, RECORD).is_none());
    assert_eq!(world.lambda.calls().len(), 1, "nobody asks for the quota");
    worker.forget();
}

fn work(settings: &Settings) -> Server {
    settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"])
}

#[test]
fn a_burst_through_two_workers_never_exceeds_the_budget() {
    const ORDERS: usize = 12;
    let world = World::new();
    let jobs = world.with_queue();
    // Room for three renders.
    let settings = limited(&jobs, 10);
    let server = settings.serve();
    let orders: Vec<Value> = (0..ORDERS).map(|_| small()).collect();
    server.post("/v1/renders/batch", &json!({ "orders": orders })).expect(200);
    let workers = [work(&settings), work(&settings)];
    let deadline = Instant::now() + Duration::from_secs(120);
    let (mut ended, mut most) = (HashSet::new(), 0);
    while ended.len() < ORDERS {
        assert!(Instant::now() < deadline, "{} of {ORDERS} ended; {:#}", ended.len(), record(&world, &jobs));
        let keys = world.moto.keys(&world.bucket);
        let begun: HashSet<String> = keys.iter().filter_map(|key| key.split('/').nth(1)).map(str::to_owned).collect();
        let running: Vec<String> = begun.difference(&ended).cloned().collect();
        most = most.max(running.len());
        assert!(running.len() <= 3, "{running:?}");
        // The longest of them is over, once there are as many as there may be.
        if running.len() == 3 || begun.len() == ORDERS {
            world.finishes(&running[0]);
            ended.insert(running[0].clone());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!((most, world.lambda.payloads().len()), (3, ORDERS));
    workers.into_iter().for_each(|worker| drop(worker.stop()));
}
