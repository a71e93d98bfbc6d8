//! `/v1/stills`: one image, in the answer where it is done in time.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::accepted::{self, Links};
use super::auth::Verbs;
use super::renders::{self, LONGEST_WAIT};
use super::{body, idempotency};
use crate::error::Result;
use crate::renderer::{StillOrder, StillView};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Still"))]
pub(super) struct StillBody {
    #[serde(flatten)]
    view: StillView,
    links: Links,
}

pub(super) async fn render(Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let until = renders::until(request.extensions(), LONGEST_WAIT);
    let (headers, body) = body::json(request).await?;
    idempotency::refuse(&headers)?;
    let view = renderer.still(StillOrder::from_json(&body)?, Some(until)).await?;
    let about = accepted::about(&view.started);
    let (links, done) = (Links::of(&view.started.id), view.image.is_some());
    let location = [(LOCATION, links.own.clone())];
    let body = Json(StillBody { view, links });
    let mut response = if done { body.into_response() } else { (StatusCode::ACCEPTED, location, body).into_response() };
    response.extensions_mut().insert(about);
    Ok(response)
}
