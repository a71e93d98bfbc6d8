//! renderMediaOnLambda(), over HTTP.

use serde_json::Value;

use super::aws::{requests, script, wide, world};
use super::case::{Case, differences};
use super::{Replay, Subject};
use crate::stack::settings::Finished;
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

/// What we answered to a case, over HTTP.
pub(super) fn judged(case: &Case, answer: &Answer) -> Vec<String> {
    judge(case, (answer.status >= 400).then_some(answer.status.to_string()), &answer.json)
}

/// What a command answered with `--json`.
pub(super) fn judged_command(case: &Case, finished: &Finished) -> Vec<String> {
    let mut answer: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    let failed = finished.code != Some(0);
    let answer = if failed { answer["error"].take() } else { answer };
    judge(case, failed.then(|| format!("exit {}", finished.code.unwrap_or_default())), &answer)
}

/// The kinds of refusals: what a caller of the official client catches, and our codes for it.
fn judge(case: &Case, failed: Option<String>, answer: &Value) -> Vec<String> {
    let code = answer["code"].as_str().unwrap_or_default();
    let Some(error) = &case.error else {
        return match (failed, answer["field"].as_str()) {
            (None, _) => results(case, answer),
            (Some(status), Some(field)) => vec![format!("{status} {code} {field}")],
            (Some(status), None) => vec![format!("{status} {code}")],
        };
    };
    let Some(status) = failed else { return vec!["taken".to_owned()] };
    let expected: &[&str] = match error["name"].as_str().unwrap() {
        "TooManyRequestsException" => &["throttled"],
        "AccessDenied" | "AccessDeniedException" => &["aws_access_denied"],
        "UnrecognizedClientException" => &["aws_credentials_refused"],
        "ResourceNotFoundException" => &["function_not_found"],
        "RequestTooLargeException" => &["body_too_large"],
        "NoSuchKey" => &["render_not_found"],
        "SyntaxError" => &["unreadable_answer", "progress_unreadable"],
        _ if case.requests.is_empty() => &["invalid_field", "missing_field", "invalid_parameter"],
        // Of other failures only the fact was recorded.
        _ if !["", "internal"].contains(&code) => return Vec::new(),
        _ => &[],
    };
    if expected.contains(&code) { Vec::new() } else { vec![format!("{status} {code}")] }
}

/// All that the official client answers is in our answer, by the same names.
pub(super) fn results(case: &Case, answer: &Value) -> Vec<String> {
    let recorded = case.result.as_ref().unwrap();
    if recorded.get("$undefined").is_some() {
        return Vec::new();
    }
    let ours: Value = match recorded {
        Value::Object(members) => {
            members.keys().filter_map(|name| Some((name.clone(), answer.get(name)?.clone()))).collect()
        }
        _ => answer.clone(),
    };
    differences("result", recorded, &ours)
}
