//! The routes of the OpenAPI document, with an example for each.

use schemars::JsonSchema;
use schemars::generate::SchemaGenerator;
use serde_json::{Value, json};

use super::super::accepted::{QueuedBody, StartedBody};
use super::document::Route;
use super::problems::{
    CANCEL_PROBLEMS, COPY_PROBLEMS, DELETE_PROBLEMS, KEY_PROBLEMS, LOOK_PROBLEMS, ORDER_PROBLEMS, OUTPUT_PROBLEMS,
};
use super::{list, queue, stills, webhooks};
use crate::remotion::links::Console;
use crate::remotion::options::MediaOptions;
use crate::renderer::{Cancelling, CopyTo, CopyView, Deleted, Notify, OrderView, View};

pub(super) const ID: &str = "default~us-east-1~remotionlambda-useast1-abcdefghij~m1yq8x2c0v";
pub(super) const SITE: &str =
    "https://remotionlambda-useast1-abcdefghij.s3.us-east-1.amazonaws.com/sites/my-site/index.html";
pub(super) const FUNCTION: &str = "remotion-render-4-0-527-mem2048mb-disk2048mb-120sec";

/// The body of an order: Remotion's options and ours, flat.
pub(super) fn order(schemas: &mut SchemaGenerator) -> Value {
    let mut order = with_ours(MediaOptions::json_schema(schemas).to_value(), schemas);
    let notify = schemas.subschema_for::<Notify>();
    order["properties"]["notify"] =
        json!({"anyOf": [notify, {"type": "null"}], "description": "Who is told of the end, by signed events."});
    order
}

/// The options with `account` and `copyTo`.
pub(super) fn with_ours(mut order: Value, schemas: &mut SchemaGenerator) -> Value {
    let copy_to = schemas.subschema_for::<CopyTo>();
    order["properties"]["account"] =
        json!({"type": ["string", "null"], "description": "Which configured account renders."});
    order["properties"]["copyTo"] =
        json!({"anyOf": [copy_to, {"type": "null"}], "description": "Where the finished output is copied."});
    order
}

/// An example's pages in AWS's console.
pub(super) fn with_pages(media: bool, mut example: Value) -> Value {
    let console = Console {
        region: "us-east-1",
        function: FUNCTION,
        renderer_function: None,
        bucket: "remotionlambda-useast1-abcdefghij",
        render_id: "m1yq8x2c0v",
    };
    let pages = json!(if media { console.media() } else { console.still() });
    for (name, page) in pages.as_object().into_iter().flatten() {
        example[name] = page.clone();
    }
    example
}

