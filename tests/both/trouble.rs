//! Trouble with the agent: told in friendly words, with a button to ask again.

use insta::assert_snapshot;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::both;
use crate::chat::{Chat, confident};

#[tokio::test]
async fn a_failure_is_told_without_its_details_and_becomes_the_answer_when_it_is_asked_again() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], confident).await;
        chat.agent().faults().next(Endpoint::Chat, 1, Fault::answer(Canned::error(500, "canary trace")));
        let thread = chat.asks("jane", "How do I reset a password?").await;
        let failed = chat.seen(&thread);
        assert!(!failed.contains("canary"));
        chat.presses("jane", &thread, "Ask again").await;
        chat.told("jane");
        let answered = chat.seen(&thread);
        chat.finish().await;
        format!("{failed}\n…\n{answered}")
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Unable to connect right now. Please try again shortly.
      [Ask again]
    …
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge
      | Unable to connect right now. Please try again shortly.
      | [Ask again]
    …
    jane
      How do I reset a password?
    Threadbridge · AI generated
      Go to **Settings > Users** and press _Reset_.
      **Sources:** Password Reset Guide [1]
      Very sure · 92 %
      (1) Password Reset Guide
      (👍 👎)
    ");
}

#[tokio::test]
async fn somebody_elses_ask_again_asks_nothing() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], confident).await;
        chat.agent().faults().next(Endpoint::Chat, 1, Fault::answer(Canned::error(422, "canary")));
        let thread = chat.asks("jane", "How do I reset a password?").await;
        chat.presses("tom", &thread, "Ask again").await;
        assert_eq!(chat.bodies(Endpoint::Chat).len(), 1);
        let shown = format!("{}\n{}", chat.seen(&thread), chat.told("tom"));
        chat.finish().await;
        shown
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Unable to connect right now. Please try again shortly.
      [Ask again]
    Threadbridge (only visible to you)
      Only the person who asked can use these buttons.
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge
      | Unable to connect right now. Please try again shortly.
      | [Ask again]
    Threadbridge (where they pressed)
      Only the person who asked can use these buttons.
    ");
}
