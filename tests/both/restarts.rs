//! Buttons outlive the process: what a press needs is in the button, in its message, or in the store.

use insta::assert_snapshot;
use rstest::rstest;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::chat::{Kept, Who, on_both, with_store};
use crate::world::{confident, doubtful};

const YES: &str = "Yes, Create Ticket";

#[rstest]
#[case::memory(Kept::Memory)]
#[case::sqlite(Kept::Sqlite)]
#[case::redis(Kept::Redis)]
#[tokio::test]
async fn a_ticket_is_made_after_a_restart_with_what_was_said(#[case] kept: Kept) {
    with_store(kept, &[], doubtful, async |chat| {
        let thread = chat.asks("How do I reset a password?").await;
        let offer = chat.last(&thread);
        chat.restart().await;
        chat.pressed_by(Who::Jane, &offer, YES).await;
        assert!(chat.shown(&thread).contains("support ticket #9630"));
        let told = chat.told(Endpoint::CreateTicket);
        let history = told[0]["conversation_history"].as_array().unwrap().iter();
        let said: Vec<&str> = history.map(|entry| entry["content"].as_str().unwrap()).collect();
        assert_eq!(said, ["How do I reset a password?", "I'm not confident I can help with this."]);
        // The same press in the next process, of which only a store that lasts, or the message, knows.
        chat.restart().await;
        if kept != Kept::Memory {
            chat.pressed_by(Who::Jane, &offer, YES).await;
            assert_eq!(chat.tickets(), 1);
        }
        chat.see_all();
        String::new()
    })
    .await;
}

#[rstest]
#[case::memory(Kept::Memory)]
#[case::sqlite(Kept::Sqlite)]
#[case::redis(Kept::Redis)]
#[tokio::test]
async fn no_thanks_and_ask_again_work_after_a_restart(#[case] kept: Kept) {
    let seen = with_store(kept, &[], doubtful, async |chat| {
        chat.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
        let thread = chat.asks("How do I reset a password?").await;
        chat.restart().await;
        chat.press(&thread, "Ask again").await;
        assert_eq!(chat.questions(), ["How do I reset a password?", "How do I reset a password?"]);
        chat.restart().await;
        chat.press(&thread, "No Thanks").await;
        assert_eq!(chat.told(Endpoint::Decline).len(), 1);
        chat.see_all();
        chat.thread(&thread)
    });
    let Some(seen) = seen.await else { return };
    insta::allow_duplicates! { assert_snapshot!(seen, @"
    slack:
      Jane Smith
        @Threadbridge How do I reset a password?
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        No problem! Feel free to ask another question.
    teams:
      Jane Smith
        @Threadbridge How do I reset a password?
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge (only visible to you)
        Looking that up…
      Threadbridge
        No problem! Feel free to ask another question.
    "); }
}

#[rstest]
#[case::sqlite(Kept::Sqlite)]
#[case::redis(Kept::Redis)]
#[tokio::test]
async fn an_answer_is_rated_once_however_many_processes_there_were(#[case] kept: Kept) {
    with_store(kept, &[], confident, async |chat| {
        let thread = chat.asks("How do I reset a password?").await;
        let answer = chat.last(&thread);
        chat.restart().await;
        chat.pressed_by(Who::Jane, &answer, "👍").await;
        assert_eq!(chat.told(Endpoint::Feedback)[0]["query"], "How do I reset a password?");
        chat.restart().await;
        chat.pressed_by(Who::Jane, &answer, "👎").await;
        assert_eq!(chat.told(Endpoint::Feedback).len(), 1);
        assert!(chat.whispers(Who::Jane).contains("already been rated"));
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn a_doubt_is_settled_after_a_restart() {
    on_both(doubtful, async |chat| {
        let thread = chat.asks("How do I reset a password?").await;
        chat.fails_next(Endpoint::CreateTicket, Fault::drop_connection());
        chat.press(&thread, YES).await;
        chat.restart().await;
        chat.press(&thread, "Create again").await;
        assert!(chat.shown(&thread).contains("support ticket #9630"));
        assert_eq!(chat.tickets(), 1);
        String::new()
    })
    .await;
}

#[tokio::test]
async fn a_button_of_before_a_change_of_keys_works_while_the_old_one_is_named_and_not_after() {
    let seen = on_both(doubtful, async |chat| {
        chat.set("SEAL_KEY", "the first key, which is long");
        chat.restart().await;
        let thread = chat.asks("How do I reset a password?").await;
        let offer = chat.last(&thread);
        chat.set("SEAL_KEY", "the second key, which is long");
        chat.set("THREADBRIDGE_SEAL__PREVIOUS_KEY", "the first key, which is long");
        chat.restart().await;
        chat.pressed_by(Who::Tom, &offer, YES).await;
        assert!(chat.whispers(Who::Tom).contains("Only the person who asked"));
        chat.set("THREADBRIDGE_SEAL__PREVIOUS_KEY", "quite another key that is long");
        chat.restart().await;
        chat.pressed_by(Who::Jane, &offer, YES).await;
        assert_eq!(chat.tickets(), 0);
        chat.see_all();
        chat.whispers(Who::Jane)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        This button no longer works. Please ask your question again.
    teams:
      Threadbridge (only visible to you)
        This button no longer works. Please ask your question again.
    ");
}
