use super::*;

fn read(settings: &[(&str, &str)]) -> Result<Config, Mistakes> {
    Config::from_lookup(|name| settings.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()))
}

fn wrong(settings: &[(&str, &str)]) -> Vec<&'static str> {
    read(settings).unwrap_err().0.iter().map(|mistake| mistake.name).collect()
}

#[test]
fn nothing_set_is_a_working_server_on_loopback() {
    let config = read(&[("HOME", "/home/me")]).unwrap();
    assert_eq!(
        (config.account.settings.region.as_str(), config.port, config.host.is_loopback()),
        ("us-east-1", 8080, true)
    );
    assert!(!config.account.settings.region_is_fixed && !config.metrics && config.destinations.is_empty());
    assert_eq!(config.state, Some(StateLocation::Folder("/home/me/.local/state/rendergate".into())));
}

#[test]
fn lambda_has_no_folder_and_logs_json() {
    let config = read(&[("AWS_LAMBDA_RUNTIME_API", "x"), ("HOME", "/home/me"), ("AWS_REGION", "eu-west-1")]).unwrap();
    assert_eq!((config.state, config.log_format, config.metrics), (None, LogFormat::Json, true));
    assert_eq!((config.account.settings.region.as_str(), config.home_region.as_str()), ("eu-west-1", "eu-west-1"));
}

