//! Calls out that are not done at once: what is said arrives once, or it is known that it may not have.

use std::time::Duration;

use jiff::SignedDuration;
use rstest::rstest;
use threadbridge::teams::aadsts::Aadsts;
use threadbridge::teams::connector::{ConnectorError, Doubt, Patience, Target};
use threadbridge::teams::login::LoginError;
use threadbridge::teams::service_url::ServiceUrls;

use crate::connector::{THREAD, World, message};
use crate::microsoft::connector::{Auth, Turn};
use crate::microsoft::login_server::Health;

#[rstest]
#[case::silent(Turn::DoneButSilent, Doubt::Deadline)]
#[case::failed(Turn::Fails(500, ""), Doubt::Status(500))]
#[case::bad_gateway(Turn::Fails(502, ""), Doubt::Status(502))]
#[case::unavailable(Turn::Fails(503, ""), Doubt::Status(503))]
#[case::gateway_timeout(Turn::Fails(504, ""), Doubt::Status(504))]
#[tokio::test]
async fn a_post_is_not_repeated_after_an_unknown_outcome(#[case] turn: Turn, #[case] doubt: Doubt) {
    let world = World::patient(Duration::from_secs(1)).await;
    world.teams.next([turn]);
    let error = world.send_through(Patience::UntilDone).await.0.unwrap_err();
    assert_eq!(error, ConnectorError::Unknown(doubt));
    assert!(error.may_have_happened());
    assert_eq!(world.teams.count(), 1);
}

#[rstest]
#[case::broken(Turn::DoneButBroken)]
#[case::no_json(Turn::Odd(201, "canary"))]
#[case::empty(Turn::Odd(202, ""))]
#[case::empty_id(Turn::Odd(201, r#"{"id": ""}"#))]
#[tokio::test]
async fn a_post_that_is_said_to_be_done_is_done(#[case] turn: Turn) {
    let world = World::new().await;
    world.teams.next([turn]);
    assert_eq!(world.send(Patience::UntilDone).await.unwrap(), None);
    assert_eq!((world.teams.count(), world.teams.posted().len()), (1, 1));
}

#[tokio::test]
async fn a_put_is_repeated_after_an_unknown_outcome() {
    let world = World::patient(Duration::from_secs(1)).await;
    let id = world.send(Patience::Once).await.unwrap().unwrap();
    world.teams.next([Turn::DoneButSilent, Turn::Fails(502, ""), Turn::Fails(412, "PreconditionFailed")]);
    let better = message("Better.");
    let update = world.connector.update(world.to(), &id, &better, Patience::UntilDone);
    let wake = async {
        for _ in 0..3 {
            world.clock.wake_next().await;
        }
    };
    let (done, ()) = tokio::join!(update, wake);
    done.unwrap();
    assert_eq!(world.teams.posted()[0].updates, 2);
    assert_eq!(world.teams.count(), 5);
}

#[tokio::test]
async fn what_was_not_done_is_done_later_by_teams_own_wait_or_with_longer_and_longer_pauses() {
    let world = World::new().await;
    world.teams.next([
        Turn::Throttled(Some("7")),
        Turn::Fails(412, "PreconditionFailed"),
        Turn::Throttled(None),
        Turn::Throttled(Some("0.5")),
    ]);
    let (done, pauses) = world.send_through(Patience::UntilDone).await;
    assert!(done.unwrap().is_some());
    assert_eq!(pauses, [7.0, 2.0, 4.0, 0.5]);
    assert_eq!(world.teams.posted().len(), 1);
}

#[tokio::test]
async fn a_wait_holds_for_all_calls_of_the_conversation_and_for_no_other() {
    let world = World::new().await;
    world.teams.next([Turn::Throttled(Some("7"))]);
    let wait = ConnectorError::Wait(Some(Duration::from_secs(7)));
    assert_eq!(world.send(Patience::Once).await.unwrap_err(), wait);
    assert_eq!(world.send(Patience::Once).await.unwrap_err(), wait);
    assert_eq!(world.teams.count(), 1, "the second was not sent");
    let other = Target { conversation: "a:1", ..world.to() };
    world.connector.send(other, &message("Hello."), Patience::Once).await.unwrap();
    world.clock.advance(SignedDuration::from_secs(7));
    world.send(Patience::Once).await.unwrap();
}

