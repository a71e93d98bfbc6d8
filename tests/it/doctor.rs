//! `rendergate doctor` against a healthy place, and against each thing that can be wrong.

use serde_json::Value;

use crate::stack::{FUNCTION, Reply, Settings, World};

fn healthy(world: &World) -> Settings {
    world.lambda.deploy(&[(FUNCTION, 2048, Some(2048))]);
    world.settings()
}

/// The exit code, and verdict and detail of a subject.
fn found(settings: &Settings, subject: &str) -> (Option<i32>, String, String) {
    let finished = settings.run(&["doctor", "--json"]);
    let findings: Vec<Value> =
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    let finding = findings.iter().find(|finding| finding["subject"] == subject);
    let finding = finding.unwrap_or_else(|| panic!("{subject} in {findings:#?}"));
    let text = |name: &str| finding[name].as_str().unwrap().to_owned();
    (finished.code, text("verdict"), text("detail"))
}

#[test]
fn a_healthy_place_has_nothing_wrong() {
    let world = World::new();
    let settings = healthy(&world);
    let finished = settings.run(&["doctor"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(!finished.stdout.contains("WRONG"), "{finished:?}");
    for (subject, part) in [
        ("credentials", "keys"),
        ("identity", "arn:aws:"),
        ("clock", "agrees"),
        ("function", "Remotion 4.0.527, 2048 MB, 2048 MB disk, 120 s"),
        ("invoke", "allowed"),
        ("concurrency", "1000 of 1000"),
        ("bucket", world.bucket.as_str()),
        ("ownership", "ACLs"),
        ("destination", world.videos.as_str()),
        ("records", "0 kept"),
        ("callers", "nobody"),
    ] {
        let line = finished.stdout.lines().find(|line| line[7..].starts_with(subject));
        assert!(line.is_some_and(|line| line.contains(part)), "{subject} {part}: {}", finished.stdout);
    }
    // Nothing ran and nothing was written.
    assert_eq!(world.moto.keys(&world.bucket), Vec::<String>::new());
    let invoked: Vec<_> = world.lambda.calls().into_iter().filter(|call| call.method == "POST").collect();
    assert!(invoked.into_iter().all(|call| call.header("x-amz-invocation-type") == Some("DryRun")));
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let world = World::new();
    let settings = healthy(&world);
    let cases = [
        (settings.clone().set("RENDERGATE_FUNCTION_NAME", "remotion-render-none"), "function", "There is no function"),
        (settings.clone().set("RENDERGATE_BUCKET", "remotionlambda-none"), "bucket", "rendergate bucket"),
        (settings.clone().set("RENDERGATE_DESTINATIONS", "nobody-has-this"), "destination", "no such bucket"),
        (settings.clone().set("RENDERGATE_API_KEYS", "secret:none"), "callers", "There is no secret"),
        (settings.clone().set("RENDERGATE_CREDENTIALS", "secret:none"), "identity", "There is no secret"),
        (settings.clone().set("RENDERGATE_STATE", "s3://nobody-has-this"), "records", "s3:ListBucket"),
    ];
    for (settings, subject, part) in cases {
        let (code, verdict, detail) = found(&settings, subject);
        assert_eq!((code, verdict.as_str()), (Some(1), "wrong"), "{subject}: {detail}");
        assert!(detail.contains(part), "{subject}: {detail}");
    }
}

#[test]
fn what_aws_refuses_is_told_apart() {
    let world = World::new();
    let settings = healthy(&world);
    world.lambda.next(Reply::invoke_denied());
    let (code, verdict, detail) = found(&settings, "function");
    assert_eq!((code, verdict.as_str()), (Some(0), "check"), "a right that only the doctor uses: {detail}");

    let refused = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>\
        <Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>";
    let refused = Reply::new(403, refused).header("content-type", "text/xml");
    world.aws.fault(1, |call| call.service() == "sts", refused.clone());
    let (code, verdict, detail) = found(&settings, "identity");
    assert_eq!((code, verdict.as_str()), (Some(1), "wrong"));
    assert!(detail.contains("session token"), "{detail}");

    world.aws.fault(1, |call| call.service() == "sts", refused.header("date", "Mon, 23 Nov 2020 08:00:00 GMT"));
    let (_, verdict, detail) = found(&settings, "clock");
    assert!(verdict == "wrong" && detail.contains("ahead"), "{detail}");

    world.moto.own_objects(&world.bucket);
    let (_, verdict, detail) = found(&settings, "ownership");
    assert!(verdict == "check" && detail.contains("no-acl"), "{detail}");
}

#[test]
fn each_account_is_looked_at() {
    let world = World::new();
    let settings = healthy(&world).unset("RENDERGATE_BUCKET");
    let listed = format!(
        r#"[{{"name":"a","bucket":"{0}"}},{{"name":"b","bucket":"{0}","credentials":"secret:none"}}]"#,
        world.bucket
    );
    let finished = settings.set("RENDERGATE_ACCOUNTS", listed).run(&["doctor"]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.stdout.contains("a: arn:aws:"), "{finished:?}");
    assert!(finished.stdout.lines().any(|line| line.starts_with("WRONG  identity     b: ")), "{finished:?}");
    assert!(!finished.stdout.contains("function     b:"), "one reason is enough: {finished:?}");
}
