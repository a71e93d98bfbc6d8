//! What a caller may use, and how often it may call.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Answer, Function, Server, VIDEO, World, minimal, progress, random, root};

const SHOP: (&str, &str) = ("x-api-key", "key-of-the-shop-canary");
const BOSS: (&str, &str) = ("x-api-key", "key-of-the-boss-canary");

/// A server whose caller `shop` has these limits, `boss` none; beside the usual destination there is `archive`.
fn serve(world: &World, limits: Value, archive: &str) -> Server {
    let mut shop = json!({ "name": "shop", "key": SHOP.1 });
    shop.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
    let keys = json!([shop, { "name": "boss", "key": BOSS.1 }]);
    let settings = world.settings().set("RENDERGATE_API_KEYS", keys.to_string());
    settings.set("RENDERGATE_DESTINATIONS", format!("{},{archive}", world.videos)).serve()
}

fn archive(world: &World) -> String {
    let archive = format!("archive-{}", random(10));
    world.moto.create_bucket(&archive, "us-east-1");
    archive
}

fn refused(answer: Answer, field: &str) {
    let problem = answer.problem(403, "not_allowed");
    assert_eq!(problem["field"], field, "{problem:#}");
}

#[test]
fn a_caller_uses_its_own_destinations_only() {
    let world = World::new();
    let archive = archive(&world);
    let server = serve(&world, json!({ "destinations": [format!("{}/shop/", world.videos)] }), &archive);
    let videos = &world.videos;
    for (body, field) in [
        (json!({ "copyTo": format!("s3://{archive}/x.mp4") }), "copyTo"),
        (json!({ "copyTo": format!("s3://{videos}/x.mp4") }), "copyTo"),
        (json!({ "copyTo": format!("s3://{videos}/shop") }), "copyTo"),
        (json!({ "outName": format!("{archive}/x.mp4") }), "outName"),
        (json!({ "outName": format!("{videos}/x.mp4") }), "outName"),
        (json!({ "outName": { "bucketName": archive, "key": "x.mp4" } }), "outName.bucketName"),
        (json!({ "forceBucketName": archive }), "forceBucketName"),
    ] {
        refused(server.post_with("/v1/renders", &[SHOP], &body), field);
        refused(server.post_with("/render", &[SHOP], &body), field);
        if field != "outName" {
            refused(server.post_with("/v1/stills", &[SHOP], &body), field);
        }
    }
    let id = format!("default~us-east-1~{archive}~abcdefghij");
    refused(server.get_with(&format!("/v1/renders/{id}"), &[SHOP]), "id");
    assert_eq!(world.aws_calls().len(), 0);
    for (caller, body) in [
        (SHOP, json!({ "copyTo": format!("s3://{videos}/shop/x.mp4") })),
        (SHOP, json!({ "outName": format!("{videos}/shop/x.mp4") })),
        (SHOP, json!({})),
        (BOSS, json!({ "copyTo": format!("s3://{archive}/x.mp4") })),
    ] {
        server.post_with("/v1/renders", &[caller], &body).expect(202);
    }
}

#[test]
fn what_others_put_elsewhere_is_neither_shown_nor_copied_nor_deleted() {
    let world = World::new();
    let archive = archive(&world);
    let server = serve(&world, json!({ "destinations": [world.videos] }), &archive);
    let body = json!({ "outName": { "bucketName": archive, "key": "secret/film.mp4" } });
    let started = server.post_with("/v1/renders", &[BOSS], &body).expect(202);
    let render_id = started["renderId"].as_str().unwrap();
    world.moto.put_object(&archive, "secret/film.mp4", &[], VIDEO);
    let mut done = progress::done(&world.bucket, render_id);
    done["renderMetadata"]["outName"] = json!({ "bucketName": archive, "key": "secret/film.mp4" });
    world.writes(render_id, &done);
    let path = format!("/v1/renders/{}", started["id"].as_str().unwrap());
    let copy = json!({ "bucket": world.videos, "key": "mine.mp4" });
    refused(server.get_with(&format!("{path}/output"), &[SHOP]), "outBucket");
    refused(server.post_with(&format!("{path}/copy"), &[SHOP], &copy), "outBucket");
    refused(server.send(Method::DELETE, &path, &[SHOP], ""), "outBucket");
    assert!(world.moto.object(&world.videos, "mine.mp4").is_none());
    assert!(world.moto.object(&archive, "secret/film.mp4").is_some());
    assert_eq!(server.get_with(&format!("{path}/output"), &[BOSS]).status, 302);
    server.post_with(&format!("{path}/copy"), &[BOSS], &copy).expect(200);
}

#[test]
fn whoever_sees_the_end_the_ordered_copy_is_made() {
    let world = World::new();
    let archive = archive(&world);
    let server = serve(&world, json!({ "destinations": [] }), &archive);
    let place = json!({ "bucketName": archive, "key": "film.mp4" });
    let body = json!({ "outName": place, "copyTo": format!("s3://{}/film.mp4", world.videos) });
    let started = server.post_with("/v1/renders", &[BOSS], &body).expect(202);
    let render_id = started["renderId"].as_str().unwrap();
    world.moto.put_object(&archive, "film.mp4", &[("content-type", "video/mp4")], VIDEO);
    let mut done = progress::done(&world.bucket, render_id);
    done["renderMetadata"]["outName"] = place;
    world.writes(render_id, &done);
    let path = format!("/v1/renders/{}", started["id"].as_str().unwrap());
    let view = server.get_with(&path, &[SHOP, ("prefer", "wait=20")]).expect(200);
    assert_eq!(view["copy"]["status"], "done", "{view:#}");
    assert_eq!(world.moto.object(&world.videos, "film.mp4").unwrap().body, VIDEO);
}

