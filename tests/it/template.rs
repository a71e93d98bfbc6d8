//! template.yaml, read as CloudFormation reads it.

mod cloudformation;
mod queue;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use cloudformation::{Stack, text_of};

const FUNCTION: (&str, &str) = ("RemotionFunctionName", "remotion-render-4-0-527-mem2048mb-disk2048mb-120sec");
const BUCKET: (&str, &str) = ("RemotionBucket", "remotionlambda-useast1-abc");
const DESTINATION: (&str, &str) = ("DestinationBucket", "videos");
const SECRET: (&str, &str) =
    ("SecretArn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:dev/remotion-user-AbCdEf");
const JWT: [(&str, &str); 3] =
    [("Auth", "jwt"), ("JwtIssuer", "https://login.example.com"), ("JwtAudience", "shop,admin")];

/// The policy documents of the function's role.
pub(crate) fn role_policies(parameters: &[(&str, &str)]) -> Vec<Value> {
    let role = Stack::new(parameters).resource("AWS::IAM::Role");
    role["Policies"].as_array().unwrap().iter().map(|policy| policy["PolicyDocument"].clone()).collect()
}

/// A stack without a queue, as most tests here want it.
const NO_QUEUE: (&str, &str) = ("Queue", "no");
/// A stack without Remotion's webhooks.
const NO_WEBHOOK: (&str, &str) = ("Webhook", "no");
const NOTIFY: (&str, &str) = ("NotifySecretArn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:events-AbCdEf");

fn function(more: &[(&str, &str)]) -> Value {
    stack(more).named("AWS::Serverless::Function", "ApiFunction").unwrap()
}

fn stack(more: &[(&str, &str)]) -> Stack {
    Stack::new(&[&[FUNCTION, BUCKET], more].concat())
}

/// `action resource` for all that the role may do.
fn rights(more: &[(&str, &str)]) -> BTreeSet<String> {
    let listed = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut rights = BTreeSet::new();
    for policy in role_policies(&[&[FUNCTION, BUCKET], more].concat()) {
        for statement in listed(&policy["Statement"]) {
            assert_eq!(statement["Effect"], "Allow");
            for action in listed(&statement["Action"]) {
                for resource in listed(&statement["Resource"]) {
                    rights.insert(format!("{} {}", text_of(&action), text_of(&resource)));
                }
            }
        }
    }
    rights
}

fn set(rights: &[&[&str]]) -> BTreeSet<String> {
    rights.concat().into_iter().map(str::to_owned).collect()
}

const ALWAYS: [&str; 5] = [
    "logs:CreateLogStream arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/rendergate-api:*",
    "logs:PutLogEvents arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/rendergate-api:*",
    "s3:ListBucket arn:aws:s3:::rendergate-statebucket",
    "s3:GetObject arn:aws:s3:::rendergate-statebucket/*",
    "s3:PutObject arn:aws:s3:::rendergate-statebucket/*",
];
const RENDERS: [&str; 7] = [
    "lambda:InvokeFunction arn:aws:lambda:us-east-1:123456789012:function:remotion-render-4-0-527-mem2048mb-disk2048mb-120sec",
    "lambda:ListFunctions *",
    "s3:ListBucket arn:aws:s3:::remotionlambda-useast1-abc",
    "s3:GetObject arn:aws:s3:::remotionlambda-useast1-abc/*",
    "s3:PutObject arn:aws:s3:::remotionlambda-useast1-abc/input-props/*",
    "s3:PutObject arn:aws:s3:::remotionlambda-useast1-abc/renders/*/cancel.json",
    "s3:DeleteObject arn:aws:s3:::remotionlambda-useast1-abc/renders/*",
];
const COPIES: [&str; 3] = [
    "s3:PutObject arn:aws:s3:::videos",
    "s3:PutObject arn:aws:s3:::videos/*",
    "s3:AbortMultipartUpload arn:aws:s3:::videos/*",
];
const WORKS: [&str; 8] = [
    // What may run at once.
    "lambda:GetAccountSettings *",
    "logs:CreateLogStream arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/rendergate-worker:*",
    "logs:PutLogEvents arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/rendergate-worker:*",
    "sqs:SendMessage arn:aws:sqs:us-east-1:123456789012:rendergate-JobQueue",
    "sqs:ReceiveMessage arn:aws:sqs:us-east-1:123456789012:rendergate-JobQueue",
    "sqs:DeleteMessage arn:aws:sqs:us-east-1:123456789012:rendergate-JobQueue",
    "sqs:SendMessage arn:aws:sqs:us-east-1:123456789012:rendergate-DeadLetters",
    // Lambda asks for it when it reads the queue.
    "sqs:GetQueueAttributes arn:aws:sqs:us-east-1:123456789012:rendergate-JobQueue",
];
const READS_SECRET: &str =
    "secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:123456789012:secret:dev/remotion-user-AbCdEf";

