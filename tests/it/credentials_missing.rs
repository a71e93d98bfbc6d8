//! Credentials that can't be had: which, why, and never what was in them.

use crate::credentials::{OLD_KEY, guide_secret, reads, with_secret};
use crate::stack::{Reply, World, minimal, random};

#[test]
fn a_key_that_stays_refused_is_not_read_for_ever() {
    let world = World::new();
    let (_, settings) = with_secret(&world, &guide_secret(OLD_KEY));
    let server = settings.serve();
    world.lambda.refuse_key(OLD_KEY);
    server.post("/v1/renders", &minimal()).problem(502, "aws_credentials_refused");
    assert!(
        reads(&world) <= 2 && world.lambda.calls().len() <= 2,
        "{} reads, {} invokes",
        reads(&world),
        world.lambda.calls().len()
    );
}

#[test]
fn secrets_that_are_none_are_told_apart() {
    let world = World::new();
    let binary = format!("binary-{}", random(6));
    world.moto.create_binary_secret(&binary);
    let mut cases = vec![(binary, "binary"), (format!("missing-{}", random(6)), "no secret")];
    let broken = [
        ("not JSON, canary", "JSON"),
        ("[\"canary\"]", "remotion_aws_client_id"),
        ("{}", "remotion_aws_client_id"),
        ("{\"remotion_aws_client_id\":\"AKIACANARY\"}", "remotion_aws_client_secret"),
        (
            "{\"remotion_aws_client_id\":\"AKIACANARY\",\"remotion_aws_client_secret\":\"\"}",
            "remotion_aws_client_secret",
        ),
        ("{\"remotion_aws_client_id\":7,\"remotion_aws_client_secret\":\"canary\"}", "remotion_aws_client_id"),
    ];
    for (text, hint) in broken {
        cases.push((with_secret(&world, text).0, hint));
    }
    for (name, hint) in cases {
        let server = world.settings().set("RENDERGATE_CREDENTIALS", format!("secret:{name}")).serve();
        let problem = server.post("/v1/renders", &minimal()).problem(502, "credentials_unavailable");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&name) && detail.contains(hint), "{hint}: {problem:#}");
    }
    assert_eq!(world.lambda.calls().len(), 0);
}

#[test]
fn a_secret_that_we_may_not_read_names_the_permission() {
    let world = World::new();
    let (name, settings) = with_secret(&world, &guide_secret(OLD_KEY));
    let server = settings.serve();
    let denied = Reply::aws_json(
        400,
        "AccessDeniedException",
        "User: x is not authorized to perform: secretsmanager:GetSecretValue",
    );
    world.aws.fault(usize::MAX, |call| call.service() == "secretsmanager", denied);
    let answer = server.post("/v1/renders", &minimal());
    assert_eq!(answer.status, 502, "{answer:#?}");
    assert!(answer.text.contains("secretsmanager:GetSecretValue") && answer.text.contains(&name), "{answer:#?}");
}

#[test]
fn without_any_credentials_the_answer_says_so() {
    let world = World::new();
    let settings =
        world.settings().unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY").unset("AWS_SESSION_TOKEN");
    let server = settings.serve();
    server.post("/v1/renders", &minimal()).problem(502, "credentials_unavailable");
    assert_eq!(world.lambda.calls().len(), 0);
}
