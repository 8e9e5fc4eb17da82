//! Buttons from before a restart: what they need is in them, in their message and in the thread.

use serde_json::{Value, json};
use threadbridge::demo::agent::{Canned, Endpoint, Fault};
use threadbridge::demo::workspace::Message;

use crate::world::{World, doubtful};

const EXPIRED: &str =
    "Threadbridge (only visible to you)\n  This button no longer works. Please ask your question again.";

#[tokio::test]
async fn no_thanks_works_after_a_restart() {
    let mut world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.press("U0JANE", &answer, "No Thanks").await;
    assert!(world.lettings(&root).ends_with("No problem! Feel free to ask another question."));
    assert_eq!(world.told(Endpoint::Decline).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn ask_again_works_after_a_restart_and_the_notice_becomes_the_answer() {
    let mut world = World::new().await;
    world.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
    let root = world.asks("How do I reset a password?").await;
    let notice = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.press("U0JANE", &notice, "Ask again").await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    assert_eq!(world.told(Endpoint::Chat)[0], world.told(Endpoint::Chat)[1]);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_that_was_being_created_when_the_bridge_stopped_is_in_doubt() {
    let mut world = World::with(&[("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0")], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.agent.faults().hold(Endpoint::CreateTicket);
    world.slack.press_copy("U0JANE", &answer, "Yes, Create Ticket").await;
    world.agent.faults().waiting(Endpoint::CreateTicket, 1).await;
    let creating = world.last("C0LETTINGS", &root);
    world.restart().await;
    assert!(world.lettings(&root).contains("[Create again] [Leave it]"));
    world.agent.faults().open(Endpoint::CreateTicket);
    // As after a kill, when nobody could change the message any more.
    world.press_old("U0JANE", &creating, "Still nothing? Check").await;
    assert!(world.lettings(&root).contains("I can't tell whether the ticket was created"));
    world.press_old("U0JANE", &answer, "Yes, Create Ticket").await;
    assert!(world.lettings(&root).contains("[Create again] [Leave it]"));
    let before = world.agent.tickets().len();
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "Create again").await;
    assert!(world.lettings(&root).contains("I've created support ticket #"));
    assert_eq!(world.agent.tickets().len(), before + 1);
    world.finish().await;
}

/// A press as Slack would send it, with the value moved to where `change` puts it.
async fn forge(world: &World, answer: &Message, label: &str, change: impl Fn(&mut Value)) {
    world.slack.press_copy("U0TOM", answer, label).await;
    world.idle().await;
    let mut payload = world
        .slack
        .deliveries()
        .into_iter()
        .rfind(|delivery| delivery.kind() == "block_actions")
        .unwrap()
        .json();
    payload["user"]["id"] = json!("U0JANE");
    payload["actions"][0]["action_ts"] = json!("1795348899.000001");
    change(&mut payload);
    assert_eq!(world.slack.send_interaction(&payload).await.status, 200);
    world.idle().await;
}

#[tokio::test]
async fn a_value_that_was_copied_elsewhere_or_changed_is_refused_privately() {
    type Change = fn(&mut Value, &str);
    let changes: [(&str, Change); 5] = [
        ("another thread", |payload, other| {
            payload["message"]["thread_ts"] = json!(other);
            payload["container"]["thread_ts"] = json!(other);
        }),
        ("another channel", |payload, _| {
            payload["channel"]["id"] = json!("C0SALES");
            payload["container"]["channel_id"] = json!("C0SALES");
            payload["message"].as_object_mut().unwrap().remove("thread_ts");
            payload["container"].as_object_mut().unwrap().remove("thread_ts");
            payload["actions"][0]["block_id"] = json!("x");
        }),
        ("another workspace", |payload, _| payload["team"]["id"] = json!("T0OTHER")),
        ("a flipped character", |payload, _| {
            let value = payload["actions"][0]["value"].as_str().unwrap().to_owned();
            let flipped = if value.ends_with('A') { "B" } else { "A" };
            payload["actions"][0]["value"] = json!(format!("{}{flipped}", &value[..value.len() - 1]));
        }),
        ("nothing at all", |payload, _| payload["actions"][0]["value"] = json!("")),
    ];
    for (what, change) in changes {
        let world = World::with(&[], doubtful).await;
        let root = world.asks("How?").await;
        let other = world.asks("Another").await;
        let answer = world.last("C0LETTINGS", &root);
        let before = world.lettings(&root);
        forge(&world, &answer, "Yes, Create Ticket", |payload| change(payload, &other)).await;
        world.whispers("U0TOM");
        let told = world.whispers("U0JANE");
        // Without a thread there is nowhere to say it.
        assert!(told == EXPIRED || (what == "another channel" && told.is_empty()), "{what}: {told}");
        assert_eq!(world.agent.tickets(), [], "{what}");
        assert!(world.lettings(&root).starts_with(&before), "{what}");
        world.lettings(&other);
        world.finish().await;
    }
}

#[tokio::test]
async fn after_a_change_of_key_old_buttons_work_while_the_old_key_is_known() {
    let (old, new) = ("an old key of decent length", "a new key of decent length");
    for known in [true, false] {
        let mut world = World::with(&[("SEAL_KEY", old)], doubtful).await;
        let root = world.asks("How?").await;
        let answer = world.last("C0LETTINGS", &root);
        world.settings.retain(|(name, _)| name != "SEAL_KEY");
        world.settings.push(("SEAL_KEY".into(), new.into()));
        if known {
            world.settings.push(("THREADBRIDGE_SEAL__PREVIOUS_KEY".into(), old.into()));
        }
        world.restart().await;
        world.press("U0JANE", &answer, "Yes, Create Ticket").await;
        assert_eq!(world.agent.tickets().len(), usize::from(known));
        assert_eq!(world.whispers("U0JANE"), if known { "" } else { EXPIRED });
        world.lettings(&root);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_key_of_its_own_leaves_the_buttons_from_before_it_alive() {
    let mut world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.set("SEAL_KEY", "a key of decent length");
    world.restart().await;
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    world.finish().await;
}