#[test]
fn the_role_may_do_what_the_parameters_call_for_and_nothing_else() {
    assert_eq!(rights(&[NO_WEBHOOK]), set(&[&ALWAYS, &RENDERS, &WORKS]));
    assert_eq!(rights(&[NO_WEBHOOK, NO_QUEUE]), set(&[&ALWAYS, &RENDERS]));
    assert_eq!(rights(&[NO_WEBHOOK, NO_QUEUE, DESTINATION]), set(&[&ALWAYS, &RENDERS, &COPIES]));
    assert_eq!(
        rights(&[NO_WEBHOOK, NO_QUEUE, DESTINATION, ("DestinationPrefix", "customers/")]),
        set(&[
            &ALWAYS,
            &RENDERS,
            &COPIES[..1],
            &[
                "s3:PutObject arn:aws:s3:::videos/customers/*",
                "s3:AbortMultipartUpload arn:aws:s3:::videos/customers/*"
            ]
        ])
    );
    assert_eq!(
        rights(&[NO_WEBHOOK, NO_QUEUE, ("Auth", "apikey")]),
        set(&[
            &ALWAYS,
            &RENDERS,
            &["secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:123456789012:secret:ApiKey-AbCdEf"]
        ])
    );
    let own = "secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:123456789012:secret:WebhookSecret-AbCdEf";
    assert_eq!(rights(&[NO_QUEUE]), set(&[&ALWAYS, &RENDERS, &[own]]));
    let told = format!("secretsmanager:GetSecretValue {}", NOTIFY.1);
    assert_eq!(rights(&[NO_WEBHOOK, NO_QUEUE, NOTIFY]), set(&[&ALWAYS, &RENDERS, &[&told]]));
    let elsewhere = rights(&[("RemotionRegion", "eu-central-1")]);
    assert!(elsewhere.contains(&RENDERS[0].replace("us-east-1", "eu-central-1")), "{elsewhere:#?}");
}

#[test]
fn a_secret_takes_the_rights_to_render_and_copy_from_the_role() {
    assert_eq!(rights(&[NO_WEBHOOK, NO_QUEUE, SECRET, DESTINATION]), set(&[&ALWAYS, &[READS_SECRET]]));
}

#[test]
fn only_lambda_may_take_the_role() {
    let trust = &stack(&[]).resource("AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(
        trust,
        &json!([{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }])
    );
}

#[test]
fn every_route_but_the_open_ones_asks_who_calls() {
    let origins = ("AllowedOrigins", "https://shop.example,https://admin.example");
    for (parameters, expected) in [
        (&[][..], "AWS_IAM"),
        (&JWT, "JWT"),
        // Our program checks the key: RENDERGATE_API_KEYS below.
        (&[("Auth", "apikey")], "NONE"),
    ] {
        let mut open = vec!["GET /", "GET /docs", "GET /healthz", "GET /openapi.json", "POST /v1/webhooks/remotion"];
        for preflight in [false, true] {
            let more = if preflight { &[origins][..] } else { &[] };
            let stack = stack(&[parameters, more].concat());
            let routes = stack.resources("AWS::ApiGatewayV2::Route");
            let types: BTreeMap<_, _> = routes
                .values()
                .map(|route| (text_of(&route["RouteKey"]), text_of(&route["AuthorizationType"])))
                .collect();
            let mut wanted: BTreeMap<_, _> = open.iter().map(|key| ((*key).to_owned(), "NONE".to_owned())).collect();
            wanted.insert("$default".to_owned(), expected.to_owned());
            assert_eq!(types, wanted);
            assert_eq!(routes["GuardedRoute"].get("AuthorizerId").is_some(), expected == "JWT");
            let cors = &stack.resource("AWS::ApiGatewayV2::Api")["CorsConfiguration"]["AllowOrigins"];
            assert_eq!(
                cors,
                &if preflight { json!(["https://shop.example", "https://admin.example"]) } else { Value::Null }
            );
            open.push("OPTIONS /{proxy+}");
        }
    }
    let routes = stack(&[NO_WEBHOOK]).resources("AWS::ApiGatewayV2::Route");
    assert!(!routes.contains_key("WebhookRoute"));
    let authorizer = stack(&JWT).resource("AWS::ApiGatewayV2::Authorizer");
    assert_eq!(
        authorizer["JwtConfiguration"],
        json!({ "Issuer": "https://login.example.com", "Audience": ["shop", "admin"] })
    );
}

