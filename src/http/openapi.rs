//! `GET /openapi.json` and `GET /docs`: made from the types by the tests below, committed, served as they are.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

#[cfg(test)]
mod document;
#[cfg(test)]
mod list;
#[cfg(test)]
mod page;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod stills;
#[cfg(test)]
mod webhooks;

/// OpenAPI 3.1.
const DOCUMENT: &str = include_str!("../../docs/openapi.json");
/// The same for people: one page that loads nothing from elsewhere.
const PAGE: &str = include_str!("../../docs/reference.html");

pub(super) async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}

pub(super) async fn page() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `RENDERGATE_WRITE_DOCS=1 cargo test --lib openapi` writes both files anew.
    #[test]
    fn the_committed_files_are_those_of_the_types() {
        let document = document::document();
        let json = format!("{:#}\n", document);
        let html = page::page(&document);
        if option_env!("RENDERGATE_WRITE_DOCS").is_some() {
            std::fs::write("docs/openapi.json", &json).unwrap();
            std::fs::write("docs/reference.html", &html).unwrap();
            return;
        }
        let hint = "run RENDERGATE_WRITE_DOCS=1 cargo test --lib openapi";
        assert!(json == DOCUMENT, "docs/openapi.json is out of date: {hint}");
        assert!(html == PAGE, "docs/reference.html is out of date: {hint}");
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        for load in ["<script", "<link", "<img", "src=", "@import", "url("] {
            assert!(!PAGE.contains(load), "{load}");
        }
    }
}