#[tokio::test]
async fn patience_ends() {
    let world = World::new().await;
    world.teams.next(vec![Turn::Fails(412, "PreconditionFailed"); 100]);
    let (done, pauses) = world.send_through(Patience::Briefly).await;
    assert_eq!(done.unwrap_err(), ConnectorError::Concurrent);
    assert_eq!(pauses, [1.0, 2.0, 4.0, 8.0]);
    let (done, pauses) = world.send_through(Patience::UntilDone).await;
    assert_eq!(done.unwrap_err(), ConnectorError::Concurrent);
    assert!(pauses.iter().sum::<f64>() <= 600.0 && pauses.contains(&30.0), "{pauses:?}");
}

#[rstest]
#[case(400, "BadArgument")]
#[case(403, "ConversationBlockedByUser")]
#[case(403, "BotNotInConversationRoster")]
#[case(403, "BotDisabledByAdmin")]
#[case(404, "ConversationNotFound")]
#[case(404, "ActivityNotFoundInConversation")]
#[case(413, "MessageSizeTooBig")]
#[case(302, "")]
#[tokio::test]
async fn a_refusal_is_final_and_quotes_nothing(#[case] status: u16, #[case] code: &'static str) {
    let world = World::new().await;
    world.teams.next([Turn::Fails(status, code)]);
    let error = world.send_through(Patience::UntilDone).await.0.unwrap_err();
    assert!(!error.may_have_happened());
    let told = format!("{error} {error:?}");
    assert!(!told.contains("canary") && !told.contains("19:") && !told.contains("127.0.0.1"), "{told}");
    assert_eq!(world.teams.count(), 1);
}

#[tokio::test]
async fn a_message_that_is_too_big_is_too_big() {
    let world = World::new().await;
    let long = message(&"é".repeat(60_000));
    let error = world.connector.send(world.to(), &long, Patience::UntilDone).await.unwrap_err();
    assert_eq!(error, ConnectorError::TooBig);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let world = World::new().await;
    world.send(Patience::Once).await.unwrap();
    world.clock.advance(SignedDuration::from_secs(60));
    world.teams.takes(Auth::Only("token-2".to_owned()));
    world.send(Patience::Once).await.unwrap();
    assert_eq!((world.entra.asked(), world.teams.posted().len()), (2, 2));
    // Now none is good enough, and it is not asked for more and more of them.
    world.clock.advance(SignedDuration::from_secs(60));
    world.teams.takes(Auth::Only("token-9".to_owned()));
    for _ in 0..5 {
        assert_eq!(world.send(Patience::UntilDone).await.unwrap_err(), ConnectorError::Unauthorized);
    }
    assert_eq!(world.entra.asked(), 3);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let world = World::new().await;
    world.entra.is(Health::Refuses(7_000_229));
    let error = world.send(Patience::Once).await.unwrap_err();
    assert_eq!(error, ConnectorError::NoToken(LoginError::Refused(Aadsts::NoServicePrincipal)));
    assert_eq!(world.teams.count(), 0);
}

#[tokio::test]
async fn a_teams_that_is_not_there_is_tried_again() {
    let world = World::new().await;
    let gone = ServiceUrls::only_loopback().check("http://127.0.0.1:1/").unwrap();
    let to = Target { service_url: &gone, conversation: THREAD };
    let hello = message("Hello.");
    let send = world.connector.send(to, &hello, Patience::Briefly);
    let wake = async {
        for _ in 0..4 {
            world.clock.wake_next().await;
        }
    };
    let (done, ()) = tokio::join!(send, wake);
    assert_eq!(done.unwrap_err(), ConnectorError::Unsent);
}
