//! Profiles of the shared files: keys, roles, commands, and what is wrong with them.

use crate::stack::{Settings, World, minimal};

const CREDENTIALS: &str = "
[base]
aws_access_key_id = AKIABASE
aws_secret_access_key = base-secret-canary

[temporary]
aws_access_key_id = ASIATEMPORARY
aws_secret_access_key = temporary-secret-canary
aws_session_token = temporary-token-canary
";

const CONFIG: &str = "
[profile render]
role_arn = arn:aws:iam::123456789012:role/render
source_profile = base
role_session_name = from-the-profile
external_id = canary-id

[profile command]
credential_process = sh -c 'echo \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"AKIACOMMAND\\\",\\\"SecretAccessKey\\\":\\\"command-canary\\\"}\"'

[profile failing]
credential_process = sh -c 'echo canary; exit 3'

[profile loop]
role_arn = arn:aws:iam::123456789012:role/render
source_profile = nowhere

[profile half]
aws_access_key_id = AKIACANARY

[profile signed-out]
sso_start_url = https://canary.example.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = render
";

/// Nothing but the shared files, as on a laptop.
fn settings(world: &World) -> Settings {
    let (credentials, config) = (world.folder().join("my-credentials"), world.folder().join("my-config"));
    std::fs::write(&credentials, CREDENTIALS).unwrap();
    std::fs::write(&config, CONFIG).unwrap();
    let files = world.settings().set("AWS_SHARED_CREDENTIALS_FILE", credentials.display().to_string());
    let files = files.set("AWS_CONFIG_FILE", config.display().to_string()).set("PATH", "/usr/bin:/bin");
    files.unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY").unset("AWS_SESSION_TOKEN")
}

#[test]
fn a_profile_s_keys_render() {
    let world = World::new();
    for (name, key, token) in [
        ("base", "AKIABASE", None),
        ("temporary", "ASIATEMPORARY", Some("temporary-token-canary")),
        ("command", "AKIACOMMAND", None),
    ] {
        world.forget_calls();
        let named = settings(&world).set("RENDERGATE_CREDENTIALS", format!("profile:{name}"));
        named.serve().post("/v1/renders", &minimal()).expect(202);
        let call = &world.lambda.calls()[0];
        assert_eq!((call.access_key(), call.session_token()), (key, token), "{name}");
    }
}

#[test]
fn a_profile_s_role_is_assumed_from_its_source_profile_once() {
    let world = World::new();
    let server = settings(&world).set("RENDERGATE_CREDENTIALS", "profile:render").serve();
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| server.post("/v1/renders", &minimal()).expect(202));
        }
    });
    let calls = world.aws.calls_like("sts POST");
    assert_eq!((calls.len(), calls[0].access_key()), (1, "AKIABASE"));
    let form = String::from_utf8(calls[0].body.to_vec()).unwrap();
    assert!(form.contains("RoleSessionName=from-the-profile") && form.contains("ExternalId=canary-id"), "{form}");
    for call in world.lambda.calls() {
        assert!(call.access_key().starts_with("ASIA") && call.session_token().is_some());
    }
}

#[test]
fn new_keys_in_the_file_are_found_when_the_old_ones_are_refused() {
    let world = World::new();
    let settings = settings(&world).set("REMOTION_AWS_PROFILE", "base");
    let server = settings.serve();
    server.post("/v1/renders", &minimal()).expect(202);
    world.lambda.refuse_key("AKIABASE");
    std::fs::write(settings.get("AWS_SHARED_CREDENTIALS_FILE"), CREDENTIALS.replace("AKIABASE", "AKIANEW")).unwrap();
    server.post("/v1/renders", &minimal()).expect(202);
    assert_eq!(world.lambda.calls().last().unwrap().access_key(), "AKIANEW");
}

#[test]
fn what_is_wrong_with_a_profile_is_told_without_showing_it() {
    let world = World::new();
    for (name, hint) in [
        ("nowhere", "There is no profile"),
        ("half", "incomplete"),
        ("loop", "no profile"),
        ("failing", "aws sts get-caller-identity --profile failing"),
        ("signed-out", "aws sso login --profile signed-out"),
    ] {
        let named =
            settings(&world).set("RENDERGATE_CREDENTIALS", format!("profile:{name}")).set("RENDERGATE_LOG", "trace");
        let problem = named.serve().post("/v1/renders", &minimal()).problem(502, "credentials_unavailable");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(hint) && detail.contains(&format!("`{name}`")), "{name}: {detail}");
        let told = named.run(&["render", "react-svg"]);
        assert!(told.code != Some(0) && told.stderr.contains(hint), "{told:?}");
    }
    assert_eq!(world.lambda.calls().len(), 0);
}
