//! Getting there: which proxy is in force, and why there is no way.

use std::error::Error;
use std::io;
use std::net::IpAddr;

use axum::http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::{Host, Url};

use crate::config::Environment;

/// What leads to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing stands between.
    Direct,
    /// A proxy is set, and not used for this server.
    PastProxy,
    /// A proxy.
    Proxy {
        /// The variable that names it.
        variable: &'static str,
        /// Its host and port, without what it is logged in with.
        address: String,
    },
}

impl Way {
    /// The way to a URL, by the rules by which the calls go it.
    pub(super) fn to(url: &str, environment: &Environment) -> Self {
        let set = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| environment.get(name).map(|value| (name, value)))
        };
        let secure = url.starts_with("https:");
        let own = set(if secure { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] });
        let Some((variable, value)) = own.or_else(|| set(["ALL_PROXY", "all_proxy"])) else {
            return Self::Direct;
        };
        let past = set(["NO_PROXY", "no_proxy"]).map_or("", |(_, value)| value);
        let matcher = Matcher::builder().all(value.to_owned()).no(past.to_owned()).build();
        let intercepted = url.parse::<Uri>().ok().and_then(|url| matcher.intercept(&url));
        intercepted.map_or(Self::PastProxy, |proxy| {
            let (host, port) = (proxy.uri().host().unwrap_or_default(), proxy.uri().port_u16());
            let address = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            Self::Proxy { variable, address }
        })
    }

    /// In words that follow what was found.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Direct => String::new(),
            Self::PastProxy => ", past the proxy (NO_PROXY)".to_owned(),
            Self::Proxy { variable, address } => format!(", through the proxy {address} ({variable})"),
        }
    }

    /// What to do when nothing came of it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Direct => String::new(),
            Self::PastProxy => "; the proxy is not used because NO_PROXY names this host".to_owned(),
            Self::Proxy { variable, .. } => {
                format!(
                    "; or, if it is in your own network, add its host to NO_PROXY, because {variable} is set"
                )
            }
        }
    }
}

/// Why nothing came back from a server, in words that follow its name.
pub(super) fn trouble(error: &reqwest::Error) -> String {
    let texts = || causes(error).map(|cause| cause.to_string());
    let refused = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    if causes(error).any(is_certificate) {
        "cannot be trusted: its TLS certificate is not valid, not of this name, or signed by nobody known"
            .to_owned()
    } else if causes(error).any(is_tls) {
        "does not speak TLS there".to_owned()
    } else if texts().any(|text| text.contains("tunnel") || text.contains("proxy auth")) {
        "cannot be reached: the proxy does not lead there".to_owned()
    } else if texts().any(|text| text.starts_with("dns error")) {
        "cannot be reached: its name is not known (DNS)".to_owned()
    } else if error.is_timeout() {
        "does not answer in time".to_owned()
    } else if refused.map(io::Error::kind).any(|kind| kind == io::ErrorKind::ConnectionRefused) {
        "cannot be reached: the connection is refused".to_owned()
    } else if error.is_connect() {
        "cannot be reached: there is no connection".to_owned()
    } else {
        "does not answer: the connection broke".to_owned()
    }
}

/// Whether what goes to a URL can be read by others on its way: it is not encrypted, and leaves this machine.
pub(super) fn is_open(url: &str) -> bool {
    let Ok(url) = Url::parse(url.trim()) else { return false };
    let at_home = match url.host() {
        // Of schemes that are not the web's, an address is only a name.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    matches!(url.scheme(), "http" | "redis") && !at_home
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    // What an I/O error wraps is not its source.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<rustls::Error>().is_some()
}

fn is_certificate(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref::<rustls::Error>(), Some(rustls::Error::InvalidCertificate(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(url: &str, variables: &[(&str, &str)]) -> Way {
        Way::to(url, &Environment::from_pairs(variables.iter().copied()))
    }

    #[test]
    fn the_proxy_in_force_is_named_without_its_password() {
        let proxy = ("HTTPS_PROXY", "http://canary:canary@proxy.example:3128");
        let through = way("https://slack.com/api", &[proxy]);
        assert_eq!(through.told(), ", through the proxy proxy.example:3128 (HTTPS_PROXY)");
        assert_eq!(way("http://slack.com/api", &[proxy]), Way::Direct);
        assert_eq!(
            way("https://slack.com/api", &[proxy, ("NO_PROXY", ".slack.com,slack.com")]),
            Way::PastProxy
        );
        let all = way("http://agent.example", &[("all_proxy", "http://proxy.example")]);
        assert!(all.told().contains("proxy.example (all_proxy)"), "{all:?}");
        assert_eq!(way("https://slack.com", &[]), Way::Direct);
    }

    #[test]
    fn what_leaves_this_machine_unencrypted_is_open() {
        for url in ["http://agent.example", "http://10.0.0.7:8000", "redis://redis/1"] {
            assert!(is_open(url), "{url}");
        }
        for url in [
            "https://agent.example",
            "http://localhost:1",
            "http://127.0.0.1",
            "http://[::1]:3",
            "redis://127.0.0.1/1",
            "rediss://r",
        ] {
            assert!(!is_open(url), "{url}");
        }
    }
}
