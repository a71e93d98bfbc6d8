//! What belongs to a file and isn't its bytes, against moto: it goes along where that is allowed, and never
//! stops the copy.

use serde_json::json;

use crate::stack::{Call, Reply, World, minimal};

const TAGS: (&str, &str) = ("x-amz-tagging", "scan=clean&who=a%20b");

fn denied(action: &str) -> Reply {
    let message = format!("User: x is not authorized to perform: {action} on resource: y because no policy allows it");
    Reply::aws_xml(403, "AccessDenied", &message)
}

#[test]
fn tags_go_along_where_they_may() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.finishes(&render.render_id);
    let key = format!("renders/{}/out.mp4", render.render_id);
    let is_whole = |call: &Call| call.header("x-amz-copy-source").is_some() && !call.query.contains("partNumber");
    let copied = |key: &str| {
        server.post(&render.path("/copy"), &json!({ "bucket": world.videos, "key": key })).expect(200);
        world.moto.tags(&world.videos, key)
    };
    // 40 MB, so that it goes in parts; its bytes are real.
    let large: Vec<u8> = (0..40_000_000_u64).map(|at| (at * at / 251) as u8).collect();
    for (bytes, name) in [(b"small".to_vec(), "small"), (large, "large")] {
        world.moto.put_object(&world.bucket, &key, &[TAGS, ("content-type", "video/mp4")], bytes.clone());
        assert_eq!(copied(name), ["scan=clean", "who=a b"]);
        // Not to be read where S3 copies them itself, not to be written where we do.
        world.aws.fault(1, is_whole, denied("s3:GetObjectTagging"));
        world.aws.fault(1, |call| call.query.contains("uploads"), denied("s3:PutObjectTagging"));
        let again = format!("{name}-again");
        assert_eq!(copied(&again), Vec::<String>::new());
        world.aws.heal();
        // Not to be read by us.
        world.aws.fault(1, |call| call.query.contains("tagging"), denied("s3:GetObjectTagging"));
        copied(&format!("{name}-third"));
        world.aws.heal();
        for key in [name, &again] {
            let object = world.moto.object(&world.videos, key).unwrap();
            assert!(object.body == bytes, "{} of {} bytes", object.body.len(), bytes.len());
            assert_eq!(object.header("content-type"), Some("video/mp4"));
        }
    }
    let parts = world.aws.calls_like("s3 PUT").iter().filter(|call| call.query.contains("partNumber")).count();
    assert_eq!(parts, 24, "eight parts, three times");
}
