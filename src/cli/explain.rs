//! `threadbridge explain`: what the bridge would make of a message, and why.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use threadbridge::bridge::{Explanation, Message, Stands, explain as explain_it};
use threadbridge::chat::wording;
use threadbridge::clock::SystemClock;
use threadbridge::config::Config;
use threadbridge::conversation::{Explained, Fate};
use threadbridge::http;

#[derive(Args)]
pub struct Options {
    /// The workspace's id (T… or E…); needed where a rule names one, and where workspaces have tokens of their own.
    #[arg(long, value_name = "ID", default_value = "T0")]
    workspace: String,
    /// The channel's id (C…, G…, or D… for a direct message).
    #[arg(long, value_name = "ID")]
    channel: String,
    /// The user's id (U…).
    #[arg(long, value_name = "ID")]
    user: String,
    /// What they write. If it begins with an @, it mentions the bot.
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// It is a reply in a thread: one in which they mentioned the bot, one in which others did, or one of people.
    #[arg(long, value_name = "WHOSE")]
    thread: Option<Thread>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Thread {
    Own,
    Others,
    Peoples,
}

/// Prints what would become of it; exit code 0 if the agent would be asked.
pub async fn explain(config: &Config, options: Options) -> anyhow::Result<ExitCode> {
    let Options { workspace, channel, user, text, thread } = options;
    let mentions = text.trim_start().starts_with('@');
    let text = if mentions { after_first_word(&text) } else { text };
    let stands = match thread {
        None => Stands::Alone,
        Some(Thread::Own) => Stands::InOwnThread,
        Some(Thread::Others) => Stands::InOthersThread,
        Some(Thread::Peoples) => Stands::AmongPeople,
    };
    let message = Message { workspace, channel, user, text, mentions, stands };
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
