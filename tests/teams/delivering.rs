//! Replies of several messages, and those that take the place of something: what of them arrives when Teams does not do
//! as it is told.

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::Value;
use threadbridge::demo::agent::{Ask, Canned, Endpoint, Fault, Scripted};

use crate::microsoft::connector::{Auth, Turn};
use crate::world::{World, confident, doubtful, group, long_and_doubtful, personal};

const QUESTION: &str = "How do I reset a password?";
const AT_ONCE: (&str, &str) = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");
const STOPPED: Turn = Turn::Fails(403, "ContentStreamNotAllowed/Content stream was cancelled by user");

/// A question that the agent thinks about while the conversation shows it.
async fn thinking(conversation: &Value, brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static) -> World {
    let world = World::with(&[AT_ONCE], brain).await;
    world.agent.faults().hold(Endpoint::Chat);
    let question = world.message("1", "jane", conversation, QUESTION);
    assert_eq!(world.send(&question).await.0, 200);
    world.teams.until(|teams| !teams.typing().is_empty()).await;
    world
}

/// The agent answers, and this becomes of what the bridge then sends.
async fn answered(world: &World, turns: impl IntoIterator<Item = Turn>) {
    world.teams.next(turns);
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
}

#[tokio::test]
async fn who_stops_an_answer_gets_no_more_of_it_and_no_offer_of_a_ticket() {
    let world = thinking(&personal(), doubtful).await;
    answered(&world, [STOPPED]).await;
    assert!(world.teams.posted().is_empty());
    // The next question is answered as ever.
    world.asks("2", "jane", &personal(), "And how do I reset mine?").await;
    assert_eq!(world.teams.posted().len(), 2);
    world.finish().await;
}

/// Whether there is a card that offers a ticket.
fn offers_ticket(world: &World) -> bool {
    world.teams.posted().iter().any(|posted| posted.activity["attachments"].is_array())
}

#[rstest]
#[case::not_done(Turn::Fails(502, ""), 0)]
#[case::done_all_the_same(Turn::Odd(504, ""), 1)]
#[tokio::test]
async fn of_an_answer_in_parts_only_that_is_missing_of_which_nobody_knows(
    #[case] turn: Turn,
    #[case] there: usize,
) {
    let whole = World::new(long_and_doubtful).await;
    whole.asks("1", "jane", &group(), QUESTION).await;
    let parts = whole.teams.posted().len();
    assert!(3 < parts && offers_ticket(&whole), "{parts}");
    let world = World::new(long_and_doubtful).await;
    // The first call looks the person up.
    world.teams.next([Turn::Well, turn]);
    world.asks("1", "jane", &group(), QUESTION).await;
    assert_eq!(world.teams.posted().len(), parts - 1 + there);
    assert!(offers_ticket(&world));
    world.finish().await;
    whole.finish().await;
}

#[rstest]
#[case::not_done(Turn::Fails(502, ""))]
#[case::done_all_the_same(Turn::Odd(504, ""))]
#[tokio::test]
async fn a_stream_of_whose_end_nobody_knows_becomes_the_answer_all_the_same(#[case] turn: Turn) {
    let world = thinking(&personal(), confident).await;
    answered(&world, [turn]).await;
    let answer = world.last();
    assert!(answer.activity["text"].as_str().unwrap().starts_with("Go to"));
    assert_eq!(world.teams.posted().len(), 1);
    world.rates("2", "jane", &personal(), Some(&answer.id), "like").await;
    assert_eq!(world.told(Endpoint::Feedback).len(), 1);
    world.finish().await;
}

#[rstest]
#[case::that_teams_does_not_change(Turn::Fails(400, "BadArgument"))]
#[case::that_is_forbidden(Turn::Fails(403, ""))]
#[case::that_is_gone(Turn::Fails(404, "ActivityNotFoundInConversation"))]
#[tokio::test]
async fn an_answer_that_can_neither_end_a_stream_nor_take_its_place_is_posted_beside_it(#[case] turn: Turn) {
    let world = thinking(&personal(), confident).await;
    answered(&world, [Turn::Fails(403, "ContentStreamNotAllowed/Content stream is not allowed"), turn]).await;
    assert_eq!(world.teams.posted().len(), 1);
    assert!(world.last().activity["text"].as_str().unwrap().starts_with("Go to"));
    world.finish().await;
}

#[tokio::test]
async fn who_presses_a_notice_that_only_they_see_gets_the_answer_among_the_others() {
    let world = World::new(confident).await;
    world.agent.faults().next(Endpoint::Chat, 1, Fault::answer(Canned::rate_limited(60)));
    world.asks("1", "jane", &group(), QUESTION).await;
    let notice = world.last();
    assert_eq!(notice.only_for.as_deref(), Some("29:jane"));
    world.clock.advance(SignedDuration::from_secs(120));
    world.executes("2", "jane", &notice, "Ask again").await;
    let answer = world.last();
    assert!(answer.activity["text"].as_str().unwrap().starts_with("Go to"));
    assert_eq!((answer.only_for, world.teams.posted().len()), (None, 2));
    world.finish().await;
}

#[tokio::test]
async fn no_ticket_is_asked_for_while_teams_refuses_the_bridges_token() {
    let world = World::new(doubtful).await;
    world.asks("1", "jane", &group(), QUESTION).await;
    let prompt = world.last();
    world.teams.takes(Auth::Only("token-9".to_owned()));
    world.executes("2", "jane", &prompt, "Yes, Create Ticket").await;
    assert!(world.told(Endpoint::CreateTicket).is_empty());
    world.teams.takes(Auth::AnyToken);
    world.executes("3", "jane", &prompt, "Yes, Create Ticket").await;
    assert_eq!(world.told(Endpoint::CreateTicket).len(), 1);
    world.finish().await;
}
