//! The agent's limit: told to the person alone, kept for them in every thread, and over when it is over.

use insta::assert_snapshot;
use jiff::SignedDuration;
use rstest::rstest;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::chat::{Chat, Kept, Room, Who, on_both, with_store};
use crate::world::confident;

fn limit(chat: &dyn Chat, seconds: i64) {
    chat.fails_next(Endpoint::Chat, Fault::answer(Canned::rate_limited(seconds)));
}

#[tokio::test]
async fn a_limit_is_told_only_to_the_person_with_a_button_to_ask_again() {
    let seen = on_both(confident, async |chat| {
        limit(chat, 3600);
        let thread = chat.asks("How?").await;
        assert_eq!(chat.said(&thread).len(), 0);
        limit(chat, 3600);
        let direct = chat.asked_by(Who::Tom, Room::Direct, "How?").await;
        format!("{}\n{}", chat.whispers(Who::Jane), chat.thread(&direct))
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.
        [Ask again]
      Tom Baker
        How?
      Threadbridge
        You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.
        [Ask again]
    teams:
      Threadbridge (only visible to you)
        You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.
        [Ask again]
      Tom Baker
        How?
      Threadbridge
        You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.
        [Ask again]
    ");
}

#[tokio::test]
async fn asking_again_works_when_the_time_is_over_and_not_before() {
    let seen = on_both(confident, async |chat| {
        limit(chat, 90);
        let thread = chat.asks("How?").await;
        let told = chat.last_whisper(Who::Jane);
        chat.pressed_by(Who::Jane, &told, "Ask again").await;
        assert_eq!(chat.questions().len(), 1);
        chat.clock().advance(SignedDuration::from_secs(90));
        chat.pressed_by(Who::Jane, &told, "Ask again").await;
        assert_eq!(chat.questions(), ["How?", "How?"]);
        // It has been answered, so it is not asked a third time.
        chat.pressed_by(Who::Jane, &told, "Ask again").await;
        assert_eq!(chat.questions().len(), 2);
        format!("{}\n{}", chat.shown(&thread), chat.whispers(Who::Jane))
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        Go to **Settings > Users** and press *Reset*.
        · *Sources:* Password Reset Guide
        · Very sure · 92 %
        [👍 Helpful] [👎 Not helpful]
      Threadbridge (only visible to you)
        You've reached your query limit. Please try again in 2 minutes. You can ask again from 12:02 UTC.
        [Ask again]
      Threadbridge (only visible to you)
        You've reached your query limit. Please try again in 2 minutes. You can ask again from 12:02 UTC.
        [Ask again]
      Threadbridge (only visible to you)
        This has already been taken care of.
    teams:
      Threadbridge
        Go to **Settings > Users** and press _Reset_.

        **Sources:** Password Reset Guide [1]

        Very sure · 92 %
        · AIGeneratedContent
        · [1] Password Reset Guide: An article of the knowledge base (how to). It fits the question by 95 %.
        [👍] [👎]
      Threadbridge (only visible to you)
        You've reached your query limit. Please try again in 2 minutes. You can ask again from 12:02 UTC.
        [Ask again]
      Threadbridge (only visible to you)
        You've reached your query limit. Please try again in 2 minutes. You can ask again from 12:02 UTC.
        [Ask again]
      Threadbridge (only visible to you)
        Looking that up…
      Threadbridge (only visible to you)
        Looking that up…
      Threadbridge (only visible to you)
        This has already been taken care of.
    ");
}

#[rstest]
#[case::memory(Kept::Memory)]
#[case::sqlite(Kept::Sqlite)]
#[case::redis(Kept::Redis)]
#[tokio::test]
async fn a_limited_person_asks_nothing_anywhere_until_the_time_is_over_and_everybody_else_does(
    #[case] kept: Kept,
) {
    with_store(kept, &[], confident, async |chat| {
        // In hours, because the Redis store's own doings turn the clock a little, too.
        limit(chat, 10 * 3600);
        let thread = chat.asks("One?").await;
        if kept != Kept::Memory {
            chat.restart().await;
        }
        chat.clock().advance(SignedDuration::from_hours(5));
        chat.adds(Who::Jane, &thread, "Two?").await;
        chat.idle().await;
        chat.asked_by(Who::Jane, Room::Sales, "Three?").await;
        let direct = chat.asked_by(Who::Jane, Room::Direct, "Four?").await;
        assert_eq!(chat.questions(), ["One?"]);
        assert_eq!(chat.whispers(Who::Jane).matches("reached your query limit").count(), 3);
        assert_eq!(chat.shown(&direct).matches("reached your query limit").count(), 1);
        chat.asked_by(Who::Tom, Room::Lettings, "Five?").await;
        chat.clock().advance(SignedDuration::from_hours(4));
        chat.asks("Six?").await;
        chat.clock().advance(SignedDuration::from_hours(2));
        chat.asks("Seven?").await;
        assert_eq!(chat.questions(), ["One?", "Five?", "Seven?"]);
        chat.see_all();
        String::new()
    })
    .await;
}
