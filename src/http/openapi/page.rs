//! The reference page, made from the OpenAPI document.

use std::fmt::Write;

use serde_json::Value;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1e21;background:#fff}\
h2{margin-top:3rem;border-bottom:1px solid #ccc;padding-bottom:.3rem}code,pre{font:14px/1.4 ui-monospace,monospace;background:#f4f4f6;border-radius:4px}\
code{padding:.1rem .3rem}pre{padding:1rem;overflow:auto;max-height:24rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;overflow-wrap:anywhere;vertical-align:top;border-bottom:1px solid #ddd;padding:.3rem .6rem .3rem 0}td:first-child{width:7rem}.method{text-transform:uppercase;color:#0b5}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#16181b}code,pre{background:#24272c}h2,th,td{border-color:#444}a{color:#8bf}}";

/// One page: the routes in the document's order, then the schemas.
pub(super) fn page(document: &Value) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n<title>Rendergate</title><style>{STYLE}</style>\n<h1>Rendergate {}</h1>\n<p>{}</p>\n<p>Machine-readable: <a href=\"openapi.json\">openapi.json</a>.</p>\n",
        text(&document["info"]["version"]),
        text(&document["info"]["description"]),
    );
    let mut operations: Vec<_> = members(&document["paths"])
        .flat_map(|(path, methods)| members(methods).map(move |(method, operation)| (path, method, operation)))
        .collect();
    // What needs a caller comes first.
    operations.sort_by_key(|(_, _, operation)| operation["security"].is_array());
    html.push_str("<ul>\n");
    for (path, method, operation) in &operations {
        let _ = writeln!(
            html,
            "<li><a href=\"#{}\"><span class=\"method\">{method}</span> {}</a> {}",
            text(&operation["operationId"]),
            escape(path),
            text(&operation["summary"])
        );
    }
    html.push_str("</ul>\n");
    for (path, method, operation) in operations {
        route(&mut html, path, method, operation);
    }
    html.push_str(
        "<h2 id=\"events\">Events</h2>\n<p>What is sent to the <code>url</code> of <code>notify</code>.</p>\n",
    );
    for (name, event) in members(&document["webhooks"]) {
        let event = &event["post"];
        let example = &event["requestBody"]["content"]["application/json"]["example"];
        let _ = writeln!(
            html,
            "<h3 id=\"event-{name}\">{name}</h3>\n<p>{} {}</p>\n<pre>{}</pre>",
            text(&event["summary"]),
            text(&event["description"]),
            escape(&format!("{example:#}"))
        );
    }
    for (name, schema) in members(&document["components"]["schemas"]) {
        let _ = writeln!(html, "<h2 id=\"schema-{name}\">{name}</h2>\n<p>{}</p>", text(&schema["description"]));
        fields(&mut html, schema);
    }
    html
}

fn route(html: &mut String, path: &str, method: &str, operation: &Value) {
    let id = text(&operation["operationId"]);
    let _ = writeln!(
        html,
        "<h2 id=\"{id}\"><span class=\"method\">{method}</span> {}</h2>\n<p>{}</p>",
        escape(path),
        text(&operation["summary"])
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let _ = writeln!(
            html,
            "<p><code>{}</code> ({}): {}</p>",
            text(&parameter["name"]),
            text(&parameter["in"]),
            text(&parameter["description"])
        );
    }
    if let Some((_, content)) = members(&operation["requestBody"]["content"]).next() {
        let _ = writeln!(
            html,
            "<p>Body: {}. For example:</p>\n<pre>{}</pre>",
            kind(&content["schema"]),
            escape(&format!("{:#}", content["example"]))
        );
    }
    html.push_str("<table>\n");
    for (status, response) in members(&operation["responses"]) {
        let example = members(&response["content"])
            .next()
            .map(|(_, content)| content["example"].clone())
            .filter(|example| !example.is_null());
        let example =
            example.map_or(String::new(), |example| format!("<pre>{}</pre>", escape(&format!("{example:#}"))));
        let _ = writeln!(html, "<tr><td>{status}<td>{}{example}", text(&response["description"]));
    }
    html.push_str("</table>\n");
}

fn fields(html: &mut String, schema: &Value) {
    if schema["properties"].is_null() {
        let _ = writeln!(html, "<p>{}</p>", kind(schema));
        return;
    }
    html.push_str("<table>\n");
    for (name, field) in members(&schema["properties"]) {
        let _ = writeln!(html, "<tr><td><code>{name}</code><td>{}<td>{}", kind(field), text(&field["description"]));
    }
    html.push_str("</table>\n");
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    let join = |values: &Value, word: fn(&Value) -> String| {
        values.as_array().into_iter().flatten().map(word).collect::<Vec<_>>().join(" or ")
    };
    for either in ["anyOf", "oneOf", "allOf"] {
        if schema[either].is_array() {
            return join(&schema[either], kind);
        }
    }
    if schema["enum"].is_array() {
        return join(&schema["enum"], |value| format!("<code>{}</code>", escape(&value.to_string())));
    }
    if !schema["const"].is_null() {
        return format!("<code>{}</code>", escape(&schema["const"].to_string()));
    }
    if schema["type"].is_array() {
        return join(&schema["type"], |kind| kind.as_str().unwrap_or_default().to_owned());
    }
    schema["type"].as_str().unwrap_or("any JSON").to_owned()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A description: HTML-escaped, `code` between backticks, the link to Remotion's page.
fn text(value: &Value) -> String {
    let escaped = escape(value.as_str().unwrap_or_default());
    let parts = escaped.split('`').enumerate();
    let html: String =
        parts.map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect();
    match html.split_once("[↗](") {
        Some((before, rest)) => format!("{before}<a href=\"{}\">↗</a>", rest.trim_end_matches(')')),
        None => html,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
