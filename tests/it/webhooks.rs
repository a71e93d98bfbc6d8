//! Remotion's own webhook: renders are started with it, and what it says is done.

use rendergate::remotion::webhook::sign;
use serde_json::{Value, json};

use crate::stack::queue::{Jobs, batch};
use crate::stack::receiver::{Receiver, SECRET, kinds};
use crate::stack::{Answer, Function, Render, Reply, Server, Settings, VIDEO, World, random};

const PATH: &str = "/v1/webhooks/remotion";
const KEY: &str = "webhook-secret-canary";

fn hooked(settings: Settings) -> Settings {
    settings.set("RENDERGATE_PUBLIC_URL", "https://api.example.com/").set("RENDERGATE_WEBHOOK_SECRET", KEY)
}

fn with_copy(world: &World) -> Value {
    json!({ "copyTo": format!("s3://{}/{{renderId}}.mp4", world.videos) })
}

/// What the function sends at the end of a render that was started with this payload.
fn notice(kind: &str, render: &Render, payload: &Value) -> String {
    json!({
        "type": kind, "renderId": render.render_id, "expectedBucketOwner": "123456789012",
        "bucketName": render.answer["bucketName"], "customData": payload["webhook"]["customData"],
    })
    .to_string()
}

fn hear(server: &Server, body: &str, signature: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("x-remotion-signature", signature)];
    server.send(reqwest::Method::POST, PATH, &headers, body.to_owned())
}

fn genuine(server: &Server, body: &str) -> Answer {
    hear(server, body, &sign(KEY.as_bytes(), body.as_bytes()))
}

#[test]
fn renders_are_started_with_our_webhook_where_it_is_of_use() {
    let (world, receiver) = (World::new(), Receiver::start());
    let server = hooked(world.settings()).set("RENDERGATE_NOTIFY_SECRET", SECRET).serve();
    let own = json!({
        "url": "https://api.example.com/v1/webhooks/remotion", "secret": KEY,
        "customData": { "account": "default", "region": "us-east-1" },
    });
    let theirs = json!({ "url": "https://shop.example.com/hook", "secret": null, "customData": { "n": 1 } });
    let copy_to = with_copy(&world)["copyTo"].clone();
    for (order, webhook) in [
        (json!({}), &Value::Null),
        (json!({ "copyTo": copy_to }), &own),
        (json!({ "notify": { "url": receiver.url } }), &own),
        (json!({ "copyTo": copy_to, "webhook": theirs }), &theirs),
    ] {
        world.forget_calls();
        world.submit(&server, order);
        assert_eq!(&world.lambda.payload()["webhook"], webhook);
    }
}

#[test]
fn what_is_not_genuine_is_not_believed() {
    let world = World::new();
    let server = hooked(world.settings()).set("RENDERGATE_BUCKET", &world.bucket).serve();
    let render = world.submit(&server, with_copy(&world));
    let payload = world.lambda.payload();
    let body = notice("success", &render, &payload);
    for signature in ["", "NO_SECRET_PROVIDED", "sha512=00", &sign(b"another", body.as_bytes())] {
        hear(&server, &body, signature).problem(401, "unauthenticated");
    }
    hear(&server, &body.replace(':', ": "), &sign(KEY.as_bytes(), body.as_bytes())).problem(401, "unauthenticated");
    genuine(&server, "{}").problem(400, "invalid_json");
    genuine(&server, &body.replace(&world.bucket, "remotionlambda-useast1-0000000000")).problem(403, "not_allowed");
    genuine(&server, &body.replace(&render.render_id, "0000000000")).problem(404, "render_not_found");
    genuine(&server, &body.replace("\"default\"", "\"another\"")).problem(403, "not_allowed");
    server.get(PATH).problem(405, "method_not_allowed");
    drop(server);
    let server = world.serve();
    genuine(&server, &body).problem(400, "webhook_not_configured");
}

