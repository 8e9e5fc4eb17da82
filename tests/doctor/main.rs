//! Why is it silent? A whole bridge between the simulated Slack and the strict agent, of which one thing is wrong at a
//! time: the doctor names it, with what to change, and says nothing else than when all is well.

#[path = "../support/file.rs"]
mod file;
#[path = "../support/teams/mod.rs"]
mod microsoft;
#[path = "../support"]
mod support {
    pub mod directory;
    pub mod redis;
}
#[expect(dead_code, reason = "these tests need only some of it")]
#[path = "../bridge/world/mod.rs"]
mod world;

mod agent;
mod configuration;
mod directory;
mod door;
mod installations;
mod slack;
mod store;
mod teams;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use threadbridge::clock::Clock;
use threadbridge::config::Environment;
use threadbridge::demo::workspace::Setup;
use threadbridge::doctor::{self, Patient, Report};

use world::{World, confident};

/// The email of somebody whom the directory knows.
const JANE: &str = "jane.smith@company.com";

/// A world in which all is well, and what the doctor says then.
struct Practice {
    world: World,
    /// What the doctor is given beyond the bridge's own settings.
    settings: Vec<(String, String)>,
    well: Report,
}

/// A clock that is wrong.
struct Off {
    clock: Arc<dyn Clock>,
    by: SignedDuration,
}

#[async_trait]
impl Clock for Off {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.by
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }
}

impl Practice {
    async fn open() -> Self {
        Self::with(Setup::default()).await
    }

    /// With a workspace of its own; all that is not well there is in every report.
    async fn with(setup: Setup) -> Self {
        Self::set_up(&[], setup).await
    }

    /// With other settings of the bridge, too.
    async fn set_up(settings: &[(&str, &str)], setup: Setup) -> Self {
        let world = World::build(settings, setup, confident).await;
        let port = world.url.rsplit(':').next().unwrap().to_owned();
        let settings = [
            ("HOST", "127.0.0.1".to_owned()),
            ("PORT", port),
            ("PUBLIC_URL", world.url.clone()),
            ("SEAL_KEY", "a seal key of the tests".to_owned()),
            ("THREADBRIDGE_SLACK__DEADLINE_SECONDS", "2".to_owned()),
            ("THREADBRIDGE_AGENT__HEALTH_DEADLINE_SECONDS", "2".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let mut practice = Self { world, settings, well: Report { checks: Vec::new(), ok: true } };
        practice.well = practice.examine(None, &[]).await;
        practice
    }

    /// The doctor's report, with these settings changed.
    async fn examine(&self, file: Option<&Path>, changes: &[(&str, &str)]) -> Report {
        self.examine_at(file, changes, SignedDuration::ZERO).await
    }

    async fn examine_at(&self, file: Option<&Path>, changes: &[(&str, &str)], off: SignedDuration) -> Report {
        let pairs = self.world.settings.iter().chain(&self.settings);
        let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str())).chain(changes.iter().copied());
        let environment = Environment::from_pairs(pairs);
        let clock = Off { clock: Arc::clone(&self.world.clock) as Arc<dyn Clock>, by: off };
        let patient = Patient { file, environment: &environment, email: Some(JANE) };
        doctor::examine(patient, Arc::new(clock)).await
    }

    /// The lines that differ from when all is well.
    async fn finds(&self, changes: &[(&str, &str)]) -> String {
        self.differs(self.examine(None, changes).await)
    }

    fn differs(&self, report: Report) -> String {
        let mut report = report;
        report.checks.retain(|check| !self.well.checks.contains(check));
        self.told(&report)
    }

    /// A report as people read it, the same each time.
    fn told(&self, report: &Report) -> String {
        let told = report.to_string().replace(&self.world.url, "URL");
        // The bridge may have asked the agent by now, or not.
        told.replace("not asked yet", "healthy")
    }

    async fn close(self) {
        self.world.finish().await;
    }
}

