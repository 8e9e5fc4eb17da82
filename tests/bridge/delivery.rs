//! Slack's side failing: what was paid for arrives once, in order, as soon as Slack takes it.

use jiff::SignedDuration;
use serde_json::json;
use threadbridge::demo::agent::{Answer, Endpoint, Scripted};
use threadbridge::demo::workspace::Fault;

use crate::world::{World, confident, doubtful};

const POST: &str = "chat.postMessage";
const HASTY: (&str, &str) = ("THREADBRIDGE_SLACK__DEADLINE_SECONDS", "1");

fn echo(ask: &threadbridge::demo::agent::Ask) -> Scripted {
    Scripted::Answer(Answer::confident(format!("About {}", ask.message)))
}

#[tokio::test]
async fn a_wait_that_slack_asks_for_holds_its_method_and_channel_and_no_other() {
    let world = World::new().await;
    world.slack.faults().next(POST, 1, Fault::RateLimited(30));
    let held = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    assert_eq!(world.clock.somebody_sleeps().await, SignedDuration::from_secs(30));
    // Another channel is answered at the same time.
    let free = world.begins("U0JANE", "C0SALES", "How?").await;
    world.until(|world| (world.slack.thread("C0SALES", &free).len() == 2).then_some(())).await;
    let same = world.begins("U0TOM", "C0LETTINGS", "How?").await;
    world.clock.advance(SignedDuration::from_secs(29));
    assert_eq!(world.clock.somebody_sleeps().await, SignedDuration::from_secs(1));
    assert_eq!(world.slack.thread("C0LETTINGS", &held).len(), 1);
    world.idle().await;
    let calls = world.slack.calls_of(POST);
    let asked = calls.iter().find(|call| call.status == 429).unwrap().at;
    let done = calls.iter().filter(|call| call.status == 200);
    let here = done.filter(|call| call.arguments["channel"] == json!("C0LETTINGS"));
    assert!(
        here.clone().count() == 2
            && here.clone().all(|call| SignedDuration::from_secs(30) <= call.at.duration_since(asked))
    );
    for (channel, root) in [("C0LETTINGS", &held), ("C0LETTINGS", &same), ("C0SALES", &free)] {
        assert_eq!(world.answers(channel, root).len(), 1);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_post_whose_answer_is_lost_is_looked_up_and_never_doubled() {
    for fault in [
        Fault::DropAfter,
        Fault::StatusAfter(500),
        Fault::StatusAfter(504),
        Fault::HangAfter,
        Fault::Drop,
        Fault::Status(500),
        Fault::Garbage,
        Fault::Hang,
        Fault::Code("internal_error".into()),
        Fault::Code("service_unavailable".into()),
        Fault::Code("ratelimited".into()),
        Fault::RateLimited(600),
    ] {
        let world = World::with(&[HASTY], confident).await;
        world.slack.faults().next(POST, 1, fault.clone());
        let root = world.asks("How?").await;
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 1, "{fault:?}");
        assert!(world.lettings(&root).contains("[👍 Helpful] [👎 Not helpful]"), "{fault:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_long_answer_is_whole_and_in_order_whichever_of_its_posts_is_lost() {
    let text = (0..60).map(|n| format!("Paragraph {n}. {}\n\n", "word ".repeat(40))).collect::<String>();
    for lost in 0..4 {
        let text = text.clone();
        let world = World::with(&[], move |_| Scripted::Answer(Answer::confident(text.clone()))).await;
        // The first `lost` posts are answered by a broken connection, too.
        world.slack.faults().next(POST, lost, Fault::DropAfter);
        world.slack.faults().next(POST, 1, Fault::Drop);
        let root = world.asks("How?").await;
        let seen = world.lettings(&root);
        let found: Vec<usize> = (0..60).map(|n| seen.find(&format!("Paragraph {n}.")).unwrap()).collect();
        assert!(found.is_sorted());
        assert_eq!(seen.matches("Paragraph ").count(), 60);
        world.finish().await;
    }
}

#[tokio::test]
async fn an_answer_arrives_after_slack_was_down_for_minutes_and_the_order_is_kept() {
    let world = World::with(&[], echo).await;
    world.slack.faults().next(POST, 4, Fault::Status(503));
    world.slack.faults().next("conversations.replies", 9, Fault::Status(503));
    let before = threadbridge::clock::Clock::now(&*world.clock);
    let root = world.begins("U0JANE", "C0LETTINGS", "one").await;
    for text in ["two", "three"] {
        assert_eq!(world.slack.reply("U0JANE", "C0LETTINGS", &root, text).await.acks, [200]);
    }
    world.idle().await;
    let answers = world.answers("C0LETTINGS", &root);
    let said: Vec<_> = answers.iter().map(|message| message.blocks[0]["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["About one", "About two", "About three"]);
    let waited = threadbridge::clock::Clock::now(&*world.clock).duration_since(before);
    assert!(SignedDuration::from_mins(2) < waited, "{waited}");
    assert_eq!(world.slack.faults().waiting(POST), 0);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_arrives_when_slack_comes_back_just_before_patience_ends() {
    let world = World::with(&[("THREADBRIDGE_SLACK__DELIVER_FOR_SECONDS", "60")], confident).await;
    // The post itself would be taken, but the thread cannot be looked at for a long time.
    world.slack.faults().next(POST, 1, Fault::Status(503));
    world.slack.faults().next("conversations.replies", 50, Fault::Status(503));
    let root = world.asks("How?").await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_post_that_can_never_be_looked_up_is_repeated_only_once() {
    let world = World::new().await;
    world.slack.faults().next(POST, 9, Fault::DropAfter);
    world.slack.faults().next("conversations.replies", 99, Fault::Code("missing_scope".into()));
    let root = world.asks("How?").await;
    assert_eq!(world.slack.calls_of(POST).len(), 2);
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_post_without_metadata_is_not_looked_up_and_repeated_only_once() {
    let world = World::new().await;
    world.slack.faults().next(POST, 1, Fault::Code("invalid_metadata_format".into()));
    world.slack.faults().next(POST, 9, Fault::DropAfter);
    let root = world.asks("How?").await;
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 2);
    assert_eq!(world.slack.calls_of("conversations.replies").len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_form_over_which_slack_fails_again_and_again_is_replaced_by_a_simpler_one() {
    let world = World::new().await;
    world.slack.faults().next(POST, 3, Fault::Code("internal_error".into()));
    let root = world.asks("How?").await;
    let calls = world.slack.calls_of(POST);
    assert_eq!(calls.len(), 4);
    assert_eq!(calls[3].arguments["blocks"][0]["type"], json!("section"));
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_slack_refuses_leaves_a_notice_and_the_question_can_be_asked_again() {
    let world =
        World::with(&[("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "0")], confident).await;
    world.slack.switch(|switches| switches.native_status = false);
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0LETTINGS", "How?").await;
    world.until(|world| (!world.slack.calls_of(POST).is_empty()).then_some(())).await;
    for method in ["chat.update", POST] {
        world.slack.faults().next(method, 1, Fault::Code("invalid_arguments".into()));
    }
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      Something went wrong on my side. Please ask again.
      [Ask again]
    ");
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "Ask again").await;
    assert!(world.lettings(&root).contains("[👍 Helpful] [👎 Not helpful]"));
    assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_form_that_slack_does_not_take_is_replaced_by_a_simpler_one() {
    for code in ["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "invalid_blocks_format"] {
        for (refused, brain) in [(1, confident as fn(&_) -> _), (2, confident), (2, doubtful)] {
            let world = World::with(&[], brain).await;
            world.slack.faults().next(POST, refused, Fault::Code(code.into()));
            let root = world.asks("How?").await;
            let seen = world.lettings(&root);
            assert_eq!(world.slack.calls_of(POST).len(), refused + 1);
            assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
            let doubt = seen.contains("I'm not confident");
            assert!(doubt || seen.contains("Password Reset Guide"), "{seen}");
            let (label, words) = if doubt {
                ("No Thanks", "No problem!")
            } else {
                ("👍 Helpful", "Thanks for your feedback!")
            };
            world.press("U0JANE", &world.last("C0LETTINGS", &root), label).await;
            assert!(world.lettings(&root).contains(words));
            world.finish().await;
        }
    }
}

#[tokio::test]
async fn the_simplest_form_is_still_readable() {
    let world =
        World::with(&[], |ask| if ask.message == "one" { doubtful(ask) } else { confident(ask) }).await;
    world.slack.faults().next(POST, 2, Fault::Code("invalid_blocks".into()));
    let root = world.asks("one").await;
    world.slack.faults().next(POST, 2, Fault::Code("invalid_blocks".into()));
    world.goes_on(&root, "two").await;
    insta::assert_snapshot!(world.lettings(&root).replace('\u{2063}', ""), @"
    Jane Smith
      @Threadbridge one
    Threadbridge
      I'm not confident I can help with this.
      Not very sure · 35 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    Jane Smith
      two
    Threadbridge
      Go to *Settings &gt; Users* and press _Reset_.
      *Sources:* Password Reset Guide
      Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_place_that_is_gone_ends_the_matter_without_a_loop() {
    for code in [
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "thread_not_found",
        "account_inactive",
        "invalid_auth",
    ] {
        let world = World::new().await;
        world.slack.faults().next(POST, 1, Fault::Code(code.into()));
        let root = world.asks("How?").await;
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 0);
        assert_eq!(world.slack.calls_of(POST).len(), 1, "{code}");
        // The next question is answered as ever.
        world.goes_on(&root, "And?").await;
        assert_eq!(world.answers("C0LETTINGS", &root).len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_press_is_shown_although_the_change_fails_at_first() {
    for fault in [
        Fault::Status(500),
        Fault::Drop,
        Fault::DropAfter,
        Fault::RateLimited(10),
        Fault::Hang,
        Fault::Garbage,
    ] {
        let world = World::with(&[HASTY], doubtful).await;
        let root = world.asks("How?").await;
        world.slack.faults().next("chat.update", 2, fault.clone());
        world.press("U0JANE", &world.last("C0LETTINGS", &root), "Yes, Create Ticket").await;
        assert!(world.lettings(&root).contains("support ticket #9630"), "{fault:?}");
        assert_eq!(world.agent.tickets().len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_private_word_is_said_although_slack_asks_to_wait() {
    for fault in [Fault::RateLimited(20), Fault::Status(502), Fault::Drop] {
        let world = World::new().await;
        let root = world.asks("How?").await;
        world.slack.faults().next("chat.postEphemeral", 1, fault);
        world.press("U0TOM", &world.last("C0LETTINGS", &root), "👍").await;
        assert!(world.whispers("U0TOM").contains("Only the person who asked can use these buttons."));
        world.lettings(&root);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_profile_that_slack_cannot_show_at_first_is_asked_for_again() {
    for fault in [Fault::RateLimited(5), Fault::Status(500), Fault::Code("service_unavailable".into())] {
        let world = World::new().await;
        world.slack.faults().next("users.info", 1, fault);
        let root = world.asks("How?").await;
        assert!(world.lettings(&root).contains("Password Reset Guide"));
        world.finish().await;
    }
}
