//! Several accounts: who renders, what happens when one is full or broken, and who is asked afterwards.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::stack::{FUNCTION, Moto, Reply, Settings, World, minimal};

const KEYS: [&str; 3] = ["AKIAACCOUNT000000001", "AKIAACCOUNT000000002", "AKIAACCOUNT000000003"];

/// The guide's numbered keys, the accounts `1`, `2` and `3`.
fn three(world: &World) -> Settings {
    let numbered = KEYS.iter().zip(1..).fold(world.settings().unset("RENDERGATE_BUCKET"), |settings, (key, number)| {
        settings
            .set(&format!("AWS_KEY_{number}"), *key)
            .set(&format!("AWS_SECRET_{number}"), format!("canary-secret-of-{number}"))
    });
    numbered.set("RENDERGATE_ACCOUNT_POLICY", "round-robin")
}

fn accounts(of: &[String]) -> HashMap<&str, usize> {
    of.iter().fold(HashMap::new(), |mut counts, account| {
        *counts.entry(account.as_str()).or_default() += 1;
        counts
    })
}

#[test]
fn nobody_is_refused_while_any_account_has_room() {
    let world = World::new();
    let server = three(&world).unset("RENDERGATE_ACCOUNT_POLICY").serve();
    world.lambda.always(Reply::started(&world.bucket, "m1yq8x2c0v"));
    for (key, room) in KEYS.iter().zip([10, 100, 1000]) {
        world.lambda.limit(key, room);
    }
    let next = AtomicUsize::new(0);
    let burst = || {
        let mut chosen = Vec::new();
        while next.fetch_add(1, Ordering::Relaxed) < 1110 {
            let answer = server.post("/v1/renders", &minimal()).expect(202);
            chosen.push(answer["account"].as_str().unwrap().to_owned());
        }
        chosen
    };
    let chosen: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(burst)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(accounts(&chosen), HashMap::from([("1", 10), ("2", 100), ("3", 1000)]));
    let invoked = world.lambda.calls().len();
    println!("1110 orders, 0 refused, {invoked} invocations");
    // An account that is full is left alone for a while: not every order runs against it.
    assert!(invoked < 2 * 1110, "{invoked} invocations");

    let problem = server.post("/v1/renders", &minimal()).problem(429, "throttled");
    assert!(problem["retryAfter"].as_u64().is_some(), "{problem:#}");
}

#[test]
fn the_id_remembers_who_renders() {
    let world = World::new();
    let server = three(&world).serve();
    for (key, number) in KEYS.iter().zip(1..) {
        let render = world.submit(&server, minimal());
        assert_eq!(render.answer["account"], number.to_string());
        assert!(render.id.starts_with(&format!("{number}~us-east-1~")), "{}", render.id);
        world.finishes(&render.render_id);
        world.aws.forget_calls();
        server.get(&render.path("")).expect(200);
        server.get(&render.path("/output")).expect(302);
        server.delete(&render.path("")).expect(200);
        let calls = world.aws.calls();
        assert!(!calls.is_empty() && calls.iter().all(|call| call.access_key() == *key), "{calls:#?}");
    }
}

#[test]
fn a_named_account_is_the_only_one_asked() {
    let world = World::new();
    let server = three(&world).serve();
    for number in ["3", "1", "1"] {
        let answer = server.post("/v1/renders", &json!({ "account": number })).expect(202);
        assert_eq!(answer["account"], number);
    }
    server.post("/v1/renders", &json!({ "account": "4" })).problem(403, "not_allowed");
    world.lambda.limit(KEYS[1], 0);
    world.lambda.forget_calls();
    server.post("/v1/renders", &json!({ "account": "2" })).problem(429, "throttled");
    assert!(world.lambda.calls().iter().all(|call| call.access_key() == KEYS[1]));
    // The place of a render is told by its id, and the id of an account that is not ours leads nowhere.
    server.get(&format!("/v1/renders/4~us-east-1~{}~m1yq8x2c0v", world.bucket)).problem(403, "not_allowed");
    server.get("/v1/renders/m1yq8x2c0v").problem(404, "render_not_found");
}

