//! A reply, rendered: what the bot says in, Block Kit out. Pure.
//!
//! A message is made of three pieces, in its blocks as in its text: what was said, what is said about it (sources,
//! confidence), and the tail, which a press replaces. Every foreign word is neutralised on the way.

use serde_json::{Value, json};
use slack_morphism::blocks::{
    SlackBlock, SlackBlockMarkDownText, SlackContextBlock, SlackMarkdownBlock, SlackSectionBlock,
};

use super::buttons::{buttons, native_thumbs};
use super::markup;
use super::sources::{self, Links};
use crate::chat::{Action, AnswerReply, Button, Outcome, Reply, TurnMemo, wording};

/// Stands in a text between what was said, what is said about it, and the tail: INVISIBLE SEPARATOR.
pub(super) const BORDER: char = '\u{2063}';
/// Begins the ids of the blocks that a press replaces.
pub(super) const TAIL: &str = "tail";
/// The longest text of one message, in characters once rendered: it fits a section (3,000) and, with sources and
/// tail, the text of a `chat.update` (4,000).
const PART: usize = 2_800;
/// The longest text that a `chat.update` takes.
const LONGEST_TEXT: usize = 4_000;
/// How many characters of the test agent's details are shown.
const MOST_DETAILS: usize = 1_500;
/// How many messages an answer may take before it is attached as a file.
const MAX_PARTS: usize = 6;

/// What rendering needs to know besides the reply.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Seals a button for the thread that it will stand in.
    pub seal: &'a dyn Fn(&Button) -> String,
    /// How sources are linked and how many are shown.
    pub links: &'a Links,
    /// Whether to use Slack's own feedback buttons.
    pub native_feedback: bool,
    /// The form of the blocks.
    pub form: Form,
    /// Whether an answer that is too long for messages may be attached as a file.
    pub attach: bool,
    /// The root of the thread.
    pub root: &'a str,
    /// Different for every rendering: Slack wants new block ids when a message changes.
    pub edition: &'a str,
}

/// The forms of a message's blocks, the best first: Slack may refuse one and take the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `markdown` blocks, native buttons.
    Rich,
    /// Sections and plain buttons: the oldest blocks.
    Basic,
    /// Only the text and the blocks that can be pressed.
    Plain,
}

/// A reply as Slack takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The messages, in order; buttons and sources are in the last.
    pub parts: Vec<Part>,
    /// The whole answer, to be attached as a file because it is too long for messages.
    pub file: Option<String>,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// All of it as text, for notifications and for people who hear it.
    pub text: String,
    /// Its blocks in the form that was asked for.
    pub blocks: Vec<Value>,
}

/// What stands in the place of a message's buttons.
struct Tail {
    text: String,
    blocks: Vec<Value>,
}

/// Renders a reply as messages of its own.
pub fn render(reply: &Reply, look: Look<'_>) -> Rendered {
    let mut rendered = render_reply(reply, look);
    if look.form == Form::Plain {
        rendered.parts = rendered.parts.into_iter().map(plain).collect();
    }
    rendered
}

fn render_reply(reply: &Reply, look: Look<'_>) -> Rendered {
    match reply {
        Reply::Answer(answer) => render_answer(answer, look),
        Reply::Failed(_, memo) | Reply::TooBusy(memo) => {
            single(&markup::escape(&wording::of(reply)), Some(ask_again(memo, look)))
        }
        Reply::RateLimited { until, now, memo } => {
            // Slack shows each reader the time of their own zone, and the fallback where it cannot.
            let minute = wording::next_minute(*until);
            let (second, fallback) = (minute.as_second(), minute.strftime("%H:%M UTC"));
            let time = format!("<!date^{second}^{{time}}|{fallback}>");
            let words = wording::rate_limited(until.as_second() - now.as_second(), &time);
            single(&words, memo.as_ref().map(|memo| ask_again(memo, look)))
        }
        Reply::Outcome(outcome) => {
            let Tail { text, blocks } = tail_of(outcome, look);
            Rendered { parts: vec![Part { text, blocks }], file: None }
        }
        Reply::Help
        | Reply::Afresh
        | Reply::Working
        | Reply::Unknown { .. }
        | Reply::NotForYou
        | Reply::OffHere
        | Reply::Word(_) => single(&markup::escape(&wording::of(reply)), None),
    }
}

