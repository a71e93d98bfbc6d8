//! A program on Lambda: a process that asks the Runtime API for events and posts its answers there.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::Method;
use tokio::sync::{Mutex, mpsc};

use crate::process::Process;
use crate::serve::{self, Answer, Call, respond};

/// A contender is given up after this.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Lambda {
    pub process: Process,
    name: String,
    spawned: Instant,
    events: mpsc::UnboundedSender<Bytes>,
    asked: mpsc::UnboundedReceiver<Instant>,
    answers: mpsc::UnboundedReceiver<(Instant, Bytes)>,
}

struct Api {
    events: Mutex<mpsc::UnboundedReceiver<Bytes>>,
    asked: mpsc::UnboundedSender<Instant>,
    answers: mpsc::UnboundedSender<(Instant, Bytes)>,
}

impl Lambda {
    pub async fn spawn(name: &str, logs: &Path, command: &[String], environment: &[(String, String)]) -> Self {
        let (events, to_runtime) = mpsc::unbounded_channel();
        let (was_asked, asked) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let api = Arc::new(Api { events: Mutex::new(to_runtime), asked: was_asked, answers: answered });
        let address = serve::listen(move |call| api.clone().answer(call)).await;
        let mut environment = environment.to_vec();
        environment.push(("AWS_LAMBDA_RUNTIME_API".into(), address.to_string()));
        let spawned = Instant::now();
        let process = Process::spawn(name, logs, command, &environment);
        Self { process, name: name.into(), spawned, events, asked, answers }
    }

    /// The first event, which waits for the program: from its spawn to its first question, and to its answer.
    pub async fn first(&mut self, event: &Bytes) -> (Duration, Duration) {
        self.events.send(event.clone()).expect("the Runtime API");
        let asked = self.wait_until_asked().await;
        let answered = self.wait_for_answer().await;
        (asked - self.spawned, answered - self.spawned)
    }

    /// A further event, handed to a program that waits for it.
    pub async fn invoke(&mut self, event: &Bytes) -> Duration {
        self.wait_until_asked().await;
        let began = Instant::now();
        self.events.send(event.clone()).expect("the Runtime API");
        self.wait_for_answer().await - began
    }

    async fn wait_until_asked(&mut self) -> Instant {
        patiently(&mut self.asked, &mut self.process, &self.name).await
    }

    async fn wait_for_answer(&mut self) -> Instant {
        let (at, body) = patiently(&mut self.answers, &mut self.process, &self.name).await;
        let good = body.windows(14).any(|part| part == br#""statusCode":2"#);
        assert!(good, "{}: {}", self.name, String::from_utf8_lossy(&body));
        at
    }
}

/// What comes next from a program that lives.
async fn patiently<T>(channel: &mut mpsc::UnboundedReceiver<T>, process: &mut Process, name: &str) -> T {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until && !process.has_ended() {
        if let Ok(Some(value)) = tokio::time::timeout(Duration::from_secs(1), channel.recv()).await {
            return value;
        }
    }
    panic!("{name} did not answer: see its log below benches/.run/logs")
}

impl Api {
    async fn answer(self: Arc<Self>, call: Call) -> Answer {
        if call.method() == Method::GET {
            self.asked.send(Instant::now()).ok();
            return match self.events.lock().await.recv().await {
                Some(event) => next(event),
                None => respond(410, "application/json", "{}"),
            };
        }
        self.answers.send((Instant::now(), call.into_body())).ok();
        respond(202, "application/json", r#"{"status":"OK"}"#)
    }
}

fn next(event: Bytes) -> Answer {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock") + Duration::from_secs(29);
    let mut answer = respond(200, "application/json", event);
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", &deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:bench"),
        ("lambda-runtime-trace-id", "Root=1-69b30fde-5b1e2f0a4c3d2e1f0a9b8c7d;Parent=91ed514f1e5c03b2;Sampled=0"),
    ] {
        answer.headers_mut().insert(name, value.parse().expect("a header"));
    }
    answer
}
