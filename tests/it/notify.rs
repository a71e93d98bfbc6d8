//! `notify`: whoever ordered a render is told of its end, signed by Standard Webhooks.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::receiver::{Receiver, SECRET, kinds};
use crate::stack::{Function, Reply, Server, Settings, World, progress};

pub(crate) fn told(world: &World) -> Settings {
    world.settings().set("RENDERGATE_NOTIFY_SECRET", SECRET)
}

/// With a copy, and whom to tell.
pub(crate) fn order(world: &World, receiver: &Receiver) -> Value {
    json!({ "copyTo": format!("s3://{}/{{renderId}}.mp4", world.videos), "notify": { "url": receiver.url } })
}

/// What is told after this pause is told too often.
fn nothing_more(receiver: &Receiver, count: usize) {
    std::thread::sleep(Duration::from_millis(1500));
    let events = receiver.events();
    assert_eq!(events.len(), count, "{events:#?}");
}

#[test]
fn the_end_and_the_copy_are_told_once_each_and_signed() {
    let (world, receiver) = (World::new(), Receiver::start());
    let server = told(&world).serve();
    let render = world.submit(&server, order(&world, &receiver));
    assert_eq!(render.answer["notify"], Value::Null, "the address may hold a token");
    world.finishes(&render.render_id);
    let events = receiver.events_until(2);
    assert_eq!(kinds(&events), ["render.done", "copy.done"]);
    assert_ne!(events[0].id, events[1].id);
    let [done, copied] = [&events[0].data, &events[1].data];
    for data in [done, copied] {
        let identity = [&data["id"], &data["renderId"], &data["bucketName"], &data["region"], &data["account"]];
        assert_eq!(identity, [&render.id, &render.render_id, &world.bucket, "us-east-1", "default"], "{data:#}");
        assert_eq!((&data["status"], &data["outBucket"]), (&json!("done"), &json!(world.bucket)), "{data:#}");
        assert_eq!(data["outKey"], format!("renders/{}/out.mp4", render.render_id));
        assert!(data["costs"]["accruedSoFar"].is_number() && data["timeToFinish"].is_number(), "{data:#}");
        assert_eq!(data["errors"], json!([]));
    }
    assert_eq!((&copied["copy"]["status"], &copied["copy"]["bucket"]), (&json!("done"), &json!(world.videos)));
    // Whoever asks sees the end, too.
    for _ in 0..3 {
        server.get(&render.path("")).expect(200);
    }
    nothing_more(&receiver, 2);
}

