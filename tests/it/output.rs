//! The link to the output: it works, it ends, and it leads nowhere else.

use serde_json::json;

use crate::stack::{VIDEO, World, minimal, progress};

#[test]
fn the_output_is_a_link_that_works() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let path = render.path("/output");
    let problem = server.get(&path).problem(409, "render_unfinished");
    assert_eq!(problem["renderStatus"], "rendering", "{problem:#}");
    world.finishes(&render.render_id);

    let answer = server.get(&path);
    let link = answer.header("location").unwrap_or_else(|| panic!("{answer:#?}")).to_owned();
    assert!(answer.status == 302 && link.contains("X-Amz-Expires=900"), "{answer:#?}");
    assert_eq!(fetch(&link), VIDEO);

    let answer = server.get_with(&format!("{path}?expiresIn=60"), &[("accept", "application/json")]).expect(200);
    let link = answer["url"].as_str().unwrap();
    assert!(link.contains("X-Amz-Expires=60"), "{answer:#}");
    let expires = answer["expiresAt"].as_str().unwrap_or_else(|| panic!("{answer:#}"));
    assert!(expires.starts_with("20") && expires.ends_with('Z'), "{answer:#}");
    assert_eq!(fetch(link), VIDEO);
    assert_eq!(world.lambda.calls().len(), 1);
}

fn fetch(link: &str) -> Vec<u8> {
    crate::stack::http::RUNTIME.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client.get(link).send().await.unwrap();
        assert_eq!(response.status(), 200, "{link}");
        response.bytes().await.unwrap().to_vec()
    })
}

#[test]
fn a_link_lives_as_long_as_its_credentials_can() {
    let world = World::new();
    let render_id = crate::stack::random(10);
    world.finishes(&render_id);
    let path = format!("/v1/renders/{render_id}/output");
    let temporary = world.serve();
    let lasting = world.settings().set("AWS_ACCESS_KEY_ID", "AKIAUSER000000000001").unset("AWS_SESSION_TOKEN").serve();
    for wrong in ["0", "-1", "soon", "1.5", "", "604801", "99999999999999999999"] {
        temporary.get(&format!("{path}?expiresIn={wrong}")).problem(400, "invalid_parameter");
        lasting.get(&format!("{path}?expiresIn={wrong}")).problem(400, "invalid_parameter");
    }
    assert_eq!(temporary.get(&format!("{path}?expiresIn=3600")).status, 302);
    // More than that would be a promise that AWS breaks.
    let answer = temporary.get(&format!("{path}?expiresIn=3601"));
    assert!(answer.header("location").unwrap().contains("X-Amz-Expires=3600&"), "{answer:#?}");
    assert_eq!(lasting.get(&format!("{path}?expiresIn=604800")).status, 302);
}

#[test]
fn progress_json_cannot_lead_us_elsewhere() {
    let world = World::new();
    let server = world.settings().set("RENDERGATE_DESTINATIONS", format!("{}/public/", world.videos)).serve();
    let render = world.submit(&server, minimal());
    let places = [
        json!({ "bucketName": "payroll", "key": "2026.xlsx" }),
        json!({ "bucketName": world.videos, "key": "private/x.mp4" }),
        json!({ "bucketName": world.bucket, "key": "sites/testbed/index.html" }),
        json!({ "bucketName": world.bucket, "key": "renders/zzzzzzzzzz/out.mp4" }),
    ];
    for place in places {
        let mut done = progress::done(&world.bucket, &render.render_id);
        done["renderMetadata"]["outName"] = place.clone();
        world.writes(&render.render_id, &done);
        let answer = server.get(&render.path("/output"));
        assert_eq!(answer.status, 403, "{place}: {answer:#?}");
        answer.problem(403, "not_allowed");
        server
            .post(&render.path("/copy"), &json!({ "bucket": world.videos, "key": "public/x.mp4" }))
            .problem(403, "not_allowed");
    }
    assert_eq!(world.moto.keys(&world.videos), Vec::<String>::new());
}

#[test]
fn an_output_in_another_cloud_is_not_a_file_of_that_name_here() {
    let world = World::new();
    let server = world.serve();
    let provider = json!({ "endpoint": "https://r2.example", "accessKeyId": "k", "secretAccessKey": "canary" });
    let place = json!({ "bucketName": world.videos, "key": "x.mp4", "s3OutputProvider": provider });
    let copy_to = format!("s3://{}/y.mp4", world.videos);
    let problem =
        server.post("/v1/renders", &json!({ "outName": place, "copyTo": copy_to })).problem(400, "invalid_field");
    assert_eq!((&problem["field"], world.lambda.calls().len()), (&json!("copyTo"), 0));

    let render = world.submit(&server, json!({ "outName": place }));
    world.moto.put_object(&world.videos, "x.mp4", &[], "somebody else's");
    let mut done = progress::done(&world.bucket, &render.render_id);
    done["renderMetadata"]["outName"] =
        json!({ "bucketName": world.videos, "key": "x.mp4", "s3OutputProvider": { "endpoint": "https://r2.example" } });
    world.writes(&render.render_id, &done);
    assert_eq!(server.get(&render.path("")).expect(200)["status"], "done");
    let problem = server.get(&render.path("/output")).problem(403, "not_allowed");
    assert!(problem["detail"].as_str().unwrap().contains("https://r2.example"), "{problem:#}");
    server.post(&render.path("/copy"), &json!({ "bucket": world.videos })).problem(403, "not_allowed");
    assert_eq!(world.moto.keys(&world.videos), ["x.mp4"]);
}
