//! The permissions for real: moto checks signatures and policies, and the role has exactly
//! what template.yaml gives it.

use serde_json::{Value, json};

use crate::stack::owner::element;
use crate::stack::{FUNCTION, Moto, Reply, Settings, VIDEO, World, minimal, progress, random};
use crate::template::role_policies;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}"#;

/// What CloudFormation would call the template's bucket for records.
pub(crate) const STATE: &str = "rendergate-statebucket";

/// A moto of its own: enforcement is a switch for everyone.
pub(crate) fn world() -> World {
    let moto = Box::leak(Box::new(Moto::start(&[("INITIAL_NO_AUTH_ACTION_COUNT", "1000000")])));
    moto.create_bucket(STATE, "us-east-1");
    World::on(moto)
}

/// The template's role for this destination (empty: none), and settings with its temporary keys.
fn as_role(world: &World, destination: &str) -> Settings {
    as_role_with(world, destination, &[])
}

/// The same with further policies.
fn as_role_with(world: &World, destination: &str, more: &[Value]) -> Settings {
    let parameters = [
        ("RemotionFunctionName", FUNCTION),
        ("RemotionBucket", world.bucket.as_str()),
        ("DestinationBucket", destination),
    ];
    role_with(world, &[role_policies(&parameters), more.to_vec()].concat())
}

/// A role with these policies, and settings with its temporary keys and records in [`STATE`].
pub(crate) fn role_with(world: &World, policies: &[Value]) -> Settings {
    let role = format!("api-{}", random(6));
    let iam = |action: &str, parameters: &[(&str, &str)]| {
        let action = [("Action", action), ("Version", "2010-05-08"), ("RoleName", role.as_str())];
        world.moto.query("iam", &[&action, parameters].concat())
    };
    iam("CreateRole", &[("AssumeRolePolicyDocument", TRUST)]);
    for (number, policy) in policies.iter().enumerate() {
        let (name, document) = (format!("policy-{number}"), policy.to_string());
        iam("PutRolePolicy", &[("PolicyName", &name), ("PolicyDocument", &document)]);
    }
    let arn = format!("arn:aws:iam::123456789012:role/{role}");
    let assume = [("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", &arn), ("RoleSessionName", "api")];
    let session = world.moto.query("sts", &assume);
    world
        .settings()
        .set("RENDERGATE_STATE", format!("s3://{STATE}"))
        .set("AWS_ACCESS_KEY_ID", element(&session, "AccessKeyId"))
        .set("AWS_SECRET_ACCESS_KEY", element(&session, "SecretAccessKey"))
        .set("AWS_SESSION_TOKEN", element(&session, "SessionToken"))
}

#[test]
fn without_the_inline_policy_the_copy_is_refused() {
    let world = world();
    let server = as_role(&world, "").serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    world.moto.enforce(true);
    assert_eq!(server.get(&render.path("")).expect(200)["status"], "done");
    let problem =
        server.post(&render.path("/copy"), &json!({ "bucket": world.videos })).problem(502, "aws_access_denied");
    assert_eq!(problem["action"], "s3:PutObject", "{problem:#}");
    assert!(problem["resource"].as_str().unwrap().contains(&world.videos), "{problem:#}");
    world.moto.enforce(false);
    assert_eq!(world.moto.keys(&world.videos), Vec::<String>::new());
}

#[test]
fn with_the_template_s_policy_the_copy_arrives() {
    let world = world();
    let settings = as_role(&world, &world.videos);
    // Ordered before anything is enforced, because the function writes without a signature.
    let server = settings.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/{{renderId}}.mp4", world.videos) }));
    drop(server);
    world.finishes(&render.render_id);
    world.moto.enforce(true);
    let server = settings.serve();
    let answer = server.get_with(&render.path(""), &[("prefer", "wait=20")]).expect(200);
    assert_eq!((&answer["status"], &answer["copy"]["status"]), (&json!("done"), &json!("done")), "{answer:#}");
    server.post(&render.path("/copy"), &json!({ "bucket": world.videos, "key": "again.mp4" })).expect(200);
    world.moto.enforce(false);
    for key in [format!("{}.mp4", render.render_id), "again.mp4".to_owned()] {
        assert_eq!(world.moto.object(&world.videos, &key).unwrap().body, VIDEO);
    }
}

#[test]
fn a_large_copy_needs_nothing_at_the_destination_but_to_put() {
    let world = world();
    let mut policies = role_policies(&[
        ("RemotionFunctionName", FUNCTION),
        ("RemotionBucket", world.bucket.as_str()),
        ("DestinationBucket", world.videos.as_str()),
    ]);
    for policy in &mut policies {
        let statements = policy["Statement"].as_array_mut().unwrap();
        statements.retain(|statement| statement["Action"] != "s3:AbortMultipartUpload");
    }
    let server = role_with(&world, &policies).serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    let large = vec![7; 33 << 20];
    world.moto.put_object(&world.bucket, &format!("renders/{}/out.mp4", render.render_id), &[], large.clone());
    world.moto.enforce(true);
    let answer = server.post(&render.path("/copy"), &json!({ "bucket": world.videos, "key": "large.mp4" })).expect(200);
    // And a part that is refused is told of, though the parts can't be taken back.
    let refused = Reply::aws_xml(403, "AccessDenied", "Access Denied");
    world.aws.fault(1, |call| call.query.contains("partNumber"), refused);
    let order = json!({ "bucket": world.videos, "key": "again.mp4" });
    let problem = server.post(&render.path("/copy"), &order).problem(502, "aws_access_denied");
    world.moto.enforce(false);
    assert_eq!(answer["copy"]["size"], json!(large.len()));
    assert!(world.moto.object(&world.videos, "large.mp4").unwrap().body == large);
    assert_eq!(problem["action"], "s3:PutObject", "{problem:#}");
    assert!(server.log().contains("AbortIncompleteMultipartUpload"), "{}", server.log());
}

#[test]
fn with_the_template_s_policy_renders_are_cancelled_and_deleted() {
    let world = world();
    // AWS asks for the right on each key, as the template has it; moto asks for it on the bucket.
    let on_bucket = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:DeleteObject", "Resource": format!("arn:aws:s3:::{}", world.bucket),
    }] });
    let server = as_role_with(&world, "", &[on_bucket]).serve();
    let render = world.submit(&server, minimal());
    let mut running = progress::initial();
    running["cancellationEnabled"] = json!(true);
    world.writes(&render.render_id, &running);
    world.moto.enforce(true);
    server.post(&render.path("/cancel"), &json!({})).expect(202);
    world.moto.enforce(false);
    world.finishes(&render.render_id);
    assert_eq!(world.moto.keys(&world.bucket).len(), 3);
    world.moto.enforce(true);
    server.delete(&render.path("")).expect(200);
    world.moto.enforce(false);
    assert_eq!(world.moto.keys(&world.bucket), Vec::<String>::new());
}

#[test]
fn a_wrong_secret_key_is_refused_by_aws_itself() {
    let world = world();
    let settings = as_role(&world, "");
    let server = settings.set("AWS_SECRET_ACCESS_KEY", "not-the-key-canary").serve();
    let render = world.submit(&server, minimal());
    world.moto.enforce(true);
    server.get(&render.path("")).problem(502, "aws_credentials_refused");
    world.moto.enforce(false);
    assert_eq!(server.get(&render.path("")).expect(200)["copy"], Value::Null);
}
