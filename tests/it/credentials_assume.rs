//! Roles of STS: assumed once for everyone, in time, and from any other source.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::credentials::{OLD_KEY, guide_secret, with_secret};
use crate::stack::{Call, ROLE_KEY, ROLE_TOKEN, Reply, Settings, World, minimal};

const ROLE: &str = "arn:aws:iam::123456789012:role/remotion-ec2-executionrole";

fn assumed(world: &World) -> Vec<Call> {
    world.aws.calls().into_iter().filter(|call| call.service() == "sts").collect()
}

/// The form that STS got.
fn form(call: &Call) -> String {
    String::from_utf8(call.body.to_vec()).unwrap()
}

/// What the EC2 guide sets.
fn guide(world: &World) -> Settings {
    world.settings().set("REMOTION_ROLE_ARN", ROLE).set("REMOTION_ROLE_SESSION_NAME", "remotion-session")
}

/// STS's answer: this key, for so long.
fn session(key: &str, lasts: Duration) -> Reply {
    let end = (SystemTime::now() + lasts).duration_since(UNIX_EPOCH).unwrap().as_secs();
    let end = Command::new("date").args(["-u", "-d", &format!("@{end}"), "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    let end = String::from_utf8(end.stdout).unwrap();
    let body = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{key}-secret-canary</SecretAccessKey>\
         <SessionToken>{key}-token-canary</SessionToken><Expiration>{}</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>",
        end.trim()
    );
    Reply::new(200, body).header("content-type", "text/xml")
}

/// STS refuses.
fn refusal(status: u16, code: &str) -> Reply {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>User: arn:aws:iam::1:user/x is not authorized</Message></Error></ErrorResponse>"
    );
    Reply::new(status, body).header("content-type", "text/xml")
}

fn sts(call: &Call) -> bool {
    call.service() == "sts"
}

#[test]
fn the_ec2_guide_s_variables_assume_the_role_once_for_everyone() {
    let world = World::new();
    let server = guide(&world).set("AWS_REGION", "eu-west-1").serve();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| (0..3).for_each(|_| drop(server.post("/v1/renders", &minimal()).expect(202))));
        }
    });
    let calls = assumed(&world);
    println!("48 renders, {} AssumeRole", calls.len());
    assert_eq!(calls.len(), 1);
    let form = form(&calls[0]);
    for part in [
        "Action=AssumeRole",
        "role%2Fremotion-ec2-executionrole",
        "RoleSessionName=remotion-session",
        "DurationSeconds=3600",
    ] {
        assert!(form.contains(part), "{part} in {form}");
    }
    assert!(!form.contains("ExternalId"), "{form}");
    // With the instance's own keys, in the region where it is.
    let signed = (calls[0].access_key(), calls[0].session_token(), calls[0].region());
    assert_eq!(signed, (ROLE_KEY, Some(ROLE_TOKEN), "eu-west-1"));
    let renders = world.lambda.calls();
    assert_eq!(renders.len(), 48);
    for call in renders {
        assert!(call.access_key().starts_with("ASIA") && call.access_key() != ROLE_KEY, "{}", call.access_key());
        assert!(call.session_token().is_some_and(|token| token != ROLE_TOKEN));
    }
}

#[test]
fn how_the_role_is_assumed_can_be_said() {
    let world = World::new();
    let settings = world
        .settings()
        .set("RENDERGATE_CREDENTIALS", format!("assume:{ROLE}"))
        .set("RENDERGATE_ROLE_SESSION_NAME", "shop@prod")
        .set("REMOTION_ROLE_SESSION_NAME", "not-this")
        .set("RENDERGATE_ROLE_EXTERNAL_ID", "canary:42")
        .set("RENDERGATE_ROLE_DURATION", "900")
        .set("RENDERGATE_LOG", "trace");
    settings.serve().post("/v1/renders", &minimal()).expect(202);
    let form = form(&assumed(&world)[0]);
    for part in ["RoleSessionName=shop%40prod", "ExternalId=canary%3A42", "DurationSeconds=900"] {
        assert!(form.contains(part), "{part} in {form}");
    }
}

