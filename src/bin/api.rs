//! The Lambda function behind API Gateway: the same router as `rendergate serve`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use lambda_http::tower::ServiceBuilder;
use lambda_http::{Request, RequestExt};
use rendergate::app::App;
use rendergate::config::{Config, Variables};
use rendergate::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = Config::from_env().inspect_err(|mistakes| eprintln!("{mistakes}"))?;
    telemetry::init(config.log_format, config.log_level, true);
    Variables::default().warn_of_unknown();
    let app = App::new(&config).await;
    let service = ServiceBuilder::new().map_request(with_door).service(http::router(app));
    lambda_http::run(service).await
}

/// What API Gateway and Lambda know of a request.
fn with_door(mut request: Request) -> Request {
    let mut door = http::Door::default();
    if let Some(context) = request.lambda_context_ref() {
        let end = UNIX_EPOCH + Duration::from_millis(context.deadline);
        door.deadline = end.duration_since(SystemTime::now()).ok().map(|left| Instant::now() + left);
        door.request_id = Some(context.request_id.clone());
    }
    if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() {
        door.request_id = context.request_id.clone().or(door.request_id);
        door.identity = identity(context);
    }
    request.extensions_mut().insert(door);
    request
}

/// Whom the authorizer has verified: an IAM principal, the subject of a token, or the principal of a
/// Lambda authorizer. Without an authorizer there is none.
fn identity(context: &ApiGatewayV2httpRequestContext) -> Option<String> {
    let authorizer = context.authorizer.as_ref()?;
    if let Some(iam) = &authorizer.iam {
        return iam.user_arn.clone().or_else(|| iam.caller_id.clone());
    }
    if let Some(jwt) = &authorizer.jwt {
        let claim = |name: &str| jwt.claims.get(name).cloned();
        return claim("sub").or_else(|| claim("client_id")).or_else(|| claim("username"));
    }
    let principal = authorizer.fields.get("principalId").and_then(|value| value.as_str());
    (!authorizer.fields.is_empty()).then(|| principal.unwrap_or("authorizer").to_owned())
}
