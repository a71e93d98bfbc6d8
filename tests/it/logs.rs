//! What an operator reads: one line per request, metrics when wanted, never a secret
//! (which every test checks when it stops its server).

use serde_json::{Value, json};

use crate::stack::{Server, World, basic, minimal};

/// The lines about requests, the event's own fields lifted to the top.
fn requests(log: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).map(|mut line| {
        if let Some(Value::Object(fields)) = line.get("fields").cloned() {
            line.as_object_mut().unwrap().extend(fields);
        }
        line
    });
    lines.filter(|line| line.get("route").is_some() && line.get("status").is_some()).collect()
}

/// The EMF lines.
fn metrics(log: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("_aws").is_some()).collect()
}

/// The only line about this request.
fn line_of(server: &mut Server, request_id: &str) -> Value {
    let id = request_id.to_owned();
    let about = |line: &Value| line["requestId"] == json!(id);
    let log = server.log_until(|log| requests(log).iter().any(about));
    let mut lines: Vec<Value> = requests(&log).into_iter().filter(about).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.remove(0)
}

#[test]
fn one_line_tells_all_about_a_request() {
    let world = World::new();
    let mut server = world.settings().set("API_USERNAME", "shop").set("API_PASSWORD", "password-canary").serve();
    let authorization = basic("shop", "password-canary");
    let headers = [("authorization", authorization.as_str())];
    let answer = server.post_with("/v1/renders", &headers, &minimal());
    let (request_id, render_id) = (answer.header("x-request-id").unwrap().to_owned(), answer.json["renderId"].clone());
    let line = line_of(&mut server, &request_id);
    let expected =
        [("caller", json!("shop")), ("status", json!(202)), ("renderId", render_id), ("account", json!("default"))];
    for (field, value) in expected {
        assert_eq!(line[field], value, "{field} in {line:#}");
    }
    assert!(line["route"].as_str().unwrap().contains("/v1/renders"), "{line:#}");
    assert!(line["ms"].as_f64().is_some_and(|ms| ms >= 0.0), "{line:#}");

    let path = format!("/v1/renders/{}", answer.json["id"].as_str().unwrap());
    let answer = server.get_with(&path, &headers);
    let line = line_of(&mut server, answer.header("x-request-id").unwrap());
    // The pattern, not the path: so that lines can be counted.
    assert!(line["route"].as_str().unwrap().contains("/v1/renders/{id}"), "{line:#}");

    let refused = server.post_with("/v1/renders", &headers, &json!({ "scale": "big" }));
    let line = line_of(&mut server, refused.header("x-request-id").unwrap());
    assert_eq!((&line["status"], &line["code"]), (&json!(400), &json!("invalid_field")), "{line:#}");
    let unknown = server.post("/v1/renders", &minimal());
    let line = line_of(&mut server, unknown.header("x-request-id").unwrap());
    assert_eq!((&line["status"], &line["code"]), (&json!(401), &json!("unauthenticated")), "{line:#}");
}

#[test]
fn on_a_terminal_a_line_is_readable() {
    let world = World::new();
    let mut server = world.settings().set("RENDERGATE_LOG_FORMAT", "text").serve();
    let answer = server.post("/v1/renders", &minimal());
    let id = answer.header("x-request-id").unwrap().to_owned();
    let log = server.log_until(|log| log.contains(&id));
    let line = log.lines().find(|line| line.contains(&id)).unwrap();
    assert!(line.contains("202") && line.contains("/v1/renders") && !line.starts_with('{'), "{line}");
}

#[test]
fn metrics_are_lines_that_cloudwatch_reads() {
    let world = World::new();
    let mut server = world.settings().set("RENDERGATE_METRICS", "emf").serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    world.finishes(&render.render_id);
    server.get_with(&render.path(""), &[("prefer", "wait=20")]).expect(200);
    server.log_until(|log| metrics(log).len() >= 3);
    let lines = metrics(&server.stop());
    let mut names = Vec::new();
    for line in &lines {
        assert!(line["_aws"]["Timestamp"].as_u64() > Some(1_700_000_000_000), "{line:#}");
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert!(directive["Namespace"].as_str().is_some_and(|name| !name.is_empty()), "{line:#}");
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                assert!(line[name].is_number() || line[name].is_array(), "{name} has no value: {line:#}");
                names.push(name.to_lowercase());
            }
            for dimension in directive["Dimensions"].as_array().unwrap().iter().flat_map(|set| set.as_array().unwrap())
            {
                assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension} has no value: {line:#}");
            }
        }
    }
    for wanted in ["start", "end", "cop", "duration"] {
        assert!(names.iter().any(|name| name.contains(wanted)), "no metric like {wanted}: {names:?}");
    }
}

#[test]
fn metrics_are_off_unless_wanted() {
    let world = World::new();
    for settings in [
        world.settings(),
        world.settings().set("RENDERGATE_METRICS", "off"),
        world.settings().set("RENDERGATE_METRICS", ""),
    ] {
        let server = settings.serve();
        world.submit(&server, minimal());
        assert_eq!(metrics(&server.stop()), Vec::<Value>::new());
    }
}