#[test]
fn every_mistake_is_reported_at_once() {
    let all = [
        ("RENDERGATE_REGION", "mars-1"),
        ("RENDERGATE_BUCKET", "No_Bucket"),
        ("RENDERGATE_CODEC", "av1"),
        ("RENDERGATE_CREDENTIALS", "magic"),
        ("RENDERGATE_DESTINATIONS", "Videos"),
        ("RENDERGATE_STATE", "/tmp/x"),
        ("API_USERNAME", "me"),
        ("RENDERGATE_API_KEYS", "{}"),
        ("RENDERGATE_ALLOW_ANONYMOUS", "yes"),
        ("RENDERGATE_CORS_ORIGINS", "shop.example"),
        ("RENDERGATE_SERVE_URL_HOSTS", "https://a.example"),
        ("RENDERGATE_WEBHOOK_HOSTS", "*"),
        ("PORT", "http"),
        ("RENDERGATE_HOST", "localhost"),
        ("RENDERGATE_LOG", "loud"),
        ("RENDERGATE_LOG_FORMAT", "xml"),
        ("RENDERGATE_METRICS", "on"),
        ("RENDERGATE_ACCOUNT_ID", "12"),
    ];
    let mut names = wrong(&all);
    names.sort_unstable();
    let mut expected: Vec<&str> =
        all.iter().map(|(name, _)| if *name == "API_USERNAME" { "API_PASSWORD" } else { name }).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn empty_counts_as_not_set() {
    let config = read(&[("RENDERGATE_REGION", ""), ("RENDERGATE_CREDENTIALS", " "), ("PORT", "")]).unwrap();
    assert_eq!((config.account.settings.region.as_str(), config.port), ("us-east-1", 8080));
}

#[test]
fn beyond_loopback_somebody_must_be_configured() {
    assert_eq!(wrong(&[("RENDERGATE_HOST", "0.0.0.0")]), ["RENDERGATE_HOST"]);
    for caller in [("RENDERGATE_ALLOW_ANONYMOUS", "true"), ("RENDERGATE_API_KEYS", "secret:keys")] {
        assert!(read(&[("RENDERGATE_HOST", "0.0.0.0"), caller]).is_ok());
    }
}

#[test]
fn callers_are_told_apart_by_what_is_configured() {
    let user = ("API_USERNAME", "shop");
    assert_eq!(wrong(&[("API_USERNAME", "a:b"), ("API_PASSWORD", "x")]), ["API_USERNAME"]);
    assert_eq!(wrong(&[user, ("API_PASSWORD", "secret:")]), ["API_PASSWORD"]);
    let config = read(&[user, ("API_PASSWORD", "secret:dev/password")]).unwrap();
    assert_eq!(config.secrets().map(SecretRef::id).collect::<Vec<_>>(), ["dev/password"]);
    let keys = r#"[{"name":"shop","key":"long-enough-as-it-is","destinations":["videos","archive/a/"]}]"#;
    let keys = ("RENDERGATE_API_KEYS", keys);
    assert!(read(&[keys, ("RENDERGATE_DESTINATIONS", "archive,videos")]).is_ok());
    let mistakes = read(&[keys, ("RENDERGATE_DESTINATIONS", "videos")]).unwrap_err().to_string();
    assert!(mistakes.contains("RENDERGATE_API_KEYS") && mistakes.contains("`archive`"), "{mistakes}");
    let keys = r#"[{"name":"shop","key":"long-enough-as-it-is","accounts":["default","b"]}]"#;
    let mistakes = read(&[("RENDERGATE_API_KEYS", keys)]).unwrap_err().to_string();
    assert!(mistakes.contains("`b`") && mistakes.contains("some of default"), "{mistakes}");
}

#[test]
fn a_mistake_tells_what_was_found_and_what_is_right() {
    let long = "x".repeat(100);
    let settings = [
        ("PORT", "http"),
        ("RENDERGATE_WEBHOOK_HOSTS", "https://a.example"),
        ("RENDERGATE_ALLOW_ANONYMOUS", "yes"),
        ("RENDERGATE_BUCKET", long.as_str()),
    ];
    let mistakes = read(&settings).unwrap_err().to_string();
    for line in [
        "PORT: found `http`; expected 0 to 65535",
        "RENDERGATE_WEBHOOK_HOSTS: found `https://a.example`; ",
        "RENDERGATE_ALLOW_ANONYMOUS: found `yes`; expected `true` or `false`",
        "x…`; expected the name of an S3 bucket",
    ] {
        assert!(mistakes.contains(line), "{line}: {mistakes}");
    }
    assert!(!mistakes.contains(&long));
}

#[test]
fn secrets_never_show() {
    let config = read(&[("API_USERNAME", "me"), ("API_PASSWORD", "CANARY")]).unwrap();
    assert!(!format!("{config:?}").contains("CANARY"));
    let mistakes = read(&[("RENDERGATE_API_KEYS", r#"[{"name":"CANARY","key":"CANARY"}]"#)]).unwrap_err();
    assert!(!mistakes.to_string().contains("CANARY"));
    let mistakes = read(&[("API_USERNAME", "me"), ("API_PASSWORD", "secret:#CANARY")]).unwrap_err();
    assert!(!mistakes.to_string().contains("CANARY"), "{mistakes}");
    let mistakes = read(&[("RENDERGATE_CREDENTIALS", "AKIA:CANARY")]).unwrap_err();
    assert!(!mistakes.to_string().contains("CANARY"), "{mistakes}");
}

#[test]
fn the_table_names_each_setting_once() {
    let mut names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SETTINGS.len());
}

fn names(config: &Config) -> Vec<&str> {
    config.accounts().map(|account| account.settings.name.as_str()).collect()
}

#[test]
fn accounts_take_over_what_they_leave_out() {
    let listed = r#"[{"name":"a","credentials":"role","region":"eu-west-1","weight":3},
        {"name":"b","functionName":"remotion-render-b","bucket":"remotionlambda-b","accountId":"123456789012"}]"#;
    let config = read(&[
        ("RENDERGATE_ACCOUNTS", listed),
        ("RENDERGATE_ACCOUNT_POLICY", "round-robin"),
        ("RENDERGATE_FUNCTION_NAME", "remotion-render-x"),
        ("RENDERGATE_CREDENTIALS", "secret:keys"),
        ("AWS_REGION", "us-west-2"),
    ])
    .unwrap();
    assert_eq!((names(&config), config.account_policy), (vec!["a", "b"], Policy::RoundRobin));
    let (a, b) = (&config.account, &config.other_accounts[0]);
    assert_eq!((a.settings.region.as_str(), a.settings.region_is_fixed, a.settings.weight), ("eu-west-1", true, 3));
    assert_eq!((b.settings.region.as_str(), b.settings.region_is_fixed, b.settings.weight), ("us-west-2", false, 1));
    assert_eq!(a.settings.function_name.as_deref(), Some("remotion-render-x"));
    assert_eq!(b.settings.function_name.as_deref(), Some("remotion-render-b"));
    assert_eq!((&a.credentials, b.credentials.is_renewable()), (&"role".parse().unwrap(), true));
}

#[test]
fn numbered_keys_are_accounts() {
    let config =
        read(&[("AWS_KEY_1", "A1"), ("AWS_SECRET_1", "CANARY"), ("AWS_KEY_2", "A2"), ("AWS_SECRET_2", "CANARY")]);
    let config = config.unwrap();
    assert_eq!(names(&config), ["1", "2"]);
    assert!(!format!("{config:?}").contains("CANARY"));
}

#[test]
fn mistakes_in_accounts_are_named() {
    let said = |settings: &[(&str, &str)]| read(settings).unwrap_err().to_string();
    let accounts = |json: &str| said(&[("RENDERGATE_ACCOUNTS", json)]);
    for (json, expected) in [
        ("[]", "the list is empty"),
        ("{", "expected a JSON list"),
        (r#""AKIACANARY""#, "wrong type"),
        (r#"[{"name":"a","weight":"CANARY"}]"#, "wrong type"),
        (r#"[{"name":"a","color":1}]"#, "unknown field `color`"),
        (r#"[{"name":"a"},{"name":"a"}]"#, "two accounts are named `a`"),
        (r#"[{"name":"a~b"}]"#, "account `a~b`: `name`"),
        (r#"[{"name":"q"}]"#, "account `q`: `name`"),
        (r#"[{"name":"a","region":"mars-1"}]"#, "account `a`: `region`"),
        (r#"[{"name":"a","bucket":"No_"}]"#, "account `a`: `bucket`"),
        (r#"[{"name":"a","accountId":"12"}]"#, "account `a`: `accountId`"),
        (r#"[{"name":"a","credentials":"CANARY"}]"#, "account `a`: `credentials`"),
    ] {
        let said = accounts(json);
        assert!(said.contains(expected) && !said.contains("CANARY"), "{json}: {said}");
    }
    let two = r#"[{"name":"a"},{"name":"b"}]"#;
    assert!(
        said(&[("RENDERGATE_ACCOUNTS", two), ("RENDERGATE_BUCKET", "remotionlambda-x")]).contains("RENDERGATE_BUCKET")
    );
    assert!(said(&[("RENDERGATE_ACCOUNTS", two), ("AWS_KEY_1", "a"), ("AWS_SECRET_1", "b")]).contains("together"));
    assert!(said(&[("AWS_KEY_1", "a"), ("AWS_SECRET_", "CANARY")]).contains("`AWS_SECRET_` has no number"));
    let gap = [("AWS_KEY_1", "a"), ("AWS_SECRET_1", "b"), ("AWS_KEY_3", "c"), ("AWS_SECRET_3", "d")];
    assert!(said(&gap).contains("AWS_KEY_2 is missing"));
    assert!(said(&[("AWS_KEY_2", "a"), ("AWS_SECRET_2", "b")]).contains("AWS_KEY_1 is missing"));
}
