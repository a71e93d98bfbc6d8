//! The finished output in the bucket where it belongs: whole, with its headers, under the
//! key that was asked for.

use serde_json::{Value, json};

use crate::stack::{Call, Render, Server, VIDEO, World, random};

/// Polls until the copy is final; the server may take its time, within reason.
pub(crate) fn followed(server: &Server, render: &Render) -> Value {
    let answer = server.get_with(&render.path(""), &[("prefer", "wait=20")]).expect(200);
    assert!(["done", "failed"].contains(&answer["copy"]["status"].as_str().unwrap_or_default()), "{answer:#}");
    answer
}

/// The whole story: order, render, copy; returns where it went.
fn copied(world: &World, order: Value) -> Value {
    let server = world.serve();
    let render = world.submit(&server, order);
    assert_eq!(render.answer["copy"]["status"], "pending", "{:#}", render.answer);
    world.finishes(&render.render_id);
    let answer = followed(&server, &render);
    assert_eq!((&answer["status"], &answer["copy"]["status"]), (&json!("done"), &json!("done")), "{answer:#}");
    assert_eq!(
        (&answer["copy"]["bucket"], &answer["copy"]["size"]),
        (&json!(world.videos), &json!(VIDEO.len())),
        "{answer:#}"
    );
    let key = answer["copy"]["key"].as_str().unwrap().replace("RENDER", &render.render_id);
    assert_eq!(world.moto.object(&world.videos, &key).unwrap().body, VIDEO);
    json!(key.replace(&render.render_id, "RENDER"))
}

#[test]
fn every_way_to_say_where() {
    let world = World::new();
    let videos = &world.videos;
    let cases = [
        (json!({ "copyTo": format!("s3://{videos}/final/film.mp4") }), "final/film.mp4"),
        (json!({ "copyTo": { "bucket": videos, "key": "final/object.mp4" } }), "final/object.mp4"),
        (json!({ "copyTo": { "bucket": videos } }), "out.mp4"),
        (json!({ "copyTo": format!("s3://{videos}") }), "out.mp4"),
        (json!({ "copyTo": format!("s3://{videos}/folder/") }), "folder/out.mp4"),
        (json!({ "copyTo": { "bucket": videos, "key": "folder/two/" } }), "folder/two/out.mp4"),
        (json!({ "copyTo": { "bucket": videos, "key": "{composition}/{renderId}.{ext}" } }), "react-svg/RENDER.mp4"),
        (json!({ "copyTo": { "bucket": videos, "key": "with space/ü+&?.mp4" } }), "with%20space/%C3%BC%2B%26%3F.mp4"),
        // The form of Remotion's guide: bucket/key as the output's name.
        (json!({ "outName": format!("{videos}/the-filename.mp4") }), "the-filename.mp4"),
    ];
    for (order, key) in cases {
        if key.contains('%') {
            let server = world.serve();
            let render = world.submit(&server, order);
            world.finishes(&render.render_id);
            assert_eq!(followed(&server, &render)["copy"]["key"], "with space/ü+&?.mp4");
            assert_eq!(world.moto.object(videos, key).unwrap().body, VIDEO);
        } else {
            assert_eq!(copied(&world, order.clone()), key, "{order}");
        }
    }
}

#[test]
fn the_guides_out_name_is_a_place_to_copy_to() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "outName": format!("{}/a/b.mp4", world.videos) }));
    let expected = json!({ "status": "pending", "bucket": world.videos, "key": "a/b.mp4" });
    for member in ["status", "bucket", "key"] {
        assert_eq!(render.answer["copy"][member], expected[member], "{:#}", render.answer);
    }
    // For Remotion it is what it always was: a name inside the render's own folder.
    assert_eq!(world.lambda.payload()["outName"], format!("{}/a/b.mp4", world.videos));
    // A first segment that is no destination is what Remotion takes it for: a folder.
    world.forget_calls();
    let answer = server.post("/v1/renders", &json!({ "outName": "elsewhere/a/b.mp4" })).expect(202);
    assert_eq!((&answer["copy"], &world.lambda.payload()["outName"]), (&Value::Null, &json!("elsewhere/a/b.mp4")));
}

#[test]
fn headers_go_with_the_bytes() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(
        &server,
        json!({ "copyTo": { "bucket": world.videos, "key": "x.mp4", "storageClass": "STANDARD_IA" } }),
    );
    let headers = [
        ("content-type", "video/mp4"),
        ("content-disposition", "attachment; filename=\"my%20video.mp4\""),
        ("cache-control", "max-age=60"),
        ("x-amz-meta-author", "lunar"),
    ];
    let key = format!("renders/{}/out.mp4", render.render_id);
    world.moto.put_object(&world.bucket, &key, &headers, VIDEO);
    world.writes(&render.render_id, &crate::stack::progress::done(&world.bucket, &render.render_id));
    followed(&server, &render);
    let object = world.moto.object(&world.videos, "x.mp4").unwrap();
    for (name, value) in headers {
        assert_eq!(object.header(name), Some(value), "{:#?}", object.headers);
    }
    assert_eq!(object.header("x-amz-storage-class"), Some("STANDARD_IA"));
    // Nothing flowed through us, nobody asked the destination what it may not tell, no ACL was set.
    let at_destination: Vec<Call> =
        world.aws.calls().into_iter().filter(|call| call.path.contains(&world.videos)).collect();
    let puts = at_destination.iter().filter(|call| call.method == "PUT").collect::<Vec<_>>();
    assert_eq!(puts.len(), 1);
    assert!(puts[0].header("x-amz-copy-source").is_some() && puts[0].body.is_empty(), "{puts:#?}");
    assert!(puts[0].header("x-amz-acl").is_none());
    assert!(
        at_destination.iter().all(|call| call.method == "PUT" || call.method == "HEAD" && !call.path.contains("x.mp4")),
        "{at_destination:#?}"
    );
}

#[test]
fn the_destination_may_be_in_another_region() {
    let world = World::new();
    let far = format!("far-{}", random(10));
    world.moto.create_bucket(&far, "eu-central-1");
    let server = world.settings().set("RENDERGATE_DESTINATIONS", &far).serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{far}/x.mp4") }));
    world.finishes(&render.render_id);
    assert_eq!(followed(&server, &render)["copy"]["status"], "done");
    let puts = world.aws.calls_like(&format!("PUT /{far}/x.mp4"));
    assert_eq!(puts.last().map(Call::region), Some("eu-central-1"), "{:?}", world.aws.summaries());
}

#[test]
fn the_owners_of_both_buckets_are_checked() {
    let world = World::new();
    let server = world.settings().set("RENDERGATE_ACCOUNT_ID", "123456789012").serve();
    let copy_to = json!({ "bucket": world.videos, "key": "x.mp4", "expectedBucketOwner": "210987654321" });
    let render = world.submit(&server, json!({ "copyTo": copy_to }));
    world.finishes(&render.render_id);
    followed(&server, &render);
    let calls = world.aws.calls();
    let owner = |part: &str, header: &str| {
        let call = calls.iter().find(|call| call.summary().contains(part)).unwrap_or_else(|| panic!("no {part}"));
        call.header(header).map(str::to_owned)
    };
    assert_eq!(owner("/progress.json", "x-amz-expected-bucket-owner").as_deref(), Some("123456789012"));
    assert_eq!(owner("/x.mp4", "x-amz-source-expected-bucket-owner").as_deref(), Some("123456789012"));
    assert_eq!(owner("/x.mp4", "x-amz-expected-bucket-owner").as_deref(), Some("210987654321"));
}
