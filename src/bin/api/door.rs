//! What stands in front of the function knows of a request: API Gateway (HTTP and REST APIs), a function
//! URL, an Application Load Balancer.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequestContext, ApiGatewayV2httpRequestContext};
use lambda_http::http::Uri;
use lambda_http::http::header::HOST;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{LambdaEvent, Request, RequestExt};
use percent_encoding::percent_decode_str;
use rendergate::http::Door;
use serde_json::Value;

/// The largest body that a load balancer passes on to a function, 1 MB.
const LARGEST_OF_ALB: usize = 1024 * 1024;

/// Puts right what would otherwise be lost: of a header that came several times the event's `headers` hold
/// the last line only, and they would replace all of them.
pub(crate) fn tidy(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    match &mut event.payload {
        LambdaRequest::ApiGatewayV1(rest) if !rest.multi_value_headers.is_empty() => rest.headers.clear(),
        LambdaRequest::Alb(alb) => {
            if !alb.multi_value_headers.is_empty() {
                alb.headers.clear();
            }
            // The caller's own; as part of an address it could be one that can't be parsed.
            alb.headers.remove(HOST);
        }
        _ => {}
    }
    event
}

/// Tells the router what the door and Lambda know of a request.
pub(crate) fn with_door(mut request: Request) -> Request {
    let mut door = Door::default();
    if let Some(context) = request.lambda_context_ref() {
        let end = UNIX_EPOCH + Duration::from_millis(context.deadline);
        door.deadline = end.duration_since(SystemTime::now()).ok().map(|left| Instant::now() + left);
        door.request_id = Some(context.request_id.clone());
    }
    let raw = request.raw_http_path();
    let parameters = request.path_parameters_ref();
    let proxy = parameters.and_then(|parameters| parameters.first("proxy"));
    let path = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            door.request_id = context.request_id.clone().or(door.request_id);
            door.identity = of_http_api(context);
            door.answers_cors = !is_at(context.domain_name.as_deref(), ".lambda-url.");
            path_of_http_api(context, raw, proxy)
        }
        Some(RequestContext::ApiGatewayV1(context)) => {
            door.request_id = context.request_id.clone().or(door.request_id);
            door.identity = of_rest_api(context);
            routed(context.resource_path.as_deref(), raw, proxy)
        }
        Some(RequestContext::Alb(_)) => {
            door.largest_body = Some(LARGEST_OF_ALB);
            raw
        }
        _ => raw,
    };
    let uri = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    if let Ok(uri) = uri.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(door);
    request
}

fn is_at(domain: Option<&str>, part: &str) -> bool {
    domain.is_some_and(|domain| domain.contains(part))
}

/// Without the stage, which stands in front on API Gateway's own domain.
fn path_of_http_api<'a>(context: &ApiGatewayV2httpRequestContext, raw: &'a str, proxy: Option<&str>) -> &'a str {
    let stage = context.stage.as_deref().unwrap_or_default();
    if is_at(context.domain_name.as_deref(), ".execute-api.")
        && let Some(path) = raw.strip_prefix('/').and_then(|path| path.strip_prefix(stage))
        && (path.is_empty() || path.starts_with('/'))
    {
        return if path.is_empty() { "/" } else { path };
    }
    let route = context.route_key.as_deref().and_then(|key| key.split_once(' ')).map(|(_, route)| route);
    routed(route, raw, proxy)
}

/// Without the base path of a custom domain, where the route tells what comes behind it; that may be decoded.
fn routed<'a>(route: Option<&str>, raw: &'a str, proxy: Option<&str>) -> &'a str {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy();
    match (route, proxy) {
        (Some("/"), _) => "/",
        (Some("/{proxy+}"), Some(proxy)) => {
            let whole = decoded(raw);
            let base = whole.strip_suffix(&*decoded(proxy)).and_then(|base| base.strip_suffix('/'));
            base.and_then(|base| raw.strip_prefix(base)).unwrap_or(raw)
        }
        _ => raw,
    }
}

/// Whom the authorizer of an HTTP API, or a function URL, has verified: an IAM principal, the subject of a
/// token, or the principal of a Lambda authorizer. Without an authorizer there is none.
fn of_http_api(context: &ApiGatewayV2httpRequestContext) -> Option<String> {
    let authorizer = context.authorizer.as_ref()?;
    if let Some(iam) = &authorizer.iam {
        return iam.user_arn.clone().or_else(|| iam.caller_id.clone());
    }
    if let Some(jwt) = &authorizer.jwt {
        let claim = |name: &str| jwt.claims.get(name).cloned();
        return claim("sub").or_else(|| claim("client_id")).or_else(|| claim("username"));
    }
    let principal = authorizer.fields.get("principalId").and_then(Value::as_str);
    (!authorizer.fields.is_empty()).then(|| principal.unwrap_or("authorizer").to_owned())
}

/// The same for a REST API, where the claims of a Cognito token, or the API key of a usage plan, may be the
/// proof. API Gateway tells a key's id only where the method requires one.
fn of_rest_api(context: &ApiGatewayProxyRequestContext) -> Option<String> {
    let (identity, fields) = (&context.identity, &context.authorizer.fields);
    let claim = |name: &str| fields.get("claims")?.get(name)?.as_str();
    let known = [
        identity.user_arn.as_deref(),
        fields.get("principalId").and_then(Value::as_str),
        claim("sub"),
        claim("client_id"),
        identity.api_key_id.as_deref(),
    ];
    known.into_iter().flatten().find(|name| !name.is_empty()).map(str::to_owned)
}
