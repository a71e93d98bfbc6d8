//! Whom the official client was, call by call: the same variables and files have to sign with the same key.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::stack::{Call, Moto, Reply, Settings, World, root};

const BUCKET: &str = "remotionlambda-useast1-0a1b2c3d4e";

/// Where Rendergate differs from the official client on purpose, and why.
const DELIBERATE: [(&str, &str); 2] = [
    (
        "credentials: REMOTION_ key, plain secret only: passes the check, then default chain",
        "half a pair stops the start and is named: another's role would render instead",
    ),
    ("credentials: secret without key", "the same, at start instead of at the first call"),
];

/// The recorded calls of `renderMediaOnLambda()`; one of the others holds what no Rust string can.
fn recorded() -> Vec<Value> {
    let path = root().join("tests/fixtures/remotion/4.0.527/vectors/renderMediaOnLambda.json");
    let cases: Vec<Box<RawValue>> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    cases.iter().filter_map(|case| serde_json::from_str::<Value>(case.get()).ok()).collect()
}

/// The recorded input, its long text written out.
fn body(case: &Value) -> Value {
    let mut body = case["input"].clone();
    if let Some(repeat) = body["inputProps"]["d"]["$repeat"].as_array().cloned() {
        body["inputProps"] = json!({ "d": repeat[0].as_str().unwrap().repeat(repeat[1].as_u64().unwrap() as usize) });
    }
    body
}

/// Each recorded case, and whether it holds: with the reason where it is different on purpose.
pub(crate) fn replay() -> Vec<(String, Result<Option<&'static str>, String>)> {
    let moto = Box::leak(Box::new(Moto::start(&[])));
    let world = World::named(moto, BUCKET, "out-bucket");
    let cases = recorded().into_iter().map(|case| (case["name"].as_str().unwrap().to_owned(), case));
    let cases = cases.filter(|(name, _)| name.starts_with("credentials: "));
    cases.map(|(name, case)| (name, check(&world, &case))).collect()
}

fn check(world: &World, case: &Value) -> Result<Option<&'static str>, String> {
    world.aws.heal();
    world.forget_calls();
    // Where one endpoint serves everything, Lambda is behind it, too.
    let started = Reply::started(BUCKET, "m1yq8x2c0v");
    world.aws.fault(usize::MAX, |call| call.service() == "lambda", started);
    let settings = settings(world, case["env"].as_object().unwrap());
    let reason = DELIBERATE.iter().find(|(name, _)| case["name"] == *name).map(|(_, reason)| *reason);
    let refused = settings.run(&["config"]);
    if let Some(reason) = reason {
        let named = refused.stderr.contains("ACCESS_KEY") && refused.code == Some(3);
        return if named { Ok(Some(reason)) } else { Err(format!("not refused at start: {}", refused.stderr)) };
    }
    if refused.code != Some(0) {
        return Err(format!("refused at start: {}", refused.stderr));
    }
    let answer = settings.serve().post("/v1/renders", &body(case));
    let calls = world.aws.calls();
    if case.get("error").is_some() {
        let failed = answer.json["code"] == "credentials_unavailable" && calls.is_empty();
        return if failed { Ok(None) } else { Err(format!("not refused: {answer:?}")) };
    }
    if answer.status != 202 {
        return Err(answer.text);
    }
    let recorded = case["requests"].as_array().unwrap().iter().rfind(|request| request["service"] == "lambda").unwrap();
    let expected = (&recorded["accessKeyId"], &recorded["region"], &recorded["headers"]["x-amz-security-token"]);
    let signed = |call: &Call| {
        let token = call.session_token().map_or(Value::Null, Value::from);
        (Value::from(call.access_key()), Value::from(call.region()), token)
    };
    let same = |call: &&Call| {
        let (key, region, token) = signed(call);
        (&key, &region, &token) == expected
    };
    let services = |service: &str| calls.iter().filter(|call| call.service() == service).count();
    let wanted =
        |service: &str| case["requests"].as_array().unwrap().iter().any(|request| request["service"] == service);
    if let Some(other) = calls.iter().find(|call| !same(call)) {
        return Err(format!("{}: signed by {:?}, recorded {expected:?}", other.summary(), signed(other)));
    }
    match services("lambda") == 1 && (services("s3") > 0) == wanted("s3") {
        true => Ok(None),
        false => Err(format!("other calls: {:?}", world.aws.summaries())),
    }
}

/// The recorded variables and nothing else that has to do with credentials.
fn settings(world: &World, recorded: &Map<String, Value>) -> Settings {
    let files = root().join("tests/fixtures/remotion/4.0.527/profiles").display().to_string();
    let port = world.aws.endpoint.rsplit(':').next().unwrap();
    let mut settings = world.settings().set("AWS_CONFIG_FILE", format!("{files}/aws-config"));
    settings = settings.set("REMOTION_DISABLE_AWS_CLIENT_CACHE", "1").unset("RENDERGATE_FUNCTION_NAME");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_LAMBDA"] {
        settings = settings.unset(name);
    }
    // The bucket is found by asking S3.
    settings = settings.unset("RENDERGATE_BUCKET");
    if recorded.keys().any(|name| name.starts_with("AWS_ENDPOINT_URL")) {
        settings = settings.unset("AWS_ENDPOINT_URL");
    }
    for (name, value) in recorded {
        let mut value = value.as_str().unwrap().replace("$FIXTURES", &files).replace("$PORT", port);
        // The recorded ones are too short to be searched for.
        if name.ends_with("SECRET_ACCESS_KEY") && !value.is_empty() {
            value += "-secret-canary";
        }
        settings = settings.set(name, value);
    }
    settings
}
