use super::super::{Config, Mistake};
use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/render";

fn read(settings: &[(&str, &str)]) -> Result<(String, String), Vec<Mistake>> {
    let lookup = |name: &str| settings.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let config = Config::from_lookup(lookup).map_err(|mistakes| mistakes.0)?;
    let show = |source: &CredentialSource| match source {
        CredentialSource::Keys { access_key_id, session_token, .. } => {
            format!("{access_key_id} {}", session_token.as_ref().map_or("", |token| token.expose()))
        }
        CredentialSource::Assume(role) => match &role.from {
            CredentialSource::Keys { access_key_id, .. } => format!("assume from {access_key_id}"),
            from => format!("assume from {from}"),
        },
        other => other.to_string(),
    };
    Ok((show(&config.home), show(&config.account.credentials)))
}

/// Every variable that `auto` looks at, the first choice first.
const ALL: [(&str, &str); 8] = [
    ("REMOTION_AWS_PROFILE", "remotion"),
    ("REMOTION_AWS_ACCESS_KEY_ID", "AKIAREMOTION"),
    ("REMOTION_AWS_SECRET_ACCESS_KEY", "CANARY"),
    ("REMOTION_AWS_SESSION_TOKEN", "t1"),
    ("AWS_PROFILE", "plain"),
    ("AWS_ACCESS_KEY_ID", "AKIAPLAIN"),
    ("AWS_SECRET_ACCESS_KEY", "CANARY"),
    ("AWS_SESSION_TOKEN", "t2"),
];

#[test]
fn auto_takes_the_first_that_is_there() {
    let choices = ["profile:remotion", "AKIAREMOTION t1", "profile:plain", "AKIAPLAIN t2", "role"];
    for (skipped, expected) in [0, 1, 4, 5, 8].into_iter().zip(choices) {
        let found = read(&ALL[skipped..]).unwrap();
        assert_eq!(found, (expected.to_owned(), expected.to_owned()));
        // Empty is not set.
        let mut emptied = ALL;
        emptied[..skipped].iter_mut().for_each(|(_, value)| *value = "");
        assert_eq!(read(&emptied).unwrap().1, expected);
    }
}

#[test]
fn remotion_s_variables_do_not_count_where_the_check_is_skipped_or_inside_its_function() {
    for name in ["REMOTION_SKIP_AWS_CREDENTIALS_CHECK", "__RESERVED_IS_INSIDE_REMOTION_LAMBDA"] {
        let with = |settings: &[(&'static str, &'static str)]| [settings, &[(name, "false")]].concat();
        assert_eq!(read(&with(&ALL)).unwrap().1, "AKIAPLAIN t2");
        assert_eq!(read(&with(&ALL[..5])).unwrap().1, "profile:plain");
        assert_eq!(read(&with(&ALL[..4])).unwrap().1, "role");
    }
}

#[test]
fn each_source_keeps_to_itself() {
    let cases = [
        ("role", "AKIAPLAIN t2", "AKIAPLAIN t2"),
        ("env", "AKIAREMOTION t1", "AKIAREMOTION t1"),
        ("profile:x", "profile:x", "profile:x"),
        ("secret:s", "profile:remotion", "secret:s#AWSCURRENT"),
        ("assume:arn:aws:iam::123456789012:role/render", "profile:remotion", "assume from profile:remotion"),
    ];
    for (source, home, account) in cases {
        let settings = [&ALL[..], &[("RENDERGATE_CREDENTIALS", source)]].concat();
        assert_eq!(read(&settings).unwrap(), (home.to_owned(), account.to_owned()), "{source}");
        // There the execution role reads secrets and keeps records, whoever renders.
        let on_lambda = [&settings[..], &[("AWS_LAMBDA_RUNTIME_API", "x")]].concat();
        assert_eq!(read(&on_lambda).unwrap().0, "AKIAPLAIN t2", "{source}");
    }
}

#[test]
fn a_role_is_assumed_from_any_source() {
    let guide = [("REMOTION_ROLE_ARN", ROLE), ("REMOTION_ROLE_SESSION_NAME", "ec2")];
    let from = |source: &'static str| [&ALL[1..], &guide, &[("RENDERGATE_ROLE_SOURCE", source)]].concat();
    assert_eq!(read(&guide).unwrap(), ("role".into(), "assume from role".into()));
    assert_eq!(read(&from("")).unwrap().1, "assume from AKIAREMOTION");
    assert_eq!(read(&from("role")).unwrap().1, "assume from AKIAPLAIN");
    assert_eq!(read(&from("profile:x")).unwrap().1, "assume from profile:x");
    assert_eq!(read(&from("secret:s")).unwrap(), ("AKIAREMOTION t1".into(), "assume from secret:s#AWSCURRENT".into()));
    let same =
        [("REMOTION_ROLE_ARN", ROLE), ("RENDERGATE_CREDENTIALS", "assume:arn:aws:iam::123456789012:role/render")];
    assert_eq!(read(&same).unwrap().1, "assume from role");
}

