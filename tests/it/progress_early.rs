//! The first seconds of a render, and numbers that would mislead.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::stack::{Call, Reply, World, minimal, progress};

fn reads_progress(call: &Call) -> bool {
    call.method == "GET" && call.path.ends_with("/progress.json")
}

#[test]
fn half_a_file_is_looked_at_twice() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let whole = progress::rendering(&render.render_id, 5).to_string();
    for half in ["", &whole[..whole.len() / 2]] {
        world.aws.fault(1, reads_progress, Reply::new(200, half.to_owned()).header("etag", "\"e\""));
        assert_eq!(server.get(&render.path("")).expect(200)["status"], "rendering");
    }
}

#[test]
fn who_waits_waits_for_a_late_file_too() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    let missing = Reply::aws_xml(404, "NoSuchKey", "The specified key does not exist.");
    world.aws.fault(2, reads_progress, missing.clone());
    let answer = server.get_with(&render.path(""), &[("prefer", "wait=20")]).expect(200);
    assert_eq!(answer["status"], "done");
    // Who doesn't is told at once.
    world.aws.fault(1, reads_progress, missing);
    world.forget_calls();
    server.get(&render.path("")).problem(404, "render_not_found");
    assert_eq!(world.aws.calls().len(), 1);
}

#[test]
fn nobody_waits_long_for_a_render_that_is_not_there() {
    let world = World::new();
    let server = world.serve();
    let path = format!("/v1/renders/default~us-east-1~{}~abcdefghij", world.bucket);
    let began = Instant::now();
    server.get_with(&path, &[("prefer", "wait=25")]).problem(404, "render_not_found");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[test]
fn within_a_wait_progress_never_goes_back() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let far = progress::rendering(&render.render_id, 5);
    // A chunk that is repeated loses its frames.
    let mut back = far.clone();
    back["framesRendered"] = json!(1);
    world.writes(&render.render_id, &back);
    let now = server.get(&render.path("")).expect(200)["overallProgress"].as_f64().unwrap();
    world.aws.fault(1, reads_progress, Reply::json(200, &far).header("etag", "\"e\""));
    let answer = server.get_with(&render.path(""), &[("prefer", "wait=2")]).expect(200);
    assert_eq!(answer["framesRendered"], 1);
    assert!(answer["overallProgress"].as_f64().unwrap() > now + 0.1, "{answer:#}");
}

#[test]
fn the_price_is_that_of_the_disk_that_the_function_has() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let cost = |disk: u32| {
        let mut file = progress::rendering(&render.render_id, 5);
        let name = format!("remotion-render-4-0-527-mem2048mb-disk{disk}mb-120sec");
        file["renderMetadata"]["functionName"] = json!(name);
        file["renderMetadata"]["rendererFunctionName"] = json!(name);
        file["timings"] = json!([{ "chunk": 0, "start": 0, "rendered": 10_000_000 }]);
        world.writes(&render.render_id, &file);
        server.get(&render.path("")).expect(200)["costs"]["accruedSoFar"].as_f64().unwrap()
    };
    let (small, large) = (cost(512), cost(10240));
    // 9728 MB more for ten thousand seconds.
    let more = 9728.0 / 1024.0 * 10_000.0 * 0.0000000309;
    assert!((large - small - more).abs() < 0.02 * more, "{small} {large} {more}");
}
