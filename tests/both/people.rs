//! People: who may ask, and who is blocked for a while.

use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::json;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::both;
use crate::chat::{Chat, confident};

#[tokio::test]
async fn who_may_not_ask_is_told_so_and_nobody_else_sees_it() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], confident).await;
        let mut shown = Vec::new();
        for who in ["gus", "nova"] {
            let thread = chat.asks(who, "How do I reset a password?").await;
            assert!(!chat.seen(&thread).contains("Threadbridge\n"), "nobody else sees it");
            shown.push(format!("{who}: {}", chat.told(who)));
        }
        assert_eq!(chat.bodies(Endpoint::Chat).len(), 0);
        chat.finish().await;
        shown.join("\n")
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    gus: Threadbridge (only visible to you)
      Sorry, I can only answer this organisation's own members.
    nova: Threadbridge (only visible to you)
      I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
    ──── Teams
    gus: Threadbridge (only visible to you)
      Sorry, I can only answer this organisation's own members.
    nova: Threadbridge (only visible to you)
      I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
    ");
}

#[tokio::test]
async fn who_has_reached_a_limit_is_blocked_everywhere_until_it_is_over_and_nobody_else_is() {
    async fn scenario<C: Chat>() -> String {
        let chat = C::with(&[], confident).await;
        let limit = Fault::answer(Canned::rate_limited(json!(3600)));
        chat.agent().faults().next(Endpoint::Chat, 1, limit);
        chat.asks("jane", "How do I reset a password?").await;
        chat.advance(SignedDuration::from_secs(1800));
        chat.asks("jane", "And may I ask here?").await;
        assert_eq!(chat.bodies(Endpoint::Chat).len(), 1, "the agent is not asked");
        let told = chat.told("jane");
        let others = chat.asks("tom", "May I?").await;
        chat.advance(SignedDuration::from_secs(1801));
        let later = chat.asks("jane", "And may I ask now?").await;
        assert_eq!(chat.bodies(Endpoint::Chat).len(), 3);
        for thread in [others, later] {
            assert!(chat.seen(&thread).contains("Settings > Users"));
        }
        chat.finish().await;
        told
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Threadbridge (only visible to you)
      You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.
      [Ask again]
    Threadbridge (only visible to you)
      You've reached your query limit. Please try again in 30 minutes. You can ask again from 13:00 UTC.
      [Ask again]
    ──── Teams
    Threadbridge (only visible to you)
      | You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:01 UTC.
      | [Ask again]
    Threadbridge (only visible to you)
      | You've reached your query limit. Please try again in 30 minutes. You can ask again from 13:01 UTC.
      | [Ask again]
    ");
}
