//! The list of orders: whose, in which order, and what a page costs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::once::{in_s3, send};
use crate::stack::http::{RUNTIME, now_ms};
use crate::stack::{Server, World, minimal};

pub(crate) fn ids(page: &Value) -> Vec<String> {
    let renders = page["renders"].as_array().unwrap_or_else(|| panic!("{page:#}"));
    renders.iter().map(|render| render["id"].as_str().unwrap().to_owned()).collect()
}

fn list(server: &Server, key: &str, query: &str) -> Value {
    server.get_with(&format!("/v1/renders{query}"), &[("x-api-key", key)]).expect(200)
}

const SHOP: &str = "shop-canary-0123456";
const BLOG: &str = "blog-canary-0123456";

fn callers(shop: Value) -> String {
    let mut keys = json!([{ "name": "shop", "key": SHOP }, { "name": "blog", "key": BLOG }]);
    for (name, limit) in shop.as_object().unwrap() {
        keys[0][name] = limit.clone();
    }
    keys.to_string()
}

#[test]
fn orders_are_listed_newest_first_page_by_page() {
    let world = World::new();
    let state = in_s3(&world);
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve();
    assert_eq!(server.get("/v1/renders").expect(200), json!({ "renders": [], "nextCursor": null }));
    let before = u64::try_from(now_ms()).unwrap();
    let copied = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    let mut ordered = vec![copied.id.clone()];
    for key in ["a", "b", "c"] {
        std::thread::sleep(Duration::from_millis(3));
        ordered.insert(0, send(&server, key, &minimal()).expect(202)["id"].as_str().unwrap().to_owned());
    }
    // Sent again, or without a record: nothing new.
    send(&server, "c", &minimal()).expect(202);
    server.post("/v1/renders", &minimal()).expect(202);
    world.finishes(&copied.render_id);
    server.get_with(&copied.path(""), &[("prefer", "wait=20")]).expect(200);
    world.forget_calls();

    let page = server.get("/v1/renders").expect(200);
    assert_eq!((ids(&page), &page["nextCursor"]), (ordered.clone(), &Value::Null));
    // The server may still be following the one with a copy, at the same time.
    let calls = world.aws_calls();
    let calls: Vec<_> = calls.into_iter().filter(|call| !call.path.contains(&copied.render_id)).collect();
    let asked: Vec<_> = calls.iter().map(|call| call.summary()).collect();
    assert!(calls.iter().all(|call| call.path.starts_with(&format!("/{state}"))), "no render is looked at: {asked:?}");
    assert_eq!(calls.len(), 1 + ordered.len() - 1, "{asked:?}");
    let oldest = &page["renders"][3];
    let expected = json!({
        "id": copied.id, "status": null, "renderId": copied.render_id, "account": "default", "region": "us-east-1",
        "bucketName": world.bucket, "createdAt": oldest["createdAt"], "caller": null,
        "copy": { "status": "done", "bucket": world.videos, "key": "x.mp4", "size": oldest["copy"]["size"] },
        "links": copied.answer["links"],
    });
    assert_eq!(oldest, &expected);
    let created = oldest["createdAt"].as_u64().unwrap();
    assert!((before..before + 60_000).contains(&created), "{created}");
    assert_eq!(page["renders"][0]["copy"], Value::Null);

    let (mut seen, mut query) = (Vec::new(), "?limit=3".to_owned());
    let cursor = loop {
        let page = server.get(&format!("/v1/renders{query}")).expect(200);
        seen.push(ids(&page));
        match page["nextCursor"].as_str() {
            Some(cursor) => query = format!("?limit=3&cursor={cursor}"),
            None => break query,
        }
    };
    assert_eq!(seen, [ordered[..3].to_vec(), ordered[3..].to_vec()], "{cursor}");
    // What comes in between moves nothing.
    send(&server, "d", &minimal()).expect(202);
    assert_eq!(ids(&server.get(&format!("/v1/renders{cursor}")).expect(200)), ordered[3..]);
}

#[test]
fn callers_see_their_own_orders_in_their_accounts() {
    let world = World::new();
    let settings = world.settings().set("RENDERGATE_API_KEYS", callers(json!({})));
    let server = settings.serve();
    let copy = json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) });
    let order = |key: &str| {
        let answer = server.post_with("/v1/renders", &[("x-api-key", key)], &copy).expect(202);
        answer["id"].as_str().unwrap().to_owned()
    };
    let (shop, blog) = (order(SHOP), order(BLOG));
    let page = list(&server, SHOP, "");
    assert_eq!((ids(&page), &page["renders"][0]["caller"]), (vec![shop.clone()], &json!("shop")));
    assert_eq!(ids(&list(&server, BLOG, "")), [blog]);
    server.get("/v1/renders").problem(401, "unauthenticated");
    drop(server);
    // Who runs it sees everybody's.
    let told = settings.run(&["list", "--caller", "shop", "--json"]);
    assert_eq!((told.code, ids(&serde_json::from_str(&told.stdout).unwrap())), (Some(0), vec![shop]));
    // The account has been taken away.
    let accounts = json!([{ "name": "a" }, { "name": "default" }]);
    let settings = settings.unset("RENDERGATE_BUCKET").set("RENDERGATE_ACCOUNTS", accounts.to_string());
    let server = settings.set("RENDERGATE_API_KEYS", callers(json!({ "accounts": ["a"] }))).serve();
    assert_eq!(ids(&list(&server, SHOP, "")), Vec::<String>::new());
    assert_eq!(ids(&list(&server, BLOG, "")).len(), 1);
}