#[test]
fn a_caller_uses_its_own_accounts_only() {
    let world = World::new();
    let accounts = json!([{ "name": "a" }, { "name": "b", "weight": 0 }]);
    let keys = json!([{ "name": "shop", "key": SHOP.1, "accounts": ["b"] }, { "name": "boss", "key": BOSS.1 }]);
    let settings = world.settings().unset("RENDERGATE_BUCKET").set("RENDERGATE_ACCOUNTS", accounts.to_string());
    let server = settings.set("RENDERGATE_API_KEYS", keys.to_string()).serve();
    let id = format!("/v1/renders/a~us-east-1~{}~abcdefghij", world.bucket);
    world.finishes("abcdefghij");
    world.forget_calls();
    let post = |path: &str, body: Value| server.post_with(path, &[SHOP], &body);
    for path in ["/v1/renders", "/v1/stills", "/v1/compositions", "/render"] {
        refused(post(path, json!({ "account": "a" })), "account");
    }
    refused(post(&format!("{id}/copy"), json!({ "bucket": world.videos })), "account");
    refused(post(&format!("{id}/cancel"), json!({})), "account");
    refused(server.send(Method::DELETE, &id, &[SHOP], ""), "account");
    let asks = [
        &id,
        &format!("{id}/output"),
        &format!("{id}?skipLambdaInvocation=false"),
        "/v1/functions?account=a",
        "/v1/sites?account=a",
    ];
    for path in asks {
        refused(server.get_with(path, &[SHOP]), "account");
    }
    assert_eq!(world.aws_calls().len(), 0);
    // Unnamed, it is the one that the caller may use, whatever the policy prefers.
    let started = post("/v1/renders", minimal()).expect(202);
    assert_eq!(started["account"], "b");
    server.get_with(started["links"]["self"].as_str().unwrap(), &[SHOP]).expect(200);
    assert_eq!(server.post_with("/v1/renders", &[BOSS], &minimal()).expect(202)["account"], "a");
    server.get_with(&id, &[BOSS]).expect(200);
}

#[test]
fn a_caller_without_any_account_reaches_nothing() {
    let world = World::new();
    let server = serve(&world, json!({ "accounts": [] }), &archive(&world));
    for path in ["/v1/renders", "/v1/stills", "/v1/compositions", "/render"] {
        refused(server.post_with(path, &[SHOP], &json!({})), "account");
    }
    for path in ["/v1/renders/abcdefghij", "/v1/functions", "/v1/sites"] {
        refused(server.get_with(path, &[SHOP]), "account");
    }
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn requests_are_counted_exactly_however_many_come_at_once() {
    let world = World::new();
    let server = serve(&world, json!({ "requestsPerMinute": 7 }), &archive(&world));
    let id = format!("/v1/renders/default~us-east-1~{}~abcdefghij", world.bucket);
    let ask = || server.get_with(&id, &[SHOP]);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (passed, limited): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 404);
    assert_eq!((passed.len(), limited.len()), (7, 13));
    for answer in limited {
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((50..=60).contains(&seconds), "{answer:#?}");
        let problem = answer.problem(429, "rate_limited");
        assert_eq!(problem["requestsPerMinute"], 7, "{problem:#}");
    }
    // Neither the others nor the open routes are concerned, and a stranger is none the wiser.
    assert_eq!(server.get_with(&id, &[BOSS]).status, 404);
    assert_eq!(server.get_with("/healthz", &[SHOP]).status, 200);
    server.get(&id).problem(401, "unauthenticated");
    let log = server.stop();
    let limited =
        log.lines().filter(|line| line.contains("\"caller\":\"shop\"") && line.contains("\"code\":\"rate_limited\""));
    assert_eq!(limited.count(), 13, "the log tells who is limited: {log}");
}

#[test]
fn on_lambda_requests_are_not_counted_and_the_log_says_so() {
    let world = World::new();
    let caller = "arn:aws:sts::123456789012:assumed-role/shop/*";
    let keys = json!([{ "name": "the-shop", "identity": caller, "requestsPerMinute": 1, "destinations": [] }]);
    let function = Function::start(&world.settings().set("RENDERGATE_API_KEYS", keys.to_string()));
    let event = std::fs::read_to_string(root().join("events/url-start.json")).unwrap();
    let mut event: Value = serde_json::from_str(&event).unwrap();
    for _ in 0..2 {
        assert_eq!(function.invoke(&event)["statusCode"], 202);
    }
    event["body"] = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }).to_string().into();
    assert_eq!(function.invoke(&event)["statusCode"], 403, "the listed limits are an identity's, too");
    let log = function.forget();
    assert!(log.contains("requestsPerMinute is not counted") && log.contains("\"caller\":\"the-shop\""), "{log}");
}
