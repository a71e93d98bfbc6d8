//! Where no connection to Lambda came about nothing ran; where one did and broke, nobody knows.

use std::net::TcpListener;

use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};

use crate::once::send;
use crate::orders::accepted;
use crate::stack::http::RUNTIME;
use crate::stack::queue::{batch, failures};
use crate::stack::{Function, Server, World, minimal};

/// A port at which nobody listens.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Whose queue of connections is full, so that a further one is never taken: it lasts as long as what is returned.
fn full() -> (String, Vec<TcpStream>, tokio::net::TcpListener) {
    RUNTIME.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        let patience = std::time::Duration::from_millis(500);
        while let Ok(taken) = tokio::time::timeout(patience, TcpStream::connect(address)).await {
            waiting.push(taken.unwrap());
        }
        (format!("http://{address}"), waiting, listener)
    })
}

/// Accepts and hangs up, whatever comes.
fn hangs_up() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    format!("http://{address}")
}

fn refused(server: &Server) -> Value {
    let answer = send(server, "k", &minimal());
    let status = answer.status;
    answer.problem(status, if status == 504 { "timeout" } else { "aws_unavailable" })
}

#[test]
fn what_never_connected_started_nothing() {
    let world = World::new();
    let no_tls = world.lambda.endpoint.replace("http://", "https://");
    let (full, _waiting, _listener) = full();
    for (endpoint, code) in [
        (closed(), "aws_unavailable"),
        ("http://nowhere.invalid".to_owned(), "aws_unavailable"),
        (no_tls, "aws_unavailable"),
        (full, "timeout"),
    ] {
        let server = world.settings().set("AWS_ENDPOINT_URL_LAMBDA", &endpoint).serve();
        for _ in 0..2 {
            let problem = refused(&server);
            assert_eq!((&problem["code"], &problem["mayHaveStarted"]), (&json!(code), &Value::Null), "{endpoint}");
        }
    }
    send(&world.serve(), "k", &minimal()).expect(202);
    assert_eq!(world.lambda.payloads().len(), 1);
}

#[test]
fn a_queued_order_that_never_connected_is_started_later() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.serve();
    let (path, message) = accepted(&server, &minimal());
    let worker = Function::worker(&jobs.settings.clone().set("AWS_ENDPOINT_URL_LAMBDA", closed()));
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), Vec::<&str>::new());
    worker.forget();
    assert_eq!(server.get(&path).expect(200)["status"], "queued");
    assert_eq!(world.moto.messages(&jobs.queue), [1, 0, 1], "it comes back after a pause");
    let worker = Function::worker(&jobs.settings);
    for _ in 0..2 {
        worker.invoke(&batch(&[("m", &message)]));
    }
    worker.forget();
    assert_eq!(server.get(&path).expect(200)["status"], "rendering");
    assert_eq!(world.lambda.payloads().len(), 1);
}

#[test]
fn what_was_connected_may_have_started() {
    let world = World::new();
    let jobs = world.with_queue();
    let server = jobs.settings.clone().set("AWS_ENDPOINT_URL_LAMBDA", hangs_up()).serve();
    assert_eq!(refused(&server)["mayHaveStarted"], true);
    send(&server, "k", &minimal()).problem(409, "start_unknown");
    let (path, message) = accepted(&server, &minimal());
    let worker = Function::worker(&jobs.settings.clone().set("AWS_ENDPOINT_URL_LAMBDA", hangs_up()));
    assert_eq!(failures(&worker.invoke(&batch(&[("m", &message)]))), Vec::<&str>::new());
    worker.forget();
    assert_eq!(server.get(&path).expect(200)["error"]["code"], "start_unknown");
}