#[test]
fn stills_and_compositions_move_on_as_well() {
    let world = World::new();
    let server = three(&world).serve();
    world.lambda.limit(KEYS[0], 0);
    world.lambda.limit(KEYS[1], 0);
    for _ in 0..3 {
        let still = server.post("/v1/stills", &minimal()).expect(200);
        assert_eq!((still["account"].as_str(), still["status"].as_str()), (Some("3"), Some("done")));
        assert!(!server.post("/v1/compositions", &json!({})).expect(200).to_string().is_empty());
        assert_eq!(world.lambda.calls().last().unwrap().access_key(), KEYS[2]);
    }
}

#[test]
fn a_broken_account_does_not_stop_the_others() {
    let world = World::new();
    let server = three(&world).serve();
    world.lambda.refuse_key(KEYS[0]);
    for _ in 0..6 {
        assert_ne!(server.post("/v1/renders", &minimal()).expect(202)["account"], "1");
    }
    assert!(server.stop().contains("aws_credentials_refused"), "the operator is told");
}

#[test]
fn what_may_have_run_is_not_started_again() {
    let world = World::new();
    let server = three(&world).serve();
    for reply in [Reply::aws_json(500, "ServiceException", "broken"), Reply::cut(), Reply::function_says("no")] {
        world.lambda.forget_calls();
        world.lambda.next(reply);
        let answer = server.post("/v1/renders", &minimal());
        assert!(matches!(answer.status, 502 | 503), "{}", answer.text);
        assert_eq!(world.lambda.calls().len(), 1);
    }
}

#[test]
fn an_order_goes_where_its_names_lead() {
    let world = World::new();
    let listed = json!([
        { "name": "a", "region": "us-east-1", "bucket": world.bucket },
        { "name": "b", "region": "eu-west-1", "functionName": FUNCTION.replace("2048mb-disk", "3008mb-disk") },
    ]);
    let settings = world.settings().unset("RENDERGATE_BUCKET").set("RENDERGATE_ACCOUNTS", listed.to_string());
    let server = settings.serve();
    world.lambda.always(Reply::started(&world.bucket, "m1yq8x2c0v"));
    for _ in 0..8 {
        let answer = server.post("/v1/renders", &json!({ "region": "eu-west-1" })).expect(202);
        assert_eq!((answer["account"].as_str(), answer["region"].as_str()), (Some("b"), Some("eu-west-1")));
        let answer = server.post("/v1/renders", &json!({ "functionName": FUNCTION })).expect(202);
        assert_eq!((answer["account"].as_str(), answer["region"].as_str()), (Some("a"), Some("us-east-1")));
    }
    let problem = server.post("/v1/renders", &json!({ "region": "ap-south-1" })).problem(403, "not_allowed");
    assert_eq!(problem["field"], "region");
    // What is wrong everywhere is told as if there were one account.
    let problem = server.post("/v1/renders", &json!({ "crf": -1 })).problem(400, "invalid_field");
    assert_eq!(problem["field"], "crf");
}

#[test]
fn the_command_names_an_account() {
    // Of its own: other tests have buckets, too.
    let world = World::on(Box::leak(Box::new(Moto::start(&[]))));
    let settings = three(&world);
    world.lambda.deploy(&[(FUNCTION, 2048, None)]);
    for arguments in [
        &["still", "react-svg", "--json", "--account", "2"][..],
        &["compositions", "--account", "2"],
        &["functions", "--account", "2"],
        &["sites", "--account", "2"],
        &["bucket", "--account", "2"],
    ] {
        world.forget_calls();
        let finished = settings.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?} {finished:?}");
        let calls = world.aws_calls();
        assert!(!calls.is_empty() && calls.iter().all(|call| call.access_key() == KEYS[1]), "{arguments:?} {calls:#?}");
    }
    assert_eq!(settings.run(&["functions", "--account", "9"]).code, Some(2));
}

#[test]
fn each_account_finds_its_own_function() {
    let world = World::new();
    let server = three(&world).unset("RENDERGATE_FUNCTION_NAME").serve();
    world.lambda.deploy(&[(FUNCTION, 2048, None)]);
    for _ in 0..6 {
        server.post("/v1/renders", &minimal()).expect(202);
    }
    let lists = world.lambda.calls().iter().filter(|call| call.method == "GET").count();
    assert_eq!(lists, 3, "found once in each account, and kept");
}
