//! The commands for a render that was started.

use serde_json::{Value, json};

use crate::stack::settings::Finished;
use crate::stack::{Call, Reply, VIDEO, World, minimal, progress};

fn json_of(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

/// A render that was started, and its id.
fn started(world: &World, body: Value) -> (String, String) {
    let server = world.serve();
    let render = world.submit(&server, body);
    (render.id, render.render_id)
}

#[test]
fn status_tells_how_it_is_and_how_it_ended() {
    let world = World::new();
    let (id, render_id) = started(&world, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    let run = |arguments: &[&str]| world.settings().run(&[&["status", &id], arguments].concat());
    world.writes(&render_id, &progress::rendering(&render_id, 5));
    let finished = run(&[]);
    assert_eq!((finished.code, finished.stdout.trim()), (Some(0), "rendering 43%"), "{finished:?}");
    let asked = world.settings().run(&["status", &id, "--invoke", "--json"]);
    assert_eq!((asked.code, &json_of(&asked)["status"]), (Some(0), &json!("rendering")), "{asked:?}");
    assert_eq!(world.lambda.payloads().last().unwrap()["type"], "status");

    world.writes(&render_id, &progress::failed(&render_id));
    let finished = run(&[]);
    assert!(finished.code == Some(4) && finished.stderr.contains("Boom at frame 12"), "{finished:?}");
    assert_eq!(json_of(&run(&["--json"]))["copy"]["status"], "failed");

    world.finishes(&render_id);
    let finished = run(&[]);
    assert_eq!(
        (finished.code, finished.stdout.trim()),
        (Some(0), format!("s3://{}/x.mp4", world.videos).as_str()),
        "the copy was due: {finished:?}"
    );
}

#[test]
fn output_is_a_link() {
    let world = World::new();
    let (id, render_id) = started(&world, minimal());
    let finished = world.settings().run(&["output", &id, "--json"]);
    let problem = &json_of(&finished)["error"];
    assert_eq!((finished.code, &problem["code"]), (Some(1), &json!("render_unfinished")), "{problem:#}");
    world.finishes(&render_id);
    // A link has to carry the session token; so do without one.
    let settings = world.settings().set("AWS_ACCESS_KEY_ID", "AKIAUSER000000000001").unset("AWS_SESSION_TOKEN");
    let finished = settings.run(&["output", &id, "--expires-in", "60"]);
    let link = finished.stdout.trim();
    assert!(link.starts_with("http") && link.contains("X-Amz-Expires=60") && finished.code == Some(0), "{finished:?}");
    assert!(json_of(&settings.run(&["output", &id, "--json"]))["expiresAt"].is_string());
    assert_eq!(settings.run(&["output", &id, "--expires-in", "604801"]).code, Some(2));
}

#[test]
fn cancel_and_delete() {
    let world = World::new();
    let (id, render_id) = started(&world, minimal());
    let finished = world.settings().run(&["cancel", &id]);
    assert!(finished.code == Some(1) && finished.stderr.contains("enableCancellation"), "{finished:?}");
    let mut running = progress::initial();
    running["cancellationEnabled"] = json!(true);
    world.writes(&render_id, &running);
    let finished = world.settings().run(&["cancel", &id, "--json"]);
    assert_eq!((finished.code, &json_of(&finished)["id"]), (Some(0), &json!(id)), "{finished:?}");
    assert!(world.moto.object(&world.bucket, &format!("renders/{render_id}/cancel.json")).is_some());

    let finished = world.settings().run(&["delete", &id]);
    assert!(finished.code == Some(1) && finished.stderr.contains("still running"), "{finished:?}");
    world.writes(&render_id, &progress::cancelled(&render_id));
    let finished = world.settings().run(&["delete", &id, "--json"]);
    assert!(finished.code == Some(0) && json_of(&finished)["freedBytes"].as_u64() > Some(500), "{finished:?}");
    assert_eq!(world.moto.keys(&world.bucket), Vec::<String>::new());
    for verb in ["status", "output", "download", "cancel", "delete"] {
        let finished = world.settings().run(&[verb, &id]);
        assert!(finished.code == Some(1) && finished.stderr.contains("no such render"), "{verb}: {finished:?}");
        assert_ne!(world.settings().run(&[verb, "nonsense"]).code, Some(0));
    }
}

#[test]
fn download_brings_the_whole_file_or_none() {
    let world = World::new();
    let (id, render_id) = started(&world, minimal());
    world.finishes(&render_id);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let files = || {
        let mut names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    // Into a folder: the output's own name. Into a file: that one, whatever was there.
    let finished = world.settings().run(&["download", &id, &path("")]);
    assert_eq!((finished.code, finished.stdout.trim()), (Some(0), path("out.mp4").as_str()), "{finished:?}");
    assert!(finished.stderr.contains("100%") && !finished.stderr.contains('\r'), "{finished:?}");
    std::fs::write(path("film.mp4"), "an older film that is longer than the new one, so that some of it might stay")
        .unwrap();
    let finished = world.settings().run(&["download", &id, &path("film.mp4"), "--json"]);
    assert_eq!(json_of(&finished), json!({ "path": path("film.mp4"), "sizeInBytes": VIDEO.len() }));
    assert_eq!(finished.stderr, "");
    for name in ["out.mp4", "film.mp4"] {
        assert_eq!(std::fs::read(path(name)).unwrap(), VIDEO);
    }

    // The connection breaks half way: the older file stays, and nothing else is left.
    let is_output = |call: &Call| call.method == "GET" && call.path.ends_with("/out.mp4");
    let half = Reply::new(200, &VIDEO[..20]).header("content-length", &VIDEO.len().to_string());
    world.aws.fault(usize::MAX, is_output, half);
    let finished = world.settings().run(&["download", &id, &path("film.mp4")]);
    assert_eq!(finished.code, Some(6), "{finished:?}");
    world.aws.heal();
    assert_eq!(std::fs::read(path("film.mp4")).unwrap(), VIDEO);
    assert_eq!(files(), ["film.mp4", "out.mp4"]);

    let finished = world.settings().run(&["download", &id, &path("no/such/folder/x.mp4")]);
    assert!(finished.code == Some(2) && finished.stderr.contains("x.mp4"), "{finished:?}");
    world.writes(&render_id, &progress::rendering(&render_id, 5));
    assert_eq!(world.settings().run(&["download", &id, &path("y.mp4")]).code, Some(1));
    let mut elsewhere = progress::done(&world.bucket, &render_id);
    elsewhere["renderMetadata"]["outName"] = json!({ "bucketName": "payroll", "key": "2026.xlsx" });
    world.writes(&render_id, &elsewhere);
    assert_eq!(world.settings().run(&["download", &id, &path("y.mp4")]).code, Some(2));
    assert_eq!(files(), ["film.mp4", "out.mp4"]);
}

#[test]
fn price_is_estimated_without_asking_anybody() {
    let price = |arguments: &[&str]| crate::stack::Settings::default().run(&[&["price"], arguments].concat());
    let name = crate::stack::FUNCTION;
    let finished = price(&["--region", "us-east-1", "--function-name", name, "--duration", "100"]);
    assert_eq!((finished.code, finished.stdout.trim()), (Some(0), "0.00267 USD"), "{finished:?}");
    for wrong in [
        &["--region", "mars-1", "--function-name", name, "--duration", "1"][..],
        &["--region", "us-east-1", "--function-name", "my-function", "--duration", "1"],
        &["--region", "us-east-1", "--function-name", name, "--duration", "NaN"],
        &["--region", "us-east-1", "--memory", "511", "--disk", "512", "--duration", "1"],
        &["--region", "us-east-1", "--memory", "512", "--duration", "1"],
    ] {
        assert_eq!(price(wrong).code, Some(2), "{wrong:?}");
    }
}
