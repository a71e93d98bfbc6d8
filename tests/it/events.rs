//! Every file of events/ through the real `bootstrap`: what API Gateway would get back.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::stack::{Function, Moto, Reply, Settings, World, root};

/// The names that the events speak of.
const BUCKET: &str = "remotionlambda-useast1-abcdefghij";
const VIDEOS: &str = "videos";
const RENDER: &str = "px60ct13fy";
/// The render that is deleted.
const OLD_RENDER: &str = "1a2b3c4d5e";
/// The render of the recorded webhook, and what that was signed with.
const HOOKED_RENDER: &str = "4hy20axvv2";
const WEBHOOK_SECRET: &str = "s3cr3t";

/// What each file is answered, by the beginning of its name.
const EXPECTED: [(&str, u64, &str); 59] = [
    ("alb-healthz", 200, ""),
    ("alb-output", 302, ""),
    ("alb-progress-multi-value", 200, ""),
    ("alb-start", 202, ""),
    ("alb-start-base64", 202, ""),
    ("alb-start-multi-value", 202, ""),
    ("alb-unauthenticated-forged", 401, "unauthenticated"),
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
    ("http-v2-events", 404, "route_not_found"),
    ("http-v2-functions", 200, ""),
    ("http-v2-greeting", 200, ""),
    ("http-v2-guide-render", 200, ""),
    ("http-v2-healthz", 200, ""),
    ("http-v2-healthz-origin", 200, ""),
    ("http-v2-list", 200, ""),
    ("http-v2-output", 302, ""),
    ("http-v2-progress", 200, ""),
    ("http-v2-progress-by-function", 200, ""),
    ("http-v2-progress-wait", 200, ""),
    ("http-v2-sites", 200, ""),
    ("http-v2-start", 202, ""),
    ("http-v2-start-base64", 202, ""),
    ("http-v2-start-copy", 202, ""),
    ("http-v2-start-jwt", 202, ""),
    ("http-v2-start-key", 202, ""),
    ("http-v2-start-mapped", 202, ""),
    ("http-v2-start-stage", 202, ""),
    ("http-v2-still", 200, ""),
    ("http-v2-unauthenticated-start", 401, "unauthenticated"),
    ("http-v2-unauthenticated-webhook", 401, "unauthenticated"),
    ("http-v2-unauthenticated-wrong-key", 401, "unauthenticated"),
    ("http-v2-unauthenticated-wrong-password", 401, "unauthenticated"),
    ("http-v2-webhook", 200, ""),
    ("rest-greeting", 200, ""),
    ("rest-guide-render", 200, ""),
    ("rest-output", 302, ""),
    ("rest-preflight", 200, ""),
    ("rest-progress-by-function", 200, ""),
    ("rest-progress-wait", 200, ""),
    ("rest-start", 202, ""),
    ("rest-start-authorizer", 202, ""),
    ("rest-start-base64", 202, ""),
    ("rest-start-cognito", 202, ""),
    ("rest-start-usage-plan", 202, ""),
    ("rest-unauthenticated-start", 401, "unauthenticated"),
    ("url-preflight", 200, ""),
    ("url-start", 202, ""),
    ("url-start-base64", 202, ""),
    ("url-unauthenticated-start", 401, "unauthenticated"),
];

fn events() -> BTreeMap<String, Value> {
    let files = fs::read_dir(root().join("events")).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let event = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), serde_json::from_str(&text).unwrap())
    };
    // The worker's are replayed with its own tests.
    files.map(event).filter(|(name, _)| !name.starts_with("sqs-")).collect()
}

/// A world in which the renders that the events ask for have ended.
fn world(name: &str) -> (World, Settings) {
    let moto = Box::leak(Box::new(Moto::start(&[])));
    let world = World::named(moto, BUCKET, VIDEOS);
    world.finishes(RENDER);
    world.finishes(OLD_RENDER);
    world.finishes(HOOKED_RENDER);
    let settings = world
        .settings()
        .set("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")
        .set("RENDERGATE_STATE", format!("s3://{name}"))
        .set("RENDERGATE_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .set("API_USERNAME", "admin")
        .set("API_PASSWORD", "password-canary")
        .set("RENDERGATE_CORS_ORIGINS", "https://shop.example");
    moto.create_bucket(name, "us-east-1");
    (world, settings)
}

/// A header of an answer, where its door looks for it.
fn header<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    answer["headers"][name].as_str().or_else(|| answer["multiValueHeaders"][name][0].as_str())
}

