//! Restarts: buttons go on working, whatever the store remembers, and nobody is left without a word.

use insta::{allow_duplicates, assert_snapshot};
use threadbridge::demo::agent::Endpoint;

use crate::both;
use crate::chat::{Chat, YES, confident, doubtful};
use crate::support::directory::TempDirectory;
use crate::support::redis::{Durability, RedisServer};

const SEAL_KEY: (&str, &str) = ("SEAL_KEY", "0123456789abcdef0123456789abcdef");
const AT_ONCE: (&str, &str) = ("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0");

/// The stores; a Redis only where one is installed.
enum Store {
    Memory,
    Sqlite(TempDirectory),
    Redis(RedisServer),
}

impl Store {
    fn all() -> Vec<Self> {
        let redis = RedisServer::start(Durability::None).map(Self::Redis);
        [Self::Memory, Self::Sqlite(TempDirectory::new())].into_iter().chain(redis).collect()
    }

    fn url(&self) -> String {
        match self {
            Self::Memory => "memory:".to_owned(),
            Self::Sqlite(directory) => format!("sqlite:{}", directory.join("store.db").display()),
            Self::Redis(server) => server.url(),
        }
    }
}

#[tokio::test]
async fn a_prompt_makes_its_ticket_after_a_restart_with_every_store() {
    async fn scenario<C: Chat>(store: &str) -> String {
        let mut chat = C::with(&[("STORE_URL", store), SEAL_KEY], doubtful).await;
        let thread = chat.asks("jane", "How do I fix error code X1234?").await;
        let prompt = chat.last(&thread);
        chat.restart().await;
        chat.clicks("jane", &prompt, YES).await;
        chat.clicks("jane", &prompt, YES).await;
        chat.idle().await;
        chat.told("jane");
        assert_eq!(chat.agent().tickets().len(), 1);
        let told = chat.bodies(Endpoint::CreateTicket).pop().unwrap();
        assert_eq!(told["conversation_history"][0]["content"], "How do I fix error code X1234?");
        let seen = chat.seen(&thread);
        chat.finish().await;
        seen.lines().last().unwrap().to_owned()
    }
    for store in Store::all() {
        let url = store.url();
        let seen = both!(scenario, &url);
        allow_duplicates! { assert_snapshot!(seen, @"
        ──── Slack
          Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
        ──── Teams
          | Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
        "); }
    }
}

#[tokio::test]
async fn an_answer_is_rated_after_a_restart_with_a_store_that_lasts() {
    async fn scenario<C: Chat>(store: &str) -> String {
        let mut chat = C::with(&[("STORE_URL", store), SEAL_KEY], confident).await;
        let thread = chat.asks("jane", "How do I reset a password?").await;
        let answer = chat.last(&thread);
        chat.restart().await;
        chat.rates("jane", &answer, true).await;
        chat.idle().await;
        chat.rates("jane", &answer, false).await;
        chat.idle().await;
        chat.told("jane");
        chat.seen(&thread);
        let rated = chat.bodies(Endpoint::Feedback);
        chat.finish().await;
        let rated = rated.iter().map(|body| format!("{}: {}", body["feedback_type"], body["query"]));
        rated.collect::<Vec<_>>().join("\n")
    }
    for store in Store::all().into_iter().filter(|store| !matches!(store, Store::Memory)) {
        let url = store.url();
        let told = both!(scenario, &url);
        allow_duplicates! { assert_snapshot!(told, @r#"
        ──── Slack
        "helpful": "How do I reset a password?"
        ──── Teams
        "helpful": "How do I reset a password?"
        "#); }
    }
}

#[tokio::test]
async fn a_notice_of_a_restart_asks_again_in_the_next_process_with_no_store_that_lasts() {
    async fn scenario<C: Chat>() -> String {
        let mut chat = C::with(&[SEAL_KEY, AT_ONCE], confident).await;
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins("jane", "How do I reset a password?").await;
        chat.agent().faults().arrived(Endpoint::Chat, 1).await;
        chat.restart().await;
        chat.agent().faults().open(Endpoint::Chat);
        chat.presses("jane", &thread, "Ask again").await;
        chat.told("jane");
        let seen = chat.seen(&thread);
        chat.finish().await;
        seen.lines().nth(3).unwrap().to_owned()
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
      Go to **Settings > Users** and press *Reset*.
    ──── Teams
      Go to **Settings > Users** and press _Reset_.
    ");
}

#[tokio::test]
async fn who_waits_when_the_bridge_stops_is_told_so_or_answered_by_the_next_one() {
    async fn scenario<C: Chat>(store: &str) -> String {
        let mut chat = C::with(&[("STORE_URL", store), SEAL_KEY, AT_ONCE], confident).await;
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins("jane", "How do I reset a password?").await;
        chat.agent().faults().arrived(Endpoint::Chat, 1).await;
        chat.restart().await;
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        let seen = chat.seen(&thread);
        chat.finish().await;
        seen
    }
    assert_snapshot!(both!(scenario, "memory:"), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      I was restarted before I could finish this. Please ask again.
      [Ask again]
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge
      | I was restarted before I could finish this. Please ask again.
      | [Ask again]
    ");
    let directory = TempDirectory::new();
    let lasting = format!("sqlite:{}", directory.join("store.db").display());
    assert_snapshot!(both!(scenario, &lasting), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge · AI generated
      Go to **Settings > Users** and press _Reset_.
      **Sources:** Password Reset Guide [1]
      Very sure · 92 %
      (1) Password Reset Guide
      (👍 👎)
    ");
}
