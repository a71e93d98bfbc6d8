//! Images and lists on the command line.

use serde_json::{Value, json};

use crate::stack::settings::Finished;
use crate::stack::stream::{begun, complete, failed};
use crate::stack::{FUNCTION, Reply, World};

fn answer(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

#[test]
fn a_still_ends_with_the_place_of_its_file() {
    let world = World::new();
    let target = format!("s3://{}/posters/{{composition}}.{{ext}}", world.videos);
    let arguments =
        ["still", "Intro", "--image-format", "jpeg", "--frame", "-1", "--props", r#"{"a":1}"#, "--copy-to", &target];
    let finished = world.settings().run(&arguments);
    assert_eq!(
        (finished.code, finished.stdout.trim()),
        (Some(0), format!("s3://{}/posters/Intro.jpeg", world.videos).as_str()),
        "{finished:?}"
    );
    let payload = world.lambda.payload();
    assert_eq!(
        (&payload["composition"], &payload["frame"], &payload["imageFormat"], &payload["inputProps"]["payload"]),
        (&json!("Intro"), &json!(-1), &json!("jpeg"), &json!(r#"{"a":1}"#))
    );

    let plain = world.settings().run(&["still", "Intro"]);
    assert!(plain.stdout.starts_with(&format!("s3://{}/renders/", world.bucket)), "{plain:?}");
    let told = answer(&world.settings().run(&["still", "Intro", "--json"]));
    assert_eq!((&told["status"], &told["sizeInBytes"]), (&json!("done"), &json!(19)), "{told:#}");
}

#[test]
fn every_end_of_a_still_has_its_exit_code() {
    let world = World::new();
    let run = |arguments: &[&str]| world.settings().run(arguments);
    world.lambda.next(Reply::stream([begun("abcdefghij"), failed("Boom at frame 12"), complete(None)]));
    let finished = run(&["still", "Boom"]);
    assert!(finished.code == Some(4) && finished.stderr.contains("Boom at frame 12"), "{finished:?}");
    assert_eq!(run(&["still", "--image-format", "gif"]).code, Some(2));
    world.lambda.next(Reply::invoke_denied());
    let finished = run(&["still", "--json"]);
    assert_eq!((finished.code, &answer(&finished)["error"]["code"]), (Some(5), &json!("aws_access_denied")));

    world.aws.fault(9, |call| call.method == "PUT", Reply::aws_xml(403, "AccessDenied", "Access Denied"));
    let finished = run(&["still", "--copy-to", &format!("s3://{}/x.png", world.videos)]);
    assert!(finished.code == Some(7) && finished.stderr.contains("s3:PutObject"), "{finished:?}");
    assert!(finished.stdout.contains("/out.png"), "the image itself is there: {finished:?}");
}

#[test]
fn what_is_deployed_is_listed_a_line_each_or_as_json() {
    let world = World::new();
    world.lambda.deploy(&[(FUNCTION, 2048, None)]);
    world.moto.put_object(&world.bucket, "sites/a/index.html", &[], "window.remotion_version = '4.0.527';");
    let serve_url = format!("https://{}.s3.us-east-1.amazonaws.com/sites/a/index.html", world.bucket);
    let lines = |arguments: &[&str]| {
        let finished = world.settings().run(arguments);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished.stdout
    };
    assert_eq!(lines(&["functions"]), format!("{FUNCTION}\t4.0.527\t2048 MB\t2048 MB disk\t120 s\n"));
    assert_eq!(lines(&["sites"]), format!("a\t4.0.527\t{serve_url}\n"));
    let list = r#"{"type":"success","compositions":[{"id":"Demo","width":320,"height":180,"fps":29.97,"durationInFrames":30}]}"#;
    world.lambda.next(Reply::new(200, list));
    assert_eq!(lines(&["compositions", "a", "--props", "{}"]), "Demo\t320x180\t29.97 fps\t30 frames\n");
    assert_eq!(world.lambda.payload()["serveUrl"], "a");

    // One function is asked for by its own name: GetFunction, and no list.
    world.forget_calls();
    assert_eq!(lines(&["functions", FUNCTION]), format!("{FUNCTION}\t4.0.527\t2048 MB\t2048 MB disk\t120 s\n"));
    let paths: Vec<_> = world.lambda.calls().iter().map(|call| call.path.clone()).collect();
    assert_eq!(paths, [format!("/2015-03-31/functions/{FUNCTION}")]);
    world.lambda.deploy(&[]);
    let gone = world.settings().run(&["functions", FUNCTION, "--json"]);
    assert_eq!((gone.code, &answer(&gone)["error"]["code"]), (Some(1), &json!("function_not_found")));
    world.lambda.deploy(&[(FUNCTION, 2048, None)]);

    for (arguments, pointer, expected) in [
        (&["functions", "--compatible-only", "--json"][..], "/functions/0/functionName", FUNCTION),
        (&["sites", "--bucket", &world.bucket, "--json"], "/sites/0/serveUrl", &serve_url),
        (&["compositions", "--json"], "/compositions/0/id", "Demo"),
    ] {
        let told = answer(&world.settings().run(arguments));
        assert_eq!(told.pointer(pointer), Some(&json!(expected)), "{told:#}");
    }
    let refused = world.settings().run(&["sites", "--bucket", "payroll", "--json"]);
    assert_eq!((refused.code, &answer(&refused)["error"]["code"]), (Some(2), &json!("not_allowed")));
}

#[test]
fn functions_are_deleted_only_if_somebody_says_yes() {
    let world = World::new();
    let other = "remotion-render-4-0-99-mem512mb-disk512mb-15sec";
    world.lambda.deploy(&[(FUNCTION, 2048, None), (other, 512, None), ("billing", 128, None)]);
    let settings = world.settings().unset("RENDERGATE_FUNCTION_NAME");
    let refused = settings.run(&["functions", "rm", FUNCTION]);
    assert!(refused.code == Some(2) && refused.stderr.contains("--yes"), "{refused:?}");
    assert_eq!(settings.run(&["functions", "rm", "billing", "--yes"]).code, Some(2));
    assert_eq!(world.aws_calls().len(), 0);

    let done = settings.run(&["functions", "rm", FUNCTION, other, "-y"]);
    assert_eq!((done.code, done.stdout), (Some(0), format!("deleted {FUNCTION}\ndeleted {other}\n")));
    let calls = world.lambda.calls();
    assert!(calls.iter().all(|call| call.method == "DELETE" && call.region() == "us-east-1"), "{calls:?}");
    assert_eq!(answer(&settings.run(&["functions", "ls", "--json"])), json!({ "functions": [] }));
    let gone = settings.run(&["functions", "rm", FUNCTION, "--yes", "--json"]);
    assert_eq!((gone.code, &answer(&gone)["error"]["code"]), (Some(1), &json!("function_not_found")));
    world.lambda.next(Reply::aws_json(403, "AccessDeniedException", "no"));
    let denied = settings.run(&["functions", "rm", FUNCTION, "--yes", "--json"]);
    assert_eq!((denied.code, &answer(&denied)["error"]["action"]), (Some(5), &json!("lambda:DeleteFunction")));
}

#[test]
fn a_site_is_deleted_whole_and_no_other() {
    let world = World::new();
    for key in ["sites/a/index.html", "sites/a/static/b.js", "sites/ab/index.html", "sites/a", "renders/a/out.mp4"] {
        world.moto.put_object(&world.bucket, key, &[], "12345");
    }
    let run = |arguments: &[&str]| world.settings().run(&[&["sites", "rm"], arguments].concat());
    assert_eq!(run(&["a"]).code, Some(2));
    for wrong in [&["a/..", "--yes"][..], &["", "-y"], &["a", "-y", "--bucket", &world.videos]] {
        assert_eq!(run(wrong).code, Some(2), "{wrong:?}");
    }
    assert_eq!(world.aws_calls().len(), 0);

    let done = run(&["a", "--yes"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "deleted a: 10 bytes\n"), "{done:?}");
    assert_eq!(world.moto.keys(&world.bucket), ["renders/a/out.mp4", "sites/a", "sites/ab/index.html"]);
    assert_eq!(answer(&run(&["a", "-y", "--json"])), json!({ "siteName": "a", "totalSizeInBytes": 0 }));
    assert!(run(&["a", "-y"]).stderr.contains("no site a"));
}

#[test]
fn regions_are_told_without_asking_anybody() {
    let run = |arguments: &[&str]| crate::stack::Settings::default().run(&[&["regions"], arguments].concat());
    assert_eq!(run(&[]).stdout.lines().count(), 25);
    assert_eq!(answer(&run(&["--default-only", "--json"]))["regions"].as_array().unwrap().len(), 17);
    assert!(run(&["--default-only"]).stdout.starts_with("eu-central-1\n"));
}
