use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

#[test]
fn only_the_hosts_of_commercial_regions_are_amazon_s_own() {
    for own in [
        "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/x/invocations",
        "https://bucket.s3.eu-central-1.amazonaws.com/key?x-id=GetObject",
        "https://sqs.us-east-1.amazonaws.com:443/",
        "https://vpce-1.lambda.us-east-1.vpce.amazonaws.com",
        "http://127.0.0.1:9000/",
    ] {
        assert!(is_amazons(own), "{own}");
    }
    for other in [
        "https://lambda.us-gov-west-1.amazonaws.com/",
        "https://bucket.s3.us-gov-east-1.amazonaws.com/key",
        "https://s3.cn-north-1.amazonaws.com.cn/",
        "https://lambda.eusc-de-east-1.amazonaws.eu/",
        "https://lambda.us-east-1.api.aws/",
        "https://notamazonaws.com/",
        "https://store.example/https://x.amazonaws.com/",
        "https://store.example?x=.amazonaws.com",
    ] {
        assert!(!is_amazons(other), "{other}");
    }
}

#[test]
fn of_a_bundle_what_can_be_used_is() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let mixed = Authorities::from_pem(format!("{broken}{AMAZON}{broken}").as_bytes()).unwrap();
    // Building it is what panics at certificates that can't be used.
    let pools = Pools::new(Some(&mixed));
    connector(&pools, "https://store.example/");
    for none in ["", "no certificate", broken] {
        assert!(Authorities::from_pem(none.as_bytes()).is_err(), "{none}");
    }
}

#[test]
fn all_of_amazon_s_roots_are_there_and_good() {
    let ours: Vec<_> = CertificateDer::pem_slice_iter(AMAZON.as_bytes()).collect::<Result<_, _>>().unwrap();
    assert_eq!(RootCertStore::empty().add_parsable_certificates(ours), (5, 0));
}

#[tokio::test]
async fn a_connection_that_was_not_used_for_long_is_not_used_again() {
    let (address, connections) = keep_alive().await;
    let ours = Connections::new(None);
    let now = SystemTime::now();
    for (after, expected) in [(0, 1), (15, 1), (30, 1), (60, 2), (70, 2)] {
        let pools = ours.pools(now + Duration::from_secs(after));
        let request = HttpRequest::get(format!("http://{address}/")).unwrap();
        let answer = connector(&pools, request.uri()).call(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
        assert_eq!(connections.load(Ordering::Relaxed), expected, "after {after} s");
        // The connection goes back to its pool a moment after the answer.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn connector(pools: &Pools, uri: &str) -> SharedHttpConnector {
    let components = RuntimeComponentsBuilder::for_tests().with_time_source(Some(SystemTimeSource::new()));
    let components = components.build().unwrap();
    pools.of(uri).http_connector(&HttpConnectorSettings::default(), &components)
}

/// A server that closes nothing, and the number of connections that were made to it.
async fn keep_alive() -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
    let count = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut piece = [0; 4096];
                while let Ok(1..) = socket.read(&mut piece).await {
                    let _ = socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                }
            });
        }
    });
    (address, connections)
}
