//! A loopback HTTP server that a test scripts: it hands over whole requests and may
//! answer, wait, or cut the connection, which a web framework would not let it do.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::stream::Step;

/// The world outlives every single test, so it runs on a runtime of its own.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// When it had arrived.
    pub(crate) at: Instant,
    pub(crate) method: Method,
    /// As on the wire: still percent-encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// `AKIA…/20261123/us-east-1/s3/aws4_request` of the signature, piece by piece.
    fn scope(&self, piece: usize) -> &str {
        let authorization = self.header(AUTHORIZATION.as_str()).unwrap_or_default();
        let scope = authorization.split("Credential=").nth(1).unwrap_or_default();
        let scope = scope.split(',').next().unwrap_or_default();
        scope.split('/').nth(piece).unwrap_or_default()
    }

    pub(crate) fn access_key(&self) -> &str {
        self.scope(0)
    }

    pub(crate) fn region(&self) -> &str {
        self.scope(2)
    }

    /// `s3`, `lambda`, `sts`, `secretsmanager`: what the request was signed for.
    pub(crate) fn service(&self) -> &str {
        self.scope(3)
    }

    pub(crate) fn session_token(&self) -> Option<&str> {
        self.header("x-amz-security-token")
    }

    /// `s3 PUT /bucket/key`, `secretsmanager POST /`: for messages and for comparing.
    pub(crate) fn summary(&self) -> String {
        format!("{} {} {}", self.service(), self.method, self.path)
    }
}

/// What to do with a request instead of serving it.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) delay: Duration,
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Bytes,
    },
    /// Answer 200, and then piece by piece.
    Stream(Vec<Step>),
    /// Close the connection without a word.
    Cut,
    /// Serve, and close the connection instead of answering.
    Lose,
    /// After the delay, serve as if nothing had happened.
    Serve,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        let deed = Deed::Answer { status, headers: Vec::new(), body: body.into() };
        Self { delay: Duration::ZERO, deed }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).header("content-type", "application/json")
    }

    /// An error in the form of AWS's JSON services (Lambda, Secrets Manager).
    pub(crate) fn aws_json(status: u16, kind: &str, message: &str) -> Self {
        let body = json!({ "__type": kind, "Type": "User", "message": message });
        Self::json(status, &body).header("x-amzn-errortype", kind)
    }

    /// An error in the form of S3.
    pub(crate) fn aws_xml(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
             <Message>{message}</Message><RequestId>TESTREQUEST</RequestId></Error>"
        );
        Self::new(status, body).header("content-type", "application/xml")
    }

    pub(crate) fn cut() -> Self {
        Self { delay: Duration::ZERO, deed: Deed::Cut }
    }

    /// A streamed answer of Lambda.
    pub(crate) fn stream(steps: impl Into<Vec<Step>>) -> Self {
        Self { delay: Duration::ZERO, deed: Deed::Stream(steps.into()) }
    }

    pub(crate) fn lost() -> Self {
        Self { delay: Duration::ZERO, deed: Deed::Lose }
    }

    pub(crate) fn slow(delay: Duration) -> Self {
        Self { delay, deed: Deed::Serve }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let Deed::Answer { headers, .. } = &mut self.deed {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// The answer on the wire; `None` cuts the connection.
pub(crate) type Wire = Option<Response<UnsyncBoxBody<Bytes, BoxError>>>;

/// Serves on a free loopback port until the process ends.
pub(crate) fn listen<F, Fut>(handler: F) -> SocketAddr
where
    F: Fn(Call) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Wire> + Send + 'static,
{
    let listener = RUNTIME.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let address = listener.local_addr().unwrap();
    RUNTIME.spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // Or small pieces of a stream would wait for each other.
            let _ = socket.set_nodelay(true);
            let handler = handler.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let handler = handler.clone();
                async move {
                    let call = receive(request).await?;
                    handler(call).await.ok_or(BoxError::from("cut on purpose"))
                }
            });
            // An error is a connection that was cut, by us or by the program under test.
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service));
        }
    });
    address
}

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn receive(request: Request<Incoming>) -> Result<Call, BoxError> {
    let (head, body) = request.into_parts();
    Ok(Call {
        at: Instant::now(),
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.collect().await?.to_bytes(),
    })
}

pub(crate) fn respond(status: u16, headers: &[(String, String)], body: Bytes) -> Wire {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Some(response.body(whole(body)).unwrap())
}

/// A body in one piece.
pub(crate) fn whole(body: Bytes) -> UnsyncBoxBody<Bytes, BoxError> {
    Full::new(body).map_err(BoxError::from).boxed_unsync()
}

/// A streamed answer of Lambda, made while it is being read.
pub(crate) fn stream(steps: Vec<Step>) -> Wire {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        for step in steps {
            match step {
                // A reader that went away needs no more.
                Step::Send(bytes) => {
                    if sender.send_data(bytes).await.is_err() {
                        return;
                    }
                }
                Step::Pause(time) => tokio::time::sleep(time).await,
                Step::Break => return sender.abort(BoxError::from("broken on purpose")),
            }
        }
    });
    let response = Response::builder().header("content-type", "application/vnd.amazon.eventstream");
    Some(response.body(body.boxed_unsync()).unwrap())
}

pub(crate) fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// `Basic …` as a client sends it.
pub(crate) fn basic(username: &str, password: &str) -> String {
    let pair = format!("{username}:{password}");
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}
