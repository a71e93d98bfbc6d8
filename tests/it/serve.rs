//! The server as a process: it ends when asked to, without cutting anybody off.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::stack::{World, minimal};

#[test]
fn a_request_that_runs_is_answered_before_the_server_ends() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.get_with(&render.path(""), &[("prefer", "wait=15")]));
        // It has looked once and found the render unfinished: now it waits.
        while world.aws.calls_like("/progress.json").is_empty() && !waiting.is_finished() {
            std::thread::sleep(Duration::from_millis(10));
        }
        server.terminate();
        world.finishes(&render.render_id);
        assert_eq!(waiting.join().unwrap().expect(200)["status"], "done");
    });
    // Stopping it once more finds it on its way out, or gone with exit code 0.
    server.stop();
}

/// Whoever keeps connections must know which one is no use any more.
#[test]
fn a_body_that_is_refused_unread_ends_its_connection_openly() {
    let world = World::new();
    let server = world.settings().set("API_USERNAME", "me").set("API_PASSWORD", "a-password-canary").serve();
    let answered = |length: usize| {
        let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        let head = "POST /v1/renders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
        write!(socket, "{head}content-length: {length}\r\n\r\n").unwrap();
        let mut answer = [0; 4096];
        let read = socket.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    };
    let (small, large) = (answered(20), answered(1_000_000));
    assert!(small.starts_with("HTTP/1.1 401") && large.starts_with("HTTP/1.1 401"), "{small}{large}");
    assert!(large.contains("connection: close") && !small.contains("connection: close"), "{small}{large}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let world = World::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let finished = world.settings().set("PORT", &port).run(&["serve"]);
    assert!(finished.code != Some(0) && finished.stderr.contains(&port), "{finished:?}");
}
