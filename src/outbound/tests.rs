use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const SOON: Duration = Duration::from_secs(5);

/// Answers every name with the next of these addresses, and counts how often it is asked.
#[derive(Clone, Debug)]
struct Names(Vec<Vec<IpAddr>>, Arc<AtomicUsize>);

impl Names {
    fn to(addresses: &[&[&str]]) -> Self {
        let parse = |one: &&[&str]| one.iter().map(|address| address.parse().unwrap()).collect();
        Self(addresses.iter().map(parse).collect(), Arc::default())
    }

    fn asked(&self) -> usize {
        self.1.load(Ordering::Relaxed)
    }

    fn outbound(&self, limit: Duration, allow_loopback: bool) -> Outbound {
        Outbound::resolving_with(SharedDnsResolver::new(self.clone()), limit, allow_loopback)
    }
}

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, _: &'a str) -> DnsFuture<'a> {
        let time = self.1.fetch_add(1, Ordering::Relaxed);
        DnsFuture::ready(Ok(self.0[time.min(self.0.len() - 1)].clone()))
    }
}

/// A server that answers every request with this, and hands over what it got.
async fn server(answer: &'static str) -> (u16, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (port, got) = (listener.local_addr().unwrap().port(), Arc::<std::sync::Mutex<Vec<String>>>::default());
    let kept = got.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (mut request, mut piece) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"the end") {
                match socket.read(&mut piece).await {
                    Ok(length @ 1..) => request.extend_from_slice(&piece[..length]),
                    _ => break,
                }
            }
            kept.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (port, got)
}

#[tokio::test]
async fn nothing_is_sent_to_an_evil_url() {
    let corpus = include_str!("../../tests/fixtures/evil-urls.txt");
    let lines: Vec<&str> = corpus.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() >= 60);
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let resolved: Vec<&str> = words.iter().copied().filter(|word| word.parse::<IpAddr>().is_ok()).collect();
        let url = words[..words.len() - resolved.len()].join(" ");
        let outbound = Names::to(&[&resolved]).outbound(SOON, false);
        match outbound.post(&url, &[], b"the end".to_vec()).await {
            Err(OutboundError::NotAllowed(_)) => {}
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_public_url_passes_until_it_is_connected() {
    let outbound = Names::to(&[&["93.184.215.14", "2606:4700:4700::1111"]]).outbound(SOON, false);
    for url in ["https://public.example/x?y#z", "https://1.1.1.1:8443/", "https://[2606:4700:4700::1111]/"] {
        let checked = outbound.check(url).unwrap();
        assert_eq!(checked.as_str(), url.trim_end_matches("#z"));
    }
    let public = Public { resolver: SharedDnsResolver::new(Names::to(&[&["93.184.215.14"]])), allow_loopback: false };
    assert_eq!(public.resolve_dns("public.example").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_never_connected() {
    let (port, got) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let names = Names::to(&[&["127.0.0.1"]]);
    let sent = names.outbound(SOON, false).post(&format!("https://rebound.example:{port}/"), &[], vec![]).await;
    assert!(matches!(sent, Err(OutboundError::NotAllowed(NOT_PUBLIC))), "{sent:?}");
    assert_eq!((names.asked(), got.lock().unwrap().len()), (1, 0));
}

#[tokio::test]
async fn the_checked_address_is_the_one_connected_to() {
    let (port, got) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    // Whoever asks twice gets another answer the second time.
    let names = Names::to(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let outbound = names.outbound(SOON, true);
    let url = format!("http://localhost:{port}/events?x=1#y");
    let sent = outbound.post(&url, &[("content-type", "application/json")], b"the end".to_vec()).await;
    assert_eq!(sent.unwrap(), 200);
    assert_eq!(names.asked(), 1);
    let request = got.lock().unwrap().remove(0).to_lowercase();
    assert!(request.starts_with("post /events?x=1 http/1.1\r\n"), "{request}");
    assert!(
        request.contains("content-type: application/json\r\n") && request.ends_with("\r\n\r\nthe end"),
        "{request}"
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, got) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let answer = format!("HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let (port, _) = server(answer.leak()).await;
    let sent = Outbound::new(SOON, true).post(&format!("http://127.0.0.1:{port}/"), &[], b"the end".to_vec()).await;
    assert_eq!((sent.unwrap(), got.lock().unwrap().len()), (307, 0));
}

#[tokio::test]
async fn whoever_does_not_answer_in_time_is_left() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let outbound = Outbound::new(Duration::from_millis(200), true);
    let sent = outbound.post(&format!("http://127.0.0.1:{port}/"), &[], vec![]).await;
    assert!(matches!(sent, Err(OutboundError::NoAnswer(_))), "{sent:?}");
    drop(listener);
    let sent = outbound.post(&format!("http://127.0.0.1:{port}/"), &[], vec![]).await;
    assert!(matches!(sent, Err(OutboundError::NoAnswer(_))), "{sent:?}");
}

#[tokio::test]
async fn loopback_opens_no_other_door() {
    let outbound = Outbound::new(SOON, true);
    assert!(outbound.check("http://127.0.0.1/").is_ok() && outbound.check("https://[::1]/").is_ok());
    for url in [
        "http://1.1.1.1/",
        "http://public.example/",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "https://0.0.0.0/",
    ] {
        assert!(outbound.check(url).is_err(), "{url}");
    }
    let private = Names::to(&[&["10.0.0.1"]]).outbound(SOON, true).post("https://private.example/", &[], vec![]).await;
    assert!(matches!(private, Err(OutboundError::NotAllowed(_))), "{private:?}");
}
