//! Knows the caller before anything else happens.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::cors;
use super::door::{CallerName, Door};
use crate::app::App;
use crate::callers::{Caller, Presented};
use crate::error::{Error, Kind, Result};
use crate::renderer::Renderer;

pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The verbs, as far as the caller may use them. Behind [`require_caller`] only.
pub(super) struct Verbs(pub(super) Renderer);

impl<S: Send + Sync> FromRequestParts<S> for Verbs {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let verbs = parts.extensions.get::<Renderer>().cloned().map(Self);
        verbs.ok_or_else(|| Error::new(Kind::Internal, "This route does not ask who calls."))
    }
}

pub(super) async fn require_caller(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match identify(&app, &parts).await {
        Ok(caller) => {
            let mut response = match app.callers.count(&caller) {
                Ok(()) => {
                    parts.extensions.insert(app.renderer.called_by(caller.clone()));
                    next.run(Request::from_parts(parts, body)).await
                }
                Err(error) => error.into_response(),
            };
            response.extensions_mut().insert(CallerName(caller.name.unwrap_or_else(|| "anonymous".to_owned())));
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn identify(app: &App, parts: &Parts) -> Result<Caller> {
    let Parts { method, headers, extensions, .. } = parts;
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let identity = extensions.get::<Door>().and_then(|door| door.identity.as_deref());
    let presented = Presented { authorization: text(AUTHORIZATION), api_key: text(API_KEY), identity };
    let caller = app.callers.identify(presented).await?;
    // Where nobody has to say who they are, a page in a browser on this machine could ask too.
    if caller.name.is_none() && *method != Method::GET && cors::is_stranger(&app.cors_origins, headers) {
        return Err(Error::new(
            Kind::NotAllowed,
            "Pages in a browser may not call a door without callers. Configure API_USERNAME or RENDERGATE_API_KEYS.",
        ));
    }
    Ok(caller)
}
