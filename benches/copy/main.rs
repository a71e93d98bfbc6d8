//! How long a copy inside S3 takes, beside boto3's managed copy. See README.md.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../../tests/it/stack/http.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod http;
#[path = "../../tests/it/stack/large.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod large;
#[path = "../../tests/it/stack/stream.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod stream;

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use rendergate::aws::{Aws, Copied, Copier, CopyTarget, Object};
use tokio::sync::watch;

use http::{Call, Deed, Reply};
use large::Large;

/// What the stub takes for each request, and what S3 copies per request and second.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html>
const DELAY: Duration = Duration::from_millis(20);
const PER_MB: Duration = Duration::from_micros(11_111);

const MIB: u64 = 1 << 20;
const SIZES: [u64; 9] = [8, 12, 16, 32, 64, 96, 256, 1024, 5120];

/// The tests' paths to their own folder.
fn root() -> std::path::PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn main() {
    println!("20 ms per request, 90 MB/s per request; seconds (requests)");
    println!("| MiB | CopyObject | Rendergate | boto3 | boto3 / Rendergate |");
    println!("| --- | --- | --- | --- | --- |");
    for size in SIZES {
        let whole = DELAY.as_secs_f64() + PER_MB.as_secs_f64() * (size * MIB) as f64 / 1e6;
        let (ours, our_requests) = measured(size * MIB, |endpoint| http::RUNTIME.block_on(copy(endpoint)));
        let (theirs, their_requests) = measured(size * MIB, boto3);
        println!(
            "| {size} | {whole:.2} (1) | {ours:.2} ({our_requests}) | {theirs:.2} ({their_requests}) | {:.2} |",
            theirs / ours
        );
    }
}

/// Seconds, and requests to the stub; both with the look at the source.
fn measured(size: u64, copy: impl Fn(&str) -> f64) -> (f64, usize) {
    let large = Large::new("/from/x.mp4", size);
    large.state().delay = DELAY;
    large.state().per_mb = PER_MB;
    let requests = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = requests.clone();
    let address = http::listen(move |call: Call| {
        let (large, counted) = (large.clone(), counted.clone());
        async move {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let reply = large.answer(&call).unwrap_or_else(|| whole(&call, size));
            tokio::time::sleep(reply.delay).await;
            let Deed::Answer { status, headers, body } = reply.deed else { return None };
            http::respond(status, &headers, body)
        }
    });
    let seconds = copy(&format!("http://{address}"));
    (seconds, requests.load(std::sync::atomic::Ordering::Relaxed))
}

/// CopyObject.
fn whole(call: &Call, size: u64) -> Reply {
    assert!(call.header("x-amz-copy-source").is_some(), "{call:?}");
    let mut reply = Reply::new(200, "<CopyObjectResult><ETag>&quot;0-1&quot;</ETag></CopyObjectResult>");
    reply.delay = DELAY + PER_MB.mul_f64(size as f64 / 1e6);
    reply
}

async fn copy(endpoint: &str) -> f64 {
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(Credentials::new(
            "AKIABENCH",
            "bench",
            None,
            None,
            "bench",
        )))
        .build();
    let aws = Arc::new(Aws::new(config, false, true));
    let object = |bucket: &str| {
        let (region, bucket, key) = ("us-east-1".to_owned(), bucket.to_owned(), "x.mp4".to_owned());
        Object { region, bucket, key, owner: None }
    };
    let began = Instant::now();
    let found = aws.head(&object("from")).await.unwrap().unwrap();
    let target =
        CopyTarget { aws: aws.clone(), streamed: false, object: object("to"), storage_class: None, new_only: false };
    let copier = Arc::new(Copier { aws, source: object("from"), found, target });
    let copied = if copier.is_in_parts() {
        let upload = watch::Sender::new(Some(copier.begin().await.unwrap()));
        assert_eq!(copier.parts(&upload).await.unwrap(), Copied::Done);
        let upload = upload.borrow().clone().unwrap();
        copier.complete(&upload).await.unwrap()
    } else {
        copier.whole().await.unwrap()
    };
    assert_eq!(copied, Copied::Done);
    began.elapsed().as_secs_f64()
}

fn boto3(endpoint: &str) -> f64 {
    let python = root().join("local/.runtime/venv/bin/python");
    let script = root().join("benches/copy/boto3_copy.py");
    let output =
        Command::new(python).arg(script).arg(endpoint).env("AWS_EC2_METADATA_DISABLED", "true").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().parse().unwrap_or_else(|_| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)))
}
