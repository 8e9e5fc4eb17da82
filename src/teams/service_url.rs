//! Where our token may go: every activity names the service URL to answer at, and no signature covers it, so it is one
//! of Microsoft's or one of the operator's, or nothing is sent there.
//!
//! <https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages>

use std::fmt;

use url::{Host, Url};

/// Microsoft's hosts for Teams: the public cloud's, then those of the US government.
const HOSTS: [&str; 4] = [
    "smba.trafficmanager.net",
    "smba.infra.gcc.teams.microsoft.com",
    "smba.infra.gov.teams.microsoft.us",
    "smba.infra.dod.teams.microsoft.us",
];
/// Any host below it is Microsoft's.
const PARENT: &str = ".botframework.com";
/// How long a service URL may be, in bytes.
const MAX_BYTES: usize = 1024;

/// A URL that our token may go to, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl(String);

/// Which service URLs are allowed.
#[derive(Debug, Clone)]
pub struct ServiceUrls {
    /// Hosts in small letters; `None` where only this machine is allowed.
    more: Option<Vec<String>>,
    loopback: bool,
}

/// The service URL is not allowed. It says nothing of the URL, which somebody else wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the service URL is not one of those that are allowed")]
pub struct NotAllowed;

impl ServiceUrl {
    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ServiceUrls {
    /// Microsoft's, and those on `more` hosts, each written as in a URL, without a port.
    pub fn microsoft<T: AsRef<str>>(more: impl IntoIterator<Item = T>) -> Self {
        let more = more.into_iter().map(|host| host.as_ref().trim().to_ascii_lowercase());
        Self { more: Some(more.filter(|host| !host.is_empty()).collect()), loopback: false }
    }

    /// The same and this machine, over http and on any port.
    pub fn and_loopback(self) -> Self {
        Self { loopback: true, ..self }
    }

    /// This machine alone: whoever speaks to us is not known.
    pub fn only_loopback() -> Self {
        Self { more: None, loopback: true }
    }

    /// Checks a service URL as it came: all of it that is not allowed is looked for in the text, because parsers mend URLs.
    ///
    /// # Errors
    /// When our token must not go there.
    pub fn check(&self, text: &str) -> Result<ServiceUrl, NotAllowed> {
        if MAX_BYTES < text.len() || !text.bytes().all(is_plain) {
            return Err(NotAllowed);
        }
        let url = Url::parse(text).map_err(|_| NotAllowed)?;
        let (_, rest) = text.split_once("://").ok_or(NotAllowed)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.strip_suffix('/').unwrap_or(path);
        if !path.is_empty() && path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(NotAllowed);
        }
        let allowed = match (url.scheme(), url.host()) {
            ("https", Some(Host::Domain(host))) => self.has(host) && authority.eq_ignore_ascii_case(host),
            ("http", Some(host)) => self.loopback && is_this_machine(&host),
            _ => false,
        };
        let text = text.strip_suffix('/').unwrap_or(text);
        if allowed { Ok(ServiceUrl(text.to_owned())) } else { Err(NotAllowed) }
    }

    /// Whether a host is allowed over https.
    fn has(&self, host: &str) -> bool {
        let Some(more) = &self.more else { return false };
        let below = host.strip_suffix(PARENT).is_some_and(|name| !name.is_empty());
        HOSTS.contains(&host) || below || more.iter().any(|other| other == host)
    }
}