#[test]
fn the_stage_throttles() {
    let stage = stack(&[("RequestsPerSecond", "3"), ("Burst", "5")]).resource("AWS::ApiGatewayV2::Stage");
    assert_eq!(stage["DefaultRouteSettings"], json!({ "ThrottlingRateLimit": "3", "ThrottlingBurstLimit": "5" }));
}

#[test]
fn the_state_bucket_is_private_and_forgets() {
    let stack = stack(&[]);
    let bucket = stack.resource("AWS::S3::Bucket");
    assert_eq!(
        bucket["PublicAccessBlockConfiguration"],
        json!({ "BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true })
    );
    assert_eq!(bucket["OwnershipControls"]["Rules"], json!([{ "ObjectOwnership": "BucketOwnerEnforced" }]));
    assert_eq!(
        bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "AES256"
    );
    let expiry = &bucket["LifecycleConfiguration"]["Rules"];
    assert_eq!(expiry, &json!([{ "Id": "expire-records", "Status": "Enabled", "ExpirationInDays": 8 }]));
    let policy = stack.resource("AWS::S3::BucketPolicy");
    assert_eq!(policy["Bucket"], "rendergate-statebucket");
    assert_eq!(
        policy["PolicyDocument"]["Statement"],
        json!([{
            "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": ["arn:aws:s3:::rendergate-statebucket", "arn:aws:s3:::rendergate-statebucket/*"],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } }
        }])
    );
}

#[test]
fn the_function_is_arm_ends_before_the_gateway_gives_up_and_its_logs_expire() {
    let stack = stack(&[("LogRetentionDays", "7"), ("MemorySize", "128")]);
    let function = stack.named("AWS::Serverless::Function", "ApiFunction").unwrap();
    assert_eq!(
        (&function["Architectures"], &function["Runtime"], &function["Handler"], &function["MemorySize"]),
        (&json!(["arm64"]), &json!("provided.al2023"), &json!("bootstrap"), &json!("128"))
    );
    assert!(function["Timeout"].as_u64().unwrap() < 30);
    assert_eq!(function["LoggingConfig"], json!({ "LogFormat": "JSON", "LogGroup": "ApiLogs" }));
    for group in stack.resources("AWS::Logs::LogGroup").values() {
        assert_eq!(group["RetentionInDays"], "7");
    }
}

/// Runs the line of the outputs in a shell where `curl` and `aws` only say how they were called.
fn curl_of(parameters: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, script) in [
        ("curl", r#"printf '[%s]' "$@""#),
        (
            "aws",
            r#"case "$1 $2" in
              "configure export-credentials") echo 'export AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=s/cr+t AWS_SESSION_TOKEN=to/k=n' ;;
              "secretsmanager get-secret-value") echo '{"name":"default","key":"k3y"}' ;;
            esac"#,
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let line = format!("PATH={}:$PATH; {}", folder.path().display(), stack(parameters).output("Curl"));
    let output = Command::new("sh").args(["-euc", &line]).env("TOKEN", "j.w.t").output().unwrap();
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_curl_line_works_as_it_stands() {
    let rest = |body: &str| {
        format!(
            "[-H][content-type: application/json][-d][{body}][https://a1b2c3.execute-api.us-east-1.amazonaws.com/v1/renders]"
        )
    };
    let hints = rest(r#"{"serveUrl":"https://YOUR-SITE","composition":"YOUR-COMPOSITION"}"#);
    assert_eq!(
        curl_of(&[("ServeUrl", "https://site.example"), ("Composition", "Demo")]),
        format!(
            "[--aws-sigv4][aws:amz:us-east-1:execute-api][--user][AKID:s/cr+t][-Hx-amz-security-token: to/k=n]{}",
            rest("{}")
        )
    );
    assert_eq!(curl_of(&JWT), format!("[-H][authorization: Bearer j.w.t]{hints}"));
    assert_eq!(curl_of(&[("Auth", "apikey")]), format!("[-H][x-api-key: k3y]{hints}"));
}
