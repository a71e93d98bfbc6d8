//! Following a render: read from S3 alone, true to what the function wrote, and final
//! when it is final.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::{World, minimal, progress};

/// All that `getRenderProgress()` returns (protocol, 8.3).
const KEYS: &str = "framesRendered bucket renderSize chunks cleanup costs currentTime done encodingStatus \
    errors fatalErrorEncountered lambdasInvoked outputFile renderId timeToFinish \
    timeToFinishChunks timeToRenderFrames overallProgress retriesInfo outKey outBucket \
    mostExpensiveFrameRanges timeToEncode outputSizeInBytes type \
    estimatedBillingDurationInMilliseconds timeToCombine combinedFrames renderMetadata \
    timeoutTimestamp compositionValidated functionLaunched serveUrlOpened artifacts";

/// Every key, and every one of ours.
fn assert_complete(answer: &Value, status: &str) {
    for key in KEYS.split(' ').chain(["status", "copy"]) {
        assert!(answer.get(key).is_some(), "{key} is missing: {answer:#}");
    }
    assert_eq!(answer["status"], status, "{answer:#}");
}

#[test]
fn a_render_from_its_first_second_to_its_last() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.forget_calls();

    let first = server.get(&render.path("")).expect(200);
    assert_complete(&first, "rendering");
    assert_eq!((&first["done"], &first["outKey"], &first["copy"]), (&json!(false), &Value::Null, &Value::Null));
    assert_eq!(first["bucket"], world.bucket);
    let progress_json = format!("s3 GET /{}/renders/{}/progress.json", world.bucket, render.render_id);
    assert_eq!(world.aws.summaries(), [progress_json]);

    world.writes(&render.render_id, &progress::rendering(&render.render_id, 5));
    let halfway = server.get(&render.path("")).expect(200);
    assert_complete(&halfway, "rendering");
    // Evaluated, both lambdas invoked, 454 of 1200 frames rendered, none encoded.
    let expected = 0.1 + 0.1 + 0.6 * 454.0 / 1200.0;
    assert!((halfway["overallProgress"].as_f64().unwrap() - expected).abs() < 1e-9, "{halfway:#}");
    assert_eq!(halfway["framesRendered"], 454);

    world.finishes(&render.render_id);
    let last = server.get(&render.path("")).expect(200);
    assert_complete(&last, "done");
    let expected = [
        ("done", json!(true)),
        ("overallProgress", json!(1)),
        ("renderId", json!(render.render_id)),
        ("outBucket", json!(world.bucket)),
        ("outKey", json!(format!("renders/{}/out.mp4", render.render_id))),
        ("outputSizeInBytes", json!(65126)),
        ("timeToFinish", json!(2135)),
        ("chunks", json!(2)),
        (
            "costs",
            json!({ "accruedSoFar": 0.00009, "displayCost": "$0", "currency": "USD",
            "disclaimer": "Estimated cost for function invocations only. Does not include cost for storage and data transfer." }),
        ),
        ("type", json!("success")),
    ];
    for (key, value) in expected {
        assert!(
            last[key] == value || last[key].as_f64() == value.as_f64() && value.is_number(),
            "{key}: {} in {last:#}",
            last[key]
        );
    }
    assert_eq!(world.lambda.calls().len(), 0, "progress is free");
}

#[test]
fn a_render_that_failed_says_why() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.writes(&render.render_id, &progress::failed(&render.render_id));
    let answer = server.get(&render.path("")).expect(200);
    assert_complete(&answer, "failed");
    assert_eq!(answer["errors"][0]["message"], "Boom at frame 12: Hello");
    assert_eq!((&answer["fatalErrorEncountered"], &answer["done"]), (&json!(true), &json!(false)));
}

#[test]
fn a_cancelled_render_is_cancelled_not_failed() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "enableCancellation": true }));
    world.writes(&render.render_id, &progress::cancelled(&render.render_id));
    assert_complete(&server.get(&render.path("")).expect(200), "cancelled");
}

#[test]
fn a_function_that_died_is_not_rendering_for_ever() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    // Chunks are missing: 120 s and 20 s of grace after its start.
    for (age, status) in [(125, "rendering"), (150, "failed")] {
        world.writes(&render.render_id, &progress::rendering(&render.render_id, age));
        assert_complete(&server.get(&render.path("")).expect(200), status);
    }
    let answer = server.get(&render.path("")).expect(200);
    assert_eq!(
        (&answer["errors"][0]["name"], &answer["fatalErrorEncountered"]),
        (&json!("TimeoutError"), &json!(true))
    );
}

#[test]
fn a_function_that_died_before_it_began_is_found_dead_too() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let now = crate::stack::http::now_ms() as u64;
    for (past, status) in [(10_000, "rendering"), (25_000, "failed")] {
        let mut initial = progress::initial();
        initial["timeoutTimestamp"] = json!(now - past);
        world.writes(&render.render_id, &initial);
        assert_complete(&server.get(&render.path("")).expect(200), status);
    }
}

#[test]
fn waiting_ends_with_the_render() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.get_with(&render.path(""), &[("prefer", "wait=20")]));
        // Once it has looked and found it unfinished, it is truly waiting.
        while world.aws.calls().is_empty() && !waiting.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
        world.finishes(&render.render_id);
        let answer = waiting.join().unwrap();
        assert_eq!(answer.header("preference-applied"), Some("wait=20"));
        assert_complete(&answer.expect(200), "done");
    });
    assert_eq!(world.lambda.calls().len(), 1);
}

#[test]
fn waiting_is_clamped_and_ends_unfinished() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let answer = server.get_with(&render.path(""), &[("prefer", "respond-async, wait=1")]);
    assert_eq!(answer.header("preference-applied"), Some("wait=1"));
    assert_complete(&answer.expect(200), "rendering");
    world.finishes(&render.render_id);
    for (wish, applied) in [("wait=99", Some("wait=25")), ("wait=soon", None), ("return=minimal", None)] {
        let answer = server.get_with(&render.path(""), &[("prefer", wish)]);
        assert_eq!(answer.header("preference-applied"), applied, "{wish}");
        answer.expect(200);
    }
}

#[test]
fn a_render_that_is_not_there() {
    let world = World::new();
    let server = world.serve();
    let path = format!("/v1/renders/default~us-east-1~{}~abcdefghij", world.bucket);
    server.get(&path).problem(404, "render_not_found");
    server.get(&format!("{path}/output")).problem(404, "render_not_found");
    server.post(&format!("{path}/copy"), &json!({ "bucket": world.videos })).problem(404, "render_not_found");
    server.get("/v1/renders/abcdefghij").problem(404, "render_not_found");
}

#[test]
fn remotion_s_own_id_is_enough_where_there_is_one_bucket() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let answer = server.get(&format!("/v1/renders/{}", render.render_id)).expect(200);
    assert_eq!(answer["renderId"], render.render_id);
}

#[test]
fn progress_that_cannot_be_read_is_said_to_be_so() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let key = format!("renders/{}/progress.json", render.render_id);
    let whole = progress::rendering(&render.render_id, 5).to_string();
    for garbage in ["", "<html>", &whole[..whole.len() / 2], "[]"] {
        world.moto.put_object(&world.bucket, &key, &[], garbage);
        server.get(&render.path("")).problem(502, "unreadable_answer");
    }
    // Fields of later versions are none of our business.
    let mut newer = progress::done(&world.bucket, &render.render_id);
    newer["somethingNew"] = json!({ "a": 1 });
    world.writes(&render.render_id, &newer);
    assert_complete(&server.get(&render.path("")).expect(200), "done");
}
