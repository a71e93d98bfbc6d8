//! AWS, as far as the contenders ask it: answers at once, or after a delay, and counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use crate::serve::{self, Answer, Call, respond};

pub const FUNCTION: &str = "remotion-render-4-0-527-mem2048mb-disk2048mb-120sec";
pub const BUCKET: &str = "remotionlambda-useast1-abcdefghij";
pub const RENDER: &str = "px60ct13fy";

/// What the real function wrote and answered, recorded.
const PROGRESS: &str = include_str!("../../../tests/fixtures/remotion/4.0.527/captures/s3-progress-json-done.json");
const STATUS: &str = include_str!("../../../tests/fixtures/remotion/4.0.527/captures/invoke-status-done.json");

#[derive(Clone)]
pub struct Stub {
    pub endpoint: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    delay_ms: AtomicU64,
    counts: Mutex<BTreeMap<&'static str, u64>>,
    /// How many orders ListObjectsV2 knows.
    orders: AtomicU64,
    replies: Replies,
}

struct Replies {
    start: Bytes,
    status: Bytes,
    progress: Bytes,
}

impl Default for Replies {
    fn default() -> Self {
        let start = json!({ "type": "success", "bucketName": BUCKET, "renderId": RENDER });
        let status: Value = serde_json::from_str(STATUS).expect("JSON");
        let mut progress: Value = serde_json::from_str(PROGRESS).expect("JSON");
        progress["renderMetadata"]["renderId"] = json!(RENDER);
        progress["renderMetadata"]["outName"] = Value::Null;
        progress["postRenderData"]["outputFile"] =
            json!(format!("https://s3.us-east-1.amazonaws.com/{BUCKET}/renders/{RENDER}/out.mp4"));
        let bytes = |value: &Value| Bytes::from(value.to_string());
        Self { start: bytes(&start), status: bytes(&status["responseJson"]), progress: bytes(&progress) }
    }
}

impl Stub {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let state = shared.clone();
        let address = serve::listen(move |call| {
            let state = state.clone();
            async move {
                let (kind, answer) = state.answer(&call);
                *state.counts.lock().expect("counts").entry(kind).or_default() += 1;
                let delay = state.delay_ms.load(Relaxed);
                if delay > 0 {
                    tokio::time::sleep(Duration::from_millis(delay)).await;
                }
                answer
            }
        })
        .await;
        Self { endpoint: format!("http://{address}"), shared }
    }

    /// What each request takes from now on, in milliseconds.
    pub fn delay(&self, ms: u64) {
        self.shared.delay_ms.store(ms, Relaxed);
    }

    pub fn orders(&self, count: u64) {
        self.shared.orders.store(count, Relaxed);
    }

    /// How often AWS was asked for what since the last time.
    pub fn take_counts(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.shared.counts.lock().expect("counts"))
    }
}

impl Shared {
    fn answer(&self, call: &Call) -> (&'static str, Answer) {
        let json = |body: Bytes| respond(200, "application/json", body);
        let path = call.uri().path();
        let query = call.uri().query().unwrap_or_default();
        if path.starts_with("/2015-03-31/functions") {
            if call.method() == Method::GET {
                return ("GetFunction", json(configuration()));
            }
            let is_status = call.body().windows(15).any(|part| part == br#""type":"status""#)
                || call.body().windows(16).any(|part| part == br#""type": "status""#);
            return ("Invoke", json(if is_status { self.replies.status.clone() } else { self.replies.start.clone() }));
        }
        if path == "/" && call.method() == Method::POST {
            return match call.headers().get("x-amz-target").and_then(|target| target.to_str().ok()) {
                Some(target) if target.ends_with("SendMessage") => {
                    ("SendMessage", json(Bytes::from_static(br#"{"MessageId":"m","MD5OfMessageBody":"m"}"#)))
                }
                _ => ("AssumeRole", respond(200, "text/xml", ASSUMED)),
            };
        }
        let xml = |body: String| respond(200, "application/xml", body);
        match *call.method() {
            Method::GET if query.contains("list-type=2") => ("ListObjectsV2", xml(self.listing(query))),
            Method::GET if path.ends_with("/progress.json") => ("GetObject", json(self.replies.progress.clone())),
            Method::GET => ("GetObject", respond(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>")),
            Method::PUT => {
                let mut answer = xml(String::new());
                answer.headers_mut().insert("etag", "\"0\"".parse().expect("a header"));
                ("PutObject", answer)
            }
            Method::HEAD => ("HeadObject", respond(404, "application/xml", "")),
            _ => ("other", respond(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>")),
        }
    }

    fn listing(&self, query: &str) -> String {
        crate::listing::page(query, self.orders.load(Relaxed))
    }
}

fn configuration() -> Bytes {
    let configuration = json!({ "FunctionName": FUNCTION, "MemorySize": 2048, "Timeout": 120, "Version": "$LATEST" });
    json!({ "Configuration": configuration, "Functions": [configuration] }).to_string().into()
}

/// Far enough in the future for every SDK.
const ASSUMED: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
    <AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:bench</AssumedRoleId>\
    <Arn>arn:aws:sts::123456789012:assumed-role/bench/bench</Arn></AssumedRoleUser>\
    <Credentials><AccessKeyId>ASIABENCH</AccessKeyId><SecretAccessKey>bench</SecretAccessKey>\
    <SessionToken>bench</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
    </AssumeRoleResult><ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata></AssumeRoleResponse>";
