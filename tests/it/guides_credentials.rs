//! What the guides in docs/guides tell a reader to write does what they say.

use reqwest::Method;
use serde_json::Value;

use crate::stack::owner::element;
use crate::stack::{Moto, Reply, World, basic, minimal, root};

fn guide(name: &str) -> String {
    std::fs::read_to_string(root().join("docs/guides").join(name)).unwrap()
}

/// The blocks of a language in a page, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let fenced = page.split(&fence).skip(1);
    fenced.map(|rest| rest.split("\n```").next().unwrap().to_owned() + "\n").collect()
}

fn iam(moto: &Moto, action: &str, role: &str, parameters: &[(&str, &str)]) {
    let action = [("Action", action), ("Version", "2010-05-08"), ("RoleName", role)];
    moto.query("iam", &[&action, parameters].concat());
}

#[test]
fn every_policy_and_definition_is_json() {
    let mut found = 0;
    for entry in std::fs::read_dir(root().join("docs/guides")).unwrap().flatten() {
        let page = std::fs::read_to_string(entry.path()).unwrap();
        let files = page.split("<<'JSON'\n").skip(1).map(|rest| rest.split("\nJSON\n").next().unwrap().to_owned());
        for text in blocks(&page, "json").into_iter().chain(files) {
            serde_json::from_str::<Value>(&text)
                .unwrap_or_else(|error| panic!("{:?}: {error} in {text}", entry.path()));
            found += 1;
        }
    }
    assert!(found >= 5, "only {found}");
}

/// Roles and settings of docs/guides/ec2-sts.md, with moto checking signatures, trust and policies.
#[test]
fn the_ec2_guide_s_roles_are_enough() {
    let moto = Box::leak(Box::new(Moto::start(&[("INITIAL_NO_AUTH_ACTION_COUNT", "1000000")])));
    let bucket = "remotionlambda-useast1-abcdefghij";
    let world = World::named(moto, bucket, "my-videos");
    let page = guide("ec2-sts.md");
    let policy = world.settings().run(&["policy", "trigger"]).stdout;
    // The instance's role, which EC2 hands out; here a session of it.
    let anyone = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    iam(moto, "CreateRole", "ec2-remotion-role", &[("AssumeRolePolicyDocument", anyone)]);
    // On AWS the trust policy is enough within one account; moto asks for this, too.
    let may_assume =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#;
    iam(moto, "PutRolePolicy", "ec2-remotion-role", &[("PolicyName", "p"), ("PolicyDocument", may_assume)]);
    let renders = "remotion-ec2-executionrole";
    // moto does not get over a principal that is a service, and takes a session for somebody else than its role.
    let role = "arn:aws:iam::123456789012:role/remotion-ec2-executionrole";
    let trust = world.settings().set("REMOTION_ROLE_ARN", role).run(&["policy", "assume-trust"]).stdout;
    let mut trust: Value = serde_json::from_str(&trust).unwrap();
    trust["Statement"].as_array_mut().unwrap().retain(|statement| statement["Principal"]["AWS"].is_string());
    let principal = trust["Statement"][0]["Principal"]["AWS"].take();
    assert_eq!(principal, "arn:aws:iam::123456789012:role/ec2-remotion-role");
    trust["Statement"][0]["Principal"]["AWS"] = "arn:aws:sts::123456789012:assumed-role/ec2-remotion-role/i-1".into();
    iam(moto, "CreateRole", renders, &[("AssumeRolePolicyDocument", &trust.to_string())]);
    iam(
        moto,
        "PutRolePolicy",
        renders,
        &[("PolicyName", "remotion-executionrole-policy"), ("PolicyDocument", &policy)],
    );
    let session = [("RoleArn", "arn:aws:iam::123456789012:role/ec2-remotion-role"), ("RoleSessionName", "i-1")];
    let session = moto.query("sts", &[&[("Action", "AssumeRole"), ("Version", "2011-06-15")], &session[..]].concat());

    let file = world.folder().join("rendergate.env");
    let settings = blocks(&page, "ini").remove(0).replace("change-me", "password-canary");
    std::fs::write(&file, settings).unwrap();
    let settings = world
        .settings()
        .unset("RENDERGATE_SERVE_URL")
        .unset("RENDERGATE_COMPOSITION")
        .set("AWS_ACCESS_KEY_ID", element(&session, "AccessKeyId"))
        .set("AWS_SECRET_ACCESS_KEY", element(&session, "SecretAccessKey"))
        .set("AWS_SESSION_TOKEN", element(&session, "SessionToken"));
    let server = settings.serve_with(&["--env-file", &file.display().to_string(), "serve"]);
    let authorization = basic("admin", "password-canary");
    let headers = [("authorization", authorization.as_str())];
    // The function writes without a signature, so before anything is checked.
    let render = server.post_with("/v1/renders", &headers, &minimal()).expect(202);
    world.finishes(render["renderId"].as_str().unwrap());
    world.lambda.always(Reply::started(bucket, "px60ct13fy"));
    moto.enforce(true);
    let server = {
        drop(server);
        settings.serve_with(&["--env-file", &file.display().to_string(), "serve"])
    };
    let answer = server.send(Method::POST, "/render", &headers, "").expect(200);
    assert_eq!(answer["message"], "Video rendered.");
    let path = format!("/v1/renders/{}", render["id"].as_str().unwrap());
    assert_eq!(server.get_with(&path, &headers).expect(200)["status"], "done");
    moto.enforce(false);
    let signed: Vec<_> = world.lambda.calls().iter().map(|call| call.access_key().to_owned()).collect();
    assert!(!signed.contains(&element(&session, "AccessKeyId")), "{signed:?}");
}
