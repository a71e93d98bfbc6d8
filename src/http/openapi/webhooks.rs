//! Remotion's webhook in, and the events of `notify` out, in the OpenAPI document.

use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::document::Route;
use super::routes::ID;
use crate::error::Kind;
use crate::renderer::Event;

const HEARD: &[Kind] = &[
    Kind::WebhookNotConfigured,
    Kind::InvalidJson,
    Kind::Unauthenticated,
    Kind::NotAllowed,
    Kind::RenderNotFound,
    Kind::BodyTooLarge,
    Kind::AwsAccessDenied,
    Kind::UnreadableAnswer,
    Kind::AwsUnavailable,
    Kind::Timeout,
];

/// Each event's type, and when it is sent.
const EVENTS: [(&str, &str); 5] = [
    ("render.done", "The output is there."),
    ("render.failed", "The render failed, or its order was never started; `errors` says why."),
    ("render.cancelled", "The render was cancelled, or its order was before it was started."),
    ("copy.done", "The output is copied."),
    ("copy.failed", "The copy was given up; `copy.error` says why. The render is fine."),
];

pub(super) fn route() -> Route {
    let header = |name: &str, description: &str| json!({"name": name, "in": "header", "required": true, "schema": {"type": "string"}, "description": description});
    let body = json!({
        "type": "timeout", "renderId": "m1yq8x2c0v", "bucketName": "remotionlambda-useast1-abcdefghij",
        "expectedBucketOwner": "123456789012", "customData": {"account": "default", "region": "us-east-1"},
    });
    Route {
        method: "post",
        path: "/v1/webhooks/remotion",
        summary: "Remotion's own webhook, believed by its signature alone: the end of a render is seen to.",
        parameters: vec![header("X-Remotion-Signature", "`sha512=` and the HMAC-SHA512 of the body.")],
        body: Some((json!({"type": "object"}), body)),
        answers: vec![(
            "200",
            "It is on the queue; where there is none, done as far as the time goes.",
            Some((json!({"type": "object", "properties": {"success": {"type": "boolean"}}}), json!({"success": true}))),
        )],
        problems: HEARD,
        open: true,
        ..Route::default()
    }
}

/// The events, by OpenAPI's word webhooks.
pub(super) fn webhooks(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let schema = schemas.subschema_for::<Event>().to_value();
    let header = |name: &str, description: &str| json!({"name": name, "in": "header", "required": true, "schema": {"type": "string"}, "description": description});
    let headers = json!([
        header("webhook-id", "The event's id, the same each time that it is sent."),
        header("webhook-timestamp", "When it was sent, in seconds since 1970."),
        header(
            "webhook-signature",
            "`v1,` and the HMAC-SHA256 of `{id}.{timestamp}.{body}` in base64, one for each secret, with a space between."
        ),
    ]);
    let one = |(kind, when): (&str, &str)| {
        let post = json!({
            "summary": when,
            "description": "Signed by Standard Webhooks 1.0. Any 2xx takes it; 410 ends all events of the order; anything else has it sent again for about three days.",
            "parameters": headers,
            "requestBody": {"content": {"application/json": {"schema": schema, "example": example(kind)}}},
            "responses": {"2XX": {"description": "Taken."}},
        });
        (kind.to_owned(), json!({ "post": post }))
    };
    EVENTS.map(one).into_iter().collect()
}

fn example(kind: &str) -> Value {
    let (failed, cancelled) = (kind == "render.failed", kind == "render.cancelled");
    let done = !failed && !cancelled;
    let copy = match kind {
        "copy.done" => json!({"status": "done", "bucket": "my-videos", "key": "hello.mp4", "size": 1_291_374}),
        "copy.failed" => {
            json!({"status": "failed", "bucket": "my-videos", "key": "hello.mp4", "error": {"code": "aws_access_denied", "detail": "AWS does not allow s3:PutObject on arn:aws:s3:::my-videos/hello.mp4. Grant it to the credentials in use."}})
        }
        _ => Value::Null,
    };
    let if_done = |value: Value| if done { value } else { Value::Null };
    let key = "renders/m1yq8x2c0v/out.mp4";
    json!({
        "type": kind,
        "timestamp": "2026-11-25T12:00:00.000Z",
        "data": {
            "id": ID, "renderId": "m1yq8x2c0v", "bucketName": "remotionlambda-useast1-abcdefghij", "region": "us-east-1",
            "account": "default",
            "status": if failed { "failed" } else if cancelled { "cancelled" } else { "done" },
            "copy": copy,
            "outputFile": if_done(json!(format!("https://s3.us-east-1.amazonaws.com/remotionlambda-useast1-abcdefghij/{key}"))),
            "outBucket": if_done(json!("remotionlambda-useast1-abcdefghij")),
            "outKey": if_done(json!(key)),
            "outputSizeInBytes": if_done(json!(1_291_374)),
            "timeToFinish": if_done(json!(8_120)),
            "costs": {"accruedSoFar": 0.0021, "displayCost": "$0.002", "currency": "USD", "disclaimer": ""},
            "errors": if failed { json!([{"name": "Error", "message": "Boom"}]) } else { json!([]) },
        },
    })
}
