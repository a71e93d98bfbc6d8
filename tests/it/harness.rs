//! The world outside is itself believed only after this.

use serde_json::json;

use crate::stack::{Moto, Reply, World, basic};

#[test]
fn the_search_for_secrets_finds_them_plain_and_encoded() {
    use crate::stack::answer::reveals;
    let secrets = ["s3cr3t".to_owned(), basic("shop", "password")];
    for text in ["x CANARY x", "Authorization: Y2FuYXJ5", "a s3cr3t b", &secrets[1]] {
        assert!(reveals(text, &secrets).is_some(), "{text}");
    }
    assert_eq!(reveals("nothing here", &secrets), None);
}

#[test]
fn the_proxy_passes_on_remembers_and_misbehaves() {
    let world = World::new();
    let proxied = Moto::connect(&world.aws.endpoint);
    proxied.put_object(&world.bucket, "a%20b/c.txt", &[("content-type", "text/plain")], "hello");
    let object = proxied.object(&world.bucket, "a%20b/c.txt").unwrap();
    assert_eq!((object.body.as_slice(), object.header("content-type")), (&b"hello"[..], Some("text/plain")));
    assert_eq!(proxied.keys(&world.bucket), ["a b/c.txt"]);
    assert_eq!(
        world.aws.summaries(),
        [
            format!("s3 PUT /{}/a%20b/c.txt", world.bucket),
            format!("s3 GET /{}/a%20b/c.txt", world.bucket),
            format!("s3 GET /{}", world.bucket)
        ]
    );
    world.aws.fault(1, |call| call.service() == "s3", Reply::new(404, "gone"));
    assert!(proxied.object(&world.bucket, "a%20b/c.txt").is_none());
    assert!(proxied.object(&world.bucket, "a%20b/c.txt").is_some());
}

#[test]
fn the_function_starts_renders_and_follows_its_script() {
    let world = World::new();
    let lambda = Moto::connect(&world.lambda.endpoint);
    world.lambda.next(Reply::throttled("ConcurrentInvocationLimitExceeded", Some("7")));
    let refused = lambda.invoke(&json!({ "type": "start" }));
    assert_eq!((refused.0, refused.1["Reason"].as_str()), (429, Some("ConcurrentInvocationLimitExceeded")));
    let (status, started) = lambda.invoke(&json!({ "type": "start", "deleteAfter": "1-day" }));
    let render_id = started["renderId"].as_str().unwrap();
    assert!(status == 200 && render_id.starts_with("1-day-"), "{started}");
    assert_eq!(world.moto.keys(&world.bucket), [format!("renders/{render_id}/progress.json")]);
    assert_eq!(world.lambda.payloads().len(), 2);
}
