//! renderMediaOnLambda(), over HTTP.

use serde_json::Value;

use super::aws::{requests, script, wide, world};
use super::case::{Case, differences};
use super::{Replay, Subject};
use crate::stack::{Answer, Server};

pub(super) const SUBJECTS: &[Subject] =
    &[Subject { call: "renderMediaOnLambda", replay: render_media, on_purpose: super::media_differences::ON_PURPOSE }];

fn render_media() -> Replay {
    let world = world();
    let wide = wide(&world);
    let shared = wide.serve();
    Box::new(move |case| {
        let body = match case.body() {
            Ok(body) => body,
            Err(what) => return vec![format!("no JSON: {what}")],
        };
        let own = if case.name == "function name needs escaping" {
            // A caller may not name another account's function; who configures us may.
            Some(wide.clone().set("RENDERGATE_FUNCTION_NAME", case.text("functionName")).serve())
        } else {
            // A bucket that was found once is remembered.
            (body.len() > 100_000).then(|| wide.serve())
        };
        script(&world, case);
        let answer = post(own.as_ref().unwrap_or(&shared), "/v1/renders", body);
        [requests(&world, case), judged(case, &answer)].concat()
    })
}

/// Sends a body as it stands.
pub(super) fn post(server: &Server, path: &str, body: String) -> Answer {
    server.send(reqwest::Method::POST, path, &[("content-type", "application/json")], body)
}

/// The kinds of refusals: what a caller of the official client catches, and our codes for it.
pub(super) fn judged(case: &Case, answer: &Answer) -> Vec<String> {
    let code = answer.json["code"].as_str().unwrap_or_default();
    let told = || match answer.json["field"].as_str() {
        Some(field) => format!("{} {code} {field}", answer.status),
        None => format!("{} {code}", answer.status),
    };
    let Some(error) = &case.error else {
        if answer.status >= 400 {
            return vec![told()];
        }
        return results(case, &answer.json);
    };
    if answer.status < 400 {
        return vec![format!("taken: {}", answer.status)];
    }
    let expected: &[&str] = match error["name"].as_str().unwrap() {
        "TooManyRequestsException" => &["throttled"],
        "AccessDenied" | "AccessDeniedException" => &["aws_access_denied"],
        "UnrecognizedClientException" => &["aws_credentials_refused"],
        "ResourceNotFoundException" => &["function_not_found"],
        "RequestTooLargeException" => &["body_too_large"],
        "NoSuchKey" => &["render_not_found"],
        "SyntaxError" => &["unreadable_answer", "progress_unreadable"],
        _ if case.requests.is_empty() => &["invalid_field", "missing_field", "invalid_parameter"],
        _ => return Vec::new(),
    };
    if expected.contains(&code) { Vec::new() } else { vec![told()] }
}

/// All that the official client answers is in our answer, by the same names.
pub(super) fn results(case: &Case, answer: &Value) -> Vec<String> {
    let recorded = case.result.as_ref().unwrap();
    let ours: Value = match recorded {
        Value::Object(members) => {
            members.keys().filter_map(|name| Some((name.clone(), answer.get(name)?.clone()))).collect()
        }
        _ => answer.clone(),
    };
    differences("result", recorded, &ours)
}
