//! Who we are to AWS: the execution role, or a user kept in Secrets Manager.

use serde_json::{Value, json};

use crate::stack::{Call, ROLE_KEY, ROLE_TOKEN, Reply, Settings, World, minimal, random};

pub(crate) const OLD_KEY: &str = "AKIAOLDUSER000000001";
const NEW_KEY: &str = "AKIANEWUSER000000001";

/// The guide's secret, holding this key.
pub(crate) fn guide_secret(key: &str) -> String {
    json!({ "remotion_aws_client_id": key, "remotion_aws_client_secret": format!("{key}-secret-canary") }).to_string()
}

/// A secret of this test alone, and settings that use it.
pub(crate) fn with_secret(world: &World, text: &str) -> (String, Settings) {
    let name = format!("dev/remotion-user-{}", random(6));
    world.moto.create_secret(&name, text);
    let settings = world.settings().set("RENDERGATE_CREDENTIALS", format!("secret:{name}"));
    (name, settings)
}

pub(crate) fn reads(world: &World) -> usize {
    world.aws.calls().iter().filter(|call| call.header("x-amz-target") == Some("secretsmanager.GetSecretValue")).count()
}

#[test]
fn the_role_s_session_token_goes_with_every_call() {
    let world = World::new();
    let state = format!("state-{}", random(10));
    world.moto.create_bucket(&state, "us-east-1");
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve();
    let order = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos), "inputProps": { "d": "x".repeat(250_000) } });
    let render = world.submit(&server, order);
    world.finishes(&render.render_id);
    let answer = server.get_with(&render.path(""), &[("prefer", "wait=20")]).expect(200);
    assert_eq!(answer["copy"]["status"], "done", "{answer:#}");
    let calls = world.aws_calls();
    for part in ["lambda POST", "/input-props/", "/progress.json", &state, "/x.mp4"] {
        assert!(calls.iter().any(|call| call.summary().contains(part)), "no call of {part}");
    }
    for call in calls {
        assert_eq!((call.access_key(), call.session_token()), (ROLE_KEY, Some(ROLE_TOKEN)), "{}", call.summary());
    }
}

#[test]
fn the_guide_s_secret_is_read_once_for_everyone() {
    let world = World::new();
    world.moto.create_secret("dev/remotion-user", &guide_secret(OLD_KEY));
    let server = world.settings().set("RENDERGATE_CREDENTIALS", "secret:dev/remotion-user").serve();
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| server.post("/v1/renders", &minimal()).expect(202));
        }
    });
    server.post("/v1/renders", &minimal()).expect(202);
    assert_eq!(reads(&world), 1);
    let read = world.aws.calls().into_iter().find(|call| call.service() == "secretsmanager").unwrap();
    assert_eq!((read.access_key(), read.session_token()), (ROLE_KEY, Some(ROLE_TOKEN)));
    assert_eq!(read.json()["SecretId"], "dev/remotion-user");
    assert!([Value::Null, json!("AWSCURRENT")].contains(&read.json()["VersionStage"]));
    for call in world.lambda.calls() {
        assert_eq!((call.access_key(), call.session_token()), (OLD_KEY, None));
    }
}

#[test]
fn other_names_for_the_same_keys() {
    let world = World::new();
    let names = [
        ("remotion_aws_client_id", "remotion_aws_client_secret", None),
        ("REMOTION_AWS_ACCESS_KEY_ID", "REMOTION_AWS_SECRET_ACCESS_KEY", Some("REMOTION_AWS_SESSION_TOKEN")),
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", Some("AWS_SESSION_TOKEN")),
        ("accessKeyId", "secretAccessKey", Some("sessionToken")),
    ];
    for (id, secret, token) in names {
        let mut text = json!({ id: NEW_KEY, secret: "secret-canary", "comment": "not ours" });
        if let Some(token) = token {
            text[token] = json!("token-canary");
        }
        let (_, settings) = with_secret(&world, &text.to_string());
        let server = settings.serve();
        world.forget_calls();
        server.post("/v1/renders", &minimal()).expect(202);
        let call = &world.lambda.calls()[0];
        assert_eq!((call.access_key(), call.session_token()), (NEW_KEY, token.map(|_| "token-canary")), "{id}");
    }
}

#[test]
fn a_stage_may_be_named() {
    let world = World::new();
    let (name, settings) = with_secret(&world, &guide_secret(OLD_KEY));
    world.moto.rotate_secret(&name, &guide_secret(NEW_KEY));
    let server = settings.set("RENDERGATE_CREDENTIALS", format!("secret:{name}#AWSPREVIOUS")).serve();
    server.post("/v1/renders", &minimal()).expect(202);
    assert_eq!(world.lambda.calls()[0].access_key(), OLD_KEY);
}

#[test]
fn after_a_rotation_the_secret_is_read_once_more() {
    let world = World::new();
    let (name, settings) = with_secret(&world, &guide_secret(OLD_KEY));
    let server = settings.serve();
    server.post("/v1/renders", &minimal()).expect(202);
    world.moto.rotate_secret(&name, &guide_secret(NEW_KEY));
    world.lambda.refuse_key(OLD_KEY);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| server.post("/v1/renders", &minimal()).expect(202));
        }
    });
    assert_eq!(reads(&world), 2, "once at first, once after the refusal, by one request for all");
    assert_eq!(world.lambda.calls().last().map(Call::access_key), Some(NEW_KEY));
}

#[test]
fn storage_that_refuses_the_key_has_the_secret_read_again_too() {
    for refusal in ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"] {
        let world = World::new();
        let (name, settings) = with_secret(&world, &guide_secret(OLD_KEY));
        let server = settings.serve();
        let render = world.submit(&server, minimal());
        world.moto.rotate_secret(&name, &guide_secret(NEW_KEY));
        let refuses = |call: &Call| call.service() == "s3" && call.access_key() == OLD_KEY;
        world.aws.fault(usize::MAX, refuses, Reply::aws_xml(403, refusal, "The key is no longer valid."));
        server.get(&render.path("")).expect(200);
        assert_eq!(reads(&world), 2, "{refusal}");
    }
}
