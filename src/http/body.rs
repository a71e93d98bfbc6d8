//! Reads a request's body.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use super::door::Door;
use crate::error::{Error, Kind, Result};

/// The largest body that API Gateway and Lambda pass on, 6 MB.
const LARGEST: usize = 6 * MEGABYTE;
const MEGABYTE: usize = 1024 * 1024;

/// The JSON text of a body; nothing where there is none.
///
/// # Errors
/// [`Kind::BodyTooLarge`], [`Kind::UnsupportedMediaType`], [`Kind::InvalidJson`] for one that broke off.
pub(super) async fn json(request: Request) -> Result<(HeaderMap, Bytes)> {
    let (headers, body) = any(request).await?;
    if !body.is_empty() && !is_json(&headers) {
        return Err(Error::new(Kind::UnsupportedMediaType, "Send JSON, with `Content-Type: application/json`."));
    }
    Ok((headers, body))
}

/// A body as it came, whatever it is.
///
/// # Errors
/// [`Kind::BodyTooLarge`], [`Kind::InvalidJson`] for one that broke off.
pub(super) async fn any(request: Request) -> Result<(HeaderMap, Bytes)> {
    let (parts, body) = request.into_parts();
    let largest = parts.extensions.get::<Door>().and_then(|door| door.largest_body).unwrap_or(LARGEST);
    let body = read(&parts.headers, body, largest).await?;
    Ok((parts.headers, body))
}

async fn read(headers: &HeaderMap, body: Body, largest: usize) -> Result<Bytes> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > largest) {
        return Err(too_large(largest));
    }
    to_bytes(body, largest).await.map_err(|error| {
        // axum wraps the limit's error; a body that merely broke off has another one inside.
        if std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("length limit")) {
            return too_large(largest);
        }
        Error::new(Kind::InvalidJson, "The body broke off. Send it again.").because(error)
    })
}

fn too_large(largest: usize) -> Error {
    let megabytes = largest / MEGABYTE;
    let detail =
        format!("The body is larger than {megabytes} MB. Put large data at a URL and pass that in inputProps.");
    Error::new(Kind::BodyTooLarge, detail)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
