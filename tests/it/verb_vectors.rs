//! The official client's recorded cancelRenderOnLambda() and deleteRender(), over HTTP against the recorded
//! answers of S3.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::stack::http::now_ms;
use crate::stack::{Answer, Call, Moto, Reply, Server, World, fixture, progress};

const BUCKET: &str = "remotionlambda-useast1-0a1b2c3d4e";
/// The recording's clock stood still.
const RECORDED_AT: i64 = 1_760_000_000_000;

/// S3 as it was for one case; `alive` moves the render's times to now.
fn scene(world: &World, case: &Value, alive: bool) {
    world.aws.heal();
    world.forget_calls();
    for request in case["requests"].as_array().unwrap().iter().filter(|request| request["service"] == "s3") {
        let mut response = request["response"].clone();
        if alive {
            progress::shift_times(&mut response, now_ms() as i64 - RECORDED_AT);
        }
        let body = match &response["body"] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            json => json.to_string(),
        };
        let reply = Reply::new(response["status"].as_u64().unwrap() as u16, body).header("etag", "\"e\"");
        let (method, listing) =
            (request["method"].as_str().unwrap().to_owned(), request["operation"] == "ListObjectsV2");
        let is_it = move |call: &Call| call.method == method.as_str() && call.query.contains("list-type") == listing;
        // A listing has pages; everything else is answered alike each time.
        world.aws.fault(if listing { 1 } else { usize::MAX }, is_it, reply);
    }
    let nothing =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>";
    world.aws.fault(usize::MAX, |call| call.query.contains("list-type"), Reply::new(200, nothing));
    world.aws.fault(usize::MAX, |call| call.method == "HEAD", Reply::new(200, "").header("etag", "\"e\""));
    world.aws.fault(
        usize::MAX,
        |call| call.method == "POST",
        Reply::new(200, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeleteResult></DeleteResult>"),
    );
}

fn cases(call: &str) -> (World, Server, Vec<Value>) {
    let moto = Box::leak(Box::new(Moto::start(&[])));
    let world = World::named(moto, BUCKET, "out-bucket");
    let server = world.serve();
    (world, server, fixture(&format!("vectors/{call}.json")).as_array().unwrap().clone())
}

fn path(case: &Value, verb: &str) -> String {
    let text = |name: &str| case["input"][name].as_str().unwrap();
    format!("/v1/renders/default~{}~{}~{}{verb}", text("region"), text("bucketName"), text("renderId"))
}

fn puts(world: &World) -> Vec<(String, BTreeSet<String>)> {
    let names = |call: &Call| call.json().as_object().unwrap().keys().cloned().collect();
    world.aws.calls_like("PUT").iter().map(|call| (call.path.clone(), names(call))).collect()
}

#[test]
fn cancelling_as_recorded() {
    let (world, server, cases) = cases("cancelRenderOnLambda");
    let file = format!("/{BUCKET}/renders/m1yq8x2c0v/cancel.json");
    let told = vec![(file, BTreeSet::from(["cancelledAt".to_owned()]))];
    for case in &cases {
        scene(&world, case, true);
        let answer: Answer = server.post(&path(case, "/cancel"), &json!({}));
        match case["name"].as_str().unwrap() {
            "enabled" => {
                answer.expect(202);
                assert_eq!(puts(&world), told);
            }
            "not enabled" => {
                answer.problem(409, "not_cancellable");
                assert_eq!(puts(&world), []);
            }
            // On purpose: the file would lie there for nothing.
            "already finished is still written" => {
                assert_eq!(answer.problem(409, "not_cancellable")["renderStatus"], "done");
                assert_eq!(puts(&world), []);
            }
            "bad region" => {
                answer.problem(400, "invalid_field");
                assert!(world.aws.calls().is_empty());
            }
            // On purpose: a refusal doesn't pass by being repeated.
            "write denied is retried" => {
                answer.problem(502, "aws_access_denied");
                assert_eq!(puts(&world), told);
            }
            other => panic!("what about {other}?"),
        }
    }
}

/// The keys that were deleted.
fn deleted(world: &World) -> BTreeSet<String> {
    let bodies = world.aws.calls().into_iter().filter(|call| call.method == "POST");
    let texts = bodies.map(|call| (call.path.clone(), String::from_utf8(call.body.to_vec()).unwrap()));
    texts
        .flat_map(|(path, text)| {
            let keys: Vec<_> = text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()).collect();
            keys.iter().map(|key| format!("{}/{key}", path.trim_end_matches('/'))).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn deleting_as_recorded() {
    let (world, server, cases) = cases("deleteRender");
    let progress_json = format!("/{BUCKET}/renders/m1yq8x2c0v/progress.json");
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        // The recorded renders are under way. On purpose they are refused: their files would come back.
        if name != "still" {
            scene(&world, case, true);
            server.delete(&path(case, "")).problem(409, "render_unfinished");
            assert_eq!(deleted(&world), BTreeSet::new(), "{name}");
        }
        // Once they are dead it is the same.
        scene(&world, case, false);
        assert_eq!(server.delete(&path(case, "")).expect(200), case["result"], "{name}");
        let theirs =
            case["requests"].as_array().unwrap().iter().filter(|request| request["operation"] == "DeleteObject");
        let theirs: BTreeSet<String> = theirs
            .map(|request| format!("/{}/{}", request["bucket"].as_str().unwrap(), request["key"].as_str().unwrap()))
            // On purpose: a render that died has written nothing there. And in the folder only what is listed.
            .filter(|key| key != "/out-bucket/k.mp4")
            .collect();
        let mut ours = deleted(&world);
        // Deleted last of all, listed or not; theirs deletes nothing of a render without metadata.
        assert!(ours.contains(&progress_json), "{name}: {ours:?}");
        if !theirs.contains(&progress_json) {
            ours.remove(&progress_json);
        }
        let unlisted: BTreeSet<_> = theirs.difference(&ours).collect();
        assert!(ours.is_subset(&theirs), "{name}: {ours:?} {theirs:?}");
        assert!(unlisted.iter().all(|key| key.contains("/out.")), "{name}: {unlisted:?}");
        let prefix = "prefix=renders%2Fm1yq8x2c0v%2F";
        let listings = world.aws.calls().into_iter().filter(|call| call.query.contains("list-type"));
        assert!(listings.map(|call| call.query).all(|query| query.contains(prefix)), "{name}: the slash is missing");
    }
}
