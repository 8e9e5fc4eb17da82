//! Work that a killed bridge had accepted: the next one goes on with it, and nothing is done twice that must not be.

use insta::assert_snapshot;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};
use threadbridge::demo::workspace;

use crate::world::{World, confident, doubtful};

/// A mortal world and a question that the agent is asked and has not answered.
async fn thinking(settings: &[(&str, &str)]) -> (World, String) {
    let world = World::mortal(settings, confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    (world, root)
}

/// A mortal world and an unsure answer, whose ticket prompt was pressed while `endpoint` does not answer.
async fn pressed(label: &str, endpoint: Endpoint) -> (World, String) {
    let brain = if label == "👍 Helpful" { confident } else { doubtful };
    let world = World::mortal(&[], brain).await;
    let root = world.asks("How?").await;
    world.agent.faults().hold(endpoint);
    let answer = world.last("C0LETTINGS", &root);
    world.slack.press_copy("U0JANE", &answer, label).await;
    world.agent.faults().waiting(endpoint, 1).await;
    (world, root)
}

impl World {
    /// Kills the bridge once Slack was called like this for the given time, and starts another.
    async fn killed_at(&mut self, method: &str, calls: usize) {
        self.until(|world| (calls <= world.slack.calls_of(method).len()).then_some(())).await;
        self.kill().await;
        self.rise().await;
    }
}

#[tokio::test]
async fn a_question_that_was_with_the_agent_is_asked_again_and_answered_once() {
    let (mut world, root) = thinking(&[]).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    assert_eq!(world.questions(), 2);
    world.finish().await;
}

#[tokio::test]
async fn whatever_waits_in_a_thread_is_answered_in_order() {
    let (mut world, root) = thinking(&[]).await;
    for text in ["And then?", "Really?"] {
        let said = world.slack.reply("U0JANE", "C0LETTINGS", &root, &format!("@Threadbridge {text}")).await;
        assert_eq!(said.acks, [200, 200]);
    }
    world.kill().await;
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    let asked: Vec<_> = world.told(Endpoint::Chat).iter().map(|body| body["message"].clone()).collect();
    assert_eq!(asked, ["How?", "How?", "And then?", "Really?"]);
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn a_copy_that_slack_delivers_after_the_kill_is_known() {
    let (mut world, root) = thinking(&[]).await;
    let deliveries = world.slack.deliveries();
    world.kill().await;
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    for delivery in &deliveries {
        assert_eq!(world.slack.redeliver(delivery, 1).await.status, 200);
    }
    world.idle().await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_whose_post_was_not_confirmed_is_found_and_not_posted_again() {
    let mut world = World::mortal(&[], confident).await;
    world.slack.faults().next("chat.postMessage", 1, workspace::Fault::HangAfter);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.killed_at("chat.postMessage", 1).await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    assert_eq!(world.questions(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_was_not_posted_is_posted_without_asking_again() {
    let mut world = World::mortal(&[], confident).await;
    world.slack.faults().next("chat.postMessage", 1, workspace::Fault::Hang);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.killed_at("chat.postMessage", 1).await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    assert_eq!(world.questions(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_placeholder_from_before_the_kill_becomes_the_answer() {
    let at_once = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");
    let mut world = World::mortal(&[at_once], confident).await;
    world.slack.switch(|switches| switches.native_status = false);
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| (world.slack.thread("C0LETTINGS", &root).len() == 2).then_some(())).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_took_a_placeholders_place_is_not_posted_beside_it() {
    let at_once = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");
    let mut world = World::mortal(&[at_once], confident).await;
    world.slack.switch(|switches| switches.native_status = false);
    world.agent.faults().hold(Endpoint::Chat);
    world.slack.faults().next("chat.update", 1, workspace::Fault::HangAfter);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| (world.slack.thread("C0LETTINGS", &root).len() == 2).then_some(())).await;
    world.agent.faults().open(Endpoint::Chat);
    world.killed_at("chat.update", 1).await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    assert_eq!(world.questions(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_failure_that_may_have_been_recorded_is_not_recorded_again_until_a_ticket_is_wanted() {
    let mut world = World::mortal(&[], doubtful).await;
    world.agent.faults().hold(Endpoint::RecordFailure);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.agent.faults().waiting(Endpoint::RecordFailure, 1).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::RecordFailure);
    world.rise().await;
    assert_eq!((world.questions(), world.told(Endpoint::RecordFailure).len()), (1, 1));
    let answer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    assert!(world.lettings(&root).contains("I've created support ticket #"));
    assert_eq!(world.told(Endpoint::RecordFailure).len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn what_was_only_claimed_is_gone_on_with() {
    let mut world = World::mortal(&[], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.slack.faults().next("chat.update", 1, workspace::Fault::HangAfter);
    world.slack.press_copy("U0JANE", &answer, "Yes, Create Ticket").await;
    world.killed_at("chat.update", 1).await;
    assert!(world.lettings(&root).contains("I've created support ticket #"));
    assert_eq!(world.agent.tickets().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_that_may_have_been_asked_for_is_left_to_the_person() {
    let (mut world, root) = pressed("Yes, Create Ticket", Endpoint::CreateTicket).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::CreateTicket);
    world.rise().await;
    assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      I can't tell whether the ticket was created: look for the e-mail to jane.smith@company.com. Create it again only if there is none.
      [Create again] [Leave it]
    ");
    assert_eq!(world.told(Endpoint::CreateTicket).len(), 1);
    let uncertain = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &uncertain, "Create again").await;
    assert!(world.lettings(&root).contains("I've created support ticket #"));
    world.finish().await;
}

#[tokio::test]
async fn also_a_second_request_for_a_ticket_is_not_repeated() {
    let (mut world, root) = pressed("Yes, Create Ticket", Endpoint::CreateTicket).await;
    world.kill().await;
    world.rise().await;
    let uncertain = world.last("C0LETTINGS", &root);
    world.slack.press_copy("U0JANE", &uncertain, "Create again").await;
    world.agent.faults().waiting(Endpoint::CreateTicket, 1).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::CreateTicket);
    world.rise().await;
    assert!(world.lettings(&root).contains("[Create again] [Leave it]"));
    assert_eq!(world.told(Endpoint::CreateTicket).len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_that_was_created_is_announced_by_the_next_bridge() {
    let mut world = World::mortal(&[], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    let updates = world.slack.calls_of("chat.update").len();
    world.agent.faults().hold(Endpoint::CreateTicket);
    world.slack.press_copy("U0JANE", &answer, "Yes, Create Ticket").await;
    world.agent.faults().waiting(Endpoint::CreateTicket, 1).await;
    world.slack.faults().next("chat.update", 1, workspace::Fault::Hang);
    world.agent.faults().open(Endpoint::CreateTicket);
    world.killed_at("chat.update", updates + 2).await;
    assert!(world.lettings(&root).contains("I've created support ticket #"));
    assert_eq!((world.agent.tickets().len(), world.told(Endpoint::CreateTicket).len()), (1, 1));
    world.finish().await;
}

#[tokio::test]
async fn a_rating_that_may_have_arrived_is_left_to_the_person() {
    let (mut world, root) = pressed("👍 Helpful", Endpoint::Feedback).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::Feedback);
    world.rise().await;
    assert_eq!(world.told(Endpoint::Feedback).len(), 1);
    assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I couldn't save your rating just now. Please try again in a moment.
    ");
    let answer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &answer, "👍 Helpful").await;
    assert!(world.lettings(&root).contains("Thanks for your feedback!"));
    world.finish().await;
}

#[tokio::test]
async fn a_question_that_was_being_asked_again_becomes_the_answer() {
    let mut world = World::mortal(&[], confident).await;
    world.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
    let root = world.asks("How?").await;
    world.agent.faults().hold(Endpoint::Chat);
    let notice = world.last("C0LETTINGS", &root);
    world.slack.press_copy("U0JANE", &notice, "Ask again").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_stop_leaves_what_it_cannot_finish_to_the_next_bridge() {
    let (mut world, root) = thinking(&[("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0")]).await;
    world.terminate();
    world.stopped().await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 0, "nobody is asked to ask again");
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_thread_is_followed_in_its_session_also_after_a_kill() {
    let mut world = World::mortal(&[], confident).await;
    let root = world.asks("How?").await;
    world.kill().await;
    world.rise().await;
    world.goes_on(&root, "And then?").await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 2);
    let asked = world.told(Endpoint::Chat);
    assert_eq!(asked[0]["session_id"], asked[1]["session_id"]);
    world.finish().await;
}

#[tokio::test]
async fn no_apology_stands_beside_an_answer_that_was_posted() {
    let mut world = World::mortal(&[], confident).await;
    world.slack.faults().next("chat.postMessage", 1, workspace::Fault::HangAfter);
    world.slack.faults().next("conversations.replies", 4, workspace::Fault::Hang);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| (world.slack.calls_of("chat.postMessage").len() == 1).then_some(())).await;
    for deaths in 1..5 {
        world.kill().await;
        world.start_again().await;
        let looked = |world: &World| deaths <= world.slack.calls_of("conversations.replies").len();
        world.until(|world| looked(world).then_some(())).await;
    }
    world.kill().await;
    world.rise().await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_message_over_which_the_bridge_dies_again_and_again_ends_with_an_apology() {
    let (mut world, root) = thinking(&[]).await;
    for death in 1..5 {
        world.kill().await;
        world.start_again().await;
        world.agent.faults().waiting(Endpoint::Chat, 1).await;
        assert_eq!(world.questions(), death + 1);
    }
    world.kill().await;
    world.rise().await;
    assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Something went wrong on my side. Please ask again.
      [Ask again]
    ");
    assert_eq!(world.questions(), 5);
    world.agent.faults().open(Endpoint::Chat);
    world.finish().await;
}

#[tokio::test]
async fn a_look_up_that_fails_once_costs_no_answer() {
    let mut world = World::mortal(&[], confident).await;
    world.slack.faults().next("chat.postMessage", 1, workspace::Fault::Hang);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| (!world.slack.calls_of("chat.postMessage").is_empty()).then_some(())).await;
    world.kill().await;
    world.slack.faults().next("conversations.replies", 1, workspace::Fault::Status(500));
    world.rise().await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_notice_in_a_direct_message_is_not_posted_twice() {
    let mut world = World::mortal(&[], confident).await;
    world.agent.faults().next(
        Endpoint::Chat,
        1,
        Fault::answer(Canned::rate_limited(serde_json::json!(3600))),
    );
    world.slack.faults().next("chat.postMessage", 1, workspace::Fault::HangAfter);
    let root = world.begins("U0JANE", "dm", "How?").await;
    world.killed_at("chat.postMessage", 1).await;
    assert_eq!(world.answers("D0JANE", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_placeholder_of_a_private_ask_again_does_not_stay() {
    let at_once = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");
    let mut world = World::mortal(&[at_once], confident).await;
    world.slack.switch(|switches| switches.native_status = false);
    world.agent.faults().next(Endpoint::Chat, 1, Fault::answer(Canned::rate_limited(serde_json::json!(60))));
    let root = world.asks("How?").await;
    world.whispers("U0JANE");
    world.clock.advance(jiff::SignedDuration::from_secs(60));
    world.agent.faults().hold(Endpoint::Chat);
    let whisper = world.slack.ephemerals("U0JANE").pop().unwrap();
    assert_eq!(world.slack.press_private(&whisper, "Ask again").await.status, 200);
    world.until(|world| (world.slack.thread("C0LETTINGS", &root).len() == 2).then_some(())).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1, "{}", world.lettings(&root));
    world.finish().await;
}

#[tokio::test]
async fn nobodys_id_stands_in_the_file_after_a_press() {
    let mut world = World::mortal(&[], confident).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &answer, "👍 Helpful").await;
    let url = world.settings.iter().find(|(name, _)| name == "STORE_URL").unwrap().1.clone();
    let file = url.strip_prefix("sqlite:").unwrap().to_owned();
    world.kill().await;
    let mut found = Vec::new();
    for end in ["", "-wal"] {
        let bytes = std::fs::read(format!("{file}{end}")).unwrap_or_default();
        for at in 0..bytes.len().saturating_sub(6) {
            if &bytes[at..at + 6] == b"U0JANE" {
                let from = at.saturating_sub(60);
                found.push(String::from_utf8_lossy(&bytes[from..at + 6]).into_owned());
            }
        }
    }
    assert!(found.is_empty(), "{found:?}");
    world.rise().await;
    world.lettings(&root);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_kept_is_posted_however_often_the_bridge_has_died() {
    let mut world = World::mortal(&[], confident).await;
    world.slack.faults().next("chat.postMessage", 5, workspace::Fault::Hang);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    for death in 1..=5 {
        world.until(|world| (death <= world.slack.calls_of("chat.postMessage").len()).then_some(())).await;
        world.kill().await;
        world.start_again().await;
    }
    world.until(|world| (2 <= world.slack.thread("C0LETTINGS", &root).len()).then_some(())).await;
    world.goes_on(&root, "And then?").await;
    assert_eq!(world.lettings(&root).matches("Settings > Users").count(), 2);
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 2);
    world.finish().await;
}
