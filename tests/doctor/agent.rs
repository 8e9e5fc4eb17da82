//! The agent.

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::json;
use threadbridge::clock::Clock;
use threadbridge::demo::agent::{Brain, Canned, DemoAgent, Endpoint, Fault};

use super::Practice;
use crate::world::{confident, host};

#[tokio::test]
async fn an_agent_that_is_ill_is_told_by_how() {
    let practice = Practice::open().await;
    let finds = async |fault: Fault| {
        practice.world.agent.faults().next(Endpoint::Health, 1, fault);
        practice.finds(&[]).await
    };
    let says = |status: &str| Fault::answer(Canned::json(200, &json!({ "overall_status": status })));
    assert_snapshot!(finds(says("degraded")).await, @r#"
    ⚠️ agent  says that it is degraded: it answers, and some of its services do not work well
              → ask those who run the agent: `curl "$AGENT_URL/api/health"` names the services
    It works; 1 to look at.
    "#);
    assert_snapshot!(finds(says("down")).await, @r#"
    ❌ agent  says that it is down: no questions are let through to it
              → ask those who run the agent: `curl "$AGENT_URL/api/health"` names the services
    1 to mend, 0 to look at.
    "#);
    assert_snapshot!(finds(says("so-so")).await, @"
    ❌ agent  answers, but not as the agent's contract says: it is something else
              → AGENT_URL: the base URL of the customer agent
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(Fault::answer(Canned::error(503, "canary"))).await, @"
    ❌ agent  answers its health check with status 503
              → ask those who run the agent
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(Fault::answer(Canned::error(307, "canary"))).await, @"
    ❌ agent  redirects its health check (status 307): the base URL is not exactly the agent's, and no redirect is followed
              → AGENT_URL: the scheme (https), host and path to which it redirects, without /api/health
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(Fault::drop_connection()).await, @"
    ❌ agent  does not answer: the connection broke
              → start the agent, or change AGENT_URL
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(Fault::hang()).await, @"
    ❌ agent  does not answer in time
              → let this machine reach it, or raise agent.health_deadline_seconds
    1 to mend, 0 to look at.
    ");
    practice.world.agent.faults().release();
    practice.close().await;
}

#[tokio::test]
async fn a_base_url_that_is_not_the_agents_is_told_with_what_to_take_away() {
    let practice = Practice::open().await;
    // One of its own, because it minds a path that it does not know.
    let other =
        DemoAgent::new(Brain::scripted(confident), Arc::clone(&practice.world.clock) as Arc<dyn Clock>);
    let url = host(other.router()).await;
    let finds = async |url: &str| practice.finds(&[("AGENT_URL", url)]).await;
    assert_snapshot!(finds(&format!("{url}/api")).await, @"
    ❌ agent  does not know GET /api/health (status 405): the base URL has a wrong path, or is not the agent's
              → AGENT_URL: what stands before /api/health (which has no slash at its end); take /api away from its end
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds("http://127.0.0.1:9").await, @"
    ❌ agent  cannot be reached: the connection is refused
              → start the agent, or change AGENT_URL
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds("agent.example.com").await, @"
    ❌ agent  AGENT_URL: agent.url is not a URL; write it like https://agent.example.com
              → set AGENT_URL in the environment, or url under [agent] in your file
    1 to mend, 0 to look at.
    ");
    let told = finds("http://agent.invalid").await;
    assert!(told.contains("⚠️ agent  agent.url begins with http://"), "{told}");
    practice.close().await;
}
