//! The play: a conversation in four steps. Only the questions and the presses are written here; what is shown is
//! what the bridge posted.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::time::Duration;

use super::picture::Picture;
use super::screen::Screen;
use super::stage::{Behind, Stage};
use crate::chat::{Action, wording};

/// Where the play takes place.
const CHANNEL: &str = "#lettings";
/// The rate limit of its step: one question in ten minutes.
const STRICT: (usize, Duration) = (1, Duration::from_secs(600));

/// The play's four steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Answer,
    FollowUp,
    Ticket,
    RateLimit,
}

impl Step {
    pub(super) const ALL: [Self; 4] = [Self::Answer, Self::FollowUp, Self::Ticket, Self::RateLimit];

    fn heading(self) -> &'static str {
        match self {
            Self::Answer => "1. A good answer",
            Self::FollowUp => "2. A follow-up",
            Self::Ticket => "3. No good answer: a support ticket",
            Self::RateLimit => "4. The agent's rate limit",
        }
    }

    fn why(self) -> &'static str {
        match self {
            Self::Answer => {
                "Jane mentions the bot in a channel. The bridge looks up who she is in the CRM, asks the agent on her \
                 behalf, and answers in a thread: with sources, so that people can check, and with a rating, so that \
                 the knowledge base gets better."
            }
            Self::FollowUp => {
                "In her own thread Jane just writes on, without a mention. A thread is one session, so the agent \
                 knows what she is still talking about."
            }
            Self::Ticket => {
                "The agent is not sure. The bridge records the failure at once, so that the gap in the knowledge base \
                 is known, and offers a ticket. A support agent gets it with the whole conversation."
            }
            Self::RateLimit => {
                "For this step the agent lets each person ask one question in ten minutes, and Tom asks three. What \
                 is only his business is told privately; and until his time is over, nothing is sent to the agent."
            }
        }
    }
}

/// The play on its stage, shown on a screen.
pub(super) struct Play<'a, W> {
    pub(super) stage: &'a Stage,
    pub(super) screen: Screen<W>,
    /// The last thread, and who began it.
    root: String,
    /// What was shown of each thread.
    shown: HashMap<String, Picture>,
    /// The private messages beside threads that were shown, by who got them and when.
    whispered: HashSet<(String, String)>,
}

impl<'a, W: Write> Play<'a, W> {
    pub(super) fn new(stage: &'a Stage, screen: Screen<W>) -> Self {
        let (shown, whispered) = (HashMap::new(), HashSet::new());
        Self { stage, screen, root: String::new(), shown, whispered }
    }

    /// Plays one step.
    pub(super) async fn step(&mut self, step: Step) -> io::Result<()> {
        self.screen.heading(step.heading())?;
        self.screen.prose(step.why())?;
        match step {
            Step::Answer => {
                self.ask("Jane", "I forgot my password. What can I do?").await?;
                self.press("Jane", &[Action::Helpful]).await?;
            }
            Step::FollowUp => self.reply("Jane", "And for a colleague?").await?,
            Step::Ticket => {
                self.ask("Jane", "How do I fix error code X1234?").await?;
                self.press("Jane", &[Action::CreateTicket]).await?;
            }
            Step::RateLimit => {
                let janes = self.root.clone();
                self.stage.limit(Some(STRICT));
                self.ask("Tom", "Which passwords are accepted?").await?;
                self.ask("Tom", "How do I undo an import?").await?;
                self.ask("Tom", "How do I book a viewing?").await?;
                self.stage.limit(None);
                self.root = janes;
            }
        }
        Ok(())
    }

    /// Somebody mentions the bot.
    pub(super) async fn ask(&mut self, who: &str, question: &str) -> io::Result<()> {
        let (root, behind) = self.stage.ask(who, CHANNEL, question).await;
        self.root = root;
        self.show(who, &behind)
    }

    /// Somebody goes on in the last thread.
    pub(super) async fn reply(&mut self, who: &str, text: &str) -> io::Result<()> {
        let behind = self.stage.reply(who, CHANNEL, &self.root, text).await;
        self.show(who, &behind)
    }

    /// Somebody presses the first of these buttons that the last message with one of them has.
    pub(super) async fn press(&mut self, who: &str, actions: &[Action]) -> io::Result<()> {
        let Some((message, label)) = self.find_button(who, actions) else {
            let labels: Vec<String> =
                actions.iter().map(|action| format!("[{}]", wording::label(*action))).collect();
            self.screen.gap()?;
            return self.screen.prose(&format!("The last message has no button {}.", labels.join(" or ")));
        };
        self.screen.deed(&format!("{who} presses [{label}]"))?;
        let behind = self.stage.press(who, CHANNEL, &message, label).await;
        self.show(who, &behind)
    }

    /// The bot's last message in the thread, or a later private one, that has one of these buttons.
    fn find_button(&self, who: &str, actions: &[Action]) -> Option<(String, &'static str)> {
        let slack = self.stage.slack();
        let last = slack.thread(CHANNEL, &self.root).into_iter().rfind(|said| said.bot_id.is_some());
        let last = last.map(|said| (said.ts, said.blocks));
        let after = last.as_ref().map_or(&self.root, |(ts, _)| ts).clone();
        let whispers = slack.ephemerals(who).into_iter().map(|whisper| (whisper.ts, whisper.blocks));
        let whispers = whispers.rev().take_while(|(ts, _)| after < *ts);
        let labels = actions.iter().map(|action| wording::label(*action));
        whispers.chain(last).find_map(|(ts, blocks)| {
            let label = labels.clone().find(|label| has_label(&blocks, label))?;
            Some((ts, label))
        })
    }

    /// Shows what is new in the last thread, and beside it, as somebody sees it.
    fn show(&mut self, who: &str, behind: &Behind) -> io::Result<()> {
        let slack = self.stage.slack();
        let picture = Picture::of(&slack.transcript(CHANNEL, &self.root));
        let before = self.shown.insert(self.root.clone(), picture.clone());
        let goes_on = before.is_some();
        let mut beside = Picture::default();
        for whisper in slack.ephemerals(who).iter().filter(|whisper| whisper.thread_ts.is_none()) {
            if self.whispered.insert((whisper.user.clone(), whisper.ts.clone())) {
                beside = beside.with(Picture::of(&super::workspace::render_ephemeral(whisper)));
            }
        }
        let before = before.unwrap_or_default();
        let nothing = Picture::default();
        let news: Vec<_> = picture.news(&before).into_iter().chain(beside.news(&nothing)).collect();
        self.screen.picture(&format!("{CHANNEL}, as {who} sees it"), goes_on, &news)?;
        self.screen.behind(behind)
    }
}

/// Whether a button with this label is among the blocks.
fn has_label(blocks: &serde_json::Value, label: &str) -> bool {
    match blocks {
        serde_json::Value::Object(fields) => {
            let is_button = fields.get("value").is_some() || fields.get("action_id").is_some();
            (is_button && fields.get("text").is_some_and(|text| text["text"] == label))
                || fields.values().any(|value| has_label(value, label))
        }
        serde_json::Value::Array(items) => items.iter().any(|item| has_label(item, label)),
        _ => false,
    }
}
