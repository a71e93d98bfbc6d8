//! Events on Lambda without a queue, with keys, by command, and while secrets change.

use serde_json::{Value, json};

use crate::notify::{order, told};
use crate::stack::receiver::{Receiver, SECRET, kinds};
use crate::stack::{Function, Reply, VIDEO, World, random};
use crate::stills_stream::event;

/// A second secret.
const NEW: &str = "whsec_bmV3IGtleSBvZiB0d2VudHktZm91ciBi";

#[test]
fn on_lambda_without_a_queue_whoever_asks_has_it_told() {
    let (world, receiver) = (World::new(), Receiver::start());
    let state = format!("state-{}", random(10));
    world.moto.create_bucket(&state, "us-east-1");
    let settings = told(&world)
        .set("RENDERGATE_STATE", format!("s3://{state}"))
        .set("API_USERNAME", "a")
        .set("API_PASSWORD", "canary-b");
    let function = Function::start(&settings);
    let call = |method: &str, path: &str, body: Value| -> Value {
        let answer = function.invoke(&event(method, path, &body));
        serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
    };
    let started = call("POST", "/v1/renders", order(&world, &receiver));
    let id = started["id"].as_str().unwrap();
    world.finishes(started["renderId"].as_str().unwrap());
    assert_eq!(receiver.events().len(), 0, "nobody has looked");
    receiver.next(Reply::new(500, ""));
    let view = call("GET", &format!("/v1/renders/{id}"), Value::Null);
    assert_eq!((&view["status"], &view["copy"]["status"]), (&json!("done"), &json!("done")), "{view:#}");
    assert_eq!(kinds(&receiver.events()), ["render.done", "copy.done"], "the first one was not taken");
    call("GET", &format!("/v1/renders/{id}"), Value::Null);
    assert_eq!(receiver.events().len(), 2, "it is not due yet");
    function.forget();
}

#[test]
fn a_request_that_is_repeated_does_not_forget_whom_to_tell() {
    let (world, receiver) = (World::new(), Receiver::start());
    let server = told(&world).serve();
    let key = [("idempotency-key", "one")];
    let first = server.post_with("/v1/renders", &key, &order(&world, &receiver)).expect(202);
    let again = server.post_with("/v1/renders", &key, &order(&world, &receiver)).expect(202);
    assert_eq!(first["id"], again["id"]);
    world.finishes(first["renderId"].as_str().unwrap());
    assert_eq!(kinds(&receiver.events_until(2)), ["render.done", "copy.done"]);
}

#[test]
fn a_copy_that_is_ordered_later_is_told_of_too() {
    let (world, receiver) = (World::new(), Receiver::start());
    let server = told(&world).serve();
    let render = world.submit(&server, json!({ "notify": { "url": receiver.url } }));
    world.finishes(&render.render_id);
    assert_eq!(kinds(&receiver.events_until(1)), ["render.done"]);
    for key in ["x.mp4", "y.mp4"] {
        receiver.forget();
        server.post(&render.path("/copy"), &json!({ "bucket": world.videos, "key": key })).expect(200);
        let events = receiver.events_until(1);
        assert_eq!((kinds(&events), &events[0].data["copy"]["key"]), (vec!["copy.done"], &json!(key)));
    }
}

#[test]
fn while_a_secret_takes_anothers_place_both_are_believed() {
    let (world, receiver) = (World::new(), Receiver::start());
    let secret = format!("notify-{}", random(8));
    world.moto.create_secret(&secret, &format!("{NEW} {SECRET}"));
    let server = world.settings().set("RENDERGATE_NOTIFY_SECRET", format!("secret:{secret}")).serve();
    let render = world.submit(&server, json!({ "notify": { "url": receiver.url } }));
    world.finishes(&render.render_id);
    receiver.events_until(1);
    let [old, new] = [SECRET, NEW].map(|secret| receiver.events_signed_with(secret).len());
    assert_eq!((old, new), (1, 1));
}

#[test]
fn the_command_tells_what_was_told_and_sends_it_again() {
    let (world, receiver) = (World::new(), Receiver::start());
    let settings = told(&world);
    let server = settings.serve();
    let [render, plain] = [order(&world, &receiver), json!({})].map(|order| world.submit(&server, order));
    world.finishes(&render.render_id);
    let first = receiver.events_until(2);
    drop(server);
    let shown = settings.run(&["events", &render.id]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for event in &first {
        let line = format!("{}\t{}\tdelivered\t1\t", event.id, event.kind);
        assert!(shown.stdout.lines().any(|shown| shown == line), "{line} in {}", shown.stdout);
    }
    receiver.next(Reply::new(500, ""));
    let replayed = settings.run(&["events", &render.id, "--replay", "--json"]);
    let events = serde_json::from_str::<Value>(&replayed.stdout).unwrap();
    assert_eq!(
        (&events["events"][0]["status"], &events["events"][0]["lastError"]),
        (&json!("pending"), &json!("HTTP 500"))
    );
    assert_eq!(events["events"][1]["status"], "delivered", "{events:#}");
    let again = receiver.events();
    let ids = |events: &[crate::stack::receiver::Told]| events.iter().map(|told| told.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again[2..]), ids(&first));
    let nobody = settings.run(&["events", &plain.id]);
    assert!(nobody.code == Some(5) || nobody.code == Some(1), "{nobody:?}");
    assert!(nobody.stderr.contains("no `notify`"), "{nobody:?}");
}

#[test]
fn the_command_that_renders_tells_of_the_end() {
    let (world, receiver) = (World::new(), Receiver::start());
    let copy_to = format!("s3://{}/x.mp4", world.videos);
    let settings = told(&world);
    let rendered = std::thread::scope(|scope| {
        let arguments = ["render", "react-svg", "--copy-to", &copy_to, "--notify", &receiver.url];
        let command = scope.spawn(move || settings.run(&arguments));
        let render_id = loop {
            let keys = world.moto.keys(&world.bucket);
            if let Some(key) = keys.iter().find(|key| key.ends_with("/progress.json")) {
                break key.split('/').nth(1).unwrap().to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        world.finishes(&render_id);
        command.join().unwrap()
    });
    assert_eq!((rendered.code, rendered.stdout.trim()), (Some(0), copy_to.as_str()), "{rendered:?}");
    assert_eq!(kinds(&receiver.events()), ["render.done", "copy.done"]);
    assert_eq!(world.moto.object(&world.videos, "x.mp4").unwrap().body, VIDEO);
}
