//! Invokes a Remotion function.

use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::interceptors::InterceptorContext;
use aws_sdk_lambda::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;

use aws_smithy_runtime_api::client::retries::classifiers::RetryClassifierPriority;

use super::{Aws, Call, Result};
use crate::error::{Error, Kind};

/// `start` answers once the first progress is written: a few seconds after a cold start.
/// API Gateway gives up after 29 s.
const ATTEMPT: Duration = Duration::from_secs(24);
const OPERATION: Duration = Duration::from_secs(26);

/// What a function returned.
#[derive(Debug)]
pub struct Invoked {
    /// The payload, as written by the function.
    pub payload: Vec<u8>,
    /// The function threw: the payload is `{errorType, errorMessage, trace}`.
    pub threw: bool,
}

impl Aws {
    /// Invokes `function` (a name or an ARN) and waits for its answer. A throttled invoke did not
    /// run and is tried again, at most twice; nothing else is, because the function may have run.
    ///
    /// # Errors
    /// [`Kind::FunctionNotFound`] where there is no such function, else what AWS refused.
    pub async fn invoke(&self, region: &str, function: &str, payload: Vec<u8>) -> Result<Invoked> {
        let resource = if function.starts_with("arn:") {
            function.to_owned()
        } else {
            format!("arn:aws:lambda:{region}:*:function:{function}")
        };
        let payload = Blob::new(payload);
        let made = self.call(Call { action: "lambda:InvokeFunction", resource }, |clients| {
            let request = clients.lambda(region).invoke().function_name(function).payload(payload.clone());
            async move { request.send().await }
        });
        let answer = made.await.map_err(|error| {
            if error.members().get("awsErrorCode").is_some_and(|code| code == "ResourceNotFoundException") {
                let detail = format!(
                    "There is no function `{function}` in {region}. Deploy it, or correct functionName or region."
                );
                return Error::new(Kind::FunctionNotFound, detail).because(error);
            }
            error
        })?;
        let threw = answer.function_error.is_some();
        Ok(Invoked { payload: answer.payload.map(Blob::into_inner).unwrap_or_default(), threw })
    }
}

pub(super) fn client(config: &SdkConfig, region: &str) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION);
    let config = aws_sdk_lambda::config::Builder::from(config)
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts.build())
        .retry_classifier(OnlyThrottles);
    Client::from_conf(config.build())
}

/// Forbids every repetition but that of a throttled request: `start` is not idempotent, and only
/// a 429 says that nothing ran.
#[derive(Debug)]
struct OnlyThrottles;

impl ClassifyRetry for OnlyThrottles {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response().map(|response| response.status().as_u16()) {
            Some(200..=299 | 429) => RetryAction::NoActionIndicated,
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only throttles"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}
