//! The examples of the Rust API, run against the world outside.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::stack::settings::Finished;
use crate::stack::{Moto, Settings, VIDEO, World, progress, random, root};

/// Where the examples are, freshly built: cargo does so only for whoever runs all tests.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_BIN_EXE_rendergate")).parent().unwrap();
    let profile = folder.file_name().unwrap().to_str().unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--offline", "--quiet", "--examples", "--profile"])
        .arg(if profile == "debug" { "dev" } else { profile })
        .arg("--target-dir")
        .arg(folder.parent().unwrap())
        .current_dir(root())
        .status();
    assert!(built.unwrap().success());
    folder.join("examples")
});

fn run(settings: &Settings, example: &str, arguments: &[&str]) -> Finished {
    let finished = settings.run_program(BUILT.join(example).to_str().unwrap(), arguments);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished
}

#[test]
fn a_render_is_started_followed_and_fetched() {
    // A moto of its own, so that the only file is that of this render. Temporary keys would be in the links.
    let world = World::on(Box::leak(Box::new(Moto::start(&[]))));
    let settings = world.settings().unset("RENDERGATE_COMPOSITION").unset("AWS_SESSION_TOKEN");
    let finished = std::thread::scope(|threads| {
        let running = threads.spawn(|| run(&settings, "render", &["react-svg", r#"{"title":"ü"}"#]));
        let render_id = loop {
            let keys = world.moto.keys(&world.bucket);
            if let Some(render_id) = keys.first().and_then(|key| key.split('/').nth(1)) {
                break render_id.to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        world.finishes(&render_id);
        running.join().unwrap()
    });
    assert_eq!(world.lambda.payload()["inputProps"]["payload"], r#"{"title":"ü"}"#);
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(lines[lines.len() - 2], "100 %", "{finished:?}");
    assert!(lines[lines.len() - 1].contains("X-Amz-Expires=900"), "{finished:?}");

    let to = world.folder().join("film.mp4");
    let finished = run(&settings, "fetch", &[lines[0], to.to_str().unwrap()]);
    assert_eq!(std::fs::read(&to).unwrap(), VIDEO);
    let links = finished.stdout.lines().filter(|line| line.starts_with("http")).count();
    assert_eq!(links, 2, "{finished:?}");
}

#[test]
fn a_still_is_rendered() {
    let world = World::new();
    let finished = run(&world.settings(), "still", &["poster", "30"]);
    assert!(finished.stdout.ends_with("/out.jpeg: 19 bytes, <$0.001\n"), "{finished:?}");
    let payload = world.lambda.payload();
    assert_eq!((&payload["composition"], &payload["frame"]), (&"poster".into(), &30.into()));
}

#[test]
fn much_is_known_offline() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("progress.json");
    std::fs::write(&file, progress::done("b", &random(10)).to_string()).unwrap();
    let finished = run(&Settings::default(), "offline", &[file.to_str().unwrap()]);
    assert_eq!(finished.stdout, "$0.016\nDone 100 %\nTimeout\n");
}
