//! After a restart the texts of questions and answers come from the thread as people see it.

use serde_json::{Value, json};
use threadbridge::demo::agent::{Answer, Canned, Endpoint, Fault, Scripted};
use threadbridge::demo::workspace;

use crate::world::{World, doubtful};

/// The thread cannot be read any more.
fn unreadable(world: &World) {
    world.slack.faults().next("conversations.replies", 9, workspace::Fault::Code("missing_scope".into()));
}

#[tokio::test]
async fn a_rating_after_a_restart_says_what_was_asked_and_answered() {
    let mut world = World::new().await;
    let root = world.asks("How do I reset a password?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.press("U0JANE", &answer, "👍").await;
    assert!(world.lettings(&root).ends_with("Thanks for your feedback!"));
    let told = &world.told(Endpoint::Feedback)[0];
    assert_eq!(told["query"], json!("How do I reset a password?"));
    assert_eq!(told["response"], json!("Go to *Settings > Users* and press _Reset_."));
    assert_eq!(told["confidence_score"], json!(0.92));
    assert_eq!(told["session_id"], world.told(Endpoint::Chat)[0]["session_id"]);
    assert_eq!(told["message_id"], json!(format!("C0LETTINGS:{}", answer.ts)));
    world.finish().await;
}

#[tokio::test]
async fn a_rating_after_a_restart_tells_of_the_pressed_answer_and_of_no_other() {
    let long = "a long one. ".repeat(400);
    let mut world = World::with(&[], move |ask| {
        let text = if ask.message == "three" { long.clone() } else { format!("About {}", ask.message) };
        Scripted::Answer(Answer::confident(text))
    })
    .await;
    let root = world.asks("one").await;
    for (who, text) in [("U0TOM", "two"), ("U0JANE", "three"), ("U0TOM", "four")] {
        world.slack.reply(who, "C0LETTINGS", &root, &format!("@Threadbridge {text}")).await;
        world.idle().await;
    }
    let answers = world.answers("C0LETTINGS", &root);
    world.restart().await;
    for (number, who) in
        [(0, "U0JANE"), (1, "U0TOM"), (answers.len() - 2, "U0JANE"), (answers.len() - 1, "U0TOM")]
    {
        world.press(who, &answers[number], "👍").await;
    }
    let told: Vec<_> =
        world.told(Endpoint::Feedback).into_iter().map(|told| told["response"].clone()).collect();
    assert_eq!(
        [&told[0], &told[1], &told[3]],
        [&json!("About one"), &json!("About two"), &json!("About four")]
    );
    assert_eq!(told[2].as_str().unwrap().matches("a long one.").count(), 400);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_of_a_session_that_began_after_a_restart_carries_what_was_said_before() {
    let mut world = World::with(&[], doubtful).await;
    let root = world.asks("one").await;
    world.restart().await;
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "@Threadbridge two").await;
    world.idle().await;
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "Yes, Create Ticket").await;
    world.lettings(&root);
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    let said: Vec<_> = history.as_array().unwrap().iter().map(|entry| entry["content"].clone()).collect();
    let doubt = "I'm not confident I can help with this.";
    assert_eq!(said, ["one", doubt, "two", doubt]);
    world.finish().await;
}

