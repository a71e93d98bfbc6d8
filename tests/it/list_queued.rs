//! Queued orders on the list: once each, with what is known of them.

use serde_json::{Value, json};

use crate::list::ids;
use crate::once::send;
use crate::orders::{ASYNC, accepted};
use crate::stack::queue::{batch, failures};
use crate::stack::{Function, Reply, Server, World, minimal};

fn list(server: &Server) -> Value {
    server.get("/v1/renders").expect(200)
}

#[test]
fn a_queued_order_is_listed_once_whatever_becomes_of_it() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let copied = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos), "account": "default" });
    let mut paths = Vec::new();
    for order in [&copied, &minimal(), &minimal(), &minimal()] {
        std::thread::sleep(std::time::Duration::from_millis(3));
        paths.insert(0, accepted(&server, order));
    }
    let direct = send(&server, "k", &minimal()).expect(202)["id"].as_str().unwrap().to_owned();
    let page = list(&server);
    let expected = |path: &str| path.trim_start_matches("/v1/renders/").to_owned();
    let expected: Vec<String> = std::iter::once(direct).chain(paths.iter().map(|(path, _)| expected(path))).collect();
    assert_eq!(ids(&page), expected);
    let id = &expected[4];
    let own = format!("/v1/renders/{id}");
    assert_eq!(
        page["renders"][4],
        json!({
            "id": id, "status": "queued", "renderId": null, "account": "default", "region": null, "bucketName": null,
            "createdAt": page["renders"][4]["createdAt"], "caller": null, "copy": null,
            "links": { "self": own, "output": format!("{own}/output"), "copy": format!("{own}/copy") },
        })
    );
    assert_eq!((&page["renders"][0]["status"], &page["renders"][1]["account"]), (&Value::Null, &Value::Null));

    // Two are started, one is refused, one is cancelled.
    server.post(&format!("{}/cancel", paths[0].0), &json!({})).expect(202);
    world.lambda.next(Reply::function_says("no"));
    let worker = Function::worker(&jobs.settings);
    for (_, message) in &paths[1..] {
        assert_eq!(failures(&worker.invoke(&batch(&[("m", message), ("again", message)]))), Vec::<&str>::new());
    }
    worker.forget();
    world.forget_calls();
    let page = list(&server);
    assert_eq!(ids(&page), expected, "under the same ids, once each");
    // A listing; a read for each, and one more for the two that run.
    assert_eq!(world.aws_calls().len(), 1 + 5 + 2, "{:?}", world.aws.summaries());
    let statuses: Vec<&Value> = page["renders"].as_array().unwrap().iter().map(|render| &render["status"]).collect();
    assert_eq!(statuses, [&Value::Null, &json!("cancelled"), &json!("failed"), &Value::Null, &Value::Null]);
    let oldest = &page["renders"][4];
    let render_id = server.get(&paths[3].0).expect(200)["renderId"].clone();
    assert_eq!(
        (&oldest["renderId"], &oldest["account"], &oldest["region"], &oldest["bucketName"]),
        (&render_id, &json!("default"), &json!("us-east-1"), &json!(world.bucket))
    );
    assert_eq!(oldest["copy"], json!({ "status": "pending", "bucket": world.videos, "key": "x.mp4" }));
    world.finishes(render_id.as_str().unwrap());
    server.get_with(&paths[3].0, &[("prefer", "wait=20")]).expect(200);
    assert_eq!(list(&server)["renders"][4]["copy"]["status"], "done");
    // A page may end at a queued order.
    let page = server.get("/v1/renders?limit=2").expect(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    assert_eq!(ids(&server.get(&format!("/v1/renders?limit=2&cursor={cursor}")).expect(200)), expected[2..4]);
    let told = jobs.settings.run(&["list", "--limit", "2"]);
    assert_eq!(told.stdout, format!("{}\n{}\tcancelled\n", expected[0], expected[1]));
}

#[test]
fn queued_orders_are_on_the_list_of_their_caller() {
    let world = World::new();
    let jobs = world.with_queue();
    let keys =
        json!([{ "name": "shop", "key": "shop-canary-0123456" }, { "name": "blog", "key": "blog-canary-0123456" }]);
    let server = jobs.settings.clone().set("RENDERGATE_API_KEYS", keys.to_string()).serve();
    let (shop, blog) = (("x-api-key", "shop-canary-0123456"), ("x-api-key", "blog-canary-0123456"));
    let key = ("idempotency-key", "k");
    let first = server.post_with("/v1/renders", &[shop, ASYNC, key], &minimal()).expect(202);
    server.post_with("/v1/renders", &[shop, ASYNC, key], &minimal()).expect(202);
    let orders = json!({ "orders": [minimal(), { "compositon": "x" }] });
    let second = server.post_with("/v1/renders/batch", &[shop], &orders).expect(200)["results"][0]["render"].take();
    let page = server.get_with("/v1/renders", &[shop]).expect(200);
    assert_eq!(ids(&page), [second["id"].as_str().unwrap(), first["id"].as_str().unwrap()]);
    assert_eq!(page["renders"][0]["caller"], "shop");
    assert_eq!(ids(&server.get_with("/v1/renders", &[blog]).expect(200)), Vec::<String>::new());
    // What others put on the queue is nobody's in particular, good or bad.
    let worker = Function::worker(&jobs.settings);
    let body = minimal().to_string();
    worker.invoke(&batch(&[("m-1", &body), ("m-2", r#"{"compositon":"x"}"#)]));
    worker.invoke(&batch(&[("m-1", &body)]));
    worker.forget();
    let told = jobs.settings.run(&["list"]);
    let mut told: Vec<&str> = told.stdout.lines().collect();
    told.sort_unstable();
    assert_eq!(told, ["q~m-1", "q~m-2\tfailed"]);
}

#[test]
fn what_was_not_accepted_is_not_listed() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    world.aws.fault(10, |call| call.service() == "sqs", Reply::aws_xml(503, "ServiceUnavailable", "later"));
    server.post_with("/v1/renders", &[ASYNC], &minimal()).problem(503, "aws_unavailable");
    assert_eq!(ids(&list(&server)), Vec::<String>::new());
}
