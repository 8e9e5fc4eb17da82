//! Everything that the bot can say, as people see it and as Block Kit: one entry for each variant of `Reply`.

mod blocks;
mod reads;

use jiff::Timestamp;
use serde_json::Value;
use threadbridge::chat::{
    AgentKind, Answer, AnswerReply, Audience, Button, Outcome, Reply, Source, Trouble, TurnMemo, Word,
};
use threadbridge::demo::workspace::{Message, render as as_people_see};
use threadbridge::slack::{Form, Links, Look, Part, Rendered, render};

fn memo() -> TurnMemo {
    TurnMemo {
        asker: "U0JANE".into(),
        question: "1764158400.000100".into(),
        session: "customer-session-1764158400123456789".into(),
        agent: AgentKind::Customer,
        confidence: Some(0.92),
        audience: Audience::Workspace,
        sourced: true,
        outsider: false,
        failure: Some("abc-123-def".into()),
        doubts: 0,
    }
}

fn answer(escalate: bool) -> Reply {
    let source = |title: &str, id: &str, confidence| Source {
        title: title.into(),
        confidence: Some(confidence),
        entry_type: Some("how_to".into()),
        entry_id: Some(id.into()),
    };
    let answer = Answer {
        text: "Go to **Settings > Users** and press *Reset*.".into(),
        at: Timestamp::UNIX_EPOCH,
        confidence: Some(0.92),
        sources: vec![
            source("Password Reset Guide", "kb_001", 0.95),
            source("Account Security", "kb_002", 0.5),
        ],
        escalate,
        details: None,
    };
    let question = Some("How do I reset a password?".into());
    let memo = memo();
    Reply::Answer(Box::new(AnswerReply { answer, memo, show_confidence: true, asked: None, question }))
}

/// One reply of each kind. The matches without a wildcard below fail to compile when a kind is added and not here.
fn replies() -> Vec<(&'static str, Reply)> {
    let mut all = vec![
        ("help", Reply::Help),
        ("a new conversation", Reply::Afresh),
        ("working", Reply::Working),
        ("answer", answer(false)),
        ("doubtful answer", answer(true)),
        ("unknown", Reply::Unknown { missing: Vec::new(), contact: "your admin".into() }),
        (
            "incomplete",
            Reply::Unknown { missing: vec!["agency".into(), "office".into()], contact: "your admin".into() },
        ),
        ("not for you", Reply::NotForYou),
        ("switched off", Reply::OffHere),
        ("too busy", Reply::TooBusy(memo())),
    ];
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    for (name, seconds) in [("rate limited for an hour", 3_600), ("rate limited for a second", 1)] {
        let until = now + jiff::SignedDuration::from_secs(seconds);
        all.push((name, Reply::RateLimited { until, now, memo: Some(memo()) }));
    }
    let troubles = [
        Trouble::AgentFailed,
        Trouble::AgentDown,
        Trouble::DirectoryDown,
        Trouble::Restarting,
        Trouble::Internal,
    ];
    all.extend(troubles.map(|trouble| (trouble_name(trouble), Reply::Failed(trouble, memo()))));
    all.extend(outcomes().into_iter().map(|outcome| (outcome_name(&outcome), Reply::Outcome(outcome))));
    all.extend(words().into_iter().map(|word| (word_name(&word), Reply::Word(word))));
    for (_, reply) in &all {
        match reply {
            Reply::Help | Reply::Afresh | Reply::Working | Reply::Answer(_) | Reply::Failed(..) => {}
            Reply::Unknown { .. } | Reply::NotForYou | Reply::OffHere => {}
            Reply::RateLimited { .. } | Reply::TooBusy(_) => {}
            Reply::Outcome(_) | Reply::Word(_) => {}
        }
    }
    all
}

