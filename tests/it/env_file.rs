//! The command's dotenv file: below the environment, above the defaults, and never part of either.

use serde_json::json;

use crate::stack::{Function, ROLE_KEY, World, root};

const KEYS: &str = "REMOTION_AWS_ACCESS_KEY_ID=AKIAFILE\nREMOTION_AWS_SECRET_ACCESS_KEY=file-secret-canary\n";

#[test]
fn the_working_directory_s_file_sets_what_the_environment_does_not() {
    let world = World::new();
    let settings = world.settings().within(world.folder()).unset("RENDERGATE_COMPOSITION");
    std::fs::write(
        world.folder().join(".env"),
        format!("{KEYS}RENDERGATE_COMPOSITION=from the file\nTITLE=Hello World\n"),
    )
    .unwrap();
    let server = settings.serve();
    server.post("/v1/renders", &json!({})).expect(202);
    assert_eq!(world.lambda.calls()[0].access_key(), "AKIAFILE");
    assert_eq!(world.lambda.payload()["composition"], "from the file");
    drop(server);
    // The environment's own, empty ones too, win.
    world.forget_calls();
    let server = settings
        .set("RENDERGATE_COMPOSITION", "real")
        .set("REMOTION_AWS_ACCESS_KEY_ID", "")
        .set("REMOTION_AWS_SECRET_ACCESS_KEY", "")
        .serve();
    server.post("/v1/renders", &json!({})).expect(202);
    assert_ne!(world.lambda.calls()[0].access_key(), "AKIAFILE");
    assert_eq!(world.lambda.payload()["composition"], "real");
}

#[test]
fn profiles_and_endpoints_of_the_file_count() {
    let world = World::new();
    let files = root().join("tests/fixtures/remotion/4.0.527/profiles/aws-credentials");
    let text = format!(
        "AWS_PROFILE=remotion\nAWS_SHARED_CREDENTIALS_FILE={}\nAWS_ENDPOINT_URL={}\nAWS_ENDPOINT_URL_LAMBDA={}\n",
        files.display(),
        world.aws.endpoint,
        world.lambda.endpoint
    );
    std::fs::write(world.folder().join("my.env"), text).unwrap();
    let settings = world.settings().within(world.folder()).unset("AWS_ENDPOINT_URL").unset("AWS_ENDPOINT_URL_LAMBDA");
    let server = settings.serve_with(&["--env-file", "my.env", "serve"]);
    server.post("/v1/renders", &json!({ "inputProps": { "d": "x".repeat(250_000) } })).expect(202);
    let calls = world.aws_calls();
    assert!(calls.iter().any(|call| call.service() == "s3"), "{:?}", world.aws.summaries());
    for call in calls {
        let signed = (call.access_key(), call.session_token());
        assert_eq!(signed, ("AKIAREMOTIONPROFILE0", Some("remotion-profile-token")), "{}", call.summary());
    }
}

#[test]
fn a_named_file_must_be_there() {
    let world = World::new();
    let settings = world.settings().within(world.folder());
    let missing = settings.run(&["--env-file", "nowhere.env", "config"]);
    assert_eq!(missing.code, Some(3), "{missing:?}");
    assert!(missing.stderr.contains("--env-file: `nowhere.env` can't be read"), "{missing:?}");
    assert_eq!(settings.run(&["config"]).code, Some(0));
}

#[test]
fn the_table_of_settings_masks_the_file_s_secrets_too() {
    let world = World::new();
    let text = format!(
        "{KEYS}RENDERGATE_ROLE_EXTERNAL_ID=canary-id\nREMOTION_AWS_SESSION_TOKEN=canary\nRENDERGATE_CODEC=vp9\nRENDERGATE_REGIO=x\n"
    );
    std::fs::write(world.folder().join(".env"), text).unwrap();
    let shown = world.settings().within(world.folder()).run(&["config"]);
    assert_eq!(shown.code, Some(3), "{}", shown.stderr);
    // A slip would be left out in silence; what merely looks like a setting may be somebody else's.
    assert!(shown.stderr.contains("RENDERGATE_REGION: `RENDERGATE_REGIO` is set; is it misspelt?"), "{}", shown.stderr);
    assert!(
        shown.stdout.contains("RENDERGATE_ROLE_EXTERNAL_ID = ***") && shown.stdout.contains("RENDERGATE_CODEC = vp9")
    );
    assert!(shown.stdout.contains("REMOTION_AWS_ACCESS_KEY_ID = ***") && !shown.stdout.contains("AKIAFILE"));
    assert!(
        shown.stdout.contains("RENDERGATE_REGIO is not a setting of this version; did you mean RENDERGATE_REGION?")
    );
}

#[test]
fn a_variable_of_somebody_else_s_is_no_mistake() {
    let world = World::new();
    let settings = world.settings().set("RENDERGATE_URL", "https://api.example.com");
    let shown = settings.run(&["config"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains("RENDERGATE_URL is not a setting of this version\n"), "{}", shown.stdout);
}

#[test]
fn on_lambda_no_file_is_read() {
    let world = World::new();
    std::fs::write(world.folder().join(".env"), KEYS).unwrap();
    let settings = world.settings().within(world.folder()).set("RENDERGATE_ALLOW_ANONYMOUS", "true");
    let function = Function::start(&settings.unset("RENDERGATE_STATE"));
    let event = std::fs::read_to_string(root().join("events/http-v2-guide-render.json")).unwrap();
    let answer = function.invoke(&serde_json::from_str(&event).unwrap());
    assert_eq!(answer["statusCode"], 200, "{answer:#}");
    assert_eq!(world.lambda.calls()[0].access_key(), ROLE_KEY);
    function.forget();
}
