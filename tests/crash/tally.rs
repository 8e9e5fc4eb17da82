//! What became of questions: each has a mark by which it and its answers are known.

use std::collections::BTreeMap;

use threadbridge::demo::agent::{Answer, Ask, Endpoint, Scripted};
use threadbridge::demo::workspace::Message;

use crate::world::World;

/// A question: which thread, and which of its questions.
pub type Mark = (usize, usize);

/// What became of all questions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those without an answer.
    pub unanswered: usize,
    /// Answers beyond the first.
    pub twice: usize,
    /// Answers in another thread than their question.
    pub misplaced: usize,
    /// Answers below a later one of their thread.
    pub inverted: usize,
}

/// The question's text.
pub fn question((thread, number): Mark) -> String {
    format!("Question {thread}x{number}?")
}

/// The agent's answer to it, surely.
pub fn echo(ask: &Ask) -> Scripted {
    Scripted::Answer(Answer::confident(format!("Answer to {}", ask.message)))
}

/// The mark in a question, or in an answer to it.
pub fn mark(text: &str) -> Option<Mark> {
    let (_, after) = text.split_once("Question ")?;
    let (thread, number) = after.split_once('?')?.0.split_once('x')?;
    Some((thread.parse().ok()?, number.parse().ok()?))
}

/// The answers among the messages of a thread, by what they answer.
pub fn answers(messages: &[Message]) -> Vec<Mark> {
    let ours = messages.iter().filter(|message| message.bot_id.is_some());
    ours.filter_map(|message| mark(message.text.strip_prefix("Answer to ")?)).collect()
}

impl Tally {
    /// Counts what stands in the threads of a channel, of `each` questions each; a thread is known by its first message.
    pub fn of(world: &World, channel: &str, roots: &[String], each: usize) -> Self {
        let mut tally = Self::default();
        for (thread, root) in roots.iter().enumerate() {
            let answers = answers(&world.slack.thread(channel, root));
            let mut times = BTreeMap::<usize, usize>::new();
            for (_, number) in answers.iter().filter(|(of, _)| *of == thread) {
                *times.entry(*number).or_default() += 1;
            }
            tally.misplaced += answers.iter().filter(|(of, _)| *of != thread).count();
            tally.twice += times.values().map(|times| times - 1).sum::<usize>();
            tally.unanswered += each - times.len();
            tally.inverted += answers.windows(2).filter(|pair| pair[1].1 < pair[0].1).count();
        }
        tally
    }
}

/// How often the agent was asked a question that it had been asked before.
pub fn asked_again(world: &World) -> usize {
    let mut times = BTreeMap::<Mark, usize>::new();
    for call in world.agent.calls().iter().filter(|call| call.endpoint == Endpoint::Chat) {
        let mark = mark(call.body["message"].as_str().unwrap()).unwrap();
        *times.entry(mark).or_default() += 1;
    }
    times.values().map(|times| times - 1).sum()
}
