//! The list of orders, and the events of one, in the OpenAPI document.

use schemars::generate::SchemaGenerator;
use serde_json::{Value, json};

use super::super::list::Page;
use super::document::Route;
use super::problems::{LIST_PROBLEMS, LOOK_PROBLEMS};
use super::routes::ID;
use crate::error::Kind;

pub(super) fn routes(schemas: &mut SchemaGenerator, id: Value) -> Vec<Route> {
    let page = schemas.subschema_for::<Page>().to_value();
    let own = format!("/v1/renders/{ID}");
    let example = json!({
        "renders": [{
            "id": ID, "status": null, "renderId": "m1yq8x2c0v", "account": "default", "region": "us-east-1",
            "bucketName": "remotionlambda-useast1-abcdefghij", "createdAt": 1_760_000_000_000_u64, "caller": "shop",
            "copy": {"status": "done", "bucket": "my-videos", "key": "hello-m1yq8x2c0v.mp4", "size": 1_291_374},
            "links": {"self": own, "output": format!("{own}/output"), "copy": format!("{own}/copy")},
        }],
        "nextCursor": null,
    });
    let events = Route {
        path: "/v1/renders/{id}/events",
        summary: "Progress as server-sent events; from `rendergate serve` only.",
        parameters: vec![
            id,
            json!({"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}, "description": "Continues the counting."}),
        ],
        answers: vec![(
            "200",
            "`text/event-stream`: `progress`, then `done`, `failed` or `cancelled`, each with the body of `GET /v1/renders/{id}`; `problem` where there will be no more.",
            None,
        )],
        problems: LOOK_PROBLEMS,
        own_problems: &[Kind::RouteNotFound],
        ..Route::default()
    };
    let list = Route {
        path: "/v1/renders",
        summary: "The caller's orders that are recorded, newest first: those that came by the queue, and those with a copy or an `Idempotency-Key`.",
        parameters: vec![
            json!({"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "description": "How many."}),
            json!({"name": "cursor", "in": "query", "schema": {"type": "string"}, "description": "The `nextCursor` of the page before."}),
        ],
        answers: vec![("200", "A page. No render is looked at.", Some((page, example)))],
        problems: LIST_PROBLEMS,
        ..Route::default()
    };
    vec![list, events]
}
