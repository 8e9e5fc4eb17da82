//! Cut short: what cannot finish before the bridge stops says so, and can be asked again.

use rstest::rstest;
use threadbridge::demo::agent::Endpoint;
use threadbridge::demo::workspace::Fault;

use crate::wire::asked;
use crate::world::{World, confident, doubtful};

/// Nothing that is under way may finish.
const AT_ONCE: (&str, &str) = ("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0");
/// The thread shows at once that the agent thinks.
const SHOWN_AT_ONCE: (&str, &str) = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");

/// Waits until the bot has said something in a thread.
async fn bot_says_something(world: &World, root: &str) {
    let mut changes = world.slack.changes();
    while world.slack.thread("C0LETTINGS", root).iter().all(|message| message.bot_id.is_none()) {
        changes.changed().await.unwrap();
    }
}

#[rstest]
#[case::with_a_status(true)]
#[case::with_a_placeholder(false)]
#[tokio::test]
async fn what_cannot_finish_says_so_and_its_button_works_after_the_restart(#[case] native: bool) {
    let mut world = World::with(&[AT_ONCE, SHOWN_AT_ONCE], confident).await;
    world.slack.switch(|habits| habits.native_status = native);
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@bot Why?").await.ts;
    if native {
        let mut changes = world.slack.changes();
        while world.slack.status("C0LETTINGS", &root).is_none() {
            changes.changed().await.unwrap();
        }
    } else {
        bot_says_something(&world, &root).await;
    }
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.restart().await;
    let thread = world.see("C0LETTINGS", &root);
    insta::allow_duplicates! { insta::assert_snapshot!(thread, @"
    Jane Smith
      @Threadbridge Why?
    Threadbridge
      I was restarted before I could finish this. Please ask again.
      [Ask again]
    "); }
    world.agent.faults().open(Endpoint::Chat);
    let notice = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &notice, "Ask again").await;
    let thread = world.see("C0LETTINGS", &root);
    assert!(thread.contains("press *Reset*") && !thread.contains("Ask again"), "{thread}");
    assert_eq!(asked(&world), ["Why?", "Why?"]);
    world.finish().await;
}

#[tokio::test]
async fn a_placeholder_whose_posting_was_cut_short_does_not_stay() {
    let mut world = World::with(&[AT_ONCE, SHOWN_AT_ONCE], confident).await;
    world.slack.switch(|habits| habits.native_status = false);
    world.slack.faults().next("chat.postMessage", 1, Fault::HangAfter);
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@bot Why?").await.ts;
    bot_says_something(&world, &root).await;
    world.terminate();
    world.stopped().await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge Why?
    Threadbridge
      I was restarted before I could finish this. Please ask again.
      [Ask again]
    ");
    world.agent.faults().open(Endpoint::Chat);
    world.finish().await;
}

#[tokio::test]
async fn every_question_that_waits_is_told_and_can_be_asked_again() {
    let mut world = World::with(&[AT_ONCE], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.slack.say("U0JANE", "C0LETTINGS", "@bot One?").await.ts;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    for text in ["Two?", "Three?"] {
        world.slack.reply("U0JANE", "C0LETTINGS", &root, text).await;
    }
    world.restart().await;
    world.agent.faults().open(Endpoint::Chat);
    let notices =
        world.slack.thread("C0LETTINGS", &root).into_iter().filter(|message| message.bot_id.is_some());
    let notices: Vec<_> = notices.collect();
    assert_eq!(notices.len(), 3);
    for notice in &notices {
        assert!(notice.text.starts_with("I was restarted"), "{}", notice.text);
        world.press("U0JANE", notice, "Ask again").await;
    }
    assert_eq!(asked(&world), ["One?", "One?", "Two?", "Three?"]);
    world.see("C0LETTINGS", &root);
    world.finish().await;
}

#[tokio::test]
async fn a_rating_that_cannot_finish_gets_its_buttons_back() {
    let mut world = World::with(&[AT_ONCE], confident).await;
    let root = world.asks("Why?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.agent.faults().hold(Endpoint::Feedback);
    world.slack.press("U0JANE", "C0LETTINGS", &answer.ts, "👍").await;
    world.agent.faults().waiting(Endpoint::Feedback, 1).await;
    world.terminate();
    world.stopped().await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge Why?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    Threadbridge (only visible to you)
      I couldn't save your rating just now. Please try again in a moment.
    ");
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I couldn't save your rating just now. Please try again in a moment.
    ");
    world.agent.faults().open(Endpoint::Feedback);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_that_cannot_finish_is_never_confirmed_and_never_repeated() {
    let mut world = World::with(&[AT_ONCE], doubtful).await;
    let root = world.asks("Why?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.agent.faults().hold(Endpoint::CreateTicket);
    world.slack.press("U0JANE", "C0LETTINGS", &answer.ts, "Yes, Create Ticket").await;
    world.agent.faults().waiting(Endpoint::CreateTicket, 1).await;
    world.terminate();
    world.stopped().await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge Why?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      I can't tell whether the ticket was created: look for the e-mail to jane.smith@company.com. Create it again only if there is none.
      [Create again] [Leave it]
    ");
    world.agent.faults().open(Endpoint::CreateTicket);
    world.finish().await;
}

#[tokio::test]
async fn slack_saying_nothing_does_not_keep_it_from_stopping() {
    let settings =
        [AT_ONCE, ("THREADBRIDGE_SERVER__GRACE_SECONDS", "1"), ("THREADBRIDGE_SLACK__DEADLINE_SECONDS", "2")];
    let mut world = World::with(&settings, confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    world.slack.say("U0JANE", "C0LETTINGS", "@bot Why?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.slack.faults().next("chat.postMessage", 1, Fault::Hang);
    world.terminate();
    // That it returns is the point; what was left is told of in the log.
    world.stopped().await;
    world.agent.faults().open(Endpoint::Chat);
    world.left_unfinished().await;
    world.see_all();
    world.finish().await;
}
