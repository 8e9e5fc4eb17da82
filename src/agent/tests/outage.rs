//! The circuit breaker, the health checks and the limit on questions at once, at work.

use tokio_util::sync::CancellationToken;

use super::*;

const GOOD: Act = Act::Reply(200, r#"{"response": "Yes."}"#);

/// Asks until the breaker opens.
async fn broken() -> Bench {
    let bench = Bench::new([Act::Reply(503, "")]).await;
    for asked in 0..20 {
        assert!(!bench.agent.is_down(), "down after {asked} questions");
        assert!(matches!(bench.ask().await, Err(AgentError::Uncertain(_))));
    }
    bench
}

#[tokio::test]
async fn after_twenty_failures_questions_are_turned_away_and_other_calls_are_not() {
    let bench = broken().await;
    assert!(bench.agent.is_down());
    assert!(matches!(bench.ask().await, Err(AgentError::Down)));
    assert_eq!(bench.script.seen().len(), 20);
    bench.script.then(Act::Reply(200, r#"{"id": 1}"#));
    bench.record().await.unwrap();
}

#[tokio::test]
async fn one_trial_after_the_cool_down_reopens_or_closes() {
    let bench = broken().await;
    bench.clock.pass(10);
    assert!(!bench.agent.is_down());
    assert!(matches!(bench.ask().await, Err(AgentError::Uncertain(_))));
    assert!(matches!(bench.ask().await, Err(AgentError::Down)));
    bench.clock.pass(10);
    bench.script.then(GOOD);
    bench.ask().await.unwrap();
    bench.ask().await.unwrap();
    assert_eq!(bench.script.seen().len(), 23);
}

#[tokio::test]
async fn rate_limits_and_refusals_never_open_it() {
    for status in [429, 404] {
        let bench = Bench::new([Act::Reply(status, "")]).await;
        for _ in 0..30 {
            assert!(bench.ask().await.is_err());
        }
        assert!(!bench.agent.is_down());
        assert_eq!(bench.script.seen().len(), 30);
    }
}

/// Watches until the agent has been asked as often as that since the watch began.
async fn watch(bench: &Bench, checks: usize) {
    let (stop, before) = (CancellationToken::new(), bench.script.seen().len());
    let enough = async {
        while bench.script.seen().len() < before + checks {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    tokio::join!(bench.agent.watch(stop.clone()), enough);
}

#[tokio::test]
async fn an_agent_that_says_it_works_again_is_asked_again_at_once() {
    for word in [r#"{"overall_status": "healthy"}"#, r#"{"overall_status": "degraded"}"#] {
        let bench = Bench::new([Act::Reply(200, r#"{"overall_status": "down"}"#)]).await;
        watch(&bench, 1).await;
        assert!(bench.agent.is_down());
        bench.script.then(Act::Reply(200, word));
        watch(&bench, 2).await;
        assert!(!bench.agent.is_down() && matches!(bench.agent.last_check(), Checked::Said(_)));
        bench.script.then(GOOD);
        bench.ask().await.unwrap();
    }
}

#[tokio::test]
async fn an_agent_that_says_it_works_while_questions_fail_is_believed_when_one_does_not() {
    let bench = broken().await;
    bench.script.then(Act::Reply(200, r#"{"overall_status": "healthy"}"#));
    watch(&bench, 1).await;
    assert!(bench.agent.is_down());
    bench.clock.pass(10);
    bench.script.then(GOOD);
    bench.ask().await.unwrap();
    assert!(!bench.agent.is_down());
}

#[tokio::test]
async fn an_agent_that_says_it_is_down_is_not_asked() {
    let bench = Bench::new([Act::Reply(200, r#"{"overall_status": "down"}"#)]).await;
    assert_eq!(bench.agent.last_check(), Checked::NotYet);
    watch(&bench, 3).await;
    assert_eq!(bench.agent.last_check(), Checked::Said(Health::Down));
    assert!(matches!(bench.ask().await, Err(AgentError::Down)));
    assert!(bench.clock.slept().iter().all(|pause| *pause == Duration::from_secs(5)));
}

#[tokio::test]
async fn a_failed_check_leaves_the_breaker_and_makes_the_health_unknown() {
    let bench = Bench::new([Act::Reply(200, r#"{"overall_status": "healthy"}"#)]).await;
    watch(&bench, 2).await;
    assert_eq!(bench.agent.last_check(), Checked::Said(Health::Healthy));
    assert!(bench.clock.slept().iter().all(|pause| *pause == Duration::from_secs(30)));
    bench.script.then(Act::Reply(404, ""));
    watch(&bench, 1).await;
    let Checked::Failed { since, why: "refused" } = bench.agent.last_check() else {
        panic!("{:?}", bench.agent.last_check())
    };
    watch(&bench, 2).await;
    assert_eq!(
        bench.agent.last_check(),
        Checked::Failed { since, why: "refused" },
        "it is the first that counts"
    );
    assert!(since < bench.clock.now() && !bench.agent.is_down());
}

#[tokio::test]
async fn a_question_without_a_turn_within_the_deadline_was_not_sent() {
    let bench = Bench::with([Act::Hang], |settings| {
        settings.max_concurrent = 1;
        settings.ask_deadline_seconds = 1;
    })
    .await;
    let _other = bench.agent.turns.acquire().await.unwrap();
    let asked = bench.ask().await;
    assert!(matches!(asked, Err(AgentError::Unsent(NotSent::Busy))), "{asked:?}");
    assert_eq!(bench.script.seen().len(), 0);
}

#[tokio::test]
async fn a_question_that_waited_while_the_breaker_opened_is_not_sent() {
    let bench = Bench::with([GOOD], |settings| settings.max_concurrent = 1).await;
    let other = bench.agent.turns.acquire().await.unwrap();
    let open_meanwhile = async {
        bench.agent.breaker.open(bench.clock.now());
        drop(other);
    };
    let (asked, ()) = tokio::join!(bench.ask(), open_meanwhile);
    assert!(matches!(asked, Err(AgentError::Down)), "{asked:?}");
    assert_eq!(bench.script.seen().len(), 0);
}
