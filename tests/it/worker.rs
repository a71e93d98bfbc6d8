//! The queue's jobs: done by the worker function and by `rendergate work`, whatever happens in between.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::queue::{Jobs, batch, failures};
use crate::stack::{Function, Moto, Reply, VIDEO, World, root};

fn order(world: &World) -> Value {
    json!({ "copyTo": format!("s3://{}/{{renderId}}.mp4", world.videos) })
}

fn follow(id: &str, since: u128) -> String {
    json!({ "job": "follow", "id": id, "since": since }).to_string()
}

#[test]
fn an_order_is_followed_from_message_to_message_until_its_copy_is_there() {
    let world = World::new();
    let Jobs { settings, queue, .. } = world.with_queue();
    let server = settings.serve();
    let render = world.submit(&server, order(&world));
    // The process that took the order is gone; only the message is left.
    server.kill();
    assert_eq!(world.moto.messages(&queue), [0, 0, 1], "delayed, because no render is done at once");
    let worker = Function::worker(&settings);
    let event = batch(&[("m-1", &follow(&render.id, crate::stack::http::now_ms()))]);
    assert_eq!(worker.invoke(&event), json!({ "batchItemFailures": [] }));
    assert_eq!(world.moto.messages(&queue)[2], 2, "it renders: the message came back");
    world.finishes(&render.render_id);
    assert_eq!(worker.invoke(&event), json!({ "batchItemFailures": [] }));
    assert_eq!(world.moto.messages(&queue)[2], 2, "it has ended: nothing came back");
    let key = format!("{}.mp4", render.render_id);
    assert_eq!(world.moto.object(&world.videos, &key).unwrap().body, VIDEO);
    // Messages may come twice.
    world.aws.forget_calls();
    worker.invoke(&event);
    assert!(world.aws.calls_like(&format!("PUT /{}", world.videos)).is_empty());
    worker.forget();
}

#[test]
fn exactly_the_messages_that_failed_stay() {
    let world = World::new();
    let Jobs { settings, .. } = world.with_queue();
    let server = settings.serve();
    let [good, broken, gone] = [(); 3].map(|()| world.submit(&server, order(&world)));
    server.kill();
    for render in [&good, &broken] {
        world.finishes(&render.render_id);
    }
    let worker = Function::worker(&settings);
    let path = format!("{}/progress.json", broken.render_id);
    world.aws.fault(10, move |call| call.path.ends_with(&path), Reply::aws_xml(403, "AccessDenied", "no"));
    world.moto.delete_object(&world.bucket, &format!("renders/{}/progress.json", gone.render_id));
    let event = batch(&[
        ("not-json", "{"),
        ("broken", &follow(&broken.id, 0)),
        ("good", &follow(&good.id, 0)),
        ("deleted", &follow(&gone.id, 0)),
        ("foreign", &follow("other~us-east-1~remotionlambda-x~m1yq8x2c0v", 0)),
    ]);
    assert_eq!(failures(&worker.invoke(&event)), ["not-json", "broken", "foreign"]);
    assert!(world.moto.object(&world.videos, &format!("{}.mp4", good.render_id)).is_some());
    let log = worker.forget();
    assert!(log.contains("aws_access_denied") && log.contains("not_allowed"), "{log}");
}

#[test]
fn the_command_works_on_the_queue_until_it_is_stopped() {
    let world = World::new();
    let Jobs { settings, queue, .. } = world.with_queue();
    let server = settings.serve();
    let render = world.submit(&server, order(&world));
    server.kill();
    world.finishes(&render.render_id);
    let worker = settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"]);
    let key = format!("{}.mp4", render.render_id);
    let deadline = Instant::now() + Duration::from_secs(30);
    while world.moto.object(&world.videos, &key).is_none() || world.moto.messages(&queue) != [0, 0, 0] {
        assert!(Instant::now() < deadline, "{:?} {}", world.moto.messages(&queue), worker.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    worker.stop();
}

#[test]
fn a_message_that_fails_stays_for_others() {
    let world = World::new();
    let Jobs { settings, queue, .. } = world.with_queue();
    world.moto.send(&queue, "not a job");
    let mut worker = settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"]);
    worker.log_until(|log| log.contains("stays on the queue"));
    assert_eq!(world.moto.messages(&queue), [0, 1, 0]);
    worker.stop();
}

#[test]
fn without_a_queue_nobody_works() {
    let world = World::new();
    let finished = world.settings().run(&["work"]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("RENDERGATE_QUEUE_URL"), "{finished:?}");
}

#[test]
fn the_events_of_sqs_are_understood() {
    let event = |name: &str| -> Value {
        let text = std::fs::read_to_string(root().join(format!("events/{name}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let moto = Box::leak(Box::new(Moto::start(&[])));
    let world = World::named(moto, "remotionlambda-useast1-abcdefghij", "videos");
    let jobs = world.with_queue();
    world.finishes("px60ct13fy");
    let order = json!({ "id": "01a207d597ef76179fc71b10a8227e1b", "createdAt": 1, "order": {}, "state": { "status": "queued" } });
    moto.put_json(&jobs.state, "orders/01a207d597ef76179fc71b10a8227e1b.json", &order);
    let worker = Function::worker(&jobs.settings);
    for name in ["sqs-follow", "sqs-start"] {
        assert_eq!(worker.invoke(&event(name)), json!({ "batchItemFailures": [] }), "{name}");
    }
    assert_eq!(world.lambda.payload()["type"], "start");
    worker.forget();
}
