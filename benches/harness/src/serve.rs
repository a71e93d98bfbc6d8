//! HTTP on loopback, as fast as hyper is.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub type Answer = Response<Full<Bytes>>;

/// A request whose body has arrived.
pub type Call = Request<Bytes>;

/// Answers every request of every connection with `answer`, until the program ends.
pub async fn listen<F, Fut>(answer: F) -> SocketAddr
where
    F: Fn(Call) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            connection.set_nodelay(true).ok();
            let answer = answer.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                    Ok::<_, Infallible>(answer(Request::from_parts(parts, body)).await)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
        }
    });
    address
}

pub fn respond(status: u16, kind: &str, body: impl Into<Bytes>) -> Answer {
    let response = Response::builder().status(status).header("content-type", kind).header("x-amzn-requestid", "bench");
    response.body(Full::new(body.into())).expect("a response")
}
