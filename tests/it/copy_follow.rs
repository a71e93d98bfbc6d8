//! Who brings the copy to its end: whoever sees the render end first, and only once.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::copy::followed;
use crate::stack::server::files_below;
use crate::stack::{Reply, World, random};

#[test]
fn the_record_is_there_before_the_answer() {
    let world = World::new();
    let state = format!("state-{}", random(10));
    world.moto.create_bucket(&state, "us-east-1");
    let order = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) });

    let folder = world.folder().join("records");
    let settings = world.settings().set("RENDERGATE_STATE", format!("file:{}", folder.display()));
    let server = settings.serve();
    let render = world.submit(&server, order.clone());
    let records = files_below(&folder);
    assert!(
        records
            .iter()
            .any(|(name, text)| format!("{name}{text}").contains(&render.render_id) && text.contains("x.mp4")),
        "{records:?}"
    );
    drop(server);

    world.forget_calls();
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}/rendergate")).serve();
    let answer = server.post("/v1/renders", &order).expect(202);
    let render_id = answer["renderId"].as_str().unwrap();
    let keys = world.moto.keys(&state);
    assert!(!keys.is_empty() && keys.iter().all(|key| key.starts_with("rendergate/")), "{keys:?}");
    let record = keys
        .iter()
        .filter_map(|key| world.moto.object(&state, key))
        .map(|object| String::from_utf8(object.body).unwrap());
    assert!(keys.iter().cloned().chain(record).any(|text| text.contains(render_id)), "{keys:?}");
    assert_eq!(world.lambda.calls().len(), 1);
    let puts = world.aws.calls().iter().filter(|call| call.method == "PUT" && call.path.contains(&state)).count();
    assert_eq!(puts, 2, "the record, and its place on the list: {:?}", world.aws.summaries());
    // Remotion's bucket is readable by everyone: nothing of ours is there.
    assert!(world.moto.keys(&world.bucket).iter().all(|key| key.ends_with("/progress.json")));
}

#[test]
fn a_record_that_cannot_be_written_starts_nothing_unnoticed() {
    let world = World::new();
    let state = format!("state-{}", random(10));
    world.moto.create_bucket(&state, "us-east-1");
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve();
    let denied = Reply::aws_xml(403, "AccessDenied", "Access Denied");
    let bucket = state.clone();
    world.aws.fault(usize::MAX, move |call| call.path.contains(&bucket), denied);
    let order = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) });
    let problem = server.post("/v1/renders", &order).problem(502, "aws_access_denied");
    assert_eq!(problem["action"], "s3:PutObject");
    assert!(problem["resource"].as_str().unwrap().contains(&state), "{problem:#}");
}

#[test]
fn sixty_four_who_see_the_end_copy_once() {
    let world = World::new();
    let state = format!("state-{}", random(10));
    world.moto.create_bucket(&state, "us-east-1");
    let servers: Vec<_> =
        (0..4).map(|_| world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve()).collect();
    let render = world.submit(&servers[0], json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    world.finishes(&render.render_id);
    std::thread::scope(|scope| {
        let polls: Vec<_> = (0..64).map(|one| (&servers[one % 4], &render)).collect();
        let polls: Vec<_> =
            polls.into_iter().map(|(server, render)| scope.spawn(|| followed(server, render))).collect();
        for poll in polls {
            assert_eq!(poll.join().unwrap()["copy"]["status"], "done");
        }
    });
    let puts = world.aws.calls_like(&format!("PUT /{}/x.mp4", world.videos)).len();
    let tried = world.aws.calls_like(&format!("PUT /{state}/")).len() - 2;
    println!("64 finishers in 4 processes: {tried} wanted to, {puts} copied");
    assert_eq!(puts, 1, "{:?}", world.aws.summaries());
}

#[test]
fn a_late_finisher_does_not_undo_what_another_did() {
    // As a Lambda that was frozen in the middle of a copy beyond its lease.
    let world = World::new();
    let state = format!("state-{}", random(10));
    world.moto.create_bucket(&state, "us-east-1");
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve();
    let mut refused = Reply::aws_xml(403, "AccessDenied", "Access Denied");
    refused.delay = Duration::from_secs(3);
    let copied = format!("/{}/x.mp4", world.videos);
    let path = copied.clone();
    world.aws.fault(usize::MAX, move |call| call.method == "PUT" && call.path == path, refused);
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    world.finishes(&render.render_id);
    let deadline = Instant::now() + Duration::from_secs(30);
    while world.aws.calls_like(&format!("PUT {copied}")).is_empty() {
        assert!(Instant::now() < deadline, "nobody copies: {:?}", world.aws.summaries());
        std::thread::sleep(Duration::from_millis(20));
    }
    let key = world.moto.keys(&state).pop().unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&world.moto.object(&state, &key).unwrap().body).unwrap();
    assert_eq!(record["copy"]["status"], "copying");
    record["copy"]["status"] = json!("done");
    record["copy"]["size"] = json!(7);
    record["copy"]["leaseUntil"] = json!(0);
    world.moto.put_object(&state, &key, &[], record.to_string());
    // The late one has heard of its failure when it has tried to write it down.
    let written = || world.aws.calls_like(&format!("PUT /{state}/{key}")).len();
    while written() < 3 {
        assert!(Instant::now() < deadline, "the failure was never written: {:?}", world.aws.summaries());
        std::thread::sleep(Duration::from_millis(20));
    }
    let seen = server.get(&render.path("")).expect(200);
    assert_eq!((&seen["copy"]["status"], &seen["copy"]["size"]), (&json!("done"), &json!(7)), "{seen:#}");
}

#[test]
fn the_server_follows_without_being_asked() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    world.finishes(&render.render_id);
    arrives(&world, "x.mp4");
}

#[test]
fn a_server_takes_up_what_its_predecessor_left() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/y.mp4", world.videos) }));
    drop(server);
    world.finishes(&render.render_id);
    assert!(world.moto.object(&world.videos, "y.mp4").is_none());
    let _server = world.serve();
    arrives(&world, "y.mp4");
}

fn arrives(world: &World, key: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while world.moto.object(&world.videos, key).is_none() {
        assert!(Instant::now() < deadline, "{key} never came: {:?}", world.aws.summaries());
        std::thread::sleep(Duration::from_millis(50));
    }
}
