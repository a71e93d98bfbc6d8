//! An `Idempotency-Key` with the queue: one order and one start, whatever breaks, and whichever way it came first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::once::starts;
use crate::orders::ASYNC;
use crate::stack::http::RUNTIME;
use crate::stack::queue::{Jobs, batch};
use crate::stack::{Answer, Call, Function, Reply, Server, World, minimal};

fn submit(server: &Server, key: &str, body: &Value) -> Answer {
    server.post_with("/v1/renders", &[ASYNC, ("idempotency-key", key)], body)
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

fn id(answer: Answer) -> String {
    answer.expect(202)["id"].as_str().unwrap().to_owned()
}

/// The orders that are written down.
fn orders(world: &World, jobs: &Jobs) -> Vec<String> {
    let keys = world.moto.keys(&jobs.state);
    let orders = keys.iter().filter_map(|key| key.strip_prefix("orders/")?.strip_suffix(".json"));
    orders.map(|order| format!("q~{order}")).collect()
}

/// Makes the key's record so many seconds older.
fn age(world: &World, jobs: &Jobs, seconds: u64) {
    for key in world.moto.keys(&jobs.state).iter().filter(|key| key.starts_with("keys/")) {
        let mut record: Value = serde_json::from_slice(&world.moto.object(&jobs.state, key).unwrap().body).unwrap();
        record["since"] = (record["since"].as_u64().unwrap() - seconds * 1000).into();
        world.moto.put_json(&jobs.state, key, &record);
    }
}

/// Takes the orders' messages, each twice.
fn work(jobs: &Jobs, ids: &[String]) {
    let worker = Function::worker(&jobs.settings);
    for id in [ids, ids].concat() {
        let message = json!({ "job": "start", "order": id.trim_start_matches("q~"), "attempt": 0 }).to_string();
        worker.invoke(&batch(&[("m", &message)]));
    }
    worker.forget();
}

#[test]
fn a_hundred_at_once_are_one_order_and_one_start() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let ask = || loop {
        let answer = submit(&server, "k", &minimal());
        if answer.status != 409 {
            return id(answer);
        }
        answer.problem(409, "start_in_progress");
        std::thread::sleep(Duration::from_millis(100));
    };
    let ids: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..100).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((orders(&world, &jobs), world.moto.messages(&jobs.queue)), (vec![ids[0].clone()], [1, 0, 0]));
    work(&jobs, &ids[..1]);
    assert_eq!(starts(&world), 1);
}

#[test]
fn a_repeated_order_has_its_first_answer() {
    let world = World::new();
    let jobs = world.with_queue();
    let keys =
        json!([{ "name": "shop", "key": "shop-canary-0123456" }, { "name": "blog", "key": "blog-canary-0123456" }]);
    let server = jobs.settings.clone().set("RENDERGATE_API_KEYS", keys.to_string()).serve();
    let ask = |who: &str, path: &str, body: &Value| {
        server.post_with(path, &[ASYNC, ("x-api-key", who), ("idempotency-key", "k")], body)
    };
    let (shop, blog) = ("shop-canary-0123456", "blog-canary-0123456");
    let first = ask(shop, "/v1/renders", &minimal());
    let again = ask(shop, "/v1/renders", &minimal());
    assert!(!replayed(&first) && replayed(&again), "{again:#?}");
    assert_eq!(first.header("preference-applied"), again.header("preference-applied"));
    assert_eq!(first.expect(202), again.expect(202), "whole");
    ask(shop, "/v1/renders", &json!({ "codec": "h265" })).problem(422, "idempotency_key_reused");
    // The guide's form, also as another caller.
    let guide = ask(blog, "/enqueue", &minimal());
    assert!(!replayed(&guide), "{guide:#?}");
    let again = ask(blog, "/enqueue", &minimal());
    assert!(replayed(&again), "{again:#?}");
    let guide = guide.expect(200);
    assert!(guide["messageId"].is_string(), "{guide:#}");
    assert_eq!(guide, again.expect(200));
    assert_eq!((orders(&world, &jobs).len(), world.moto.messages(&jobs.queue)), (2, [2, 0, 0]));
    // What was refused leaves the key free.
    let ask =
        |body: &Value| server.post_with("/v1/renders", &[ASYNC, ("x-api-key", shop), ("idempotency-key", "f")], body);
    ask(&json!({ "forceBucketName": "elsewhere" })).problem(403, "not_allowed");
    ask(&minimal()).expect(202);
}

