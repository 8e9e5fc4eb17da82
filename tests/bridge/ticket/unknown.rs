//! Tickets whose outcome nobody knows: no machine repeats them, and the person decides.

use std::sync::Arc;

use jiff::SignedDuration;
use threadbridge::clock::Clock;
use threadbridge::demo::agent::{Brain, Canned, DemoAgent, Endpoint, Fault};
use threadbridge::demo::workspace;

use super::{NO, YES};
use crate::world::wire::Wire;
use crate::world::{TestClock, World, doubtful};

const IMPATIENT: (&str, &str) = ("THREADBRIDGE_AGENT__DEADLINE_SECONDS", "1");

/// Ways in which the agent's answer is lost, and whether the ticket was made first.
fn lost() -> Vec<(Fault, bool)> {
    let garbage = || Fault::answer(Canned::bytes(200, "text/html", "<html>"));
    let without_id = || Fault::answer(Canned::json(200, &serde_json::json!({ "ok": true })));
    let failing = || Fault::answer(Canned::error(500, "x"));
    let dropped = Fault::drop_connection;
    let all = [garbage(), without_id(), failing(), dropped()];
    let after = [garbage(), without_id(), failing(), dropped()].map(|fault| (fault.after_effect(), true));
    all.map(|fault| (fault, false)).into_iter().chain(after).collect()
}

/// A thread in which nobody knows whether the ticket was made.
async fn in_doubt(settings: &[(&str, &str)], fault: Fault) -> (World, String) {
    let world = World::with(settings, doubtful).await;
    let root = world.asks("How?").await;
    world.fails_next(Endpoint::CreateTicket, fault);
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    (world, root)
}

