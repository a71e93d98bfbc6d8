//! The form of Remotion's EC2 guide: `POST /render`, with everything from the configuration.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::auth::Verbs;
use super::door::About;
use super::{body, renders};
use crate::app::App;
use crate::error::Result;
use crate::renderer::Order;

/// Without a body, renders the configured composition; a body is an order.
pub(super) async fn render(State(app): State<App>, Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let (headers, body) = body::json(request).await?;
    let order = if body.is_empty() { Order::default() } else { Order::from_json(&body)? };
    let (started, replayed) = renders::begin(&app, renderer, order, &headers, body).await?;
    let answer = json!({
        "message": "Video rendered.",
        "renderId": started.render_id,
        "bucketName": started.bucket_name,
    });
    let mut response = (replayed, Json(answer)).into_response();
    response.extensions_mut().insert(About { render_id: started.render_id, account: started.account });
    Ok(response)
}
