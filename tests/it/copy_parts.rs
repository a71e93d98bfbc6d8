//! What S3 may answer to a copy in parts, and what becomes of it then.

use std::time::Duration;

use serde_json::{Value, json};

use crate::copy_large::{copy_ends, ordered};
use crate::stack::{Call, Large, Render, Reply, Server, VIDEO, World, minimal};

const SIZE: u64 = 100 << 20;

fn is_part(call: &Call) -> bool {
    call.method == "PUT" && call.query.contains("partNumber")
}

fn is_completion(call: &Call) -> bool {
    call.method == "POST" && call.query.contains("uploadId")
}

/// A finished render with a large output, and a server.
fn scene(world: &World) -> (Server, Render, Large) {
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let large = world.finishes_large(&render.render_id, SIZE);
    (server, render, large)
}

fn copy(world: &World, server: &Server, render: &Render, if_exists: &str) -> crate::stack::Answer {
    let order = json!({ "bucket": world.videos, "key": "x.mp4", "ifExists": if_exists });
    server.post(&render.path("/copy"), &order)
}

#[test]
fn what_is_there_already_is_kept_on_request() {
    let world = World::new();
    let (server, render, large) = scene(&world);
    for (wish, completed) in [("overwrite", 1), ("skip", 1), ("fail", 1), ("overwrite", 2)] {
        let answer = copy(&world, &server, &render, wish);
        let expected = if wish == "fail" { 409 } else { 200 };
        assert_eq!(answer.status, expected, "{wish}: {answer:#?}");
        if wish == "fail" {
            assert_eq!(answer.problem(409, "destination_exists")["code"], "destination_exists");
        }
        let state = large.state();
        assert_eq!((state.completed, state.uploads.len()), (completed, 0), "{wish}");
    }
    // Somebody else writes there at the same time: begun anew, once, and then it is for the next look.
    let conflict = Reply::aws_xml(409, "ConditionalRequestConflict", "no");
    world.aws.fault(1, is_completion, conflict);
    copy(&world, &server, &render, "overwrite").expect(200);
    assert_eq!(large.state().uploads.len(), 0);
}

#[test]
fn a_bucket_that_takes_no_copy_object_takes_parts() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    let no =
        Reply::aws_xml(501, "NotImplemented", "A header you provided implies functionality that is not implemented");
    let whole = |call: &Call| call.header("x-amz-copy-source").is_some() && call.query.is_empty();
    world.aws.fault(usize::MAX, move |call| whole(call) || call.query == "x-id=CopyObject", no.clone());
    copy(&world, &server, &render, "fail").expect(200);
    let object = world.moto.object(&world.videos, "x.mp4").unwrap();
    assert_eq!((object.body.as_slice(), object.header("content-type")), (VIDEO, Some("video/mp4")));
    // And one that takes neither is told of.
    world.aws.fault(usize::MAX, is_completion, no);
    let problem = copy(&world, &server, &render, "overwrite").problem(502, "aws_error");
    assert!(problem["detail"].as_str().unwrap().contains("ifExists"), "{problem:#}");
}

