//! Who may speak with the page: only a browser on this machine that means it. And what every answer says for itself.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Where scripts, styles and everything else may come from: from here, or from nowhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    // Not `no-referrer`: a browser would then hide from us where a form comes from.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what does not come from this machine's own page, and adds the headers.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut answer = match refusal(request.method(), request.headers()) {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Why a request is refused. A page elsewhere can make a browser send requests here, under another name that leads to
/// this machine, or from a form of its own.
fn refusal(method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).unwrap_or_default();
    if headers.get_all(header::HOST).iter().count() != 1 || !is_local(host) {
        return Some("This page answers only to 127.0.0.1, localhost and [::1].\n");
    }
    if method == Method::GET || method == Method::HEAD {
        return None;
    }
    let foreign_origin = text(header::ORIGIN).is_some_and(|origin| origin != format!("http://{host}"));
    let foreign_site = text(FETCH_SITE).is_some_and(|site| site != "same-origin");
    (foreign_origin || foreign_site).then_some("This was sent by another page.\n")
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|local| name.eq_ignore_ascii_case(local))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[rstest]
    #[case("127.0.0.1:3210", true)]
    #[case("LOCALHOST", true)]
    #[case("[::1]:80", true)]
    #[case("[::1]", true)]
    #[case("", false)]
    #[case("evil.example:3210", false)]
    #[case("127.0.0.1.evil.example", false)]
    #[case("127.0.0.1:x", false)]
    #[case("localhost:", false)]
    fn only_this_machines_names_are_hosts(#[case] host: &'static str, #[case] welcome: bool) {
        assert_eq!(refusal(&Method::GET, &headers(&[("host", host)])).is_none(), welcome);
    }

    #[rstest]
    #[case(&[], true)]
    #[case(&[("origin", "http://127.0.0.1:3210"), ("sec-fetch-site", "same-origin")], true)]
    #[case(&[("origin", "http://127.0.0.1:3211")], false)]
    #[case(&[("origin", "https://127.0.0.1:3210")], false)]
    #[case(&[("origin", "null")], false)]
    #[case(&[("sec-fetch-site", "cross-site")], false)]
    #[case(&[("sec-fetch-site", "same-site")], false)]
    #[case(&[("sec-fetch-site", "none")], false)]
    fn a_form_of_another_page_is_refused(
        #[case] more: &[(&'static str, &'static str)],
        #[case] welcome: bool,
    ) {
        let mut all = vec![("host", "127.0.0.1:3210")];
        all.extend_from_slice(more);
        assert_eq!(refusal(&Method::POST, &headers(&all)).is_none(), welcome);
        assert_eq!(refusal(&Method::GET, &headers(&all)), None);
    }

    #[test]
    fn two_hosts_are_none() {
        let mut two = headers(&[("host", "localhost")]);
        two.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert!(refusal(&Method::GET, &two).is_some());
    }
}
