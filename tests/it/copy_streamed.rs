//! Destinations with credentials or an endpoint of their own: the bytes flow through us, a few at a time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::copy_large::{copy_ends, until};
use crate::stack::{Call, Moto, Proxy, ROLE_KEY, Reply, Settings, VIDEO, World, minimal};

const STORE_KEY: &str = "AKIASTORE00000000001";
const MIB: u64 = 1 << 20;

/// The only destination has credentials of its own, and whatever `more` says.
fn settings(world: &World, more: &Value) -> Settings {
    let secret = json!({ "accessKeyId": STORE_KEY, "secretAccessKey": "store-secret-canary" });
    world.moto.create_secret(&format!("store-{}", world.videos), &secret.to_string());
    let mut destination = json!({ "bucket": world.videos, "credentials": format!("secret:store-{}", world.videos) });
    destination.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.settings().set("RENDERGATE_DESTINATIONS", json!([destination]).to_string())
}

fn keys<'a>(calls: &'a [Call], part: &str) -> Vec<&'a str> {
    let mut keys: Vec<_> =
        calls.iter().filter(|call| call.summary().contains(part)).map(|call| call.access_key()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[test]
fn a_store_that_is_not_aws() {
    let world = World::new();
    let other = Moto::start(&[]);
    other.create_bucket(&world.videos, "us-east-1");
    let store = Proxy::start(&other.endpoint);
    let server = settings(&world, &json!({ "endpoint": store.endpoint, "region": "auto" })).serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    let large: Vec<u8> = (0..20 * MIB + 7).map(|at| (at * at / 251) as u8).collect();
    let headers = [
        ("content-type", "video/mp4"),
        ("content-disposition", "attachment; filename=\"my%20video.mp4\""),
        ("cache-control", "max-age=60"),
        ("x-amz-meta-author", "lunar"),
    ];
    for bytes in [VIDEO.to_vec(), Vec::new(), large] {
        let key = format!("renders/{}/out.mp4", render.render_id);
        world.moto.put_object(&world.bucket, &key, &headers, bytes.clone());
        let order = json!({ "bucket": world.videos, "key": "a b/x.mp4" });
        let answer = server.post(&render.path("/copy"), &order).expect(200);
        assert_eq!(answer["copy"]["size"], json!(bytes.len()), "{answer:#}");
        let object = other.object(&world.videos, "a%20b/x.mp4").unwrap();
        assert!(object.body == bytes, "{} of {} bytes", object.body.len(), bytes.len());
        for (name, value) in headers {
            assert_eq!(object.header(name), Some(value), "{:#?}", object.headers);
        }
    }
    assert_eq!(world.moto.keys(&world.videos), Vec::<String>::new());
    // Each side sees its own keys, the bucket is in the path, and what not every store knows is not sent.
    let (there, here) = (store.calls(), world.aws.calls());
    assert_eq!((keys(&there, "s3 "), keys(&here, "s3 GET")), (vec![STORE_KEY], vec![ROLE_KEY]));
    let prefix = format!("/{}/", world.videos);
    assert!(there.iter().all(|call| call.path.starts_with(&prefix) && call.region() == "auto"), "{there:#?}");
    let parts = there.iter().filter(|call| call.query.contains("partNumber")).count();
    let sums = there.iter().filter(|call| call.headers.keys().any(|name| name.as_str().contains("checksum"))).count();
    println!("{parts} parts to a store at another endpoint, {sums} requests with a checksum");
    assert_eq!((parts, sums), (3, 0));
}

#[test]
fn another_account_of_aws_is_compared_and_conditional() {
    let world = World::new();
    let server = settings(&world, &json!({})).serve();
    let render = world.submit(&server, minimal());
    let large = world.finishes_large(&render.render_id, 30 * MIB);
    let order = |wish: &str| json!({ "bucket": world.videos, "key": "x.mp4", "ifExists": wish });
    server.post(&render.path("/copy"), &order("fail")).expect(200);
    server.post(&render.path("/copy"), &order("fail")).problem(409, "destination_exists");
    server.post(&render.path("/copy"), &order("skip")).expect(200);
    assert_eq!(large.state().completed, 1);
    let calls = world.aws.calls();
    let puts: Vec<_> = calls.iter().filter(|call| call.method == "PUT" && call.path.ends_with("/x.mp4")).collect();
    assert!(puts.iter().all(|call| call.access_key() == STORE_KEY && call.header("x-amz-copy-source").is_none()));
    assert!(puts.iter().all(|call| call.header("x-amz-checksum-crc64nvme").is_some()), "{puts:#?}");
    assert_eq!(keys(&calls, "/out.mp4"), [ROLE_KEY]);
    // A file that changes while it is read, and one that comes short.
    for reply in [Reply::aws_xml(412, "PreconditionFailed", "no"), Reply::new(206, "short")] {
        // Of its own: whoever follows the one before is still at it.
        let render = world.submit(&server, minimal());
        world.finishes_large(&render.render_id, 30 * MIB);
        world.aws.fault(usize::MAX, |call| call.method == "GET" && call.path.ends_with("/out.mp4"), reply);
        let answer = server.post(&render.path("/copy"), &order("overwrite"));
        assert_eq!(answer.status, 503, "{answer:#?}");
        world.aws.heal();
    }
}

#[test]
fn a_streamed_copy_needs_little_memory_and_is_gone_on_with() {
    let world = World::new();
    let settings = settings(&world, &json!({}));
    let server = settings.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    let idle = server.peak_memory();
    let large = world.finishes_large(&render.render_id, 512 * MIB);
    large.state().per_mb = Duration::from_millis(30);
    until("it streams", 60, || large.state().parts.len() > 40);
    let peak = server.peak_memory();
    server.kill();
    let before = large.state().parts.len();
    let server = settings.serve();
    let copy = copy_ends(&server, &render, 90);
    assert_eq!((&copy["status"], &copy["size"]), (&json!("done"), &json!(512 * MIB)), "{copy:#}");
    let state = large.state();
    println!(
        "512 MiB streamed in 64 parts, {before} before it was killed, {} twice; peak memory {} MB, {} MB of it idle",
        state.parts.len() - 64,
        peak.max(server.peak_memory()) / 1000,
        idle / 1000
    );
    assert_eq!((state.begun, state.completed, state.uploads.len()), (1, 1, 0));
    assert!(state.parts.len() - 64 < before, "it began anew");
    assert!(peak < idle + 150_000, "{peak} kB, {idle} kB when idle");
}
