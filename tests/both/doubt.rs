//! Tickets whose outcome nobody knows: no machine repeats them, and the person decides.

use insta::assert_snapshot;
use jiff::SignedDuration;
use rstest::rstest;
use threadbridge::demo::agent::{Canned, Endpoint, Fault};

use crate::chat::{Chat, Thread, Who, on_both};
use crate::world::doubtful;

const YES: &str = "Yes, Create Ticket";

/// A thread in which nobody knows whether the ticket was made.
async fn in_doubt(chat: &dyn Chat, fault: Fault) -> Thread {
    let thread = chat.asks("How?").await;
    chat.fails_next(Endpoint::CreateTicket, fault);
    chat.press(&thread, YES).await;
    thread
}

#[rstest]
#[case::dropped(Fault::drop_connection())]
#[case::dropped_after_it_was_made(Fault::drop_connection().after_effect())]
#[case::failing(Fault::answer(Canned::error(500, "x")))]
#[case::failing_after_it_was_made(Fault::answer(Canned::error(500, "x")).after_effect())]
#[case::no_json(Fault::answer(Canned::bytes(200, "text/html", "<html>")).after_effect())]
#[tokio::test]
async fn a_lost_answer_asks_the_person_and_is_never_repeated_by_itself(#[case] fault: Fault) {
    let seen = on_both(doubtful, async |chat| {
        let thread = in_doubt(chat, fault.clone()).await;
        chat.clock().advance(SignedDuration::from_mins(30));
        chat.idle().await;
        assert_eq!(chat.told(Endpoint::CreateTicket).len(), 1);
        chat.shown(&thread)
    });
    let seen = seen.await;
    insta::allow_duplicates! { assert_snapshot!(seen, @"
    slack:
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        I can't tell whether the ticket was created: look for the e-mail to jane.smith@company.com. Create it again only if there is none.
        [Create again] [Leave it]
    teams:
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        I can't tell whether the ticket was created: look for the e-mail to jane.smith@company.com. Create it again only if there is none.
        [Create again] [Leave it]
    "); }
}

#[tokio::test]
async fn create_again_makes_exactly_one_more() {
    on_both(doubtful, async |chat| {
        let thread = in_doubt(chat, Fault::drop_connection().after_effect()).await;
        let asked = chat.last(&thread);
        let again = || chat.begins_to_press(Who::Jane, &asked, "Create again");
        tokio::join!(again(), again(), again());
        chat.idle().await;
        for title in ["Create again", "Leave it"] {
            chat.pressed_by(Who::Jane, &asked, title).await;
        }
        assert!(chat.shown(&thread).contains("support ticket #9631"));
        assert_eq!(chat.tickets(), 2);
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn leave_it_ends_the_matter() {
    let seen = on_both(doubtful, async |chat| {
        let thread = in_doubt(chat, Fault::drop_connection()).await;
        let asked = chat.last(&thread);
        chat.pressed_by(Who::Jane, &asked, "Leave it").await;
        chat.pressed_by(Who::Jane, &asked, "Create again").await;
        assert_eq!(chat.tickets(), 0);
        chat.shown(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        Left as it is. If the ticket was created, a confirmation went to jane.smith@company.com.
    teams:
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        Left as it is. If the ticket was created, a confirmation went to jane.smith@company.com.
    ");
}

#[tokio::test]
async fn an_old_copy_of_the_offer_does_not_get_past_the_doubt() {
    on_both(doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        let offer = chat.last(&thread);
        chat.fails_next(Endpoint::CreateTicket, Fault::drop_connection().after_effect());
        for title in [YES, YES, "No Thanks"] {
            chat.pressed_by(Who::Jane, &offer, title).await;
            assert!(chat.shown(&thread).contains("[Create again] [Leave it]"));
        }
        assert_eq!((chat.tickets(), chat.told(Endpoint::Decline).len()), (1, 0));
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn create_again_that_fails_for_certain_leaves_the_first_in_doubt() {
    let seen = on_both(doubtful, async |chat| {
        let thread = in_doubt(chat, Fault::drop_connection()).await;
        chat.fails_next(Endpoint::CreateTicket, Fault::answer(Canned::error(422, "x")));
        chat.press(&thread, "Create again").await;
        assert!(chat.shown(&thread).contains("[Create again] [Leave it]"));
        let told = chat.whispers(Who::Jane);
        chat.press(&thread, "Create again").await;
        assert!(chat.shown(&thread).contains("support ticket #9630"));
        told
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        I couldn't ask for the ticket again just now. Whether there is one from before is still open.
    teams:
      Threadbridge (only visible to you)
        I couldn't ask for the ticket again just now. Whether there is one from before is still open.
    ");
}

#[rstest]
#[case::made(true)]
#[case::not_made(false)]
#[tokio::test]
async fn check_shows_what_became_of_a_ticket_that_was_being_created_when_the_bridge_stopped(
    #[case] made: bool,
) {
    let settings = [("THREADBRIDGE_SERVER__DRAIN_SECONDS", "0")];
    crate::chat::on_both_with(&settings, doubtful, async |chat| {
        let thread = chat.asks("How?").await;
        let (offer, faults) = (chat.last(&thread), chat.agent().faults());
        if made {
            // It is made, and then the agent says nothing.
            chat.fails_next(Endpoint::CreateTicket, Fault::hang().after_effect());
        } else {
            faults.hold(Endpoint::CreateTicket);
        }
        let meanwhile = async {
            faults.waiting(Endpoint::CreateTicket, 1).await;
            let creating = chat.last(&thread);
            chat.terminate();
            creating
        };
        let (creating, ()) = tokio::join!(meanwhile, chat.begins_to_press(Who::Jane, &offer, YES));
        chat.stopped().await;
        let faults = chat.agent().faults();
        faults.clear(Endpoint::CreateTicket);
        chat.start().await;
        assert!(chat.shown(&thread).contains("[Create again] [Leave it]"));
        for (said, title) in [(&creating, "Still nothing? Check"), (&offer, YES)] {
            chat.pressed_by(Who::Jane, said, title).await;
            assert!(chat.shown(&thread).contains("I can't tell whether the ticket was created"));
        }
        let faults = chat.agent().faults();
        faults.release();
        faults.open(Endpoint::CreateTicket);
        chat.idle().await;
        let before = chat.tickets();
        chat.press(&thread, "Create again").await;
        assert!(chat.shown(&thread).contains("I've created support ticket #"));
        assert_eq!(chat.tickets(), before + 1);
        chat.see_all();
        String::new()
    })
    .await;
}
