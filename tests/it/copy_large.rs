//! Files too large for one request: copied in parts, gone on with by whoever comes next, put into effect once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::large::CRC64NVME;
use crate::stack::{Call, Function, Large, Render, Server, World};

pub(crate) const GIB: u64 = 1 << 30;

/// A render whose output is of this size, with a copy ordered, and each part taking so long.
pub(crate) fn ordered(world: &World, server: &Server, copy_to: Value, size: u64, part: Duration) -> (Render, Large) {
    let render = world.submit(server, json!({ "copyTo": copy_to }));
    let large = world.finishes_large(&render.render_id, size);
    large.state().per_mb = part.div_f64(16.8);
    (render, large)
}

pub(crate) fn until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not after {seconds} s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn copy_ends(server: &Server, render: &Render, seconds: u64) -> Value {
    let mut copy = Value::Null;
    until("the copy ends", seconds, || {
        copy = server.get_with(&render.path(""), &[("prefer", "wait=5")]).expect(200)["copy"].clone();
        ["done", "failed"].contains(&copy["status"].as_str().unwrap_or_default())
    });
    copy
}

#[test]
fn a_large_file_is_copied_in_parts_with_all_that_belongs_to_it() {
    let world = World::new();
    let server = world.serve();
    let copy_to = json!({ "bucket": world.videos, "key": "x.mp4", "storageClass": "STANDARD_IA",
        "expectedBucketOwner": "210987654321" });
    let size = 6 * GIB + 1;
    let (render, large) = ordered(&world, &server, copy_to, size, Duration::from_millis(50));
    let copy = copy_ends(&server, &render, 60);
    assert_eq!((&copy["status"], &copy["size"]), (&json!("done"), &json!(size)), "{copy:#}");
    let state = large.state();
    let object = &state.objects[&format!("/{}/x.mp4", world.videos)];
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("content-disposition", "attachment; filename=\"my%20video.mp4\""),
        ("content-encoding", "identity"),
        ("content-language", "de"),
        ("cache-control", "max-age=60"),
        ("expires", "Tue, 01 Dec 2026 16:00:00 GMT"),
        ("x-amz-meta-author", "lunar"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-checksum-algorithm", "CRC64NVME"),
        ("x-amz-checksum-type", "FULL_OBJECT"),
    ] {
        assert_eq!(object.header(name), Some(value), "{name}: {:#?}", object.headers);
    }
    assert!(object.header("x-amz-acl").is_none() && object.header("x-amz-server-side-encryption").is_none());
    assert_eq!((state.begun, state.completed, state.uploads.len()), (1, 1, 0));
    assert_eq!(state.parts.len(), object.parts.len(), "no part twice");
    let sent = |call: &Call| call.header("content-length").map_or(0, |length| length.parse::<usize>().unwrap());
    let flowed: usize = world.aws.calls_like("s3 PUT").iter().map(sent).sum();
    println!("{} GiB in {} parts, {flowed} bytes of it through us", size / GIB, state.parts.len());
    assert_eq!(flowed, 0);
    // What the stub has checked: sizes, ranges, ETags, the source's ETag on every part. And that nothing but
    // writing was asked of the destination, each time of the right owner.
    let calls = world.aws.calls_like("/x.mp4");
    assert!(calls.iter().all(|call| ["PUT", "POST"].contains(&call.method.as_str())));
    assert!(calls.iter().all(|call| call.header("x-amz-expected-bucket-owner") == Some("210987654321")));
    assert!(calls.iter().all(|call| call.body.len() < 1 << 20));
    let complete = calls.last().unwrap();
    assert_eq!(complete.header("x-amz-checksum-crc64nvme"), Some(CRC64NVME));
    assert_eq!(complete.header("x-amz-mp-object-size"), Some(size.to_string().as_str()));
}

