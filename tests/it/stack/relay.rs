//! Passes bytes on to a server of a test: behind TLS, or over connections that can be cut.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::http::RUNTIME;

pub(crate) struct Relay {
    pub(crate) endpoint: String,
    cut: watch::Sender<u32>,
}

impl Relay {
    /// To the server at `to` (`http://127.0.0.1:port`).
    pub(crate) fn start(to: &str) -> Self {
        Self::of(to, None)
    }

    /// The same behind TLS; the certificate of the CA that nobody knows is put into the folder.
    pub(crate) fn tls(to: &str, folder: &Path) -> (Self, PathBuf) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = names.signed_by(&key, &ca).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let bundle = folder.join("ca.pem");
        std::fs::write(&bundle, ca.pem()).unwrap();
        (Self::of(to, Some(TlsAcceptor::from(Arc::new(config)))), bundle)
    }

    fn of(to: &str, tls: Option<TlsAcceptor>) -> Self {
        let to: SocketAddr = to.trim_start_matches("http://").parse().unwrap();
        let listener = RUNTIME.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let endpoint =
            if tls.is_some() { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
        let (cut, seen) = watch::channel(0);
        RUNTIME.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (tls, mut seen) = (tls.clone(), seen.clone());
                seen.mark_unchanged();
                tokio::spawn(async move {
                    let passed = async move {
                        match tls {
                            // Whoever doesn't believe us hangs up.
                            Some(tls) => pass(tls.accept(socket).await?, to).await,
                            None => pass(socket, to).await,
                        }
                    };
                    tokio::select! { _ = passed => {}, _ = seen.changed() => {} }
                });
            }
        });
        Self { endpoint, cut }
    }

    /// Closes all connections there are.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|times| *times += 1);
    }
}

async fn pass(mut from: impl AsyncRead + AsyncWrite + Unpin, to: SocketAddr) -> std::io::Result<()> {
    let mut to = TcpStream::connect(to).await?;
    to.set_nodelay(true)?;
    copy_bidirectional(&mut from, &mut to).await?;
    Ok(())
}
