//! A scripted Lambda Invoke endpoint. Unless a test says otherwise it does what the
//! Remotion function does on `start`: writes the first progress.json and names the render.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use super::actions::action;
use super::http::{self, Call, Deed, Reply, Wire};
use super::moto::Moto;
use super::stream::{self, Step};
use super::{progress, random};

/// What every still is.
pub(crate) const IMAGE: &str = "not really an image";

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    actions: BTreeSet<String>,
    script: VecDeque<Reply>,
    always: Option<Reply>,
    invoked: Option<Reply>,
    refused_key: Option<String>,
    functions: Vec<Value>,
    /// How many more invocations an access key gets.
    room: HashMap<String, usize>,
    /// How many functions the account may run at once, where it is not as usual.
    quota: Option<u32>,
    /// Whether a render has ended by the time it is started.
    ends_at_once: bool,
}

pub(crate) struct FakeLambda {
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

impl FakeLambda {
    /// Renders land in `bucket` unless the payload forces another.
    pub(crate) fn start(moto: &'static Moto, bucket: &str) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, bucket) = (state.clone(), bucket.to_owned());
        let address = http::listen(move |call| serve(shared.clone(), moto, bucket.clone(), call));
        Self { endpoint: format!("http://{address}"), state }
    }

    /// Answers the next invocation so; several are used up in order.
    pub(crate) fn next(&self, reply: Reply) {
        self.state.lock().unwrap().script.push_back(reply);
    }

    /// Answers every invocation so, once the script is used up.
    pub(crate) fn always(&self, reply: Reply) {
        self.state.lock().unwrap().always = Some(reply);
    }

    /// Answers every invocation so, but lists and tells of functions as ever.
    pub(crate) fn always_when_invoked(&self, reply: Reply) {
        self.state.lock().unwrap().invoked = Some(reply);
    }

    /// How many functions GetAccountSettings says may run at once; 1000 without it. Scripts don't answer it.
    pub(crate) fn quota(&self, functions: u32) {
        self.state.lock().unwrap().quota = Some(functions);
    }

    /// Renders have ended when the answer to their start comes, without an output.
    pub(crate) fn end_at_once(&self) {
        self.state.lock().unwrap().ends_at_once = true;
    }

    /// From now on nothing signed with this access key gets in.
    pub(crate) fn refuse_key(&self, access_key: &str) {
        self.state.lock().unwrap().refused_key = Some(access_key.to_owned());
    }

    /// The account of this access key takes so many invocations and throttles all further ones.
    pub(crate) fn limit(&self, access_key: &str, room: usize) {
        self.state.lock().unwrap().room.insert(access_key.to_owned(), room);
    }

    /// What ListFunctions and GetFunction know: `(name, MB of memory, MB of disk)`.
    pub(crate) fn deploy(&self, functions: &[(&str, u32, Option<u32>)]) {
        let configuration = |(name, memory, disk): &(&str, u32, Option<u32>)| {
            let mut configuration = json!({ "FunctionName": name, "MemorySize": memory, "Timeout": 120 });
            if let Some(size) = disk {
                configuration["EphemeralStorage"] = json!({ "Size": size });
            }
            configuration
        };
        self.state.lock().unwrap().functions = functions.iter().map(configuration).collect();
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// The last one that was signed with this key.
    pub(crate) fn last_of(&self, access_key: &str) -> Option<Call> {
        self.state.lock().unwrap().calls.iter().rev().find(|call| call.access_key() == access_key).cloned()
    }

    /// The rights that all calls needed, also the forgotten ones.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.state.lock().unwrap().actions.iter().cloned().collect()
    }

    pub(crate) fn payloads(&self) -> Vec<Value> {
        let calls = self.calls();
        calls.iter().filter(|call| call.method == Method::POST).map(Call::json).collect()
    }

    /// The payload of the only invocation there was.
    pub(crate) fn payload(&self) -> Value {
        let mut payloads = self.payloads();
        assert_eq!(payloads.len(), 1, "invocations: {payloads:#?}");
        payloads.remove(0)
    }