#[test]
fn killed_in_the_middle_it_is_gone_on_with() {
    let world = World::new();
    let size = 5 * GIB;
    let server = world.serve();
    let copy_to = json!(format!("s3://{}/x.mp4", world.videos));
    let (render, large) = ordered(&world, &server, copy_to, size, Duration::from_millis(1500));
    // Past the first time that the parts are written down.
    until("most parts are there", 60, || large.state().parts.len() > 180);
    let log = server.kill();
    assert!(!log.contains("canary"), "{log}");
    let before: BTreeSet<u64> = large.state().parts.iter().map(|(_, number)| *number).collect();
    let killed = Instant::now();
    let server = world.serve();
    let copy = copy_ends(&server, &render, 90);
    let took = killed.elapsed();
    assert_eq!((&copy["status"], &copy["size"]), (&json!("done"), &json!(size)), "{copy:#}");
    let state = large.state();
    let count = state.objects[&format!("/{}/x.mp4", world.videos)].parts.len();
    let repeated = state.parts.len() - count;
    println!(
        "{} GiB, {count} parts; {} there when killed, {repeated} copied twice, done {:.1} s later; uploads begun {}, completed {}, left {}",
        size / GIB,
        before.len(),
        took.as_secs_f64(),
        state.begun,
        state.completed,
        state.uploads.len()
    );
    assert_eq!((state.begun, state.completed, state.uploads.len()), (1, 1, 0));
    // 32 at once, written down every 5 s, 1.5 s each: no more than four rounds and those under way.
    assert!(repeated <= 160 && repeated < before.len(), "{repeated} of {} again", before.len());
}

#[test]
fn who_was_frozen_beyond_the_lease_completes_nothing() {
    let world = World::new();
    let first = world.serve();
    let copy_to = json!(format!("s3://{}/x.mp4", world.videos));
    let (render, large) = ordered(&world, &first, copy_to, 2 * GIB, Duration::from_millis(500));
    until("it copies", 30, || large.state().parts.len() > 16);
    first.signal("STOP");
    let second = world.serve();
    assert_eq!(copy_ends(&second, &render, 60)["status"], "done");
    assert_eq!(large.state().completed, 1);
    world.forget_calls();
    first.signal("CONT");
    until("it notices", 30, || first.get(&render.path("")).expect(200)["copy"]["status"] == "done");
    std::thread::sleep(Duration::from_secs(7));
    let writes: Vec<_> =
        world.aws.calls_like("/x.mp4").iter().filter(|call| call.method != "PUT").map(|call| call.summary()).collect();
    assert_eq!(writes, Vec::<String>::new(), "it goes on no more");
    let state = large.state();
    assert_eq!((state.begun, state.completed, state.aborted, state.uploads.len()), (1, 1, 0, 0));
}

#[test]
fn on_lambda_each_poll_goes_on_until_all_is_there() {
    let world = World::new();
    let server = world.settings().serve();
    let copy_to = json!(format!("s3://{}/x.mp4", world.videos));
    let render = world.submit(&server, json!({ "copyTo": copy_to }));
    drop(server);
    let large = world.finishes_large(&render.render_id, 9 * GIB);
    large.state().per_mb = Duration::from_millis(120);
    let function = Function::start(&world.settings().set("RENDERGATE_ALLOW_ANONYMOUS", "true"));
    let mut event: Value = serde_json::from_str(include_str!("../../events/http-v2-progress.json")).unwrap();
    event["rawPath"] = json!(render.path(""));
    event["requestContext"]["http"]["path"] = json!(render.path(""));
    let (mut polls, mut status) = (Vec::new(), Value::Null);
    while status != "done" {
        let began = Instant::now();
        let answer = function.invoke(&event);
        assert_eq!(answer["statusCode"], 200, "{answer:#}");
        let view: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        status = view["copy"]["status"].clone();
        assert!(["copying", "done"].contains(&status.as_str().unwrap()), "{view:#}");
        assert!(view["copy"]["error"].is_null(), "{view:#}");
        polls.push((began.elapsed().as_secs(), large.state().parts.len()));
        assert!(polls.len() < 6, "{polls:?}");
        // Nothing runs between the polls.
        let parts = large.state().parts.len();
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(parts, large.state().parts.len());
    }
    let state = large.state();
    println!("9 GiB on Lambda: (seconds, parts so far) of each poll {polls:?}");
    assert!(polls.len() > 1 && polls.iter().all(|(seconds, _)| *seconds < 21), "{polls:?}");
    assert_eq!((state.begun, state.completed, state.uploads.len()), (1, 1, 0));
    drop(state);
    function.forget();
}
