//! Order inside a thread, parallel across threads, and nothing twice.

use insta::assert_snapshot;
use threadbridge::demo::agent::{Answer, Ask, Endpoint, Scripted};

use crate::both;
use crate::chat::Chat;

fn echo(ask: &Ask) -> Scripted {
    Scripted::Answer(Answer::confident(format!("About: {}", ask.message)))
}

/// What the bot said in a thread, in its order.
fn answers(seen: &str) -> Vec<&str> {
    seen.lines().filter_map(|line| line.trim().strip_prefix("About: ")).collect()
}

#[tokio::test]
async fn questions_in_a_thread_are_answered_in_order_and_another_thread_does_not_wait_for_them() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], echo).await;
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins("jane", "How does one begin?").await;
        chat.agent().faults().arrived(Endpoint::Chat, 1).await;
        for text in ["And then, what comes second?", "And after that, what is third?"] {
            chat.goes_on("jane", &thread, text).await;
        }
        let other = chat.begins("tom", "May I ask meanwhile?").await;
        chat.agent().faults().arrived(Endpoint::Chat, 2).await;
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        assert_eq!(answers(&chat.seen(&other)), ["May I ask meanwhile?"]);
        let seen = chat.seen(&thread);
        chat.finish().await;
        answers(&seen).join("\n")
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    How does one begin?
    And then, what comes second?
    And after that, what is third?
    ──── Teams
    How does one begin?
    And then, what comes second?
    And after that, what is third?
    ");
}

#[tokio::test]
async fn what_is_delivered_again_is_not_asked_again() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], echo).await;
        let thread = chat.asks("jane", "How does one begin, please?").await;
        chat.goes_on("jane", &thread, "And then, what comes second?").await;
        chat.idle().await;
        chat.delivers_again().await;
        chat.idle().await;
        // Whoever has said it twice is told what became of it.
        chat.told("jane");
        let seen = chat.seen(&thread);
        chat.finish().await;
        answers(&seen).join("\n")
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    How does one begin, please?
    And then, what comes second?
    ──── Teams
    How does one begin, please?
    And then, what comes second?
    ");
}

#[tokio::test]
async fn a_thread_is_one_session_and_another_thread_is_another() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], echo).await;
        let thread = chat.asks("jane", "How does one begin?").await;
        chat.goes_on("jane", &thread, "And then?").await;
        chat.idle().await;
        let other = chat.asks("jane", "Something else?").await;
        let asked = chat.bodies(Endpoint::Chat);
        let sessions: Vec<_> = asked.iter().map(|body| body["session_id"].as_str().unwrap()).collect();
        assert!(sessions[0] == sessions[1] && sessions[1] != sessions[2], "{sessions:?}");
        let seen = [thread, other].map(|thread| answers(&chat.seen(&thread)).join("\n"));
        chat.finish().await;
        seen.join("\n")
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    How does one begin?
    And then?
    Something else?
    ──── Teams
    How does one begin?
    And then?
    Something else?
    ");
}
