//! One bare Invoke, as the AWS SDK's guide makes it: what no gateway in front of Remotion can be faster than.

use aws_config::BehaviorVersion;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

/// As long as what `renderMediaOnLambda()` sends.
const PAYLOAD: &[u8] = include_bytes!("../payload.json");

/// The default chain of credentials, and the system's root certificates.
pub async fn client() -> Client {
    Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await)
}

/// What the function answered.
pub async fn invoke(client: &Client) -> Value {
    let function = std::env::var("FUNCTION_NAME").expect("FUNCTION_NAME");
    let answer = client.invoke().function_name(function).payload(Blob::new(PAYLOAD)).send().await.expect("an answer");
    serde_json::from_slice(answer.payload().expect("a payload").as_ref()).expect("JSON")
}
