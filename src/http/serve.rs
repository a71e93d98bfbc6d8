//! The server: listens, and drains on SIGTERM.

use std::io::Result;
use std::time::Duration;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long requests that run may take after SIGTERM; longer than a `Prefer: wait`.
const DRAIN: Duration = Duration::from_secs(28);

/// Ends with SIGTERM or Ctrl-C.
pub async fn stopped() {
    // Without a handler the signal ends the process, as if nobody waited for it.
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// A refusal may come before the body has been read. hyper then closes the connection: whoever keeps
/// connections must be told, or the next request fails on this one.
async fn announce_the_end(request: Request, next: Next) -> Response {
    // What is small, hyper reads to its end by itself.
    let large = request.body().size_hint().upper().is_none_or(|bytes| bytes > 4096);
    let mut response = next.run(request).await;
    if large && (response.status().is_client_error() || response.status().is_server_error()) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Serves until SIGTERM or Ctrl-C, then lets running requests end.
///
/// # Errors
/// Of the listener.
pub async fn serve(router: Router, listener: TcpListener) -> Result<()> {
    tracing::info!(url = format!("http://{}", listener.local_addr()?), "listening");
    let (stopped, stopping) = tokio::sync::oneshot::channel::<()>();
    let stop = async move {
        self::stopped().await;
        tracing::info!("stopping: no new requests, running ones may end");
        let _ = stopped.send(());
    };
    let serving = axum::serve(listener, router.layer(from_fn(announce_the_end))).with_graceful_shutdown(stop);
    let too_long = async {
        let _ = stopping.await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = serving => served,
        () = too_long => {
            tracing::warn!("requests were cut off");
            Ok(())
        }
    }
}
