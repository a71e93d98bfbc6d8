//! A server, and requests to it: each connection sends its next request when it has the answer to the last.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::options::Options;
use crate::process::Process;
use crate::stats::Samples;

/// `bench:bench-bench-bench`.
const AUTHORIZATION: &str = "Basic YmVuY2g6YmVuY2gtYmVuY2gtYmVuY2g=";

pub struct Server {
    pub process: Process,
    /// From the spawn to the first connection.
    pub start: Duration,
    port: u16,
}

/// One kind of request, sent again and again.
#[derive(Clone)]
pub struct Sent {
    pub method: &'static str,
    pub path: String,
    pub body: Bytes,
}

pub struct Connection(SendRequest<Full<Bytes>>);

impl Server {
    pub async fn spawn(options: &Options, name: &str, command: &[String], environment: &[(String, String)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let mut environment = environment.to_vec();
        environment.push(("PORT".into(), port.to_string()));
        let began = Instant::now();
        let name = format!("server {name}");
        let mut process = Process::spawn(&name, &options.run("logs"), command, &environment);
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(
                !process.has_ended() && began.elapsed() < Duration::from_secs(60),
                "{name} did not start: see its log"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Self { process, start: began.elapsed(), port }
    }

    pub async fn connect(&self) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        stream.set_nodelay(true).ok();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        Connection(sender)
    }

    /// So many connections for so long: the time of each answer.
    pub async fn load(&self, connections: usize, time: Duration, sent: &Sent) -> Samples {
        let mut tasks = Vec::new();
        let until = Instant::now() + time;
        for _ in 0..connections {
            let (mut connection, sent) = (self.connect().await, sent.clone());
            tasks.push(tokio::spawn(async move {
                let mut samples = Samples::default();
                while Instant::now() < until {
                    samples.add(connection.send(&sent).await.0);
                }
                samples
            }));
        }
        let mut all = Samples::default();
        for task in tasks {
            all.append(task.await.expect("a connection's end"));
        }
        all
    }

    /// One after the other.
    pub async fn sequence(&self, count: usize, sent: &Sent) -> Samples {
        let mut connection = self.connect().await;
        let mut samples = Samples::default();
        for _ in 0..count {
            samples.add(connection.send(sent).await.0);
        }
        samples
    }
}

impl Connection {
    pub async fn send(&mut self, sent: &Sent) -> (Duration, Bytes) {
        let request = Request::builder().method(sent.method).uri(&sent.path).header("host", "127.0.0.1");
        let request = request.header("content-type", "application/json").header("authorization", AUTHORIZATION);
        let request = request.body(Full::new(sent.body.clone())).expect("a request");
        let began = Instant::now();
        self.0.ready().await.expect("a connection that lives");
        let response = self.0.send_request(request).await.expect("an answer");
        let status = response.status();
        let body = response.into_body().collect().await.expect("a whole answer").to_bytes();
        let time = began.elapsed();
        assert!(status.is_success(), "{} {}: {status} {}", sent.method, sent.path, String::from_utf8_lossy(&body));
        (time, body)
    }
}