/// Sends every event, and checks what comes back for each.
fn replay(world: &World, function: &Function) {
    let events = events();
    let names: Vec<&str> = events.keys().map(String::as_str).collect();
    assert_eq!(names, EXPECTED.map(|(name, ..)| name), "each file of events/ has its line here");
    for (name, status, code) in EXPECTED {
        let answer = function.invoke(&events[name]);
        assert_eq!(answer["statusCode"], status, "{name}: {answer:#}");
        let header = |of: &str| header(&answer, of);
        assert!(header("x-request-id").is_some_and(|id| !id.is_empty()), "{name}: {answer:#}");
        assert_eq!(answer["isBase64Encoded"], false, "{name}: {answer:#}");
        let body: Value = answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        assert_eq!(body["code"].as_str().unwrap_or_default(), code, "{name}: {answer:#}");
        match status {
            202 => assert_eq!(header("location"), Some(&*format!("/v1/renders/{}", body["id"].as_str().unwrap()))),
            302 => assert!(header("location").unwrap().contains("X-Amz-Signature="), "{answer:#}"),
            400.. => assert_eq!(header("content-type"), Some("application/problem+json"), "{answer:#}"),
            _ => {}
        }
        let (door, rest) = name.split_once('-').unwrap();
        match door {
            // A load balancer looks for one or the other, depending on how its target group is set up.
            "alb" => {
                assert_eq!(answer["headers"]["x-request-id"], answer["multiValueHeaders"]["x-request-id"][0]);
                assert!(answer["statusDescription"].as_str().unwrap().starts_with(&status.to_string()), "{answer:#}");
            }
            "rest" => assert!(answer["multiValueHeaders"]["x-request-id"].is_array(), "{answer:#}"),
            _ => assert!(answer["headers"]["x-request-id"].is_string(), "{answer:#}"),
        }
        match rest {
            "preflight" => {
                assert_eq!(header("access-control-allow-origin"), Some("https://shop.example"), "{answer:#}");
                assert!(header("access-control-allow-headers").unwrap().contains("authorization"), "{answer:#}");
            }
            // The HTTP API answers browsers itself.
            "v2-healthz-origin" => assert_eq!(header("access-control-allow-origin"), None, "{answer:#}"),
            // The preference stands in the first of two lines.
            "progress-wait" | "progress-multi-value" => {
                assert_eq!(header("preference-applied"), Some("wait=2"), "{name}: {answer:#}");
            }
            "output" => assert!(header("location").unwrap().contains("X-Amz-Expires=600&"), "{answer:#}"),
            _ => {}
        }
    }
    assert!(world.moto.object(VIDEOS, &format!("customers/{RENDER}.mp4")).is_some());
    // The broken and the unauthenticated cost nothing.
    let started = EXPECTED.iter().filter(|(name, status, _)| *status == 202 || name.ends_with("guide-render")).count();
    assert_eq!(world.lambda.payloads().iter().filter(|payload| payload["type"] == "start").count(), started);
    let titles = world.lambda.payloads().into_iter().filter(|payload| payload["type"] == "start");
    let titles = titles.filter(|payload| payload["inputProps"]["payload"].as_str().unwrap().contains("Grüße, 世界"));
    assert!(titles.count() >= 14, "in base64 or not, every letter arrives");
}

#[test]
fn every_event_under_cargo_lambda_watch() {
    let (world, settings) = world("state-of-events");
    let function = Function::watch(&settings);
    replay(&world, &function);
    let log = function.forget();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.iter().any(|line| line.get("_aws").is_some()), "on Lambda metrics are on: {log}");
    let callers =
        ["shop", "stage", "rest", "url"].map(|name| format!("arn:aws:sts::123456789012:assumed-role/shop/{name}"));
    let others = ["5f3f0d9e-cognito", "partner-of-rest", "partner-of-http", "u5a6g7e8id", "admin"].map(str::to_owned);
    for caller in callers.into_iter().chain(others) {
        assert!(lines.iter().any(|line| line["caller"] == *caller), "{caller} is known: {log}");
    }
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
    let unknown = |name: &&String| name.contains("unauthenticated") || name.starts_with("alb-start");
    let strangers: Vec<&String> = events.keys().filter(unknown).collect();
    assert!(strangers.len() >= 9);
    for name in strangers {
        let answer = function.invoke(&events[name]);
        assert_eq!(answer["statusCode"], 401, "{name}: {answer:#}");
        assert!(header(&answer, "www-authenticate").unwrap().starts_with("Basic"), "{name}: {answer:#}");
    }
    for (name, status) in [("http-v2-healthz", 200), ("alb-healthz", 200), ("http-v2-start", 202)] {
        let answer = function.invoke(&events[name]);
        assert_eq!(answer["statusCode"], status, "{name}: {answer:#}");
    }
    assert_eq!(world.lambda.calls().len(), 1);
    function.forget();
}

#[test]
fn a_load_balancer_s_bodies_end_at_1_mb() {
    let (world, settings) = world("state-of-large-bodies");
    let function = Function::start(&settings);
    let events = events();
    for (name, length, status) in [
        ("alb-start", 1024 * 1024 + 1, 413),
        ("alb-start-base64", 1024 * 1024 + 1, 413),
        ("alb-start", 1024 * 1024, 400),
        ("rest-start", 1024 * 1024 + 1, 400),
    ] {
        let mut event = events[name].clone();
        let body = "x".repeat(length);
        event["body"] =
            if event["isBase64Encoded"] == true { BASE64_STANDARD.encode(body).into() } else { body.into() };
        let answer = function.invoke(&event);
        assert_eq!(answer["statusCode"], status, "{name} {length}: {}", answer["body"]);
        assert_eq!(answer["body"].as_str().unwrap().contains("larger than 1 MB"), status == 413, "{}", answer["body"]);
    }
    assert_eq!(world.lambda.calls().len(), 0);
    function.forget();
}

#[test]
fn a_host_that_is_none_is_no_panic() {
    let (_world, settings) = world("state-of-hosts");
    let function = Function::start(&settings);
    let mut event = events()["alb-healthz"].clone();
    for host in ["a:99999", "[", "", "%00"] {
        event["headers"]["host"] = host.into();
        assert_eq!(function.invoke(&event)["statusCode"], 200, "{host}");
    }
    function.forget();
}
