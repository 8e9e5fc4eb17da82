//! What goes wrong on the way to Teams, and what people see of it; and what shows while the agent thinks.

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::clock::Clock;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::file::TempFile;
use crate::microsoft::connector::Turn;
use crate::world::{World, card_words, channel, confident, doubtful, group, id_at, personal};

const AT_ONCE: (&str, &str) = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");

/// A question that the agent thinks about.
async fn thinking(conversation: &Value) -> World {
    let world = World::with(&[AT_ONCE], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let question = world.message("1", "jane", conversation, "How do I reset a password?");
    assert_eq!(world.send(&question).await.0, 200);
    world.teams.until(|teams| !teams.typing().is_empty()).await;
    world
}

#[tokio::test]
async fn in_person_a_line_says_that_the_agent_thinks_and_the_answer_takes_its_place() {
    let world = thinking(&personal()).await;
    let (_, shown) = world.teams.typing().remove(0);
    assert_eq!(shown["entities"][0]["streamType"], "informative");
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    let answer = world.last();
    let stream = answer.activity["entities"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(stream, json!({ "type": "streaminfo", "streamType": "final", "streamId": answer.id }));
    assert_eq!(world.teams.posted().len(), 1);
    world.rates("2", "jane", &personal(), Some(&answer.id), "like").await;
    assert_eq!(world.told(Endpoint::Feedback).len(), 1);
    world.finish().await;
}

#[rstest]
#[case::as_the_streams_end(Turn::Well, true)]
#[case::beside_a_stream_that_must_end_with_a_text(Turn::Fails(400, "BadRequest"), false)]
#[tokio::test]
async fn in_person_a_notice_takes_the_place_of_the_line_too(#[case] turn: Turn, #[case] ends: bool) {
    let world = thinking(&personal()).await;
    world.agent.faults().next(Endpoint::Chat, 1, Fault::answer(Canned::error(422, "canary")));
    world.teams.next([turn]);
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert_eq!(world.teams.posted().len(), 1);
    let notice = world.last();
    assert_eq!(card_words(&notice), "Unable to connect right now. Please try again shortly.");
    assert_eq!(notice.activity["entities"][0]["streamType"] == "final", ends);
    world.executes("2", "jane", &notice, "Ask again").await;
    assert_eq!((world.last().id, world.teams.posted().len()), (notice.id, 1));
    world.finish().await;
}

#[tokio::test]
async fn among_others_it_types() {
    let world = thinking(&group()).await;
    assert_eq!(world.teams.typing()[0], ("19:group@thread.v2".to_owned(), json!({ "type": "typing" })));
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert_eq!(world.teams.posted().len(), 1);
    world.finish().await;
}

#[rstest]
#[case::throttled(Turn::Throttled(Some("2")), 1)]
#[case::at_another_change(Turn::Fails(412, "PreconditionFailed"), 1)]
#[case::unknown(Turn::Fails(502, ""), 0)]
#[case::blocked(Turn::Fails(403, "ConversationBlockedByUser"), 0)]
#[case::done_and_not_told(Turn::DoneButBroken, 1)]
#[tokio::test]
async fn an_answer_is_sent_again_only_where_it_was_surely_not_sent(
    #[case] turn: Turn,
    #[case] posted: usize,
) {
    let world = World::new(confident).await;
    // The first call looks the person up.
    world.teams.next([Turn::Well, turn]);
    world.asks("1", "jane", &group(), "How do I reset a password?").await;
    assert_eq!(world.teams.posted().len(), posted);
    world.finish().await;
}

#[tokio::test]
async fn where_an_answer_is_refused_a_notice_offers_to_ask_again_and_becomes_the_answer() {
    let world = World::new(confident).await;
    world.teams.next([Turn::Well, Turn::Fails(413, "MessageSizeTooBig")]);
    world.asks("1", "jane", &group(), "How do I reset a password?").await;
    let notice = world.last();
    assert_snapshot!(card_words(&notice), @"Something went wrong on my side. Please ask again.");
    let response = world.executes("2", "jane", &notice, "Ask again").await;
    // No card: it could arrive after the answer and hide it.
    assert_eq!(response["type"], "application/vnd.microsoft.activity.message");
    assert_snapshot!(response["value"].as_str().unwrap(), @"Looking that up…");
    let answer = world.last();
    assert_eq!((answer.id.as_str(), answer.updates), (notice.id.as_str(), 2));
    assert_snapshot!(answer.activity["text"].as_str().unwrap(), @"
    Go to **Settings > Users** and press _Reset_.

    **Sources:** Password Reset Guide [1]

    Very sure · 92 %
    ");
    world.rates("3", "jane", &group(), Some(&answer.id), "like").await;
    assert_eq!(world.told(Endpoint::Feedback).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn who_could_not_be_looked_up_can_ask_again_even_after_a_restart() {
    let mut world = World::new(confident).await;
    world.teams.next([Turn::Fails(403, "BotDisabledByAdmin")]);
    world.asks("1", "jane", &personal(), "How do I reset a password?").await;
    let notice = world.last();
    assert_snapshot!(card_words(&notice), @"I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes.");
    world.restart().await;
    world.executes("2", "jane", &notice, "Ask again").await;
    assert_eq!(world.asked(), 1);
    assert!(world.last().activity["text"].as_str().unwrap().starts_with("Go to"));
    world.finish().await;
}

#[tokio::test]
async fn a_private_word_that_teams_refuses_is_said_in_person() {
    let world = World::new(confident).await;
    world.teams.next([Turn::Well, Turn::Fails(400, "BadArgument")]);
    world.asks("1", "nobody", &channel(), "How do I reset a password?").await;
    let told = world.last();
    assert_eq!((told.conversation.as_str(), told.only_for), ("a:29:nobody", None));
    world.finish().await;
}

#[tokio::test]
async fn a_card_that_cannot_be_changed_at_first_is_changed_later() {
    let world = World::new(doubtful).await;
    world.asks("1", "jane", &personal(), "How do I reset a password?").await;
    let prompt = world.last();
    world.teams.next([Turn::Fails(502, ""), Turn::Throttled(None), Turn::Fails(412, "")]);
    world.executes("2", "jane", &prompt, "No Thanks").await;
    assert_eq!(world.last().updates, 1);
    assert_eq!(world.told(Endpoint::Decline).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_agent_that_fails_is_told_and_can_be_asked_again_after_a_restart_with_a_store_that_lasts() {
    let file = TempFile::new("store.db", "");
    // Only its name is needed; the store makes its own.
    std::fs::remove_file(file.path()).unwrap();
    let url = format!("sqlite:{}", file.path());
    let mut world =
        World::with(&[("STORE_URL", &url), ("SEAL_KEY", "0123456789abcdef0123456789abcdef")], confident)
            .await;
    world.agent.faults().next(Endpoint::Chat, 1, Fault::answer(Canned::error(422, "canary")));
    world.asks(&id_at(world.clock.now()), "jane", &group(), "How do I reset a password?").await;
    let notice = world.last();
    world.restart().await;
    world.executes("2", "jane", &notice, "Ask again").await;
    assert_eq!(world.last().id, notice.id);
    let answer = world.last();
    world.restart().await;
    world.rates("3", "jane", &group(), Some(&answer.id), "like").await;
    assert_eq!(world.told(Endpoint::Feedback)[0]["query"], "How do I reset a password?");
    world.finish().await;
}
