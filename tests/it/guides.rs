//! What Remotion's guides promise their readers keeps working, by the same names.

use reqwest::Method;

use crate::stack::{FUNCTION, SITE, World, basic};

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
