//! The bare Invoke behind a server.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};

#[tokio::main]
async fn main() {
    let client = floor::client().await;
    let start = async |State(client): State<_>| (StatusCode::ACCEPTED, Json(floor::invoke(&client).await));
    let router = Router::new().route("/v1/renders", post(start)).with_state(client);
    let port = std::env::var("PORT").expect("PORT");
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("a port");
    axum::serve(listener, router).await.expect("a server");
}
