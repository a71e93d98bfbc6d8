//! The server: listens, and drains on SIGTERM.

use std::io::Result;
use std::time::Duration;

use axum::Router;
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
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop);
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
