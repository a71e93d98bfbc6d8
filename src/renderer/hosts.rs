//! The hosts that addresses in orders may name.

use std::str::FromStr;

use url::Url;

use crate::accounts::not_allowed;
use crate::error::{Error, Kind, Result};

/// Hosts by their names: the value of `RENDERGATE_WEBHOOK_HOSTS` and `RENDERGATE_SERVE_URL_HOSTS`, such as
/// `hooks.example.com,*.example.org`. Without it any host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Option<Vec<String>>);

impl Hosts {
    /// Refuses an address at another host; `field` is the request's name for it. Addresses are read as browsers
    /// and Node read them (<https://url.spec.whatwg.org>), because they are the ones to go there.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] with the host; the rest of an address may hold a password.
    pub fn check(&self, field: &str, address: &str) -> Result<()> {
        let Some(hosts) = &self.0 else { return Ok(()) };
        let url = Url::parse(address).map_err(|_| Error::field(field, "an address with a host"))?;
        let host = url.host_str().unwrap_or_default();
        let is = |allowed: &String| match allowed.strip_prefix('*') {
            Some(behind) => host.ends_with(behind),
            None => host == allowed,
        };
        if hosts.iter().any(is) { Ok(()) } else { Err(not_allowed(field, host)) }
    }

    /// The same for a site, where what is no address is an id in the render bucket.
    ///
    /// # Errors
    /// As [`Hosts::check`].
    pub fn check_site(&self, field: &str, url_or_id: &str) -> Result<()> {
        // The function knows schemes in lower case only.
        let is_address = ["http://", "https://"].iter().any(|scheme| url_or_id.starts_with(scheme));
        if is_address { self.check(field, url_or_id) } else { Ok(()) }
    }
}

impl FromStr for Hosts {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        // As it stands in an address: in lower case, letters beyond ASCII in punycode, without port.
        let is_host = |host: &str| {
            let name = host.strip_prefix("*.").unwrap_or(host);
            Url::parse(&format!("https://{name}/")).is_ok_and(|url| url.host_str() == Some(name) && !name.contains('*'))
        };
        let hosts: Vec<String> = text.split(',').map(|host| host.trim().to_owned()).collect();
        match hosts.iter().find(|host| !is_host(host)) {
            None => Ok(Self(Some(hosts))),
            Some(wrong) => Err(Error::new(
                Kind::Config,
                format!(
                    "`{wrong}` is no host; expected names such as `hooks.example.com`, several with commas; `*.example.org` is every host below that one"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_hosts_are_allowed_however_an_address_is_written() {
        let hosts: Hosts =
            "hooks.example.com, *.example.org, 203.0.113.7, xn--bcher-kva.example, [2001:db8::7]".parse().unwrap();
        for good in [
            "https://hooks.example.com/x",
            "http://hooks.example.com:8443",
            "https://HOOKS.example.com/",
            "https://user:password@hooks.example.com/",
            "https://a.example.org/",
            "https://a.b.example.org/",
            "https://bücher.example/",
            "https://3405803783/",
            "https://203.0.113.7:1/",
            "https://[2001:db8:0::7]/",
            "https:hooks.example.com",
        ] {
            assert!(hosts.check("webhook.url", good).is_ok(), "{good}");
        }
        for evil in [
            "https://evil.example/",
            "https://hooks.example.com.evil.example/",
            "https://hooks.example.com@evil.example/",
            "https://evil.example\\@hooks.example.com/",
            "https://evil.example/https://hooks.example.com/",
            "https://evil.example?hooks.example.com",
            "https://evil.example#@hooks.example.com/",
            "https://evil.example\t/.hooks.example.com",
            "https://example.org/",
            "https://evilexample.org/",
            "https://hooks.example.com./",
            "https://hооks.example.com/",
            "https://hooks\u{3002}evil.example/",
            "https://a.example.org%2eevil.example/",
            "data:text/html,hooks.example.com",
            "https://",
            "hooks.example.com",
            "",
        ] {
            let error = hosts.check("webhook.url", evil).unwrap_err();
            assert!(error.members()["field"] == "webhook.url", "{evil}: {error}");
        }
        let error = hosts.check("webhook.url", "https://user:CANARY@evil.example/CANARY?CANARY").unwrap_err();
        assert!(error.detail().contains("`evil.example`") && !error.detail().contains("CANARY"), "{error}");
        assert!(Hosts::default().check("webhook.url", "https://any.example").is_ok());
    }

    #[test]
    fn a_site_s_id_names_no_host() {
        let hosts: Hosts = "sites.example.com".parse().unwrap();
        for fine in ["my-site", "https://sites.example.com/x/index.html", "HTTPS://evil.example"] {
            assert!(hosts.check_site("serveUrl", fine).is_ok(), "{fine}");
        }
        assert!(hosts.check_site("serveUrl", "http://evil.example/").is_err());
    }

    #[test]
    fn what_can_t_be_a_host_is_refused() {
        for wrong in [
            "",
            "a,,b",
            "https://a.example",
            "a.example/",
            "A.example",
            "a.example:80",
            "*",
            "*.",
            "a@b",
            "bücher.example",
            "*a.example",
        ] {
            assert!(wrong.parse::<Hosts>().is_err(), "{wrong}");
        }
    }
}
