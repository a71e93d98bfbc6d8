//! The routes of batches, and the forms of Remotion's guides for queue and progress.

use schemars::generate::SchemaGenerator;
use serde_json::{Value, json};

use super::super::batch::Outcome;
use super::document::Route;
use super::problems::{KEY_PROBLEMS, LOOK_PROBLEMS, ORDER_PROBLEMS};
use super::routes::example_order;

const QUEUED: &str = "q~01a207d597ef76179fc71b10a8227e1b";

pub(super) fn routes(schemas: &mut SchemaGenerator, key: &Value) -> Vec<Route> {
    let order = json!({"$ref": "#/components/schemas/Order"});
    let outcome = schemas.subschema_for::<Outcome>().to_value();
    let own = format!("/v1/renders/{QUEUED}");
    let queued = json!({
        "id": QUEUED, "renderId": null, "bucketName": null, "region": null, "functionName": null, "account": null,
        "status": "queued", "copy": null, "done": false, "overallProgress": 0.0, "fatalErrorEncountered": false, "errors": [],
        "links": {"self": own, "output": format!("{own}/output"), "copy": format!("{own}/copy")},
    });
    let problem = json!({
        "type": "urn:rendergate:problem:invalid_field", "title": "Bad Request", "status": 400, "code": "invalid_field",
        "detail": "`compositon` is not a known field. Did you mean `composition`?", "field": "compositon",
        "expected": "a known field", "didYouMean": "composition",
    });
    let text = || json!({"type": ["string", "null"]});
    vec![
        Route {
            method: "post",
            path: "/v1/renders/batch",
            summary: "Up to 100 orders: queued where there is a queue, else started.",
            parameters: vec![key.clone()],
            body: Some((
                json!({"type": "object", "required": ["orders"], "additionalProperties": false,
                    "properties": {"orders": {"type": "array", "minItems": 1, "maxItems": 100, "items": order}}}),
                json!({"orders": [example_order(), {"compositon": "MyVideo"}]}),
            )),
            answers: vec![(
                "200",
                "One result per order, in order. `Idempotent-Replayed: true` where the key was there before.",
                Some((
                    json!({"type": "object", "required": ["results"], "properties": {"results": {"type": "array", "items": outcome}}}),
                    json!({"results": [{"render": queued}, {"problem": problem}]}),
                )),
            )],
            problems: ORDER_PROBLEMS,
            own_problems: KEY_PROBLEMS,
            ..Route::default()
        },
        Route {
            method: "post",
            path: "/enqueue",
            summary: "The form of Remotion's SQS guide: puts an order on the queue.",
            parameters: vec![key.clone()],
            body: Some((order, json!({}))),
            answers: vec![(
                "200",
                "It is queued.",
                Some((
                    json!({"type": "object", "properties": {"message": {"type": "string"}, "messageId": text(), "id": {"type": "string"}}}),
                    json!({"message": "Message enqueued.", "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "id": QUEUED}),
                )),
            )],
            problems: ORDER_PROBLEMS,
            own_problems: KEY_PROBLEMS,
            ..Route::default()
        },
        Route {
            path: "/render/{renderId}",
            summary: "The form of Remotion's Serverless guide: how a render is, and a link when it is done.",
            parameters: vec![
                json!({"name": "renderId", "in": "path", "required": true, "schema": {"type": "string"}, "example": "m1yq8x2c0v", "description": "Remotion's id, or an `id` of ours."}),
                json!({"name": "bucketName", "in": "query", "schema": {"type": "string"}, "example": "remotionlambda-useast1-abcdefghij", "description": "The render's bucket; an `id` of ours does without."}),
            ],
            answers: vec![(
                "200",
                "`finality` is null until the render has ended; `mediaUrl` works for 900 s.",
                Some((
                    json!({"type": "object", "properties": {"message": {"type": "string"}, "renderId": text(), "bucketName": text(),
                        "finality": {"type": ["object", "null"]}, "mediaUrl": text(), "overallProgress": {"type": "number"}}}),
                    json!({"message": "Render found.", "renderId": "m1yq8x2c0v", "bucketName": "remotionlambda-useast1-abcdefghij",
                        "finality": {"type": "success", "url": "https://…"}, "mediaUrl": "https://…", "overallProgress": 1.0}),
                )),
            )],
            problems: LOOK_PROBLEMS,
            ..Route::default()
        },
    ]
}
