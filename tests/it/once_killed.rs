//! The process dies between any two calls of a start with an `Idempotency-Key`.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::once::{in_s3, send, starts};
use crate::stack::http::RUNTIME;
use crate::stack::{Call, Reply, Settings, World};

/// Longer than any test waits: who hangs here is killed.
const HANGS: Duration = Duration::from_secs(600);

struct Scene {
    world: World,
    state: String,
    settings: Settings,
    order: Value,
}

/// Sends the order to a server whose calls hang where `hang` says, and kills it once `reached`.
fn killed(hang: impl FnOnce(&World, &str), reached: impl Fn(&World, &str) -> bool) -> Scene {
    let world = World::new();
    let state = in_s3(&world);
    let settings = world.settings().set("RENDERGATE_STATE", format!("s3://{state}"));
    let order = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) });
    hang(&world, &state);
    let server = settings.serve();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{}/v1/renders", server.url)).header("idempotency-key", "k");
    let request = request.header("content-type", "application/json").body(order.to_string());
    let sent = RUNTIME.spawn(async { request.send().await });
    let deadline = Instant::now() + Duration::from_secs(20);
    while !reached(&world, &state) {
        assert!(Instant::now() < deadline, "never came there: {:?}", world.aws.summaries());
        std::thread::sleep(Duration::from_millis(10));
    }
    // What is on its way at the same time arrives.
    std::thread::sleep(Duration::from_millis(200));
    server.kill();
    assert!(RUNTIME.block_on(sent).unwrap().is_err(), "nobody was answered");
    world.aws.heal();
    Scene { world, state, settings, order }
}

/// The n-th write below a folder of the records hangs, and never arrives.
fn hang(world: &World, folder: &'static str, nth: usize) {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    let matches = move |call: &Call| {
        let ours = call.method == Method::PUT && call.path.contains(folder);
        ours && seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == nth
    };
    world.aws.fault(1, matches, Reply::slow(HANGS));
}

fn writes(world: &World, folder: &str) -> usize {
    world.aws.calls().iter().filter(|call| call.method == Method::PUT && call.path.contains(folder)).count()
}

fn records(world: &World, state: &str, folder: &str) -> usize {
    world.moto.keys(state).iter().filter(|key| key.starts_with(folder)).count()
}

/// A minute later, for the only key.
fn a_minute_passes(scene: &Scene) {
    let key = scene.world.moto.keys(&scene.state).into_iter().find(|key| key.starts_with("keys/")).unwrap();
    let mut record: Value = serde_json::from_slice(&scene.world.moto.object(&scene.state, &key).unwrap().body).unwrap();
    record["since"] = (record["since"].as_u64().unwrap() - 60_001).into();
    scene.world.moto.put_object(&scene.state, &key, &[], record.to_string());
}

/// First it may still be starting, then nobody knows; never is it started again.
fn is_unknown(scene: &Scene) {
    let server = scene.settings.serve();
    send(&server, "k", &scene.order).problem(409, "start_in_progress");
    a_minute_passes(scene);
    send(&server, "k", &scene.order).problem(409, "start_unknown");
    assert_eq!(starts(&scene.world), 1);
}

/// The render and its copy are there for who asks again.
fn is_found(scene: &Scene) {
    let server = scene.settings.serve();
    let answer = send(&server, "k", &scene.order);
    assert_eq!(answer.header("idempotent-replayed"), Some("true"), "{answer:#?}");
    let started = answer.expect(202);
    assert_eq!(started["copy"]["status"], "pending", "{started:#}");
    scene.world.finishes(started["renderId"].as_str().unwrap());
    // Nobody asks: the server follows what it found.
    let deadline = Instant::now() + Duration::from_secs(20);
    while scene.world.moto.object(&scene.world.videos, "x.mp4").is_none() {
        assert!(Instant::now() < deadline, "never copied: {:?}", scene.world.aws.summaries());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(starts(&scene.world), 1);
}

#[test]
fn before_the_claim_arrives() {
    let scene = killed(|world, _| hang(world, "/keys/", 0), |world, _| writes(world, "/keys/") == 1);
    assert_eq!((starts(&scene.world), records(&scene.world, &scene.state, "keys/")), (0, 0));
    let server = scene.settings.serve();
    let answer = send(&server, "k", &scene.order);
    assert_eq!((answer.status, answer.header("idempotent-replayed")), (202, None), "{answer:#?}");
    assert_eq!(starts(&scene.world), 1);
}

#[test]
fn between_claim_and_answer_of_the_function() {
    let scene = killed(|world, _| world.lambda.next(Reply::slow(HANGS)), |world, _| starts(world) == 1);
    is_unknown(&scene);
}

#[test]
fn before_anything_of_the_render_is_written() {
    let scene = killed(
        |world, _| {
            hang(world, "/keys/", 1);
            hang(world, "/renders/", 0);
        },
        |world, _| writes(world, "/keys/") == 2 && writes(world, "/renders/") == 1,
    );
    is_unknown(&scene);
}

#[test]
fn between_the_copys_record_and_the_keys() {
    let scene = killed(|world, _| hang(world, "/keys/", 1), |world, state| records(world, state, "renders/") == 1);
    is_unknown(&scene);
    // What was ordered is owed all the same.
    let id = scene.world.moto.keys(&scene.state).into_iter().find(|key| key.starts_with("renders/")).unwrap();
    let render_id = id.trim_end_matches(".json").rsplit('~').next().unwrap().to_owned();
    scene.world.finishes(&render_id);
    let _server = scene.settings.serve();
    let deadline = Instant::now() + Duration::from_secs(20);
    while scene.world.moto.object(&scene.world.videos, "x.mp4").is_none() {
        assert!(Instant::now() < deadline, "never copied: {:?}", scene.world.aws.summaries());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn between_the_keys_record_and_the_copys() {
    let scene = killed(|world, _| hang(world, "/renders/", 0), |world, _| writes(world, "/keys/") == 2);
    assert_eq!(records(&scene.world, &scene.state, "renders/"), 0);
    is_found(&scene);
}

#[test]
fn after_both_before_the_caller_hears() {
    // The last answer is lost for good: every attempt arrives, none comes back.
    let lose = |world: &World, _: &str| {
        let seen = std::sync::atomic::AtomicUsize::new(0);
        let result = move |call: &Call| {
            let ours = call.method == Method::PUT && call.path.contains("/keys/");
            ours && seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0
        };
        world.aws.fault(1, result, Reply::lost());
        world.aws.fault(
            usize::MAX,
            |call| call.method == Method::GET && call.path.contains("/keys/"),
            Reply::slow(HANGS),
        );
    };
    let scene = killed(lose, |world, state| writes(world, "/keys/") >= 2 && records(world, state, "renders/") == 1);
    is_found(&scene);
}
