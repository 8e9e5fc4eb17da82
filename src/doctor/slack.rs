//! Slack: is it there, does its clock agree with this machine's, whose is the token, and what may it do.

use url::Url;

use super::reach::{Way, trouble};
use super::report::Check;
use super::scopes::{GRANTED, granted};
use super::{Bag, clock, deadline, installations};
use crate::slack::probe::{self, Said};

const NAME: &str = "slack";

/// Looks at Slack where the bridge speaks to it.
pub(super) async fn check_if_used(bag: &Bag<'_>) -> Vec<Check> {
    match bag.config.speaks_slack() {
        true => check(bag).await,
        false => Vec::new(),
    }
}

async fn check(bag: &Bag<'_>) -> Vec<Check> {
    let settings = &bag.config.slack;
    let has_token = settings.bot_token.as_ref().is_some_and(|token| !token.trim().is_empty());
    // What does not look like a bot token is shown to nobody.
    let with_token = has_token && settings.check_token().is_ok();
    let way = Way::to(&settings.api_url, bag.environment);
    let before = bag.clock.now();
    let asked =
        probe::introduce(settings, with_token, &bag.client, deadline(settings.deadline_seconds)).await;
    let after = bag.clock.now();
    let introduced = match asked {
        Ok(introduced) => introduced,
        Err(error) => {
            let fix = format!("let this machine reach {}{}", shown(&settings.api_url), way.hint());
            let unknown = |name| Check::skipped(name, "Slack does not answer", None);
            let finding = format!("Slack {}{}", trouble(&error), way.told());
            return vec![unknown(clock::NAME), Check::failed(NAME, finding, fix), unknown(GRANTED)];
        }
    };
    let mut checks = vec![
        clock::check("Slack", introduced.date, before, after),
        said(&introduced.said, with_token, settings.installs(), &way),
    ];
    match with_token || !settings.installs() {
        true => checks.extend(granted(bag, &introduced)),
        false => checks.extend(installations::check(bag).await),
    }
    checks
}

/// What is called, by a name that anybody may see.
fn shown(api_url: &str) -> &'static str {
    let host = Url::parse(api_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let is_slack = host.is_some_and(|host| host == "slack.com");
    if is_slack { "https://slack.com" } else { "what SLACK_API_URL names (leave it out for Slack itself)" }
}

fn said(said: &Said, with_token: bool, installs: bool, way: &Way) -> Check {
    let token =
        "SLACK_BOT_TOKEN=xoxb-…, the Bot User OAuth Token in your app's settings under OAuth & Permissions";
    match said {
        Said::NotSlack => Check::failed(
            NAME,
            format!("what answers is not Slack{}", way.told()),
            format!(
                "check SLACK_API_URL (leave it out for Slack itself), and what stands between it and this machine{}",
                way.hint()
            ),
        ),
        Said::Status(429) => {
            Check::warning(NAME, "Slack limits the rate of calls just now", "try again in a minute")
        }
        Said::Status(status) => Check::failed(
            NAME,
            format!("Slack answers with status {status}{}", way.told()),
            format!(
                "see https://slack-status.com, and what stands between it and this machine{}",
                way.hint()
            ),
        ),
        Said::Accepted { workspace, name, bot } => {
            Check::ok(NAME, format!("the token is of {workspace} ({name}), the bot is {bot}{}", way.told()))
        }
        Said::Refused(_) if !with_token && installs => {
            Check::ok(NAME, format!("it can be reached{}; each workspace has a token of its own", way.told()))
        }
        Said::Refused(_) if !with_token => Check::skipped(
            NAME,
            format!("it can be reached{}, but there is no token to ask it with", way.told()),
            Some(token),
        ),
        Said::Refused(code) => {
            let fix = match code.as_str() {
                "token_revoked" | "account_inactive" | "token_expired" | "app_uninstalled" => {
                    format!("install the app again (Install App), and set {token}")
                }
                "invalid_auth" => format!(
                    "set {token}; if it is that one: Restrict API Token Usage on that page must allow this machine's address"
                ),
                _ => format!("see {code} at https://docs.slack.dev/reference/methods/auth.test#errors"),
            };
            Check::failed(NAME, format!("Slack refuses the bot token: {code}{}", way.told()), fix)
        }
    }
}
