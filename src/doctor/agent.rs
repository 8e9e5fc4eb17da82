//! The agent: its health, and whether its base URL leads to it. Nothing that it counts or creates is called.

use std::sync::Arc;

use super::reach::{Way, is_open, trouble};
use super::report::Check;
use super::setting::place;
use super::{Bag, DEADLINE};
use crate::agent::{Agent, AgentError, Doubt, Health, NotSent};

const NAME: &str = "agent";

pub(super) async fn check(bag: &Bag<'_>) -> Vec<Check> {
    let settings = &bag.config.agent;
    let agent = match Agent::new(settings, bag.client.clone(), Arc::clone(&bag.clock)) {
        Ok(agent) => agent,
        Err(error) => {
            let key = error.key();
            let finding = bag.config.placed(Some(&key), &error).to_string();
            return vec![Check::failed(NAME, finding, format!("set {}", place(&key)))];
        }
    };
    let way = Way::to(&settings.url, bag.environment);
    let health = match tokio::time::timeout(DEADLINE, agent.health()).await {
        Ok(health) => health,
        Err(_) => Err(AgentError::Uncertain(Doubt::Deadline)),
    };
    let mut checks = vec![match &health {
        Ok(Health::Healthy) => Check::ok(
            NAME,
            format!("says that it is healthy; new threads speak with {}{}", settings.kind, way.told()),
        ),
        Ok(Health::Degraded) => Check::warning(
            NAME,
            "says that it is degraded: it answers, and some of its services do not work well",
            "ask those who run the agent: `curl \"$AGENT_URL/api/health\"` names the services",
        ),
        Ok(Health::Down) => Check::failed(
            NAME,
            "says that it is down: no questions are let through to it",
            "ask those who run the agent: `curl \"$AGENT_URL/api/health\"` names the services",
        ),
        Err(error) => failure(error, &settings.url, &way),
    }];
    if is_open(&settings.url) {
        checks.push(Check::warning(
            NAME,
            "agent.url begins with http://: what people ask, and who they are, can be read on the way",
            "AGENT_URL=https://…, if the agent speaks TLS",
        ));
    }
    checks
}

fn failure(error: &AgentError, url: &str, way: &Way) -> Check {
    let base = base(url);
    let (finding, fix) = match error {
        AgentError::Refused { status: status @ 300..400 } => (
            format!(
                "redirects its health check (status {status}): the base URL is not exactly the agent's, and no redirect is followed"
            ),
            format!(
                "AGENT_URL: the scheme (https), host and path to which it redirects, without /api/health{base}"
            ),
        ),
        AgentError::Refused { status: status @ (404 | 405) } => (
            format!(
                "does not know GET /api/health (status {status}): the base URL has a wrong path, or is not the agent's"
            ),
            format!("AGENT_URL: what stands before /api/health (which has no slash at its end){base}"),
        ),
        AgentError::Refused { status } => (
            format!("refuses its health check (status {status})"),
            "let the agent answer this machine; the bridge sends no key or token".to_owned(),
        ),
        AgentError::Unsent(NotSent::NoConnection(cause)) | AgentError::Uncertain(Doubt::Broken(cause)) => {
            (trouble(cause), format!("start the agent, or change AGENT_URL{}", way.hint()))
        }
        AgentError::Uncertain(Doubt::Deadline) => (
            "does not answer in time".to_owned(),
            format!("let this machine reach it, or raise agent.health_deadline_seconds{}", way.hint()),
        ),
        AgentError::Uncertain(Doubt::Status(status)) => (
            format!("answers its health check with status {status}"),
            format!("ask those who run the agent{}", way.hint()),
        ),
        AgentError::RateLimited { .. } => {
            ("limits the rate of health checks".to_owned(), "raise agent.health_every_seconds".to_owned())
        }
        _ => (
            "answers, but not as the agent's contract says: it is something else".to_owned(),
            format!("AGENT_URL: the base URL of the customer agent{base}"),
        ),
    };
    Check::failed(NAME, format!("{finding}{}", way.told()), fix)
}

/// What is often written into a base URL and does not belong there.
fn base(url: &str) -> &'static str {
    let path = url.trim().trim_end_matches('/');
    if path.ends_with("/api/health") {
        "; take /api/health away from its end"
    } else if path.ends_with("/api") {
        "; take /api away from its end"
    } else if path.contains("/api/") {
        "; take /api/… away from its end"
    } else {
        ""
    }
}
