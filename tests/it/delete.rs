//! Deleting: this render and nothing else, and nothing that is still needed.

use serde_json::{Value, json};

use crate::stack::server::files_below;
use crate::stack::{Call, Reply, VIDEO, World, minimal, progress};

fn deletes(call: &Call) -> bool {
    call.method == "POST" && call.query.contains("delete")
}

#[test]
fn exactly_this_render_s_files_are_deleted() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/kept.mp4", world.videos) }));
    let id = &render.render_id;
    world.finishes(id);
    world.moto.put_object(&world.bucket, &format!("renders/{id}/artifacts/a%20%26%20b.txt"), &[], "artifact");
    // Ids that begin the same: the official client deletes these too.
    let neighbours =
        [format!("renders/{id}"), format!("renders/{id}0/out.mp4"), format!("renders/{id}0/progress.json")];
    for key in neighbours.iter().map(String::as_str).chain(["sites/testbed/index.html"]) {
        world.moto.put_object(&world.bucket, key, &[], "somebody else's");
    }
    let progress = world.moto.object(&world.bucket, &format!("renders/{id}/progress.json")).unwrap().body;
    world.forget_calls();

    // The server follows the render itself: it may be copying just now.
    let answer = loop {
        let answer = server.delete(&render.path(""));
        if answer.json["code"] != "copy_in_progress" {
            break answer.expect(200);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(answer, json!({ "freedBytes": progress.len() + VIDEO.len() + "artifact".len() }));
    assert_eq!(world.moto.keys(&world.bucket), [&neighbours[..], &["sites/testbed/index.html".to_owned()]].concat());
    assert_eq!(world.moto.object(&world.videos, "kept.mp4").unwrap().body, VIDEO, "ordered, so made before");
    assert_eq!(world.aws.calls().iter().filter(|call| deletes(call)).count(), 2, "{:?}", world.aws.summaries());
    assert_eq!(world.lambda.calls().len(), 0);

    server.get(&render.path("")).problem(404, "render_not_found");
    server.delete(&render.path("")).problem(404, "render_not_found");
}

#[test]
fn a_render_that_runs_is_not_deleted_under_its_function() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let files = world.moto.keys(&world.bucket);
    let problem = server.delete(&render.path("")).problem(409, "render_unfinished");
    assert_eq!(problem["renderStatus"], "rendering", "{problem:#}");
    assert_eq!(world.moto.keys(&world.bucket), files);
    // Dead before it had read the composition: the official client would leave its files for ever.
    let mut dead = progress::initial();
    dead["timeoutTimestamp"] = json!(crate::stack::http::now_ms() as u64 - 60_000);
    let mut still = progress::rendering(&render.render_id, 5);
    still["renderMetadata"]["type"] = json!("still");
    still["renderMetadata"]["codec"] = Value::Null;
    still["renderMetadata"]["imageFormat"] = json!("png");
    still["renderMetadata"]["outName"] = Value::Null;
    for ended in [dead, still, progress::failed(&render.render_id), progress::cancelled(&render.render_id)] {
        world.writes(&render.render_id, &ended);
        server.delete(&render.path("")).expect(200);
        assert_eq!(world.moto.keys(&world.bucket), Vec::<String>::new());
    }
}

#[test]
fn an_output_elsewhere_goes_too_if_the_render_wrote_it() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let place = json!({ "bucketName": world.videos, "key": "films/x.mp4" });
    world.moto.put_object(&world.videos, "films/x.mp4", &[], VIDEO);
    world.moto.put_object(&world.videos, "films/x.mp4.txt", &[], "another file");

    // Refused because the file was there: it is not the render's.
    let mut failed = progress::failed(&render.render_id);
    failed["renderMetadata"]["outName"] = place.clone();
    world.writes(&render.render_id, &failed);
    server.delete(&render.path("")).expect(200);
    assert_eq!(world.moto.keys(&world.videos), ["films/x.mp4", "films/x.mp4.txt"]);

    let mut done = progress::done(&world.bucket, &render.render_id);
    done["renderMetadata"]["outName"] = place.clone();
    world.writes(&render.render_id, &done);
    let freed = server.delete(&render.path("")).expect(200);
    assert_eq!(freed, json!({ "freedBytes": done.to_string().len() + VIDEO.len() }));
    assert_eq!(
        (world.moto.keys(&world.videos), world.moto.keys(&world.bucket)),
        (vec!["films/x.mp4.txt".into()], vec![])
    );

    // In another cloud it stays; the file of the same name here isn't it.
    done["renderMetadata"]["outName"] = place;
    done["renderMetadata"]["outName"]["key"] = json!("films/x.mp4.txt");
    done["renderMetadata"]["outName"]["s3OutputProvider"] = json!({ "endpoint": "https://r2.example" });
    world.writes(&render.render_id, &done);
    let kept = server.delete(&render.path("")).expect(200);
    assert_eq!(kept["outputKept"], format!("https://r2.example/{}/films/x.mp4.txt", world.videos));
    assert_eq!((world.moto.keys(&world.videos).len(), world.moto.keys(&world.bucket).len()), (1, 0));
}

