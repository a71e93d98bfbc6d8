//! The Lambda function behind SQS: does the queue's jobs.

use lambda_runtime::{LambdaEvent, service_fn};
use rendergate::app::App;
use rendergate::config::{Config, Variables};
use rendergate::{telemetry, worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = Config::from_env().inspect_err(|mistakes| eprintln!("{mistakes}"))?;
    telemetry::init(config.log_format, config.log_level, true);
    Variables::default().warn_of_unknown();
    let app = App::new(&config).await;
    let handler = async |event: LambdaEvent<worker::Batch>| {
        Ok::<_, lambda_runtime::Error>(worker::handle(&app, event.payload).await)
    };
    lambda_runtime::run(service_fn(handler)).await
}
