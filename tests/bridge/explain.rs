//! Explaining a message: as a real one would fare, and without doing anything.

use std::sync::Arc;

use rstest::rstest;
use threadbridge::bridge::{Explanation, Message, Stands, explain};
use threadbridge::chat::wording;
use threadbridge::clock::Clock;
use threadbridge::conversation::Fate;
use threadbridge::http;

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
    let (mentions, text) = match text.strip_prefix("@bot") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (channel, user, text) = (channel.into(), user.into(), text.into());
    let message = Message { workspace: "T0ACME".into(), channel, user, text, mentions, stands };
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let explanation = explain(&world.config(), http::client().unwrap(), clock, &message).await.unwrap();
    let explained = match explanation {
        Explanation::NotForUs(reason) => return format!("not for us: {reason}"),
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
