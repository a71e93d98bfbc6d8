use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::remotion::javascript;

/// One level of JSON as text: the order of a body's keys is part of what is signed.
type Fields = BTreeMap<String, Box<RawValue>>;

fn cases(text: &str) -> Vec<Fields> {
    serde_json::from_str(text).unwrap()
}

fn within(fields: &Fields, name: &str) -> Fields {
    serde_json::from_str(fields[name].get()).unwrap()
}

fn value(fields: &Fields, name: &str) -> Value {
    fields.get(name).map_or(Value::Null, |raw| serde_json::from_str(raw.get()).unwrap())
}

/// Where we differ on purpose, and why.
const DELIBERATE: [(&str, &str); 1] =
    [("body as a string is re-stringified", "the bytes are verified as they arrived, so that nothing can go wrong")];

#[test]
fn signatures_as_the_official_client_judges_them() {
    let cases = cases(include_str!("../../../tests/fixtures/remotion/4.0.527/vectors/validateWebhookSignature.json"));
    let mut differ = 0;
    for case in &cases {
        let (name, input) = (value(case, "name"), within(case, "input"));
        // Where the body is text, these are the bytes.
        let body = value(&input, "body").as_str().map_or_else(|| javascript::stringify(&input["body"]), str::to_owned);
        let (secret, header) = (value(&input, "secret"), value(&input, "signatureHeader"));
        let ours = verify(secret.as_str().unwrap().as_bytes(), body.as_bytes(), header.as_str());
        if DELIBERATE.iter().any(|(deliberate, _)| name == *deliberate) {
            differ += 1;
            continue;
        }
        assert_eq!(ours.is_err(), case.contains_key("error"), "{name}: {ours:?}");
    }
    assert_eq!((cases.len(), differ), (10, DELIBERATE.len()));
}

#[test]
fn raw_bytes_are_verified() {
    let body = r#"{"a":1}"#;
    let header = sign(b"shared-secret", body.as_bytes());
    assert_eq!(verify(b"shared-secret", body.as_bytes(), Some(&header)), Ok(()));
    assert_eq!(verify(b"shared-secret", br#"{"a": 1}"#, Some(&header)), Err(SignatureError::Different));
    assert_eq!(verify(b"shared-secret", b"null", Some(&header)), Err(SignatureError::Different));
    assert_eq!(verify(b"", body.as_bytes(), Some(&sign(b"", body.as_bytes()))), Err(SignatureError::NoSecret));
    for unsigned in [None, Some(""), Some(NO_SECRET)] {
        assert_eq!(verify(b"s", b"{}", unsigned), Err(SignatureError::Unsigned));
    }
    let upper = header.to_uppercase();
    let longer = format!("{header}00");
    for forged in ["sha512=", "sha512=é", "sha256=00", &header[7..], &header[..100], &header[..134], &upper, &longer] {
        assert_eq!(verify(b"shared-secret", body.as_bytes(), Some(forged)), Err(SignatureError::Different), "{forged}");
    }
}

#[test]
fn what_functions_really_sent_is_verified_and_read() {
    let cases = cases(include_str!("../../../tests/fixtures/remotion/4.0.527/vectors/webhookDelivery.json"));
    let mut requests = 0;
    for case in &cases {
        let name = value(case, "name");
        for request in serde_json::from_str::<Vec<Fields>>(case["requests"].get()).unwrap() {
            let (sent, headers) = (within(&request, "body"), value(&request, "headers"));
            let body = javascript::stringify(&sent["json"]);
            assert_eq!(Some(body.len() as u64), value(&sent, "utf8Length").as_u64(), "{name}");
            let genuine = verify(b"shared-secret", body.as_bytes(), headers[SIGNATURE_HEADER].as_str());
            assert_eq!(genuine.is_ok(), value(case, "input")["secret"] == "shared-secret", "{name}");
            let notice = Notice::read(body.as_bytes()).unwrap();
            assert_eq!(notice.render_id, "m1");
            assert_eq!(notice.expected_bucket_owner.as_deref(), Some("123456789012"));
            let kind = match notice.outcome {
                Outcome::Success(success) => {
                    assert_eq!(success.costs.unwrap().estimated_display_cost, "$0.001");
                    assert_eq!(
                        (success.output_file.as_deref(), success.time_to_finish),
                        (Some("https://u"), Some(1500.0))
                    );
                    "success"
                }
                Outcome::Error { .. } => "error",
                Outcome::Timeout => "timeout",
            };
            assert_eq!(headers["x-remotion-status"], kind);
            requests += 1;
        }
    }
    // The third case, with text beyond ASCII, is one that the function's sender never gets out.
    assert_eq!((cases.len(), requests), (5, 6));
}

#[test]
fn other_fields_and_missing_ones_are_tolerated() {
    let notice = |body: Value| Notice::read(body.to_string().as_bytes());
    let known = notice(json!({
        "type": "error", "renderId": "r", "bucketName": "b", "new": 1, "customData": {"id": 42},
        "errors": [{"message": "m", "name": "Error", "stack": "s", "new": 1}, {}],
    }))
    .unwrap();
    let Outcome::Error { errors } = known.outcome else { panic!("{known:?}") };
    assert_eq!((errors[0].message.as_str(), errors.len()), ("m", 2));
    assert_eq!(known.custom_data, json!({"id": 42}));
    assert!(notice(json!({"type": "success", "renderId": "r", "bucketName": "b"})).is_ok());
    for strange in [
        json!({"type": "success", "renderId": "r"}),
        json!({"type": "progress", "renderId": "r", "bucketName": "b"}),
        json!([]),
        json!(null),
    ] {
        assert!(notice(strange.clone()).is_err(), "{strange}");
    }
}
