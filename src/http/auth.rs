//! Knows the caller before anything else happens.

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::cors;
use super::door::{CallerName, Door};
use crate::app::App;
use crate::callers::Presented;
use crate::error::{Error, Kind};

pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

pub(super) async fn require_caller(State(app): State<App>, request: Request, next: Next) -> Response {
    let identity = request.extensions().get::<Door>().and_then(|door| door.identity.clone());
    let (method, headers) = (request.method().clone(), request.headers().clone());
    match identify(&app, &method, &headers, identity.as_deref()).await {
        Ok(name) => {
            let mut response = next.run(request).await;
            response.extensions_mut().insert(CallerName(name));
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn identify(app: &App, method: &Method, headers: &HeaderMap, identity: Option<&str>) -> Result<String, Error> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let presented = Presented { authorization: text(AUTHORIZATION), api_key: text(API_KEY), identity };
    let name = app.callers.identify(presented).await?;
    // Where nobody has to say who they are, a page in a browser on this machine could ask too.
    if name == "anonymous" && *method != Method::GET && cors::is_stranger(&app.cors_origins, headers) {
        return Err(Error::new(
            Kind::NotAllowed,
            "Pages in a browser may not call a door without callers. Configure API_USERNAME or RENDERGATE_API_KEYS.",
        ));
    }
    Ok(name)
}
