//! Ratings: once for each answer, and never thanked for without being saved.

use serde_json::json;
use threadbridge::demo::agent::{Answer, Canned, Endpoint, Fault, Scripted, Source};

use crate::world::{World, confident};

const ANYONE: (&str, &str) = ("THREADBRIDGE_CONVERSATION__WHO_MAY_PRESS", "anyone");
/// How many answers two people rate at the same moment.
const DOUBLE_PRESSES: usize = 100;

#[tokio::test]
async fn a_thumb_reaches_the_agent_with_exactly_the_contracts_fields() {
    for (label, feedback_type) in [("👍 Helpful", "helpful"), ("👎 Not helpful", "unhelpful")] {
        let world = World::new().await;
        let root = world.asks("How do I reset a password?").await;
        let answer = world.last("C0LETTINGS", &root);
        world.press("U0JANE", &answer, label).await;
        let seen = world.lettings(&root);
        insta::allow_duplicates! { insta::assert_snapshot!(seen, @"
        Jane Smith
          @Threadbridge How do I reset a password?
        Threadbridge
          Go to **Settings > Users** and press *Reset*.
          · *Sources:* Password Reset Guide
          · Very sure · 92 %
          Thanks for your feedback!
        "); }
        let chat = &world.told(Endpoint::Chat)[0];
        let expected = json!({
            "message_id": format!("C0LETTINGS:{}", answer.ts),
            "session_id": chat["session_id"],
            "feedback_type": feedback_type,
            "query": "How do I reset a password?",
            "response": "Go to **Settings > Users** and press *Reset*.",
            "agent_type": "customer",
            "user_info": {
                "agent_id": "crm_user_456", "email": "jane.smith@company.com", "full_name": "Jane Smith",
            },
            "confidence_score": 0.92,
            "sources_used": ["Password Reset Guide"],
        });
        assert_eq!(world.told(Endpoint::Feedback), [expected]);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_second_press_by_anybody_is_told_so_and_changes_nothing() {
    let world = World::with(&[ANYONE], confident).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &answer, "👍").await;
    world.press_old("U0JANE", &answer, "👍").await;
    world.press_old("U0TOM", &answer, "👎").await;
    let already = "Threadbridge (only visible to you)\n  This answer has already been rated. Thank you!";
    assert_eq!(world.whispers("U0JANE"), already);
    assert_eq!(world.whispers("U0TOM"), already);
    assert!(world.lettings(&root).contains("Thanks for your feedback!"));
    assert_eq!(world.told(Endpoint::Feedback).len(), 1);
    assert_eq!(world.told(Endpoint::Feedback)[0]["feedback_type"], json!("helpful"));
    world.finish().await;
}

#[tokio::test]
async fn two_people_who_press_at_once_give_one_rating_and_each_gets_an_answer() {
    let world = World::with(&[ANYONE], confident).await;
    world.slack.switch(|switches| switches.own_posts = false);
    let mut roots = Vec::new();
    for _ in 0..DOUBLE_PRESSES {
        roots.push(world.begins("U0JANE", "C0LETTINGS", "How?").await);
    }
    world.idle().await;
    for root in &roots {
        let answer = world.last("C0LETTINGS", root);
        let (up, down) = tokio::join!(
            world.slack.press_copy("U0JANE", &answer, "👍"),
            world.slack.press_copy("U0TOM", &answer, "👎"),
        );
        assert_eq!([up.status, down.status], [200, 200]);
    }
    world.idle().await;
    let rated: std::collections::HashSet<String> =
        world.told(Endpoint::Feedback).iter().map(|body| body["message_id"].to_string()).collect();
    assert_eq!(rated.len(), DOUBLE_PRESSES);
    assert_eq!(world.told(Endpoint::Feedback).len(), DOUBLE_PRESSES);
    for root in &roots {
        let seen = world.lettings(root);
        assert!(seen.contains("Thanks for your feedback!") && !seen.contains('👍'), "{seen}");
    }
    let told = world.whispers("U0JANE") + &world.whispers("U0TOM");
    assert_eq!(told.matches("This answer has already been rated. Thank you!").count(), DOUBLE_PRESSES);
    world.finish().await;
}

#[tokio::test]
async fn a_rating_that_cannot_be_saved_brings_the_thumbs_back_and_can_be_given_again() {
    let unconfirmed = [
        Fault::answer(Canned::json(200, &json!({ "success": false }))),
        Fault::answer(Canned::bytes(200, "text/html", "<html>")),
    ];
    let failed = [
        Fault::answer(Canned::error(500, "oops")),
        Fault::answer(Canned::error(422, "oops")),
        Fault::answer(Canned::rate_limited(60)),
        Fault::drop_connection(),
    ];
    let all = unconfirmed.map(|fault| (fault, false)).into_iter().chain(failed.map(|fault| (fault, true)));
    for (fault, again) in all {
        let world = World::new().await;
        let root = world.asks("How?").await;
        let before = world.lettings(&root);
        world.fails_next(Endpoint::Feedback, fault.clone());
        world.press("U0JANE", &world.last("C0LETTINGS", &root), "👍").await;
        let word = "Threadbridge (only visible to you)\n  I couldn't save your rating just now. Please try again in a \
                    moment.";
        assert_eq!(world.whispers("U0JANE"), word);
        assert_eq!(world.lettings(&root), format!("{before}\n{word}"), "{fault:?}");
        // The agent of this test counts any 200 as a rating, so there a second one would be one too many.
        if again {
            world.press("U0JANE", &world.last("C0LETTINGS", &root), "👎").await;
            assert!(world.lettings(&root).contains("Thanks for your feedback!"));
            assert_eq!(world.told(Endpoint::Feedback).len(), 2);
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn plain_buttons_rate_where_slacks_own_are_switched_off_or_not_taken() {
    let off = [("THREADBRIDGE_SLACK__NATIVE_FEEDBACK", "false")];
    for settings in [&off[..], &[]] {
        let world = World::with(settings, confident).await;
        if settings.is_empty() {
            let fault = threadbridge::demo::workspace::Fault::Code("invalid_blocks".into());
            world.slack.faults().next("chat.postMessage", 1, fault);
        }
        let root = world.asks("How?").await;
        let answer = world.last("C0LETTINGS", &root);
        assert!(!answer.blocks.to_string().contains("feedback_buttons"));
        assert!(world.lettings(&root).contains("[👍 Helpful] [👎 Not helpful]"));
        world.press("U0JANE", &answer, "👎 Not helpful").await;
        assert!(world.lettings(&root).ends_with("Thanks for your feedback!"));
        assert_eq!(world.told(Endpoint::Feedback)[0]["feedback_type"], json!("unhelpful"));
        world.finish().await;
    }
}

#[tokio::test]
async fn only_the_asker_rates_unless_anyone_may() {
    let world = World::new().await;
    let root = world.asks("How?").await;
    world.press("U0TOM", &world.last("C0LETTINGS", &root), "👍").await;
    insta::assert_snapshot!(world.whispers("U0TOM"), @"
    Threadbridge (only visible to you)
      Only the person who asked can use these buttons.
    ");
    assert_eq!(world.told(Endpoint::Feedback), [json!(null); 0]);
    assert!(world.lettings(&root).contains("👍"));
    world.finish().await;

    let world = World::with(&[ANYONE], confident).await;
    let root = world.asks("How?").await;
    world.press("U0TOM", &world.last("C0LETTINGS", &root), "👍").await;
    assert!(world.lettings(&root).contains("Thanks for your feedback!"));
    // The rating is the asker's: it is her question and her answer.
    assert_eq!(world.told(Endpoint::Feedback)[0]["user_info"]["full_name"], json!("Jane Smith"));
    world.finish().await;
}

#[tokio::test]
async fn every_answer_of_a_thread_is_rated_by_itself() {
    let world = World::with(&[], |ask| {
        let answer = Answer::confident(format!("About {}", ask.message));
        Scripted::Answer(answer.source(Source::how_to(format!("On {}", ask.message), "1", 0.9)))
    })
    .await;
    let root = world.asks("one").await;
    let first = world.last("C0LETTINGS", &root);
    world.goes_on(&root, "two").await;
    let second = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &second, "👍").await;
    world.press("U0JANE", &first, "👎").await;
    let told = world.told(Endpoint::Feedback);
    let brief: Vec<_> =
        told.iter().map(|body| [&body["query"], &body["response"], &body["sources_used"][0]]).collect();
    assert_eq!(
        brief,
        [
            [&json!("two"), &json!("About two"), &json!("On two")],
            [&json!("one"), &json!("About one"), &json!("On one")]
        ]
    );
    assert_eq!(world.lettings(&root).matches("Thanks for your feedback!").count(), 2);
    world.finish().await;
}
