//! `rendergate policy` prints what is needed and nothing else: moto enforces it, and every action that any
//! test saw is in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::iam::{STATE, role_with, world};
use crate::stack::actions::{action, printed};
use crate::stack::server::Server;
use crate::stack::{Answer, FUNCTION, Reply, Settings, World, minimal, progress};

const ROLE: &str = "arn:aws:iam::123456789012:role/render";
const KEY: &str = "a-key-of-twenty-letters";

/// Nothing is fixed but the destination, so that everything has to be found.
fn settings(settings: Settings, world: &World) -> Settings {
    let queue = world.moto.create_queue("jobs");
    settings
        .set("RENDERGATE_QUEUE_URL", queue)
        .unset("RENDERGATE_BUCKET")
        .unset("RENDERGATE_FUNCTION_NAME")
        .set("RENDERGATE_DESTINATIONS", format!("{}/out/", world.videos))
        .set("RENDERGATE_STATE", format!("s3://{STATE}/records"))
        .set("RENDERGATE_API_KEYS", "secret:callers")
}

fn policy(settings: &Settings, subject: &str) -> Vec<Value> {
    let printed = settings.run(&["policy", subject]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let policy: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    policy["Statement"].as_array().unwrap().clone()
}

fn sid(statement: &Value) -> &str {
    statement["Sid"].as_str().unwrap()
}

/// What is done with each right, by the name of its statement.
type Step = (&'static str, fn(&World, &Server) -> Answer);

const STEPS: [Step; 12] = [
    ("Render", |_, server| post(server, "/v1/renders", &minimal())),
    ("ListFunctions", |_, server| get(server, "/v1/functions")),
    ("ReadProgressAndOutputs", |world, server| get(server, &render(world, "aaaaaaaaaa", ""))),
    ("ListSitesAndTellWhatIsMissing", |world, server| {
        get(server, &format!("/v1/sites?forceBucketName={}", world.bucket))
    }),
    ("PassLargeProps", |world, server| {
        let props = json!({ "text": "x".repeat(300_000) });
        post(server, "/v1/renders", &json!({ "inputProps": props, "forceBucketName": world.bucket }))
    }),
    ("Cancel", |world, server| post(server, &render(world, "bbbbbbbbbb", "/cancel"), &json!({}))),
    ("FindTheBucket", |_, server| get(server, "/v1/sites")),
    ("CopyOutputs", |world, server| {
        let order = json!({ "bucket": world.videos, "key": "out/copied.mp4" });
        post(server, &render(world, "aaaaaaaaaa", "/copy"), &order)
    }),
    ("KeepRecords", |world, server| {
        post(server, "/v1/renders", &json!({ "copyTo": format!("s3://{}/out/x.mp4", world.videos) }))
    }),
    ("DeleteRenders", |world, server| {
        server.send(reqwest::Method::DELETE, &render(world, "cccccccccc", ""), &[("x-api-key", KEY)], "")
    }),
    ("ListRecords", |_, server| get(server, "/v1/renders")),
    ("ReadSecrets", |_, server| get(server, "/v1/functions")),
];

/// What each step needs besides its own statement.
const ALSO: [(&str, &[&str]); 7] = [
    ("Cancel", &["ReadProgressAndOutputs"]),
    ("CopyOutputs", &["ReadProgressAndOutputs", "KeepRecords"]),
    ("DeleteRenders", &["ReadProgressAndOutputs", "ListSitesAndTellWhatIsMissing", "KeepRecords"]),
    ("FindTheBucket", &["ListSitesAndTellWhatIsMissing"]),
    ("ListSitesAndTellWhatIsMissing", &[]),
    ("ListRecords", &["KeepRecords"]),
    ("ReadProgressAndOutputs", &["KeepRecords"]),
];

fn get(server: &Server, path: &str) -> Answer {
    server.get_with(path, &[("x-api-key", KEY)])
}

fn post(server: &Server, path: &str, body: &Value) -> Answer {
    server.post_with(path, &[("x-api-key", KEY)], body)
}

fn render(world: &World, render_id: &str, verb: &str) -> String {
    format!("/v1/renders/default~us-east-1~{}~{render_id}{verb}", world.bucket)
}

/// One render that is done, one that runs, one to be deleted.
fn scene(world: &World) {
    world.finishes("aaaaaaaaaa");
    let mut running = progress::initial();
    running["cancellationEnabled"] = json!(true);
    world.writes("bbbbbbbbbb", &running);
    world.finishes("cccccccccc");
    world.lambda.always_when_invoked(Reply::started(&world.bucket, "dddddddddd"));
    world.lambda.deploy(&[(FUNCTION, 2048, None)]);
}

/// As moto asks for it: for the right to delete on the bucket, and for secrets on everything.
fn for_moto(statement: &Value, world: &World) -> Value {
    let mut statement = statement.clone();
    match sid(&statement) {
        "DeleteRenders" => statement["Resource"] = json!(format!("arn:aws:s3:::{}", world.bucket)),
        "ReadSecrets" => statement["Resource"] = json!("*"),
        _ => {}
    }
    statement
}

/// The steps that fail for want of a right, with these statements.
fn refused(world: &World, statements: &[Value]) -> BTreeSet<&'static str> {
    let allowed: Vec<Value> = statements.iter().map(|statement| for_moto(statement, world)).collect();
    let policy = json!({ "Version": "2012-10-17", "Statement": allowed });
    let server = settings(role_with(world, &[policy]), world).serve();
    scene(world);
    world.moto.enforce(true);
    let refused = STEPS.iter().filter(|(name, step)| {
        let answer = step(world, &server);
        let code = serde_json::from_str::<Value>(&answer.text).unwrap_or_default()["code"].take();
        let wanting = code == "aws_access_denied";
        assert!(wanting || answer.status < 400, "{name}: {} {}", answer.status, answer.text);
        wanting
    });
    let refused = refused.map(|(name, _)| *name).collect();
    world.moto.enforce(false);
    refused
}

#[test]
fn each_statement_is_needed_for_what_it_says_and_all_are_enough() {
    let world = world();
    world.moto.create_secret("callers", &json!([{ "name": "shop", "key": KEY }]).to_string());
    let statements = policy(&settings(world.settings(), &world), "all");
    assert_eq!(refused(&world, &statements), BTreeSet::new(), "everything is allowed");
    // Lambda is no part of moto here, for a queue moto asks for other rights than AWS, moto's own errors for a missing
    // object don't depend on rights, and a copy goes well without the right to take parts back.
    let not_enforced =
        ["Render", "ListFunctions", "TellOfAFunction", "PutJobs", "DoJobs", "KnowTheQuota", "TakeBackFailedCopies"];
    for (taken, statement) in statements.iter().enumerate().filter(|(_, all)| !not_enforced.contains(&sid(all))) {
        let mut rest = statements.clone();
        rest.remove(taken);
        let mut expected: BTreeSet<_> =
            STEPS.iter().map(|(name, _)| *name).filter(|name| *name == sid(statement)).collect();
        expected.extend(ALSO.iter().filter(|(_, also)| also.contains(&sid(statement))).map(|(name, _)| *name));
        if sid(statement) == "ReadSecrets" {
            // Without it nobody is known.
            expected = STEPS.iter().map(|(name, _)| *name).collect();
        }
        assert_eq!(refused(&world, &rest), expected, "without {}", sid(statement));
    }
}

#[test]
fn what_is_printed_is_what_is_called() {
    let world = world();
    world.moto.create_secret("callers", &json!([{ "name": "shop", "key": KEY }]).to_string());
    let settings = settings(world.settings(), &world).set("REMOTION_ROLE_ARN", ROLE);
    scene(&world);
    let server = settings.serve();
    for (name, step) in STEPS {
        let answer = step(&world, &server);
        assert!(answer.status < 400, "{name}: {} {}", answer.status, answer.text);
    }
    assert_eq!(settings.run(&["functions", FUNCTION]).code, Some(0));
    assert_eq!(settings.run(&["bucket", "--region", "eu-west-1", "--folder-expiry", "true"]).code, Some(0));
    assert_eq!(settings.run(&["doctor"]).code, Some(0));
    let done = format!("default~us-east-1~{}~aaaaaaaaaa", world.bucket);
    world
        .moto
        .send(settings.get("RENDERGATE_QUEUE_URL"), &json!({ "job": "follow", "id": done, "since": 0 }).to_string());
    let worker = settings.start(env!("CARGO_BIN_EXE_rendergate"), &["work"]);
    while !world.aws.actions().contains(&"sqs:DeleteMessage".to_owned()) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    worker.stop();
    world.moto.put_object(&world.bucket, "sites/a/index.html", &[], "<html>");
    assert_eq!(settings.run(&["sites", "rm", "a", "--yes"]).code, Some(0));
    assert_eq!(settings.run(&["functions", "rm", FUNCTION, "--yes"]).code, Some(0));
    // A bucket that can't be set up is taken away again.
    let refusal = Reply::aws_xml(403, "AccessDenied", "no");
    world.aws.fault(1, |call| call.query.contains("policy"), refusal);
    assert_eq!(settings.run(&["bucket", "--region", "eu-north-1"]).code, Some(5));
    // A copy that breaks off in the middle takes its parts back.
    world.aws.fault(1, |call| call.header("x-amz-copy-source").is_some(), Reply::aws_xml(501, "NotImplemented", "no"));
    world.aws.fault(1, |call| call.query.contains("partNumber"), Reply::aws_xml(403, "AccessDenied", "no"));
    let order = json!({ "bucket": world.videos, "key": "out/again.mp4" });
    post(&server, &render(&world, "aaaaaaaaaa", "/copy"), &order).problem(502, "aws_access_denied");
    let called: BTreeSet<String> = world.aws_calls().iter().filter_map(action).collect();
    assert_eq!(called, *printed());
}

#[test]
fn the_policies_are_those_of_the_guide() {
    let world = World::new();
    let settings = world
        .settings()
        .set("RENDERGATE_REGION", "us-east-1")
        .set("RENDERGATE_ACCOUNT_ID", "123456789012")
        .set("RENDERGATE_DESTINATIONS", "videos,archive/2026/")
        .set("RENDERGATE_CREDENTIALS", "secret:dev/remotion-user");
    assert_eq!(
        policy(&settings, "copy"),
        [
            json!({ "Sid": "CopyOutputs", "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [
            "arn:aws:s3:::videos", "arn:aws:s3:::videos/*", "arn:aws:s3:::archive", "arn:aws:s3:::archive/2026/*",
        ] }),
            json!({ "Sid": "TakeBackFailedCopies", "Effect": "Allow", "Action": ["s3:AbortMultipartUpload"], "Resource": [
            "arn:aws:s3:::videos/*", "arn:aws:s3:::archive/2026/*",
        ] })
        ]
    );
    let secret = policy(&settings, "secret");
    assert_eq!(secret[0]["Resource"], json!(["arn:aws:secretsmanager:us-east-1:*:secret:dev/remotion-user-??????"]));
    // The same keys, for assuming a role only.
    let assume = settings
        .clone()
        .set("RENDERGATE_CREDENTIALS", format!("assume:{ROLE}"))
        .set("RENDERGATE_ROLE_SOURCE", "secret:dev/remotion-user");
    assert_eq!(policy(&assume, "secret"), secret);
    assert_eq!(policy(&assume, "assume")[0]["Resource"], json!([ROLE]));
    let render = &policy(&settings, "trigger")[0];
    assert_eq!(render["Resource"], json!([format!("arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}")]));
    assert!(policy(&settings, "all").iter().all(|statement| sid(statement) != "FindTheBucket"), "it is configured");
}

