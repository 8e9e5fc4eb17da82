//! `threadbridge explain`: what the bridge would make of a message, and why.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use threadbridge::bridge::{Chat, Explanation, Message, Stands, explain as explain_it};
use threadbridge::chat::wording;
use threadbridge::clock::SystemClock;
use threadbridge::config::Config;
use threadbridge::conversation::{Explained, Fate};
use threadbridge::{http, telemetry};

use super::spot::Spot;

#[derive(Args)]
pub struct Options {
    /// The workspace's id (T… or E…); needed where a rule names one, and where workspaces have tokens of their own. Of
    /// Teams the tenant's id, if it is not TENANT_ID.
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,
    /// The channel's id (C…, G…, or D… for a direct message; of Teams 19:…, or a:… for a personal chat), a link to a
    /// message as Slack and Teams copy it, or the thread as the log names it.
    #[arg(long, value_name = "ID", value_parser = Spot::read)]
    channel: Spot,
    /// The user's id (U…; of Teams the Entra object id, the user principal name, or 29:…).
    #[arg(long, value_name = "ID")]
    user: String,
    /// What they write. If it begins with an @, it mentions the bot.
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// It is a reply in a thread: one in which they mentioned the bot, one in which others did, or one of people.
    #[arg(long, value_name = "WHOSE")]
    thread: Option<Thread>,
    /// Where Teams says who somebody is; another one for another cloud.
    #[arg(long, value_name = "URL", default_value = "https://smba.trafficmanager.net/teams/")]
    service_url: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Thread {
    Own,
    Others,
    Peoples,
}

/// Prints what would become of it; exit code 0 if the agent would be asked.
pub async fn explain(config: &Config, options: Options) -> anyhow::Result<ExitCode> {
    // Only what went wrong: why the platform, or the directory, does not say who that is.
    telemetry::start(&telemetry::Settings { filter: "warn".to_owned(), ..config.log.clone() })?;
    let Options {
        workspace,
        channel: Spot { of_teams, workspace: named, channel },
        user,
        text,
        thread,
        service_url,
    } = options;
    let (chat, usual) = match of_teams {
        true => (Chat::Teams { service_url }, config.teams.tenant_id.trim()),
        false => (Chat::Slack, "T0"),
    };
    let workspace = workspace.or(named).unwrap_or_else(|| usual.to_owned());
    let mentions = text.trim_start().starts_with('@');
    let text = if mentions { after_first_word(&text) } else { text };
    let stands = match thread {
        None => Stands::Alone,
        Some(Thread::Own) => Stands::InOwnThread,
        Some(Thread::Others) => Stands::InOthersThread,
        Some(Thread::Peoples) => Stands::AmongPeople,
    };
    let message = Message { chat, workspace, channel, user, text, mentions, stands };
    let explained = match explain_it(config, http::client()?, Arc::new(SystemClock), &message).await? {
        Explanation::Decided(explained) => *explained,
        Explanation::NotForUs(reason) => {
            println!("Ignored: {reason}.");
            return Ok(ExitCode::FAILURE);
        }
        Explanation::NoToken => {
            println!(
                "Slack cannot be asked who that is: the store has no installation of this workspace (--workspace T…), and \
                 SLACK_BOT_TOKEN is not set."
            );
            return Ok(ExitCode::FAILURE);
        }
    };
    println!("{}", rules(&explained));
    let (fate, code) = match explained.fate {
        Fate::Asked(agent, user) => {
            let who = format!("{} ({}, agent_id {})", user.name.0, user.email.0, user.crm_id.0);
            (format!("Asked: the {agent} agent answers it, for {who}."), ExitCode::SUCCESS)
        }
        Fate::Answered(reply) => {
            (format!("Answered without the agent: “{}”", wording::of(&reply)), ExitCode::FAILURE)
        }
        Fate::Told(reply) => (format!("Told privately: “{}”", wording::of(&reply)), ExitCode::FAILURE),
        Fate::Ignored(reason) => (format!("Ignored: {reason}."), ExitCode::FAILURE),
    };
    println!("{fate}");
    Ok(code)
}

fn rules(explained: &Explained) -> String {
    let rules = match explained.rules.as_slice() {
        [] => "No rule is for this place; it is as [conversation] has it.".to_owned(),
        rules => format!("These rules are for this place, the later ones win: {}.", rules.join("; ")),
    };
    let manner = explained.manner;
    let yes = |may: bool| if may { "may ask" } else { "may not ask" };
    format!(
        "{rules}\nThere: the {} agent, answers {}, follow-ups of {}, guests {}, people of other organisations {}.",
        manner.agent,
        manner.answers,
        manner.follow_ups,
        yes(manner.allow_guests),
        yes(manner.allow_external)
    )
}

fn after_first_word(text: &str) -> String {
    text.trim_start().split_once(char::is_whitespace).map_or("", |(_, rest)| rest).to_owned()
}
