//! Whoever is told of events: remembers what came, and verifies it with the reference implementation's own library.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::Value;
use standardwebhooks::Webhook;

use super::http::{self, Call, Deed, Reply};

/// Holds no canary of its own: base64 would hide it.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    script: VecDeque<Reply>,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let address = http::listen(move |call| {
            let reply = {
                let mut state = shared.lock().unwrap();
                state.calls.push(call);
                state.script.pop_front().unwrap_or_else(|| Reply::new(204, ""))
            };
            async move {
                tokio::time::sleep(reply.delay).await;
                match reply.deed {
                    Deed::Answer { status, headers, body } => http::respond(status, &headers, body),
                    _ => None,
                }
            }
        });
        Self { url: format!("http://{address}/events?token=url-token-canary"), state }
    }

    /// Answers the next event so; several are used up in order, then all are taken.
    pub(crate) fn next(&self, reply: Reply) {
        self.state.lock().unwrap().script.push_back(reply);
    }

    /// What came so far, verified.
    pub(crate) fn events(&self) -> Vec<Told> {
        self.events_signed_with(SECRET)
    }

    pub(crate) fn events_signed_with(&self, secret: &str) -> Vec<Told> {
        self.state.lock().unwrap().calls.iter().map(|call| Told::verified(call, secret)).collect()
    }

    /// Waits until so many have come.
    pub(crate) fn events_until(&self, count: usize) -> Vec<Told> {
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            let events = self.events();
            if events.len() >= count {
                return events;
            }
            assert!(Instant::now() < deadline, "only {events:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn forget(&self) {
        self.state.lock().unwrap().calls.clear();
    }
}

/// An event as it came.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

impl Told {
    fn verified(call: &Call, secret: &str) -> Self {
        let header = |name: &str| call.header(name).unwrap_or_else(|| panic!("no {name} in {call:?}")).to_owned();
        let headers: HeaderMap = call.headers.clone();
        let webhook = Webhook::new(secret).unwrap();
        webhook.verify(&call.body, &headers).unwrap_or_else(|error| panic!("{error} in {call:?}"));
        assert_eq!(header("content-type"), "application/json");
        let body: Value = serde_json::from_slice(&Bytes::clone(&call.body)).unwrap();
        let text = |member: &str| body[member].as_str().unwrap_or_else(|| panic!("{member} in {body:#}")).to_owned();
        assert!(text("timestamp").ends_with('Z'), "{body:#}");
        Self { id: header("webhook-id"), kind: text("type"), data: body["data"].clone() }
    }
}

/// The types of what came, in order.
pub(crate) fn kinds(events: &[Told]) -> Vec<&str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}
