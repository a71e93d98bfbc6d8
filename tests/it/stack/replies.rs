//! What Lambda itself and the function answered when they were recorded.

use serde_json::json;

use super::http::Reply;

impl Reply {
    pub(crate) fn started(bucket: &str, render_id: &str) -> Self {
        Self::json(200, &json!({ "type": "success", "bucketName": bucket, "renderId": render_id }))
    }

    /// The function refuses in its own words: HTTP 200 all the same.
    pub(crate) fn function_says(message: &str) -> Self {
        Self::json(
            200,
            &json!({ "type": "error", "message": message, "stack": format!("Error: {message}\n    at x (/var/task/index.js:1:1)") }),
        )
    }

    /// The function crashed.
    pub(crate) fn function_crashed(message: &str) -> Self {
        let body = json!({ "errorType": "Error", "errorMessage": message, "trace": ["Error", "at x (/var/task/index.js:1:1)"] });
        Self::json(200, &body).header("x-amz-function-error", "Unhandled")
    }

    pub(crate) fn throttled(reason: &str, retry_after: Option<&str>) -> Self {
        let body = json!({ "Reason": reason, "Type": "User", "message": "Rate Exceeded." });
        let reply = Self::json(429, &body).header("x-amzn-errortype", "TooManyRequestsException");
        match retry_after {
            Some(seconds) => reply.header("retry-after", seconds),
            None => reply,
        }
    }

    pub(crate) fn no_such_function(name: &str) -> Self {
        let message = format!("Function not found: arn:aws:lambda:us-east-1:123456789012:function:{name}");
        Self::aws_json(404, "ResourceNotFoundException", &message)
    }

    pub(crate) fn invoke_denied() -> Self {
        let message = "User: arn:aws:sts::123456789012:assumed-role/api/session is not authorized to perform: \
            lambda:InvokeFunction on resource: \
            arn:aws:lambda:us-east-1:123456789012:function:remotion-render-4-0-527-mem2048mb-disk2048mb-120sec because no identity-based policy allows the lambda:InvokeFunction action";
        Self::aws_json(403, "AccessDeniedException", message)
    }

    pub(crate) fn key_refused() -> Self {
        Self::aws_json(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    }
}