#[test]
fn the_roles_of_the_ec2_guide_trust_whom_the_guide_says() {
    let world = World::new();
    let settings =
        world.settings().set("REMOTION_ROLE_ARN", "arn:aws:iam::210987654321:role/remotion-ec2-executionrole");
    let trusted = |settings: &Settings, arguments: &[&str]| {
        let printed = settings.run(&[&["policy"], arguments].concat());
        assert_eq!(printed.code, Some(0), "{printed:?}");
        let policy: Value = serde_json::from_str(&printed.stdout).unwrap();
        let statements = policy["Statement"].as_array().unwrap().clone();
        assert!(statements.iter().all(|statement| statement["Action"] == "sts:AssumeRole"));
        statements.iter().map(|statement| statement["Principal"].clone()).collect::<Vec<_>>()
    };
    let lambda = json!({ "Service": "lambda.amazonaws.com" });
    let own = json!({ "AWS": "arn:aws:iam::210987654321:role/ec2-remotion-role" });
    assert_eq!(trusted(&settings, &["assume-trust"]), [lambda.clone(), own]);
    assert_eq!(trusted(&settings, &["ec2-trust"]), [json!({ "Service": "ec2.amazonaws.com" })]);
    let other = "arn:aws:iam::123456789012:role/server";
    assert_eq!(trusted(&world.settings(), &["assume-trust", "--principal", other]), [lambda, json!({ "AWS": other })]);
    let finished = world.settings().run(&["policy", "assume-trust"]);
    assert!(finished.code == Some(2) && finished.stderr.contains("--principal"), "{finished:?}");
}

#[test]
fn what_is_not_configured_needs_no_right() {
    let world = World::new();
    let settings = world.settings().unset("RENDERGATE_DESTINATIONS");
    for (subject, word) in
        [("copy", "RENDERGATE_DESTINATIONS"), ("secret", "secret"), ("assume", "role"), ("state", "RENDERGATE_STATE")]
    {
        let finished = settings.run(&["policy", subject]);
        assert_eq!(finished.code, Some(3));
        assert!(finished.stdout.is_empty() && finished.stderr.contains(word), "{finished:?}");
    }
    let finished = settings.run(&["policy", "--account", "b"]);
    assert!(finished.code == Some(2) && finished.stderr.contains("one of default"), "{finished:?}");
}
