//! Whom the program believes that a host is AWS, and what it does with connections that were closed.

use serde_json::Value;

use crate::stack::relay::Relay;
use crate::stack::{Function, Settings, World, minimal};

/// A world whose Lambda is behind TLS.
fn settings(world: &World, lambda: &Relay) -> Settings {
    world.settings().set("AWS_ENDPOINT_URL_LAMBDA", &lambda.endpoint)
}

#[test]
fn a_stranger_s_certificate_is_good_only_where_its_authority_is_named() {
    let world = World::new();
    let (lambda, authority) = Relay::tls(&world.lambda.endpoint, world.folder());
    let server = settings(&world, &lambda).serve();
    let answer = server.post("/v1/renders", &minimal()).expect(503);
    assert_eq!(answer["code"], "aws_unavailable", "{answer:#}");
    assert_eq!(world.lambda.calls().len(), 0);
    let log = server.stop();
    assert!(log.contains("UnknownIssuer"), "{log}");

    let server = settings(&world, &lambda).set("AWS_CA_BUNDLE", authority.display().to_string()).serve();
    server.post("/v1/renders", &minimal()).expect(202);
    assert_eq!(world.lambda.payload()["type"], "start");
}

#[test]
fn another_authority_than_the_named_one_is_not_believed() {
    let world = World::new();
    let (lambda, _) = Relay::tls(&world.lambda.endpoint, world.folder());
    let (_, authority) = Relay::tls(&world.lambda.endpoint, world.folder());
    let server = settings(&world, &lambda).set("AWS_CA_BUNDLE", authority.display().to_string()).serve();
    server.post("/v1/renders", &minimal()).expect(503);
    assert_eq!(world.lambda.calls().len(), 0);
}

#[test]
fn a_bundle_without_certificates_is_a_mistake() {
    let world = World::new();
    let file = world.folder().join("empty.pem");
    std::fs::write(&file, "no certificate").unwrap();
    for path in [file.display().to_string(), "/nowhere.pem".to_owned()] {
        let ended = world.settings().set("AWS_CA_BUNDLE", &path).run(&["serve"]);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.contains("AWS_CA_BUNDLE") && ended.stderr.contains(&path), "{ended:?}");
    }
}

#[test]
fn what_was_closed_while_the_function_was_frozen_fails_nothing() {
    let world = World::new();
    let lambda = Relay::start(&world.lambda.endpoint);
    let function = Function::start(&settings(&world, &lambda).set("RENDERGATE_ALLOW_ANONYMOUS", "true"));
    let event: Value = serde_json::from_str(include_str!("../../events/http-v2-start.json")).unwrap();
    for times in 1..=3 {
        let answer = function.invoke(&event);
        assert_eq!(answer["statusCode"], 202, "{answer:#}");
        assert_eq!(world.lambda.calls().len(), times);
        function.signal("STOP");
        lambda.cut();
        function.signal("CONT");
    }
    function.forget();
}
