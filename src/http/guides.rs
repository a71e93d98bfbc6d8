//! The forms of Remotion's guides: `POST /render` of EC2's, with everything from the configuration,
//! `GET /render/{renderId}` of Serverless's, `POST /enqueue` of SQS's.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::auth::Verbs;
use super::door::About;
use super::{accepted, body, idempotency, renders};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::renderer::{Accepted, Found, Renderer, Status};

/// How long the link to a finished render works, as in the guide.
const LINK: Duration = Duration::from_secs(900);

/// Without a body, renders the configured composition; a body is an order. Where a key finds an order that waits,
/// there is no `renderId` yet, but its `id`.
pub(super) async fn render(State(app): State<App>, Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let message = "Video rendered.";
    Ok(match accept(&app, renderer, request, false).await? {
        Accepted::Started { started, replayed, .. } => {
            let answer =
                json!({ "message": message, "renderId": started.render_id, "bucketName": started.bucket_name });
            let mut response = (accepted::mark(replayed), Json(answer)).into_response();
            response.extensions_mut().insert(accepted::about(&started));
            response
        }
        Accepted::Queued { order, replayed } => {
            let answer = json!({ "message": message, "renderId": null, "bucketName": null, "id": order.id });
            (accepted::mark(replayed), Json(answer)).into_response()
        }
    })
}

/// Puts the order in the body on the queue. Where a key finds a render that was started, there is no message.
pub(super) async fn enqueue(State(app): State<App>, Verbs(renderer): Verbs, request: Request) -> Result<Response> {
    let (id, message_id, replayed) = match accept(&app, renderer, request, true).await? {
        Accepted::Started { started, replayed, .. } => (started.id, None, replayed),
        Accepted::Queued { order, replayed } => (order.id, order.message_id, replayed),
    };
    let answer = json!({ "message": "Message enqueued.", "messageId": message_id, "id": id });
    Ok((accepted::mark(replayed), Json(answer)).into_response())
}

async fn accept(app: &App, renderer: Renderer, request: Request, later: bool) -> Result<Accepted> {
    let (headers, body) = body::json(request).await?;
    let once = idempotency::once(&renderer, &headers, &body)?;
    let order = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    accepted::accept(app, renderer, order, once, later).await
}

/// How a render is, and a link to its output when there is one. An id of ours does without `bucketName`.
pub(super) async fn progress(
    Verbs(renderer): Verbs,
    renders::Id(id): renders::Id,
    request: Request,
) -> Result<Response> {
    let bucket = renders::query(&request, "bucketName");
    let found = match &bucket {
        Some(bucket) if !id.contains('~') => Found::Render(renderer.ticket_in(&id, bucket)?),
        _ => renderer.find(&id).await?,
    };
    let (ticket, mut answer) = match found {
        Found::Order(order) => {
            let finality = order.fatal_error_encountered.then(|| json!({ "type": "error", "errors": order.errors }));
            let answer = json!({ "message": "Render found.", "renderId": null, "bucketName": null, "finality": finality, "mediaUrl": null });
            (None, answer)
        }
        Found::Render(ticket) => {
            let view = renderer.progress(&ticket).await?;
            let (finality, media_url) = match view.status {
                Status::Done => {
                    let link = renderer.output(&ticket, LINK).await.map(|link| link.url);
                    let link = link.map(Some).or_else(not_ours_to_link)?;
                    (Some(json!({ "type": "success", "url": view.progress.output_file })), link)
                }
                Status::Failed | Status::Cancelled => {
                    (Some(json!({ "type": "error", "errors": view.progress.errors })), None)
                }
                Status::Rendering => (None, None),
            };
            let answer = json!({
                "message": "Render found.", "renderId": ticket.render_id, "bucketName": ticket.bucket,
                "finality": finality, "mediaUrl": media_url,
            });
            (Some((ticket, view.progress.overall_progress)), answer)
        }
    };
    if let Some((_, overall_progress)) = &ticket {
        answer["overallProgress"] = json!(overall_progress);
    }
    let mut response = ([(CACHE_CONTROL, "no-store")], Json(answer)).into_response();
    if let Some((ticket, _)) = ticket {
        response.extensions_mut().insert(About { render_id: ticket.render_id, account: ticket.account });
    }
    Ok(response)
}

/// An output in another cloud: it is done all the same.
fn not_ours_to_link(error: Error) -> Result<Option<String>> {
    if error.kind() == Kind::NotAllowed { Ok(None) } else { Err(error) }
}
