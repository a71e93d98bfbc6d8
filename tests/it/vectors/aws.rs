//! AWS as it answered when the client was recorded, and what reached it compared with what the client sent.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::case::{Case, differences};
use super::texts::same_text;
use crate::stack::http::Deed;
use crate::stack::stream::Step;
use crate::stack::{Call, Moto, Reply, Settings, World};

/// The bucket of most recordings.
pub(super) const BUCKET: &str = "remotionlambda-useast1-0a1b2c3d4e";
/// Who owns it, as STS told the client.
pub(super) const OWNER: &str = "123456789012";
/// What tells one operation on a bucket from another.
const SUBRESOURCES: [&str; 8] =
    ["list-type", "delete", "ownershipControls", "publicAccessBlock", "policy", "acl", "location", "lifecycle"];

/// One for all of these tests: what counts is scripted.
static MOTO: LazyLock<Moto> = LazyLock::new(|| Moto::start(&[]));

/// A world all of whose AWS is scripted, Lambda too.
pub(super) fn world() -> World {
    World::named(&MOTO, BUCKET, "out-bucket")
}

/// Settings that leave everything to the caller, and allow the buckets that the recordings name.
pub(super) fn wide(world: &World) -> Settings {
    let settings = world.settings().set("AWS_ENDPOINT_URL_LAMBDA", &world.aws.endpoint);
    ["RENDERGATE_FUNCTION_NAME", "RENDERGATE_BUCKET", "RENDERGATE_SERVE_URL", "RENDERGATE_COMPOSITION"]
        .into_iter()
        .fold(settings, Settings::unset)
        .set("RENDERGATE_DESTINATIONS", "out-bucket,my-bucket,bucket-x,b-1,my-own-bucket,remotionlambda-useast1-forced")
}

/// One request, as far as it counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    service: String,
    method: String,
    path: String,
    /// Which operation on this path.
    subresource: String,
}

impl Asked {
    fn new(service: &str, method: &str, path: &str, query: &BTreeMap<String, String>) -> Self {
        let path = percent_decode_str(path).decode_utf8_lossy().trim_end_matches('/').to_owned();
        let subresource = SUBRESOURCES.iter().find(|name| query.contains_key(**name)).copied().unwrap_or_default();
        Self {
            service: service.into(),
            method: method.into(),
            path: random_parts(&path),
            subresource: subresource.into(),
        }
    }

    fn recorded(request: &Value) -> Self {
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        Self::new(text("service"), text("method"), text("path"), &recorded_query(request))
    }

    fn of(call: &Call) -> Self {
        Self::new(call.service(), call.method.as_str(), &call.path, &query(call))
    }
}

/// Names that are drawn anew each time: uploaded props, and a bucket that is created.
pub(super) fn random_parts(path: &str) -> String {
    let path = match path.split_once("/input-props/") {
        Some((bucket, _)) => format!("{bucket}/input-props/<random>.json"),
        None => path.to_owned(),
    };
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let drawn = |name: &str| name.strip_suffix("usq1pbp3wz").or(name.strip_suffix("gsui7dxlgy")).map(str::to_owned);
    let known = ["0a1b2c3d4e", "aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"];
    if let Some(bucket) = parts.get_mut(1)
        && let Some((start, random)) = bucket.rsplit_once('-')
        && bucket.starts_with("remotionlambda-")
        && (drawn(bucket).is_some()
            || (random.len() == 10 && start.matches('-').count() == 1 && !known.contains(&random)))
    {
        *bucket = format!("{start}-<random>");
    }
    parts.join("/")
}

fn query(call: &Call) -> BTreeMap<String, String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = call.query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decode(name), decode(value))).filter(|(name, _)| name != "x-id").collect()
}

