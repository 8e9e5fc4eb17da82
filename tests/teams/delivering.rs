//! Replies of several messages, and those that take the place of something: what of them arrives when Teams does not do
//! as it is told.

use serde_json::Value;
use threadbridge::demo::agent::{Ask, Endpoint, Scripted};

use crate::microsoft::connector::Turn;
use crate::world::{World, doubtful, personal};

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
