//! Invokes a Remotion function.

use std::time::Duration;

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::client::customize::CustomizableOperation;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::config::interceptors::InterceptorContext;
use aws_sdk_lambda::config::retry::{ClassifyRetry, RetryAction, RetryConfig};
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::primitives::event_stream::EventReceiver;
use aws_sdk_lambda::types::error::InvokeWithResponseStreamResponseEventError;
use aws_sdk_lambda::types::{FunctionConfiguration, InvokeWithResponseStreamResponseEvent as Event};
use aws_smithy_runtime_api::client::retries::classifiers::RetryClassifierPriority;

use super::error::unsent_where_unconnected;
use super::{Aws, Call, Result, unreadable};
use crate::error::{Error, Kind};
use crate::remotion::names;

/// `start` answers once the first progress is written: a few seconds after a cold start.
/// API Gateway gives up after 29 s.
const ATTEMPT: Duration = Duration::from_secs(24);
const OPERATION: Duration = Duration::from_secs(26);

/// What happens where AWS throttles an invoke, which then did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnThrottle {
    /// It is tried again, at most twice.
    TryAgain,
    /// It is told at once: somebody else may have room.
    Leave,
}

impl OnThrottle {
    /// A request that has a configuration of its own costs more: only where it differs from the client's.
    fn of<T, E, B>(self, request: CustomizableOperation<T, E, B>) -> CustomizableOperation<T, E, B> {
        match self {
            Self::TryAgain => request,
            Self::Leave => request.config_override(Builder::default().retry_config(RetryConfig::disabled())),
        }
    }
}

/// What a function returned.
#[derive(Debug)]
pub struct Invoked {
    /// The payload, as written by the function.
    pub payload: Vec<u8>,
    /// The function threw: the payload is `{errorType, errorMessage, trace}`.
    pub threw: bool,
}

impl Aws {
    /// Invokes `function` (a name or an ARN) and waits for its answer. Nothing but a throttled invoke is ever
    /// repeated, because the function may have run.
    ///
    /// # Errors
    /// [`Kind::FunctionNotFound`] where there is no such function, else what AWS refused.
    pub async fn invoke(
        &self,
        region: &str,
        function: &str,
        payload: Vec<u8>,
        on_throttle: OnThrottle,
    ) -> Result<Invoked> {
        let payload = Blob::new(payload);
        let made = self.call(invoking(region, function), |clients| {
            let request = clients.lambda(region).invoke().function_name(function).payload(payload.clone());
            on_throttle.of(request.customize()).send()
        });
        let answer = made.await.map_err(|error| not_invoked(error, region, function))?;
        let threw = answer.function_error.is_some();
        Ok(Invoked { payload: answer.payload.map(Blob::into_inner).unwrap_or_default(), threw })
    }

    /// Invokes `function` as [`Aws::invoke`] does, and gives its answer while it is being written. Returns
    /// when the function writes its first byte.
    ///
    /// # Errors
    /// As [`Aws::invoke`].
    pub async fn invoke_streaming(
        &self,
        region: &str,
        function: &str,
        payload: Vec<u8>,
        on_throttle: OnThrottle,
    ) -> Result<Streaming> {
        let payload = Blob::new(payload);
        let made = self.call(invoking(region, function), |clients| {
            let request = clients.lambda(region).invoke_with_response_stream();
            let request = request.function_name(function).payload(payload.clone());
            on_throttle.of(request.customize()).send()
        });
        let answer = made.await.map_err(|error| not_invoked(error, region, function))?;
        Ok(Streaming(answer.event_stream))
    }
}

/// A deployed function, as Lambda knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Its name.
    pub name: String,
    /// Memory in MB.
    pub memory_mb: u32,
    /// How long one invocation may run, seconds.
    pub timeout_seconds: u32,
    /// Size of `/tmp` in MB.
    pub disk_mb: u32,
}

impl Deployed {
    /// `None` for a function that has no name; in a list each has one.
    fn read(function: FunctionConfiguration) -> Option<Self> {
        let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
        Some(Self {
            name: function.function_name?,
            // Lambda's own defaults; Remotion's for the disk, which older answers don't tell.
            memory_mb: number(function.memory_size).unwrap_or(128),
            timeout_seconds: number(function.timeout).unwrap_or(3),
            disk_mb: number(function.ephemeral_storage.map(|disk| disk.size)).unwrap_or(2048),
        })
    }
}

