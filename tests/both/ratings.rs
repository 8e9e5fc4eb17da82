//! Ratings: once for each answer, and never lost without a word.

use insta::assert_snapshot;
use serde_json::json;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::both;
use crate::chat::{Chat, confident};

#[tokio::test]
async fn an_answer_is_rated_once_whatever_is_pressed_how_often() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], confident).await;
        let thread = chat.asks("jane", "How do I reset a password?").await;
        let answer = chat.last(&thread);
        for helpful in [true, true, false] {
            chat.rates("jane", &answer, helpful).await;
            chat.idle().await;
        }
        let rated = chat.bodies(Endpoint::Feedback);
        assert_eq!(rated.len(), 1);
        let parts = ["feedback_type", "query", "response", "confidence_score", "sources_used"];
        let rated = parts.map(|part| rated[0][part].clone());
        let response = "Go to **Settings > Users** and press *Reset*.";
        let expected =
            json!(["helpful", "How do I reset a password?", response, 0.92, ["Password Reset Guide"]]);
        assert_eq!(json!(rated), expected);
        let shown = format!("{}\n{}", chat.seen(&thread), chat.told("jane"));
        chat.finish().await;
        shown
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      Thanks for your feedback!
    Threadbridge (only visible to you)
      This answer has already been rated. Thank you!
    Threadbridge (only visible to you)
      This answer has already been rated. Thank you!
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge · AI generated
      Go to **Settings > Users** and press _Reset_.
      **Sources:** Password Reset Guide [1]
      Very sure · 92 %
      (1) Password Reset Guide
      (👍 👎)
    Threadbridge (only visible to you)
      This answer has already been rated. Thank you!
    Threadbridge (only visible to you)
      This answer has already been rated. Thank you!
    ");
}

#[tokio::test]
async fn a_rating_that_the_agent_did_not_take_can_be_given_again() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], confident).await;
        let thread = chat.asks("jane", "How do I reset a password?").await;
        chat.agent().faults().next(Endpoint::Feedback, 1, Fault::answer(Canned::error(422, "canary")));
        chat.rates("jane", &chat.last(&thread), false).await;
        chat.idle().await;
        let told = chat.told("jane");
        chat.rates("jane", &chat.last(&thread), false).await;
        chat.idle().await;
        assert_eq!(chat.bodies(Endpoint::Feedback).len(), 2);
        chat.seen(&thread);
        chat.finish().await;
        told
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Threadbridge (only visible to you)
      I couldn't save your rating just now. Please try again in a moment.
    ──── Teams
    Threadbridge (only visible to you)
      I couldn't save your rating just now. Please try again in a moment.
    ");
}
