//! The Lambda function behind HTTP: the same router as `rendergate serve`, behind whatever door.

mod door;

use lambda_http::Adapter;
use lambda_http::tower::ServiceBuilder;
use rendergate::app::App;
use rendergate::config::{Config, Variables};
use rendergate::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = Config::from_env().inspect_err(|mistakes| eprintln!("{mistakes}"))?;
    telemetry::init(config.log_format, config.log_level, true);
    Variables::default().warn_of_unknown();
    let app = App::new(&config).await;
    let router = ServiceBuilder::new().map_request(door::with_door).service(http::router(app));
    // As `lambda_http::run`, which would not let the event be put right before it becomes a request.
    lambda_runtime::run(ServiceBuilder::new().map_request(door::tidy).service(Adapter::from(router))).await
}