pub(super) fn routes(schemas: &mut SchemaGenerator) -> Vec<Route> {
    let order = json!({"$ref": "#/components/schemas/Order"});
    let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}, "example": ID, "description": "The `id` that starting the render answered."});
    let key = json!({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}, "example": "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "description": "The same key and body start one render, or are one order on the queue, for 24 h. 1 to 255 characters, in quotes or without spaces."});
    let mut schema_of = |name: &str| match name {
        "started" => schemas.subschema_for::<StartedBody>().to_value(),
        "queued" => schemas.subschema_for::<QueuedBody>().to_value(),
        "waiting" => schemas.subschema_for::<OrderView>().to_value(),
        "view" => schemas.subschema_for::<View>().to_value(),
        "cancelling" => schemas.subschema_for::<Cancelling>().to_value(),
        "deleted" => schemas.subschema_for::<Deleted>().to_value(),
        "copyTo" => schemas.subschema_for::<CopyTo>().to_value(),
        _ => schemas.subschema_for::<CopyView>().to_value(),
    };
    let (started, view, copy_to, copy) =
        (schema_of("started"), schema_of("view"), schema_of("copyTo"), schema_of("copy"));
    let (cancelling, deleted) = (schema_of("cancelling"), schema_of("deleted"));
    let started = json!({"anyOf": [started, schema_of("queued")]});
    let view = json!({"anyOf": [view, schema_of("waiting")]});
    let pending = json!({"status": "pending", "bucket": "my-videos", "key": "hello-m1yq8x2c0v.mp4"});
    let done = json!({"status": "done", "bucket": "my-videos", "key": "hello-m1yq8x2c0v.mp4", "size": 1_291_374});
    let link = json!({"type": "object", "required": ["url", "expiresAt"], "properties": {"url": {"type": "string"}, "expiresAt": {"type": "string", "format": "date-time"}}});
    let own = format!("/v1/renders/{ID}");
    let listed = list::routes(schemas, id.clone());
    let mut routes = vec![
        Route {
            method: "post",
            path: "/v1/renders",
            summary: "Starts a video, audio or gif render.",
            parameters: vec![
                key.clone(),
                json!({"name": "Prefer", "in": "header", "schema": {"type": "string"}, "example": "respond-async", "description": "With `respond-async` the order is put on the queue: `id` is `q~…`, `renderId` null, `status` `queued`."}),
            ],
            body: Some((order.clone(), example_order())),
            answers: vec![(
                "202",
                "It runs, or it is queued. `Location` is where its progress is; `Idempotent-Replayed: true` where an earlier request did that.",
                Some((
                    started,
                    with_pages(
                        true,
                        json!({
                            "id": ID, "renderId": "m1yq8x2c0v", "bucketName": "remotionlambda-useast1-abcdefghij", "region": "us-east-1",
                            "functionName": FUNCTION, "account": "default", "status": "rendering", "copy": pending,
                            "links": {"self": own, "output": format!("{own}/output"), "copy": format!("{own}/copy")},
                        }),
                    ),
                )),
            )],
            problems: ORDER_PROBLEMS,
            own_problems: KEY_PROBLEMS,
            ..Route::default()
        },
        Route {
            path: "/v1/renders/{id}",
            summary: "Tells how a render is, from S3: no function is invoked.",
            parameters: vec![
                id.clone(),
                json!({"name": "Prefer", "in": "header", "schema": {"type": "string"}, "example": "wait=25", "description": "Holds the answer until render and copy have ended, for at most 25 s."}),
            ],
            answers: vec![(
                "200",
                "The fields of getRenderProgress(), `status` and `copy`; of an order without a render `error` tells why.",
                Some((view, example_view(&done))),
            )],
            problems: LOOK_PROBLEMS,
            ..Route::default()
        },
        Route {
            path: "/v1/renders/{id}/output",
            summary: "A link to the output that works without credentials.",
            parameters: vec![
                id.clone(),
                json!({"name": "expiresIn", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 604_800, "default": 900}, "description": "Seconds; at most 3600 with temporary credentials."}),
            ],
            answers: vec![
                (
                    "200",
                    "With `Accept: application/json`.",
                    Some((link, json!({"url": "https://…", "expiresAt": "2026-01-31T12:00:00Z"}))),
                ),
                ("302", "`Location` is the link.", None),
            ],
            problems: OUTPUT_PROBLEMS,
            ..Route::default()
        },
        Route {
            method: "post",
            path: "/v1/renders/{id}/copy",
            summary: "Copies the output of a finished render.",
            parameters: vec![id.clone()],
            body: Some((copy_to, json!("s3://my-videos/hello-{renderId}.{ext}"))),
            answers: vec![
                (
                    "200",
                    "It is copied.",
                    Some((
                        json!({"type": "object", "required": ["id", "copy"], "properties": {"id": {"type": "string"}, "copy": copy}}),
                        json!({"id": ID, "copy": done}),
                    )),
                ),
                ("202", "The copy goes on; the progress tells its end.", None),
            ],
            problems: COPY_PROBLEMS,
            ..Route::default()
        },
        Route {
            method: "post",
            path: "/v1/renders/{id}/cancel",
            summary: "Cancels a queued order, or a render that was started with `enableCancellation`.",
            parameters: vec![id.clone()],
            answers: vec![(
                "202",
                "It was told to stop; some seconds later its `status` is `cancelled`. A queued order is at once.",
                Some((cancelling, json!({"id": ID, "status": "rendering", "cancelledAt": 1_760_000_000_000_u64}))),
            )],
            problems: CANCEL_PROBLEMS,
            ..Route::default()
        },
        Route {
            method: "delete",
            path: "/v1/renders/{id}",
            summary: "Deletes the files and the output of a render that has ended, never the copy.",
            parameters: vec![id],
            answers: vec![("200", "They are gone.", Some((deleted, json!({"freedBytes": 1_294_112}))))],
            problems: DELETE_PROBLEMS,
            ..Route::default()
        },
        Route {
            method: "post",
            path: "/render",
            summary: "The form of Remotion's EC2 guide: renders the configured composition. An order may be sent.",
            parameters: vec![key.clone()],
            body: Some((order, json!({}))),
            answers: vec![(
                "200",
                "It runs; where the key was there before, `Idempotent-Replayed: true`, and for an order that was queued its `id` alone.",
                Some((
                    json!({"type": "object", "properties": {"message": {"type": "string"}, "renderId": {"type": ["string", "null"]}, "bucketName": {"type": ["string", "null"]}, "id": {"type": "string"}}}),
                    json!({"message": "Video rendered.", "renderId": "m1yq8x2c0v", "bucketName": "remotionlambda-useast1-abcdefghij"}),
                )),
            )],
            problems: ORDER_PROBLEMS,
            own_problems: KEY_PROBLEMS,
            ..Route::default()
        },
        Route {
            path: "/healthz",
            summary: "Liveness.",
            answers: vec![("200", "It lives.", None)],
            open: true,
            ..Route::default()
        },
        Route {
            path: "/openapi.json",
            summary: "This document.",
            answers: vec![("200", "OpenAPI 3.1.", None)],
            open: true,
            ..Route::default()
        },
        Route {
            path: "/docs",
            summary: "This document for people.",
            answers: vec![("200", "HTML.", None)],
            open: true,
            ..Route::default()
        },
        Route {
            path: "/",
            summary: "A greeting.",
            answers: vec![("200", "Text.", None)],
            open: true,
            ..Route::default()
        },
    ];
    routes.extend(listed);
    routes.extend(stills::routes(schemas));
    routes.extend(queue::routes(schemas, &key));
    routes.push(webhooks::route());
    routes
}

pub(super) fn example_order() -> Value {
    json!({
        "composition": "MyVideo", "serveUrl": SITE, "functionName": FUNCTION, "codec": "h264",
        "inputProps": {"title": "Hello"}, "copyTo": "s3://my-videos/hello-{renderId}.{ext}",
    })
}

/// What was recorded of a finished render, and its copy.
fn example_view(copy: &Value) -> Value {
    let recorded = include_str!("../../../tests/fixtures/remotion/4.0.527/captures/invoke-status-done.json");
    let mut view: Value = serde_json::from_str(recorded).unwrap();
    let mut view = view["responseJson"].take();
    view["id"] = ID.into();
    view["status"] = "done".into();
    view["copy"] = copy.clone();
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::renderer::Order;

    #[test]
    fn the_example_is_an_order() {
        let order = Order::from_json(example_order().to_string().as_bytes()).unwrap();
        assert!(order.copy_to.is_some() && order.media.composition.is_some());
    }
}