#[test]
fn a_key_has_a_day() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let first = id(submit(&server, "k", &minimal()));
    age(&world, &jobs, 24 * 3600 - 60);
    assert_eq!(id(submit(&server, "k", &minimal())), first);
    age(&world, &jobs, 120);
    let second = id(submit(&server, "k", &minimal()));
    assert_ne!(second, first);
    assert_eq!((orders(&world, &jobs).len(), world.moto.messages(&jobs.queue)), (2, [2, 0, 0]));
}

#[test]
fn whichever_way_it_came_first_it_is_one_render() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let direct = |key: &str, path: &str| server.post_with(path, &[("idempotency-key", key)], &minimal());
    // Started, then asked for by the queue.
    let started = direct("a", "/v1/renders").expect(202);
    let again = submit(&server, "a", &minimal());
    assert!(replayed(&again) && again.header("preference-applied").is_none(), "{again:#?}");
    assert_eq!(again.expect(202), started);
    let guide = server.post_with("/enqueue", &[("idempotency-key", "a")], &minimal()).expect(200);
    assert_eq!((&guide["id"], &guide["messageId"]), (&started["id"], &Value::Null));
    // Queued, then asked for at once.
    let queued = submit(&server, "b", &minimal()).expect(202);
    let again = direct("b", "/v1/renders");
    assert!(replayed(&again) && again.header("preference-applied").is_none(), "{again:#?}");
    assert_eq!(again.expect(202), queued);
    let guide = direct("b", "/render").expect(200);
    assert_eq!((&guide["id"], &guide["renderId"]), (&queued["id"], &Value::Null));
    assert_eq!(orders(&world, &jobs), [queued["id"].as_str().unwrap()]);
    work(&jobs, &orders(&world, &jobs));
    assert_eq!(starts(&world), 2);
}

/// Kills the server while it waits for an answer to the n-th call that matches.
fn killed(world: &World, jobs: &Jobs, nth: usize, matches: impl Fn(&Call) -> bool + Clone + Send + 'static) {
    let (seen, ours) = (std::sync::atomic::AtomicUsize::new(0), matches.clone());
    let hangs = move |call: &Call| ours(call) && seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == nth;
    world.aws.fault(1, hangs, Reply::slow(Duration::from_secs(600)));
    let server = jobs.settings.serve();
    let request = reqwest::Client::builder().no_proxy().build().unwrap().post(format!("{}/v1/renders", server.url));
    let request = request.header("idempotency-key", "k").header("content-type", "application/json");
    let request = request.header(ASYNC.0, ASYNC.1).body(minimal().to_string());
    let sent = RUNTIME.spawn(async { request.send().await });
    let deadline = Instant::now() + Duration::from_secs(20);
    while world.aws.calls().iter().filter(|call| matches(call)).count() <= nth {
        assert!(Instant::now() < deadline, "never came there: {:?}", world.aws.summaries());
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(100));
    server.kill();
    assert!(RUNTIME.block_on(sent).unwrap().is_err(), "nobody was answered");
    world.aws.heal();
}