fn recorded_query(request: &Value) -> BTreeMap<String, String> {
    let pairs = request["query"].as_object().into_iter().flatten().filter(|(name, _)| *name != "x-id");
    pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// AWS answers as it did in this case; asked more often than recorded it repeats the last answer.
pub(super) fn script(world: &World, case: &Case) {
    script_with(world, case, |_| {});
}

/// The same with answers that are changed first.
pub(super) fn script_with(world: &World, case: &Case, change: impl Fn(&mut Value)) {
    world.aws.heal();
    world.forget_calls();
    let requests: Vec<&Value> = case.requests.iter().filter(|request| request["path"].is_string()).collect();
    for (at, request) in requests.iter().enumerate() {
        let asked = Asked::recorded(request);
        let again = requests[at + 1..].iter().any(|later| Asked::recorded(later) == asked);
        let times = if again { 1 } else { usize::MAX };
        let mut response = request["response"].clone();
        change(&mut response);
        world.aws.fault(times, move |call| Asked::of(call) == asked, reply(&response));
        if request["operation"] == "GetBucketLocation" {
            // We ask by HeadBucket, which tells the same in a header.
            let path = request["path"].as_str().unwrap().to_owned();
            let text = request["response"]["body"].as_str().unwrap_or_default();
            let region = text.split_once("2006-03-01/\">").and_then(|(_, rest)| rest.split('<').next());
            let head = Reply::new(200, "").header("x-amz-bucket-region", region.unwrap_or("us-east-1"));
            world.aws.fault(
                usize::MAX,
                move |call| call.method == "HEAD" && call.path.trim_end_matches('/') == path,
                head,
            );
        }
    }
    // What the client doesn't use, or didn't come to.
    let is_start = |call: &Call| String::from_utf8_lossy(&call.body).contains("\"type\":\"start\"");
    world.aws.fault(usize::MAX, is_start, Reply::started(BUCKET, "m1yq8x2c0v"));
    let deleted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeleteResult></DeleteResult>";
    world.aws.fault(
        usize::MAX,
        |call| call.method == "POST" && call.query.contains("delete"),
        Reply::new(200, deleted),
    );
}

/// A recorded answer.
fn reply(response: &Value) -> Reply {
    if let Some(stream) = response["rawBase64"].as_str() {
        let bytes = base64::engine::general_purpose::STANDARD.decode(stream).unwrap();
        return Reply::stream([Step::Send(bytes.into())]);
    }
    let body = match &response["body"] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        json => json["raw"].as_str().map_or_else(|| json.to_string(), str::to_owned),
    };
    let empty = body.is_empty();
    let reply = Reply::new(response["status"].as_u64().unwrap() as u16, body);
    let headers = response["headers"].as_object().into_iter().flatten();
    // Of a HEAD the length is that of the object.
    let told = headers.filter(|(name, _)| empty || *name != "content-length");
    let reply = told.fold(reply, |reply, (name, value)| reply.header(name, value.as_str().unwrap()));
    match &reply.deed {
        Deed::Answer { headers, .. } if !headers.iter().any(|(name, _)| name == "etag") => {
            reply.header("etag", "\"e\"")
        }
        _ => reply,
    }
}

/// What the client asks for several of at once, so that their order says nothing.
const AT_ONCE: [&str; 4] = ["GetFunction", "GetBucketLocation", "DeleteObject", "fetch"];

/// What reached AWS otherwise than recorded.
pub(super) fn requests(world: &World, case: &Case) -> Vec<String> {
    let mut sent: Vec<Option<Call>> = world.aws.calls().into_iter().map(Some).collect();
    let (mut found, mut order) = (Vec::new(), Vec::new());
    for request in &case.requests {
        let asked = Asked::recorded(request);
        let name = request["operation"].as_str().unwrap();
        let operation = format!("{} {name}", request["service"].as_str().unwrap());
        let at = sent.iter().position(|call| call.as_ref().is_some_and(|call| Asked::of(call) == asked));
        let Some((at, call)) = at.and_then(|at| Some((at, sent[at].take()?))) else {
            found.push(format!("not sent: {operation}"));
            continue;
        };
        found.extend(details(&operation, request, &call));
        if !AT_ONCE.contains(&name) && request["body"]["json"]["type"] != "info" && !asked.path.contains("/sites/") {
            order.push(at);
        }
    }
    if !order.is_sorted() {
        found.push(format!("in another order: {order:?}"));
    }
    for asked in sent.iter().flatten().map(Asked::of) {
        let Asked { service, method, path, subresource } = asked;
        let subresource = if subresource.is_empty() { subresource } else { format!("?{subresource}") };
        found.push(format!("sent, too: {service} {method} {path}{subresource}"));
    }
    found
}

