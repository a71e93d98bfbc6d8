//! The bare Invoke behind an HTTP API.

use lambda_http::{Body, Error, Response, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = floor::client().await;
    let client = &client;
    run(service_fn(move |_request| async move {
        let answer = floor::invoke(client).await;
        let body = Body::from(answer.to_string());
        Ok::<_, Error>(Response::builder().status(202).header("content-type", "application/json").body(body)?)
    }))
    .await
}