#[tokio::test]
async fn a_rating_after_a_restart_needs_no_thread() {
    let mut world = World::new().await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    unreadable(&world);
    world.press("U0JANE", &answer, "👎").await;
    assert!(world.lettings(&root).ends_with("Thanks for your feedback!"));
    let told = &world.told(Endpoint::Feedback)[0];
    assert_eq!(told["response"], json!("Go to *Settings > Users* and press _Reset_."));
    assert_eq!(told["query"], json!("(the text of this question is no longer available)"));
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_after_a_restart_carries_the_thread_as_its_history() {
    let mut world = World::with(&[], doubtful).await;
    let root = world.asks("one").await;
    world.goes_on(&root, "two").await;
    // What others say among themselves is not part of the conversation.
    world.slack.reply("U0TOM", "C0LETTINGS", &root, "I know nothing").await;
    world.idle().await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    let brief: Vec<_> =
        history.as_array().unwrap().iter().map(|entry| [&entry["role"], &entry["content"]]).collect();
    let doubt = json!("I'm not confident I can help with this.");
    assert_eq!(
        brief,
        [
            [&json!("user"), &json!("one")],
            [&json!("assistant"), &doubt],
            [&json!("user"), &json!("two")],
            [&json!("assistant"), &doubt],
        ]
    );
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_after_a_restart_is_created_although_the_thread_cannot_be_read() {
    let mut world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    unreadable(&world);
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    assert_eq!(world.agent.tickets()[0].failure_id, "kb-failure-1");
    world.finish().await;
}

#[tokio::test]
async fn in_a_long_thread_the_turn_that_was_pressed_is_found_after_a_restart() {
    let mut world =
        World::with(
            &[],
            |ask| if ask.message == "last" { doubtful(ask) } else { crate::world::confident(ask) },
        )
        .await;
    let root = world.asks("first").await;
    for n in 0..250 {
        world.slack.reply("U0TOM", "C0LETTINGS", &root, &format!("chatter {n}")).await;
    }
    world.goes_on(&root, "last").await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    world.lettings(&root);
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    let said: Vec<&Value> = history.as_array().unwrap().iter().map(|entry| &entry["content"]).collect();
    assert!(said.contains(&&json!("last")), "{said:?}");
    assert!(said.contains(&&json!("I'm not confident I can help with this.")), "{said:?}");
    world.finish().await;
}

#[tokio::test]
async fn ask_again_after_a_restart_says_so_when_the_question_cannot_be_read() {
    let mut world = World::new().await;
    world.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
    let root = world.asks("How?").await;
    let notice = world.last("C0LETTINGS", &root);
    world.restart().await;
    unreadable(&world);
    world.press("U0JANE", &notice, "Ask again").await;
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I no longer have the text of that question. Please write it again, and I'll answer it.
    ");
    assert!(world.lettings(&root).contains("[Ask again]"));
    world.slack.faults().clear();
    world.press("U0JANE", &notice, "Ask again").await;
    assert!(world.lettings(&root).contains("[👍 Helpful]"));
    world.finish().await;
}

#[tokio::test]
async fn a_question_that_is_asked_again_after_a_restart_is_the_same_to_the_letter() {
    let mut world =
        World::with(&[], |_| Scripted::Answer(Answer::confident("Yes.").session_id("backend-1"))).await;
    let root = world.asks("Hello?").await;
    world.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
    world.goes_on(&root, "Is @Tom Baker a tenant?").await;
    let notice = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.press("U0JANE", &notice, "Ask again").await;
    world.lettings(&root);
    let told = world.told(Endpoint::Chat);
    assert_eq!(told[1]["message"], json!("Is Tom Baker a tenant?"));
    assert_eq!(told[1]["session_id"], json!("backend-1"));
    assert_eq!(told[2], told[1]);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_after_a_restart_has_the_questions_of_all_who_asked() {
    let mut world = World::with(&[], doubtful).await;
    let root = world.asks("one").await;
    world.slack.reply("U0TOM", "C0LETTINGS", &root, "I know nothing").await;
    world.slack.reply("U0TOM", "C0LETTINGS", &root, "@Threadbridge two").await;
    world.idle().await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.press("U0TOM", &answer, "Yes, Create Ticket").await;
    world.lettings(&root);
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    let said: Vec<_> = history.as_array().unwrap().iter().map(|entry| entry["content"].clone()).collect();
    let doubt = "I'm not confident I can help with this.";
    assert_eq!(said, ["one", doubt, "I know nothing", "two", doubt]);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_after_a_restart_has_all_questions_from_before_the_first_answer() {
    let mut world = World::with(&[], doubtful).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0LETTINGS", "one").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.slack.reply("U0TOM", "C0LETTINGS", &root, "@Threadbridge two").await;
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    let answer = world.answers("C0LETTINGS", &root).remove(0);
    world.restart().await;
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    world.see_all();
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    let said: Vec<_> = history.as_array().unwrap().iter().map(|entry| entry["content"].clone()).collect();
    let doubt = "I'm not confident I can help with this.";
    assert_eq!(said, ["one", "two", doubt, doubt]);
    world.finish().await;
}

#[tokio::test]
async fn while_a_thread_cannot_be_read_just_now_nothing_is_done_without_its_texts() {
    let busy = || workspace::Fault::RateLimited(60);
    let mut world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.slack.faults().next("conversations.replies", 1, busy());
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    assert_eq!(world.told(Endpoint::CreateTicket).len(), 0);
    assert!(world.whispers("U0JANE").contains("none was created"));
    world.clock.advance(jiff::SignedDuration::from_secs(60));
    world.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
    let other = world.asks("And?").await;
    let notice = world.last("C0LETTINGS", &other);
    world.restart().await;
    world.slack.faults().next("conversations.replies", 1, busy());
    world.press("U0JANE", &notice, "Ask again").await;
    assert!(world.whispers("U0JANE").ends_with("Please press the button again in a minute."));
    world.clock.advance(jiff::SignedDuration::from_secs(60));
    world.press("U0JANE", &notice, "Ask again").await;
    assert!(world.lettings(&other).contains("[Yes, Create Ticket (primary)]"));
    world.lettings(&root);
    world.finish().await;
}
