//! presignUrl(): links by the public Rust API, at the recorded instant.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rendergate::aws::{Aws, Endpoints, Object, base_config};
use rendergate::remotion::names::is_output_bucket_name;
use rendergate::remotion::object::link_life;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::aws::{requests, script, world};
use super::case::{Case, differences};
use super::renders::RECORDED_AT;
use super::{Difference, Replay, Subject};
use crate::stack::http::RUNTIME;

const KEY: &str = "AKIAREMOTIONEXAMPLE0";
const SECRET: &str = "remotion-secret-key-example";

pub(super) const SUBJECTS: &[Subject] = &[Subject { call: "presignUrl", replay: presign_url, on_purpose: ON_PURPOSE }];

const LINKS: &[&str] = &[
    "minimal",
    "expires 1",
    "expires missing",
    "key with specials",
    "region eu-central-1",
    "region cn-north-1",
    "forcePathStyle has no effect",
    "check exists false",
];

const ITS_SDK: &str = "the client's SDK adds this to what it signs, and S3 does the same without it; all else is the \
                       same, and the signature is the right one of what is signed";

const ON_PURPOSE: &[Difference] = &[
    Difference { what: "query.X-Amz-Content-Sha256 is missing", why: ITS_SDK, cases: LINKS },
    Difference { what: "query.x-amz-checksum-mode is missing", why: ITS_SDK, cases: LINKS },
];

fn aws(endpoint: Option<&str>) -> Aws {
    let config = RUNTIME.block_on(base_config("us-east-1", &Endpoints::default(), None)).into_builder();
    let keys = SharedCredentialsProvider::new(Credentials::new(KEY, SECRET, None, None, "recorded"));
    let config = config.credentials_provider(keys);
    let config = endpoint.iter().fold(config, |config, url| config.endpoint_url(*url));
    Aws::new(config.build(), false, endpoint.is_some())
}

fn presign_url() -> Replay {
    let world = world();
    let (signing, asking) = (aws(None), aws(Some(&world.aws.endpoint)));
    Box::new(move |case| {
        let raw = case.raw();
        let life = match &raw["expiresInSeconds"] {
            missing if missing.get("$undefined").is_some() => link_life(None),
            given => link_life(Some(given.as_f64().unwrap_or(f64::NAN))),
        };
        let bucket = raw["bucketName"].as_str().filter(|bucket| is_output_bucket_name(bucket));
        let (Some(life), Some(bucket)) = (life, bucket) else {
            return super::names::judged(case, false);
        };
        let object =
            Object { region: case.text("region"), bucket: bucket.to_owned(), key: case.text("objectKey"), owner: None };
        if raw["checkIfObjectExists"] == true {
            script(&world, case);
            let there = RUNTIME.block_on(asking.head(&object));
            let mut found = requests(&world, case);
            found.extend(match there {
                Ok(None) => case.same(&Value::Null),
                other => super::names::judged(case, other.is_ok()),
            });
            return found;
        }
        let start = UNIX_EPOCH + Duration::from_millis(RECORDED_AT as u64);
        let link = RUNTIME.block_on(signing.presign(&object, Duration::from_secs(life.into()), start)).unwrap();
        compared(case, &link.url)
    })
}

/// The address and everything that is signed are the same, but for two parameters that their SDK adds. So the
/// signatures are not; each has to be the right one of its own address.
fn compared(case: &Case, ours: &str) -> Vec<String> {
    let (address, mut theirs) = parts(case.result.as_ref().unwrap().as_str().unwrap());
    let (own_address, mut own) = parts(ours);
    let region = case.text("region");
    // Our reckoning is that of the recorded signature.
    let signature = theirs.remove("X-Amz-Signature").unwrap();
    assert_eq!(signature, signed(&address, &theirs, &region));
    let mut found = differences("address", &json!(address), &json!(own_address));
    let own_signature = own.remove("X-Amz-Signature").unwrap();
    found.extend(differences("signature", &json!(signed(&own_address, &own, &region)), &json!(own_signature)));
    found.extend(differences("query", &json!(theirs), &json!(own)));
    found
}

/// Scheme, host and path; and the query, as it stands.
fn parts(url: &str) -> (String, BTreeMap<String, String>) {
    let (address, query) = url.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    (address.to_owned(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The signature of a link, as
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html> has it.
fn signed(address: &str, query: &BTreeMap<String, String>, region: &str) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (host, path) = address.trim_start_matches("https://").split_once('/').unwrap();
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let canonical = format!("GET\n/{path}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", pairs.join("&"));
    let time = &query["X-Amz-Date"];
    let scope = format!("{}/{region}/s3/aws4_request", &time[..8]);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(&canonical)));
    let mac = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let key = [&time[..8], region, "s3", "aws4_request"]
        .iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| mac(&key, part));
    hex(&mac(&key, &text))
}
