//! The OpenAPI document. Schemas come from the types; routes, examples and problems are told here.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::super::problem;
use super::routes::{order, routes};
use super::webhooks;
use crate::error::Kind;

/// A schema, and an example of it.
pub(super) type Content = (Value, Value);

/// One route.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Content>,
    /// Status, description, content.
    pub(super) answers: Vec<(&'static str, &'static str, Option<Content>)>,
    pub(super) problems: &'static [Kind],
    /// Problems of this route beside those that it shares with others.
    pub(super) own_problems: &'static [Kind],
    pub(super) open: bool,
}

impl Default for Route {
    fn default() -> Self {
        let (parameters, body, answers, problems) = (Vec::new(), None, Vec::new(), [].as_slice());
        let own_problems = problems;
        Self { method: "get", path: "/", summary: "", parameters, body, answers, problems, own_problems, open: false }
    }
}

pub(super) fn document() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let routes = routes(&mut schemas);
    let order = order(&mut schemas);
    let webhooks = webhooks::webhooks(&mut schemas);
    let mut paths = Map::new();
    for route in &routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    let mut components: Map<String, Value> = schemas.take_definitions(true).into_iter().collect();
    components.insert("Order".into(), order);
    components.insert("Problem".into(), problem_schema());
    let title = "Rendergate";
    let description = "Starts, follows and delivers Remotion Lambda renders. Errors are application/problem+json; their `code` is stable.";
    json!({
        "openapi": "3.1.0",
        "info": {"title": title, "version": env!("CARGO_PKG_VERSION"), "description": description, "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}},
        "servers": [{"url": "/"}],
        "security": [{"basic": []}, {"bearer": []}, {"apiKey": []}],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a token that API Gateway verifies."},
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut responses = Map::new();
    for (status, description, content) in &route.answers {
        let mut response = json!({"description": description});
        if let Some((schema, example)) = content {
            response["content"] = json!({"application/json": {"schema": schema, "example": example}});
        }
        responses.insert((*status).to_owned(), response);
    }
    for kind in route.problems.iter().chain(route.own_problems) {
        let status = problem::status(*kind).as_u16().to_string();
        let entry = responses.entry(status).or_insert_with(|| json!({"description": "", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}));
        let before = entry["description"].as_str().unwrap_or_default();
        let separator = if before.is_empty() { "" } else { ", " };
        entry["description"] = format!("{before}{separator}`{}`", kind.code()).into();
    }
    let name = format!("{} {}", route.method, route.path);
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut operation =
        json!({"operationId": words.collect::<Vec<_>>().join("_"), "summary": route.summary, "responses": responses});
    if !route.parameters.is_empty() {
        operation["parameters"] = route.parameters.clone().into();
    }
    if let Some((schema, example)) = &route.body {
        operation["requestBody"] = json!({"content": {"application/json": {"schema": schema, "example": example}}});
    }
    if route.open {
        operation["security"] = json!([]);
    }
    operation
}

fn problem_schema() -> Value {
    let codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    json!({
        "type": "object",
        "description": "RFC 9457. Further members belong to the code, such as `field`, `expected`, `action`, `resource`.",
        "required": ["type", "title", "status", "detail", "instance", "code", "requestId"],
        "properties": {
            "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What to do."}, "instance": {"type": "string"},
            "code": {"type": "string", "enum": codes}, "requestId": {"type": "string"},
            "errors": {
                "type": "array",
                "description": "Every wrong field, where there are several; the other members are about the first.",
                "items": {
                    "type": "object",
                    "required": ["field", "expected"],
                    "properties": {"field": {"type": "string"}, "expected": {"type": "string"}},
                },
            },
        },
    })
}
