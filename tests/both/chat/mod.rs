//! A chat platform with a bridge and an agent, in the core's words: people ask, press and read.

mod slack;
mod stage;
mod teams;
mod transcript;

use async_trait::async_trait;
use serde_json::Value;
use threadbridge::demo::agent::{DemoAgent, Endpoint, Fault};
use threadbridge::demo::workspace::{Ephemeral, Message};

use crate::clock::TestClock;
use crate::microsoft::connector::Posted;
pub use stage::{Kept, WORKING_AFTER, on_both, on_both_with, with_store};

/// Somebody. Each platform knows them by ids of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Is in the directory.
    Jane,
    /// Is in the directory, too.
    Tom,
    /// Is not.
    Nova,
    /// A guest.
    Gus,
    /// Of another organisation.
    Sara,
}

impl Who {
    /// What people see.
    fn name(self) -> &'static str {
        match self {
            Self::Jane => "Jane Smith",
            Self::Tom => "Tom Baker",
            Self::Nova => "Nova Reed",
            Self::Gus => "Gus Hart",
            Self::Sara => "Sara Lund",
        }
    }
}

/// Where people write to the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// A channel with threads.
    Lettings,
    /// Another one.
    Sales,
    /// One in which people of another organisation are, too.
    Partners,
    /// Where the person is alone with the bot.
    Direct,
}

/// Where a question and what follows from it stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    /// The conversation's id.
    room: String,
    /// Its first message, where conversations have threads.
    root: String,
}

/// A message of the bot, as it was when somebody saw it.
#[derive(Debug, Clone)]
pub enum Said {
    Slack(Message),
    /// What only one person sees.
    SlackPrivately(Ephemeral),
    Teams(Posted),
}

/// A message that somebody has written and that may be delivered at any time, and as often as the platform likes.
#[derive(Debug, Clone)]
pub struct Letter(Vec<Value>);

impl Letter {
    /// Its last delivery alone.
    pub fn last(&self) -> Self {
        Self(self.0.last().into_iter().cloned().collect())
    }
}

/// A platform with a bridge and an agent.
#[async_trait(?Send)]
pub trait Chat {
    fn agent(&self) -> &DemoAgent;
    fn clock(&self) -> &TestClock;
    /// Changes a setting, by its name in the environment, for the next start.
    fn set(&mut self, name: &str, value: &str);

    /// Somebody asks, and the bridge need not have finished.
    async fn begins(&self, who: Who, room: Room, text: &str) -> Thread;
    /// Somebody asks more in a thread, and the bridge need not have finished.
    async fn adds(&self, who: Who, thread: &Thread, text: &str);
    /// Jane's `number`-th message in the thread of #lettings that her message 0 of that `thread` begins, which nobody has
    /// delivered yet.
    fn letter(&self, thread: usize, number: usize, text: &str) -> Letter;
    /// Delivers a letter, which may be several deliveries; returns what they are answered with.
    async fn tries(&self, letter: &Letter) -> Vec<u16>;
    /// What was delivered is delivered once more.
    async fn delivers_all_again(&self);
    /// The thread of a letter.
    fn thread_of(&self, thread: usize) -> Thread;
    /// Somebody presses a button of a message as it was, and the bridge need not have finished. 👍 and 👎 are the thumbs.
    async fn begins_to_press(&self, who: Who, said: &Said, title: &str);

    /// A thread as people see it, which is then looked at.
    fn thread(&self, thread: &Thread) -> String;
    /// What everybody sees of the bot in a thread, which is then looked at.
    fn shown(&self, thread: &Thread) -> String;
    /// The bot's messages in a thread that everybody sees.
    fn said(&self, thread: &Thread) -> Vec<Said>;
    /// What only somebody was told, all of it, which is then looked at.
    fn whispers(&self, who: Who) -> String;
    /// The last private message with buttons.
    fn last_whisper(&self, who: Who) -> Said;
    /// Looks at everything that was said so far.
    fn see_all(&self);
    /// Returns how a thread shows that the agent thinks, as soon as it does.
    async fn shows_work(&self, thread: &Thread) -> String;
    /// Whether a thread shows that the agent thinks.
    fn still_works(&self, thread: &Thread) -> bool;

    /// Waits until the bridge has nothing to do.
    async fn idle(&self);
    /// Stops the bridge as SIGTERM does, without waiting.
    fn terminate(&self);
    /// Waits until the bridge has stopped.
    async fn stopped(&mut self);
    /// Starts another bridge in its place.
    async fn start(&mut self);
    /// Ends the test: nothing unfinished, nothing unread, no contract broken.
    async fn finish(self: Box<Self>);
}

impl dyn Chat + '_ {
    /// Jane asks in #lettings, and the bridge finishes.
    pub async fn asks(&self, text: &str) -> Thread {
        self.asked_by(Who::Jane, Room::Lettings, text).await
    }

    /// Somebody asks, and the bridge finishes.
    pub async fn asked_by(&self, who: Who, room: Room, text: &str) -> Thread {
        let thread = self.begins(who, room, text).await;
        self.idle().await;
        thread
    }

    /// Delivers a letter, and it is taken.
    pub async fn delivers(&self, letter: &Letter) {
        let acks = self.tries(letter).await;
        assert!(acks.iter().all(|ack| *ack == 200), "{acks:?}");
    }

    /// The bot's last message in a thread that everybody sees.
    pub fn last(&self, thread: &Thread) -> Said {
        self.said(thread).pop().unwrap()
    }

    /// Jane presses a button of the bot's last message in a thread, and the bridge finishes.
    pub async fn press(&self, thread: &Thread, title: &str) {
        self.pressed_by(Who::Jane, &self.last(thread), title).await;
    }

    /// Somebody presses a button of a message as it was, and the bridge finishes.
    pub async fn pressed_by(&self, who: Who, said: &Said, title: &str) {
        self.begins_to_press(who, said, title).await;
        self.idle().await;
    }

    /// The bodies that an endpoint of the agent was sent, oldest first.
    pub fn told(&self, endpoint: Endpoint) -> Vec<Value> {
        let calls = self.agent().calls().into_iter();
        calls.filter(|call| call.endpoint == endpoint).map(|call| call.body).collect()
    }

    /// The questions that reached the agent, in the order of their arrival.
    pub fn questions(&self) -> Vec<String> {
        let told = self.told(Endpoint::Chat).into_iter();
        told.map(|body| body["message"].as_str().unwrap().to_owned()).collect()
    }

    /// How many tickets the agent has made.
    pub fn tickets(&self) -> usize {
        self.agent().tickets().len()
    }

    /// The next call of an endpoint of the agent fails like this.
    pub fn fails_next(&self, endpoint: Endpoint, fault: Fault) {
        self.agent().faults().next(endpoint, 1, fault);
    }

    /// Stops the bridge and starts another in its place.
    pub async fn restart(&mut self) {
        self.terminate();
        self.stopped().await;
        self.start().await;
        self.idle().await;
    }
}
