//! Who gets in: Basic and API keys, told apart from who doesn't without a call to AWS.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::stack::{Server, World, basic, minimal, random};

/// A submit with these headers: 202, or a 401 that says how to do better.
fn knock(server: &Server, headers: &[(&str, &str)]) -> bool {
    let answer = server.post_with("/v1/renders", headers, &minimal());
    if answer.status == 202 {
        return true;
    }
    assert!(answer.header("www-authenticate").is_some(), "{answer:#?}");
    answer.problem(401, "unauthenticated");
    false
}

#[test]
fn basic_lets_in_the_one_who_knows_the_password() {
    let world = World::new();
    for password in ["password-canary", "with:colons:canary:", "pässwörd ☂ canary"] {
        let server = world.settings().set("API_USERNAME", "shop").set("API_PASSWORD", password).serve();
        assert!(knock(&server, &[("authorization", &basic("shop", password))]));
        assert!(knock(&server, &[("authorization", &basic("shop", password).replace("Basic", "bAsIc"))]));
        world.forget_calls();
        let wrong = [
            basic("shop", &format!("{password}x")),
            basic("shop", &password[..password.len() - 1]),
            basic("Shop", password),
            basic("", password),
            basic("shop", ""),
            "Basic".to_owned(),
            "Basic ".to_owned(),
            "Basic !!!".to_owned(),
            "Basic c2hvcA==".to_owned(),
            format!("Bearer {}", basic("shop", "x")),
            "Digest username=shop".to_owned(),
        ];
        for header in wrong {
            assert!(!knock(&server, &[("authorization", &header)]), "{header}");
        }
        assert!(!knock(&server, &[]));
        assert!(!knock(&server, &[("x-api-key", "password-Kanari")]));
        let answer = server.post("/v1/renders", &minimal());
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic"), "{answer:#?}");
        assert_eq!(world.aws_calls().len(), 0);
    }
}

#[test]
fn a_client_may_write_the_password_in_latin_1() {
    let world = World::new();
    let server = world.settings().set("API_USERNAME", "zoë").set("API_PASSWORD", "pässwörd canary").serve();
    let latin: Vec<u8> = "zoë:pässwörd canary".chars().map(|letter| letter as u8).collect();
    assert!(knock(&server, &[("authorization", &format!("Basic {}", BASE64_STANDARD.encode(latin)))]));
    assert!(knock(&server, &[("authorization", &basic("zoë", "pässwörd canary"))]));
    assert!(!knock(&server, &[("authorization", &basic("zoe", "password canary"))]));
}

#[test]
fn the_password_may_be_a_secret_that_is_rotated() {
    let world = World::new();
    let name = format!("password-{}", random(6));
    world.moto.create_secret(&name, &json!({ "username": "shop", "password": "first-canary" }).to_string());
    let server = world.settings().set("API_USERNAME", "shop").set("API_PASSWORD", format!("secret:{name}")).serve();
    assert!(knock(&server, &[("authorization", &basic("shop", "first-canary"))]));
    assert!(!knock(&server, &[("authorization", &basic("shop", "second-canary"))]));
    let reads = || world.aws.calls().iter().filter(|call| call.service() == "secretsmanager").count();
    assert_eq!(reads(), 1, "a wrong password is no reason to read it again at once");
    world.moto.rotate_secret(&name, "second-canary");
    std::thread::sleep(Duration::from_secs(11));
    assert!(knock(&server, &[("authorization", &basic("shop", "second-canary"))]));
    assert!(!knock(&server, &[("authorization", &basic("shop", "first-canary"))]));
    assert_eq!(reads(), 2);
}

#[test]
fn keys_are_known_by_their_hash() {
    let world = World::new();
    let hash = |key: &str| Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let keys = json!([{ "name": "shop", "sha256": hash("rg_shop_canary_01234") }, { "name": "blog", "sha256": hash("rg_blog_canary_01234") }]);
    let file = world.folder().join("keys.json");
    std::fs::write(&file, keys.to_string()).unwrap();
    // Where the list is a secret itself, it may hold the keys as they are.
    let name = format!("callers-{}", random(6));
    let plain =
        json!([{ "name": "shop", "key": "rg_shop_canary_01234" }, { "name": "blog", "key": "rg_blog_canary_01234" }]);
    world.moto.create_secret(&name, &plain.to_string());
    for setting in [keys.to_string(), format!("file:{}", file.display()), format!("secret:{name}")] {
        let server = world.settings().set("RENDERGATE_API_KEYS", setting).serve();
        assert!(knock(&server, &[("authorization", "Bearer rg_shop_canary_01234")]));
        assert!(knock(&server, &[("authorization", "bearer rg_blog_canary_01234")]));
        assert!(knock(&server, &[("x-api-key", "rg_blog_canary_01234")]));
        for wrong in ["rg_shop", "", "shop", &hash("rg_shop_canary_01234")] {
            assert!(!knock(&server, &[("authorization", &format!("Bearer {wrong}"))]), "{wrong}");
            assert!(!knock(&server, &[("x-api-key", wrong)]), "{wrong}");
        }
        assert!(!knock(&server, &[("authorization", "Basic rg_shop_canary_01234")]));
        assert!(!knock(&server, &[]));
    }
}

#[test]
fn every_route_has_the_door_but_the_open_ones() {
    let world = World::new();
    let server = world.settings().set("API_USERNAME", "shop").set("API_PASSWORD", "password-canary").serve();
    let id = format!("default~us-east-1~{}~abcdefghij", world.bucket);
    for path in [format!("/v1/renders/{id}"), format!("/v1/renders/{id}/output")] {
        server.get(&path).problem(401, "unauthenticated");
    }
    for path in ["/v1/renders".to_owned(), format!("/v1/renders/{id}/copy")] {
        server.post(&path, &json!({})).problem(401, "unauthenticated");
    }
    assert_eq!(server.post("/render", &json!({})).status, 401);
    for open in ["/healthz", "/", "/docs"] {
        server.get(open).expect(200);
    }
    // What is documented exists, and asks who calls unless it says otherwise.
    let document = server.get("/openapi.json").expect(200);
    let mut documented = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let path = path.replace("{id}", &id);
            let answer = server.send(
                method.to_uppercase().parse().unwrap(),
                &path,
                &[("content-type", "application/json")],
                "{}",
            );
            let open = operation["security"].as_array().is_some_and(Vec::is_empty);
            // Without a secret nothing could prove a webhook.
            let refused = path == "/v1/webhooks/remotion";
            let expected = if refused {
                (400, "webhook_not_configured")
            } else if open {
                (200, "")
            } else {
                (401, "unauthenticated")
            };
            let code = answer.json["code"].as_str().unwrap_or_default();
            assert_eq!((answer.status, code), expected, "{method} {path}");
            documented += 1;
        }
    }
    assert!(documented >= 9);
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn nobody_known_means_loopback_only() {
    let world = World::new();
    for host in ["0.0.0.0", "::"] {
        let finished = world.settings().set("RENDERGATE_HOST", host).run(&["serve"]);
        assert_ne!(finished.code, Some(0), "{finished:?}");
        let said = finished.stderr + &finished.stdout;
        assert!(said.contains("RENDERGATE_HOST") && said.contains("API_USERNAME"), "{said}");
    }
}

#[test]
fn half_a_password_is_a_mistake() {
    let world = World::new();
    for half in ["API_USERNAME", "API_PASSWORD"] {
        let finished = world.settings().set(half, "half-canary").run(&["serve"]);
        assert_ne!(finished.code, Some(0), "{half} alone leaves the door open: {finished:?}");
        assert!((finished.stderr + &finished.stdout).contains("API_"), "{half}");
    }
}
