//! `POST /v1/webhooks/remotion`: Remotion tells of the end of a render. Its signature is all the proof there is.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{body, renders};
use crate::app::App;
use crate::error::Result;
use crate::remotion::webhook::SIGNATURE_HEADER;

/// Answers once what is due at the end is on the queue or, where there is none, done as far as the time goes.
pub(super) async fn remotion(State(app): State<App>, request: Request) -> Result<Response> {
    let (headers, body) = body::any(request).await?;
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    let ticket = app.renderer.heard(&body, signature).await?;
    let mut response = Json(json!({ "success": true })).into_response();
    response.extensions_mut().insert(renders::about_ticket(&ticket));
    Ok(response)
}
