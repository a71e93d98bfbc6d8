//! The documented table of settings.

/// One setting: an environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What holds where it is not set.
    pub default: &'static str,
    /// Whether its value must not be shown.
    pub secret: bool,
}

const fn setting(name: &'static str, meaning: &'static str, default: &'static str) -> Setting {
    Setting { name, meaning, default, secret: false }
}

const fn secret(name: &'static str, meaning: &'static str, default: &'static str) -> Setting {
    Setting { name, meaning, default, secret: true }
}

/// Every setting, in the order of the documentation. An empty value counts as not set.
pub const SETTINGS: &[Setting] = &[
    setting(
        "RENDERGATE_FUNCTION_NAME",
        "the Remotion function, name or ARN; when set, the only one",
        "in each region the one of the newest version, then with the most memory, looked up once among `remotion-render-*`; a request may name another",
    ),
    setting("RENDERGATE_REGION", "region of function and bucket; when set, the only one", "AWS_REGION, else us-east-1"),
    setting(
        "RENDERGATE_BUCKET",
        "Remotion's bucket; when set, the only one",
        "the function finds it; `remotionlambda-*` is allowed",
    ),
    setting("RENDERGATE_SERVE_URL", "the site, used where a request names none", "none"),
    setting("RENDERGATE_COMPOSITION", "the composition, used where a request names none", "none"),
    setting("RENDERGATE_CODEC", "the codec, used where a request names none", "h264"),
    setting(
        "RENDERGATE_CREDENTIALS",
        "whose account renders: `auto`, `role`, `env`, `secret:<id or arn>[#stage]`, `assume:<role arn>` or `profile:<name>`; see CREDENTIALS.md",
        "auto",
    ),
    setting("RENDERGATE_ROLE_SOURCE", "whose credentials assume a role: any of the above but `assume:`", "auto"),
    setting(
        "RENDERGATE_ROLE_SESSION_NAME",
        "names an assumed role's session, in CloudTrail for example",
        "REMOTION_ROLE_SESSION_NAME, else rendergate",
    ),
    secret("RENDERGATE_ROLE_EXTERNAL_ID", "what the owner of the assumed role asks for", "none"),
    setting("RENDERGATE_ROLE_DURATION", "seconds that an assumed role's credentials last, 900 to 43200", "3600"),
    setting("REMOTION_ROLE_ARN", "with `auto`: the role to assume, as in the EC2 guide", "none"),
    setting("REMOTION_ROLE_SESSION_NAME", "as RENDERGATE_ROLE_SESSION_NAME", "none"),
    setting("REMOTION_AWS_PROFILE", "with `auto`: the first choice, a profile of the shared files", "none"),
    secret("REMOTION_AWS_ACCESS_KEY_ID", "with `auto`: the second choice; with `env` the first", "none"),
    secret("REMOTION_AWS_SECRET_ACCESS_KEY", "goes with REMOTION_AWS_ACCESS_KEY_ID", "none"),
    secret("REMOTION_AWS_SESSION_TOKEN", "goes with them if they are temporary", "none"),
    setting("AWS_PROFILE", "with `auto`: the third choice; with `role` the second", "none"),
    secret("AWS_ACCESS_KEY_ID", "with `auto`: the fourth choice; with `role` the first; set by Lambda itself", "none"),
    secret("AWS_SECRET_ACCESS_KEY", "goes with AWS_ACCESS_KEY_ID", "none"),
    secret("AWS_SESSION_TOKEN", "goes with them if they are temporary", "none"),
    setting("AWS_SHARED_CREDENTIALS_FILE", "where named profiles are, instead of `~/.aws/credentials`", "none"),
    setting("AWS_CONFIG_FILE", "where named profiles are, instead of `~/.aws/config`", "none"),
    setting("REMOTION_SKIP_AWS_CREDENTIALS_CHECK", "any value: `auto` is `role`", "none"),
    setting(
        "REMOTION_DISABLE_AWS_CLIENT_CACHE",
        "any value: clients and credentials are not kept between calls",
        "none",
    ),
    setting(
        "RENDERGATE_ACCOUNT_ID",
        "the AWS account that owns Remotion's bucket; checked on each access",
        "not checked",
    ),
    setting(
        "RENDERGATE_ACCOUNTS",
        "several accounts, JSON or `file:<path>`: `[{\"name\":\"a\",\"credentials\":\"secret:…\",\"region\":\"us-east-1\",\"functionName\":\"…\",\"serveUrl\":\"…\",\"bucket\":\"…\",\"accountId\":\"…\",\"weight\":3}]`; what one leaves out is taken from the settings above",
        "one account, `default`, of the settings above",
    ),
    setting(
        "RENDERGATE_ACCOUNT_POLICY",
        "which account renders what names none: `random` or `round-robin`, both by weight",
        "random",
    ),
    setting("AWS_KEY_n", "access key id of the account named by the number `n`, from 1 without gaps", "none"),
    secret("AWS_SECRET_n", "the secret that belongs to AWS_KEY_n", "none"),
    setting(
        "RENDERGATE_DESTINATIONS",
        "buckets that `copyTo` may name, each optionally with a key prefix: `videos,archive/customers/`; or JSON `[{\"bucket\":\"…\",\"prefix\":\"…\",\"region\":\"…\",\"credentials\":\"…\",\"endpoint\":\"…\"}]`: `credentials` as RENDERGATE_CREDENTIALS, `endpoint` of an S3-compatible store; where one has either, files are streamed through Rendergate",
        "none: copying is off",
    ),
    setting(
        "RENDERGATE_SERVE_URL_HOSTS",
        "hosts at which the `serveUrl` of a request may be, comma-separated: `sites.example.com,*.example.org`; a site's id is always allowed",
        "any",
    ),
    setting(
        "RENDERGATE_WEBHOOK_HOSTS",
        "hosts to which the `webhook.url` and `notify.url` of a request may lead, in the same form",
        "any",
    ),
    setting(
        "RENDERGATE_STATE",
        "where records are kept: `s3://bucket[/prefix]` (a private bucket) or `file:<folder>`",
        "on Lambda none; elsewhere `$XDG_STATE_HOME/rendergate` or `~/.local/state/rendergate`",
    ),
    setting(
        "RENDERGATE_QUEUE_URL",
        "SQS queue of what is to be done later, and of orders with `Prefer: respond-async`; the worker function or `rendergate work` does it",
        "none",
    ),
    setting(
        "RENDERGATE_DEAD_LETTER_QUEUE_URL",
        "SQS queue for messages that are neither a job nor a good order, with the attribute `reason`",
        "they stay on the queue, until its own redrive policy moves them",
    ),
    setting(
        "RENDERGATE_CONCURRENCY",
        "how many functions may run at once for all renders, in each account and region; needs RENDERGATE_STATE. `off`: as many as are ordered. See guides/queue.md",
        "renders from the queue are held to the account's quota, others are not",
    ),
    setting(
        "RENDERGATE_PUBLIC_URL",
        "where Remotion's function can reach this Rendergate, such as `https://api.example.com`: renders with something left to do at their end are started with its webhook `/v1/webhooks/remotion`",
        "none: their end is seen by looking",
    ),
    secret(
        "RENDERGATE_WEBHOOK_SECRET",
        "what Remotion's webhooks to `/v1/webhooks/remotion` are signed with, or `secret:<id>`: the text of a secret",
        "none: webhooks are refused",
    ),
    secret(
        "RENDERGATE_NOTIFY_SECRET",
        "what the events of `notify` are signed with: `whsec_` and 24 to 64 bytes in base64, several with commas while one takes the other's place, the newest first; or `secret:<id>` with such a text",
        "none: `notify` is refused",
    ),
    setting("API_USERNAME", "user name for HTTP Basic", "none"),
    secret(
        "API_PASSWORD",
        "password for HTTP Basic, or `secret:<id>`: the text of a secret, or its JSON member `password`",
        "none",
    ),
    secret(
        "RENDERGATE_API_KEYS",
        "callers and what each may use: `[{\"name\":\"shop\",\"sha256\":\"…\"}]`, `secret:<id>` or `file:<path>`; see below",
        "none",
    ),
    setting("RENDERGATE_ALLOW_ANONYMOUS", "`true` opens the door to everyone", "false"),
    setting(
        "RENDERGATE_CORS_ORIGINS",
        "origins whose pages may call, comma-separated, such as `https://shop.example`; `*` is any. Not behind an HTTP API, which answers browsers itself",
        "none",
    ),
    setting("PORT", "where `serve` listens; 0 takes a free port", "8080"),
    setting(
        "RENDERGATE_HOST",
        "address on which `serve` listens; beyond loopback only with callers configured",
        "127.0.0.1",
    ),
    setting("RENDERGATE_LOG", "log level: trace, debug, info, warn, error, off", "info, or AWS_LAMBDA_LOG_LEVEL"),
    setting("RENDERGATE_LOG_FORMAT", "`json` or `text`", "json on Lambda, text elsewhere"),
    setting(
        "RENDERGATE_METRICS",
        "`emf`: metrics as CloudWatch embedded-metric lines on standard output; `off`",
        "emf on Lambda, off elsewhere",
    ),
    setting("AWS_ENDPOINT_URL", "another endpoint for all of AWS, for local work", "AWS"),
    setting("AWS_ENDPOINT_URL_LAMBDA", "another endpoint for Lambda", "AWS_ENDPOINT_URL"),
    setting("AWS_ENDPOINT_URL_S3", "another endpoint for S3", "AWS_ENDPOINT_URL"),
    setting("AWS_ENDPOINT_URL_STS", "another endpoint for STS", "AWS_ENDPOINT_URL"),
    setting("AWS_ENDPOINT_URL_SQS", "another endpoint for SQS", "AWS_ENDPOINT_URL"),
    setting("AWS_ENDPOINT_URL_SECRETS_MANAGER", "another endpoint for Secrets Manager", "AWS_ENDPOINT_URL"),
    setting(
        "AWS_CA_BUNDLE",
        "PEM file of the authorities that vouch for AWS's hosts and for S3-compatible stores; no others are believed then",
        "Amazon's own for AWS, the machine's for everything else",
    ),
    setting("AWS_REGION", "where we run: secrets and state are looked up here", "RENDERGATE_REGION"),
];

/// Those settings that say where AWS is.
pub(super) const ENDPOINTS: [&str; 6] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
];
