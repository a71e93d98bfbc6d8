//! What a request may reach: the configured places, and nothing by way of an id or a name.

use serde_json::json;

use crate::stack::{FUNCTION, World};

#[test]
fn ids_that_are_not_ours() {
    let world = World::new();
    let server = world.serve();
    let foreign = [
        "nobody~us-east-1~BUCKET~abcdefghij",
        "default~mars-1~BUCKET~abcdefghij",
        "default~us-east-1~someone-elses-bucket~abcdefghij",
        "default~us-east-1~remotionlambda-useast1-zzzzzzzzzz~abcdefghij",
        "default~us-east-1~BUCKET~..",
        "default~us-east-1~BUCKET~..%2F..%2Fsites%2Fx",
        "default~us-east-1~BUCKET~a%00b",
        "default~us-east-1~BUCKET",
        "default~us-east-1~BUCKET~abcdefghij~more",
        "~~~",
        "%20",
        "%FF",
    ];
    for id in foreign {
        let id = id.replace("BUCKET", &world.bucket);
        for path in [format!("/v1/renders/{id}"), format!("/v1/renders/{id}/output")] {
            let answer = server.get(&path);
            assert!([400, 403, 404].contains(&answer.status), "{path}: {answer:#?}");
            let (status, code) = (answer.status, answer.json["code"].as_str().unwrap_or("none").to_owned());
            answer.problem(status, &code);
        }
        let answer = server.post(&format!("/v1/renders/{id}/copy"), &json!({ "bucket": world.videos }));
        assert!([400, 403, 404].contains(&answer.status), "{id}: {answer:#?}");
    }
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn places_that_a_request_may_not_reach() {
    let world = World::new();
    let server = world.serve();
    let own = &world.bucket;
    let refused = [
        ("another destination", json!({ "copyTo": "s3://someone-elses/x.mp4" })),
        ("Remotion's bucket as destination", json!({ "copyTo": format!("s3://{own}/sites/x/index.html") })),
        ("another bucket", json!({ "forceBucketName": "someone-elses" })),
        ("another Remotion bucket", json!({ "forceBucketName": "remotionlambda-useast1-zzzzzzzzzz" })),
        ("another function", json!({ "functionName": "billing" })),
        ("another Remotion function", json!({ "functionName": "remotion-render-4-0-527-mem512mb-disk2048mb-900sec" })),
        ("another function for the chunks", json!({ "rendererFunctionName": "billing" })),
        ("another account", json!({ "account": "nobody" })),
        ("another bucket for the output", json!({ "outName": { "bucketName": "someone-elses", "key": "x.mp4" } })),
        ("the site as output", json!({ "outName": { "bucketName": own, "key": "sites/testbed/index.html" } })),
        ("another render as output", json!({ "outName": { "bucketName": own, "key": "renders/abcdefghij/out.mp4" } })),
        ("props as output", json!({ "outName": { "bucketName": own, "key": "input-props/abcdefghij.json" } })),
    ];
    for (what, body) in refused {
        let answer = server.post("/v1/renders", &body);
        assert!(answer.status == 403 || answer.json["field"] == "outName.key", "{what}: {answer:#?}");
        match answer.status {
            400 => answer.problem(400, "invalid_field"),
            _ => answer.problem(403, "not_allowed"),
        };
    }
    let answer = server.post("/v1/renders", &json!({ "region": "mars-1" }));
    assert!([400, 403].contains(&answer.status), "{answer:#?}");
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn without_function_and_bucket_settings_only_remotion_s_names_are_reached() {
    let world = World::new();
    let server = world.settings().unset("RENDERGATE_FUNCTION_NAME").unset("RENDERGATE_BUCKET").serve();
    for body in
        [json!({ "functionName": "billing" }), json!({ "functionName": FUNCTION, "rendererFunctionName": "billing" })]
    {
        server.post("/v1/renders", &body).problem(403, "not_allowed");
    }
    let body = json!({ "functionName": FUNCTION, "forceBucketName": "payroll" });
    server.post("/v1/renders", &body).problem(403, "not_allowed");
    let answer = server.get("/v1/renders/default~us-east-1~payroll~abcdefghij");
    assert!([403, 404].contains(&answer.status), "{answer:#?}");
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn addresses_lead_to_the_hosts_that_are_configured() {
    let world = World::new();
    let settings = world.settings().set("RENDERGATE_SERVE_URL_HOSTS", "sites.example.com");
    let server = settings.set("RENDERGATE_WEBHOOK_HOSTS", "hooks.example.com").serve();
    let evil = json!("https://sites.example.com@evil.example/index.html");
    for path in ["/v1/renders", "/v1/stills", "/v1/compositions"] {
        let problem = server.post(path, &json!({ "serveUrl": evil })).problem(403, "not_allowed");
        assert_eq!(problem["field"], "serveUrl", "{path}");
    }
    let webhook = json!({ "webhook": { "url": "https://hooks.example.com.evil.example/", "secret": "x-canary" } });
    let problem = server.post("/v1/renders", &webhook).problem(403, "not_allowed");
    assert_eq!(problem["field"], "webhook.url");
    assert_eq!(world.aws_calls().len(), 0);
    // The configured site is the operator's choice; an id is a site of the render bucket.
    for body in [
        json!({}),
        json!({ "serveUrl": "my-site" }),
        json!({ "serveUrl": "https://sites.example.com/index.html", "webhook": { "url": "https://hooks.example.com/x" } }),
    ] {
        server.post("/v1/renders", &body).expect(202);
    }
}
