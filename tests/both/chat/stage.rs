//! Plays one scenario on every platform.

use threadbridge::demo::agent::{Ask, Scripted};

use super::Chat;
use super::slack::Slack;
use super::teams::Teams;
use crate::support::directory::TempDirectory;
use crate::support::redis::{Durability, RedisServer};

/// The platforms, by what heads their renderings.
const PLATFORMS: [&str; 2] = ["slack", "teams"];

/// After what time a thread shows that the agent thinks.
pub const WORKING_AFTER: &str = "THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS";

/// What the bridge remembers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Nothing that outlives it.
    Memory,
    /// A file.
    Sqlite,
    /// A server, where one is installed.
    Redis,
}

/// Plays a scenario on every platform, and ends its world; returns what it returns of each.
pub async fn on_both<B>(brain: B, scenario: impl AsyncFn(&mut dyn Chat) -> String) -> String
where
    B: Fn(&Ask) -> Scripted + Clone + Send + Sync + 'static,
{
    on_both_with(&[], brain, scenario).await
}

/// The same with settings of its own, by the names of the environment.
pub async fn on_both_with<B>(
    settings: &[(&str, &str)],
    brain: B,
    scenario: impl AsyncFn(&mut dyn Chat) -> String,
) -> String
where
    B: Fn(&Ask) -> Scripted + Clone + Send + Sync + 'static,
{
    let mut all = Vec::new();
    for platform in PLATFORMS {
        let mut chat = open(platform, settings, brain.clone()).await;
        let seen = scenario(&mut *chat).await;
        chat.finish().await;
        all.push(headed(platform, &seen));
    }
    all.join("\n")
}

/// The same with a store, a new one for each platform; `None` where there is none. The scenario also gets where it is.
pub async fn with_store<B>(
    kept: Kept,
    settings: &[(&str, &str)],
    brain: B,
    scenario: impl AsyncFn(&mut dyn Chat) -> String,
) -> Option<String>
where
    B: Fn(&Ask) -> Scripted + Clone + Send + Sync + 'static,
{
    let mut all = Vec::new();
    for platform in PLATFORMS {
        let directory = TempDirectory::new();
        let mut redis = None;
        let url = match kept {
            Kept::Memory => "memory:".to_owned(),
            Kept::Sqlite => format!("sqlite:{}", directory.join("store.db").display()),
            Kept::Redis => redis.insert(RedisServer::start(Durability::None)?).url(),
        };
        let key =
            if kept == Kept::Memory { vec![] } else { vec![("SEAL_KEY", "a key of the tests that is long")] };
        let settings = [&[("STORE_URL", &*url)], &key[..], settings].concat();
        let mut chat = open(platform, &settings, brain.clone()).await;
        let seen = scenario(&mut *chat).await;
        chat.finish().await;
        assert_sealed(&directory);
        all.push(headed(platform, &seen));
    }
    Some(all.join("\n"))
}

/// Nothing that people or the agent write is legible in a store's file, nor who they are.
fn assert_sealed(directory: &TempDirectory) {
    for file in std::fs::read_dir(directory.join("")).unwrap() {
        let path = file.unwrap().path();
        let kept = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        for private in ["jane.smith@", "Jane Smith", "How do I reset", "Settings > Users", "not confident"] {
            assert!(!kept.contains(private), "{path:?} holds {private:?}");
        }
    }
}

async fn open(
    platform: &str,
    settings: &[(&str, &str)],
    brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
) -> Box<dyn Chat> {
    let mut settings = settings.to_vec();
    // Whoever waits for the bridge turns the clock for what sleeps there; so time only passes where a test says so.
    if settings.iter().all(|(name, _)| *name != WORKING_AFTER) {
        settings.push((WORKING_AFTER, "3600000"));
    }
    match platform {
        "slack" => Box::new(Slack::open(&settings, brain).await),
        _ => Box::new(Teams::open(&settings, brain).await),
    }
}

fn headed(platform: &str, seen: &str) -> String {
    // What breaks live patterns apart is invisible.
    let seen = seen.replace('\u{2060}', "⟨WJ⟩");
    let lines = seen.lines().map(|line| format!("  {line}").trim_end().to_owned());
    std::iter::once(format!("{platform}:")).chain(lines).collect::<Vec<_>>().join("\n")
}