#[test]
fn failures_are_told_with_their_reason() {
    let (world, receiver) = (World::new(), Receiver::start());
    let server = told(&world).serve();
    let notify = json!({ "notify": { "url": receiver.url } });
    let [failed, cancelled] = [(); 2].map(|()| world.submit(&server, notify.clone()));
    world.writes(&failed.render_id, &progress::failed(&failed.render_id));
    let events = receiver.events_until(1);
    assert_eq!((events[0].kind.as_str(), &events[0].data["status"]), ("render.failed", &json!("failed")));
    let errors = events[0].data["errors"].as_array().unwrap();
    let message = errors[0]["message"].as_str().unwrap();
    assert!(errors.len() <= 3 && !message.is_empty() && message.len() <= 1000, "{errors:#?}");
    assert_eq!(errors[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["message", "name"], "no stack");

    receiver.forget();
    world.writes(&cancelled.render_id, &progress::cancelled(&cancelled.render_id));
    let events = receiver.events_until(1);
    assert_eq!((kinds(&events), &events[0].data["id"]), (vec!["render.cancelled"], &json!(cancelled.id)));

    receiver.forget();
    let copied = world.submit(&server, order(&world, &receiver));
    let (videos, denied) = (format!("/{}/", world.videos), Reply::aws_xml(403, "AccessDenied", "no"));
    world.aws.fault(usize::MAX, move |call| call.path.starts_with(&videos), denied);
    world.finishes(&copied.render_id);
    let events = receiver.events_until(2);
    assert_eq!(kinds(&events), ["render.done", "copy.failed"]);
    assert_eq!(events[1].data["copy"]["error"]["code"], "aws_access_denied", "{:#}", events[1].data);
}

#[test]
fn what_is_not_taken_comes_again_with_its_id() {
    let (world, receiver) = (World::new(), Receiver::start());
    let server = told(&world).serve();
    let elsewhere = Receiver::start();
    receiver.next(Reply::new(302, "").header("location", &elsewhere.url));
    let render = world.submit(&server, json!({ "notify": { "url": receiver.url } }));
    world.finishes(&render.render_id);
    let events = receiver.events_until(2);
    assert_eq!((kinds(&events), &events[0].id), (vec!["render.done"; 2], &events[1].id));
    assert_eq!(events[0].data, events[1].data);
    assert_eq!(elsewhere.events().len(), 0, "a redirect is not followed");
    nothing_more(&receiver, 2);
    let mut server = server;
    let log = server.log_until(|log| log.contains("event taken"));
    assert!(log.contains("HTTP 302") && log.contains(&events[0].id), "{log}");
}

#[test]
fn who_is_gone_is_told_nothing_more() {
    let (world, receiver) = (World::new(), Receiver::start());
    let settings = told(&world);
    let mut server = settings.serve();
    receiver.next(Reply::new(410, ""));
    let render = world.submit(&server, order(&world, &receiver));
    world.finishes(&render.render_id);
    receiver.events_until(1);
    server.log_until(|log| log.contains("event given up"));
    let shown = settings.run(&["events", &render.id, "--json"]);
    let events = &serde_json::from_str::<Value>(&shown.stdout).unwrap()["events"];
    assert_eq!((&events[0]["status"], &events[0]["lastError"]), (&json!("failed"), &json!("HTTP 410")), "{events:#}");
}

#[test]
fn sixty_four_who_see_the_end_tell_it_once() {
    let (world, receiver) = (World::new(), Receiver::start());
    let jobs = world.with_queue();
    let settings = jobs.settings.clone().set("RENDERGATE_NOTIFY_SECRET", SECRET);
    let server = settings.serve();
    let render = world.submit(&server, order(&world, &receiver));
    server.kill();
    world.finishes(&render.render_id);
    let workers: Vec<Function> = (0..4).map(|_| Function::worker(&settings)).collect();
    let finish = json!({ "job": "finish", "id": render.id }).to_string();
    let messages: Vec<String> = (0..16).map(|number| format!("m-{number}")).collect();
    let messages: Vec<(&str, &str)> = messages.iter().map(|id| (id.as_str(), finish.as_str())).collect();
    let event = crate::stack::queue::batch(&messages);
    std::thread::scope(|scope| {
        for worker in &workers {
            let event = &event;
            scope.spawn(move || assert_eq!(worker.invoke(event), json!({ "batchItemFailures": [] })));
        }
    });
    // Whoever lost the race for the copy has not told of it; its message is the follower's.
    workers[0].invoke(&event);
    let events = receiver.events_until(2);
    nothing_more(&receiver, 2);
    let mut kinds = kinds(&events);
    kinds.sort_unstable();
    assert_eq!(kinds, ["copy.done", "render.done"], "64 finishers, {} events", events.len());
    println!("65 finishers of one render: 1 render.done, 1 copy.done");
    workers.into_iter().for_each(|worker| drop(worker.forget()));
}

#[test]
fn a_process_that_died_is_taken_up_by_the_next_one() {
    let (world, receiver) = (World::new(), Receiver::start());
    let settings = told(&world);
    let mut server = settings.serve();
    receiver.next(Reply::new(503, "not now"));
    let [waits, unseen] = [(); 2].map(|()| world.submit(&server, json!({ "notify": { "url": receiver.url } })));
    world.finishes(&waits.render_id);
    server.log_until(|log| log.contains("event not taken"));
    server.kill();
    world.finishes(&unseen.render_id);
    assert_eq!(receiver.events().len(), 1);
    let next = settings.serve();
    let events = receiver.events_until(3);
    let of = |id: &str| events.iter().filter(|event| event.data["id"] == id).count();
    assert_eq!((of(&waits.id), of(&unseen.id)), (2, 1), "{events:#?}");
    drop(next);
}

#[test]
fn with_a_queue_events_wait_there() {
    let (world, receiver) = (World::new(), Receiver::start());
    let jobs = world.with_queue();
    let settings = jobs.settings.clone().set("RENDERGATE_NOTIFY_SECRET", SECRET);
    let server = settings.serve();
    let render = world.submit(&server, json!({ "notify": { "url": receiver.url } }));
    server.kill();
    assert_eq!(world.moto.messages(&jobs.queue), [0, 0, 1], "it is followed");
    world.finishes(&render.render_id);
    let worker = Function::worker(&settings);
    let follow = json!({ "job": "follow", "id": render.id, "since": 0 }).to_string();
    let event = crate::stack::queue::batch(&[("m-1", &follow)]);
    receiver.next(Reply::new(500, ""));
    worker.invoke(&event);
    assert_eq!((receiver.events().len(), world.moto.messages(&jobs.queue)[2]), (1, 2), "the message came back");
    let deadline = Instant::now() + Duration::from_secs(30);
    while receiver.events().len() < 2 {
        assert!(Instant::now() < deadline);
        worker.invoke(&event);
        std::thread::sleep(Duration::from_millis(500));
    }
    let waiting = world.moto.messages(&jobs.queue);
    worker.invoke(&event);
    assert_eq!(world.moto.messages(&jobs.queue), waiting, "nothing is left to be told: nothing came back");
    let events = receiver.events();
    assert_eq!((events.len(), &events[0].id), (2, &events[1].id));
    worker.forget();
}

#[test]
fn orders_that_end_without_a_render_are_told_of_too() {
    let (world, receiver) = (World::new(), Receiver::start());
    let jobs = world.with_queue();
    let settings = jobs.settings.clone().set("RENDERGATE_NOTIFY_SECRET", SECRET);
    let server = settings.serve();
    let notify = json!({ "notify": { "url": receiver.url } });
    let queue = |server: &Server| server.post_with("/v1/renders", &[crate::orders::ASYNC], &notify).expect(202);
    let [cancelled, refused, rendered] = [(); 3].map(|()| queue(&server)["id"].as_str().unwrap().to_owned());
    server.post(&format!("/v1/renders/{cancelled}/cancel"), &json!({})).expect(202);
    world.lambda.next(Reply::json(200, &json!({ "type": "error", "message": "No such site", "stack": "" })));
    let mut worker = settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"]);
    let events = receiver.events_until(2);
    let kind = |id: &str| events.iter().filter(|event| event.data["id"] == id).map(|event| &event.kind).next();
    let ended: Vec<_> = [&refused, &rendered].into_iter().filter(|id| kind(id).is_some()).collect();
    assert_eq!((kind(&cancelled).map(String::as_str), ended.len()), (Some("render.cancelled"), 1), "{events:#?}");
    let failed = events.iter().find(|event| event.kind == "render.failed").unwrap();
    assert!(failed.data["errors"][0]["message"].as_str().unwrap().contains("No such site"), "{:#}", failed.data);
    assert_eq!((&failed.data["renderId"], &failed.data["status"]), (&Value::Null, &json!("failed")));

    // The other one was started; it is told by the id that its caller knows.
    let other = if ended[0] == &refused { &rendered } else { &refused };
    let render_id = server.get_with(&format!("/v1/renders/{other}"), &[("prefer", "wait=20")]);
    let render_id = render_id.expect(200)["renderId"].as_str().unwrap().to_owned();
    world.finishes(&render_id);
    let events = receiver.events_until(3);
    let done = events.iter().find(|event| event.kind == "render.done").unwrap();
    assert_eq!((&done.data["id"], &done.data["renderId"]), (&json!(other), &json!(render_id)));
    worker.log_until(|log| log.contains("event taken"));
}

#[test]
fn what_can_never_be_told_is_refused() {
    let (world, receiver) = (World::new(), Receiver::start());
    let server = world.serve();
    let problem = server.post("/v1/renders", &order(&world, &receiver)).problem(400, "notify_not_configured");
    assert_eq!(problem["field"], "notify");
    drop(server);
    let server = told(&world).set("RENDERGATE_WEBHOOK_HOSTS", "hooks.example.com,127.0.0.1").serve();
    for (notify, field) in [
        (json!({ "url": "http://hooks.example.com/x" }), "notify.url"),
        (json!({ "url": "https://10.0.0.7/x" }), "notify.url"),
        (json!({ "url": "https://169.254.169.254/latest" }), "notify.url"),
        (json!({ "url": "https://me:password-canary@hooks.example.com/" }), "notify.url"),
        (json!({ "url": "nowhere" }), "notify.url"),
        (json!({ "url": 5 }), "notify.url"),
        (json!({}), "notify.url"),
        (json!({ "url": "https://hooks.example.com", "uri": "x" }), "notify.uri"),
        (json!("https://hooks.example.com"), "notify"),
    ] {
        let problem = server.post("/v1/renders", &json!({ "notify": notify })).problem(400, "invalid_field");
        assert_eq!(problem["field"], field, "{notify}: {problem:#}");
    }
    let elsewhere = json!({ "notify": { "url": "https://elsewhere.example.com/" } });
    server.post("/v1/renders", &elsewhere).problem(403, "not_allowed");
    assert_eq!(world.lambda.calls().len(), 0);

    let wrong = world.settings().set("RENDERGATE_NOTIFY_SECRET", "not-a-secret-canary").run(&["config"]);
    assert!(wrong.stderr.contains("RENDERGATE_NOTIFY_SECRET: expected `whsec_`"), "{wrong:?}");
}
