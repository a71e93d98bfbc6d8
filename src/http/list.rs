//! `GET /v1/renders`: the caller's orders, as far as they are recorded.

use axum::Json;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::accepted::Links;
use super::auth::Verbs;
use super::renders;
use crate::error::Result;
use crate::renderer::{Ordered, Orders};

/// How many orders are on a page unless the caller says.
const PAGE: usize = 20;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Renders"))]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    /// Newest first.
    renders: Vec<Item>,
    /// Send it as `cursor` for the next page; null on the last one.
    next_cursor: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ListedRender"))]
struct Item {
    #[serde(flatten)]
    ordered: Ordered,
    links: Links,
}

pub(super) async fn renders(Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    renders::only(&request, &["limit", "cursor"])?;
    let limit = renders::query(&request, "limit").filter(|limit| !limit.is_empty());
    // What is no number is as wrong as one that is too small.
    let limit = limit.map_or(PAGE, |limit| limit.parse().unwrap_or_default());
    let cursor = renders::query(&request, "cursor").filter(|cursor| !cursor.is_empty());
    let Orders { renders, next_cursor } = renderer.orders(limit, cursor.as_deref()).await?;
    let item = |ordered: Ordered| Item { links: Links::of(&ordered.id), ordered };
    let mut response = Json(Page { renders: renders.into_iter().map(item).collect(), next_cursor }).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