/// Settings, the variable that is named, and what is said of it.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

#[test]
fn what_is_wrong_is_named_and_never_shown_if_secret() {
    let cases: [Case; 16] = [
        (&[("AWS_ACCESS_KEY_ID", "AKIACANARY")], "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID is"),
        (&[("AWS_SECRET_ACCESS_KEY", "CANARY")], "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY is"),
        (&[("REMOTION_AWS_ACCESS_KEY_ID", "AKIACANARY")], "REMOTION_AWS_SECRET_ACCESS_KEY", "both"),
        (&[("REMOTION_AWS_SECRET_ACCESS_KEY", "CANARY")], "REMOTION_AWS_ACCESS_KEY_ID", "both"),
        (&[("RENDERGATE_CREDENTIALS", "env")], "RENDERGATE_CREDENTIALS", "REMOTION_AWS_ACCESS_KEY_ID"),
        (&[("RENDERGATE_CREDENTIALS", "magic")], "RENDERGATE_CREDENTIALS", "found `magic`; expected `auto`"),
        (&[("RENDERGATE_CREDENTIALS", "CANARY/a+secret/key")], "RENDERGATE_CREDENTIALS", "expected `auto`"),
        (
            &[("RENDERGATE_CREDENTIALS", "profile:")],
            "RENDERGATE_CREDENTIALS",
            "found `profile:…`; expected `profile:<name>`",
        ),
        (&[("RENDERGATE_CREDENTIALS", "assume:CANARY")], "RENDERGATE_CREDENTIALS", "arn:aws:iam::"),
        (&[("REMOTION_ROLE_ARN", "my-role")], "REMOTION_ROLE_ARN", "found `my-role`; expected the ARN"),
        (&[("REMOTION_ROLE_ARN", ROLE), ("RENDERGATE_CREDENTIALS", "role")], "REMOTION_ROLE_ARN", "contradicts"),
        (&[("REMOTION_ROLE_SESSION_NAME", "a b")], "REMOTION_ROLE_SESSION_NAME", "found `a b`"),
        (&[("RENDERGATE_ROLE_SESSION_NAME", "x")], "RENDERGATE_ROLE_SESSION_NAME", "2 to 64"),
        (&[("RENDERGATE_ROLE_EXTERNAL_ID", "CANARY!")], "RENDERGATE_ROLE_EXTERNAL_ID", "2 to 1224"),
        (&[("RENDERGATE_ROLE_DURATION", "60")], "RENDERGATE_ROLE_DURATION", "900 to 43200"),
        (&[("RENDERGATE_ROLE_SOURCE", "assume:arn:aws:iam::123456789012:role/x")], "RENDERGATE_ROLE_SOURCE", "assume:"),
    ];
    let mut together = Vec::new();
    for (settings, name, hint) in cases {
        let mistakes = read(settings).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert_eq!(mistakes[0].name, name);
        assert!(mistakes[0].what.contains(hint) && !mistakes[0].what.contains("CANARY"), "{mistakes:?}");
        if settings.len() == 1 && !together.iter().any(|(known, _): &(&str, &str)| *known == settings[0].0) {
            together.extend(settings);
        }
    }
    together.retain(|(name, _)| !name.ends_with("SECRET_ACCESS_KEY"));
    assert_eq!(read(&together).unwrap_err().len(), together.len(), "all at once");
}

#[test]
fn how_a_role_is_assumed_is_configured_and_shows_no_external_id() {
    let settings = [
        ("REMOTION_ROLE_ARN", ROLE),
        ("REMOTION_ROLE_SESSION_NAME", "guide"),
        ("RENDERGATE_ROLE_EXTERNAL_ID", "CANARY-id"),
        ("RENDERGATE_ROLE_DURATION", "900"),
    ];
    let config =
        Config::from_lookup(|name| settings.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()));
    let config = config.unwrap();
    let CredentialSource::Assume(role) = &config.account.credentials else { panic!("{config:?}") };
    let options = &role.options;
    assert_eq!((options.session_name.as_str(), options.duration.as_secs()), ("guide", 900));
    assert_eq!(options.external_id.as_ref().map(Redacted::expose), Some(&"CANARY-id".to_owned()));
    assert!(!format!("{config:?}{role:?}").contains("CANARY"));
}