#[test]
fn without_a_queue_the_copy_is_made_before_the_answer() {
    let world = World::new();
    let state = format!("state-{}", random(10));
    world.moto.create_bucket(&state, "us-east-1");
    let settings = hooked(world.settings()).set("RENDERGATE_STATE", format!("s3://{state}"));
    let server = settings.serve();
    let render = world.submit(&server, with_copy(&world));
    server.kill();
    let body = notice("success", &render, &world.lambda.payload());
    world.finishes(&render.render_id);
    let function = Function::start(&settings);
    let mut event: Value = serde_json::from_str(include_str!("../../events/http-v2-webhook.json")).unwrap();
    event["body"] = json!(body);
    event["headers"]["x-remotion-signature"] = json!(sign(KEY.as_bytes(), body.as_bytes()));
    for _ in 0..2 {
        let answer = function.invoke(&event);
        assert_eq!(answer["statusCode"], 200, "{answer:#}");
    }
    let key = format!("{}.mp4", render.render_id);
    assert_eq!(world.moto.object(&world.videos, &key).unwrap().body, VIDEO);
    let copies = world.aws.calls_like(&format!("PUT /{}", world.videos));
    assert_eq!(copies.len(), 1, "a repetition is harmless: {copies:?}");
    function.forget();
}

#[test]
fn with_a_queue_it_is_answered_first_and_done_by_the_worker() {
    let (world, receiver) = (World::new(), Receiver::start());
    let Jobs { settings, queue, .. } = world.with_queue();
    let settings = hooked(settings).set("RENDERGATE_NOTIFY_SECRET", SECRET);
    let server = settings.serve();
    let mut order = with_copy(&world);
    order["notify"] = json!({ "url": receiver.url });
    let render = world.submit(&server, order);
    let body = notice("success", &render, &world.lambda.payload());
    // The server's own follower is not what is tried here.
    server.kill();
    let function = Function::start(&settings);
    let mut event: Value = serde_json::from_str(include_str!("../../events/http-v2-webhook.json")).unwrap();
    event["body"] = json!(body);
    event["headers"]["x-remotion-signature"] = json!(sign(KEY.as_bytes(), body.as_bytes()));
    world.finishes(&render.render_id);
    assert_eq!(function.invoke(&event)["statusCode"], 200);
    assert_eq!(world.moto.messages(&queue)[0], 1, "the job is there");
    assert!(world.moto.keys(&world.videos).is_empty(), "and not done yet");
    let finish = format!(r#"{{"job":"finish","id":"{}"}}"#, render.id);
    let message = world.moto.receive(&queue).replace("&quot;", "\"");
    assert!(message.contains(&finish), "{message}");
    let worker = Function::worker(&settings);
    worker.invoke(&batch(&[("m-1", &finish), ("m-2", &finish)]));
    assert!(world.moto.object(&world.videos, &format!("{}.mp4", render.render_id)).is_some());
    worker.invoke(&batch(&[("m-3", &finish)]));
    let mut events = receiver.events();
    events.sort_by(|a, b| a.kind.cmp(&b.kind));
    assert_eq!(kinds(&events), ["copy.done", "render.done"]);

    // A webhook that was answered is not lost: one that can't be kept is refused, and comes again.
    world.aws.fault(usize::MAX, |call| call.service() == "sqs", Reply::aws_xml(503, "ServiceUnavailable", "no"));
    assert_eq!(function.invoke(&event)["statusCode"], 503);
    function.forget();
    worker.forget();
}

#[test]
fn all_copies_arrive_though_three_webhooks_in_ten_are_lost() {
    const RENDERS: usize = 40;
    let world = World::new();
    let Jobs { settings, queue, .. } = world.with_queue();
    let settings = hooked(settings);
    let server = settings.serve();
    let renders: Vec<Render> = (0..RENDERS).map(|_| world.submit(&server, with_copy(&world))).collect();
    let payload = world.lambda.payloads().remove(0);
    server.kill();
    let worker = settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"]);
    // It makes no copies by itself: it was not there when they were ordered, and has them on no list.
    let door =
        settings.clone().set("RENDERGATE_STATE", format!("file:{}", world.folder().join("empty").display())).serve();
    let mut lost = 0;
    for (number, render) in renders.iter().enumerate() {
        world.finishes(&render.render_id);
        // Seven of ten come.
        if number % 10 < 7 {
            genuine(&door, &notice("success", render, &payload)).expect(200);
        } else {
            lost += 1;
        }
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
    let arrived = || world.moto.keys(&world.videos).len();
    while arrived() < RENDERS || world.moto.messages(&queue) != [0, 0, 0] {
        assert!(std::time::Instant::now() < deadline, "{} of {RENDERS}: {}", arrived(), worker.log());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let copies = world.aws.calls_like(&format!("PUT /{}", world.videos)).len();
    println!("{RENDERS} renders, {lost} webhooks lost: {} copies arrived, made by {copies} requests", arrived());
    assert_eq!((arrived(), copies, lost), (RENDERS, RENDERS, 12));
    worker.stop();
}
