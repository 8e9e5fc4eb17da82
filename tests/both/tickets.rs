//! Tickets: one for each decision of the person who asked, and everybody sees what became of it.

use futures_util::future::join_all;
use insta::assert_snapshot;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::chat::{Chat, Who, on_both};
use crate::world::{confident, doubtful};

const YES: &str = "Yes, Create Ticket";
const NO: &str = "No Thanks";

#[tokio::test]
async fn yes_makes_a_ticket_and_everybody_sees_its_number() {
    let seen = on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        chat.press(&thread, YES).await;
        assert_eq!(chat.tickets(), 1);
        chat.thread(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Jane Smith
        @Threadbridge How?
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    teams:
      Jane Smith
        @Threadbridge How?
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
    ");
}

#[tokio::test]
async fn no_thanks_is_said_to_the_agent_and_ends_the_matter() {
    let seen = on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        chat.press(&thread, NO).await;
        assert_eq!((chat.tickets(), chat.told(Endpoint::Decline).len()), (0, 1));
        chat.thread(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Jane Smith
        @Threadbridge How?
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        No problem! Feel free to ask another question.
    teams:
      Jane Smith
        @Threadbridge How?
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        No problem! Feel free to ask another question.
    ");
}

#[tokio::test]
async fn while_a_ticket_is_created_everybody_sees_that_and_can_only_check() {
    let seen = on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        chat.agent().faults().hold(Endpoint::CreateTicket);
        let (offer, faults) = (chat.last(&thread), chat.agent().faults());
        let meanwhile = async {
            faults.waiting(Endpoint::CreateTicket, 1).await;
            let shown = chat.shown(&thread);
            faults.open(Endpoint::CreateTicket);
            shown
        };
        let (shown, ()) = tokio::join!(meanwhile, chat.begins_to_press(Who::Jane, &offer, YES));
        chat.idle().await;
        assert!(chat.shown(&thread).contains("support ticket #9630"));
        shown
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        Creating your support ticket…
        [Still nothing? Check]
    teams:
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        Creating your support ticket…
        [Still nothing? Check]
    ");
}

#[tokio::test]
async fn many_presses_at_once_make_one_ticket() {
    on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        let offer = chat.last(&thread);
        join_all((0..20).map(|_| chat.begins_to_press(Who::Jane, &offer, YES))).await;
        chat.idle().await;
        assert_eq!(chat.tickets(), 1);
        let shown = chat.shown(&thread);
        assert_eq!(shown.matches("support ticket #9630").count(), 1, "{shown}");
        assert!(!shown.contains('['), "there are no buttons any more: {shown}");
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn of_yes_and_no_at_once_one_counts() {
    on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        let offer = chat.last(&thread);
        tokio::join!(
            chat.begins_to_press(Who::Jane, &offer, YES),
            chat.begins_to_press(Who::Jane, &offer, NO)
        );
        chat.idle().await;
        let shown = chat.shown(&thread);
        let (created, declined) = (chat.tickets(), chat.told(Endpoint::Decline).len());
        assert_eq!(created + declined, 1);
        assert_eq!(shown.contains("support ticket #9630"), created == 1, "{shown}");
        assert_eq!(shown.contains("No problem!"), declined == 1, "{shown}");
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn an_old_copy_of_the_offer_shows_what_was_decided_and_decides_nothing() {
    let seen = on_both(doubtful, async |chat| {
        let mut seen = Vec::new();
        for (decision, other) in [(YES, NO), (NO, YES)] {
            let thread = chat.asks(&format!("Shall I press {decision}?")).await;
            let offer = chat.last(&thread);
            for title in [decision, other, decision] {
                chat.pressed_by(Who::Jane, &offer, title).await;
            }
            seen.push(chat.shown(&thread));
        }
        assert_eq!((chat.tickets(), chat.told(Endpoint::Decline).len()), (1, 1));
        seen.push(chat.whispers(Who::Jane));
        seen.join("\n")
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        No problem! Feel free to ask another question.
    teams:
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        No problem! Feel free to ask another question.
    ");
}

#[tokio::test]
async fn only_who_asked_may_press() {
    let seen = on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        let offer = chat.last(&thread);
        for title in [YES, NO] {
            chat.pressed_by(Who::Tom, &offer, title).await;
        }
        assert_eq!((chat.tickets(), chat.told(Endpoint::Decline).len()), (0, 0));
        assert!(chat.shown(&thread).contains("[No Thanks]"));
        chat.whispers(Who::Tom)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        Only the person who asked can use these buttons.
      Threadbridge (only visible to you)
        Only the person who asked can use these buttons.
    teams:
      Threadbridge (only visible to you)
        Only the person who asked can use these buttons.
      Threadbridge (only visible to you)
        Only the person who asked can use these buttons.
    ");
}

#[tokio::test]
async fn a_refused_ticket_is_said_and_both_choices_are_back() {
    let seen = on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        chat.fails_next(Endpoint::CreateTicket, Fault::answer(Canned::error(422, "x")));
        chat.press(&thread, YES).await;
        let seen = chat.shown(&thread);
        assert_eq!(chat.tickets(), 0);
        chat.press(&thread, YES).await;
        assert!(chat.shown(&thread).contains("support ticket #9630"));
        assert_eq!(chat.tickets(), 1);
        seen
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        The ticket couldn't be created. You can try again, or contact support directly.
        [Yes, Create Ticket (primary)] [No Thanks]
    teams:
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        The ticket couldn't be created. You can try again, or contact support directly.
        [Yes, Create Ticket] [No Thanks]
    ");
}

#[tokio::test]
async fn a_ticket_that_the_agent_limits_is_offered_again() {
    let seen = on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        chat.fails_next(Endpoint::CreateTicket, Fault::answer(Canned::rate_limited(60)));
        chat.press(&thread, YES).await;
        let seen = chat.shown(&thread) + "\n" + &chat.whispers(Who::Jane);
        chat.press(&thread, YES).await;
        assert!(chat.shown(&thread).contains("support ticket #9630"));
        seen
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        I couldn't find a confident answer. Would you like to create a support ticket?
        [Yes, Create Ticket (primary)] [No Thanks]
      Threadbridge (only visible to you)
        I couldn't ask for the ticket just now, and none was created. Please try again.
    teams:
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        I couldn't find a confident answer. Would you like to create a support ticket?
        [Yes, Create Ticket] [No Thanks]
      Threadbridge (only visible to you)
        I couldn't ask for the ticket just now, and none was created. Please try again.
    ");
}

#[tokio::test]
async fn the_failure_is_recorded_with_the_press_if_it_could_not_be_before() {
    on_both(doubtful, async |chat| {
        chat.fails_next(Endpoint::RecordFailure, Fault::answer(Canned::error(500, "x")));
        let thread = chat.asks("How?").await;
        chat.press(&thread, YES).await;
        let recorded = chat.told(Endpoint::RecordFailure);
        assert_eq!(recorded.len(), 2);
        assert_eq!(recorded[0]["query"], "How?");
        assert_eq!(recorded[0]["query"], recorded[1]["query"]);
        assert!(chat.shown(&thread).contains("support ticket #9630"));
        String::new()
    })
    .await;
}

#[tokio::test]
async fn a_tickets_history_is_what_was_said_in_its_thread() {
    let brain = |ask: &threadbridge::demo::agent::Ask| {
        if ask.message == "And a PIN?" { doubtful(ask) } else { confident(ask) }
    };
    on_both(brain, async |chat: &mut dyn Chat| {
        let (thread, _) = (chat.asks("How do I reset a password?").await, chat.asks("What else?").await);
        chat.adds(Who::Jane, &thread, "And a PIN?").await;
        chat.idle().await;
        chat.press(&thread, YES).await;
        let history = chat.told(Endpoint::CreateTicket)[0]["conversation_history"].clone();
        let said = history.as_array().unwrap().iter();
        let said: Vec<[&str; 2]> =
            said.map(|entry| ["role", "content"].map(|field| entry[field].as_str().unwrap())).collect();
        assert_eq!(
            said,
            [
                ["user", "How do I reset a password?"],
                ["assistant", "Go to **Settings > Users** and press *Reset*."],
                ["user", "And a PIN?"],
                ["assistant", "I'm not confident I can help with this."],
            ]
        );
        chat.see_all();
        String::new()
    })
    .await;
}
