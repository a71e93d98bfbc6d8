//! What Remotion's guides promise their readers keeps working, by the same names.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{FUNCTION, SITE, World, basic, minimal, progress};

#[test]
fn the_ec2_guide_s_call() {
    let world = World::new();
    let server = world.settings().set("API_USERNAME", "admin").set("API_PASSWORD", "password-canary").serve();
    let authorization = basic("admin", "password-canary");
    // As the guide sends it: no body, no content type.
    let answer = server.send(Method::POST, "/render", &[("authorization", &authorization)], "").expect(200);
    assert_eq!(answer["message"], "Video rendered.");
    assert_eq!(answer["bucketName"], world.bucket);
    assert_eq!(answer.as_object().unwrap().len(), 3, "{answer:#}");
    let render_id = answer["renderId"].as_str().unwrap();
    assert_eq!(world.moto.keys(&world.bucket), [format!("renders/{render_id}/progress.json")]);
    let payload = world.lambda.payload();
    assert_eq!(
        (&payload["composition"], &payload["serveUrl"], &payload["codec"]),
        (&"react-svg".into(), &SITE.into(), &"h264".into())
    );
    assert_eq!(world.lambda.calls()[0].path, format!("/2015-03-31/functions/{FUNCTION}/invocations"));
}

#[test]
fn the_ec2_guide_s_refusals() {
    let world = World::new();
    let server = world.settings().set("API_USERNAME", "admin").set("API_PASSWORD", "password-canary").serve();
    for authorization in ["", "Basic", &basic("admin", "wrong")] {
        let answer = server.send(Method::POST, "/render", &[("authorization", authorization)], "");
        assert_eq!(answer.status, 401, "{answer:#?}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic"), "{answer:#?}");
        assert_eq!(answer.json["message"], "Unauthorized", "{answer:#?}");
    }
    assert_eq!(server.get("/unknown").status, 404);
    let greeting = server.get("/");
    assert!(greeting.status == 200 && !greeting.text.is_empty(), "{greeting:#?}");
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn the_serverless_guide_s_progress_links_to_the_finished_render() {
    let world = World::new();
    let server = world.settings().unset("RENDERGATE_BUCKET").serve();
    let render = world.submit(&server, minimal());
    let path = format!("/render/{}?bucketName={}", render.render_id, world.bucket);
    let running = server.get(&path).expect(200);
    assert_eq!(
        (&running["message"], &running["finality"], &running["mediaUrl"]),
        (&json!("Render found."), &Value::Null, &Value::Null)
    );
    world.finishes(&render.render_id);
    let done = server.get(&path).expect(200);
    assert_eq!((&done["renderId"], &done["bucketName"]), (&json!(render.render_id), &json!(world.bucket)));
    assert_eq!(done["finality"]["type"], "success");
    let link = done["mediaUrl"].as_str().unwrap();
    assert!(link.contains("X-Amz-Expires=900") && link.contains(&render.render_id), "{link}");
    world.writes(&render.render_id, &progress::failed(&render.render_id));
    let failed = server.get(&format!("/render/{}", render.id)).expect(200);
    assert_eq!((&failed["finality"]["type"], &failed["mediaUrl"]), (&json!("error"), &Value::Null), "{failed:#}");
    server.get(&format!("/render/{}?bucketName=elsewhere", render.render_id)).problem(403, "not_allowed");
    server.get("/render/aaaaaaaaaa").problem(404, "render_not_found");
}

#[test]
fn the_sqs_guide_s_enqueue_answers_with_the_message_id() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    for body in [String::new(), minimal().to_string()] {
        let answer = server.send(Method::POST, "/enqueue", &[("content-type", "application/json")], body).expect(200);
        assert_eq!(answer["messageId"].as_str().unwrap().len(), 36, "{answer:#}");
        let waiting = server.get(&format!("/render/{}", answer["id"].as_str().unwrap())).expect(200);
        assert_eq!((&waiting["renderId"], &waiting["finality"]), (&Value::Null, &Value::Null));
    }
    assert_eq!((world.moto.messages(&jobs.queue), world.lambda.calls().len()), ([2, 0, 0], 0));
    server.post("/enqueue", &json!({ "compositon": "x" })).problem(400, "invalid_field");
    world.serve().post("/enqueue", &minimal()).problem(400, "queue_not_configured");
}
