//! Answers, as people see them and as Slack was sent them.

use serde_json::json;
use threadbridge::demo::agent::{Answer, Ask, Canned, Scripted, Source};

use crate::world::{World, confident, doubtful};

const LINKED: (&str, &str) =
    ("THREADBRIDGE_SLACK__SOURCE_URL", "https://kb.example.com/{entry_type}?id={entry_id}");

#[tokio::test]
async fn a_confident_answer_has_its_sources_and_thumbs() {
    let world = World::new().await;
    let root = world.asks("How do I reset a password?").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_doubtful_answer_offers_a_ticket() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How do I fix error code X1234?").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    ");
    let answer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ");
    world.finish().await;
}

/// An agent with many sources, two of which are the same and some of which say little.
fn well_read(_: &Ask) -> Scripted {
    let mut answer = Answer::confident("Here is how.").confidence(0.61);
    for (title, id, confidence) in [
        ("Deposits", "kb_2", 0.4),
        ("Refunds | Money & more", "kb_1", 0.9),
        ("Deposits, again", "kb_2", 0.8),
        ("Fees", "kb_3", 0.5),
        ("Leases", "kb 4/x", 0.7),
        ("Keys", "kb_5", 0.3),
        ("Pets", "kb_6", 0.2),
        ("Bills", "kb_7", 0.1),
    ] {
        answer = answer.source(Source::how_to(title, id, confidence));
    }
    Scripted::Answer(answer)
}

#[tokio::test]
async fn sources_stand_once_each_the_surest_first_linked_and_the_rest_is_counted() {
    let world = World::with(&[LINKED], well_read).await;
    let root = world.asks("How?").await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Here is how.
      · *Sources:* Refunds ∣ Money & more (https://kb.example.com/how_to?id=kb_1) · Leases (https://kb.example.com/how_to?id=kb%204%2Fx) · Fees (https://kb.example.com/how_to?id=kb_3) · Deposits (https://kb.example.com/how_to?id=kb_2) · Keys (https://kb.example.com/how_to?id=kb_5) · +2 more
      · Fairly sure · 61 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn the_confidence_is_not_shown_where_it_is_switched_off() {
    let off = ("THREADBRIDGE_CONVERSATION__SHOW_CONFIDENCE", "false");
    let world = World::with(&[off], confident).await;
    let root = world.asks("How?").await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn an_answer_is_posted_into_its_thread_whole_in_its_text_and_without_previews() {
    let world = World::with(&[LINKED], confident).await;
    let root = world.asks("How?").await;
    world.lettings(&root);
    let call = world.last_call("chat.postMessage").arguments;
    assert_eq!(call["thread_ts"], json!(root));
    assert_eq!(call["channel"], json!("C0LETTINGS"));
    for flag in ["unfurl_links", "unfurl_media", "unfurl_app_links"] {
        assert_eq!(call[flag], json!(false), "{flag}");
    }
    assert_eq!([&call["parse"], &call["link_names"]], [&json!("none"), &json!(false)]);
    for absent in ["reply_broadcast", "mrkdwn"] {
        assert_eq!(call.get(absent), None, "{absent}");
    }
    assert_eq!(call["metadata"]["event_type"], json!("threadbridge_reply"));
    assert!(call["metadata"]["event_payload"]["key"].is_string());
    insta::assert_snapshot!(call["text"].as_str().unwrap().replace('\u{2063}', ""), @"
    Go to *Settings &gt; Users* and press _Reset_.

    *Sources:* Password Reset Guide
    Very sure · 92 %
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_direct_message_is_its_own_thread_and_is_answered_there() {
    let world = World::new().await;
    let said = world.slack.say("U0JANE", "dm", "How do I reset a password?").await;
    world.idle().await;
    insta::assert_snapshot!(world.see(&said.channel, &said.ts), @"
    Jane Smith
      How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn markdown_reaches_people_as_it_was_written() {
    let text = "# Steps\n\n1. Go to **Settings**\n2. Press `Save`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\n# \
                install\nfn a() {}\n```\n\nSee [the guide](https://kb.example/Foo_(bar)) & my_var_name.";
    let world = World::with(&[], move |_| Scripted::Answer(Answer::confident(text))).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    assert_eq!(
        answer.blocks[0],
        json!({ "type": "markdown", "text": text, "block_id": answer.blocks[0]["block_id"] })
    );
    world.finish().await;
}

#[tokio::test]
async fn an_answer_without_confidence_sources_or_time_is_still_an_answer() {
    let reply = json!({ "response": "Just this.", "sources": null, "session_id": null });
    let world = World::with(&[], move |_| Scripted::Raw(Canned::json(200, &reply))).await;
    let root = world.asks("How?").await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Just this.
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_not_passed_over_in_silence() {
    for blank in ["", " \n\t"] {
        let world = World::with(&[], move |_| Scripted::Answer(Answer::confident(blank))).await;
        let root = world.asks("How?").await;
        let seen = world.lettings(&root);
        assert!(
            seen.contains("Unable to connect right now. Please try again shortly.\n  [Ask again]"),
            "{seen}"
        );
        world.finish().await;
    }
}

#[tokio::test]
async fn an_answer_that_is_only_markup_is_shown_as_it_was_written() {
    for odd in ["[a]: https://x.y", "<!-- nothing -->", "<br>", "\u{2063}", "***", "```\n```", "&nbsp;", "#"]
    {
        let world = World::with(&[], move |_| Scripted::Answer(Answer::confident(odd))).await;
        let root = world.asks("How?").await;
        let answer = world.last("C0LETTINGS", &root);
        assert!(
            answer.blocks[0]["text"].as_str().is_some_and(|text| !text.trim().is_empty()),
            "{odd}: {answer:?}"
        );
        world.finish().await;
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_but_wants_a_ticket_offers_it() {
    let world = World::with(&[], |_| Scripted::Answer(Answer::unsure(" \n "))).await;
    let root = world.asks("How?").await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      · Not very sure · 35 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    ");
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "Yes, Create Ticket").await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    world.finish().await;
}