#[tokio::test]
async fn when_all_is_well_each_line_says_so() {
    let practice = Practice::open().await;
    assert_snapshot!(practice.told(&practice.well), @r#"
    ✅ configuration  loads from the environment, and no file
    ✅ secrets        the tokens and secrets have the shape that they must have
    ✅ clock          this machine's clock agrees with Slack's
    ✅ slack          the token is of T0ACME (Acme), the bot is U0BRIDGE
    ✅ scopes         the token has all 13 that it must have, and no others
    ✅ events         a signed event arrives at the bridge, a forged one is refused
    ✅ bridge         it serves on this machine; to it the agent is: healthy
    ✅ agent          says that it is healthy; new threads speak with customer
    ✅ directory      people in the file: 4, of them incomplete: 0
    ✅ person         jane.smith@company.com is {"agent_id":"crm_user_456","email":"jane.smith@company.com","name":"Jane Smith","phone":"+27123456789","agency":"Sales","office":"Cape Town","company":"PropertyEngine","division":"Residential","user_type":"agent"}
    ✅ store          memory: when the bridge stops, it forgets running threads and rate limits; a kill loses what was under way
    All is well.
    "#);
    assert!(practice.well.ok);
    // It asked nobody a question.
    assert!(practice.world.agent.calls().iter().all(|call| call.path == "/api/health"));
    practice.close().await;
}

#[tokio::test]
async fn for_scripts_it_is_json() {
    let practice = Practice::open().await;
    let report = practice.examine(None, &[("PUBLIC_URL", "")]).await;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["ok"], true);
    let events = json["checks"].as_array().unwrap().iter().find(|check| check["name"] == "events").unwrap();
    assert_snapshot!(serde_json::to_string_pretty(events).unwrap(), @r#"
    {
      "finding": "where Slack sends them is not known here",
      "fix": "PUBLIC_URL=https://YOUR-HOST, what stands before /slack/events in your app's Request URL",
      "name": "events",
      "state": "skipped"
    }
    "#);
    practice.close().await;
}

#[tokio::test]
async fn no_secret_is_in_a_report_whatever_is_wrong() {
    let practice = Practice::open().await;
    let canaries = [
        ("SLACK_BOT_TOKEN", "xoxb-canary"),
        ("SLACK_BOT_TOKEN", "xoxp-canary"),
        ("SLACK_BOT_TOKEN", "canary canary"),
        ("SLACK_SIGNING_SECRET", "canary-signing-secret"),
        ("SLACK_SIGNING_SECRET", "xoxb-canary"),
        ("SLACK_API_URL", "http://canary:canary@127.0.0.1:9/canary"),
        ("SLACK_API_URL", "canary://canary"),
        ("SEAL_KEY", "canary"),
        ("SEAL_KEY", "canary-seal-key-0123456789"),
        ("AGENT_URL", "http://canary:canary@agent.example/canary"),
        ("AGENT_URL", "http://127.0.0.1:9/canary"),
        ("AGENT_URL", "canary"),
        ("PUBLIC_URL", "https://canary:canary@bridge.example"),
        ("PUBLIC_URL", "http://127.0.0.1:9/canary"),
        ("DIRECTORY_URL", "http://canary:canary@127.0.0.1:9/?key=canary"),
        ("DIRECTORY_TOKEN", "canary\ncanary"),
        ("STORE_URL", "redis://canary:canary@127.0.0.1:9/1"),
        ("STORE_URL", "redis://canary:canary@[canary/1"),
        ("STORE_URL", "canary:canary"),
        ("HTTP_PROXY", "http://canary:canary@127.0.0.1:9"),
        ("PORT", "canary-0123456789-0123456789"),
        ("THREADBRIDGE_SLACK__BOT_TOKEN_FILE", "/dev/null"),
    ];
    for (name, value) in canaries {
        let sources = if name.starts_with("DIRECTORY_") { "file,http" } else { "file" };
        let changes = [
            (name, value),
            ("THREADBRIDGE_DIRECTORY__SOURCES", sources),
            ("DIRECTORY_FILE", if sources == "file" { world::DIRECTORY } else { "/dev/null" }),
        ];
        let report = practice.examine(None, &changes).await;
        let all = format!("{report}{}", serde_json::to_string(&report).unwrap());
        assert!(!all.contains("canary"), "{name}={value}: {all}");
    }
    practice.world.finish_oddly().await;
}
