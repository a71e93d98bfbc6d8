//! Remotion's bucket: found, or created as Remotion needs it.

use serde_json::{Value, json};

use crate::stack::{Moto, Reply, Settings, World};

/// A moto of its own: whatever bucket another test has would be found.
fn world() -> (World, Settings) {
    let moto = Box::leak(Box::new(Moto::start(&[])));
    let world = World::named(moto, "remotionlambda-euwest1-0a1b2c3d4e", "videos");
    let settings = world.settings().unset("RENDERGATE_BUCKET");
    (world, settings)
}

/// AWS opens regions faster than Remotion's table grows.
#[test]
fn a_region_that_the_table_does_not_have_is_as_good() {
    let moto = Box::leak(Box::new(Moto::start(&[])));
    let world = World::named(moto, "remotionlambda-apsoutheast3-0a1b2c3d4e", "videos");
    moto.create_bucket("remotionlambda-apsoutheast7-0a1b2c3d4e", "ap-southeast-7");
    let settings = world.settings().unset("RENDERGATE_BUCKET").set("RENDERGATE_REGION", "ap-southeast-7");
    let server = settings.serve();
    let large = json!({ "inputProps": { "text": "x".repeat(300_000) } });
    world.lambda.always(Reply::started("remotionlambda-apsoutheast7-0a1b2c3d4e", "m1yq8x2c0v"));
    assert_eq!(server.post("/v1/renders", &large).expect(202)["region"], "ap-southeast-7");
    assert_eq!(world.lambda.payload()["inputProps"]["bucketName"], "remotionlambda-apsoutheast7-0a1b2c3d4e");
    assert_eq!(world.lambda.calls()[0].region(), "ap-southeast-7");
}

fn bucket(settings: &Settings, arguments: &[&str]) -> (Option<i32>, Value) {
    let finished = settings.run(&[&["bucket", "--json"], arguments].concat());
    (finished.code, serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}")))
}

#[test]
fn a_bucket_is_created_and_found_from_then_on() {
    let (world, settings) = world();
    let (code, answer) = bucket(&settings, &[]);
    let name = answer["bucketName"].as_str().unwrap();
    let random = name.strip_prefix("remotionlambda-useast1-").unwrap();
    assert!(random.len() == 10 && random.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    assert_eq!((code, &answer["alreadyExisted"]), (Some(0), &json!(false)));
    world.forget_calls();
    assert_eq!(bucket(&settings, &[]), (Some(0), json!({ "bucketName": name, "alreadyExisted": true })));
    assert_eq!(world.aws.calls().len(), 1, "nobody is asked anonymously: {:?}", world.aws.summaries());
    // Elsewhere there is one already, made in another way; and another can have its own.
    let found = bucket(&settings, &["--region", "eu-west-1"]);
    assert_eq!(found.1, json!({ "bucketName": world.bucket, "alreadyExisted": true }));
    let created = bucket(&settings, &["--region", "eu-north-1"]);
    assert!(created.1["bucketName"].as_str().unwrap().starts_with("remotionlambda-eunorth1-"), "{created:?}");
    let calls = world.aws.calls();
    assert!(calls.iter().any(|call| call.body.windows(10).any(|part| part == b"eu-north-1")), "{calls:?}");
    assert_eq!(bucket(&settings, &["--region", "mars-1"]).0, Some(2));
}

#[test]
fn folders_expire_if_wanted() {
    let (world, settings) = world();
    bucket(&settings, &[]);
    world.forget_calls();
    assert_eq!(bucket(&settings, &["--folder-expiry", "true"]).0, Some(0));
    let sent = String::from_utf8(world.aws.calls()[1].body.to_vec()).unwrap();
    assert_eq!(sent.matches("<Rule>").count(), 4);
    assert_eq!(bucket(&settings, &["--folder-expiry", "false"]).0, Some(0));
    let removed = &world.aws.calls()[3];
    assert!(removed.method == "DELETE" && removed.query.contains("lifecycle"), "{removed:?}");

    let denied = Reply::aws_xml(403, "AccessDenied", "Access Denied");
    world.aws.fault(usize::MAX, |call| call.query.contains("lifecycle"), denied);
    for wanted in ["true", "false"] {
        let (code, answer) = bucket(&settings, &["--folder-expiry", wanted]);
        assert_eq!((code, &answer["error"]["action"]), (Some(5), &json!("s3:PutLifecycleConfiguration")));
    }
}

#[test]
fn a_half_made_bucket_does_not_stay() {
    let (world, settings) = world();
    for (step, action) in [
        ("ownershipControls", "s3:PutBucketOwnershipControls"),
        ("publicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        ("policy", "s3:PutBucketPolicy"),
        ("acl", "s3:PutBucketAcl"),
    ] {
        let denied = Reply::aws_xml(403, "AccessDenied", "Access Denied");
        world.aws.fault(1, move |call| call.query.contains(step), denied);
        let (code, answer) = bucket(&settings, &[]);
        assert_eq!((code, &answer["error"]["action"]), (Some(5), &json!(action)), "{answer:#}");
    }
    assert_eq!(bucket(&settings, &[]).1["alreadyExisted"], false);
}

#[test]
fn several_buckets_are_named() {
    let (world, settings) = world();
    let names = ["remotionlambda-useast1-aaaaaaaaaa", "remotionlambda-made-by-hand"];
    names.iter().for_each(|name| world.moto.create_bucket(name, "us-east-1"));
    let (code, answer) = bucket(&settings, &[]);
    let detail = answer["error"]["detail"].as_str().unwrap();
    assert!(code == Some(2) && names.iter().all(|name| detail.contains(name)), "{answer:#}");
    // The configured one is the only one that counts; where it is missing it is made.
    for (name, existed) in [(names[1], true), ("remotionlambda-useast1-bbbbbbbbbb", false)] {
        let found = bucket(&settings.clone().set("RENDERGATE_BUCKET", name), &[]);
        assert_eq!(found, (Some(0), json!({ "bucketName": name, "alreadyExisted": existed })));
    }
}