#[test]
fn progress_json_cannot_make_us_delete_elsewhere() {
    let world = World::new();
    let server = world.settings().set("RENDERGATE_DESTINATIONS", format!("{}/public/", world.videos)).serve();
    let render = world.submit(&server, minimal());
    world.moto.put_object(&world.bucket, "sites/testbed/index.html", &[], "site");
    for place in [
        json!({ "bucketName": "payroll", "key": "2026.xlsx" }),
        json!({ "bucketName": world.videos, "key": "private/x.mp4" }),
        json!({ "bucketName": world.bucket, "key": "sites/testbed/index.html" }),
        json!({ "bucketName": world.bucket, "key": "renders/zzzzzzzzzz/out.mp4" }),
    ] {
        let mut done = progress::done(&world.bucket, &render.render_id);
        done["renderMetadata"]["outName"] = place;
        world.writes(&render.render_id, &done);
        server.delete(&render.path("")).problem(403, "not_allowed");
    }
    for id in ["default~us-east-1~payroll~abcdefghij", "nobody~us-east-1~payroll~abcdefghij"] {
        server.delete(&format!("/v1/renders/{id}")).problem(403, "not_allowed");
    }
    server.delete("/v1/renders/default~us-east-1~b~..").problem(404, "render_not_found");
    assert!(!world.aws.calls().iter().any(deletes), "{:?}", world.aws.summaries());
}

#[test]
fn an_output_that_is_still_to_be_copied_is_kept() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    drop(server);
    world.finishes(&render.render_id);
    let is_copy = |call: &Call| call.method == "PUT" && call.path.ends_with("/x.mp4");
    world.aws.fault(usize::MAX, is_copy, Reply::aws_xml(503, "SlowDown", "Please reduce your request rate."));
    // On Lambda nobody but the request itself would make the copy.
    let folder = files_below(world.folder()).into_iter().find(|(_, text)| text.contains("\"pending\"")).unwrap().0;
    let server = world.serve();
    server.delete(&render.path("")).problem(409, "copy_in_progress");
    assert_eq!(world.moto.keys(&world.bucket).len(), 2);
    world.aws.heal();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while server.delete(&render.path("")).status != 200 {
        assert!(std::time::Instant::now() < deadline, "{}", std::fs::read_to_string(folder).unwrap());
    }
    assert_eq!(world.moto.object(&world.videos, "x.mp4").unwrap().body, VIDEO);
}

#[test]
fn no_copy_stays_pending_for_ever() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    world.writes(&render.render_id, &progress::failed(&render.render_id));
    server.delete(&render.path("")).expect(200);
    let records = files_below(world.folder());
    let (_, record) = records.iter().find(|(path, _)| path.ends_with(&format!("{}.json", render.render_id))).unwrap();
    let record: Value = serde_json::from_str(record).unwrap();
    assert_eq!(
        (&record["copy"]["status"], &record["copy"]["error"]["code"]),
        (&json!("failed"), &json!("render_deleted"))
    );
    assert_eq!(world.moto.keys(&world.videos), Vec::<String>::new());
}

#[test]
fn a_deletion_that_broke_off_can_be_repeated() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    let out = format!("renders/{}/out.mp4", render.render_id);
    // S3 refuses single keys with a 200.
    let refusal = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeleteResult><Error><Key>{out}</Key><Code>AccessDenied</Code>\
         <Message>Access Denied</Message></Error></DeleteResult>"
    );
    world.aws.fault(1, deletes, Reply::new(200, refusal).header("content-type", "application/xml"));
    let problem = server.delete(&render.path("")).problem(502, "aws_access_denied");
    assert_eq!(
        (&problem["action"], &problem["resource"]),
        (&json!("s3:DeleteObject"), &json!(format!("arn:aws:s3:::{}/{out}", world.bucket)))
    );
    world.aws.fault(
        usize::MAX,
        |call| deletes(call) && call.body.windows(13).any(|text| text == b"progress.json"),
        Reply::aws_xml(500, "InternalError", "Try again"),
    );
    server.delete(&render.path("")).problem(503, "aws_unavailable");
    assert_eq!(world.moto.keys(&world.bucket), [format!("renders/{}/progress.json", render.render_id)]);
    world.aws.heal();
    server.delete(&render.path("")).expect(200);
    assert_eq!(world.moto.keys(&world.bucket), Vec::<String>::new());
}
