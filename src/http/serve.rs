//! The server: listens, and drains on SIGTERM.

use std::io::Result;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long requests that run may take after SIGTERM; longer than a `Prefer: wait`.
const DRAIN: Duration = Duration::from_secs(28);

/// Serves until SIGTERM or Ctrl-C, then lets running requests end.
///
/// # Errors
/// Of the listener.
pub async fn serve(router: Router, listener: TcpListener) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tracing::info!(url = format!("http://{}", listener.local_addr()?), "listening");
    let (stopped, stopping) = tokio::sync::oneshot::channel::<()>();
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
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