#[tokio::test]
async fn a_lost_answer_asks_the_person_and_is_never_repeated_by_itself() {
    for (fault, made) in lost() {
        let (world, root) = in_doubt(&[], fault).await;
        insta::allow_duplicates! { insta::assert_snapshot!(world.lettings(&root), @"
        Jane Smith
          @Threadbridge How?
        Threadbridge
          I'm not confident I can help with this.
          · Not very sure · 35 %
          I can't tell whether the ticket was created: look for the e-mail to jane.smith@company.com. Create it again only if there is none.
          [Create again] [Leave it]
        "); }
        assert_eq!(world.told(Endpoint::CreateTicket).len(), 1);
        world.clock.advance(SignedDuration::from_mins(30));
        world.idle().await;
        assert_eq!(world.told(Endpoint::CreateTicket).len(), 1);
        assert_eq!(world.agent.tickets().len(), usize::from(made));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_call_that_takes_too_long_asks_the_person() {
    for fault in [Fault::hang(), Fault::hang().after_effect(), Fault::endless()] {
        let (world, root) = in_doubt(&[IMPATIENT], fault).await;
        assert!(world.lettings(&root).contains("I can't tell whether the ticket was created"));
        assert!(world.lettings(&root).ends_with("[Create again] [Leave it]"));
        assert_eq!(world.told(Endpoint::CreateTicket).len(), 1);
        world.agent.faults().release();
        world.finish().await;
    }
}

#[tokio::test]
async fn create_again_makes_exactly_one_more() {
    let (world, root) = in_doubt(&[], Fault::drop_connection().after_effect()).await;
    let asked = world.last("C0LETTINGS", &root);
    world.press_both(&asked, ("U0JANE", "Create again"), ("U0JANE", "Create again")).await;
    assert!(world.lettings(&root).contains("support ticket #9631"));
    assert_eq!(world.agent.tickets().len(), 2);
    world.press_old("U0JANE", &asked, "Create again").await;
    world.press_old("U0JANE", &asked, "Leave it").await;
    assert!(world.lettings(&root).contains("support ticket #9631"));
    assert_eq!(world.agent.tickets().len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_decision_about_one_doubt_is_none_about_the_next() {
    let (world, root) = in_doubt(&[], Fault::drop_connection()).await;
    let asked = world.last("C0LETTINGS", &root);
    world.fails_next(Endpoint::CreateTicket, Fault::drop_connection().after_effect());
    world.press_both(&asked, ("U0JANE", "Create again"), ("U0JANE", "Create again")).await;
    for label in ["Create again", "Leave it"] {
        world.press_old("U0JANE", &asked, label).await;
        assert!(world.lettings(&root).contains("[Create again] [Leave it]"));
    }
    assert_eq!(world.agent.tickets().len(), 1);
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "Create again").await;
    assert!(world.lettings(&root).contains("support ticket #9631"));
    world.finish().await;
}

#[tokio::test]
async fn create_again_that_fails_for_certain_leaves_the_first_in_doubt() {
    for certain in [422, 429] {
        let (world, root) = in_doubt(&[], Fault::drop_connection().after_effect()).await;
        world.fails_next(Endpoint::CreateTicket, Fault::answer(Canned::error(certain, "x")));
        let asked = world.last("C0LETTINGS", &root);
        world.press("U0JANE", &asked, "Create again").await;
        assert!(world.lettings(&root).contains("I can't tell whether the ticket was created"));
        assert!(world.lettings(&root).contains("[Create again] [Leave it]"));
        insta::allow_duplicates! { insta::assert_snapshot!(world.whispers("U0JANE"), @"
        Threadbridge (only visible to you)
          I couldn't ask for the ticket again just now. Whether there is one from before is still open.
        "); }
        world.press_old("U0JANE", &asked, "Create again").await;
        assert!(world.lettings(&root).contains("support ticket #9631"));
        world.finish().await;
    }
}

#[tokio::test]
async fn leave_it_ends_the_matter() {
    let (world, root) = in_doubt(&[], Fault::drop_connection()).await;
    let asked = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &asked, "Leave it").await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      Left as it is. If the ticket was created, a confirmation went to jane.smith@company.com.
    ");
    world.press_old("U0JANE", &asked, "Create again").await;
    assert!(world.lettings(&root).contains("Left as it is."));
    assert_eq!(world.agent.tickets(), []);
    world.finish().await;
}

#[tokio::test]
async fn an_old_copy_of_the_prompt_does_not_get_past_the_doubt() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    let prompt = world.last("C0LETTINGS", &root);
    world.fails_next(Endpoint::CreateTicket, Fault::drop_connection().after_effect());
    world.press("U0JANE", &prompt, YES).await;
    for label in [YES, NO] {
        world.press_old("U0JANE", &prompt, label).await;
        assert!(world.lettings(&root).contains("[Create again] [Leave it]"));
    }
    assert_eq!(world.agent.tickets().len(), 1);
    assert_eq!(world.told(Endpoint::Decline).len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn in_a_shared_channel_the_doubt_shows_no_email_and_the_asker_gets_it_privately() {
    let world = World::with(&[], doubtful).await;
    let root = world.begins("U0JANE", "C0PARTNERS", "How?").await;
    world.idle().await;
    world.fails_next(Endpoint::CreateTicket, Fault::drop_connection());
    world.press("U0JANE", &world.last("C0PARTNERS", &root), YES).await;
    let thread = workspace::render(&world.last("C0PARTNERS", &root));
    assert!(
        thread.contains("I can't tell whether the ticket was created") && !thread.contains('@'),
        "{thread}"
    );
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I can't tell whether your ticket was created: look for the e-mail to jane.smith@company.com.
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_refused_connection_sent_nothing_so_the_ticket_is_offered_again() {
    let clock = Arc::new(TestClock::new());
    let agent = DemoAgent::new(Brain::scripted(doubtful), Arc::clone(&clock) as Arc<dyn Clock>);
    let wire = Wire::to(agent.router()).await;
    let world = World::with(&[("AGENT_URL", &wire.url())], doubtful).await;
    let root = world.asks("How?").await;
    wire.cut().await;
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.lettings(&root).contains("[Yes, Create Ticket (primary)] [No Thanks]"));
    assert!(world.whispers("U0JANE").contains("none was created"));
    wire.mend().await;
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    assert_eq!((agent.tickets().len(), agent.violations().len()), (1, 0));
    world.finish().await;
}

#[tokio::test]
async fn check_shows_what_became_of_a_ticket_whose_message_was_not_changed() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.agent.faults().hold(Endpoint::CreateTicket);
    assert_eq!(world.slack.press_copy("U0JANE", &answer, YES).await.status, 200);
    world.agent.faults().waiting(Endpoint::CreateTicket, 1).await;
    let creating = world.last("C0LETTINGS", &root);
    world.slack.faults().next("chat.update", 1, workspace::Fault::Code("edit_window_closed".into()));
    world.agent.faults().open(Endpoint::CreateTicket);
    world.idle().await;
    assert!(world.lettings(&root).contains("Creating your support ticket…"));
    // The message cannot say it, so she is told.
    assert!(world.whispers("U0JANE").contains("I've created support ticket #9630"));
    world.press("U0JANE", &creating, "Still nothing? Check").await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    assert_eq!(world.agent.tickets().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_claim_that_lasted_too_long_sends_nothing_and_gives_the_ticket_back() {
    let world = World::with(&[], doubtful).await;
    world.fails_next(Endpoint::RecordFailure, Fault::answer(Canned::error(500, "x")));
    let root = world.asks("How?").await;
    world.agent.faults().hold(Endpoint::RecordFailure);
    let answer = world.last("C0LETTINGS", &root);
    assert_eq!(world.slack.press_copy("U0JANE", &answer, YES).await.status, 200);
    world.agent.faults().waiting(Endpoint::RecordFailure, 1).await;
    world.clock.advance(SignedDuration::from_mins(6));
    world.agent.faults().open(Endpoint::RecordFailure);
    world.idle().await;
    assert_eq!(world.told(Endpoint::CreateTicket).len(), 0);
    assert!(world.whispers("U0JANE").contains("none was created"));
    assert!(world.lettings(&root).contains("[Yes, Create Ticket (primary)] [No Thanks]"));
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    world.finish().await;
}
