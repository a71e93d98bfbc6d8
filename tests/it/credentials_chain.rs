//! AWS's own chain: container, instance and web identity, which the official client refuses to look for.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::stack::http::{self, Call};
use crate::stack::{Settings, World, minimal};

const KEY: &str = "ASIAPLACE";
const TOKEN: &str = "place-token-canary";

/// What a container's or an instance's endpoint hands out.
fn keys() -> Value {
    let year = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 31_556_952 + 1970;
    json!({
        "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2020-01-01T00:00:00Z",
        "AccessKeyId": KEY, "SecretAccessKey": "place-secret-canary", "Token": TOKEN,
        "Expiration": format!("{}-01-01T00:00:00Z", year + 2),
    })
}

type Seen = Arc<Mutex<Vec<Call>>>;

/// A loopback server that answers each path so, and everything else with 404.
fn endpoint(answers: Vec<(&'static str, String)>) -> (String, Seen) {
    let seen = Seen::default();
    let calls = seen.clone();
    let address = http::listen(move |call| {
        let found = answers.iter().find(|(path, _)| *path == call.path).map(|(_, body)| body.clone());
        calls.lock().unwrap().push(call);
        async move {
            let (status, body) = found.map_or((404, String::new()), |body| (200, body));
            let headers = [
                ("content-type".into(), "application/json".into()),
                ("x-aws-ec2-metadata-token-ttl-seconds".into(), "21600".into()),
            ];
            http::respond(status, &headers, body.into())
        }
    });
    (format!("http://{address}"), seen)
}

/// A machine that holds no keys.
fn bare(world: &World) -> Settings {
    world.settings().unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY").unset("AWS_SESSION_TOKEN")
}

fn renders_as_place(world: &World, settings: &Settings) {
    for source in ["auto", "role"] {
        world.forget_calls();
        let server = settings.clone().set("RENDERGATE_CREDENTIALS", source).serve();
        server.post("/v1/renders", &minimal()).expect(202);
        server.post("/v1/renders", &minimal()).expect(202);
        for call in world.lambda.calls() {
            assert_eq!((call.access_key(), call.session_token()), (KEY, Some(TOKEN)), "{source}");
        }
    }
}

#[test]
fn a_task_s_role_is_used() {
    let world = World::new();
    let (url, seen) = endpoint(vec![("/v2/credentials/task", keys().to_string())]);
    let settings = bare(&world)
        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}/v2/credentials/task"))
        .set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-canary");
    renders_as_place(&world, &settings);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2, "once for each server");
    assert_eq!(seen[0].header("authorization"), Some("container-canary"));
}

#[test]
fn an_instance_s_role_is_used() {
    let world = World::new();
    let roles = "/latest/meta-data/iam/security-credentials/";
    let (url, seen) = endpoint(vec![
        ("/latest/api/token", "imds-canary".to_owned()),
        (roles, "ec2-remotion-role".to_owned()),
        ("/latest/meta-data/iam/security-credentials/ec2-remotion-role", keys().to_string()),
    ]);
    let settings = bare(&world).unset("AWS_EC2_METADATA_DISABLED").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
    renders_as_place(&world, &settings);
    let token = seen.lock().unwrap().iter().find(|call| call.path.starts_with(roles)).cloned().unwrap();
    assert_eq!(token.header("x-aws-ec2-metadata-token"), Some("imds-canary"), "IMDSv2");
}

#[test]
fn a_web_identity_is_used() {
    let world = World::new();
    let file = world.folder().join("token");
    std::fs::write(&file, "web-identity-canary").unwrap();
    let settings = bare(&world)
        .set("AWS_WEB_IDENTITY_TOKEN_FILE", file.display().to_string())
        .set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod");
    settings.serve().post("/v1/renders", &minimal()).expect(202);
    let asked = world.aws.calls().into_iter().find(|call| call.method == "POST").unwrap();
    let form = String::from_utf8(asked.body.to_vec()).unwrap();
    assert!(form.contains("AssumeRoleWithWebIdentity") && form.contains("web-identity-canary"), "{form}");
    assert!(world.lambda.calls()[0].access_key().starts_with("ASIA"));
}

#[test]
fn nothing_found_says_what_to_set() {
    let world = World::new();
    let told = bare(&world).run(&["render", "react-svg"]);
    assert_ne!(told.code, Some(0));
    for name in ["REMOTION_AWS_ACCESS_KEY_ID", "REMOTION_AWS_PROFILE", "AWS_PROFILE"] {
        assert!(told.stderr.contains(name), "{told:?}");
    }
    // A place that is there and broken is another matter than none.
    let (url, _) = endpoint(vec![]);
    let broken = bare(&world).set("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}/gone"));
    let problem = broken.serve().post("/v1/renders", &minimal()).problem(502, "credentials_unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("gave none"), "{problem:#}");
}

#[test]
fn clients_and_credentials_are_kept_unless_told_otherwise() {
    for (disabled, times) in [("", 1), ("1", 3)] {
        let world = World::new();
        let (url, seen) = endpoint(vec![("/task", keys().to_string())]);
        let settings = bare(&world)
            .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}/task"))
            .set("REMOTION_DISABLE_AWS_CLIENT_CACHE", disabled);
        let server = settings.serve();
        (0..3).for_each(|_| drop(server.post("/v1/renders", &minimal()).expect(202)));
        assert_eq!(seen.lock().unwrap().len(), times);
    }
}