#[test]
fn any_other_source_may_assume_it() {
    let world = World::new();
    let (name, _) = with_secret(&world, &guide_secret(OLD_KEY));
    let file = world.folder().join("credentials");
    std::fs::write(&file, "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base-canary\n").unwrap();
    let settings = guide(&world)
        .set("AWS_SHARED_CREDENTIALS_FILE", file.display().to_string())
        .set("REMOTION_AWS_ACCESS_KEY_ID", "AKIAREMOTION")
        .set("REMOTION_AWS_SECRET_ACCESS_KEY", "remotion-canary");
    for (source, key) in [
        (format!("secret:{name}"), OLD_KEY),
        ("profile:base".into(), "AKIABASE"),
        ("role".into(), ROLE_KEY),
        ("env".into(), "AKIAREMOTION"),
        ("auto".into(), "AKIAREMOTION"),
    ] {
        world.forget_calls();
        settings.clone().set("RENDERGATE_ROLE_SOURCE", &source).serve().post("/v1/renders", &minimal()).expect(202);
        let calls = assumed(&world);
        assert_eq!((calls.len(), calls[0].access_key()), (1, key), "{source}");
    }
}

#[test]
fn the_role_is_assumed_again_before_its_end_even_if_sts_stumbles() {
    let world = World::new();
    let lasts = Duration::from_secs(24);
    world.aws.fault(1, sts, session("ASIAFIRST", lasts));
    // One try of three calls.
    world.aws.fault(3, sts, refusal(503, "ServiceUnavailable"));
    world.aws.fault(1, sts, session("ASIASECOND", Duration::from_secs(3600)));
    let server = guide(&world).serve();
    let (began, mut served) = (Instant::now(), 0);
    loop {
        world.lambda.forget_calls();
        server.post("/v1/renders", &minimal()).expect(202);
        served += 1;
        if world.lambda.calls()[0].access_key() == "ASIASECOND" {
            break;
        }
        assert!(began.elapsed() < lasts, "still the first session after its end");
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("{served} renders, 0 failed, renewed after {:?} of {lasts:?}", began.elapsed());
    assert_eq!(assumed(&world).len(), 5);
    assert!(served > 20);
}

#[test]
fn a_session_that_is_revoked_is_replaced_once() {
    let world = World::new();
    world.aws.fault(1, sts, session("ASIAFIRST", Duration::from_secs(3600)));
    world.aws.fault(1, sts, session("ASIASECOND", Duration::from_secs(3600)));
    let server = guide(&world).serve();
    server.post("/v1/renders", &minimal()).expect(202);
    world.lambda.refuse_key("ASIAFIRST");
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| server.post("/v1/renders", &minimal()).expect(202));
        }
    });
    assert_eq!(assumed(&world).len(), 2);
}

#[test]
fn what_keeps_the_role_from_being_assumed_is_told() {
    let world = World::new();
    let cases = [
        (refusal(403, "AccessDenied"), 502, "aws_access_denied", "sts:AssumeRole"),
        (refusal(403, "ExpiredToken"), 502, "aws_credentials_refused", "ExpiredToken"),
        (refusal(400, "ValidationError"), 502, "credentials_unavailable", "RENDERGATE_ROLE_DURATION"),
        (refusal(400, "Throttling"), 429, "throttled", "STS throttles"),
        (refusal(503, "ServiceUnavailable"), 503, "aws_unavailable", "STS failed"),
        (Reply::cut(), 503, "aws_unavailable", "no answer"),
    ];
    for (reply, status, code, hint) in cases {
        world.aws.heal();
        world.aws.fault(usize::MAX, sts, reply);
        let server = guide(&world).set("RENDERGATE_ROLE_EXTERNAL_ID", "canary-id").serve();
        let problem = server.post("/v1/renders", &minimal()).problem(status, code);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(hint) && detail.contains(ROLE), "{problem:#}");
        // Lambda was never asked.
        assert!(!detail.contains("may have started"), "{problem:#}");
        if code == "aws_access_denied" {
            assert_eq!(
                (problem["action"].as_str(), problem["resource"].as_str()),
                (Some("sts:AssumeRole"), Some(ROLE))
            );
        }
    }
    assert_eq!(world.lambda.calls().len(), 0);
}

#[test]
fn an_sts_that_hangs_is_not_waited_for() {
    let world = World::new();
    world.aws.fault(usize::MAX, sts, Reply::slow(Duration::from_secs(60)));
    let began = Instant::now();
    let problem = guide(&world).serve().post("/v1/renders", &minimal()).problem(503, "aws_unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("STS gave no answer"), "{problem:#}");
    assert!(began.elapsed() < Duration::from_secs(26), "{:?}", began.elapsed());
}