impl Aws {
    /// Every function of the region, whoever's it is; one call per 50 of them.
    ///
    /// # Errors
    /// What AWS refused.
    pub async fn functions(&self, region: &str) -> Result<Vec<Deployed>> {
        let (mut functions, mut next) = (Vec::new(), None);
        loop {
            let call = Call { action: "lambda:ListFunctions", resource: "*".into() };
            let page =
                self.call(call, |clients| clients.lambda(region).list_functions().set_marker(next.clone()).send());
            let page = page.await?;
            functions.extend(page.functions.unwrap_or_default().into_iter().filter_map(Deployed::read));
            next = page.next_marker.filter(|marker| !marker.is_empty());
            if next.is_none() {
                return Ok(functions);
            }
        }
    }

    /// One function.
    ///
    /// # Errors
    /// [`Kind::FunctionNotFound`], else what AWS refused.
    pub async fn function(&self, region: &str, function: &str) -> Result<Deployed> {
        let call = Call { action: "lambda:GetFunction", ..invoking(region, function) };
        let made = self.call(call, |clients| clients.lambda(region).get_function().function_name(function).send());
        let answer = made.await.map_err(|error| not_found(error, region, function))?;
        let configuration = answer.configuration.map(|mut found| {
            found.function_name.get_or_insert_with(|| function.to_owned());
            found
        });
        configuration.and_then(Deployed::read).ok_or_else(|| unreadable("GetFunction"))
    }

    /// Deletes a function. Needs `lambda:DeleteFunction`.
    ///
    /// # Errors
    /// [`Kind::FunctionNotFound`], else what AWS refused.
    pub async fn delete_function(&self, region: &str, function: &str) -> Result<()> {
        let call = Call { action: "lambda:DeleteFunction", ..invoking(region, function) };
        let made = self.call(call, |clients| clients.lambda(region).delete_function().function_name(function).send());
        made.await.map_err(|error| not_found(error, region, function))?;
        Ok(())
    }
}

/// An answer while it is being written.
#[derive(Debug)]
pub struct Streaming(EventReceiver<Event, InvokeWithResponseStreamResponseEventError>);

/// What comes next in such an answer.
#[derive(Debug)]
pub enum Piece {
    /// Bytes, as written by the function.
    Bytes(Vec<u8>),
    /// The end: Lambda's error code and details, where the function failed.
    End(Option<(String, String)>),
}

impl Streaming {
    /// What comes next; nothing after the end.
    ///
    /// # Errors
    /// [`Kind::AwsUnavailable`] where the connection broke.
    pub async fn next(&mut self) -> Result<Option<Piece>> {
        loop {
            let event = self.0.recv().await.map_err(|error| {
                Error::new(Kind::AwsUnavailable, "The connection to the function broke. Try again.").because(error)
            })?;
            return Ok(Some(match event {
                None => return Ok(None),
                Some(Event::PayloadChunk(chunk)) => Piece::Bytes(chunk.payload.unwrap_or_default().into_inner()),
                Some(Event::InvokeComplete(end)) => {
                    Piece::End(end.error_code.map(|code| (code, end.error_details.unwrap_or_default())))
                }
                // What a newer Lambda adds.
                Some(_) => continue,
            }));
        }
    }
}

pub(super) fn invoking(region: &str, function: &str) -> Call {
    let resource = if function.starts_with("arn:") {
        function.to_owned()
    } else {
        format!("arn:{}:lambda:{region}:*:function:{function}", names::partition(region))
    };
    Call { action: "lambda:InvokeFunction", resource }
}

/// What was tried before was throttled or refused: it did not run either.
fn not_invoked(error: Error, region: &str, function: &str) -> Error {
    not_found(unsent_where_unconnected(error), region, function)
}

pub(super) fn not_found(error: Error, region: &str, function: &str) -> Error {
    if error.members().get("awsErrorCode").is_some_and(|code| code == "ResourceNotFoundException") {
        let detail =
            format!("There is no function `{function}` in {region}. Deploy it, or correct functionName or region.");
        return Error::new(Kind::FunctionNotFound, detail).because(error);
    }
    error
}

pub(super) fn client(config: &SdkConfig, region: &str) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION);
    let config = Builder::from(config)
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts.build())
        // A function that renders is silent for as long as it takes.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
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
