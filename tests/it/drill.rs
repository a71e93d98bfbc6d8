//! Many orders through several workers while everything breaks. `make drill` takes 10,000.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::queue::Jobs;
use crate::stack::server::Server;
use crate::stack::{Reply, World};

/// How many orders where `RENDERGATE_DRILL` does not say so when the tests are built.
const ORDERS: usize = 300;
const WORKERS: usize = 4;

fn orders() -> usize {
    option_env!("RENDERGATE_DRILL").map_or(ORDERS, |orders| orders.parse().unwrap())
}

fn throttled() -> Reply {
    Reply::throttled("ConcurrentInvocationLimitExceeded", None)
}

/// What Lambda does, in turn: well, slowly, not now, or nobody knows.
fn script(world: &World, invocations: usize) -> Vec<&'static str> {
    let mut script = Vec::new();
    for _ in 0..invocations {
        let (name, reply) = match fastrand::u32(0..100) {
            0..3 => ("lost", Reply::cut()),
            3..6 => ("lost", Reply::aws_json(500, "ServiceException", "oops")),
            6..26 => ("throttled", throttled()),
            26..40 => ("served", Reply::slow(Duration::from_millis(400))),
            _ => ("served", Reply::slow(Duration::ZERO)),
        };
        world.lambda.next(reply);
        script.push(name);
    }
    script
}

/// S3 and SQS fail now and then, with and without a word.
fn break_aws(world: &World) {
    let sometimes = |per_thousand: u32| move |_: &crate::stack::Call| fastrand::u32(0..1000) < per_thousand;
    world.aws.fault(usize::MAX, sometimes(20), Reply::aws_xml(503, "SlowDown", "later"));
    world.aws.fault(usize::MAX, sometimes(20), Reply::aws_xml(500, "InternalError", "oops"));
    world.aws.fault(usize::MAX, sometimes(20), Reply::cut());
    world.aws.fault(usize::MAX, sometimes(30), Reply::slow(Duration::from_millis(300)));
}

fn accept(server: &Server, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    while ids.len() < count {
        let some = (ids.len()..count).take(100);
        let orders: Vec<Value> = some.map(|n| json!({ "envVariables": { "N": n.to_string() } })).collect();
        let answer = server.post("/v1/renders/batch", &json!({ "orders": orders })).expect(200);
        ids.extend(answer["results"].as_array().unwrap().iter().map(|result| {
            result["render"]["id"].as_str().unwrap_or_else(|| panic!("{result:#}")).trim_start_matches("q~").to_owned()
        }));
    }
    ids
}

fn state(world: &World, jobs: &Jobs, order: &str) -> Value {
    let record = world.moto.object(&jobs.state, &format!("orders/{order}.json")).unwrap();
    serde_json::from_slice::<Value>(&record.body).unwrap()["state"].take()
}

fn work(jobs: &Jobs) -> Server {
    jobs.settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"])
}

#[test]
fn whatever_breaks_every_order_ends_in_one_known_state() {
    let count = orders();
    let world = World::new();
    // Messages of killed workers come back soon.
    let jobs = world.with_queue_hidden_for(10);
    let server = jobs.settings.serve();
    let ids = accept(&server, count);
    let script = script(&world, count * 3);
    break_aws(&world);

    let began = Instant::now();
    let deadline = began + Duration::from_secs(300 + u64::try_from(count).unwrap());
    let mut workers: Vec<Server> = (0..WORKERS).map(|_| work(&jobs)).collect();
    let mut open: Vec<&String> = ids.iter().collect();
    let (mut ends, mut killed) = (HashMap::new(), 0);
    while !open.is_empty() {
        assert!(Instant::now() < deadline, "{} orders have no end: {:?}", open.len(), state(&world, &jobs, open[0]));
        std::thread::sleep(Duration::from_millis(fastrand::u64(1000..2000)));
        if open.len() > count / 20 {
            workers.remove(fastrand::usize(..WORKERS)).kill();
            workers.push(work(&jobs));
            killed += 1;
        }
        open.retain(|id| {
            let mut state = state(&world, &jobs, id);
            if state["status"] == "starting" && state["until"].as_u64().unwrap() > 1 && open_for_long(&state) {
                expire(&world, &jobs, id);
                state = Value::Null;
            }
            let ended = matches!(state["status"].as_str(), Some("started" | "failed"));
            if ended {
                ends.insert((*id).clone(), state);
            }
            !ended
        });
    }
    let took = began.elapsed();
    world.aws.heal();
    workers.into_iter().for_each(|worker| drop(worker.kill()));

    // What was invoked for each order, and what came of it.
    let mut invoked: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (at, payload) in world.lambda.payloads().iter().enumerate() {
        let order = payload["envVariables"]["N"].as_str().unwrap_or_else(|| panic!("{payload:#}")).to_owned();
        let what = script.get(at).copied().unwrap_or("served");
        if what != "throttled" {
            invoked.entry(order).or_default().push(what);
        }
    }
    let twice = invoked.values().filter(|starts| starts.len() > 1).count();
    let lost = invoked.values().filter(|starts| starts[..] == ["lost"]).count();
    let started = ends.values().filter(|state| state["status"] == "started").count();
    let unknown = ends.values().filter(|state| state["error"]["code"] == "start_unknown").count();
    println!(
        "{count} orders in {:.0} s, {killed} workers killed: {started} started, {unknown} where AWS can't tell \
         ({lost} answers lost by Lambda), 0 lost, {twice} started twice",
        took.as_secs_f64()
    );
    assert_eq!((ends.len(), started + unknown, twice), (count, count, 0));
    assert!(unknown >= lost && unknown - lost <= killed * 10, "{unknown} {lost} {killed}");
    assert!(killed > 0 && lost > 0, "nothing broke");
    let tickets: std::collections::HashSet<&str> = ends.values().filter_map(|state| state["ticket"].as_str()).collect();
    assert_eq!(tickets.len(), started, "each has a render of its own");
}

/// Nobody holds a claim for so long, with the pauses above.
fn open_for_long(state: &Value) -> bool {
    let until = u128::from(state["until"].as_u64().unwrap());
    let claimed = until - 90_000;
    crate::stack::http::now_ms().saturating_sub(claimed) > 20_000
}

/// The claim of a worker that was killed runs out now, not in 90 s.
fn expire(world: &World, jobs: &Jobs, order: &str) {
    let key = format!("orders/{order}.json");
    let mut record: Value = serde_json::from_slice(&world.moto.object(&jobs.state, &key).unwrap().body).unwrap();
    if record["state"]["status"] == "starting" {
        record["state"]["until"] = json!(1);
        world.moto.put_json(&jobs.state, &key, &record);
    }
}
