//! Explaining a message: as a real one would fare, and without doing anything.

use std::sync::Arc;

use rstest::rstest;
use serde_json::json;
use threadbridge::bridge::{Chat, Explanation, Message, Stands, explain};
use threadbridge::chat::{WorkspaceKey, wording};
use threadbridge::clock::Clock;
use threadbridge::config::Config;
use threadbridge::conversation::Fate;
use threadbridge::http;
use threadbridge::seal::Seal;
use threadbridge::store;

use crate::support::directory::TempDirectory;
use crate::world::{World, confident};

const RULES: &str = r#"
[[rule]]
workspace = "T0ACME"
agent = "support"
[[rule]]
channel = "C0HELPDESK"
answers = "everything"
[[rule]]
channel = "C0QUIET"
answers = "nothing"
"#;

/// The rules that are for a message's place, and what becomes of it, in a few words.
async fn explained(world: &World, channel: &str, user: &str, text: &str, stands: Stands) -> String {
    explained_with(&world.config(), world, channel, user, text, stands).await
}

async fn explained_with(
    config: &Config,
    world: &World,
    channel: &str,
    user: &str,
    text: &str,
    stands: Stands,
) -> String {
    let (mentions, text) = match text.strip_prefix("@bot") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (channel, user, text) = (channel.into(), user.into(), text.into());
    let message =
        Message { chat: Chat::Slack, workspace: "T0ACME".into(), channel, user, text, mentions, stands };
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let explanation = explain(config, http::client().unwrap(), clock, &message).await.unwrap();
    let explained = match explanation {
        Explanation::NotForUs(reason) => return format!("not for us: {reason}"),
        Explanation::NoToken => return "no token".to_owned(),
        Explanation::Decided(explained) => explained,
    };
    let fate = match &explained.fate {
        Fate::Asked(agent, user) => format!("{agent} for {}", user.email.0),
        Fate::Answered(reply) => format!("says {}", wording::of(reply)),
        Fate::Told(reply) => format!("tells {}", wording::of(reply)),
        Fate::Ignored(reason) => format!("ignored: {reason}"),
    };
    format!("{} rules; {fate}", explained.rules.len())
}

#[rstest]
#[case::a_mention("C1", "U0JANE", "@bot Why?", Stands::Alone, "1 rules; support for jane.smith@company.com")]
#[case::chatter("C1", "U0JANE", "Lunch?", Stands::Alone, "1 rules; ignored: it mentions nobody")]
#[case::where_all_is_a_question(
    "C0HELPDESK",
    "U0JANE",
    "Why?",
    Stands::Alone,
    "2 rules; support for jane.smith@company.com"
)]
#[case::a_direct_message(
    "D1",
    "U0JANE",
    "Why?",
    Stands::Alone,
    "1 rules; support for jane.smith@company.com"
)]
#[case::a_follow_up(
    "C1",
    "U0JANE",
    "And then?",
    Stands::InOwnThread,
    "1 rules; support for jane.smith@company.com"
)]
#[case::somebody_elses(
    "C1",
    "U0JANE",
    "And then?",
    Stands::InOthersThread,
    "1 rules; ignored: only the asker is followed"
)]
#[case::among_people(
    "C1",
    "U0JANE",
    "And then?",
    Stands::AmongPeople,
    "1 rules; ignored: no session in this thread"
)]
#[case::nothing_asked("C1", "U0JANE", "@bot", Stands::Alone, "1 rules; says Hello!")]
#[case::switched_off(
    "C0QUIET",
    "U0JANE",
    "@bot Why?",
    Stands::Alone,
    "2 rules; tells I'm switched off here."
)]
#[case::unknown("C1", "U0NOVA", "@bot Why?", Stands::Alone, "1 rules; tells I couldn't find you")]
#[case::the_bot_itself("C1", "USLACKBOT", "@bot Why?", Stands::Alone, "not for us: a bot's message")]
#[tokio::test]
async fn a_message_is_explained_as_it_would_fare(
    #[case] channel: &str,
    #[case] user: &str,
    #[case] text: &str,
    #[case] stands: Stands,
    #[case] expected: &str,
) {
    let world = World::with_file(RULES, confident).await;
    let told = explained(&world, channel, user, text, stands).await;
    assert!(told.starts_with(expected), "{told}");
    world.idle().await;
    assert_eq!(world.questions(), 0, "nobody was asked");
    world.finish().await;
}

#[tokio::test]
async fn where_workspaces_have_tokens_of_their_own_slack_is_asked_with_that_of_the_workspace() {
    let (world, directory) = (World::with_file(RULES, confident).await, TempDirectory::new());
    let mut config = world.config();
    let token = config.slack.bot_token.take().unwrap();
    (config.slack.client_id, config.slack.client_secret) = ("1234.5678".into(), "client-secret".into());
    config.store.url = format!("sqlite:{}", directory.join("store.db").display()).into();
    config.seal.key = "a seal key of the tests".into();
    let ask = async || explained_with(&config, &world, "C1", "U0JANE", "@bot Why?", Stands::Alone).await;
    assert_eq!(ask().await, "no token");
    let (seal, now) = (Seal::new(&config.seal_secrets()), world.clock.now());
    let kept = store::open(&config.store, config.conversation.waiting(), &seal, now).await.unwrap();
    let record = json!({
        "workspace": "T0ACME", "org_wide": false, "name": "Acme", "app": "A0BRIDGE", "bot": "U0BRIDGE",
        "token": *token, "scopes": [], "installer": null, "granted_at": "2026-11-22T00:00:00Z", "rotation": null,
    });
    let of = WorkspaceKey { platform: "slack".into(), workspace: "T0ACME".into() };
    assert!(kept.save_installation(&of, record.to_string().into(), None).await.unwrap());
    assert_eq!(ask().await, "1 rules; support for jane.smith@company.com");
    world.finish().await;
}
