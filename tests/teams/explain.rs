//! Explaining a message in Teams: as a real one would fare, and without doing anything.

use std::sync::Arc;

use rstest::rstest;
use threadbridge::bridge::{Chat, Explanation, Message, Stands, explain};
use threadbridge::chat::wording;
use threadbridge::clock::Clock;
use threadbridge::config::Config;
use threadbridge::conversation::Fate;
use threadbridge::http;

use crate::microsoft::login_server::TENANT;
use crate::world::{World, confident};

const PERSONAL: &str = "a:jane";
const GROUP: &str = "19:group@thread.v2";
const CHANNEL: &str = "19:lettings@thread.tacv2";

/// What becomes of a message, in a few words.
async fn explained(world: &World, config: &Config, message: Message) -> String {
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    match explain(config, http::local_client().unwrap(), clock, &message).await.unwrap() {
        Explanation::NotForUs(reason) => format!("not for us: {reason}"),
        Explanation::NoToken => "no token".to_owned(),
        Explanation::Decided(explained) => match &explained.fate {
            Fate::Asked(agent, user) => format!("{agent} for {}", user.email.0),
            Fate::Answered(reply) => format!("says {}", wording::of(reply)),
            Fate::Told(reply) => format!("tells {}", wording::of(reply)),
            Fate::Ignored(reason) => format!("ignored: {reason}"),
        },
    }
}

fn message(world: &World, channel: &str, user: &str, text: &str, stands: Stands) -> Message {
    let (mentions, text) = match text.strip_prefix("@bot") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let (channel, user, text) = (channel.into(), user.into(), text.into());
    let chat = Chat::Teams { service_url: world.teams.service_url() };
    Message { chat, workspace: TENANT.into(), channel, user, text, mentions, stands }
}

#[rstest]
#[case::in_person(PERSONAL, "jane", "Why?", Stands::Alone, "customer for jane.smith@company.com")]
#[case::by_the_id_of_teams(PERSONAL, "29:jane", "Why?", Stands::Alone, "customer for jane.smith@company.com")]
#[case::in_a_group(GROUP, "jane", "@bot Why?", Stands::Alone, "customer for jane.smith@company.com")]
#[case::in_a_channel(CHANNEL, "tom", "@bot Why?", Stands::Alone, "customer for tom.baker@company.com")]
#[case::in_a_thread(
    CHANNEL,
    "tom",
    "@bot Why?",
    Stands::InOthersThread,
    "customer for tom.baker@company.com"
)]
#[case::not_mentioned(
    CHANNEL,
    "jane",
    "Why?",
    Stands::InOwnThread,
    "not for us: in channels and group chats Teams sends only what mentions the app"
)]
#[case::a_new_conversation(PERSONAL, "jane", "new", Stands::Alone, "says ")]
#[case::not_in_the_directory(GROUP, "nobody", "@bot Why?", Stands::Alone, "tells I couldn't find you")]
#[case::a_guest(GROUP, "gus", "@bot Why?", Stands::Alone, "tells ")]
#[case::of_elsewhere(GROUP, "stranger", "@bot Why?", Stands::Alone, "tells ")]
#[tokio::test]
async fn a_message_is_explained_as_it_would_fare(
    #[case] channel: &str,
    #[case] user: &str,
    #[case] text: &str,
    #[case] stands: Stands,
    #[case] expected: &str,
) {
    let world = World::new(confident).await;
    let message = message(&world, channel, user, text, stands);
    let told = explained(&world, &world.config(), message).await;
    assert!(told.starts_with(expected), "{told}");
    assert_eq!((world.asked(), world.teams.posted().len()), (0, 0), "nobody was asked or told anything");
    world.finish().await;
}

#[tokio::test]
async fn what_the_bridge_would_not_let_in_is_said_to_be_not_for_it() {
    let world = World::new(confident).await;
    let asked = || message(&world, PERSONAL, "jane", "Why?", Stands::Alone);
    let elsewhere = Message { workspace: "another".into(), ..asked() };
    let told = explained(&world, &world.config(), elsewhere).await;
    assert!(told.starts_with("not for us: its tenant"), "{told}");
    let mut config = world.config();
    config.teams.client_id = String::new();
    config.teams.client_secret = String::new().into();
    config.teams.tenant_id = String::new();
    let told = explained(&world, &config, asked()).await;
    assert!(told.starts_with("not for us: the bridge does not speak to Teams"), "{told}");
    config.teams.development = true;
    let nowhere = Message { workspace: String::new(), ..asked() };
    let told = explained(&world, &config, nowhere).await;
    assert_eq!(told, "not for us: its tenant is not known: name it with --workspace");
    world.finish().await;
}