#[test]
fn wrong_questions_are_refused() {
    let world = World::new();
    let server = world.serve();
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("cursor=abc", "cursor"),
        ("cursor=Li4vLi4vcmVuZGVycw", "cursor"),
        ("status=done", "status"),
    ] {
        let problem = server.get(&format!("/v1/renders?{query}")).problem(400, "invalid_parameter");
        assert_eq!(problem["field"], field, "{query}");
    }
    server.get("/v1/renders?limit=&cursor=").expect(200);
    let without = world.settings().unset("RENDERGATE_STATE").unset("HOME").serve();
    without.get("/v1/renders").problem(400, "state_not_configured");
}

#[test]
fn the_command_lists_what_was_ordered() {
    let world = World::new();
    let server = world.serve();
    let first = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    let second = send(&server, "k", &minimal()).expect(202);
    let settings = world.settings();
    let told = settings.run(&["list"]);
    let expected = format!("{}\n{}\tpending\ts3://{}/x.mp4\n", second["id"].as_str().unwrap(), first.id, world.videos);
    assert_eq!((told.code, told.stdout), (Some(0), expected));
    let told = settings.run(&["list", "--limit", "1"]);
    let cursor = told.stderr.trim().strip_prefix("More with --cursor ").unwrap().to_owned();
    let told = settings.run(&["list", "--limit", "1", "--cursor", &cursor, "--json"]);
    assert_eq!(ids(&serde_json::from_str(&told.stdout).unwrap()), [first.id]);
    assert_eq!(settings.run(&["list", "--limit", "0"]).code, Some(2));
}

/// The folder of who has no name, and the names of so many orders, the newest first.
fn index(world: &World, many: u64) -> (String, Vec<String>) {
    let digest: String = Sha256::digest("").iter().map(|byte| format!("{byte:02x}")).collect();
    let now = u64::try_from(now_ms()).unwrap();
    let name = |age| {
        let time = 9_999_999_999_999 - now + age;
        format!("{time:013}~default~us-east-1~{}~{age:010}.json", world.bucket)
    };
    (format!("list/{digest}"), (0..many).map(name).collect())
}

fn timed(server: &Server, query: &str) -> (Duration, Value) {
    let best = (0..5).map(|_| {
        let began = Instant::now();
        let page = server.get(&format!("/v1/renders{query}")).expect(200);
        (began.elapsed(), page)
    });
    best.min_by_key(|(took, _)| *took).unwrap()
}

#[test]
fn a_page_costs_the_same_however_many_orders_there_are() {
    let world = World::new();
    let state = in_s3(&world);
    let server = world.settings().set("RENDERGATE_STATE", format!("s3://{state}")).serve();
    // More than S3 lists in one answer.
    let (folder, names) = index(&world, 1_200);
    for many in [30, 1_200] {
        RUNTIME.block_on(async {
            for name in &names[..many] {
                world.moto.put(&state, &format!("{folder}/{name}"), "application/json", "{}".to_owned()).await;
            }
        });
        world.forget_calls();
        let first = server.get("/v1/renders?limit=10").expect(200);
        let listing: Vec<_> = world.aws.calls().into_iter().filter(|call| call.query.contains("list-type=2")).collect();
        assert_eq!((listing.len(), world.aws.calls().len()), (1, 11), "{:?}", world.aws.summaries());
        assert!(listing[0].query.contains("max-keys=11"), "{}", listing[0].query);
        let next = format!("?limit=10&cursor={}", first["nextCursor"].as_str().unwrap());
        world.forget_calls();
        let second = server.get(&format!("/v1/renders{next}")).expect(200);
        assert_eq!(world.aws.calls().len(), 11, "also further on: {:?}", world.aws.summaries());
        assert!(ids(&second)[0].ends_with("~0000000010"), "{second:#}");
    }

    let server = world.serve();
    let (folder, names) = index(&world, 10_000);
    let folder = world.folder().join("state").join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut took = Vec::new();
    for range in [0..100, 100..10_000] {
        for name in &names[range] {
            std::fs::write(folder.join(name), "{}").unwrap();
        }
        let (time, page) = timed(&server, "");
        assert_eq!(ids(&page).len(), 20);
        took.push(time);
    }
    println!("a page of 20 from a folder: {:?} with 100 orders, {:?} with 10,000", took[0], took[1]);
    // The folder's names are all read: that grows, but slowly.
    assert!(took[1] < Duration::from_millis(500), "{took:?}");
}
