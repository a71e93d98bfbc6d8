//! The rotation drill: a user's key is replaced under load, and moto refuses the old one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::credentials::reads;
use crate::stack::owner::element;
use crate::stack::{Moto, Reply, World, minimal};

/// What a user may do here: it is keys that are tried, not policies.
const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

fn iam(moto: &Moto, action: &str, parameters: &[(&str, &str)]) -> String {
    moto.query("iam", &[&[("Action", action), ("Version", "2010-05-08")], parameters].concat())
}

/// A new key pair of this user.
fn key(moto: &Moto, user: &str) -> (String, String) {
    let made = iam(moto, "CreateAccessKey", &[("UserName", user)]);
    (element(&made, "AccessKeyId"), element(&made, "SecretAccessKey"))
}

fn user(moto: &Moto, user: &str) -> (String, String) {
    iam(moto, "CreateUser", &[("UserName", user)]);
    let policy = [("UserName", user), ("PolicyName", "all"), ("PolicyDocument", EVERYTHING)];
    iam(moto, "PutUserPolicy", &policy);
    key(moto, user)
}

fn secret((id, secret): &(String, String)) -> String {
    json!({ "remotion_aws_client_id": id, "remotion_aws_client_secret": secret }).to_string()
}

#[test]
fn no_request_fails_while_a_key_is_rotated_under_load() {
    let moto = Box::leak(Box::new(Moto::start(&[("INITIAL_NO_AUTH_ACTION_COUNT", "1000000")])));
    let world = World::on(moto);
    let (runner, old) = (user(moto, "runner"), user(moto, "remotion-user"));
    moto.create_secret("dev/remotion-user", &secret(&old));
    let settings =
        world.settings().unset("AWS_SESSION_TOKEN").set("RENDERGATE_CREDENTIALS", "secret:dev/remotion-user");
    let server = settings.set("AWS_ACCESS_KEY_ID", &runner.0).set("AWS_SECRET_ACCESS_KEY", &runner.1).serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    // The function writes without a signature, so it is asked to write no more.
    world.lambda.always(Reply::started(&world.bucket, "m1yq8x2c0v"));
    moto.enforce(true);

    let (over, served, failed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    for answer in [server.get(&render.path("")), server.post("/v1/renders", &minimal())] {
                        served.fetch_add(1, Ordering::Relaxed);
                        if ![200, 202].contains(&answer.status) {
                            failed.fetch_add(1, Ordering::Relaxed);
                            println!("{}", answer.text);
                        }
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_secs(2));
        moto.enforce(false);
        moto.rotate_secret("dev/remotion-user", &secret(&key(moto, "remotion-user")));
        world.forget_calls();
        iam(moto, "DeleteAccessKey", &[("UserName", "remotion-user"), ("AccessKeyId", &old.0)]);
        world.lambda.refuse_key(&old.0);
        moto.enforce(true);
        std::thread::sleep(Duration::from_secs(3));
        over.store(true, Ordering::Relaxed);
    });
    moto.enforce(false);
    let calls = world.aws_calls();
    let refused = calls.iter().filter(|call| call.access_key() == old.0).count();
    println!(
        "{} requests, {} failed; {refused} calls with the deleted key",
        served.into_inner(),
        failed.load(Ordering::Relaxed)
    );
    assert_eq!(failed.into_inner(), 0);
    assert!(refused > 0, "the drill refused nothing");
    assert_eq!(reads(&world), 1, "one fresh read for everyone");
    assert!(calls.iter().rev().take(5).all(|call| call.access_key() != old.0));
}