/// Neither a blank, nor anything that begins user names, queries, fragments or escapes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"@?#%\\\"<>^`{|}".contains(&byte)
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://smba.trafficmanager.net/emea/")]
    #[case("https://smba.trafficmanager.net")]
    #[case("https://SMBA.trafficmanager.net/amer")]
    #[case("https://smba.trafficmanager.net/emea/72f988bf-86f1-41af-91ab-2d7cd011db47/")]
    #[case("https://europe.api.botframework.com/")]
    #[case("https://smba.infra.gcc.teams.microsoft.com/gcc/")]
    #[case("https://smba.infra.gov.teams.microsoft.us/gcch")]
    #[case("https://smba.infra.dod.teams.microsoft.us/dod")]
    #[case("https://canary.botapi.skype.com/amer/")]
    fn microsofts_hosts_and_the_operators_are_allowed(#[case] url: &str) {
        let urls = ServiceUrls::microsoft(["", " Canary.botapi.skype.com"]);
        assert_eq!(urls.check(url).unwrap().as_str(), url.trim_end_matches('/'));
        assert_eq!(ServiceUrls::only_loopback().check(url), Err(NotAllowed));
    }

    #[rstest]
    #[case::another_host("https://evil.example/")]
    #[case::not_encrypted("http://smba.trafficmanager.net/emea/")]
    #[case::other_scheme("ftp://smba.trafficmanager.net/")]
    #[case::a_prefix("https://smba.trafficmanager.net.evil.example/")]
    #[case::a_suffix("https://evilsmba.trafficmanager.net/")]
    #[case::a_neighbour("https://other.trafficmanager.net/")]
    #[case::below_it("https://x.smba.trafficmanager.net/")]
    #[case::the_parent_alone("https://botframework.com/")]
    #[case::no_parent("https://.botframework.com/")]
    #[case::like_the_parent("https://evilbotframework.com/")]
    #[case::a_root_dot("https://smba.trafficmanager.net./emea/")]
    #[case::too_broad("https://graph.microsoft.com/")]
    #[case::storage("https://x.blob.core.windows.net/")]
    #[case::user("https://user@smba.trafficmanager.net/")]
    #[case::user_that_looks_like_a_host("https://smba.trafficmanager.net@evil.example/")]
    #[case::port("https://smba.trafficmanager.net:8443/")]
    #[case::default_port("https://smba.trafficmanager.net:443/")]
    #[case::no_port("https://smba.trafficmanager.net:/")]
    #[case::query("https://smba.trafficmanager.net/?a=b")]
    #[case::empty_query("https://smba.trafficmanager.net/emea?")]
    #[case::fragment("https://smba.trafficmanager.net/emea#x")]
    #[case::empty_segment("https://smba.trafficmanager.net/emea//x")]
    #[case::two_slashes("https://smba.trafficmanager.net/emea//")]
    #[case::three_slashes("https:///smba.trafficmanager.net/emea")]
    #[case::one_slash("https:/smba.trafficmanager.net/emea")]
    #[case::dot("https://smba.trafficmanager.net/./emea")]
    #[case::dots("https://smba.trafficmanager.net/emea/..")]
    #[case::escaped_dots("https://smba.trafficmanager.net/%2e%2e/emea")]
    #[case::backslash("https://smba.trafficmanager.net\\@evil.example/")]
    #[case::blank(" https://smba.trafficmanager.net/")]
    #[case::tab("https://smba.traffic\tmanager.net/")]
    #[case::new_line("https://smba.trafficmanager.net/\n")]
    #[case::other_letters("https://smba.trafficmanager.net/é")]
    #[case::look_alike("https://smba.trafficmanager。net/")]
    #[case::address("https://127.0.0.1/")]
    #[case::this_machine("http://127.0.0.1:3978/")]
    #[case::encrypted_localhost("https://localhost/")]
    #[case::nothing("")]
    #[case::no_url("smba.trafficmanager.net/emea/")]
    fn anything_else_is_refused(#[case] url: &str) {
        assert_eq!(ServiceUrls::microsoft(["canary.botapi.skype.com"]).check(url), Err(NotAllowed));
    }

    #[rstest]
    #[case("http://localhost:56150/_connector", true)]
    #[case("http://127.0.0.1:56150/_connector/", true)]
    #[case("http://127.9.9.9/", true)]
    #[case("http://[::1]:3978", true)]
    #[case("http://0.0.0.0:3978/", false)]
    #[case("http://[::ffff:127.0.0.1]/", false)]
    #[case("http://localhost.evil.example/", false)]
    #[case("http://169.254.169.254/metadata", false)]
    #[case("http://10.0.0.1/", false)]
    #[case("http://user@localhost/", false)]
    #[case("http://localhost/../x", false)]
    fn this_machine_is_allowed_where_it_is_said(#[case] url: &str, #[case] allowed: bool) {
        assert_eq!(ServiceUrls::only_loopback().check(url).is_ok(), allowed);
        assert_eq!(ServiceUrls::microsoft([""; 0]).and_loopback().check(url).is_ok(), allowed);
        assert_eq!(ServiceUrls::microsoft([""; 0]).check(url), Err(NotAllowed));
    }

    #[test]
    fn a_long_url_is_refused() {
        let url = format!("https://smba.trafficmanager.net/{}", "a".repeat(MAX_BYTES));
        assert_eq!(ServiceUrls::microsoft([""; 0]).check(&url), Err(NotAllowed));
    }

    proptest! {
        #[test]
        fn what_is_allowed_leads_where_it_says(
            url in r"https?://[a-z@:\\/.?#%]{0,8}(smba\.trafficmanager\.net|x\.botframework\.com)[a-z@:\\/.?#%]{0,12}",
        ) {
            if let Ok(allowed) = ServiceUrls::microsoft([""; 0]).check(&url) {
                let parsed = Url::parse(allowed.as_str()).unwrap();
                let host = parsed.host_str().unwrap();
                prop_assert!(host == "smba.trafficmanager.net" || host.ends_with(".botframework.com"), "{}", url);
                prop_assert_eq!(parsed.scheme(), "https");
                prop_assert_eq!(parsed.as_str().trim_end_matches('/'), url.trim_end_matches('/'));
            }
        }
    }
}