fn details(operation: &str, request: &Value, call: &Call) -> Vec<String> {
    let mut found = differences(&format!("{operation}: region"), &request["region"], &json!(call.region()));
    found.extend(differences(&format!("{operation}: query"), &json!(recorded_query(request)), &json!(query(call))));
    for name in ["x-amz-acl", "x-amz-expected-bucket-owner", "content-type"] {
        let recorded = &request["headers"][name];
        // Where there is no body the client sends a type all the same.
        if !(name == "content-type" && request["body"].is_null()) {
            found.extend(differences(&format!("{operation}: {name}"), recorded, &json!(call.header(name))));
        }
    }
    let body = &request["body"];
    let text = String::from_utf8_lossy(&call.body);
    if body.get("json").is_some() {
        found.extend(payload(operation, &body["json"], &serde_json::from_str(&text).unwrap_or_default()));
    } else if let Some(raw) = body.get("raw") {
        let same = raw.as_str().is_some_and(|raw| {
            let read = |text: &str| serde_json::from_str::<Value>(&replaced(text)).ok();
            read(raw).is_some() && read(raw) == read(&text) || elements(raw) == elements(&text)
        });
        if !same {
            found.extend(same_text(&format!("{operation}: body"), raw, &text));
        }
    }
    found
}

/// The names and texts of an XML document, in any order: the SDKs of two languages write them in their own.
fn elements(xml: &str) -> Option<Vec<&str>> {
    let start = xml.find('<').filter(|_| xml.contains("</"))?;
    let mut parts: Vec<&str> = xml[start..].split(['<', '>']).filter(|part| !part.starts_with(['?', '/'])).collect();
    parts.retain(|part| !part.trim().is_empty());
    parts.sort_unstable();
    Some(parts)
}

/// Without what is drawn or told by the clock.
fn replaced(text: &str) -> String {
    let drawn = text.find("arn:aws").and_then(|start| text[start..].split('"').next());
    let Some(arn) = drawn else { return text.to_owned() };
    let bucket = arn.rsplit(':').next().unwrap_or_default().trim_end_matches("/*");
    text.replace(bucket, random_parts(&format!("/{bucket}")).trim_start_matches('/'))
}

/// Payloads of the function. Of very long props only length and hash were recorded; the hash in the name of
/// uploaded ones is drawn.
fn payload(operation: &str, recorded: &Value, sent: &Value) -> Vec<String> {
    let (mut recorded, mut sent) = (recorded.clone(), sent.clone());
    let mut found = Vec::new();
    if recorded["inputProps"]["payload"].get("$big").is_some() {
        let long = recorded["inputProps"]["payload"].take();
        let ours = sent["inputProps"]["payload"].take();
        found.extend(same_text(&format!("{operation}: payload"), &long, ours.as_str().unwrap_or_default()));
    }
    for payload in [&mut recorded, &mut sent] {
        if let Some(hash) = payload["inputProps"].get_mut("hash") {
            *hash = json!(hash.as_str().map(str::len));
        }
        for pointer in ["/inputProps/bucketName", "/bucketName"] {
            if let Some(Value::String(bucket)) = payload.pointer_mut(pointer) {
                *bucket = random_parts(&format!("/{bucket}"));
            }
        }
    }
    found.extend(differences(operation, &recorded, &sent));
    found
}
