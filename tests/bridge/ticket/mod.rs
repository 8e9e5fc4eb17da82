//! Tickets: recorded at once, created once for each decision, never confirmed without being there.

mod doubles;
mod unknown;

use serde_json::json;
use threadbridge::clock::Clock;
use threadbridge::demo::agent::{Answer, Ask, Canned, DemoAgent, Endpoint, Fault, IdShape, Scripted, Source};
use threadbridge::demo::workspace;

use crate::world::{World, doubtful};

const YES: &str = "Yes, Create Ticket";
const NO: &str = "No Thanks";

/// An agent that doubts and names a source nevertheless.
fn half_sure(_: &Ask) -> Scripted {
    Scripted::Answer(
        Answer::unsure("Perhaps this.").confidence(0.41).source(Source::how_to("Guide", "kb_1", 0.4)),
    )
}

fn spell(agent: &DemoAgent, failure: IdShape, ticket: IdShape) {
    let _ = agent.clone().with_ids(failure, ticket);
}

#[tokio::test]
async fn a_doubtful_answer_is_recorded_at_once_with_exactly_the_contracts_fields() {
    for (brain, response, confidence, reason) in [
        (doubtful as fn(&Ask) -> Scripted, "I'm not confident I can help with this.", 0.35, "no_results"),
        (half_sure, "Perhaps this.", 0.41, "low_confidence"),
    ] {
        let world = World::with(&[], brain).await;
        let root = world.asks("How do I fix error code X1234?").await;
        world.lettings(&root);
        let expected = json!({
            "session_id": world.told(Endpoint::Chat)[0]["session_id"],
            "agent_id": "crm_user_456",
            "query": "How do I fix error code X1234?",
            "agent_response": response,
            "confidence_score": confidence,
            "escalation_reason": reason,
            "user_email": "jane.smith@company.com",
            "user_name": "Jane Smith",
            "user_agency": "Sales",
            "user_office": "Cape Town",
            "agent_type": "customer",
        });
        assert_eq!(world.told(Endpoint::RecordFailure), [expected]);
        world.finish().await;
    }
}

#[tokio::test]
async fn yes_shows_that_the_ticket_is_being_created_and_then_the_contracts_sentence() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How do I fix error code X1234?").await;
    world.agent.faults().hold(Endpoint::CreateTicket);
    let answer = world.last("C0LETTINGS", &root);
    assert_eq!(world.slack.press_copy("U0JANE", &answer, YES).await.status, 200);
    world.agent.faults().waiting(Endpoint::CreateTicket, 1).await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      Creating your support ticket…
      [Still nothing? Check]
    ");
    world.agent.faults().open(Endpoint::CreateTicket);
    world.idle().await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ");
    let calls = world.agent.calls();
    let call = calls.iter().find(|call| call.endpoint == Endpoint::CreateTicket).unwrap();
    assert_eq!(call.path, "/api/agent-failure/kb-failure-1/create-ticket");
    insta::assert_snapshot!(serde_json::to_string_pretty(&call.body).unwrap(), @r#"
    {
      "conversation_history": [
        {
          "content": "How do I fix error code X1234?",
          "role": "user",
          "timestamp": "2026-11-22T12:00:00Z"
        },
        {
          "content": "I'm not confident I can help with this.",
          "role": "assistant",
          "timestamp": "2026-11-22T12:00:00Z"
        }
      ]
    }
    "#);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_carries_the_whole_conversation_in_its_order_with_roles_and_utc_times() {
    let world = World::with(&[], |ask| match ask.message.as_str() {
        "three" => doubtful(ask),
        other => Scripted::Answer(Answer::confident(format!("About **{other}**"))),
    })
    .await;
    let root = world.asks("one").await;
    world.clock.advance(jiff::SignedDuration::from_millis(1_500));
    world.goes_on(&root, "two").await;
    world.clock.advance(jiff::SignedDuration::from_secs(60));
    world.goes_on(&root, "three").await;
    let answer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &answer, YES).await;
    world.lettings(&root);
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    let lines: Vec<String> = history.as_array().unwrap().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"content":"one","role":"user","timestamp":"2026-11-22T12:00:00Z"}
    {"content":"About **one**","role":"assistant","timestamp":"2026-11-22T12:00:00Z"}
    {"content":"two","role":"user","timestamp":"2026-11-22T12:00:01.5Z"}
    {"content":"About **two**","role":"assistant","timestamp":"2026-11-22T12:00:01.5Z"}
    {"content":"three","role":"user","timestamp":"2026-11-22T12:01:01.5Z"}
    {"content":"I'm not confident I can help with this.","role":"assistant","timestamp":"2026-11-22T12:01:01.5Z"}
    "#);
    world.finish().await;
}

