//! An agent that fails or is slow: people get a friendly sentence and may ask again, and see that it thinks.

use insta::assert_snapshot;
use rstest::rstest;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::chat::{Room, WORKING_AFTER, Who, on_both, on_both_with};
use crate::world::confident;

const AT_ONCE: (&str, &str) = (WORKING_AFTER, "0");

#[rstest]
#[case::an_error(Fault::answer(Canned::error(500, "Traceback: Jane")))]
#[case::a_refusal(Fault::answer(Canned::error(422, "unprocessable")))]
#[case::an_error_page(Fault::answer(Canned::bytes(200, "text/html", "<html>Jane's secret trace</html>")))]
#[case::a_blank_answer(Fault::answer(Canned::bytes(200, "application/json", r#"{"response": " "}"#)))]
#[case::a_redirect(Fault::answer(Canned::error(301, "slash").header("location", "/api/agent/customer")))]
#[case::a_broken_connection(Fault::drop_connection())]
#[case::silence(Fault::hang())]
#[tokio::test]
async fn whatever_the_agent_does_people_get_a_friendly_sentence_and_may_ask_again(#[case] fault: Fault) {
    let impatient = [("THREADBRIDGE_AGENT__ASK_DEADLINE_SECONDS", "1")];
    let seen = on_both_with(&impatient, confident, async |chat| {
        chat.fails_next(Endpoint::Chat, fault.clone());
        let thread = chat.asks("How do I reset a password?").await;
        let seen = chat.thread(&thread);
        assert_eq!(chat.questions().len(), 1, "it may have cost the person some of their limit");
        chat.press(&thread, "Ask again").await;
        assert_eq!(chat.questions(), ["How do I reset a password?"; 2]);
        assert_eq!(chat.said(&thread).len(), 1, "the notice becomes the answer");
        let shown = chat.shown(&thread);
        chat.press(&thread, "👍").await;
        assert_eq!(chat.told(Endpoint::Feedback).len(), 1);
        chat.agent().faults().release();
        chat.see_all();
        format!("{seen}\n{shown}")
    });
    let seen = seen.await;
    insta::allow_duplicates! { assert_snapshot!(seen, @"
    slack:
      Jane Smith
        @Threadbridge How do I reset a password?
      Threadbridge
        Unable to connect right now. Please try again shortly.
        [Ask again]
      Threadbridge
        Go to **Settings > Users** and press *Reset*.
        · *Sources:* Password Reset Guide
        · Very sure · 92 %
        [👍 Helpful] [👎 Not helpful]
    teams:
      Jane Smith
        @Threadbridge How do I reset a password?
      Threadbridge
        Unable to connect right now. Please try again shortly.
        [Ask again]
      Threadbridge
        Go to **Settings > Users** and press _Reset_.

        **Sources:** Password Reset Guide [1]

        Very sure · 92 %
        · AIGeneratedContent
        · [1] Password Reset Guide: An article of the knowledge base (how to). It fits the question by 95 %.
        [👍] [👎]
    "); }
}

#[tokio::test]
async fn only_who_asked_may_ask_again() {
    let seen = on_both(confident, async |chat| {
        chat.fails_next(Endpoint::Chat, Fault::answer(Canned::error(500, "x")));
        let thread = chat.asks("How?").await;
        let notice = chat.last(&thread);
        chat.pressed_by(Who::Tom, &notice, "Ask again").await;
        assert_eq!(chat.questions().len(), 1);
        chat.see_all();
        chat.whispers(Who::Tom)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        Only the person who asked can use these buttons.
    teams:
      Threadbridge (only visible to you)
        Only the person who asked can use these buttons.
    ");
}

#[tokio::test]
async fn when_the_agent_is_down_nothing_is_asked_and_people_are_told() {
    let seen = on_both(confident, async |chat| {
        chat.agent().faults().next(Endpoint::Chat, 20, Fault::answer(Canned::error(500, "x")));
        for number in 0..20 {
            chat.asks(&format!("Question {number}?")).await;
        }
        chat.see_all();
        let thread = chat.asks("And now?").await;
        assert_eq!(chat.questions().len(), 20);
        chat.shown(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        The answering service is down at the moment, so I didn't pass your question on. Please try again in a few minutes.
        [Ask again]
    teams:
      Threadbridge
        The answering service is down at the moment, so I didn't pass your question on. Please try again in a few minutes.
        [Ask again]
    ");
}

#[rstest]
#[case::among_others(Room::Lettings)]
#[case::alone(Room::Direct)]
#[tokio::test]
async fn it_shows_that_the_agent_thinks_and_that_ends_with_the_answer(#[case] room: Room) {
    let seen = on_both_with(&[AT_ONCE], confident, async |chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins(Who::Jane, room, "How do I reset a password?").await;
        let shown = chat.shows_work(&thread).await;
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        assert!(!chat.still_works(&thread));
        assert_eq!(chat.said(&thread).len(), 1);
        chat.see_all();
        format!("{room:?}: {shown}")
    });
    let seen = seen.await;
    match room {
        Room::Direct => assert_snapshot!(seen, @"
        slack:
          Direct: is looking that up…
        teams:
          Direct: Looking that up…
        "),
        _ => assert_snapshot!(seen, @"
        slack:
          Lettings: is looking that up…
        teams:
          Lettings: typing
        "),
    }
}

#[tokio::test]
async fn a_quick_answer_shows_nothing_before_it() {
    on_both(confident, async |chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins(Who::Jane, Room::Lettings, "How?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        assert!(!chat.still_works(&thread));
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        assert_eq!(chat.said(&thread).len(), 1);
        chat.see_all();
        String::new()
    })
    .await;
}
