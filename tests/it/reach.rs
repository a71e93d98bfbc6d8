//! What a request may reach: the configured places, and nothing by way of an id or a name.

use serde_json::json;

use crate::stack::{Answer, FUNCTION, Server, World};

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

/// What an id, a bucket or a key may hide, for either way to set the program up.
fn servers(world: &World) -> [Server; 2] {
    let settings = world.settings().set("RENDERGATE_DESTINATIONS", format!("{}/mine/", world.videos));
    [settings.clone().serve(), settings.unset("RENDERGATE_FUNCTION_NAME").unset("RENDERGATE_BUCKET").serve()]
}

fn refused(answer: &Answer, what: &str) {
    assert!([400, 403, 404].contains(&answer.status), "{what}: {answer:#?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}: {answer:#?}");
}

#[test]
fn ids_that_only_look_like_ours() {
    let world = World::new();
    let long = "a".repeat(5000);
    let ids = [
        "default~us-east-1~BUCKET~abcdefghij%2F..%2Fabcdefghik",
        "default~us-east-1~BUCKET~abcdefghi%CA%81",
        "default%EF%BD%9Eus-east-1%EF%BD%9EBUCKET%EF%BD%9Eabcdefghij",
        "default~us-east-1~BUCKET~ABCDEFGHIJ",
        "default~us-east-1~BUCKET~abcdefghij%00",
        "default~us-east-1~BUCKET~abcdefghij%0A",
        "default~us-east-1~BUCKET~9-days-abcdefghij",
        "default~us-east-1~BUCKET%2Fsites~abcdefghij",
        "default~us-east-1~BUCKET%40evil~abcdefghij",
        "default~us-east-1~BUCKET.~abcdefghij",
        "default~us-east-1~remotionlambda-..~abcdefghij",
        "default~us-east-1~remotionlambda-%D0%B0bc~abcdefghij",
        "default~us-east-1~arn:aws:s3:::BUCKET~abcdefghij",
        "default~us-east-1~arn:aws:s3:us-east-1:123456789012:accesspoint%2Fremotionlambda-x~abcdefghij",
        "default~us-east-1~arn:aws-cn:s3:::remotionlambda-x~abcdefghij",
        "default~us-east-1~VIDEOS~abcdefghij",
        "default~us-east-1.evil.example~BUCKET~abcdefghij",
        "default~us-east-1%2F~BUCKET~abcdefghij",
        "default~US-EAST-1~BUCKET~abcdefghij",
        "default~us-gov-east-9~BUCKET~abcdefghij",
        "Default~us-east-1~BUCKET~abcdefghij",
        "d\u{435}fault~us-east-1~BUCKET~abcdefghij",
        "default%20~us-east-1~BUCKET~abcdefghij",
        "default~~BUCKET~abcdefghij",
        "~us-east-1~BUCKET~abcdefghij",
        "default~us-east-1~~abcdefghij",
        "%7E%7E%7E",
        "..%2F..%2F..%2Fetc%2Fpasswd",
        &long,
    ];
    for server in servers(&world) {
        for id in ids {
            let id = id.replace("BUCKET", &world.bucket).replace("VIDEOS", &world.videos);
            let path = format!("/v1/renders/{id}");
            for asked in [&path, &format!("{path}/output"), &format!("{path}?skipLambdaInvocation=false")] {
                refused(&server.get(asked), asked);
            }
            refused(&server.delete(&path), &path);
            refused(&server.post(&format!("{path}/cancel"), &json!({})), &path);
            refused(&server.post(&format!("{path}/copy"), &json!({ "bucket": world.videos, "key": "mine/x" })), &path);
        }
    }
    assert_eq!(world.aws_calls().len(), 0);
}

#[test]
fn names_that_lead_elsewhere() {
    let world = World::new();
    let (own, videos) = (&world.bucket, &world.videos);
    let mut orders = Vec::new();
    for bucket in [
        "arn:aws:s3:::payroll",
        "arn:aws:s3:us-east-1:123456789012:accesspoint/remotionlambda-x",
        "arn:aws-us-gov:s3:::remotionlambda-x",
        "remotionlambda-x/../payroll",
        "remotionlambda-/x",
        "remotionlambda-x\n",
        "remotionlambda-\u{430}",
        "Remotionlambda-x",
        "payroll.remotionlambda-x",
        "",
    ] {
        orders.push(json!({ "forceBucketName": bucket }));
        orders.push(json!({ "outName": { "bucketName": bucket, "key": "x.mp4" } }));
        orders.push(json!({ "copyTo": { "bucket": bucket, "key": "mine/x.mp4" } }));
    }
    for key in [
        "../x",
        "mine/../x",
        "mine/./x",
        "/mine/x",
        "mine/\u{0}",
        "mine/a\nb",
        "mine",
        "MINE/x",
        "%6dine/x",
        "mine\\x",
        "",
    ] {
        orders.push(json!({ "copyTo": { "bucket": videos, "key": key } }));
    }
    orders
        .push(json!({ "copyTo": { "bucket": videos, "key": "mine/{composition}/x" }, "composition": "../../secret" }));
    orders.push(json!({ "copyTo": format!("s3://{videos}/mine/../../x") }));
    orders.push(json!({ "copyTo": format!("s3://{videos}@evil/mine/x") }));
    orders.push(json!({ "copyTo": format!("S3://{videos}/mine/x") }));
    orders.push(json!({ "copyTo": format!("https://{videos}.s3.amazonaws.com/mine/x") }));
    orders.push(json!({ "copyTo": { "bucket": videos, "key": "mine/x", "region": "evil.example/" } }));
    orders.push(json!({ "outName": format!("{videos}/x.mp4") }));
    orders.push(json!({ "outName": format!("{videos}/mine/../x.mp4") }));
    for key in [
        "sites/x",
        "/sites/x",
        "//sites/x",
        "renders/abcdefghij/out.mp4",
        "input-props/x",
        "resolved-props/x",
        "a/../sites/x",
        "a\u{7}.mp4",
    ] {
        orders.push(json!({ "outName": { "bucketName": own, "key": key } }));
    }
    orders.push(json!({ "outName": { "bucketName": videos, "key": "elsewhere/x.mp4" } }));
    for function in [
        "arn:aws:lambda:us-east-1:123456789012:function:remotion-render-x",
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:billing",
        "123456789012:function:remotion-render-x",
        "remotion-render-x:1",
        "remotion-render-x/../billing",
        "remotion-render-x%2F..",
        "remotion-render-\u{445}",
        "Remotion-render-x",
        "",
    ] {
        orders.push(json!({ "functionName": function }));
        orders.push(json!({ "functionName": FUNCTION, "rendererFunctionName": function }));
    }
    for region in ["us-east-1.evil.example", "us-east-1/", "US-EAST-1", "us-east-1\n", "us-gov-east-9", "*"] {
        orders.push(json!({ "region": region }));
    }
    for account in ["Default", "default ", "*", "../default", "d\u{435}fault", ""] {
        orders.push(json!({ "account": account }));
    }
    assert!(orders.len() > 80);
    for server in servers(&world) {
        for order in &orders {
            refused(&server.post("/v1/renders", order), &order.to_string());
        }
    }
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
