//! The command line, as a script or an operator uses it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::settings::Finished;
use crate::stack::{Reply, Settings, World, progress};

/// Runs `rendergate render …`; when the function has started, it ends as `ends` says.
fn render(world: &World, settings: &Settings, arguments: &[&str], ends: impl Fn(&str) + Sync) -> Finished {
    std::thread::scope(|scope| {
        let command = scope.spawn(|| settings.run(&[&["render"], arguments].concat()));
        let key = loop {
            if let Some(key) = world.moto.keys(&world.bucket).into_iter().find(|key| key.ends_with("/progress.json")) {
                break key;
            }
            assert!(!command.is_finished(), "it never started: {:?}", command.join());
            std::thread::sleep(Duration::from_millis(20));
        };
        ends(key.split('/').nth(1).unwrap());
        command.join().unwrap()
    })
}

#[test]
fn a_render_ends_with_the_place_of_its_file() {
    let world = World::new();
    let target = format!("s3://{}/films/{{composition}}.mp4", world.videos);
    let arguments = ["Intro", "--codec", "h264", "--props", r#"{"title":"Grüße"}"#, "--copy-to", &target];
    let finished = render(&world, &world.settings(), &arguments, |id| world.finishes(id));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(finished.stdout.trim(), format!("s3://{}/films/Intro.mp4", world.videos), "alone on standard output");
    assert!(world.moto.object(&world.videos, "films/Intro.mp4").is_some());
    let payload = world.lambda.payload();
    assert_eq!(
        (&payload["composition"], &payload["inputProps"]["payload"]),
        (&json!("Intro"), &json!("{\"title\":\"Grüße\"}"))
    );
    // Not a terminal: plain lines, no colours and no cursor moving about.
    assert!(finished.stderr.lines().count() >= 1 && !finished.stderr.contains(['\u{1b}', '\r']), "{}", finished.stderr);
}

#[test]
fn without_a_copy_it_is_the_output_s_own_place() {
    let world = World::new();
    let finished = render(&world, &world.settings(), &["Intro"], |id| world.finishes(id));
    let key = world.moto.keys(&world.bucket).into_iter().find(|key| key.ends_with("out.mp4")).unwrap();
    assert_eq!(
        (finished.code, finished.stdout.trim()),
        (Some(0), format!("s3://{}/{key}", world.bucket).as_str()),
        "{finished:?}"
    );
}

#[test]
fn for_scripts_there_is_json() {
    let world = World::new();
    let finished = render(&world, &world.settings(), &["Intro", "--json"], |id| world.finishes(id));
    let answer: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    assert_eq!(
        (finished.code, &answer["status"], &answer["done"]),
        (Some(0), &json!("done"), &json!(true)),
        "{answer:#}"
    );

    world.lambda.always(Reply::invoke_denied());
    let finished = world.settings().run(&["render", "Intro", "--json"]);
    let answer: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    assert_eq!((finished.code, &answer["error"]["code"]), (Some(5), &json!("aws_access_denied")), "{answer:#}");
}

#[test]
fn every_end_has_its_exit_code() {
    let failed = |id: &str, world: &World| world.writes(id, &progress::failed(id));
    let world = World::new();
    let finished = render(&world, &world.settings(), &["Intro"], |id| failed(id, &world));
    assert!(finished.code == Some(4) && finished.stderr.contains("Boom at frame 12"), "{finished:?}");

    let world = World::new();
    let target = format!("s3://{}/x.mp4", world.videos);
    world.aws.fault(
        usize::MAX,
        |call| call.path.ends_with("/x.mp4"),
        Reply::aws_xml(403, "AccessDenied", "Access Denied"),
    );
    let finished = render(&world, &world.settings(), &["Intro", "--copy-to", &target], |id| world.finishes(id));
    assert!(finished.code == Some(7) && finished.stderr.contains("s3:PutObject"), "{finished:?}");

    let world = World::new();
    let cases = [
        (Reply::throttled("ConcurrentInvocationLimitExceeded", None), 6),
        (Reply::aws_json(500, "ServiceException", "An error occurred"), 6),
        (Reply::key_refused(), 5),
        (Reply::invoke_denied(), 5),
        (Reply::function_says("no such composition"), 1),
    ];
    for (reply, code) in cases {
        world.lambda.always(reply);
        let finished = world.settings().run(&["render", "Intro"]);
        assert!(
            finished.code == Some(code) && !finished.stderr.is_empty() && finished.stdout.is_empty(),
            "{code}: {finished:?}"
        );
    }
    for arguments in [
        &["render", "--frobnicate"][..],
        &["render", "Intro", "--codec", "h263"],
        &["render", "Intro", "--copy-to", "s3://elsewhere/x"],
        &["no-such-verb"],
    ] {
        let finished = world.settings().run(arguments);
        assert!(finished.code == Some(2) && !finished.stderr.is_empty(), "{arguments:?}: {finished:?}");
    }
    let finished = world.settings().set("PORT", "eighty").run(&["render", "Intro"]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
}

#[test]
fn config_shows_every_setting_and_no_secret() {
    let world = World::new();
    let settings = world
        .settings()
        .set("API_USERNAME", "shop")
        .set("API_PASSWORD", "password-canary")
        .set("RENDERGATE_COMPOSITION", "Intro");
    // A secret in the output fails in `run`.
    let finished = settings.run(&["config"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for shown in
        ["RENDERGATE_COMPOSITION", "Intro", "API_USERNAME", "API_PASSWORD", "RENDERGATE_DESTINATIONS", &world.videos]
    {
        assert!(finished.stdout.contains(shown), "{shown} in {}", finished.stdout);
    }
}

#[test]
fn all_mistakes_of_the_settings_are_told_at_once() {
    let world = World::new();
    let mistakes = [
        ("PORT", "eighty"),
        ("RENDERGATE_HOST", "not an address"),
        ("RENDERGATE_CODEC", "h263"),
        ("RENDERGATE_CREDENTIALS", "trust-me"),
        ("RENDERGATE_STATE", "ftp://x"),
        ("RENDERGATE_DESTINATIONS", "Not A Bucket"),
        ("RENDERGATE_API_KEYS", "[{\"name\":\"shop\",\"sha256\":\"canary\"}]"),
        ("RENDERGATE_LOG_FORMAT", "xml"),
        ("RENDERGATE_METRICS", "perhaps"),
        ("RENDERGATE_REGION", "mars-1"),
    ];
    let settings = mistakes.iter().fold(world.settings(), |settings, (name, value)| settings.set(name, *value));
    for verb in ["config", "serve"] {
        let finished = settings.run(&[verb]);
        assert_ne!(finished.code, Some(0), "{finished:?}");
        for (name, _) in mistakes {
            assert!(finished.stderr.contains(name), "{verb} says nothing of {name}: {}", finished.stderr);
        }
    }
}
