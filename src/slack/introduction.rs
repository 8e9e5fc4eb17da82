//! The first call to Slack: who is the environment's token? An operator wants to know it first, and the bot's user id is
//! learnt there.

use std::time::Duration;

use serde_json::json;
use tracing::{error, info, warn};

use super::api::{Arguments, Class, SlackApi};
use crate::clock::Clock;

/// Time until a Slack that cannot be reached is asked again; it doubles each time …
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Asks Slack who the environment's token is, if there is one, logs it and keeps the bot's user id. Asks again while Slack
/// cannot be reached, after 5 s at first and every 5 minutes in the end; a token that is refused stays refused.
pub(super) async fn introduce(api: &SlackApi, clock: &dyn Clock) {
    let Some(token) = api.tokens().environment() else { return };
    let mut pause = FIRST_PAUSE;
    loop {
        match api.once(token, "auth.test", Arguments::Json(&json!({}))).await {
            Ok(answer) => {
                let field = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
                let (workspace, user) = (field("team_id"), field("user_id"));
                info!(workspace.id = workspace, bot = user, "slack accepts the bot token");
                api.tokens().set_bot(user);
                return;
            }
            Err(error) if error.is(Class::Installation) || error.is(Class::Configuration) => {
                error!(
                    %error,
                    "slack refuses the bot token: check SLACK_BOT_TOKEN, or install the app again, and restart"
                );
                return;
            }
            Err(error) => warn!(
                %error,
                again_in_seconds = pause.as_secs(),
                "slack cannot be reached, or what answers is not slack: check the network, HTTPS_PROXY and SLACK_API_URL"
            ),
        }
        clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
