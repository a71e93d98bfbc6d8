//! Requests to addresses that callers name: to public hosts by HTTPS only.
//!
//! What is checked is the address that is connected to: names are resolved by the connection itself, and no
//! connection is made where one of their addresses is not public. Redirects are not followed, proxies of the
//! environment are not used.

mod address;

use std::error::Error as StdError;
use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError, SharedDnsResolver};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use url::{Host, Url};

use address::is_public;

/// Sends requests to public hosts.
#[derive(Debug)]
pub struct Outbound {
    resolver: Public,
    /// Made when first needed: that reads all root certificates of this machine.
    connector: OnceLock<Connector>,
    allow_loopback: bool,
    limit: Duration,
}

/// Why a request got no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum OutboundError {
    /// Nothing may be sent there: why. Trying again is of no use.
    NotAllowed(&'static str),
    /// No connection, no answer, or not in time. It may have arrived. For the log.
    NoAnswer(Box<dyn StdError + Send + Sync>),
}

const NOT_PUBLIC: &str = "its host has an address that is not public";

impl Outbound {
    /// Nothing is sent yet. `limit` is for one request with its answer. With `allow_loopback`, for local work,
    /// this machine may be reached, without TLS too.
    pub fn new(limit: Duration, allow_loopback: bool) -> Self {
        Self::resolving_with(SharedDnsResolver::new(System), limit, allow_loopback)
    }

    fn resolving_with(resolver: SharedDnsResolver, limit: Duration, allow_loopback: bool) -> Self {
        let resolver = Public { resolver, allow_loopback };
        Self { resolver, connector: OnceLock::new(), allow_loopback, limit }
    }

    fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| {
            Connector::builder()
                .proxy_config(ProxyConfig::disabled())
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build_with_resolver(self.resolver.clone())
        })
    }

    /// Posts a body, and returns the answer's status; of a redirect its own. The answer's body is not read.
    ///
    /// # Errors
    /// [`OutboundError`]
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<u16, OutboundError> {
        let url = self.check(url)?;
        let wrong = |_| OutboundError::NotAllowed("it can't be written as a request");
        let mut request = HttpRequest::new(body.into());
        request.set_method("POST").map_err(wrong)?;
        request.set_uri(url.as_str()).map_err(wrong)?;
        for (name, value) in headers {
            request.headers_mut().try_insert((*name).to_owned(), (*value).to_owned()).map_err(wrong)?;
        }
        match tokio::time::timeout(self.limit, self.connector().call(request)).await {
            Ok(Ok(response)) => Ok(response.status().as_u16()),
            Ok(Err(error)) if is_refusal(&error) => Err(OutboundError::NotAllowed(NOT_PUBLIC)),
            Ok(Err(error)) => Err(OutboundError::NoAnswer(error.into())),
            Err(late) => Err(OutboundError::NoAnswer(late.into())),
        }
    }

    /// What can be said of an address without asking for its host.
    ///
    /// # Errors
    /// [`OutboundError::NotAllowed`]
    pub fn check(&self, url: &str) -> Result<Url, OutboundError> {
        let mut url = Url::parse(url).map_err(|_| OutboundError::NotAllowed("it is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::NotAllowed("it holds a user's name or password"));
        }
        let host = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(name)) if !name.is_empty() => None,
            _ => return Err(OutboundError::NotAllowed("it has no host")),
        };
        // A connection asks no resolver for what is an address already.
        if host.is_some_and(|address| !may_connect(address, self.allow_loopback)) {
            return Err(OutboundError::NotAllowed(NOT_PUBLIC));
        }
        let is_here = host.is_some_and(|address| address.is_loopback()) || url.domain() == Some("localhost");
        match url.scheme() {
            "https" => {}
            "http" if self.allow_loopback && is_here => {}
            _ => return Err(OutboundError::NotAllowed("it does not begin with https://")),
        }
        url.set_fragment(None);
        Ok(url)
    }
}

impl fmt::Display for OutboundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed(why) => write!(f, "nothing is sent to this URL: {why}"),
            Self::NoAnswer(_) => f.write_str("no answer"),
        }
    }
}

impl StdError for OutboundError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::NotAllowed(_) => None,
            Self::NoAnswer(source) => Some(&**source),
        }
    }
}

fn may_connect(address: IpAddr, allow_loopback: bool) -> bool {
    is_public(address) || allow_loopback && address.is_loopback()
}

/// A name that leads to an address where nothing may be sent.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NOT_PUBLIC)
    }
}

impl StdError for NotPublic {}

fn is_refusal(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(|error| error.is::<NotPublic>())
}

/// Resolves names for connections, all of whose addresses must be fit to connect to.
#[derive(Clone, Debug)]
struct Public {
    resolver: SharedDnsResolver,
    allow_loopback: bool,
}

impl ResolveDns for Public {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let addresses = self.resolver.resolve_dns(name).await?;
            let fit = addresses.iter().all(|address| may_connect(*address, self.allow_loopback));
            if fit { Ok(addresses) } else { Err(ResolveDnsError::new(NotPublic)) }
        })
    }
}

/// The operating system's resolver.
#[derive(Debug)]
struct System;

impl ResolveDns for System {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let found = tokio::net::lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

#[cfg(test)]
mod tests;
