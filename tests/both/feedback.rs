//! Ratings: once for each answer, and never taken without being saved.

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::json;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::chat::{Who, on_both, on_both_with};
use crate::world::confident;

const ANYONE: (&str, &str) = ("THREADBRIDGE_CONVERSATION__WHO_MAY_PRESS", "anyone");

#[rstest]
#[case("👍", "helpful")]
#[case("👎", "unhelpful")]
#[tokio::test]
async fn a_thumb_reaches_the_agent_with_the_contracts_fields(#[case] thumb: &str, #[case] kind: &str) {
    let seen = on_both(confident, async |chat| {
        let thread = chat.asks("How do I reset a password?").await;
        chat.press(&thread, thumb).await;
        let mut told = chat.told(Endpoint::Feedback);
        assert_eq!(told.len(), 1);
        let fields = told[0].as_object_mut().unwrap();
        assert!(fields.remove("message_id").unwrap().as_str().is_some_and(|id| id.contains(':')));
        assert_eq!(fields.remove("session_id").unwrap(), chat.told(Endpoint::Chat)[0]["session_id"]);
        let expected = json!({
            "feedback_type": kind, "query": "How do I reset a password?",
            "response": "Go to **Settings > Users** and press *Reset*.", "agent_type": "customer",
            "user_info": {
                "agent_id": "crm_user_456", "email": "jane.smith@company.com", "full_name": "Jane Smith",
            },
            "confidence_score": 0.92, "sources_used": ["Password Reset Guide"],
        });
        assert_eq!(told[0], expected);
        chat.shown(&thread)
    });
    let seen = seen.await;
    insta::allow_duplicates! { assert_snapshot!(seen, @"
    slack:
      Threadbridge
        Go to **Settings > Users** and press *Reset*.
        · *Sources:* Password Reset Guide
        · Very sure · 92 %
        Thanks for your feedback!
    teams:
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
async fn an_answer_is_rated_once_whoever_presses_which_thumb_how_often() {
    let seen = on_both_with(&[ANYONE], confident, async |chat| {
        let thread = chat.asks("How?").await;
        let answer = chat.last(&thread);
        for (who, thumb) in [(Who::Jane, "👍"), (Who::Jane, "👍"), (Who::Jane, "👎"), (Who::Tom, "👎")]
        {
            chat.pressed_by(who, &answer, thumb).await;
        }
        assert_eq!(chat.told(Endpoint::Feedback).len(), 1);
        assert_eq!(chat.told(Endpoint::Feedback)[0]["feedback_type"], "helpful");
        chat.see_all();
        format!("{}\n{}", chat.whispers(Who::Jane), chat.whispers(Who::Tom))
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        This answer has already been rated. Thank you!
      Threadbridge (only visible to you)
        This answer has already been rated. Thank you!
      Threadbridge (only visible to you)
        This answer has already been rated. Thank you!
    teams:
      Threadbridge (only visible to you)
        This answer has already been rated. Thank you!
      Threadbridge (only visible to you)
        This answer has already been rated. Thank you!
      Threadbridge (only visible to you)
        This answer has already been rated. Thank you!
    ");
}

#[tokio::test]
async fn of_two_thumbs_at_once_one_counts_and_each_presser_gets_an_answer() {
    on_both_with(&[ANYONE], confident, async |chat| {
        for number in 0..10 {
            let thread = chat.asks(&format!("Question {number}?")).await;
            let answer = chat.last(&thread);
            tokio::join!(
                chat.begins_to_press(Who::Jane, &answer, "👍"),
                chat.begins_to_press(Who::Tom, &answer, "👎")
            );
            chat.idle().await;
            assert_eq!(chat.told(Endpoint::Feedback).len(), number + 1);
        }
        let told = chat.whispers(Who::Jane) + &chat.whispers(Who::Tom);
        assert_eq!(told.matches("This answer has already been rated. Thank you!").count(), 10);
        chat.see_all();
        String::new()
    })
    .await;
}

#[rstest]
#[case::an_error(Fault::answer(Canned::error(500, "x")))]
#[case::a_refusal(Fault::answer(Canned::error(422, "x")))]
#[case::a_limit(Fault::answer(Canned::rate_limited(60)))]
#[case::silence(Fault::drop_connection())]
#[tokio::test]
async fn a_rating_that_cannot_be_saved_is_said_and_can_be_given_again(#[case] fault: Fault) {
    let seen = on_both(confident, async |chat| {
        let thread = chat.asks("How?").await;
        let (before, answer) = (chat.shown(&thread), chat.last(&thread));
        chat.fails_next(Endpoint::Feedback, fault.clone());
        chat.press(&thread, "👍").await;
        assert_eq!(chat.shown(&thread), before, "the thumbs are back");
        let told = chat.whispers(Who::Jane);
        chat.press(&thread, "👎").await;
        assert_eq!(chat.told(Endpoint::Feedback)[1]["feedback_type"], "unhelpful");
        chat.pressed_by(Who::Jane, &answer, "👎").await;
        assert_eq!(chat.told(Endpoint::Feedback).len(), 2);
        chat.see_all();
        told
    });
    let seen = seen.await;
    insta::allow_duplicates! { assert_snapshot!(seen, @"
    slack:
      Threadbridge (only visible to you)
        I couldn't save your rating just now. Please try again in a moment.
    teams:
      Threadbridge (only visible to you)
        I couldn't save your rating just now. Please try again in a moment.
    "); }
}

#[tokio::test]
async fn only_who_asked_may_rate() {
    let seen = on_both(confident, async |chat| {
        let thread = chat.asks("How?").await;
        let answer = chat.last(&thread);
        chat.pressed_by(Who::Tom, &answer, "👍").await;
        assert_eq!(chat.told(Endpoint::Feedback).len(), 0);
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
async fn every_answer_of_a_thread_is_rated_by_itself() {
    on_both(confident, async |chat| {
        let thread = chat.asks("one").await;
        let first = chat.last(&thread);
        chat.adds(Who::Jane, &thread, "two").await;
        chat.idle().await;
        let second = chat.last(&thread);
        chat.pressed_by(Who::Jane, &second, "👍").await;
        chat.pressed_by(Who::Jane, &first, "👎").await;
        let told = chat.told(Endpoint::Feedback);
        let told: Vec<_> = told.iter().map(|body| [&body["query"], &body["feedback_type"]]).collect();
        assert_eq!(told, [["two", "helpful"], ["one", "unhelpful"]]);
        chat.see_all();
        String::new()
    })
    .await;
}
