//! Many orders in one request, each with its own answer.

use serde_json::{Value, json};

use crate::stack::{Reply, World, minimal};

fn results(answer: &Value) -> Vec<&Value> {
    answer["results"].as_array().unwrap().iter().collect()
}

#[test]
fn each_order_has_its_own_answer_in_order() {
    let world = World::new();
    let jobs = world.with_queue();
    let orders = json!({ "orders": [minimal(), { "compositon": "x" }, { "copyTo": "s3://elsewhere/x" }, { "inputProps": { "n": 1 } }] });
    let server = jobs.settings.serve();
    let answer = server.post("/v1/renders/batch", &orders).expect(200);
    let results = results(&answer);
    assert_eq!(results.len(), 4);
    for at in [0, 3] {
        let render = &results[at]["render"];
        assert_eq!((&render["status"], &render["renderId"]), (&json!("queued"), &Value::Null), "{answer:#}");
        assert_eq!(server.get(render["links"]["self"].as_str().unwrap()).expect(200)["status"], "queued");
    }
    for (at, status, code) in [(1, 400, "invalid_field"), (2, 403, "not_allowed")] {
        let problem = &results[at]["problem"];
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{answer:#}");
    }
    assert_eq!((world.moto.messages(&jobs.queue), world.lambda.calls().len()), ([2, 0, 0], 0));
    assert_eq!(world.moto.keys(&jobs.state).iter().filter(|key| key.starts_with("orders/")).count(), 2);
}

#[test]
fn without_a_queue_they_are_started() {
    let world = World::new();
    let server = world.serve();
    world.lambda.next(Reply::function_says("no"));
    let copy = json!({ "copyTo": format!("s3://{}/{{renderId}}.mp4", world.videos) });
    let orders = vec![copy; 25];
    let answer = server.post("/v1/renders/batch", &json!({ "orders": orders })).expect(200);
    let (started, refused): (Vec<_>, Vec<_>) =
        results(&answer).into_iter().partition(|result| result["render"].is_object());
    assert_eq!((started.len(), refused.len(), world.lambda.payloads().len()), (24, 1, 25));
    assert_eq!(refused[0]["problem"]["code"], "function_error");
    // The server sees to the copies of these, too.
    let render_id = started[0]["render"]["renderId"].as_str().unwrap();
    world.finishes(render_id);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while world.moto.object(&world.videos, &format!("{render_id}.mp4")).is_none() {
        assert!(std::time::Instant::now() < deadline, "{}", server.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    for started in &started[1..] {
        world.finishes(started["render"]["renderId"].as_str().unwrap());
    }
}

#[test]
fn what_is_no_batch_is_refused_as_a_whole() {
    let world = World::new();
    let server = world.serve();
    for body in [
        json!({}),
        json!([]),
        json!({ "orders": [] }),
        json!({ "orders": vec![minimal(); 101] }),
        json!({ "orders": [{}], "more": 1 }),
    ] {
        let problem = server.post("/v1/renders/batch", &body).problem(400, "invalid_field");
        assert_eq!(problem["field"], "orders", "{problem:#}");
    }
    let one_bad = server.post("/v1/renders/batch", &json!({ "orders": [7] })).expect(200);
    assert_eq!(one_bad["results"][0]["problem"]["code"], "invalid_json");
    assert_eq!(world.lambda.calls().len(), 0);
}
