//! What is refused at the door: each refusal is a problem that names what is wrong, and
//! none of them costs a call to AWS.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Answer, Server, World};

fn post_raw(server: &Server, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    server.send(Method::POST, "/v1/renders", &[("content-type", content_type)], body)
}

#[test]
fn bodies_that_are_not_json() {
    let world = World::new();
    let server = world.serve();
    let deep = format!("{{\"metadata\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let bodies: [&[u8]; 5] = [b"", b"{\"composition\":", b"{} trailing", b"\xff\xfe{}", b"{'composition':'x'}"];
    for body in bodies {
        post_raw(&server, "application/json", body).problem(400, "invalid_json");
    }
    for body in ["[]", "\"x\"", "null", "7", &deep] {
        let answer = post_raw(&server, "application/json", body);
        let code = answer.json["code"].as_str().unwrap_or_default().to_owned();
        assert!(["invalid_json", "invalid_field"].contains(&code.as_str()), "{body}: {answer:?}");
        answer.problem(400, &code);
    }
    post_raw(&server, "text/plain", "{}").problem(415, "unsupported_media_type");
    post_raw(&server, "application/x-www-form-urlencoded", "a=b").problem(415, "unsupported_media_type");
    assert_eq!(world.aws_calls().len(), 0);
    // The same body, well formed and labelled with a charset, is welcome.
    post_raw(&server, "application/json; charset=utf-8", "{}").expect(202);
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let world = World::new();
    let server = world.serve();
    // By hand: most clients push the whole body into a connection that is closing.
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    let head = "POST /v1/renders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n";
    socket.write_all(format!("{head}content-length: {}\r\n\r\n", 6 * 1024 * 1024 + 1).as_bytes()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"body_too_large\""), "{answer}");
    // What just fits is read to its end, and found to be no JSON.
    post_raw(&server, "application/json", vec![b' '; 6 * 1024 * 1024]).problem(400, "invalid_json");
}

#[test]
fn fields_of_the_wrong_type_are_named() {
    let world = World::new();
    let server = world.serve();
    let cases = [
        ("scale", json!({ "scale": "big" })),
        ("codec", json!({ "codec": "h263" })),
        ("muted", json!({ "muted": "yes" })),
        ("everyNthFrame", json!({ "everyNthFrame": 1.5 })),
        ("frameRange", json!({ "frameRange": "all" })),
        ("webhook.url", json!({ "webhook": { "url": 5, "secret": "webhook-canary" } })),
        ("webhook.secret", json!({ "webhook": { "url": "https://example.com", "secret": ["webhook-canary"] } })),
        ("envVariables.TOKEN", json!({ "envVariables": { "TOKEN": ["env-canary"] } })),
        ("licenseKey", json!({ "licenseKey": ["license-canary"] })),
        ("chromiumOptions.headless", json!({ "chromiumOptions": { "headless": "no" } })),
        ("downloadBehavior", json!({ "downloadBehavior": "download" })),
        ("outName", json!({ "outName": 5 })),
        ("copyTo", json!({ "copyTo": 5 })),
        ("copyTo.ifExists", json!({ "copyTo": { "bucket": world.videos, "ifExists": "maybe" } })),
    ];
    for (field, body) in cases {
        let problem = server.post("/v1/renders", &body).problem(400, "invalid_field");
        let (named, expected) = (problem["field"].as_str().unwrap(), problem["expected"].as_str().unwrap());
        // The field itself, or the object it is in and what that should look like.
        let inside = field.strip_prefix(named).and_then(|rest| rest.strip_prefix('.'));
        assert!(named == field || inside.is_some_and(|name| expected.contains(name)), "{body}: {problem:#}");
        assert!(!expected.is_empty(), "{body}: {problem:#}");
    }
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn what_would_fail_in_the_function_is_refused_before_it_is_called() {
    let world = World::new();
    let server = world.serve();
    let body = json!({ "frameRange": [9, 3], "crf": 99, "outName": "film.gif", "timeoutInMilliseconds": 100 });
    let problem = server.post("/v1/renders", &body).problem(400, "invalid_field");
    let wrong: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|error| error["field"].as_str()).collect();
    assert_eq!(wrong, ["outName", "timeoutInMilliseconds", "frameRange", "crf"], "{problem:#}");
    assert_eq!(problem["field"], "outName");
    let newer = server.post("/v1/renders", &json!({ "disableSharedMemoryCapture": true }));
    let problem = newer.problem(400, "invalid_field");
    assert_eq!((&problem["since"], &problem["functionVersion"]), (&json!("4.0.534"), &json!("4.0.527")));
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn unknown_fields_are_told_the_nearest_name() {
    let world = World::new();
    let server = world.serve();
    let cases = [
        ("compositon", json!({ "compositon": "x" }), json!("composition")),
        ("inputprops", json!({ "inputprops": {} }), json!("inputProps")),
        ("copy_to", json!({ "copy_to": "s3://x/y" }), json!("copyTo")),
        ("quality", json!({ "quality": 80 }), json!("jpegQuality")),
        ("wurzelbrumpft", json!({ "wurzelbrumpft": 1 }), Value::Null),
        ("copyTo.kee", json!({ "copyTo": { "bucket": world.videos, "kee": "x" } }), json!("key")),
    ];
    for (field, body, nearest) in cases {
        let problem = server.post("/v1/renders", &body).problem(400, "invalid_field");
        assert_eq!((&problem["field"], &problem["didYouMean"]), (&json!(field), &nearest), "{problem:#}");
    }
    let twice = post_raw(&server, "application/json", r#"{"codec":"h264","codec":"gif"}"#);
    let problem = twice.problem(400, "invalid_field");
    assert_eq!(problem["field"], "codec", "{problem:#}");
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn what_neither_body_nor_settings_say_is_missing() {
    let world = World::new();
    for (field, setting) in [("composition", "RENDERGATE_COMPOSITION"), ("serveUrl", "RENDERGATE_SERVE_URL")] {
        // An empty variable counts as none.
        for settings in [world.settings().unset(setting), world.settings().set(setting, "")] {
            let server = settings.serve();
            let problem = server.post("/v1/renders", &json!({})).problem(400, "missing_field");
            assert_eq!(problem["field"], field);
        }
    }
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn routes_and_methods_that_are_not_there() {
    let world = World::new();
    let server = world.serve();
    for path in ["/nothing", "/v1", "/v1/renders/a/b/c", "/v2/renders"] {
        server.get(path).problem(404, "route_not_found");
    }
    for (method, path) in [
        (Method::PUT, "/v1/renders"),
        (Method::POST, "/v1/renders/x/output"),
        (Method::DELETE, "/healthz"),
        (Method::GET, "/v1/renders/x/copy"),
    ] {
        let answer = server.send(method.clone(), path, &[], "");
        assert!(answer.header("allow").is_some_and(|allowed| !allowed.is_empty()), "{method} {path}: {answer:#?}");
        answer.problem(405, "method_not_allowed");
    }
}

#[test]
fn a_request_id_is_kept_only_when_it_is_harmless() {
    let world = World::new();
    let server = world.serve();
    let answer = server.get("/nothing");
    let first = answer.header("x-request-id").unwrap().to_owned();
    assert_ne!(server.get("/nothing").header("x-request-id"), Some(first.as_str()));
    let forged = "a\u{9}b{\"level\":\"ERROR\"}".repeat(50);
    let answer = server.get_with("/nothing", &[("x-request-id", &forged)]);
    assert_ne!(answer.header("x-request-id"), Some(forged.as_str()));
    answer.problem(404, "route_not_found");
}