#[tokio::test]
async fn no_declines_without_a_body_and_says_the_contracts_sentence() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    world.press("U0JANE", &world.last("C0LETTINGS", &root), NO).await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      No problem! Feel free to ask another question.
    ");
    let calls = world.agent.calls();
    let call = calls.iter().find(|call| call.endpoint == Endpoint::Decline).unwrap();
    assert_eq!((call.path.as_str(), &call.body), ("/api/agent-failure/kb-failure-1/decline", &json!(null)));
    assert_eq!(world.agent.tickets(), []);
    world.finish().await;
}

#[tokio::test]
async fn what_no_shows_does_not_depend_on_the_agent_which_is_asked_at_most_twice() {
    for (fault, calls) in [(Canned::error(500, "x"), 2), (Canned::error(404, "x"), 1)] {
        let world = World::with(&[], doubtful).await;
        let root = world.asks("How?").await;
        world.agent.faults().always(Endpoint::Decline, Fault::answer(fault));
        world.press("U0JANE", &world.last("C0LETTINGS", &root), NO).await;
        assert!(world.lettings(&root).ends_with("No problem! Feel free to ask another question."));
        assert_eq!(world.told(Endpoint::Decline).len(), calls);
        world.finish().await;
    }
}

#[tokio::test]
async fn the_email_stands_only_where_the_setting_and_the_channel_allow_it() {
    let email = "jane.smith@company.com";
    for (setting, channel, shown) in [
        ("auto", "C0LETTINGS", true),
        ("auto", "C0PARTNERS", false),
        ("thread", "C0PARTNERS", true),
        ("private", "C0LETTINGS", false),
        ("private", "D0JANE", true),
    ] {
        let settings = [("THREADBRIDGE_CONVERSATION__TICKET_EMAIL", setting)];
        let world = World::with(&settings, doubtful).await;
        let root = world.begins("U0JANE", channel, "How?").await;
        world.idle().await;
        world.press("U0JANE", &world.last(channel, &root), YES).await;
        let thread: String =
            world.answers(channel, &root).iter().map(threadbridge::demo::workspace::render).collect();
        assert!(thread.contains("Hi Jane, I've created support ticket #9630 for you"), "{thread}");
        assert_eq!(thread.contains(email), shown, "{setting} in {channel}: {thread}");
        let private = world.whispers("U0JANE");
        let sentence = "Hi Jane, I've created support ticket #9630 for you and emailed a copy to \
                        jane.smith@company.com for your reference. A support agent will reach out to you shortly with \
                        more details.";
        assert_eq!(private.contains(sentence), !shown, "{setting} in {channel}: {private}");
        world.finish().await;
    }
}

#[tokio::test]
async fn the_email_is_the_askers_also_when_somebody_else_may_press() {
    let settings = [("THREADBRIDGE_CONVERSATION__WHO_MAY_PRESS", "anyone")];
    let world = World::with(&settings, doubtful).await;
    let root = world.begins("U0JANE", "C0PARTNERS", "How?").await;
    world.idle().await;
    world.fails_next(Endpoint::CreateTicket, Fault::drop_connection());
    world.press("U0TOM", &world.last("C0PARTNERS", &root), YES).await;
    world.press("U0TOM", &world.last("C0PARTNERS", &root), "Create again").await;
    assert!(world.see("C0PARTNERS", &root).contains("Hi Jane, I've created support ticket #9630 for you."));
    assert!(!world.whispers("U0TOM").contains("jane.smith@company.com"));
    assert_eq!(world.whispers("U0JANE").matches("jane.smith@company.com").count(), 2);
    world.finish().await;
}

