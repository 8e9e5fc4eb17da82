//! Tickets: made once, for whoever asked, and never repeated where nobody knows.

use futures_util::future::join_all;
use insta::assert_snapshot;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::both;
use crate::chat::{Chat, NO, YES, doubtful};

/// An unsure answer in a thread.
async fn unsure<C: Chat>(settings: &[(&str, &str)]) -> (C, String) {
    let chat = C::with(settings, doubtful).await;
    let thread = chat.asks("jane", "How do I fix error code X1234?").await;
    (chat, thread)
}

#[tokio::test]
async fn yes_makes_a_ticket_that_everybody_sees_and_the_agent_cannot_tell_the_platforms_apart() {
    async fn scenario<C: Chat>() -> String {
        let (chat, thread) = unsure::<C>(&[]).await;
        chat.presses("jane", &thread, YES).await;
        let seen = chat.seen(&thread);
        let told = chat.bodies(Endpoint::CreateTicket).pop().unwrap();
        chat.finish().await;
        let said = told["conversation_history"].as_array().unwrap();
        let said = said.iter().map(|entry| format!("{}: {}", entry["role"], entry["content"]));
        format!("{seen}\nThe agent was told\n{}", said.collect::<Vec<_>>().join("\n"))
    }
    assert_snapshot!(both!(scenario), @r#"
    ──── Slack
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    The agent was told
    "user": "How do I fix error code X1234?"
    "assistant": "I'm not confident I can help with this."
    ──── Teams
    jane
      How do I fix error code X1234?
    Threadbridge · AI generated
      I'm not confident I can help with this.
      Not very sure · 35 %
    Threadbridge
      | Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    The agent was told
    "user": "How do I fix error code X1234?"
    "assistant": "I'm not confident I can help with this."
    "#);
}

#[tokio::test]
async fn no_thanks_is_taken_for_an_answer() {
    async fn scenario<C: Chat>() -> String {
        let (chat, thread) = unsure::<C>(&[]).await;
        chat.presses("jane", &thread, NO).await;
        let seen = chat.seen(&thread);
        assert_eq!((chat.agent().tickets().len(), chat.bodies(Endpoint::Decline).len()), (0, 1));
        chat.finish().await;
        seen
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      No problem! Feel free to ask another question.
    ──── Teams
    jane
      How do I fix error code X1234?
    Threadbridge · AI generated
      I'm not confident I can help with this.
      Not very sure · 35 %
    Threadbridge
      | No problem! Feel free to ask another question.
    ");
}

#[tokio::test]
async fn twenty_presses_at_once_and_an_old_copy_later_make_one_ticket() {
    async fn scenario<C: Chat>() -> String {
        let (chat, thread) = unsure::<C>(&[]).await;
        let prompt = chat.last(&thread);
        join_all((0..20).map(|_| chat.clicks("jane", &prompt, YES))).await;
        chat.idle().await;
        chat.clicks("jane", &prompt, YES).await;
        chat.clicks("jane", &prompt, NO).await;
        chat.idle().await;
        assert_eq!(chat.agent().tickets().len(), 1);
        assert_eq!(chat.bodies(Endpoint::Decline).len(), 0);
        // What was said to the presses besides depends on which came first.
        chat.told("jane");
        let seen = chat.seen(&thread);
        chat.finish().await;
        seen
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ──── Teams
    jane
      How do I fix error code X1234?
    Threadbridge · AI generated
      I'm not confident I can help with this.
      Not very sure · 35 %
    Threadbridge
      | Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ");
}

#[tokio::test]
async fn somebody_elses_press_does_nothing() {
    async fn scenario<C: Chat>() -> String {
        let (chat, thread) = unsure::<C>(&[]).await;
        chat.presses("tom", &thread, YES).await;
        assert_eq!(chat.agent().tickets().len(), 0);
        let shown = format!("{}\n{}", chat.seen(&thread), chat.told("tom"));
        chat.finish().await;
        shown
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    Threadbridge (only visible to you)
      Only the person who asked can use these buttons.
    ──── Teams
    jane
      How do I fix error code X1234?
    Threadbridge · AI generated
      I'm not confident I can help with this.
      Not very sure · 35 %
    Threadbridge
      | I couldn't find a confident answer. Would you like to create a support ticket?
      | [Yes, Create Ticket] [No Thanks]
    Threadbridge (where they pressed)
      Only the person who asked can use these buttons.
    ");
}

#[tokio::test]
async fn what_the_agent_refuses_is_told_and_can_be_tried_again() {
    async fn scenario<C: Chat>() -> String {
        let (chat, thread) = unsure::<C>(&[]).await;
        chat.agent().faults().next(Endpoint::CreateTicket, 1, Fault::answer(Canned::error(422, "canary")));
        chat.presses("jane", &thread, YES).await;
        let refused = chat.seen(&thread);
        chat.presses("jane", &thread, YES).await;
        assert_eq!(chat.agent().tickets().len(), 1);
        let made = chat.seen(&thread);
        chat.finish().await;
        format!("{refused}\n…\n{}", made.lines().last().unwrap())
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      The ticket couldn't be created. You can try again, or contact support directly.
      [Yes, Create Ticket (primary)] [No Thanks]
    …
      Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ──── Teams
    jane
      How do I fix error code X1234?
    Threadbridge · AI generated
      I'm not confident I can help with this.
      Not very sure · 35 %
    Threadbridge
      | The ticket couldn't be created. You can try again, or contact support directly.
      | [Yes, Create Ticket] [No Thanks]
    …
      | Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ");
}

#[tokio::test]
async fn where_nobody_knows_whether_there_is_a_ticket_the_person_decides() {
    async fn scenario<C: Chat>() -> String {
        let (chat, thread) = unsure::<C>(&[]).await;
        chat.agent().faults().next(Endpoint::CreateTicket, 1, Fault::drop_connection());
        chat.presses("jane", &thread, YES).await;
        let doubtful = chat.seen(&thread);
        assert_eq!(chat.bodies(Endpoint::CreateTicket).len(), 1, "no machine repeats it");
        chat.presses("jane", &thread, "Create again").await;
        assert_eq!(chat.agent().tickets().len(), 1);
        let made = chat.seen(&thread);
        chat.finish().await;
        format!("{doubtful}\n…\n{}", made.lines().last().unwrap())
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I fix error code X1234?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      I can't tell whether the ticket was created: look for the e-mail to jane.smith@company.com. Create it again only if there is none.
      [Create again] [Leave it]
    …
      Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ──── Teams
    jane
      How do I fix error code X1234?
    Threadbridge · AI generated
      I'm not confident I can help with this.
      Not very sure · 35 %
    Threadbridge
      | I can't tell whether the ticket was created: look for the e-mail to jane.smith@company.com. Create it again only if there is none.
      | [Create again] [Leave it]
    …
      | Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ");
}

#[tokio::test]
async fn who_does_not_know_either_can_leave_it() {
    async fn scenario<C: Chat>() -> String {
        let (chat, thread) = unsure::<C>(&[]).await;
        chat.agent().faults().next(Endpoint::CreateTicket, 1, Fault::drop_connection().after_effect());
        chat.presses("jane", &thread, YES).await;
        chat.presses("jane", &thread, "Leave it").await;
        assert_eq!(chat.agent().tickets().len(), 1);
        let seen = chat.seen(&thread);
        chat.finish().await;
        seen.lines().last().unwrap().to_owned()
    }
    assert_snapshot!(both!(scenario), @"
    ──── Slack
      Left as it is. If the ticket was created, a confirmation went to jane.smith@company.com.
    ──── Teams
      | Left as it is. If the ticket was created, a confirmation went to jane.smith@company.com.
    ");
}
