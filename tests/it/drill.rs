//! Many orders through several workers while everything breaks. `make drill` takes 10,000.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::queue::Jobs;
use crate::stack::server::Server;
use crate::stack::{Call, Reply, World};

/// How many orders where `RENDERGATE_DRILL` does not say so when the tests are built.
const ORDERS: usize = 150;
const WORKERS: usize = 4;
/// With more of them there is no budget: its one record is written three times for each, in turn: 1,000 take 220 s.
const MOST_WITHIN_BUDGET: usize = 1000;

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

/// Two functions: the main one, and one for the only chunk.
fn order(n: usize) -> Value {
    json!({ "envVariables": { "N": n.to_string() }, "frameRange": [0, 19] })
}

fn accept(server: &Server, count: usize) {
    let mut accepted = 0;
    while accepted < count {
        let some = (accepted..count).take(100);
        let orders: Vec<Value> = some.map(order).collect();
        let answer = server.post("/v1/renders/batch", &json!({ "orders": orders })).expect(200);
        let results = answer["results"].as_array().unwrap();
        assert!(results.iter().all(|result| result["render"]["id"].is_string()), "{answer:#}");
        accepted += results.len();
    }
}

fn state(world: &World, jobs: &Jobs, order: &str) -> Value {
    let record = world.moto.object(&jobs.state, &format!("orders/{order}.json")).unwrap();
    serde_json::from_slice::<Value>(&record.body).unwrap()["state"].take()
}

/// A worker with an access key of its own, by which its calls are known.
struct Worker {
    key: String,
    process: Server,
}

impl Worker {
    fn start(jobs: &Jobs, number: usize) -> Self {
        let key = format!("AKIADRILL{number:011}");
        let settings = jobs.settings.clone().set("AWS_ACCESS_KEY_ID", &key);
        Self { key, process: settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"]) }
    }

    /// Ends it; what it had asked of AWS last, and whether it ever panicked.
    fn kill(self, world: &World) -> (&'static str, bool) {
        let log = self.process.kill();
        let last = [world.aws.last_of(&self.key), world.lambda.last_of(&self.key)];
        let last = last.into_iter().flatten().max_by_key(|call| call.at);
        (last.map_or("nothing", |call| step(&call)), log.contains("panicked"))
    }
}

/// What a worker does with a call.
fn step(call: &Call) -> &'static str {
    let body = String::from_utf8_lossy(&call.body);
    let has = |part: &str| body.contains(part);
    match (call.service(), call.method.as_str()) {
        ("lambda", _) => "the start",
        ("s3", "GET") => "reading the order",
        ("s3", _) if has(r#""status":"starting""#) => "the claim",
        ("s3", _) if has(r#""status":"queued""#) => "giving the claim back",
        ("s3", _) => "the end",
        (_, _) => match call.header("x-amz-target").unwrap_or_default() {
            "AmazonSQS.ReceiveMessage" => "receiving",
            "AmazonSQS.SendMessage" => "putting back",
            _ => "deleting the message",
        },
    }
}

/// The order that a call writes.
fn written(call: &Call) -> Option<String> {
    let (_, order) = call.path.split_once("/orders/").filter(|_| call.method == "PUT")?;
    Some(order.trim_end_matches(".json").to_owned())
}

#[test]
fn whatever_breaks_every_order_ends_in_one_known_state() {
    let count = orders();
    let world = World::new();
    // Messages of killed workers come back soon.
    let mut jobs = world.with_queue_hidden_for(10);
    let is_limited = count <= MOST_WITHIN_BUDGET;
    if !is_limited {
        jobs.settings = jobs.settings.set("RENDERGATE_CONCURRENCY", "off");
    }
    let server = jobs.settings.serve();
    accept(&server, count);
    let script = script(&world, count * 3);
    world.lambda.end_at_once();
    break_aws(&world);

    let began = Instant::now();
    let deadline = began + Duration::from_secs(300 + u64::try_from(count).unwrap() / 4);
    let mut workers: Vec<Worker> = (0..WORKERS).map(|number| Worker::start(&jobs, number)).collect();
    let (mut ends, mut kills, mut killed, mut panics) = (HashMap::new(), BTreeMap::new(), 0, 0);
    let mut seen = world.aws.calls_from(0).len();
    // After so many calls, not so much time: a slow machine must not kill them before they have done anything.
    let next = |seen: usize| seen + fastrand::usize(60..400);
    let mut kill_at = next(seen);
    // Orders that somebody has written since they were looked at, and when to look.
    let mut touched: HashMap<String, Instant> = HashMap::new();
    while ends.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} orders have an end: {touched:?}", ends.len());
        std::thread::sleep(Duration::from_millis(100));
        if seen > kill_at && ends.len() < count - count / 20 {
            let (step, panicked) = workers.remove(fastrand::usize(..WORKERS)).kill(&world);
            *kills.entry(step).or_insert(0) += 1;
            (killed, panics) = (killed + 1, panics + usize::from(panicked));
            workers.push(Worker::start(&jobs, WORKERS + killed));
            kill_at = next(seen);
        }
        let calls = world.aws.calls_from(seen);
        seen += calls.len();
        touched.extend(calls.iter().filter_map(|call| Some((written(call)?, call.at + Duration::from_secs(2)))));
        let due: Vec<String> =
            touched.iter().filter(|(_, at)| **at < Instant::now()).map(|(order, _)| order.clone()).collect();
        for order in due {
            let state = state(&world, &jobs, &order);
            if matches!(state["status"].as_str(), Some("started" | "failed")) {
                touched.remove(&order);
                ends.insert(order, state);
                continue;
            }
            if state["status"] == "starting" && state["until"].as_u64().unwrap() > 1 && open_for_long(&state) {
                expire(&world, &jobs, &order);
            }
            touched.insert(order, Instant::now() + Duration::from_secs(5));
        }
    }
    let took = began.elapsed();
    world.aws.heal();
    let held = if is_limited { held(&world, &jobs, &ends) } else { 0 };
    panics += workers.into_iter().filter(|worker| worker.process.log().contains("panicked")).count();

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
    println!("killed after: {kills:?}; {panics} workers panicked; {held} leases left, all of unknown starts");
    assert_eq!((ends.len(), started + unknown, twice, panics), (count, count, 0, 0));
    assert!(unknown >= lost && unknown - lost <= killed * 10, "{unknown} {lost} {killed}");
    assert!(killed > 0 && lost > 0, "nothing broke");
    let tickets: std::collections::HashSet<&str> = ends.values().filter_map(|state| state["ticket"].as_str()).collect();
    assert_eq!(tickets.len(), started, "each has a render of its own");
}

/// The leases that are left when all renders have been seen to end: none but those of starts that may have been.
fn held(world: &World, jobs: &Jobs, ends: &HashMap<String, Value>) -> usize {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let budget = world.moto.object(&jobs.state, "budget/default~us-east-1.json").unwrap();
        let budget: Value = serde_json::from_slice(&budget.body).unwrap();
        let leases = budget["leases"].as_array().unwrap();
        let unknown = |lease: &&Value| {
            ends.get(lease["id"].as_str().unwrap()).is_some_and(|end| end["error"]["code"] == "start_unknown")
        };
        if leases.iter().all(|lease| unknown(&lease)) {
            return leases.len();
        }
        if Instant::now() > deadline {
            let others = leases.iter().filter(|lease| !unknown(lease));
            panic!("{:#?}", others.map(|lease| (lease, ends.get(lease["id"].as_str().unwrap()))).collect::<Vec<_>>());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
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
