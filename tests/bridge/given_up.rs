//! Presses over which the bridge dies again and again: it gives them up, and leaves nothing behind that cannot be pressed.

use insta::assert_snapshot;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};
use threadbridge::demo::workspace;

use crate::world::{World, confident, doubtful};

/// How often the bridge dies until it gives up.
const DEATHS: usize = 5;

#[tokio::test]
async fn a_ticket_that_was_not_asked_for_is_offered_again() {
    let mut world = World::mortal(&[], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.slack.faults().next("chat.update", DEATHS, workspace::Fault::HangAfter);
    world.slack.press_copy("U0JANE", &answer, "Yes, Create Ticket").await;
    for deaths in 1..=DEATHS {
        world.until(|world| (deaths <= world.slack.calls_of("chat.update").len()).then_some(())).await;
        world.kill().await;
        world.start_again().await;
    }
    world.idle().await;
    assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    Threadbridge (only visible to you)
      I can't do that just now. Please press the button again in a minute.
    ");
    world.whispers("U0JANE");
    let offer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &offer, "Yes, Create Ticket").await;
    assert!(world.lettings(&root).contains("I've created support ticket #"));
    assert_eq!(world.agent.tickets().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_question_that_was_being_asked_again_can_be_asked_once_more() {
    let mut world = World::mortal(&[], confident).await;
    world.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
    let root = world.asks("How?").await;
    world.agent.faults().hold(Endpoint::Chat);
    let notice = world.last("C0LETTINGS", &root);
    world.slack.press_copy("U0JANE", &notice, "Ask again").await;
    for _ in 0..DEATHS {
        world.agent.faults().waiting(Endpoint::Chat, 1).await;
        world.kill().await;
        world.start_again().await;
    }
    world.idle().await;
    assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Something went wrong on my side. Please ask again.
      [Ask again]
    ");
    world.agent.faults().open(Endpoint::Chat);
    let apology = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &apology, "Ask again").await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}
