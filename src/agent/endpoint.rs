//! The URLs of the six endpoints, exact to the slash.

use url::{Url, form_urlencoded};

use super::SettingsError;
use crate::chat::{AgentKind, FailureId};

/// The agent's base URL.
#[derive(Debug, Clone)]
pub(super) struct Base(Url);

impl Base {
    /// Reads a base URL; it may have a path of its own and a trailing slash.
    pub(super) fn parse(text: &str) -> Result<Self, SettingsError> {
        if text.trim().is_empty() {
            return Err(SettingsError::NoUrl);
        }
        let url = Url::parse(text).map_err(SettingsError::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SettingsError::NotHttp);
        }
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if bare { Ok(Self(url)) } else { Err(SettingsError::NotBare) }
    }

    pub(super) fn chat(&self, kind: AgentKind) -> Url {
        self.at(&format!("/api/agent/{kind}/"))
    }

    pub(super) fn failure(&self) -> Url {
        self.at("/api/agent-failure/")
    }

    /// `None` when the id cannot stand in a path.
    pub(super) fn create_ticket(&self, failure: &FailureId) -> Option<Url> {
        Some(self.at(&format!("/api/agent-failure/{}/create-ticket", segment(failure.as_str())?)))
    }

    /// `None` when the id cannot stand in a path.
    pub(super) fn decline(&self, failure: &FailureId) -> Option<Url> {
        Some(self.at(&format!("/api/agent-failure/{}/decline", segment(failure.as_str())?)))
    }

    pub(super) fn feedback(&self) -> Url {
        self.at("/api/feedback")
    }

    pub(super) fn health(&self) -> Url {
        self.at("/api/health")
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }
}

/// Whether a text can be one segment of a path: `.` and `..` cannot, not even percent-encoded.
pub(super) fn fits_a_path(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
}

fn segment(text: &str) -> Option<String> {
    // The form encoding leaves a subset of what a path may hold as it is; only its space is its own,
    // and a literal `+` has become `%2B` by then.
    let encoded = || form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    fits_a_path(text).then(encoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_endpoint_has_the_slash_of_the_contract() {
        for base in ["https://agent.example.com", "https://agent.example.com/"] {
            let base = Base::parse(base).unwrap();
            let id = FailureId::from("abc-123-def");
            let root = "https://agent.example.com/api";
            assert_eq!(base.chat(AgentKind::Support).as_str(), format!("{root}/agent/support/"));
            assert_eq!(base.failure().as_str(), format!("{root}/agent-failure/"));
            let ticket = base.create_ticket(&id).unwrap();
            assert_eq!(ticket.as_str(), format!("{root}/agent-failure/abc-123-def/create-ticket"));
            let decline = base.decline(&id).unwrap();
            assert_eq!(decline.as_str(), format!("{root}/agent-failure/abc-123-def/decline"));
            assert_eq!(base.feedback().as_str(), format!("{root}/feedback"));
            assert_eq!(base.health().as_str(), format!("{root}/health"));
        }
    }

    #[test]
    fn a_base_url_keeps_its_own_path() {
        let base = Base::parse("http://localhost:8000/crm/").unwrap();
        assert_eq!(base.health().as_str(), "http://localhost:8000/crm/api/health");
    }

    #[test]
    fn a_base_url_that_is_not_bare_http_is_refused() {
        assert!(matches!(Base::parse("agent.example.com"), Err(SettingsError::NotAUrl(_))));
        assert_eq!(Base::parse(" ").unwrap_err(), SettingsError::NoUrl);
        assert_eq!(Base::parse("ftp://a").unwrap_err(), SettingsError::NotHttp);
        for url in ["http://u@a", "http://:p@a", "http://a/?q=1", "http://a/#f"] {
            assert_eq!(Base::parse(url).unwrap_err(), SettingsError::NotBare);
        }
    }

    #[test]
    fn an_id_that_would_change_the_path_is_encoded_or_refused() {
        let base = Base::parse("http://a").unwrap();
        let path = |id: &str| base.decline(&FailureId::from(id)).map(|url| url.path().to_owned());
        assert_eq!(path("../x").as_deref(), Some("/api/agent-failure/..%2Fx/decline"));
        assert_eq!(
            path("a b+c?d#e%2e").as_deref(),
            Some("/api/agent-failure/a%20b%2Bc%3Fd%23e%252e/decline")
        );
        assert_eq!(path("..."), Some("/api/agent-failure/.../decline".to_owned()));
        for id in ["", ".", ".."] {
            assert_eq!(path(id), None);
        }
    }

    proptest! {
        #[test]
        fn any_id_stays_one_segment_and_touches_nothing_else(id in any::<String>()) {
            let base = Base::parse("https://agent.example.com/crm").unwrap();
            let Some(url) = base.create_ticket(&FailureId::from(id.clone())) else {
                prop_assert!(!fits_a_path(&id));
                return Ok(());
            };
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 5);
            prop_assert_eq!(&segments[..3], &["crm", "api", "agent-failure"]);
            prop_assert_eq!(segments[4], "create-ticket");
            prop_assert!(url.query().is_none() && url.fragment().is_none());
            let back = form_urlencoded::parse(segments[3].as_bytes()).next().unwrap();
            prop_assert_eq!(back.0.as_ref(), id.as_str());
        }
    }
}
