use super::*;

#[tokio::test]
async fn a_key_pair_of_the_settings_is_used_as_it_is_and_never_shown() {
    let keys = CredentialSource::Keys {
        access_key_id: "AKIA1".into(),
        secret_access_key: Redacted::new("CANARY-secret".into()),
        session_token: Some(Redacted::new("CANARY-token".into())),
    };
    let provider = keys.apply(&SdkConfig::builder().build()).credentials_provider().unwrap();
    let found = provider.provide_credentials().await.unwrap();
    assert_eq!(
        (found.access_key_id(), found.secret_access_key(), found.session_token()),
        ("AKIA1", "CANARY-secret", Some("CANARY-token"))
    );
    assert!(!keys.is_renewable() && !format!("{keys:?}{keys}").contains("CANARY"));
}

#[test]
fn sources_are_read_by_their_documented_names() {
    let shown = [
        ("auto", "auto"),
        ("role", "role"),
        ("env", "env"),
        ("secret:dev/remotion-user#AWSPREVIOUS", "secret:dev/remotion-user#AWSPREVIOUS"),
        ("secret:dev/remotion-user", "secret:dev/remotion-user#AWSCURRENT"),
        ("assume:arn:aws:iam::123456789012:role/x", "assume:arn:aws:iam::123456789012:role/x from auto"),
        ("profile:my team", "profile:my team"),
    ];
    for (text, source) in shown {
        assert_eq!(text.parse::<CredentialSource>().unwrap().to_string(), source);
    }
    for wrong in ["", "secret:", "assume:", "assume:me", "profile:", "profile", "ROLE", "secret:#AWSCURRENT", "keys"] {
        assert!(wrong.parse::<CredentialSource>().is_err(), "{wrong}");
    }
}
