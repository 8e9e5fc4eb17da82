//! A real browser: Debian's chromium, driven by its chromedriver.
//!
//! One chromedriver serves all tests that run at the same time and ends with the last of them. Where there is none, a
//! browser test says that it is skipped; with `CI=true` that is a failure.

use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

use crate::demo::Demo;

/// How long to wait for what must come. Nothing takes that long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a window is like.
#[derive(Clone, Copy)]
pub struct Window {
    pub width: u32,
    pub height: u32,
    pub dark: bool,
    pub phone: bool,
}

pub const DESKTOP: Window = Window { width: 1440, height: 900, dark: false, phone: false };
pub const PHONE: Window = Window { width: 390, height: 844, dark: false, phone: true };

/// A window of the browser that shows a demo's page.
pub struct Tab {
    pub demo: Demo,
    pub client: Client,
}

/// Opens a demo in a browser, and ends both after the test, also when it fails.
pub async fn browse(window: Window, test: impl AsyncFnOnce(&Tab)) {
    let Some(driver) = Driver::running() else { return };
    let demo = Demo::open().await;
    let client = driver.open(window).await;
    let tab = Tab { demo, client };
    tab.client.goto(&format!("{}/?as=U0JANE&channel=C0LETTINGS", tab.demo.url())).await.unwrap();
    let outcome = AssertUnwindSafe(test(&tab)).catch_unwind().await;
    let Tab { demo, client } = tab;
    client.close().await.unwrap();
    let violations = demo.close().await;
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
    assert_eq!(violations, [""; 0]);
}

impl Tab {
    /// Goes to a part of the page by its query.
    pub async fn goto(&self, query: &str) {
        self.client.goto(&format!("{}/?{query}", self.demo.url())).await.unwrap();
    }

    /// The element, once it is there.
    pub async fn find(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE);
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error} {}", self.state().await),
        }
    }

    /// The innermost element of a part of the page (by its id) that says `text`, once there is one.
    pub async fn says(&self, part: &str, text: &str) -> Element {
        let path = format!("(//*[@id='{part}']//*[contains(normalize-space(.), {})])[last()]", quoted(text));
        let wait = self.client.wait().at_most(PATIENCE);
        let found = wait.for_element(Locator::XPath(&path)).await;
        found.unwrap_or_else(|error| panic!("{part} never said {text:?}: {error}"))
    }

    /// How often a part of the page says `text` now.
    pub async fn count(&self, part: &str, text: &str) -> usize {
        let script =
            "return document.getElementById(arguments[0])?.innerText.split(arguments[1]).length - 1 || 0";
        let count = self.client.execute(script, vec![part.into(), text.into()]).await.unwrap();
        usize::try_from(count.as_u64().unwrap()).unwrap()
    }

    /// Presses a button or follows a link of a part of the page, once it is there.
    pub async fn press(&self, part: &str, label: &str) {
        let path = format!(
            "(//*[@id='{part}']//*[self::a or self::button or self::summary][contains(normalize-space(.), \"{label}\")])[last()]"
        );
        let wait = self.client.wait().at_most(PATIENCE);
        let found = wait.for_element(Locator::XPath(&path)).await;
        let found = found.unwrap_or_else(|error| panic!("{part} has no {label:?}: {error}"));
        found.click().await.unwrap();
    }

    /// Writes into the channel's composer and sends it; the thread that begins is open then.
    pub async fn ask(&self, question: &str) {
        self.find("#channel .composer textarea").await.send_keys(question).await.unwrap();
        self.press("channel", "Send").await;
        self.find("#thread .composer").await;
    }

    /// Where the page is, for whoever reads why a test failed.
    async fn state(&self) -> Value {
        self.run(
            "return [location.href, document.activeElement.outerHTML.slice(0, 200), document.body.innerText]",
        )
        .await
    }

    /// What a script says.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }
}

/// A text in XPath, which has no escapes: one without one of the two kinds of quotes.
fn quoted(text: &str) -> String {
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}

/// chromedriver, while it runs.
struct Driver {
    process: Child,
    url: String,
    /// Kept open: it would end when it cannot write.
    _said: BufReader<ChildStdout>,
}

impl Driver {
    /// The one that runs, or a new one; `None` where there is no browser.
    fn running() -> Option<Arc<Self>> {
        static RUNNING: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = running.upgrade() {
            return Some(driver);
        }
        let missing = ["chromedriver", "chromium"].into_iter().find(|program| !is_installed(program));
        if let Some(program) = missing {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{program} is not installed");
            say_skipped(program);
            return None;
        }
        let driver = Arc::new(Self::start());
        *running = Arc::downgrade(&driver);
        Some(driver)
    }

    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let url = loop {
            let mut line = String::new();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "chromedriver did not start");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break format!("http://127.0.0.1:{}", port.trim().trim_end_matches('.'));
            }
        };
        Self { process, url, _said: said }
    }

    async fn open(&self, window: Window) -> Client {
        let Window { width, height, dark, phone } = window;
        let scheme = if dark { 0 } else { 1 };
        let mut options = json!({"args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            format!("--window-size={width},{height}"), format!("--blink-settings=preferredColorScheme={scheme}"),
        ]});
        if phone {
            options["mobileEmulation"] =
                json!({"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1}});
        }
        let capabilities = Map::from_iter([("goog:chromeOptions".to_owned(), options)]);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities).connect(&self.url).await.unwrap()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Says it past the capture of a test's output, which hides what a passing test prints.
#[expect(clippy::explicit_write, reason = "eprintln is captured")]
fn say_skipped(program: &str) {
    let thread = std::thread::current();
    let (test, how) = (thread.name().unwrap_or("a test"), "Debian: apt install chromium chromium-driver");
    writeln!(std::io::stderr(), "skipped: {test}: {program} is not installed ({how})").unwrap();
}

fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder: PathBuf| folder.join(program).is_file())
}