#[test]
fn whoever_comes_after_a_crash_goes_on_with_the_order() {
    let put = |folder: &'static str| move |call: &Call| call.method == "PUT" && call.path.contains(folder);
    type Matcher = Box<dyn Fn(&World, &Jobs)>;
    let cases: [(&str, usize, Matcher); 3] = [
        ("between key and order", 0, Box::new(move |world, jobs| killed(world, jobs, 0, put("/orders/")))),
        (
            "between order and message",
            0,
            Box::new(|world, jobs| killed(world, jobs, 0, |call| call.service() == "sqs")),
        ),
        ("between message and answer", 1, Box::new(move |world, jobs| killed(world, jobs, 1, put("/keys/")))),
    ];
    for (when, messages, kill) in cases {
        let world = World::new();
        let jobs = world.with_queue();
        kill(&world, &jobs);
        let there = orders(&world, &jobs);
        assert_eq!(world.moto.messages(&jobs.queue)[0], u32::try_from(messages).unwrap(), "{when}");
        if messages > 0 {
            work(&jobs, &there);
        }
        let server = jobs.settings.serve();
        submit(&server, "k", &minimal()).problem(409, "start_in_progress");
        submit(&server, "k", &json!({})).problem(422, "idempotency_key_reused");
        age(&world, &jobs, 61);
        let answer = submit(&server, "k", &minimal());
        assert!(replayed(&answer), "{when}: {answer:#?}");
        let known = id(answer);
        assert!(there.iter().all(|order| *order == known), "{when}: {there:?} {known}");
        assert_eq!((orders(&world, &jobs), world.moto.messages(&jobs.queue)[0]), (vec![known.clone()], 1), "{when}");
        assert_eq!(id(submit(&server, "k", &minimal())), known, "{when}");
        work(&jobs, &[known]);
        assert_eq!(starts(&world), 1, "{when}");
    }
}

#[test]
fn an_order_whose_message_was_lost_keeps_its_key() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    // The message arrives, its answer doesn't.
    world.aws.fault(10, |call| call.service() == "sqs", Reply::lost());
    assert_eq!(submit(&server, "k", &minimal()).problem(503, "aws_unavailable")["mayHaveStarted"], true);
    world.aws.heal();
    work(&jobs, &orders(&world, &jobs));
    submit(&server, "k", &minimal()).problem(409, "start_in_progress");
    age(&world, &jobs, 61);
    assert_eq!(vec![id(submit(&server, "k", &minimal()))], orders(&world, &jobs));
    assert_eq!(starts(&world), 1);
}

fn ids(answer: Answer) -> Vec<Option<String>> {
    let results = answer.expect(200)["results"].take();
    let id = |result: &Value| result["render"]["id"].as_str().map(str::to_owned);
    results.as_array().unwrap().iter().map(id).collect()
}

#[test]
fn a_key_holds_for_a_whole_batch() {
    for queued in [true, false] {
        let world = World::new();
        let jobs = world.with_queue();
        let settings = if queued { jobs.settings.clone() } else { jobs.settings.clone().unset("RENDERGATE_QUEUE_URL") };
        let server = settings.serve();
        let send = |body: &Value| server.post_with("/v1/renders/batch", &[("idempotency-key", "k")], body);
        // Equal orders are orders of their own; a bad one keeps no key.
        let body = json!({ "orders": [minimal(), minimal(), { "compositon": "x" }] });
        let first = send(&body);
        assert!(!replayed(&first), "{first:#?}");
        let first = ids(first);
        assert!(first[0].is_some() && first[1].is_some() && first[0] != first[1] && first[2].is_none(), "{first:?}");
        let again = send(&body);
        assert!(replayed(&again), "{again:#?}");
        assert_eq!(ids(again), first);
        send(&json!({ "orders": [minimal()] })).problem(422, "idempotency_key_reused");
        server.post_with("/v1/renders", &[("idempotency-key", "k")], &minimal()).problem(422, "idempotency_key_reused");
        let count = if queued { orders(&world, &jobs).len() } else { starts(&world) };
        assert_eq!(count, 2, "queued: {queued}");
        // A day later all of it is new.
        age(&world, &jobs, 24 * 3600 + 1);
        let later = ids(send(&body));
        assert!(later[0].is_some() && !first.contains(&later[0]) && !first.contains(&later[1]), "{later:?} {first:?}");
    }
}
