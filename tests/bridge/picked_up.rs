//! What the next bridge picks up half-way: a question that was asked again and whose text is gone, one that found its
//! thread crowded, one whose asker sees that it goes on, and a long answer.

use insta::assert_snapshot;
use jiff::SignedDuration;
use threadbridge::demo::agent::{Answer, Canned, Endpoint, Fault, Scripted};
use threadbridge::demo::workspace;

use crate::world::{World, confident};

const REPLIES: &str = "conversations.replies";
const STATUS: &str = "assistant.threads.setStatus";

/// A mortal world in which a question that had failed is being asked again.
async fn asking_again() -> (World, String) {
    let world = World::mortal(&[], confident).await;
    world.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
    let root = world.asks("How?").await;
    world.agent.faults().hold(Endpoint::Chat);
    let notice = world.last("C0LETTINGS", &root);
    world.slack.press_copy("U0JANE", &notice, "Ask again").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    (world, root)
}

/// From now on nobody knows the texts any more.
fn forget_texts(world: &World) {
    world.clock.advance(SignedDuration::from_hours(73));
    world.slack.faults().next(REPLIES, 9, workspace::Fault::Code("missing_scope".into()));
}

#[tokio::test]
async fn a_question_whose_text_is_gone_can_be_asked_again_where_it_was_being_asked() {
    let (mut world, root) = asking_again().await;
    world.kill().await;
    world.agent.faults().open(Endpoint::Chat);
    forget_texts(&world);
    world.rise().await;
    assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Something went wrong on my side. Please ask again.
      [Ask again]
    Threadbridge (only visible to you)
      I no longer have the text of that question. Please write it again, and I'll answer it.
    ");
    world.whispers("U0JANE");
    world.slack.faults().clear();
    let notice = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &notice, "Ask again").await;
    assert!(world.lettings(&root).contains("Settings > Users"), "{}", world.lettings(&root));
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_kept_is_posted_also_when_the_text_of_its_question_is_gone() {
    let (mut world, root) = asking_again().await;
    let updates = world.slack.calls_of("chat.update").len();
    world.slack.faults().next("chat.update", 1, workspace::Fault::Hang);
    world.agent.faults().open(Endpoint::Chat);
    world.until(|world| (updates < world.slack.calls_of("chat.update").len()).then_some(())).await;
    world.kill().await;
    forget_texts(&world);
    world.rise().await;
    assert!(world.lettings(&root).contains("Settings > Users"), "{}", world.lettings(&root));
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_question_whose_asker_was_told_that_the_thread_is_crowded_is_not_answered() {
    let one = ("THREADBRIDGE_CONVERSATION__MAX_WAITING", "1");
    let mut world = World::mortal(&[one], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.slack.faults().next("chat.postEphemeral", 1, workspace::Fault::HangAfter);
    for text in ["And then?", "Really?"] {
        let said = world.slack.reply("U0JANE", "C0LETTINGS", &root, &format!("@Threadbridge {text}")).await;
        assert_eq!(said.acks, [200, 200]);
    }
    world.until(|world| world.slack.ephemerals("U0JANE").pop()).await;
    world.kill().await;
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    let asked: Vec<_> = world.told(Endpoint::Chat).iter().map(|body| body["message"].clone()).collect();
    assert_eq!(asked, ["How?", "How?", "And then?"]);
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 2);
    assert!(world.whispers("U0JANE").contains("I'm still answering earlier questions here."));
    world.finish().await;
}

/// A mortal world that shows at once that the agent thinks, and was killed while it did; the next bridge asks again.
async fn thinking_again() -> (World, String) {
    let at_once = ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0");
    let mut world = World::mortal(&[at_once], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| world.slack.status("C0LETTINGS", &root)).await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.kill().await;
    world.start_again().await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.until(|world| (2 <= world.slack.calls_of(STATUS).len()).then_some(())).await;
    (world, root)
}

#[tokio::test]
async fn the_next_bridge_shows_too_that_the_agent_thinks() {
    let (world, root) = thinking_again().await;
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    assert_eq!(world.slack.status("C0LETTINGS", &root), None);
    world.finish().await;
}

#[tokio::test]
async fn what_the_next_bridge_shows_does_not_stay_when_no_answer_comes() {
    let (mut world, root) = thinking_again().await;
    world.kill().await;
    // Also the killed bridges' questions may still get one.
    world.agent.faults().next(Endpoint::Chat, 9, Fault::answer(Canned::rate_limited(serde_json::json!(60))));
    world.agent.faults().open(Endpoint::Chat);
    world.rise().await;
    assert!(world.whispers("U0JANE").contains("You've reached your query limit."));
    assert_eq!(world.slack.status("C0LETTINGS", &root), None);
    world.finish().await;
}

#[tokio::test]
async fn a_long_answers_file_is_attached_once() {
    let text = "A sentence of a very long answer.\n\n".repeat(4_000);
    let mut world =
        World::mortal(&[], move |_| Scripted::Answer(Answer::confident(text.clone()).confidence(0.9))).await;
    world.slack.faults().next("chat.postMessage", 1, workspace::Fault::Hang);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| (!world.slack.calls_of("chat.postMessage").is_empty()).then_some(())).await;
    world.kill().await;
    world.rise().await;
    let answers = world.answers("C0LETTINGS", &root);
    assert_eq!(answers.iter().map(|message| message.files.len()).sum::<usize>(), 1);
    assert!(world.lettings(&root).contains("it is attached as a file"));
    world.finish().await;
}
