//! `/v1/stills`: one image, in the answer where it is done in time.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::accepted::Links;
use super::auth::Verbs;
use super::body;
use super::door::About;
use super::idempotency::IDEMPOTENCY_KEY;
use super::renders::{self, LONGEST_WAIT};
use crate::error::{Error, Kind, Result};
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
    if headers.contains_key(IDEMPOTENCY_KEY) {
        return Err(Error::new(
            Kind::InvalidParameter,
            "Idempotency-Key is for renders. Leave it out; a still that is ordered again is rendered again.",
        )
        .with("field", "Idempotency-Key"));
    }
    let view = renderer.still(StillOrder::from_json(&body)?, Some(until)).await?;
    let about = About { render_id: view.started.render_id.clone(), account: view.started.account.clone() };
    let (links, done) = (Links::of(&view.started.id), view.image.is_some());
    let location = [(LOCATION, links.own.clone())];
    let body = Json(StillBody { view, links });
    let mut response = if done { body.into_response() } else { (StatusCode::ACCEPTED, location, body).into_response() };
    response.extensions_mut().insert(about);
    Ok(response)
}
