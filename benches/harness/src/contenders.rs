//! Who runs against whom. See ../README.md.

use std::path::Path;

use crate::options::Options;
use crate::stub::{FUNCTION, Stub};

pub const OURS: &str = "Rendergate";
pub const FLOOR: &str = "bare Invoke";
pub const BUNDLED: &str = "Node, bundled";
pub const EXPRESS: &str = "Express, EC2 guide";

pub const SERVE_URL: &str =
    "https://remotionlambda-useast1-abcdefghij.s3.us-east-1.amazonaws.com/sites/demo/index.html";

pub struct Contender {
    pub name: &'static str,
    pub command: Vec<String>,
    /// What it needs beyond [`environment`].
    pub settings: Vec<(String, String)>,
    /// The floor starts renders only.
    pub polls: bool,
}

impl Contender {
    fn new(name: &'static str, command: &[&Path], settings: &[(&str, &str)]) -> Self {
        let command = command.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { name, command, settings, polls: name != FLOOR }
    }
}

/// The programs for Lambda; the first is ours, the second the floor.
pub fn lambdas(options: &Options) -> Vec<Contender> {
    let (peers, node) = (options.run("peers"), Path::new("node"));
    let runtime = peers.join("runtime.mjs");
    vec![
        Contender::new(OURS, &[&options.ours], &[("RENDERGATE_FUNCTION_NAME", FUNCTION)]),
        Contender::new(FLOOR, &[&options.floor.join("floor-lambda")], &[]),
        Contender::new(BUNDLED, &[node, &runtime, &peers.join("bundle.mjs")], &[]),
        Contender::new("Node, npm's files", &[node, &runtime, &peers.join("handler.mjs")], &[]),
        Contender::new("Python", &[&options.run("venv/bin/python"), &peers.join("runtime.py")], &[]),
    ]
}

/// The servers; the first is ours, the second the floor.
pub fn servers(options: &Options) -> Vec<Contender> {
    let state = format!("file:{}", options.run("state").display());
    // As in the guide for EC2.
    let guide = [
        ("API_USERNAME", "bench"),
        ("API_PASSWORD", "bench-bench-bench"),
        ("REMOTION_ROLE_ARN", "arn:aws:iam::123456789012:role/remotion-ec2-executionrole"),
        ("REMOTION_ROLE_SESSION_NAME", "bench"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&guide[..], more].concat();
    let ours = [&guide[..], &[("RENDERGATE_FUNCTION_NAME", FUNCTION), ("RENDERGATE_STATE", &state)]].concat();
    let express = options.run("peers/server.mjs");
    let node: &[&Path] = &[Path::new("node"), &express];
    vec![
        Contender::new(OURS, &[&options.server, Path::new("serve")], &ours),
        Contender::new(FLOOR, &[&options.floor.join("floor-server")], &[]),
        Contender::new(EXPRESS, node, &with(&[("NODE_ENV", "production")])),
        Contender::new("Express, no AssumeRole", node, &with(&[("NODE_ENV", "production"), ("ASSUME_ROLE", "0")])),
    ]
}

/// What Lambda tells a program, and where AWS is.
pub fn environment(contender: &Contender, stub: &Stub) -> Vec<(String, String)> {
    let common = [
        ("AWS_ACCESS_KEY_ID", "ASIABENCH"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_SESSION_TOKEN", "bench"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &stub.endpoint),
        ("FUNCTION_NAME", FUNCTION),
        ("SERVE_URL", SERVE_URL),
    ];
    let common = common.map(|(name, value)| (name.to_owned(), value.to_owned()));
    common.into_iter().chain(contender.settings.iter().cloned()).collect()
}

/// What Lambda sets besides.
pub fn on_lambda() -> Vec<(String, String)> {
    let names = [
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("_HANDLER", "bootstrap"),
    ];
    names.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}
