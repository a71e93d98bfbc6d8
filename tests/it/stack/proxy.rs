//! Stands between the program and moto: passes everything on unchanged, remembers it,
//! and misbehaves as AWS does when a test asks for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::actions::action;
use super::http::{self, Call, Deed, Reply, Wire};

type Matcher = Box<dyn Fn(&Call) -> bool + Send>;
type Script = Box<dyn Fn(&Call) -> Option<Reply> + Send>;

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    actions: BTreeSet<String>,
    faults: Vec<Fault>,
    script: Option<Script>,
}

struct Fault {
    left: usize,
    matches: Matcher,
    reply: Reply,
}

pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// In front of moto at `upstream` (`http://127.0.0.1:port`).
    pub(crate) fn start(upstream: &str) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, upstream) = (state.clone(), upstream.trim_start_matches("http://").to_owned());
        let address = http::listen(move |call| serve(shared.clone(), upstream.clone(), call));
        Self { endpoint: format!("http://{address}"), state }
    }

    /// The next `times` requests that match are treated so.
    pub(crate) fn fault(&self, times: usize, matches: impl Fn(&Call) -> bool + Send + 'static, reply: Reply) {
        self.state.lock().unwrap().faults.push(Fault { left: times, matches: Box::new(matches), reply });
    }

    /// What isn't treated otherwise is answered so, where there is an answer.
    pub(crate) fn script(&self, script: impl Fn(&Call) -> Option<Reply> + Send + 'static) {
        self.state.lock().unwrap().script = Some(Box::new(script));
    }

    pub(crate) fn heal(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Those behind the first so many.
    pub(crate) fn calls_from(&self, first: usize) -> Vec<Call> {
        self.state.lock().unwrap().calls[first..].to_vec()
    }

    /// The last one that was signed with this key.
    pub(crate) fn last_of(&self, access_key: &str) -> Option<Call> {
        self.state.lock().unwrap().calls.iter().rev().find(|call| call.access_key() == access_key).cloned()
    }

    /// Those calls whose summary (`s3 PUT /bucket/key`) contains `part`.
    pub(crate) fn calls_like(&self, part: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.summary().contains(part)).collect()
    }

    pub(crate) fn summaries(&self) -> Vec<String> {
        self.calls().iter().map(Call::summary).collect()
    }

    /// The rights that all calls needed, also the forgotten ones.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.state.lock().unwrap().actions.iter().cloned().collect()
    }

    pub(crate) fn forget_calls(&self) {
        self.state.lock().unwrap().calls.clear();
    }
}

async fn serve(state: Arc<Mutex<State>>, upstream: String, call: Call) -> Wire {
    let fault = {
        let mut state = state.lock().unwrap();
        state.actions.extend(action(&call));
        // Parts of large files would fill the memory.
        let kept = if call.query.contains("partNumber") { Bytes::new() } else { call.body.clone() };
        state.calls.push(Call { body: kept, ..call.clone() });
        let fault = state.faults.iter_mut().find(|fault| fault.left > 0 && (fault.matches)(&call)).map(|fault| {
            fault.left -= 1;
            fault.reply.clone()
        });
        fault.or_else(|| state.script.as_ref()?(&call))
    };
    let Some(reply) = fault else {
        return forward(&upstream, call).await;
    };
    tokio::time::sleep(reply.delay).await;
    match reply.deed {
        Deed::Answer { status, headers, body } => http::respond(status, &headers, body),
        Deed::Stream(steps) => http::stream(steps),
        Deed::Cut => None,
        Deed::Lose => {
            forward(&upstream, call).await;
            None
        }
        Deed::Serve => forward(&upstream, call).await,
    }
}

/// Byte for byte, Host header included: the signature covers it.
async fn forward(upstream: &str, call: Call) -> Wire {
    let socket = TcpStream::connect(upstream).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.ok()?;
    tokio::spawn(connection);
    let target = if call.query.is_empty() { call.path } else { format!("{}?{}", call.path, call.query) };
    let mut request = Request::builder().method(call.method).uri(target).body(Full::new(call.body)).ok()?;
    *request.headers_mut() = call.headers;
    let (mut head, body) = sender.send_request(request).await.ok()?.into_parts();
    // The body goes on in one piece, whatever pieces moto sent it in.
    head.headers.remove("transfer-encoding");
    let body = body.collect().await.ok()?.to_bytes();
    Some(hyper::Response::from_parts(head, http::whole(body)))
}
