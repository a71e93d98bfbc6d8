//! Real moto for S3, STS, Secrets Manager and IAM, as a process that ends
//! with ours.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

use super::root;

/// One for all tests whose buckets have names of their own.
static SHARED: LazyLock<Moto> = LazyLock::new(|| Moto::start(&[]));

pub(crate) struct Moto {
    pub(crate) endpoint: String,
    pub(super) client: reqwest::Client,
    /// Holds moto's standard input open: when this process ends, however it ends, moto does too.
    _process: Option<Child>,
}

impl Moto {
    pub(crate) fn shared() -> &'static Self {
        &SHARED
    }

    /// One more, with variables that moto reads at start.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let python = root().join("local/.runtime/venv/bin/python");
        let mut process = Command::new(&python)
            .arg(root().join("local/stack.py"))
            .arg("--moto-only")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; `make test` sets it up", python.display()));
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let hello: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("moto said {line:?}: {error}"));
        Self { _process: Some(process), ..Self::connect(hello["endpoint"].as_str().unwrap()) }
    }

    /// The same calls to another endpoint: to the proxy, to test the proxy.
    pub(crate) fn connect(endpoint: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { endpoint: endpoint.to_owned(), client, _process: None }
    }
}
