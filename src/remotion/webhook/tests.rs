use serde_json::{Value, json};

use super::*;

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
