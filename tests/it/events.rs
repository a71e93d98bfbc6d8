//! Every file of events/ through the real `bootstrap`: what API Gateway would get back.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::stack::{Function, Moto, Reply, Settings, World, root};

/// The names that the events speak of.
const BUCKET: &str = "remotionlambda-useast1-abcdefghij";
const VIDEOS: &str = "videos";
const RENDER: &str = "px60ct13fy";
/// The render that is deleted.
const OLD_RENDER: &str = "1a2b3c4d5e";

/// What each file is answered, by the beginning of its name.
const EXPECTED: [(&str, u64, &str); 28] = [
    ("http-v2-broken-content-type", 415, "unsupported_media_type"),
    ("http-v2-broken-destination", 403, "not_allowed"),
    ("http-v2-broken-json", 400, "invalid_json"),
    ("http-v2-broken-method", 405, "method_not_allowed"),
    ("http-v2-broken-route", 404, "route_not_found"),
    ("http-v2-broken-type", 400, "invalid_field"),
    ("http-v2-broken-unknown-field", 400, "invalid_field"),
    // The render has ended.
    ("http-v2-cancel", 409, "not_cancellable"),
    ("http-v2-compositions", 200, ""),
    ("http-v2-copy", 200, ""),
    ("http-v2-delete", 200, ""),
    ("http-v2-functions", 200, ""),
    ("http-v2-greeting", 200, ""),
    ("http-v2-guide-render", 200, ""),
    ("http-v2-healthz", 200, ""),
    ("http-v2-output", 302, ""),
    ("http-v2-progress", 200, ""),
    ("http-v2-progress-by-function", 200, ""),
    ("http-v2-progress-wait", 200, ""),
    ("http-v2-sites", 200, ""),
    ("http-v2-start", 202, ""),
    ("http-v2-start-base64", 202, ""),
    ("http-v2-start-copy", 202, ""),
    ("http-v2-start-jwt", 202, ""),
    ("http-v2-still", 200, ""),
    ("http-v2-unauthenticated-start", 401, "unauthenticated"),
    ("http-v2-unauthenticated-wrong-key", 401, "unauthenticated"),
    ("http-v2-unauthenticated-wrong-password", 401, "unauthenticated"),
];

fn events() -> BTreeMap<String, Value> {
    let files = fs::read_dir(root().join("events")).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let event = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), serde_json::from_str(&text).unwrap())
    };
    files.map(event).collect()
}

/// A world in which the renders that the events ask for have ended.
fn world(name: &str) -> (World, Settings) {
    let moto = Box::leak(Box::new(Moto::start(&[])));
    let world = World::named(moto, BUCKET, VIDEOS);
    world.finishes(RENDER);
    world.finishes(OLD_RENDER);
    let settings = world
        .settings()
        .set("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")
        .set("RENDERGATE_STATE", format!("s3://{name}"))
        .set("API_USERNAME", "admin")
        .set("API_PASSWORD", "password-canary");
    moto.create_bucket(name, "us-east-1");
    (world, settings)
}

/// Sends every event, and checks what comes back for each.
fn replay(world: &World, function: &Function) {
    let events = events();
    let names: Vec<&str> = events.keys().map(String::as_str).collect();
    assert_eq!(names, EXPECTED.map(|(name, ..)| name), "each file of events/ has its line here");
    for (name, status, code) in EXPECTED {
        let answer = function.invoke(&events[name]);
        assert_eq!(answer["statusCode"], status, "{name}: {answer:#}");
        let headers = answer["headers"].as_object().unwrap_or_else(|| panic!("{name}: {answer:#}"));
        assert!(headers["x-request-id"].as_str().is_some_and(|id| !id.is_empty()), "{name}: {answer:#}");
        assert_eq!(answer["isBase64Encoded"], false, "{name}: {answer:#}");
        let body: Value = answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        assert_eq!(body["code"].as_str().unwrap_or_default(), code, "{name}: {answer:#}");
        match status {
            202 => {
                assert_eq!(headers["location"], format!("/v1/renders/{}", body["id"].as_str().unwrap()), "{answer:#}")
            }
            302 => assert!(headers["location"].as_str().unwrap().contains("X-Amz-Signature="), "{answer:#}"),
            400.. => assert_eq!(headers["content-type"], "application/problem+json", "{answer:#}"),
            _ => {}
        }
    }
    assert!(world.moto.object(VIDEOS, &format!("customers/{RENDER}.mp4")).is_some());
    // Four starts and the guide's; the broken and the unauthenticated cost nothing.
    assert_eq!(world.lambda.payloads().iter().filter(|payload| payload["type"] == "start").count(), 5);
    assert!(
        world
            .lambda
            .payloads()
            .iter()
            .any(|payload| payload["inputProps"]["payload"].as_str().unwrap_or_default().contains("Grüße, 世界"))
    );
}

#[test]
fn every_event_under_cargo_lambda_watch() {
    let (world, settings) = world("state-of-events");
    let function = Function::watch(&settings);
    replay(&world, &function);
    let log = function.forget();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.iter().any(|line| line.get("_aws").is_some()), "on Lambda metrics are on: {log}");
    assert!(log.contains("arn:aws:sts::123456789012:assumed-role/shop/shop"), "the caller is known: {log}");
}

#[test]
fn the_answer_comes_before_the_function_s_time_is_up() {
    let (world, settings) = world("state-of-deadlines");
    let function = Function::start(&settings);
    let events = events();
    assert_eq!(function.invoke(&events["http-v2-healthz"])["statusCode"], 200);
    let mut slow = Reply::json(200, &Value::Null);
    slow.delay = Duration::from_secs(30);
    world.lambda.next(slow);
    let answer = function.invoke_within(&events["http-v2-start"], Duration::from_secs(5));
    assert_eq!(answer["statusCode"], 504, "{answer:#}");
    assert!(answer["body"].as_str().unwrap().contains("\"timeout\""), "{answer:#}");
    // It is none the worse for it.
    assert_eq!(function.invoke(&events["http-v2-progress"])["statusCode"], 200);
    function.forget();
}

#[test]
fn on_lambda_nobody_gets_in_unknown() {
    let (world, settings) = world("state-of-strangers");
    let function = Function::start(&settings.unset("API_USERNAME").unset("API_PASSWORD"));
    let events = events();
    for (name, status) in [("http-v2-unauthenticated-start", 401), ("http-v2-healthz", 200), ("http-v2-start", 202)] {
        let answer = function.invoke(&events[name]);
        assert_eq!(answer["statusCode"], status, "{name}: {answer:#}");
    }
    assert_eq!(world.lambda.calls().len(), 1);
    function.forget();
}