#[tokio::test]
async fn ids_may_be_texts_or_numbers_under_either_name() {
    for shape in [IdShape::Text, IdShape::Number, IdShape::PlainText, IdShape::PlainNumber] {
        let world = World::with(&[], doubtful).await;
        spell(&world.agent, shape, shape);
        let root = world.asks("How?").await;
        world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
        assert!(world.lettings(&root).contains("ticket #9630 for you"));
        assert_eq!(world.agent.tickets().len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_failure_that_could_not_be_recorded_is_recorded_on_the_click() {
    for label in [YES, NO] {
        let world = World::with(&[], half_sure).await;
        world.fails_next(Endpoint::RecordFailure, Fault::answer(Canned::error(500, "x")));
        let root = world.asks("How?").await;
        assert!(world.lettings(&root).contains("[Yes, Create Ticket (primary)] [No Thanks]"));
        world.press("U0JANE", &world.last("C0LETTINGS", &root), label).await;
        let records = world.told(Endpoint::RecordFailure);
        assert_eq!(records.len(), 2);
        assert_eq!(records[0], records[1]);
        assert_eq!(world.agent.tickets().len(), usize::from(label == YES));
        assert_eq!(world.told(Endpoint::Decline).len(), usize::from(label == NO));
        let said = if label == YES { "support ticket #9630" } else { "No problem!" };
        assert!(world.lettings(&root).contains(said));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_failure_that_still_cannot_be_recorded_offers_the_ticket_again() {
    let world = World::with(&[], doubtful).await;
    world.agent.faults().always(Endpoint::RecordFailure, Fault::answer(Canned::error(500, "x")));
    let root = world.asks("How?").await;
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.lettings(&root).contains("[Yes, Create Ticket (primary)] [No Thanks]"));
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      I couldn't ask for the ticket just now, and none was created. Please try again.
    ");
    world.agent.faults().clear(Endpoint::RecordFailure);
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    assert_eq!(world.agent.tickets().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_refusal_is_said_and_both_choices_are_back() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    world.fails_next(Endpoint::CreateTicket, Fault::answer(Canned::error(422, "x")));
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    insta::assert_snapshot!(world.lettings(&root), @"
    Jane Smith
      @Threadbridge How?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      The ticket couldn't be created. You can try again, or contact support directly.
      [Yes, Create Ticket (primary)] [No Thanks]
    ");
    assert_eq!(world.told(Endpoint::CreateTicket).len(), 1);
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    assert_eq!(world.agent.tickets().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_that_the_agent_limits_is_offered_again() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    world.fails_next(Endpoint::CreateTicket, Fault::answer(Canned::rate_limited(60)));
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.lettings(&root).contains("[Yes, Create Ticket (primary)] [No Thanks]"));
    assert!(world.whispers("U0JANE").contains("none was created"));
    assert_eq!(world.agent.tickets(), []);
    world.finish().await;
}

#[tokio::test]
async fn a_decision_is_shown_again_to_whoever_presses_an_old_copy() {
    for (label, words) in [(YES, "support ticket #9630"), (NO, "No problem!")] {
        let world = World::with(&[], doubtful).await;
        let root = world.asks("How?").await;
        let answer = world.last("C0LETTINGS", &root);
        world.press("U0JANE", &answer, label).await;
        for label in [YES, NO] {
            world.press_old("U0JANE", &answer, label).await;
            assert!(world.lettings(&root).contains(words));
        }
        assert_eq!(world.agent.tickets().len(), usize::from(label == YES));
        assert_eq!(world.told(Endpoint::Decline).len(), usize::from(label == NO));
        world.finish().await;
    }
}

#[tokio::test]
async fn nothing_is_created_while_the_message_cannot_say_that_it_is() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How?").await;
    // Longer than anybody waits; after a restart only the message could tell that a ticket was being created.
    world.slack.faults().next("chat.update", 1, workspace::Fault::RateLimited(200));
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert_eq!(world.told(Endpoint::CreateTicket).len(), 0);
    assert!(world.whispers("U0JANE").contains("none was created"));
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.lettings(&root).contains("support ticket #9630"));
    assert_eq!(world.agent.tickets().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_does_not_wait_for_a_thread_that_cannot_be_read() {
    let world = World::with(&[], doubtful).await;
    let root = world.says("U0TOM", "C0LETTINGS", "I wonder how.").await;
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "@Threadbridge How?").await;
    world.idle().await;
    world.slack.faults().next("conversations.replies", 99, workspace::Fault::Status(503));
    let before = world.clock.now();
    world.press("U0JANE", &world.last("C0LETTINGS", &root), YES).await;
    assert!(world.clock.now().duration_since(before) < jiff::SignedDuration::from_mins(1));
    assert!(world.lettings(&root).contains("support ticket #9630"));
    let history = world.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
    assert_eq!(history.as_array().unwrap().len(), 2);
    world.finish().await;
}
