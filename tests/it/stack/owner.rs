//! The few calls with which tests set the scene in moto and look at the result, behind
//! Rendergate's back.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::http::RUNTIME;
use super::moto::Moto;

/// An object as its owner sees it.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Object {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Moto {
    /// A signed-looking request; without enforcement moto reads only the names in it.
    async fn call(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Response {
        let scope = format!("AKIAITSTESTS00000000/20260101/us-east-1/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let mut request =
            self.client.request(method, format!("{}{path}", self.endpoint)).header("authorization", authorization);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).send().await.unwrap()
    }

    /// As `call`, for what must not fail.
    fn must(&self, service: &str, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> String {
        RUNTIME.block_on(async {
            let response = self.call(service, method.clone(), path, headers, body).await;
            let (status, text) = (response.status(), response.text().await.unwrap());
            assert!(status.is_success(), "moto: {service} {method} {path}: {status} {text}");
            text
        })
    }

    pub(crate) fn create_bucket(&self, bucket: &str, region: &str) {
        let body = match region {
            "us-east-1" => String::new(),
            _ => format!(
                "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
            ),
        };
        self.must("s3", Method::PUT, &format!("/{bucket}"), &[], body.into());
    }

    /// From now on the bucket takes no ACLs.
    pub(crate) fn own_objects(&self, bucket: &str) {
        let body = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";
        self.must("s3", Method::PUT, &format!("/{bucket}?ownershipControls"), &[], body.into());
    }

    pub(crate) async fn put(&self, bucket: &str, key: &str, content_type: &str, body: String) {
        let headers = [("content-type", content_type)];
        let response = self.call("s3", Method::PUT, &format!("/{bucket}/{key}"), &headers, body.into()).await;
        assert!(response.status().is_success(), "moto: PUT /{bucket}/{key}: {}", response.status());
    }

    pub(crate) fn put_object(&self, bucket: &str, key: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) {
        self.must("s3", Method::PUT, &format!("/{bucket}/{key}"), headers, body.into());
    }

    pub(crate) fn put_json(&self, bucket: &str, key: &str, body: &Value) {
        self.put_object(bucket, key, &[("content-type", "application/json")], body.to_string());
    }

    pub(crate) fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        RUNTIME.block_on(async {
            let response = self.call("s3", Method::GET, &format!("/{bucket}/{key}"), &[], Vec::new()).await;
            if response.status() == 404 {
                return None;
            }
            assert!(response.status().is_success(), "moto: GET /{bucket}/{key}: {}", response.status());
            let headers = response.headers().clone();
            Some(Object { headers, body: response.bytes().await.unwrap().to_vec() })
        })
    }

    pub(crate) fn delete_object(&self, bucket: &str, key: &str) {
        self.must("s3", Method::DELETE, &format!("/{bucket}/{key}"), &[], Vec::new());
    }

    /// An object's tags, `name=value`.
    pub(crate) fn tags(&self, bucket: &str, key: &str) -> Vec<String> {
        let tags = self.must("s3", Method::GET, &format!("/{bucket}/{key}?tagging"), &[], Vec::new());
        let mut tags: Vec<_> = tags
            .split("<Tag>")
            .skip(1)
            .map(|tag| format!("{}={}", element(tag, "Key"), element(tag, "Value")))
            .collect();
        tags.sort_unstable();
        tags
    }

    /// The keys in a bucket (the first thousand, which is plenty here).
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let listing = self.must("s3", Method::GET, &format!("/{bucket}?list-type=2"), &[], Vec::new());
        let keys = listing.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        keys.map(str::to_owned).collect()
    }

    fn secrets(&self, operation: &str, body: &Value) -> Value {
        let target = format!("secretsmanager.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
        let text = self.must("secretsmanager", Method::POST, "/", &headers, body.to_string().into());
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn create_secret(&self, name: &str, text: &str) {
        self.secrets("CreateSecret", &json!({ "Name": name, "SecretString": text }));
    }

    pub(crate) fn create_binary_secret(&self, name: &str) {
        self.secrets("CreateSecret", &json!({ "Name": name, "SecretBinary": "AAEC" }));
    }

    /// A new version becomes AWSCURRENT.
    pub(crate) fn rotate_secret(&self, name: &str, text: &str) {
        self.secrets("PutSecretValue", &json!({ "SecretId": name, "SecretString": text }));
    }

    /// Invokes the scripted function as a client would.
    pub(crate) fn invoke(&self, payload: &Value) -> (u16, Value) {
        RUNTIME.block_on(async {
            let path = "/2015-03-31/functions/remotion-render-x/invocations";
            let response = self.call("lambda", Method::POST, path, &[], payload.to_string().into()).await;
            (response.status().as_u16(), response.json().await.unwrap())
        })
    }

    /// An action of a query API: `iam` or `sts`; the XML it answers.
    pub(crate) fn query(&self, service: &str, parameters: &[(&str, &str)]) -> String {
        let form = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.must(service, Method::POST, "/", &headers, form.join("&").into())
    }

    /// From now on signatures and policies count (moto needs INITIAL_NO_AUTH_ACTION_COUNT at start).
    pub(crate) fn enforce(&self, enforced: bool) {
        let free_calls = if enforced { "0" } else { "1000000" };
        self.must("s3", Method::POST, "/moto-api/reset-auth", &[], free_calls.into());
    }
}

/// Percent-encodes a form value.
fn encode(value: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    value.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The text inside the first `<name>` of an XML answer.
pub(crate) fn element(xml: &str, name: &str) -> String {
    let after = xml.split(&format!("<{name}>")).nth(1).unwrap_or_else(|| panic!("no <{name}> in {xml}"));
    after.split('<').next().unwrap_or_default().to_owned()
}
