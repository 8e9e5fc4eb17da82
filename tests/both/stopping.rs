//! SIGTERM while something is under way: it finishes, or its person is told, or the next process goes on with it.

use insta::assert_snapshot;
use rstest::rstest;
use threadbridge::demo::agent::Endpoint;

use crate::chat::{Kept, Room, Who, on_both, on_both_with, with_store};
use crate::world::{confident, doubtful};

/// Nothing that is under way may finish.
const AT_ONCE: (&str, &str) = ("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0");

#[tokio::test]
async fn what_is_under_way_finishes() {
    on_both(confident, async |chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins(Who::Jane, Room::Lettings, "Why?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        chat.adds(Who::Jane, &thread, "And then?").await;
        chat.terminate();
        chat.agent().faults().open(Endpoint::Chat);
        chat.stopped().await;
        assert_eq!(chat.questions(), ["Why?", "And then?"]);
        assert_eq!(chat.shown(&thread).matches("Settings > Users").count(), 2);
        chat.start().await;
        String::new()
    })
    .await;
}

#[tokio::test]
async fn whose_question_cannot_be_finished_is_told_and_can_ask_again() {
    let seen = on_both_with(&[AT_ONCE], confident, async |chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins(Who::Jane, Room::Lettings, "Why?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        chat.terminate();
        chat.stopped().await;
        let seen = chat.thread(&thread);
        chat.agent().faults().open(Endpoint::Chat);
        chat.start().await;
        chat.press(&thread, "Ask again").await;
        assert_eq!(chat.said(&thread).len(), 1);
        assert!(chat.shown(&thread).contains("Settings > Users"));
        chat.see_all();
        seen
    });
    assert_snapshot!(seen.await, @"
    slack:
      Jane Smith
        @Threadbridge Why?
      Threadbridge
        I was restarted before I could finish this. Please ask again.
        [Ask again]
    teams:
      Jane Smith
        @Threadbridge Why?
      Threadbridge
        I was restarted before I could finish this. Please ask again.
        [Ask again]
    ");
}

#[rstest]
#[case::sqlite(Kept::Sqlite)]
#[case::redis(Kept::Redis)]
#[tokio::test]
async fn the_next_process_goes_on_where_the_store_lasts(#[case] kept: Kept) {
    let seen = with_store(kept, &[AT_ONCE], confident, async |chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins(Who::Jane, Room::Lettings, "Why?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        chat.adds(Who::Jane, &thread, "And then?").await;
        chat.terminate();
        chat.stopped().await;
        assert_eq!(chat.said(&thread).len(), 0, "nobody is told anything");
        chat.agent().faults().open(Endpoint::Chat);
        chat.start().await;
        chat.idle().await;
        assert_eq!(chat.said(&thread).len(), 2);
        chat.see_all();
        chat.questions().join(" ")
    });
    let Some(seen) = seen.await else { return };
    insta::allow_duplicates! { assert_snapshot!(seen, @"
    slack:
      Why? Why? And then?
    teams:
      Why? Why? And then?
    "); }
}

#[tokio::test]
async fn an_answer_that_is_already_there_is_not_lost_when_time_is_over() {
    on_both_with(&[AT_ONCE], doubtful, async |chat| {
        chat.agent().faults().hold(Endpoint::RecordFailure);
        let thread = chat.begins(Who::Jane, Room::Lettings, "Why?").await;
        chat.agent().faults().waiting(Endpoint::RecordFailure, 1).await;
        chat.terminate();
        chat.stopped().await;
        assert!(chat.shown(&thread).contains("[Yes, Create Ticket"));
        chat.agent().faults().open(Endpoint::RecordFailure);
        chat.start().await;
        String::new()
    })
    .await;
}
