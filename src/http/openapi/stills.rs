//! Stills, and what is deployed, in the OpenAPI document.

use schemars::JsonSchema;
use schemars::generate::SchemaGenerator;
use serde_json::{Value, json};

use super::super::stills::StillBody;
use super::document::Route;
use super::problems::{DEPLOYED_PROBLEMS, ORDER_PROBLEMS};
use super::routes::{FUNCTION, ID, SITE, with_ours, with_pages};
use crate::remotion::compositions::CompositionsOptions;
use crate::remotion::still::StillOptions;
use crate::renderer::{FunctionInfo, Sites};

pub(super) fn routes(schemas: &mut SchemaGenerator) -> Vec<Route> {
    let options = StillOptions::json_schema(schemas).to_value();
    let order = with_ours(options, schemas);
    let mut site = CompositionsOptions::json_schema(schemas).to_value();
    site["properties"]["account"] = json!({"type": ["string", "null"], "description": "Which configured account."});
    let still = schemas.subschema_for::<StillBody>().to_value();
    let function = schemas.subschema_for::<FunctionInfo>().to_value();
    let sites = schemas.subschema_for::<Sites>().to_value();
    let listed = |name: &str, items: Value| json!({"type": "object", "required": [name], "properties": {name: {"type": "array", "items": items}}});
    let bucket = "remotionlambda-useast1-abcdefghij";
    vec![
        Route {
            method: "post",
            path: "/v1/stills",
            summary: "Renders one image.",
            body: Some((order, example_still())),
            answers: vec![
                ("200", "The image is there, and copied where that was ordered.", Some((still, example_image()))),
                ("202", "It takes longer than the answer can wait. `Location` is where its progress is.", None),
            ],
            problems: ORDER_PROBLEMS,
            ..Route::default()
        },
        Route {
            method: "post",
            path: "/v1/compositions",
            summary: "Lists the compositions of a site.",
            body: Some((site, json!({"serveUrl": SITE, "inputProps": {"title": "Hello"}}))),
            answers: vec![(
                "200",
                "Each as the function wrote it.",
                Some((
                    listed("compositions", json!({"type": "object"})),
                    json!({"compositions": [{"id": "MyVideo", "width": 1280, "height": 720, "fps": 30, "durationInFrames": 120, "props": {"title": "Hello"}}]}),
                )),
            )],
            problems: ORDER_PROBLEMS,
            ..Route::default()
        },
        Route {
            path: "/v1/functions",
            summary: "The deployed functions, as far as the configuration allows them.",
            parameters: parameters(false),
            answers: vec![(
                "200",
                "One is invoked only where its name does not tell its version.",
                Some((
                    listed("functions", function),
                    json!({"functions": [{"functionName": FUNCTION, "version": "4.0.527", "memorySizeInMb": 2048, "timeoutInSeconds": 120, "diskSizeInMb": 2048}]}),
                )),
            )],
            problems: DEPLOYED_PROBLEMS,
            ..Route::default()
        },
        Route {
            path: "/v1/sites",
            summary: "The deployed sites, as far as the configuration allows their buckets.",
            parameters: parameters(true),
            answers: vec![(
                "200",
                "The sites, and the buckets that were looked into.",
                Some((
                    sites,
                    json!({
                        "sites": [{"id": "my-site", "bucketName": bucket, "serveUrl": SITE, "sizeInBytes": 12_083_014, "lastModified": 1_760_000_000_000_u64, "version": "4.0.527"}],
                        "buckets": [{"name": bucket, "region": "us-east-1", "creationDate": null}],
                    }),
                )),
            )],
            problems: DEPLOYED_PROBLEMS,
            ..Route::default()
        },
    ]
}

fn parameters(of_sites: bool) -> Vec<Value> {
    let text = |name: &str, description: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}, "description": description});
    let mut parameters = vec![
        text("account", "Which configured account."),
        text("region", "AWS region; the configured one where left out."),
        json!({"name": "compatibleOnly", "in": "query", "schema": {"type": "boolean", "default": false}, "description": "Only those of the version of the function that renders where none is named."}),
    ];
    if of_sites {
        parameters.push(text("forceBucketName", "Only this bucket."));
    }
    parameters
}

fn example_still() -> Value {
    json!({"composition": "MyVideo", "serveUrl": SITE, "imageFormat": "jpeg", "frame": -1, "inputProps": {"title": "Hello"}})
}

fn example_image() -> Value {
    let (own, bucket) = (format!("/v1/renders/{ID}"), "remotionlambda-useast1-abcdefghij");
    let key = "renders/m1yq8x2c0v/out.jpeg";
    let image = json!({
        "id": ID, "renderId": "m1yq8x2c0v", "bucketName": bucket, "region": "us-east-1", "functionName": FUNCTION,
        "account": "default", "status": "done", "copy": null, "outBucket": bucket, "outKey": key,
        "url": format!("https://s3.us-east-1.amazonaws.com/{bucket}/{key}"), "sizeInBytes": 7028,
        "estimatedPrice": {"accruedSoFar": 0.00002, "displayCost": "<$0.001", "currency": "USD", "disclaimer": "Estimate."},
        "artifacts": [], "links": {"self": own, "output": format!("{own}/output"), "copy": format!("{own}/copy")},
    });
    with_pages(false, image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::renderer::StillOrder;

    #[test]
    fn the_example_is_an_order() {
        let order = StillOrder::from_json(example_still().to_string().as_bytes()).unwrap();
        assert_eq!(order.still.format().as_str(), "jpeg");
    }
}
