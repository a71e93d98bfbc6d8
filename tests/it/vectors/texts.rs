//! What is written and signed: props, stored output names, webhooks. By the public Rust API.

use rendergate::remotion::javascript;
use rendergate::remotion::progress::{Moment, ProgressFile};
use rendergate::remotion::props::{self, Room};
use rendergate::remotion::webhook::{self, Notice, Outcome};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::case::{Case, differences, json as json_text};
use super::names::judged;
use super::{Difference, Subject};

pub(super) const SUBJECTS: &[Subject] = &[
    Subject {
        call: "serializeProps",
        replay: || Box::new(serialize_props),
        on_purpose: &[
            Difference { what: "no JSON", why: NO_JSON, cases: &["circular", "resolved-props error names the kind"] },
            Difference {
                what: "needsUploadVideo is true",
                why: "bytes of the escaped text are counted, which is what AWS limits",
                cases: &["threshold 193974"],
            },
            Difference {
                what: "needsUploadStill is true",
                why: "bytes of the escaped text are counted, which is what AWS limits",
                cases: &["threshold 4993973", "threshold 4993974"],
            },
        ],
    },
    Subject { call: "removeOutnameCredentials", replay: || Box::new(remove_out_name_credentials), on_purpose: &[] },
    Subject {
        call: "validateWebhookSignature",
        replay: || Box::new(validate_webhook_signature),
        on_purpose: &[Difference {
            what: "taken",
            why: "the bytes are verified as they arrived; written anew as a JSON string no genuine signature fits",
            cases: &["body as a string is re-stringified"],
        }],
    },
    Subject {
        call: "webhookDelivery",
        replay: || Box::new(webhook_delivery),
        on_purpose: &[Difference {
            what: "nothing was sent",
            why: "no counterpart: the function's sender counts the length wrongly and never gets it out; the \
                  same body would be verified and read here",
            cases: &["non-ASCII custom data (content-length is counted in UTF-16 units)"],
        }],
    },
];

/// Why some inputs can't be sent at all.
pub(super) const NO_JSON: &str =
    "no counterpart: no JSON text holds this; a caller's own serializer refuses it, as the official client does";

/// Text as it was recorded: long ones by their length and hash.
pub(super) fn same_text(path: &str, recorded: &Value, ours: &str) -> Vec<String> {
    if recorded.get("$big").is_none() {
        return differences(path, recorded, &json!(ours));
    }
    let hash: String = Sha256::digest(ours).iter().map(|byte| format!("{byte:02x}")).collect();
    differences(&format!("{path}.sha256"), &recorded["sha256"], &json!(hash))
}

fn serialize_props(case: &Case) -> Vec<String> {
    let text = match json_text(&case.member("data").unwrap()) {
        Ok(text) => text,
        Err(what) => return vec![format!("no JSON: {what}")],
    };
    let raw: Box<RawValue> = serde_json::from_str(&text.unwrap()).unwrap();
    let (text, result) = (props::text(Some(&raw)), case.result.as_ref().unwrap());
    let mut found = same_text("serialized", &result["serialized"], &text);
    for (name, room) in [("needsUploadVideo", Room::Passed), ("needsUploadStill", Room::Direct)] {
        found.extend(differences(name, &result[name], &json!(!props::fits_inline(&text, None, room))));
    }
    found
}

/// The function strips an output's keys before it stores its name. We tell what is stored.
fn remove_out_name_credentials(case: &Case) -> Vec<String> {
    let moment = Moment {
        now_ms: 0,
        memory_mb: 2048,
        disk_mb: 2048,
        timeout_ms: 120_000,
        region: "us-east-1",
        bucket: "b-1",
        render_id: "m1yq8x2c0v",
    };
    let metadata = case.body().unwrap();
    let file = ProgressFile::read(format!("{{\"renderMetadata\":{metadata}}}").as_bytes()).unwrap();
    let told = json!(file.progress(&moment, None).unwrap());
    match told["renderMetadata"].get("outName") {
        Some(name) => case.same(name),
        None => case.same(&json!({ "$undefined": true })),
    }
}

fn validate_webhook_signature(case: &Case) -> Vec<String> {
    let (input, body) = (case.input(), case.member("body").unwrap());
    // Where the body is text, these are the bytes.
    let bytes = input["body"].as_str().map_or_else(|| javascript::stringify(&body), str::to_owned);
    let secret = input["secret"].as_str().unwrap().as_bytes();
    judged(case, webhook::verify(secret, bytes.as_bytes(), input["signatureHeader"].as_str()).is_ok())
}

/// What the function sent, received.
fn webhook_delivery(case: &Case) -> Vec<String> {
    if case.requests.is_empty() {
        return vec!["nothing was sent".to_owned()];
    }
    let mut found = Vec::new();
    let (input, payload) = (case.input(), case.member("payload").unwrap());
    let body = javascript::stringify(&payload);
    for request in &case.requests {
        let headers = &request["headers"];
        found.extend(differences("body", &request["body"]["json"], &serde_json::from_str(&body).unwrap()));
        found.extend(differences("length", &request["body"]["utf8Length"], &json!(body.len())));
        let genuine = webhook::verify(b"shared-secret", body.as_bytes(), headers[webhook::SIGNATURE_HEADER].as_str());
        found.extend(differences("genuine", &json!(input["secret"] == "shared-secret"), &json!(genuine.is_ok())));
        let notice = Notice::read(body.as_bytes()).unwrap();
        let told = match &notice.outcome {
            Outcome::Success(success) => json!({
                "type": "success", "outputFile": success.output_file, "timeToFinish": success.time_to_finish,
                "costs": success.costs.as_ref().map(|costs| json!({
                    "estimatedCost": costs.estimated_cost, "estimatedDisplayCost": costs.estimated_display_cost,
                })),
            }),
            Outcome::Error { .. } => json!({ "type": "error" }),
            Outcome::Timeout => json!({ "type": "timeout" }),
            other => panic!("{other:?}"),
        };
        found.extend(differences("status", &headers["x-remotion-status"], &told["type"]));
        let sent = &input["payload"];
        let told_of = |told: Value, name: &str| differences(name, &sent[name], &told);
        found.extend(told_of(json!(notice.render_id), "renderId"));
        found.extend(told_of(json!(notice.bucket_name), "bucketName"));
        found.extend(told_of(json!(notice.expected_bucket_owner), "expectedBucketOwner"));
        found.extend(told_of(json!(notice.custom_data), "customData"));
        for member in ["outputFile", "timeToFinish"].iter().filter(|member| sent.get(**member).is_some()) {
            found.extend(told_of(told[*member].clone(), member));
        }
        for member in ["estimatedCost", "estimatedDisplayCost"] {
            found.extend(differences(member, &sent["costs"][member], &told["costs"][member]));
        }
    }
    found
}
