//! A browser: it keeps cookies as browsers do, and shows what people would read.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use url::Url;

use crate::world::{PUBLIC, World};

/// Somebody's browser, at one bridge.
pub struct Browser {
    /// Where the bridge really is; a proxy would know it.
    bridge: String,
    client: reqwest::Client,
    pub cookies: BTreeMap<String, String>,
    /// What the bridge has answered, but for where it leads and what it keeps in the browser.
    pub told: Vec<String>,
}

/// What a browser got.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

impl Page {
    /// Where it leads at once.
    pub fn location(&self) -> String {
        let location = self.headers.get(LOCATION);
        location.unwrap_or_else(|| panic!("{} {}", self.status, self.html)).to_str().unwrap().to_owned()
    }

    /// Where a link or a button of it leads.
    pub fn link(&self, text: &str) -> String {
        let end = self.html.find(&format!(">{text}</a>")).unwrap_or_else(|| panic!("{text}: {}", self.html));
        let href = self.html[..end].rsplit_once("href=\"").unwrap().1;
        href.trim_end_matches('"').replace("&amp;", "&")
    }

    /// What people read: the status, and the words of the page with its links.
    pub fn text(&self) -> String {
        let body = self.html.split_once("<body>").map_or(self.html.as_str(), |(_, body)| body);
        let mut text = format!("{}\n", self.status);
        for piece in body.split('<') {
            let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
            let opens = tag.split([' ', '/']).next().unwrap_or_default();
            match opens {
                "h1" => text.push_str("\n# "),
                "h2" => text.push_str("\n## "),
                "p" => text.push('\n'),
                "li" => text.push_str("\n- "),
                "a" => text.push_str(&format!("[→ {}] ", tag.split('"').rev().nth(1).unwrap_or_default())),
                _ => {}
            }
            text.push_str(words);
            if matches!(tag, "/h1" | "/h2" | "/p") {
                text.push('\n');
            }
        }
        let text =
            text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
        text.trim().to_owned()
    }
}

impl Browser {
    /// A new browser.
    pub fn of(world: &World) -> Self {
        Self::at(&world.bridges[0].url)
    }

    /// A new browser whose requests go to this bridge.
    pub fn at(bridge: &str) -> Self {
        let client = threadbridge::http::local_client().unwrap();
        Self { bridge: bridge.to_owned(), client, cookies: BTreeMap::new(), told: Vec::new() }
    }

    /// Goes to an address, and no further.
    pub async fn get(&mut self, url: &str) -> Page {
        let path = url.strip_prefix(PUBLIC);
        let request = match path {
            Some(path) => self.client.get(format!("{}{path}", self.bridge)),
            None => self.client.get(url),
        };
        // `__Host-` cookies go to their own host.
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies: Vec<String> = cookies.filter(|_| path.is_some()).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let page = self.take(request).await;
        if path.is_some() {
            let shown = page.headers.iter().filter(|(name, _)| **name != LOCATION && **name != SET_COOKIE);
            let shown: Vec<String> = shown.map(|(name, value)| format!("{name}: {value:?}")).collect();
            self.told.push(format!("{}\n{}", shown.join("\n"), page.html));
        }
        page
    }

    /// Allows, or cancels, what Slack's page asks for; returns where that leads.
    pub async fn answers(&mut self, authorize_url: &str, place: &str, answer: &str) -> String {
        let page = self.get(authorize_url).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let action = page.html.split_once("action=\"").unwrap().1.split_once('"').unwrap().0;
        let action = Url::parse(authorize_url).unwrap().join(&action.replace("&amp;", "&")).unwrap();
        let request = self.client.post(action).form(&[("where", place), ("answer", answer)]);
        self.take(request).await.location()
    }

    /// Begins at the install page and goes to Slack; returns the address there.
    pub async fn begins(&mut self) -> String {
        let page = self.get(&format!("{PUBLIC}/slack/install")).await;
        let start = page.link("Add to Slack");
        self.get(&start).await.location()
    }

    /// Begins, and allows it for a team or an organisation; returns where Slack sends the browser back to.
    pub async fn allows(&mut self, place: &str) -> String {
        let authorize = self.begins().await;
        self.answers(&authorize, place, "allow").await
    }

    /// Installs the app, from the install page to the last one.
    pub async fn installs(&mut self, place: &str) -> Page {
        let back = self.allows(place).await;
        self.get(&back).await
    }

    async fn take(&mut self, request: reqwest::RequestBuilder) -> Page {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        Page { status, headers, html: answer.text().await.unwrap() }
    }

    /// Keeps a cookie, as strict as browsers are with this kind.
    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<&str> = parts.collect();
        assert!(name.starts_with("__Host-"), "{cookie}");
        for needed in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(attributes.contains(&needed), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        match attributes.contains(&"Max-Age=0") {
            true => drop(self.cookies.remove(name)),
            false => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
        }
    }
}
