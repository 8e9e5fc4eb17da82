//! The demo with its page, inside the test.

use std::future::IntoFuture;
use std::sync::Arc;

use jiff::tz::TimeZone;
use threadbridge::clock::SystemClock;
use threadbridge::demo::agent::{Brain, DemoAgent, Knowledge};
use threadbridge::demo::page::Served;
use threadbridge::demo::{Own, Stage};
use tokio::net::TcpListener;

/// A stage and its page, on ports of their own.
pub struct Demo {
    pub stage: Arc<Stage>,
    page: Served,
}

impl Demo {
    pub async fn open() -> Self {
        Self::with(Own::default()).await
    }

    pub async fn with(own: Own) -> Self {
        let stage = Arc::new(Stage::open(&own, Arc::new(SystemClock)).await.unwrap());
        let page = Served::open(Arc::clone(&stage), Some(0), TimeZone::UTC).await.unwrap();
        Self { stage, page }
    }

    /// The page's address, without the slash at its end.
    pub fn url(&self) -> &str {
        self.page.url.trim_end_matches('/')
    }

    /// Ends it, and says what was against a rule.
    pub async fn close(self) -> Vec<String> {
        self.page.close().await;
        let violations = self.stage.violations();
        self.stage.close().await;
        violations
    }
}

/// An agent that is none of the demo's; it ends with the test. Returns its address.
#[expect(clippy::disallowed_methods, reason = "a test's servers end with its runtime")]
pub async fn elsewhere() -> String {
    let agent = DemoAgent::new(Brain::Knowledge(Knowledge::from_embedded()), Arc::new(SystemClock));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, agent.router()).into_future().await.unwrap() });
    url
}
