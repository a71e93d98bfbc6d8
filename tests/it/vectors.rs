//! The official client's recorded calls, sent through Rendergate: the same order has to
//! become the same payload.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::stack::{FUNCTION, Reply, World, root};

/// Recorded calls that a JSON body cannot express, or that are other subjects' business.
const NOT_A_BODY: [&str; 9] = [
    "credentials: ",
    "invoke error: ",
    "big, ",
    "inputProps date",
    "inputProps invalid date",
    "inputProps map and set",
    "inputProps nan and infinity",
    "inputProps circular",
    "inputProps function dropped",
];

/// Where Rendergate differs from the official client on purpose, and why.
const DELIBERATE: [(&str, &str); 16] = [
    ("codec missing", "the configuration has a default"),
    ("unknown option dropped", "an unknown field is refused, with the nearest known name"),
    ("function name needs escaping", "an ARN may lead to another account's function"),
    ("env variables count towards the limit", "uploads: see large_props_go_to_the_bucket"),
    ("length is UTF-16 units", "bytes are counted, which is what AWS limits"),
    ("just inline", "the bytes of the escaped text are counted"),
    ("big with", "uploads: see large_props_go_to_the_bucket"),
    // The function refuses these; the client lets them through, to fail after they cost money.
    ("pixelFormat = \"yuva420p\"", "h264 has no transparency: refused before it costs anything"),
    ("proResProfile = ", "not with h264: refused before it costs anything"),
    ("numberOfGifLoops = 3", "not with h264: refused before it costs anything"),
    ("encodingMaxRate = \"2M\"", "needs encodingBufferSize: refused before it costs anything"),
    ("outName string bad chars", "refused before it costs anything"),
    ("outName wrong extension", "refused before it costs anything"),
    ("framesPerLambda and concurrency both", "refused before it costs anything"),
    ("deleteAfter = \"2-days\"", "refused before it costs anything"),
    ("invalid codec", "see refused_as_the_client_refuses"),
];

/// A recorded call of `renderMediaOnLambda()`.
struct Vector {
    name: String,
    input: Value,
    payload: Option<Value>,
}

/// Every recorded call of `renderMediaOnLambda()`.
pub(crate) fn recorded() -> Vec<Value> {
    let path = root().join("tests/fixtures/remotion/4.0.527/vectors/renderMediaOnLambda.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<Box<RawValue>> = serde_json::from_str(&text).unwrap();
    // One case holds half a surrogate pair, which no Rust string can: see props_arrive_as_javascript_writes_them.
    cases.iter().filter_map(|case| serde_json::from_str::<Value>(case.get()).ok()).collect()
}

fn vectors() -> Vec<Vector> {
    let cases = recorded().into_iter().map(|case| Vector {
        name: case["name"].as_str().unwrap().to_owned(),
        input: expand(&case["input"]).unwrap(),
        payload: case["requests"].as_array().unwrap().last().map(|request| request["body"]["json"].clone()),
    });
    cases.filter(|case| !NOT_A_BODY.iter().any(|name| case.name.starts_with(name))).collect()
}

/// The recording's notation for what JSON lacks; `None` is `undefined`.
pub(crate) fn expand(value: &Value) -> Option<Value> {
    if value.get("$undefined").is_some() {
        return None;
    }
    if let Some(repeat) = value.get("$repeat") {
        return Some(json!(repeat[0].as_str()?.repeat(repeat[1].as_u64()? as usize)));
    }
    Some(match value {
        Value::Object(members) => {
            members.iter().filter_map(|(name, member)| Some((name.clone(), expand(member)?))).collect()
        }
        Value::Array(items) => items.iter().map(|item| expand(item).unwrap_or_default()).collect(),
        other => other.clone(),
    })
}

#[test]
fn every_recorded_payload_is_sent_as_recorded() {
    let world = World::new();
    // The caller names everything, so nothing is narrowed but the buckets of outName and forceBucketName.
    let server = world
        .settings()
        .unset("RENDERGATE_FUNCTION_NAME")
        .unset("RENDERGATE_BUCKET")
        .set("RENDERGATE_DESTINATIONS", "my-bucket,b-1,remotionlambda-useast1-forced")
        .serve();
    world.lambda.always(Reply::started(&world.bucket, "m1yq8x2c0v"));
    let (mut compared, mut wrong) = (0, Vec::new());
    for vector in vectors() {
        let Some(expected) = vector.payload else {
            continue;
        };
        if DELIBERATE.iter().any(|(name, _)| vector.name.starts_with(name)) {
            continue;
        }
        world.forget_calls();
        let answer = server.post("/v1/renders", &vector.input);
        let calls = world.lambda.calls();
        let sent = calls.first().map(|call| call.json()).unwrap_or_default();
        if answer.status != 202 || differs(&sent, &expected) {
            wrong.push(format!("{}: {} {}\n{}", vector.name, answer.status, answer.text, difference(&sent, &expected)));
        } else {
            assert_eq!(Some(calls[0].region()), vector.input["region"].as_str(), "{}", vector.name);
            assert_eq!(calls[0].path, format!("/2015-03-31/functions/{FUNCTION}/invocations"));
        }
        compared += 1;
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(compared >= 100, "only {compared} compared");
}

/// Props are JSON inside JSON: equal text may differ in the order of keys. Of very long
/// ones only length and hash were recorded.
fn differs(sent: &Value, expected: &Value) -> bool {
    let (mut sent, mut expected) = (sent.clone(), expected.clone());
    let long = expected["inputProps"]["payload"].take();
    if long.get("$big").is_some() {
        let text = sent["inputProps"]["payload"].take();
        let text = text.as_str().unwrap_or_default();
        let hash = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        return long["sha256"] != hash || sent != expected;
    }
    expected["inputProps"]["payload"] = long;
    let unpacked = |payload: &Value| {
        let mut payload = payload.clone();
        if let Some(props) = payload["inputProps"]["payload"].as_str() {
            payload["inputProps"]["payload"] = serde_json::from_str(props).unwrap();
        }
        payload
    };
    unpacked(&sent) != unpacked(&expected)
}

fn difference(sent: &Value, expected: &Value) -> String {
    let (Some(sent), Some(expected)) = (sent.as_object(), expected.as_object()) else {
        return format!("sent {sent}");
    };
    let names = sent.keys().chain(expected.keys().filter(|name| !sent.contains_key(*name)));
    let different = names.filter(|name| sent.get(*name) != expected.get(*name));
    different.map(|name| format!("  {name}: sent {:?}, recorded {:?}\n", sent.get(name), expected.get(name))).collect()
}

#[test]
fn refused_as_the_client_refuses() {
    let world = World::new();
    // No default site: null is the same as nothing.
    let server = world.settings().unset("RENDERGATE_FUNCTION_NAME").unset("RENDERGATE_SERVE_URL").serve();
    let mut refused = 0;
    for vector in vectors() {
        if vector.payload.is_some() || vector.name == "codec missing" {
            continue;
        }
        let code = if vector.input["serveUrl"].is_null() { "missing_field" } else { "invalid_field" };
        let problem = server.post("/v1/renders", &vector.input).problem(400, code);
        let field = problem["field"].as_str().unwrap_or_else(|| panic!("{}: {problem:#}", vector.name));
        assert!(vector.input.get(field.split(['.', '[']).next().unwrap()).is_some(), "{}: {problem:#}", vector.name);
        refused += 1;
    }
    assert!(refused >= 12, "only {refused} refused");
    assert_eq!(world.lambda.calls().len(), 0);
}
