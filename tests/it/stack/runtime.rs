//! The real `bootstrap`, fed as Lambda feeds it: by cargo-lambda's emulator, or by one as
//! small as it gets that can set a deadline.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::{self, Call, RUNTIME, Wire, now_ms};
use super::root;
use super::server::Server;
use super::settings::Settings;

/// A warm function behind a Lambda Runtime API.
pub(crate) struct Function {
    bootstrap: Server,
    door: Door,
}

enum Door {
    Ours(Arc<Mutex<State>>),
    /// The emulator and the address of its Invoke API.
    CargoLambda {
        _emulator: Emulator,
        address: String,
    },
}

/// cargo-lambda's process, which must not outlive a test that fails.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[derive(Default)]
struct State {
    /// Each with the milliseconds that it may take.
    events: VecDeque<(String, u128)>,
    /// What came back, in order: the path says whether as response or as error.
    answers: Vec<Call>,
}

impl Function {
    /// Behind our own Runtime API.
    pub(crate) fn start(settings: &Settings) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        Self::of(env!("CARGO_BIN_EXE_api"), settings, state)
    }

    /// The worker, behind our own Runtime API.
    pub(crate) fn worker(settings: &Settings) -> Self {
        Self::of(env!("CARGO_BIN_EXE_worker"), settings, Arc::default())
    }

    fn of(program: &str, settings: &Settings, state: Arc<Mutex<State>>) -> Self {
        let shared = state.clone();
        let address = http::listen(move |call| serve(shared.clone(), call));
        Self { bootstrap: bootstrap(program, settings, &address.to_string()), door: Door::Ours(state) }
    }

    /// Under `cargo lambda watch`, which would build the program anew if it were let.
    pub(crate) fn watch(settings: &Settings) -> Self {
        let program = root().join("local/.tools/bin/cargo-lambda");
        // It can't be asked for a free port, so one that was free a moment ago has to do.
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port().to_string();
        let process = Command::new(&program)
            .args(["lambda", "watch", "--only-lambda-apis", "--ignore-changes", "-A", "127.0.0.1", "-P", &port])
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; `make test` sets it up", program.display()));
        let (emulator, address) = (Emulator(process), format!("127.0.0.1:{port}"));
        let deadline = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < deadline, "cargo lambda watch does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        let bootstrap = bootstrap(env!("CARGO_BIN_EXE_api"), settings, &format!("http://{address}/.rt"));
        Self { bootstrap, door: Door::CargoLambda { _emulator: emulator, address } }
    }

    /// The response that API Gateway would get.
    pub(crate) fn invoke(&self, event: &Value) -> Value {
        self.invoke_within(event, Duration::from_secs(29))
    }

    /// The same, on a function with so much time left (cargo-lambda doesn't tell it).
    pub(crate) fn invoke_within(&self, event: &Value, time: Duration) -> Value {
        match &self.door {
            Door::Ours(state) => self.through_ours(state, event, time),
            Door::CargoLambda { address, .. } => RUNTIME.block_on(async {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                let url = format!("http://{address}/2015-03-31/functions/_/invocations");
                let answer = client.post(url).body(event.to_string()).send().await.unwrap();
                answer.json().await.unwrap()
            }),
        }
    }

    fn through_ours(&self, state: &Mutex<State>, event: &Value, time: Duration) -> Value {
        let before = {
            let mut state = state.lock().unwrap();
            state.events.push_back((event.to_string(), time.as_millis()));
            state.answers.len()
        };
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            if let Some(answer) = state.lock().unwrap().answers.get(before) {
                assert!(answer.path.ends_with("/response"), "{} {:?}", answer.path, answer.body);
                return answer.json();
            }
            assert!(Instant::now() < deadline, "no answer; its log:\n{}", self.bootstrap.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// `STOP` and `CONT` freeze and thaw it.
    pub(crate) fn signal(&self, name: &str) {
        self.bootstrap.signal(name);
    }

    /// Lambda freezes a function and one day forgets it: no SIGTERM, no last words.
    pub(crate) fn forget(self) -> String {
        self.bootstrap.kill()
    }
}

fn bootstrap(program: &str, settings: &Settings, runtime_api: &str) -> Server {
    let settings = settings
        .clone()
        .set("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .set("AWS_LAMBDA_FUNCTION_NAME", "_")
        .set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .set("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/rendergate-api")
        .set("AWS_LAMBDA_LOG_STREAM_NAME", "test");
    settings.start(program, &[])
}

async fn serve(state: Arc<Mutex<State>>, call: Call) -> Wire {
    if !call.path.ends_with("/invocation/next") {
        state.lock().unwrap().answers.push(call);
        return http::respond(202, &[], "".into());
    }
    loop {
        let next = state.lock().unwrap().events.pop_front();
        if let Some((event, time)) = next {
            let arn = "arn:aws:lambda:us-east-1:123456789012:function:rendergate-api";
            let headers = [
                ("content-type", "application/json".to_owned()),
                ("lambda-runtime-aws-request-id", uuid::Uuid::new_v4().to_string()),
                ("lambda-runtime-deadline-ms", (now_ms() + time).to_string()),
                ("lambda-runtime-invoked-function-arn", arn.to_owned()),
                ("lambda-runtime-trace-id", "Root=1-67000000-000000000000000000000000;Sampled=0".to_owned()),
            ];
            return http::respond(200, &headers.map(|(name, value)| (name.to_owned(), value)), event.into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
