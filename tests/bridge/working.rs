//! That the agent is thinking shows when it takes a while, and never stays.

use jiff::SignedDuration;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};
use threadbridge::demo::workspace;

use crate::world::{World, confident, doubtful};

/// Shows at once that the agent thinks.
const AT_ONCE: (&str, &str) = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");
const STATUS: &str = "is looking that up…";
const PLACEHOLDER: &str = "Looking that up…";

/// A question that the agent has not answered yet, whose thread shows that it thinks.
async fn thinking(native: bool, settings: &[(&str, &str)]) -> (World, String) {
    let settings: Vec<_> = [AT_ONCE].into_iter().chain(settings.iter().copied()).collect();
    let world = World::with(&settings, confident).await;
    world.slack.switch(|switches| switches.native_status = native);
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| shows_work(world, &root).then_some(())).await;
    (world, root)
}

fn shows_work(world: &World, root: &str) -> bool {
    world.slack.status("C0LETTINGS", root).is_some()
        || world.slack.thread("C0LETTINGS", root).iter().any(|message| message.text == PLACEHOLDER)
}

#[tokio::test]
async fn a_quick_answer_shows_no_status() {
    let late = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "3600000");
    let world = World::with(&[late], confident).await;
    let root = world.asks("How?").await;
    world.lettings(&root);
    assert_eq!(world.slack.calls_of("assistant.threads.setStatus").len(), 0);
    assert_eq!(world.slack.calls_of("chat.postMessage").len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn slacks_own_status_shows_while_the_agent_thinks_and_ends_with_the_answer() {
    let (world, root) = thinking(true, &[]).await;
    assert_eq!(world.slack.status("C0LETTINGS", &root).as_deref(), Some(STATUS));
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    (Threadbridge is looking that up…)
    ");
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    assert_eq!(world.slack.status("C0LETTINGS", &root), None);
    world.finish().await;
}

#[tokio::test]
async fn where_slack_has_no_status_a_message_stands_for_the_answer_and_becomes_it() {
    let (world, root) = thinking(false, &[]).await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Looking that up…
    ");
    let placeholder = world.last("C0LETTINGS", &root);
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    let answers = world.answers("C0LETTINGS", &root);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].ts, placeholder.ts);
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.press("U0JANE", &answers[0], "👍").await;
    assert!(world.lettings(&root).ends_with("Thanks for your feedback!"));
    // Slack is asked for a status in a channel only once.
    let other = world.asks("And?").await;
    world.lettings(&other);
    assert_eq!(world.slack.calls_of("assistant.threads.setStatus").len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_failure_takes_the_place_of_what_was_shown() {
    for native in [true, false] {
        let (world, root) = thinking(native, &[]).await;
        world.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
        world.agent.faults().open(Endpoint::Chat);
        world.idle().await;
        assert!(!shows_work(&world, &root));
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
        assert!(world.lettings(&root).contains("Unable to connect right now."));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_private_reply_leaves_nothing_of_what_was_shown() {
    for native in [true, false] {
        let (world, root) = thinking(native, &[]).await;
        world.fails_next(Endpoint::Chat, Fault::answer(Canned::rate_limited(60)));
        world.agent.faults().open(Endpoint::Chat);
        world.idle().await;
        assert!(!shows_work(&world, &root));
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 0);
        assert!(world.whispers("U0JANE").contains("You've reached your query limit."));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_person_who_is_not_in_the_directory_sees_no_work_begin() {
    let world = World::with(&[AT_ONCE], confident).await;
    let root = world.begins("U0NOVA", "C0LETTINGS", "How?").await;
    world.idle().await;
    assert!(world.whispers("U0NOVA").contains("couldn't find you"));
    assert_eq!(world.slack.calls_of("assistant.threads.setStatus").len(), 0);
    world.lettings(&root);
    world.finish().await;
}

#[tokio::test]
async fn a_restart_takes_the_place_of_what_was_shown_and_asking_again_works() {
    for native in [true, false] {
        let (mut world, root) = thinking(native, &[("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0")]).await;
        world.restart().await;
        assert!(!shows_work(&world, &root));
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
        assert!(world.lettings(&root).contains("I was restarted before I could finish this."));
        world.agent.faults().open(Endpoint::Chat);
        world.press("U0JANE", &world.last("C0LETTINGS", &root), "Ask again").await;
        assert!(world.lettings(&root).contains("[👍 Helpful] [👎 Not helpful]"));
        assert!(!shows_work(&world, &root));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_placeholder_whose_outcome_is_unknown_is_found_and_becomes_the_answer() {
    for fault in [workspace::Fault::DropAfter, workspace::Fault::StatusAfter(500)] {
        let world = World::with(&[AT_ONCE], doubtful).await;
        world.slack.switch(|switches| switches.native_status = false);
        world.agent.faults().hold(Endpoint::Chat);
        world.slack.faults().next("chat.postMessage", 1, fault);
        let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
        world.until(|world| (!world.slack.calls_of("chat.postMessage").is_empty()).then_some(())).await;
        world.agent.faults().open(Endpoint::Chat);
        world.idle().await;
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
        assert!(!shows_work(&world, &root));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_placeholder_that_was_being_posted_when_the_bridge_stopped_does_not_stay() {
    let drain = ("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0");
    let mut world = World::with(&[AT_ONCE, drain], confident).await;
    world.slack.switch(|switches| switches.native_status = false);
    world.agent.faults().hold(Endpoint::Chat);
    world.slack.faults().next("chat.postMessage", 1, workspace::Fault::HangAfter);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| shows_work(world, &root).then_some(())).await;
    world.restart().await;
    assert!(!shows_work(&world, &root));
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    assert!(world.lettings(&root).contains("I was restarted before I could finish this."));
    world.finish().await;
}

#[tokio::test]
async fn a_placeholder_that_somebody_deleted_does_not_take_the_answer_with_it() {
    let (world, root) = thinking(false, &[]).await;
    world.slack.faults().next("chat.update", 1, workspace::Fault::Code("message_not_found".into()));
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert!(world.lettings(&root).contains("Password Reset Guide"));
    assert!(!shows_work(&world, &root));
    world.finish().await;
}

#[tokio::test]
async fn a_status_that_slack_does_not_take_at_the_moment_costs_nothing() {
    for fault in [workspace::Fault::RateLimited(30), workspace::Fault::Status(500), workspace::Fault::Drop] {
        let world = World::with(&[AT_ONCE], confident).await;
        world.agent.faults().hold(Endpoint::Chat);
        world.slack.faults().next("assistant.threads.setStatus", 1, fault);
        let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
        world
            .until(|world| (!world.slack.calls_of("assistant.threads.setStatus").is_empty()).then_some(()))
            .await;
        world.agent.faults().open(Endpoint::Chat);
        world.idle().await;
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
        assert_eq!(world.slack.status("C0LETTINGS", &root), None);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_status_ends_by_itself_when_even_its_end_cannot_be_told() {
    let (world, root) = thinking(true, &[]).await;
    world.fails_next(Endpoint::Chat, Fault::answer(Canned::rate_limited(60)));
    world.slack.faults().next("assistant.threads.setStatus", 9, workspace::Fault::Status(500));
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    world.clock.advance(SignedDuration::from_mins(2));
    assert_eq!(world.slack.status("C0LETTINGS", &root), None);
    world.lettings(&root);
    world.whispers("U0JANE");
    world.finish().await;
}