fn outcomes() -> Vec<Outcome> {
    let email = || Some("jane@company.com".into());
    let created = |email| Outcome::Created { ticket: "9630".into(), name: "Jane".into(), email };
    vec![
        Outcome::Thanks,
        Outcome::RateAgain(memo()),
        Outcome::Creating(memo()),
        created(email()),
        created(None),
        Outcome::Declined,
        Outcome::Rejected(memo()),
        Outcome::OfferAgain(memo()),
        Outcome::Uncertain { email: email(), memo: memo() },
        Outcome::Uncertain { email: None, memo: memo() },
        Outcome::Left { email: email() },
        Outcome::Left { email: None },
    ]
}

fn words() -> Vec<Word> {
    let email = || "jane@company.com".into();
    vec![
        Word::Expired,
        Word::OnlyTheAsker,
        Word::Busy,
        Word::AskedTwice,
        Word::AlreadyRated,
        Word::AlreadyDone,
        Word::RatingFailed,
        Word::TicketFailed { doubt: false },
        Word::TicketFailed { doubt: true },
        Word::TextLost,
        Word::NotNow,
        Word::Created { ticket: "9630".into(), name: "Jane".into(), email: email() },
        Word::Uncertain { email: email() },
    ]
}

fn trouble_name(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::AgentFailed => "agent failed",
        Trouble::AgentDown => "agent down",
        Trouble::DirectoryDown => "directory down",
        Trouble::Restarting => "restarting",
        Trouble::Internal => "internal",
    }
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Thanks => "thanks",
        Outcome::RateAgain(_) => "rate again",
        Outcome::Creating(_) => "creating",
        Outcome::Created { email: Some(_), .. } => "created",
        Outcome::Created { email: None, .. } => "created, e-mail private",
        Outcome::Declined => "declined",
        Outcome::Rejected(_) => "rejected",
        Outcome::OfferAgain(_) => "offer again",
        Outcome::Uncertain { email: Some(_), .. } => "uncertain",
        Outcome::Uncertain { email: None, .. } => "uncertain, e-mail private",
        Outcome::Left { email: Some(_) } => "left",
        Outcome::Left { email: None } => "left, e-mail private",
    }
}

fn word_name(word: &Word) -> &'static str {
    match word {
        Word::Expired => "word: expired",
        Word::OnlyTheAsker => "word: only the asker",
        Word::Busy => "word: busy",
        Word::AskedTwice => "word: asked twice",
        Word::AlreadyRated => "word: already rated",
        Word::AlreadyDone => "word: already done",
        Word::RatingFailed => "word: rating failed",
        Word::TicketFailed { doubt: false } => "word: ticket failed",
        Word::TicketFailed { doubt: true } => "word: ticket failed again",
        Word::TextLost => "word: text lost",
        Word::NotNow => "word: not now",
        Word::Created { .. } => "word: created",
        Word::Uncertain { .. } => "word: uncertain",
    }
}

fn with_look<T>(native_feedback: bool, form: Form, see: impl FnOnce(Look<'_>) -> T) -> T {
    let links = Links { template: Some("https://kb.example/{entry_type}/{entry_id}".into()), max_sources: 5 };
    let seal = |button: &Button| format!("(sealed {:?})", button.action);
    let (root, edition) = ("1764158400.000100", "1");
    see(Look { seal: &seal, links: &links, native_feedback, form, attach: true, root, edition })
}

fn only_part(reply: &Reply, native_feedback: bool, form: Form) -> Part {
    let Rendered { mut parts, file } = with_look(native_feedback, form, |look| render(reply, look));
    assert_eq!((parts.len(), file), (1, None));
    parts.remove(0)
}

fn seen(blocks: &[Value]) -> String {
    let message = Message {
        channel: "C0LETTINGS".into(),
        ts: "1764158401.000100".into(),
        thread_ts: None,
        user: "U0BRIDGE".into(),
        author: "Threadbridge".into(),
        bot_id: None,
        text: String::new(),
        blocks: Value::Array(blocks.to_vec()),
        metadata: None,
        files: Vec::new(),
        edited: 0,
        edited_ts: None,
        client_msg_id: None,
    };
    as_people_see(&message).replacen("Threadbridge\n", "", 1)
}

fn lines(blocks: &[Value]) -> String {
    blocks.iter().map(|block| format!("  {block}\n")).collect()
}