#[test]
fn a_wrong_checksum_is_no_copy() {
    let world = World::new();
    // Of its own each time: whoever follows the one before is still at it.
    let (server, render, large) = scene(&world);
    // S3 itself refuses what differs: it is told the source's checksum.
    world.aws.fault(usize::MAX, is_completion, Reply::aws_xml(400, "BadDigest", "no"));
    copy(&world, &server, &render, "overwrite").problem(503, "aws_unavailable");
    assert_eq!(large.state().uploads.len(), 0);
    // And what it says that it wrote is compared.
    let world = World::new();
    let (server, render, large) = scene(&world);
    large.state().crc64nvme = "AAAAAAAAAAA=".to_owned();
    copy(&world, &server, &render, "overwrite").problem(503, "aws_unavailable");
    for lie in [Reply::new(200, ""), Reply::new(200, "<Error><Code>InternalError</Code><Message>no</Message></Error>")]
    {
        let world = World::new();
        let (server, render, _) = scene(&world);
        world.aws.fault(usize::MAX, is_completion, lie);
        assert!([502, 503].contains(&copy(&world, &server, &render, "overwrite").status));
    }
    large.state().crc64nvme = crate::stack::large::CRC64NVME.to_owned();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while copy(&world, &server, &render, "overwrite").status != 200 {
        assert!(std::time::Instant::now() < deadline, "never copied");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(large.state().uploads.len(), 0);
}

#[test]
fn an_upload_that_is_gone_is_begun_anew() {
    let world = World::new();
    let (server, render, large) = scene(&world);
    for (code, at) in [("NoSuchUpload", is_part as fn(&Call) -> bool), ("InvalidPart", is_completion)] {
        let begun = large.state().begun;
        world.aws.fault(1, at, Reply::aws_xml(404, code, "no"));
        copy(&world, &server, &render, "overwrite").expect(200);
        let state = large.state();
        assert_eq!((state.begun, state.uploads.len()), (begun + 2, 0), "{code}");
    }
}

#[test]
fn another_source_is_another_copy() {
    let world = World::new();
    let (server, render, large) = scene(&world);
    // Three parts, and then it is another file.
    let changing = large.clone();
    world.aws.script(move |call| {
        if is_part(call) && changing.state().parts.len() == 3 {
            let mut state = changing.state();
            state.etag = "\"ffffffffffffffffffffffffffffffff-1\"".to_owned();
            state.size = SIZE + 1;
        }
        changing.answer(call)
    });
    // It goes on later if it has heard of a part by then.
    let answer = copy(&world, &server, &render, "overwrite");
    assert!([202, 503].contains(&answer.status) && answer.text.contains("aws_unavailable"), "{answer:#?}");
    let copy = copy_ends(&server, &render, 30);
    assert_eq!((&copy["status"], &copy["size"]), (&json!("done"), &json!(SIZE + 1)), "{copy:#}");
    let state = large.state();
    assert_eq!((state.begun, state.aborted, state.completed, state.uploads.len()), (2, 1, 1, 0));
}

#[test]
fn a_part_that_is_refused_takes_the_others_back() {
    let world = World::new();
    let (server, render, large) = scene(&world);
    let user = "User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform:";
    let key = "arn:aws:kms:us-east-1:123456789012:key/abc";
    for (action, resource, word) in [
        ("kms:Decrypt", key, "key's policy"),
        ("kms:GenerateDataKey", key, "key's policy"),
        ("s3:PutObject", "arn:aws:s3:::videos/x.mp4", "bucket policy"),
    ] {
        let message = format!("{user} {action} on resource: {resource} because no identity-based policy allows it");
        world.aws.fault(1, is_part, Reply::aws_xml(403, "AccessDenied", &message));
        let problem = copy(&world, &server, &render, "overwrite").problem(502, "aws_access_denied");
        assert_eq!((&problem["action"], &problem["resource"]), (&json!(action), &json!(resource)));
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem:#}");
        assert_eq!(large.state().uploads.len(), 0, "{action}");
    }
    // Where that is not allowed either, the first refusal is what is told, and the log says what to do.
    let denied = Reply::aws_xml(403, "AccessDenied", "Access Denied");
    world.aws.fault(1, is_part, denied.clone());
    world.aws.fault(1, |call| call.method == "DELETE", denied);
    let problem = copy(&world, &server, &render, "overwrite").problem(502, "aws_access_denied");
    assert_eq!(problem["action"], "s3:PutObject");
    assert_eq!(large.state().uploads.len(), 1);
    assert!(server.log().contains("AbortIncompleteMultipartUpload"), "{}", server.log());
}

#[test]
fn a_part_that_breaks_off_is_made_again_alone() {
    let world = World::new();
    let server = world.serve();
    let copy_to = json!(format!("s3://{}/x.mp4", world.videos));
    let broken = Reply::aws_xml(503, "SlowDown", "Reduce your request rate");
    world.aws.fault(5, |call| is_part(call) && call.query.contains("partNumber=2"), broken);
    let (render, large) = ordered(&world, &server, copy_to, 300 << 20, Duration::ZERO);
    let copy = copy_ends(&server, &render, 40);
    assert_eq!(copy["status"], "done", "{copy:#}");
    let state = large.state();
    assert_eq!((state.begun, state.completed, state.uploads.len()), (1, 1, 0));
    assert_eq!(state.parts.len(), 19, "no other part was copied twice");
}

#[test]
fn refusals_of_the_place_say_what_to_correct() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    for (status, code, word) in [
        (404, "NoSuchBucket", "There is no bucket"),
        (400, "AuthorizationHeaderMalformed", "region"),
        (400, "InvalidStorageClass", "storageClass"),
        (403, "AccessDenied", "210987654321"),
    ] {
        let is_copy = |call: &Call| call.header("x-amz-copy-source").is_some();
        world.aws.fault(1, is_copy, Reply::aws_xml(status, code, "said by the test"));
        let order = json!({ "bucket": world.videos, "key": "x.mp4", "expectedBucketOwner": "210987654321" });
        let answer = server.post(&render.path("/copy"), &order);
        let problem: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(answer.status, 502, "{problem:#}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{code}: {problem:#}");
    }
}
