//! Sessions: one for each thread, the same after a restart, never another thread's.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use jiff::SignedDuration;
use threadbridge::demo::agent::{Answer, Ask, Endpoint, Scripted};

use crate::chat::{Chat, Room, Who, on_both, on_both_with};
use crate::world::confident;

fn ids(chat: &dyn Chat) -> Vec<String> {
    chat.told(Endpoint::Chat).iter().map(|body| body["session_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_thread_has_a_session_whoever_asks_and_keeps_it_after_a_restart() {
    on_both(confident, async |chat| {
        let one = chat.asks("One?").await;
        let two = chat.asks("Two?").await;
        let three = chat.asked_by(Who::Jane, Room::Sales, "Three?").await;
        let four = chat.asked_by(Who::Jane, Room::Direct, "Four?").await;
        let five = chat.asked_by(Who::Tom, Room::Direct, "Five?").await;
        let firsts = ids(chat);
        assert_eq!(firsts.iter().collect::<BTreeSet<_>>().len(), 5);
        for id in &firsts {
            let digits = id.strip_prefix("customer-session-").unwrap();
            assert!(digits.len() == 19 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
        }
        chat.adds(Who::Jane, &one, "And six?").await;
        chat.adds(Who::Tom, &two, "And seven?").await;
        chat.idle().await;
        assert_eq!(ids(chat)[5..].iter().collect::<BTreeSet<_>>(), firsts[..2].iter().collect());
        chat.restart().await;
        for (thread, who) in [(&one, Who::Jane), (&two, Who::Jane), (&three, Who::Jane)] {
            chat.adds(who, thread, "And after a restart?").await;
            chat.idle().await;
        }
        assert_eq!(ids(chat)[7..], firsts[..3]);
        drop((four, five));
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn an_id_that_the_agent_returns_is_used_from_then_on_and_in_no_other_thread() {
    let renames = |ask: &Ask| {
        let answer = Answer::confident(format!("About {}", ask.message));
        Scripted::Answer(if ask.message == "one" { answer.session_id("backend-42") } else { answer })
    };
    on_both(renames, async |chat: &mut dyn Chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins(Who::Jane, Room::Lettings, "one").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        chat.adds(Who::Jane, &thread, "two").await;
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        chat.press(&thread, "👍").await;
        chat.asks("three").await;
        let ids = ids(chat);
        assert_eq!(
            (ids[1].as_str(), chat.told(Endpoint::Feedback)[0]["session_id"].as_str()),
            ("backend-42", Some("backend-42"))
        );
        assert_ne!(ids[2], "backend-42");
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn the_same_person_in_two_threads_never_gets_what_is_the_others() {
    let echo = |ask: &Ask| Scripted::Answer(Answer::unsure(format!("Answer to {}", ask.message)));
    on_both(echo, async |chat: &mut dyn Chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let mut threads = Vec::new();
        for number in 0..6 {
            threads.push(chat.begins(Who::Jane, Room::Lettings, &format!("Question {number}?")).await);
        }
        chat.agent().faults().waiting(Endpoint::Chat, 6).await;
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        for (number, thread) in threads.iter().enumerate() {
            let shown = chat.shown(thread);
            assert_eq!(shown.matches("Answer to ").count(), 1, "{shown}");
            assert!(shown.contains(&format!("Answer to Question {number}?")), "{shown}");
            chat.press(thread, "Yes, Create Ticket").await;
            let told = chat.told(Endpoint::CreateTicket).pop().unwrap();
            let history = told["conversation_history"].as_array().unwrap();
            assert_eq!(history.len(), 2);
            assert_eq!(history[0]["content"], format!("Question {number}?"));
        }
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn a_session_that_rested_too_long_is_over() {
    on_both_with(&[("THREADBRIDGE_STORE__SESSION_IDLE_HOURS", "2")], confident, async |chat| {
        let thread = chat.asks("One?").await;
        chat.clock().advance(SignedDuration::from_mins(119));
        chat.adds(Who::Jane, &thread, "Two?").await;
        chat.idle().await;
        chat.clock().advance(SignedDuration::from_mins(121));
        chat.adds(Who::Jane, &thread, "Three?").await;
        chat.idle().await;
        // A thread's session always has the thread's own name.
        let ids = ids(chat);
        assert_eq!(ids, [ids[0].as_str(); 3]);
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn new_is_a_command_where_a_conversation_never_ends_and_a_question_elsewhere() {
    let echo = |ask: &Ask| Scripted::Answer(Answer::confident(format!("About {}", ask.message)));
    let seen = on_both(echo, async |chat: &mut dyn Chat| {
        let mut shown = Vec::new();
        for room in [Room::Direct, Room::Lettings] {
            let thread = chat.asked_by(Who::Jane, room, "What is a lease?").await;
            chat.adds(Who::Jane, &thread, "new").await;
            chat.idle().await;
            shown.push(
                chat.shown(&thread).lines().filter(|line| !line.contains('·')).collect::<Vec<_>>().join("\n"),
            );
        }
        shown.join("\n")
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        About What is a lease?
        [👍 Helpful] [👎 Not helpful]
      Threadbridge
        About new
        [👍 Helpful] [👎 Not helpful]
      Threadbridge
        About What is a lease?
        [👍 Helpful] [👎 Not helpful]
      Threadbridge
        About new
        [👍 Helpful] [👎 Not helpful]
    teams:
      Threadbridge
        About What is a lease?

        [👍] [👎]
      Threadbridge
        All right, a new conversation: I no longer take into account what was said before. What would you like to know?
      Threadbridge
        About What is a lease?

        [👍] [👎]
      Threadbridge
        About new

        [👍] [👎]
    ");
}
