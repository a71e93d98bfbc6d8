//! What there is: `/v1/compositions`, `/v1/functions`, `/v1/sites`.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::auth::Verbs;
use super::body;
use crate::error::{Error, Kind, Result};
use crate::renderer::{CompositionsOrder, Which};

/// As the function wrote them: numbers keep all their digits.
#[derive(Serialize)]
struct Compositions {
    compositions: Vec<Box<RawValue>>,
}

pub(super) async fn compositions(Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let (_, body) = body::json(request).await?;
    let compositions = renderer.compositions(&CompositionsOrder::from_json(&body)?).await?;
    Ok(Json(Compositions { compositions }).into_response())
}

pub(super) async fn functions(Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let which = which(request.uri().query(), &["account", "region", "compatibleOnly"])?;
    let functions = renderer.functions(&which).await?;
    Ok(Json(json!({ "functions": functions })).into_response())
}

pub(super) async fn sites(Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let which = which(request.uri().query(), &["account", "region", "forceBucketName", "compatibleOnly"])?;
    Ok(Json(renderer.sites(&which).await?).into_response())
}

/// The query parameters; an empty one counts as left out.
fn which(query: Option<&str>, known: &[&str]) -> Result<Which> {
    let wrong = |name: &str, what: String| {
        Error::new(Kind::InvalidParameter, format!("`{name}`: expected {what}.")).with("field", name)
    };
    let mut which = Which::default();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !known.contains(&name) {
            return Err(wrong(name, format!("one of the parameters {}", known.join(", "))));
        }
        let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
        match (name, value.as_str()) {
            (_, "") | ("compatibleOnly", "false") => {}
            ("compatibleOnly", "true") => which.compatible_only = true,
            ("compatibleOnly", _) => return Err(wrong(name, "true or false".into())),
            ("account", _) => which.account = Some(value),
            ("region", _) => which.region = Some(value),
            _ => which.bucket = Some(value),
        }
    }
    Ok(which)
}