/// Renders a message anew after a press: an outcome takes the place of the tail, and the rest stays as Slack sent
/// it; any other reply takes the place of all.
pub fn rerender(message: &Value, reply: &Reply, look: Look<'_>) -> Part {
    let Reply::Outcome(outcome) = reply else {
        return render(reply, look).parts.pop().expect("a reply has a part");
    };
    let Tail { text: words, blocks: tail } = tail_of(outcome, look);
    let mut pieces: Vec<&str> = message["text"].as_str().unwrap_or_default().splitn(3, BORDER).collect();
    pieces.truncate(2);
    let mut blocks: Vec<Value> = if look.form == Form::Rich {
        let blocks = message["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
        blocks.iter().filter(|block| !in_tail(block)).cloned().collect()
    } else {
        let sections = markup::split(&pieces.concat(), PART, |text| text.chars().count());
        sections.iter().map(|text| section(text)).collect()
    };
    blocks.extend(tail);
    pieces.resize(2, "");
    let part = Part { text: join_within(pieces[0], pieces[1], &words), blocks };
    if look.form == Form::Plain { plain(part) } else { part }
}

/// A message as its text and what can be pressed. With blocks, Slack shows no text; so plain text goes alone, without
/// any block, unless something must stay pressable.
fn plain(part: Part) -> Part {
    let is = |block: &Value, kind: &str| block["type"].as_str() == Some(kind);
    let pressable: Vec<Value> = part.blocks.iter().filter(|block| is(block, "actions")).cloned().collect();
    if pressable.is_empty() {
        return Part { blocks: pressable, ..part };
    }
    // A press replaces the tail's words, so they keep their id.
    let tail = part.blocks.iter().find(|block| is(block, "section") && in_tail(block));
    let pieces = part.text.split(BORDER).map(str::trim).enumerate().filter(|(_, piece)| !piece.is_empty());
    let sections = pieces.map(|(n, piece)| {
        let mut section = json!({ "type": "section", "text": { "type": "plain_text", "text": piece } });
        if let Some(tail) = tail.filter(|_| n == 2) {
            section["block_id"] = tail["block_id"].clone();
        }
        section
    });
    let blocks = sections.chain(pressable).collect();
    Part { text: part.text, blocks }
}

/// Whether a press replaces this block.
fn in_tail(block: &Value) -> bool {
    block["block_id"].as_str().is_some_and(|id| id.starts_with(TAIL))
}

/// What was said in a message of ours, without what is said about it, as people read it.
pub(super) fn spoken_part(text: &str) -> String {
    let spoken = text.split(BORDER).next().unwrap_or_default().trim();
    spoken.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Whether a text of ours is an answer: only answers have pieces.
pub(super) fn is_answer(text: &str) -> bool {
    text.contains(BORDER)
}

/// The thread that a block of ours was made for, from the block's id.
pub(super) fn root_of_block(block_id: &str) -> Option<&str> {
    let mut pieces = block_id.split(':');
    (pieces.next() == Some(TAIL)).then(|| pieces.next()).flatten()
}

fn render_answer(reply: &AnswerReply, look: Look<'_>) -> Rendered {
    let AnswerReply { answer, memo, show_confidence, asked, question: _ } = reply;
    let length = |mrkdwn: &str, markdown: &str| mrkdwn.chars().count().max(markdown.chars().count());
    let whole = readable(&answer.text);
    let whole_spoken = markup::mrkdwn(&whole);
    let fits = length(&whole_spoken, &whole) <= PART;
    let size = |text: &str| if fits { 0 } else { length(&markup::mrkdwn(text), &markup::markdown(text)) };
    let mut texts = markup::split(&whole, PART, size);
    let file = (look.attach && MAX_PARTS < texts.len()).then(|| answer.text.0.clone());
    if file.is_some() {
        texts.truncate(1);
    }
    if texts.is_empty() {
        // Nothing was said, but a ticket is offered.
        texts.push(String::new());
    }
    let tail =
        if answer.escalate { ticket_prompt(wording::TICKET_PROMPT, memo, look) } else { thumbs(memo, look) };
    let line = sources::line(&answer.sources, look.links);
    let (linked, plain) = line.map(|line| (line.linked, line.plain)).unzip();
    let note = file.is_some().then(|| wording::IN_FILE.to_owned());
    let confidence = answer.confidence.filter(|_| *show_confidence).map(wording::confidence);
    let details = answer.details.as_ref().map(|details| details_line(details));
    let asked = asked.as_ref().map(|asked| asked_line(asked, memo));
    let about: Vec<String> = asked
        .into_iter()
        .chain(note.iter().cloned())
        .chain(linked)
        .chain(confidence.clone())
        .chain(details)
        .collect();
    let about_in_text: Vec<String> = note.into_iter().chain(plain).chain(confidence).collect();
    let last = texts.len().saturating_sub(1);
    let parts = texts.iter().enumerate().map(|(n, text)| {
        let spoken = if *text == whole { whole_spoken.clone() } else { markup::mrkdwn(text) };
        let said = match look.form {
            // What was neutralised is not changed by doing it again, unless it was cut.
            Form::Rich if *text == whole => markdown(text.clone()),
            Form::Rich => markdown(markup::markdown(text)),
            Form::Basic | Form::Plain => section(&spoken),
        };
        let mut blocks: Vec<Value> = Some(said).filter(|_| !text.is_empty()).into_iter().collect();
        if n < last {
            return Part { text: join(&spoken, "", ""), blocks };
        }
        blocks.extend(about.iter().map(|line| context(line)));
        blocks.extend_from_slice(&tail.blocks);
        Part { text: join_within(&spoken, &about_in_text.join("\n"), &tail.text), blocks }
    });
    Rendered { parts: parts.collect(), file }
}

/// Who asked what, where nothing else shows it.
fn asked_line(asked: &str, memo: &TurnMemo) -> String {
    format!("*{}:* <@{}>: {}", wording::ASKED, memo.asker, markup::escape(asked))
}

/// What the test agent says beyond its answer, as far as it fits.
fn details_line(details: &str) -> String {
    let all = details.replace('`', "'");
    let cut: String = all.chars().take(MOST_DETAILS).collect();
    let dots = if cut.len() < all.len() { "…" } else { "" };
    format!("*{}:*\n```{}{dots}```", wording::DETAILS, markup::escape(cut.trim_end()))
}

/// An answer as Markdown of ours, so that a link's address is also known in the parts before it. What is left of an
/// answer that is nothing but addresses would be nothing; it is shown as it was written.
fn readable(text: &str) -> String {
    let neutral = markup::markdown(text);
    if neutral.trim().is_empty() && !text.trim().is_empty() {
        markup::markdown(&format!("```\n{text}\n```"))
    } else {
        neutral
    }
}

fn tail_of(outcome: &Outcome, look: Look<'_>) -> Tail {
    let words = wording::of(&Reply::Outcome(outcome.clone()));
    match outcome {
        Outcome::RateAgain(memo) => thumbs(memo, look),
        Outcome::OfferAgain(memo) | Outcome::Rejected(memo) => ticket_prompt(&words, memo, look),
        Outcome::Creating(memo) => with_buttons(&words, memo, &[Action::CheckTicket], look),
        Outcome::Uncertain { memo, .. } => {
            with_buttons(&words, memo, &[Action::CreateAgain, Action::LeaveTicket], look)
        }
        Outcome::Thanks | Outcome::Created { .. } | Outcome::Declined | Outcome::Left { .. } => {
            let text = markup::escape(&words);
            let blocks = vec![tail_section(&text, look)];
            Tail { text, blocks }
        }
    }
}

fn ticket_prompt(words: &str, memo: &TurnMemo, look: Look<'_>) -> Tail {
    with_buttons(words, memo, &[Action::CreateTicket, Action::DeclineTicket], look)
}

fn with_buttons(words: &str, memo: &TurnMemo, actions: &[Action], look: Look<'_>) -> Tail {
    let text = markup::escape(words);
    let blocks = vec![tail_section(&text, look), buttons(memo, actions, look)];
    Tail { text, blocks }
}

fn thumbs(memo: &TurnMemo, look: Look<'_>) -> Tail {
    let native = look.native_feedback && look.form == Form::Rich;
    let actions = [Action::Helpful, Action::Unhelpful];
    let thumbs = if native { native_thumbs(memo, look) } else { buttons(memo, &actions, look) };
    Tail { text: String::new(), blocks: vec![thumbs] }
}

fn ask_again(memo: &TurnMemo, look: Look<'_>) -> Value {
    buttons(memo, &[Action::AskAgain], look)
}

fn single(text: &str, buttons: Option<Value>) -> Rendered {
    let blocks: Vec<Value> = [section(text)].into_iter().chain(buttons).collect();
    Rendered { parts: vec![Part { text: text.to_owned(), blocks }], file: None }
}

/// The text of a message from its pieces. The borders show which piece is which when the message is read back.
fn join(spoken: &str, about: &str, tail: &str) -> String {
    let gap = |piece: &str| if piece.is_empty() { "" } else { "\n\n" };
    // A border that somebody else wrote would cut the text where it stands.
    let [spoken, about, tail] = [spoken, about, tail].map(|piece| piece.replace(BORDER, ""));
    let (about, tail) = (about.trim_start(), tail.trim_start());
    format!("{spoken}{BORDER}{}{about}{BORDER}{}{tail}", gap(about), gap(tail))
}

/// The same, without what is said about it when Slack would refuse that much.
fn join_within(spoken: &str, about: &str, tail: &str) -> String {
    let whole = join(spoken, about, tail);
    if whole.chars().count() <= LONGEST_TEXT { whole } else { join(spoken, "", tail) }
}

fn markdown(text: String) -> Value {
    value(SlackMarkdownBlock::new(text).into())
}

fn section(text: &str) -> Value {
    let text = SlackBlockMarkDownText::new(text.to_owned()).with_verbatim(true);
    value(SlackSectionBlock::new().with_text(text.into()).with_expand(true).into())
}

fn tail_section(text: &str, look: Look<'_>) -> Value {
    let mut block = section(text);
    block["block_id"] = json!(format!("{TAIL}:{}:{}:words", look.root, look.edition));
    block
}

fn context(line: &str) -> Value {
    let text = SlackBlockMarkDownText::new(line.to_owned()).with_verbatim(true);
    value(SlackContextBlock::new(vec![text.into()]).into())
}

pub(super) fn value(block: SlackBlock) -> Value {
    serde_json::to_value(block).expect("a block has only string keys")
}
