//! A bridge on the stage: what it is configured with, and how it starts.

use std::sync::Arc;

use tokio_util::task::TaskTracker;

use super::super::workspace::{Slack, Workspace};
use super::{House, Own, StageError, cast, listen, record};
use crate::agent::Agent;
use crate::bridge::{Bridge, BuildError, Insight};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Environment};
use crate::directory::SourceKind;
use crate::http;
use crate::slack::table::CALLBACK_PATH;

/// A bridge that serves.
pub(super) struct Running {
    pub(super) work: TaskTracker,
    pub(super) insight: Insight,
    pub(super) house: House,
    /// Where browsers reach it.
    pub(super) url: String,
}

/// Starts a bridge, and tells Slack where it is.
pub(super) async fn start(
    config: &Config,
    all_of_slack: &Slack,
    slack: &Workspace,
    clock: &Arc<dyn Clock>,
) -> Result<Running, StageError> {
    let client = http::local_client().map_err(BuildError::Http)?;
    let (listener, url) = listen(0).await?;
    let mut config = config.clone();
    // Without TLS, browsers keep the cookie of an installation only for a host of this name.
    config.server.public_url = url.replace("127.0.0.1", "localhost");
    let public_url = config.server.public_url.clone();
    let bridge = Bridge::with_client(&config, client, Arc::clone(clock)).await?;
    let (work, insight) = (bridge.work().clone(), bridge.insight());
    all_of_slack.send_back_to(format!("{public_url}{CALLBACK_PATH}"));
    let house = House::default();
    house.tasks.spawn(bridge.serve(listener, house.stop.clone()));
    slack.connect(&url);
    Ok(Running { work, insight, house, url: public_url })
}

/// A way to a real agent that is on record.
pub(super) fn real_agent(
    url: &str,
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<axum::Router, StageError> {
    let client = http::client().map_err(BuildError::Http)?;
    let settings = crate::agent::Settings { url: url.to_owned(), ..config.agent.clone() };
    // Only to learn whether the bridge could use this address: it will be given another one.
    Agent::new(&settings, client.clone(), Arc::clone(clock)).map_err(StageError::AgentUrl)?;
    Ok(record::forwarding(url, client))
}

/// The bridge's configuration: the defaults, but for where everything is.
pub(super) fn configuration(
    slack: &Workspace,
    slack_url: &str,
    agent_url: &str,
    own: &Own,
) -> Result<Config, ConfigError> {
    let api_url = format!("{slack_url}/api");
    let authorize_url = format!("{slack_url}/oauth/v2/authorize");
    let app = cast::app();
    let pairs = [
        ("SLACK_API_URL", api_url.as_str()),
        ("SLACK_BOT_TOKEN", slack.setup().bot_token.as_str()),
        ("SLACK_SIGNING_SECRET", slack.setup().signing_secret.as_str()),
        ("SLACK_CLIENT_ID", &app.client_id),
        ("SLACK_CLIENT_SECRET", &app.client_secret),
        ("THREADBRIDGE_SLACK__AUTHORIZE_URL", &authorize_url),
        // Until its port is known.
        ("PUBLIC_URL", "http://localhost"),
        ("AGENT_URL", agent_url),
    ];
    let mut config = Config::load(None, &Environment::from_pairs(pairs))?;
    match &own.directory {
        Some(file) => config.directory.file = Some(file.clone()),
        None => {
            config.directory.sources = vec![SourceKind::Profile];
            config.directory.profile = cast::mapping();
        }
    }
    Ok(config)
}
