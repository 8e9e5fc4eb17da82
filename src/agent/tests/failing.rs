//! What each way of failing is called, and how often it is tried.

use rstest::rstest;
use tokio::io::AsyncReadExt;

use super::*;

const TWICE_MORE: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// All calls that change something and must not be repeated once sent.
async fn all_once(bench: &Bench) -> [AgentError; 4] {
    let id = FailureId::from("f");
    [
        bench.ask().await.unwrap_err(),
        bench.record().await.unwrap_err(),
        bench.agent.create_ticket(&id, &[]).await.unwrap_err(),
        bench.rate(None, &[]).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_refused_connection_is_unsent_and_tried_three_times() {
    let mut bench = Bench::new([]).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    bench.agent = client(closed, &bench.clock, |_| {});
    for error in all_once(&bench).await {
        assert!(matches!(error, AgentError::Unsent(NotSent::NoConnection(_))), "{error:?}");
        let chain = format!("{:?}", error);
        assert!(!chain.contains("/api/"), "the URL is in {chain}");
    }
    assert_eq!(bench.clock.slept(), TWICE_MORE.repeat(4));
    let declined = bench.agent.decline(&FailureId::from("f")).await;
    assert!(matches!(declined, Err(AgentError::Unsent(_))));
    assert_eq!(bench.clock.slept().len(), 9);
    assert!(matches!(bench.agent.health().await, Err(AgentError::Unsent(_))));
    assert_eq!(bench.clock.slept().len(), 9);
}

#[tokio::test]
async fn a_500_is_uncertain_and_tried_once() {
    let bench = Bench::new([Act::Reply(500, r#"{"error": "canary"}"#)]).await;
    for error in all_once(&bench).await {
        assert!(matches!(error, AgentError::Uncertain(Doubt::Status(500))), "{error:?}");
    }
    assert_eq!(bench.script.seen().len(), 4);
    assert_eq!(bench.clock.slept(), []);
}

#[tokio::test]
async fn declining_is_tried_once_more_after_a_500_and_may_then_succeed() {
    let ok = Act::Reply(200, r#"{"success": true}"#);
    let bench = Bench::new([Act::Reply(500, ""), ok]).await;
    bench.agent.decline(&FailureId::from("f")).await.unwrap();
    assert_eq!(bench.script.seen().len(), 2);
    bench.script.then(Act::Reply(500, ""));
    assert!(bench.agent.decline(&FailureId::from("f")).await.is_err());
    assert_eq!(bench.script.seen().len(), 4);
}

#[rstest]
#[case(400)]
#[case(404)]
#[case(422)]
#[tokio::test]
async fn a_4xx_is_refused_and_nothing_is_tried_again(#[case] status: u16) {
    let bench = Bench::new([Act::Reply(status, "{}")]).await;
    for error in all_once(&bench).await {
        assert!(matches!(error, AgentError::Refused { status: found } if found == status), "{error:?}");
    }
    let declined = bench.agent.decline(&FailureId::from("f")).await;
    assert!(matches!(declined, Err(AgentError::Refused { .. })));
    assert_eq!(bench.script.seen().len(), 5);
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let bench = Bench::new([Act::ReplyWith(301, "location", "/api/elsewhere", "")]).await;
    for error in all_once(&bench).await {
        assert!(matches!(error, AgentError::Refused { status: 301 }), "{error:?}");
    }
    let lines: Vec<_> = bench.script.seen().into_iter().map(|seen| seen.line).collect();
    assert!(lines.iter().all(|line| !line.contains("elsewhere")), "{lines:?}");
    assert_eq!(lines.len(), 4);
}

#[rstest]
#[case::said(Act::Reply(429, r#"{"detail": {"reset_in_seconds": 3600}}"#), 3600)]
#[case::header(Act::ReplyWith(429, "retry-after", "7", "slow down"), 7)]
#[case::unsaid(Act::Reply(429, ""), 60)]
#[case::negative(Act::ReplyWith(429, "retry-after", "-7", "[[["), 60)]
#[tokio::test]
async fn a_429_of_any_endpoint_is_a_rate_limit(#[case] act: Act, #[case] seconds: u64) {
    let bench = Bench::new([act]).await;
    for error in all_once(&bench).await {
        let expected = Duration::from_secs(seconds);
        assert!(matches!(error, AgentError::RateLimited { reset } if reset == expected), "{error:?}");
    }
    let declined = bench.agent.decline(&FailureId::from("f")).await;
    assert!(matches!(declined, Err(AgentError::RateLimited { .. })));
    assert!(matches!(bench.agent.health().await, Err(AgentError::RateLimited { .. })));
    assert_eq!(bench.script.seen().len(), 6);
}

#[tokio::test]
async fn a_429_whose_body_never_comes_is_still_a_rate_limit() {
    let bench = Bench::with([Act::HangInBody(429)], |settings| settings.ask_deadline_seconds = 1).await;
    let error = bench.ask().await.unwrap_err();
    assert!(matches!(error, AgentError::RateLimited { reset } if reset.as_secs() == 60), "{error:?}");
}

#[tokio::test]
async fn a_success_full_of_garbage_is_never_a_success() {
    let bench = Bench::new([Act::Reply(200, "<html>welcome</html>")]).await;
    let [asked, rest @ ..] = all_once(&bench).await;
    assert!(matches!(asked, AgentError::Nonsense), "{asked:?}");
    for error in rest {
        assert!(matches!(error, AgentError::Uncertain(Doubt::Unconfirmed)), "{error:?}");
    }
    assert_eq!(bench.script.seen().len(), 4);
    assert!(matches!(bench.agent.health().await, Err(AgentError::Nonsense)));
}

#[tokio::test]
async fn an_endless_reply_is_cut_at_the_cap() {
    let bench = Bench::new([Act::Endless]).await;
    for error in all_once(&bench).await {
        let AgentError::Uncertain(Doubt::Body(body)) = error else { panic!("{error:?}") };
        assert!(matches!(body, crate::http::BodyError::TooLong(65536)), "{body:?}");
    }
    assert_eq!(bench.script.seen().len(), 4);
}

#[rstest]
#[case::before_the_head(Act::Hang)]
#[case::in_the_body(Act::HangInBody(200))]
#[tokio::test]
async fn a_reply_that_never_comes_is_uncertain_at_the_deadline(#[case] act: Act) {
    let bench = Bench::with([act], |settings| {
        settings.ask_deadline_seconds = 1;
        settings.deadline_seconds = 1;
    })
    .await;
    let id = FailureId::from("f");
    let (asked, created) = tokio::join!(bench.ask(), bench.agent.create_ticket(&id, &[]));
    assert!(matches!(asked, Err(AgentError::Uncertain(Doubt::Deadline))), "{asked:?}");
    assert!(matches!(created, Err(AgentError::Uncertain(Doubt::Deadline))), "{created:?}");
    assert_eq!(bench.script.seen().len(), 2);
}

#[tokio::test]
async fn a_connection_that_is_cut_after_the_request_is_uncertain_and_tried_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = TestClock::new();
    let agent = client(listener.local_addr().unwrap(), &clock, |_| {});
    let cut = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(0 < stream.read(&mut [0; 64]).await.unwrap());
    };
    let id = FailureId::from("f");
    let (created, ()) = tokio::join!(agent.create_ticket(&id, &[]), cut);
    assert!(matches!(created, Err(AgentError::Uncertain(Doubt::Broken(_)))), "{created:?}");
    assert_eq!(clock.slept(), []);
}

#[tokio::test]
async fn an_id_that_fits_no_path_sends_nothing() {
    let bench = Bench::new([Act::Reply(200, r#"{"id": 1}"#)]).await;
    for id in ["", ".", ".."].map(FailureId::from) {
        let created = bench.agent.create_ticket(&id, &[]).await;
        assert!(matches!(created, Err(AgentError::Unsent(NotSent::UnusableId))), "{created:?}");
        assert!(matches!(bench.agent.decline(&id).await, Err(AgentError::Unsent(_))));
    }
    assert_eq!(bench.script.seen().len(), 0);
}
