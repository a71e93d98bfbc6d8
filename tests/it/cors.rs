//! Browsers: pages of other origins get in where the operator says so, and nowhere else.

use reqwest::Method;
use serde_json::json;

use crate::stack::{Answer, Server, World, basic, root};

const SHOP: &str = "https://shop.example";
/// As template.yaml has an HTTP API tell them, too.
const HEADERS: &str =
    "authorization,content-type,idempotency-key,prefer,x-amz-content-sha256,x-amz-date,x-amz-security-token,x-api-key";
const EXPOSED: &str = "idempotent-replayed,location,preference-applied,retry-after,www-authenticate,x-request-id";

fn preflight(server: &Server, path: &str, origin: &str) -> Answer {
    let asked =
        [("origin", origin), ("access-control-request-method", "POST"), ("access-control-request-headers", HEADERS)];
    server.send(Method::OPTIONS, path, &asked, "")
}

#[test]
fn off_by_default() {
    let world = World::new();
    let server = world.settings().set("API_USERNAME", "shop").set("API_PASSWORD", "password-canary").serve();
    let answer = preflight(&server, "/v1/renders", SHOP);
    assert!([401, 405].contains(&answer.status), "{answer:#?}");
    for answer in [answer, server.get_with("/healthz", &[("origin", SHOP)])] {
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{answer:#?}");
    }
}

#[test]
fn a_preflight_needs_no_credentials_and_names_what_is_allowed() {
    let world = World::new();
    let settings = world.settings().set("API_USERNAME", "shop").set("API_PASSWORD", "password-canary");
    let server = settings.set("RENDERGATE_CORS_ORIGINS", format!("{SHOP}, http://localhost:3000")).serve();
    for origin in [SHOP, "http://localhost:3000"] {
        let answer = preflight(&server, "/v1/renders", origin);
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(origin)), "{answer:#?}");
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET,POST,DELETE"));
        assert_eq!(answer.header("access-control-allow-headers"), Some(HEADERS));
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
        assert!(answer.header("vary").unwrap().contains("origin"), "caches tell origins apart: {answer:#?}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer:#?}");
    }
    for stranger in ["https://evil.example", "https://shop.example.evil", "http://shop.example", "null"] {
        let answer = preflight(&server, "/v1/renders", stranger);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{answer:#?}");
    }
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn answers_and_problems_can_be_read_by_the_page() {
    let world = World::new();
    let settings = world.settings().set("API_USERNAME", "shop").set("API_PASSWORD", "password-canary");
    let server = settings.set("RENDERGATE_CORS_ORIGINS", SHOP).serve();
    let authorization = basic("shop", "password-canary");
    let known = [("origin", SHOP), ("authorization", authorization.as_str())];
    for (answer, status) in [
        (server.post_with("/v1/renders", &known, &json!({})), 202),
        (server.post_with("/v1/renders", &known, &json!({ "crf": "x" })), 400),
        (server.post_with("/v1/renders", &known[..1], &json!({})), 401),
        (server.get_with("/nowhere", &known), 404),
        (server.send(Method::PUT, "/v1/renders", &known, ""), 405),
    ] {
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some(SHOP)), "{answer:#?}");
        assert_eq!(answer.header("access-control-expose-headers"), Some(EXPOSED));
        assert!(answer.header("vary").unwrap().contains("origin"), "{answer:#?}");
        assert_eq!(answer.header("content-length"), Some(answer.text.len().to_string().as_str()), "{answer:#?}");
    }
}

#[test]
fn any_origin_only_where_someone_writes_a_star() {
    let world = World::new();
    let settings = world.settings().set("API_USERNAME", "shop").set("API_PASSWORD", "password-canary");
    let server = settings.set("RENDERGATE_CORS_ORIGINS", "*").serve();
    let answer = preflight(&server, "/v1/renders", "https://any.example");
    assert!(["*", "https://any.example"].contains(&answer.header("access-control-allow-origin").unwrap()));
    assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer:#?}");
}

#[test]
fn without_callers_only_pages_of_a_named_origin_start_renders() {
    let world = World::new();
    let body = json!({ "composition": "react-svg" });
    let open = world.serve();
    open.post_with("/v1/renders", &[("origin", SHOP)], &body).problem(403, "not_allowed");
    let server = world.settings().set("RENDERGATE_CORS_ORIGINS", SHOP).serve();
    server.post_with("/v1/renders", &[("origin", "https://evil.example")], &body).problem(403, "not_allowed");
    assert_eq!(server.post_with("/v1/renders", &[("origin", SHOP)], &body).status, 202);
}

#[test]
fn an_origin_that_no_browser_sends_is_a_mistake() {
    let world = World::new();
    for wrong in
        ["shop.example", "https://shop.example/", "https://Shop.example", "https://a.example/x", "https://", ","]
    {
        let finished = world.settings().set("RENDERGATE_CORS_ORIGINS", wrong).run(&["serve"]);
        assert_ne!(finished.code, Some(0), "{wrong}: {finished:?}");
        assert!((finished.stderr + &finished.stdout).contains("RENDERGATE_CORS_ORIGINS"), "{wrong}");
    }
}

#[test]
fn an_http_api_tells_browsers_the_same() {
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    for list in [HEADERS, EXPOSED, "GET,POST,DELETE"] {
        assert!(template.contains(&format!("[{}]", list.replace(',', ", "))), "{list}");
    }
}
