//! Who tells us of the end of a render, and whom we tell.

use url::{Host, Url};

use super::callers::text_source;
use super::{Config, TextSource};
use crate::notify::SigningKeys;

impl Config {
    /// Whether AWS is on this machine, for local work.
    pub fn is_local(&self) -> bool {
        let url = self.endpoints.get("AWS_ENDPOINT_URL").and_then(|url| Url::parse(url).ok());
        url.is_some_and(|url| match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        })
    }
}

/// Without a slash at its end; the paths of the routes follow.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "https" | "http") && url.has_host() && is_plain && url.password().is_none()
    });
    let expected = || {
        "expected the address at which Remotion's function reaches Rendergate, such as `https://api.example.com`"
            .to_owned()
    };
    url.map(|_| text.trim_end_matches('/').to_owned()).ok_or_else(expected)
}

/// Keys that are wrong are told at start where they stand in the setting itself.
pub(super) fn notify_secret(text: &str) -> Result<TextSource, String> {
    let source = text_source(text)?;
    if let TextSource::Set(keys) = &source {
        SigningKeys::read(keys.expose()).map_err(|error| error.to_string())?;
    }
    Ok(source)
}