    pub(crate) fn forget_calls(&self) {
        self.state.lock().unwrap().calls.clear();
    }
}

async fn serve(state: Arc<Mutex<State>>, moto: &'static Moto, bucket: String, call: Call) -> Wire {
    let (scripted, ends) = {
        let mut state = state.lock().unwrap();
        state.actions.extend(action(&call));
        state.calls.push(call.clone());
        if call.path.contains("/account-settings") {
            return account_settings(state.quota.unwrap_or(1000));
        }
        let refused = state.refused_key.as_deref() == Some(call.access_key());
        let full = match state.room.get_mut(call.access_key()) {
            Some(0) => true,
            Some(room) => {
                *room -= 1;
                false
            }
            None => false,
        };
        let next = match (refused, full) {
            (true, _) => Some(Reply::key_refused()),
            (_, true) => Some(Reply::throttled("ConcurrentInvocationLimitExceeded", None)),
            _ => state.script.pop_front(),
        };
        let next = next.or_else(|| state.always.clone());
        (next.or_else(|| state.invoked.clone().filter(|_| call.method == Method::POST)), state.ends_at_once)
    };
    let reply = scripted.unwrap_or(Reply::slow(std::time::Duration::ZERO));
    tokio::time::sleep(reply.delay).await;
    match reply.deed {
        Deed::Answer { status, headers, body } => http::respond(status, &headers, body),
        Deed::Stream(steps) => http::stream(steps),
        Deed::Cut => None,
        Deed::Lose => {
            routine(moto, &bucket, &call.json(), ends).await;
            None
        }
        Deed::Serve if call.method == Method::GET => list(&state, &call),
        Deed::Serve if call.method == Method::DELETE => delete(&state, &call),
        Deed::Serve if call.header("x-amz-invocation-type") == Some("DryRun") => http::respond(204, &[], Bytes::new()),
        Deed::Serve if call.path.ends_with("/response-streaming-invocations") => {
            http::stream(still(moto, &bucket, &call.json()).await)
        }
        Deed::Serve => {
            let answer = routine(moto, &bucket, &call.json(), ends).await;
            let headers = [("content-type".into(), "application/json".into())];
            http::respond(200, &headers, answer.to_string().into())
        }
    }
}

fn account_settings(quota: u32) -> Wire {
    let limit = json!({
        "TotalCodeSize": 1, "CodeSizeUnzipped": 1, "CodeSizeZipped": 1,
        "ConcurrentExecutions": quota, "UnreservedConcurrentExecutions": quota,
    });
    let body = json!({ "AccountLimit": limit, "AccountUsage": {} });
    http::respond(200, &[("content-type".into(), "application/json".into())], body.to_string().into())
}

/// ListFunctions, two to a page, and GetFunction.
fn list(state: &Mutex<State>, call: &Call) -> Wire {
    let functions = state.lock().unwrap().functions.clone();
    let body = match call.path.strip_prefix("/2015-03-31/functions/").filter(|name| !name.is_empty()) {
        Some(name) => match functions.iter().find(|function| function["FunctionName"] == name) {
            Some(function) => json!({ "Configuration": function, "Code": {} }),
            None => {
                let Deed::Answer { status, headers, body } = Reply::no_such_function(name).deed else { unreachable!() };
                return http::respond(status, &headers, body);
            }
        },
        None => {
            let from: usize = call.query.strip_prefix("Marker=").map_or(0, |marker| marker.parse().unwrap());
            let next = from + 2;
            let marker = (next < functions.len()).then(|| next.to_string());
            json!({ "Functions": functions.iter().skip(from).take(2).collect::<Vec<_>>(), "NextMarker": marker })
        }
    };
    http::respond(200, &[("content-type".into(), "application/json".into())], body.to_string().into())
}

/// DeleteFunction.
fn delete(state: &Mutex<State>, call: &Call) -> Wire {
    let name = call.path.trim_start_matches("/2015-03-31/functions/");
    let mut state = state.lock().unwrap();
    let before = state.functions.len();
    state.functions.retain(|function| function["FunctionName"] != name);
    if state.functions.len() < before {
        return http::respond(204, &[], Bytes::new());
    }
    let Deed::Answer { status, headers, body } = Reply::no_such_function(name).deed else { unreachable!() };
    http::respond(status, &headers, body)
}

/// What the function does on `still`: image first, then the word of it.
async fn still(moto: &Moto, bucket: &str, payload: &Value) -> Vec<Step> {
    let bucket = payload["bucketName"].as_str().unwrap_or(bucket);
    let render_id = random(10);
    let format = payload["imageFormat"].as_str().unwrap();
    let (out_bucket, out_key) = match &payload["outName"] {
        Value::Null => (bucket, format!("renders/{render_id}/out.{format}")),
        Value::String(name) => (bucket, format!("renders/{render_id}/{name}")),
        place => (place["bucketName"].as_str().unwrap(), place["key"].as_str().unwrap().to_owned()),
    };
    let progress = progress::still(&render_id, payload).to_string();
    moto.put(bucket, &format!("renders/{render_id}/progress.json"), "application/json", progress).await;
    moto.put(out_bucket, &out_key, &format!("image/{format}"), IMAGE.to_owned()).await;
    let done = stream::rendered(bucket, &render_id, out_bucket, &out_key, IMAGE.len());
    vec![stream::begun(&render_id), done, stream::complete(None)]
}

async fn routine(moto: &Moto, bucket: &str, payload: &Value, ends: bool) -> Value {
    match payload["type"].as_str() {
        Some("start") => {
            let bucket = payload["bucketName"].as_str().unwrap_or(bucket);
            let render_id = match payload["deleteAfter"].as_str() {
                Some(days) => format!("{days}-{}", random(10)),
                None => random(10),
            };
            let key = format!("renders/{render_id}/progress.json");
            let progress = if ends { progress::done(bucket, &render_id) } else { progress::initial() };
            moto.put(bucket, &key, "application/json", progress.to_string()).await;
            json!({ "type": "success", "bucketName": bucket, "renderId": render_id })
        }
        Some("compositions") => {
            json!({ "type": "success", "compositions": [{ "id": "Demo", "fps": 30, "props": { "n": 1e-7 } }] })
        }
        Some("status") => {
            let mut answer = super::fixture("captures/invoke-status-running.json")["responseJson"].take();
            answer["renderId"] = payload["renderId"].clone();
            answer["bucket"] = payload["bucketName"].clone();
            answer
        }
        Some("info") => json!({ "type": "success", "version": "4.0.527" }),
        other => {
            json!({ "type": "error", "message": format!("not scripted: {other:?}"), "stack": "" })
        }
    }
}
