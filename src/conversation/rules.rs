//! How the bot behaves in a channel: the configuration's usual way, and rules that change it for some places.

use std::fmt;

use serde::Deserialize;

use super::settings::{Answers, FollowUps, Settings, WhoMayPress};
use crate::chat::{AgentKind, ChannelId, ThreadKey, WorkspaceId};

/// A rule: for which places, and what is otherwise there. What it does not name stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The workspace's id; every workspace when it is not named.
    pub workspace: Option<WorkspaceId>,
    /// The channel's id; every channel and direct message when it is not named.
    pub channel: Option<ChannelId>,
    /// The agent that new sessions speak with.
    pub agent: Option<AgentKind>,
    /// What is answered.
    pub answers: Option<Answers>,
    /// Whose replies in a running thread are questions without a mention.
    pub follow_ups: Option<FollowUps>,
    /// Who may press the buttons below an answer.
    pub who_may_press: Option<WhoMayPress>,
    /// Whether an answer says how sure the agent is.
    pub show_confidence: Option<bool>,
    /// Whether guests may ask.
    pub allow_guests: Option<bool>,
    /// Whether people of other organisations may ask.
    pub allow_external: Option<bool>,
    /// The bot's first word there; none when it is empty.
    pub welcome: Option<String>,
}

/// The bot's first word in a channel or to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The word.
    pub text: String,
    /// Questions that one can try.
    pub examples: Vec<String>,
}

/// How the bot behaves in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// The agent that new sessions speak with.
    pub agent: AgentKind,
    /// What is answered.
    pub answers: Answers,
    /// Whose replies in a running thread are questions without a mention.
    pub follow_ups: FollowUps,
    /// Who may press the buttons below an answer.
    pub who_may_press: WhoMayPress,
    /// Whether an answer says how sure the agent is.
    pub show_confidence: bool,
    /// Whether guests may ask.
    pub allow_guests: bool,
    /// Whether people of other organisations may ask.
    pub allow_external: bool,
}

/// The usual manner and the rules, in the order in which they apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    usual: Manner,
    welcome: String,
    rules: Vec<Rule>,
}

impl Rules {
    /// The usual manner of the settings, changed by these rules.
    pub fn new(settings: &Settings, agent: AgentKind, rules: Vec<Rule>) -> Self {
        let usual = Manner {
            agent,
            answers: settings.answers,
            follow_ups: settings.follow_ups,
            who_may_press: settings.who_may_press,
            show_confidence: settings.show_confidence,
            allow_guests: settings.allow_guests,
            allow_external: settings.allow_external,
        };
        Self { usual, welcome: settings.welcome.clone(), rules }
    }

    /// How the bot behaves in a thread: every rule that is for it applies, and of two that name the same the later one
    /// holds.
    pub fn at(&self, thread: &ThreadKey) -> Manner {
        self.for_it(thread).fold(self.usual, |manner, (_, rule)| rule.change(manner))
    }

    /// The bot's first word in a thread's channel; `None` where it says none, or is switched off.
    pub fn welcome(&self, thread: &ThreadKey) -> Option<&str> {
        let of_rules = self.for_it(thread).filter_map(|(_, rule)| rule.welcome.as_deref());
        let welcome = of_rules.last().unwrap_or(&self.welcome).trim();
        (!welcome.is_empty() && self.at(thread).answers != Answers::Nothing).then_some(welcome)
    }

    /// The rules that are for a thread, each with its number, from 1.
    pub fn for_it(&self, thread: &ThreadKey) -> impl Iterator<Item = (usize, &Rule)> {
        (1..).zip(&self.rules).filter(|(_, rule)| rule.is_for(thread))
    }
}

impl Rule {
    fn is_for(&self, thread: &ThreadKey) -> bool {
        self.workspace.as_ref().is_none_or(|workspace| *workspace == thread.workspace)
            && self.channel.as_ref().is_none_or(|channel| *channel == thread.channel)
    }

    fn change(&self, before: Manner) -> Manner {
        Manner {
            agent: self.agent.unwrap_or(before.agent),
            answers: self.answers.unwrap_or(before.answers),
            follow_ups: self.follow_ups.unwrap_or(before.follow_ups),
            who_may_press: self.who_may_press.unwrap_or(before.who_may_press),
            show_confidence: self.show_confidence.unwrap_or(before.show_confidence),
            allow_guests: self.allow_guests.unwrap_or(before.allow_guests),
            allow_external: self.allow_external.unwrap_or(before.allow_external),
        }
    }
}

/// For which places a rule is, in words.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.workspace, &self.channel) {
            (None, None) => f.write_str("for every place"),
            (Some(workspace), None) => write!(f, "for workspace {workspace}"),
            (None, Some(channel)) => write!(f, "for channel {channel}"),
            (Some(workspace), Some(channel)) => write!(f, "for channel {channel} of workspace {workspace}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};

    fn rules(toml: &str) -> Rules {
        #[derive(Deserialize)]
        struct File {
            rule: Vec<Rule>,
        }
        let config =
            Config::load(None, &Environment::from_pairs([("AGENT_URL", "http://localhost")])).unwrap();
        let File { rule } = toml::from_str(toml).unwrap();
        Rules::new(&config.conversation, AgentKind::Customer, rule)
    }

    fn thread(workspace: &str, channel: &str) -> ThreadKey {
        let (workspace, channel) = (workspace.into(), channel.into());
        ThreadKey { platform: "slack".into(), workspace, channel, root: "1.000001".into() }
    }

    #[test]
    fn without_rules_everything_is_as_usual() {
        let rules = rules("rule = []");
        let manner = rules.at(&thread("T1", "C1"));
        assert_eq!(manner, rules.usual);
        assert_eq!((manner.answers, manner.agent), (Answers::Mentions, AgentKind::Customer));
        assert_eq!((manner.allow_guests, manner.allow_external), (false, false));
    }

    #[test]
    fn every_rule_that_is_for_a_place_applies_and_the_later_one_holds() {
        let rules = rules(
            r#"
            [[rule]]
            workspace = "T1"
            agent = "support"
            show_confidence = false
            [[rule]]
            channel = "C1"
            answers = "everything"
            [[rule]]
            workspace = "T1"
            channel = "C1"
            agent = "test"
            [[rule]]
            workspace = "T2"
            answers = "nothing"
            "#,
        );
        let at = |workspace, channel| {
            let manner = rules.at(&thread(workspace, channel));
            (manner.agent, manner.answers, manner.show_confidence)
        };
        assert_eq!(at("T1", "C1"), (AgentKind::Test, Answers::Everything, false));
        assert_eq!(at("T1", "C2"), (AgentKind::Support, Answers::Mentions, false));
        assert_eq!(at("T2", "C1"), (AgentKind::Customer, Answers::Nothing, true));
        assert_eq!(at("T3", "C3"), (AgentKind::Customer, Answers::Mentions, true));
        let numbers: Vec<usize> = rules.for_it(&thread("T1", "C1")).map(|(number, _)| number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }
}
