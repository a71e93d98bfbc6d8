//! Orders that others put on the queue, and what is none.

use serde_json::json;

use crate::stack::queue::{batch, failures};
use crate::stack::{Function, Reply, World, random};

const NONE: [&str; 0] = [];
const ID: &str = "059f36b4-87a3-44ab-83d2-661975830a7d";

#[test]
fn the_body_of_an_order_is_an_order() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let worker = Function::worker(&jobs.settings);
    let body = json!({ "inputProps": { "n": 1 }, "copyTo": format!("s3://{}/x.mp4", world.videos) }).to_string();
    world.lambda.next(Reply::throttled("ConcurrentInvocationLimitExceeded", None));
    world.lambda.next(Reply::throttled("ConcurrentInvocationLimitExceeded", None));
    world.lambda.next(Reply::throttled("ConcurrentInvocationLimitExceeded", None));
    let message = batch(&[(ID, &body)]);
    assert_eq!(failures(&worker.invoke(&message)), NONE);
    let path = format!("/v1/renders/q~{ID}");
    assert_eq!(server.get(&path).expect(200)["status"], "queued");
    world.forget_calls();
    for _ in 0..2 {
        assert_eq!(failures(&worker.invoke(&message)), NONE);
    }
    assert_eq!(world.lambda.payload()["type"], "start");
    let running = server.get(&path).expect(200);
    assert_eq!(
        (&running["status"], &running["copy"]["status"]),
        (&json!("rendering"), &json!("pending")),
        "{running:#}"
    );
    worker.forget();
}

#[test]
fn what_is_no_good_order_goes_to_the_dead_letters_with_its_reason() {
    let world = World::new();
    let jobs = world.with_queue();
    let dead = world.moto.create_queue(&format!("dead-{}", random(8)));
    let server = jobs.settings.serve();
    let bad = json!({ "compositon": "x" }).to_string();
    let stays = Function::worker(&jobs.settings);
    assert_eq!(failures(&stays.invoke(&batch(&[("m-1", "{"), (ID, &bad)]))), ["m-1", ID], "there are no dead letters");
    stays.forget();
    let worker = Function::worker(&jobs.settings.clone().set("RENDERGATE_DEAD_LETTER_QUEUE_URL", &dead));
    assert_eq!(failures(&worker.invoke(&batch(&[("m-1", "not json")]))), NONE);
    let letter = world.moto.receive(&dead);
    assert!(letter.contains("not json") && letter.contains("invalid_json: "), "{letter}");
    let other = ID.replace('0', "1");
    assert_eq!(failures(&worker.invoke(&batch(&[(&other, &bad)]))), NONE);
    let letter = world.moto.receive(&dead);
    assert!(letter.contains("compositon") && letter.contains("invalid_field: "), "{letter}");
    for id in [ID, &other] {
        let failed = server.get(&format!("/v1/renders/q~{id}")).expect(200);
        assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("invalid_field")));
    }
    assert_eq!(world.lambda.calls().len(), 0);
    // What may go better stays.
    world.aws.fault(100, |call| call.service() == "s3", Reply::aws_xml(403, "AccessDenied", "no"));
    assert_eq!(failures(&worker.invoke(&batch(&[("m-2", "{}")]))), ["m-2"]);
    worker.forget();
}
