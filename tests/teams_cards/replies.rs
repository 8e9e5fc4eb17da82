//! One reply of each kind.

use jiff::Timestamp;
use threadbridge::chat::{
    AgentKind, Answer, AnswerReply, Audience, Outcome, Reply, Source, Trouble, TurnMemo, Word,
};

pub fn memo() -> TurnMemo {
    TurnMemo {
        asker: "7faf8ab2-0000-0000-0000-000000000000".into(),
        question: "1764158400000".into(),
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

pub fn source(title: &str, id: &str, confidence: f64) -> Source {
    let (entry_type, entry_id) = (Some("how_to".into()), Some(id.into()));
    Source { title: title.into(), confidence: Some(confidence), entry_type, entry_id }
}

/// An answer of this text.
pub fn answer_of(text: &str, sources: Vec<Source>, escalate: bool) -> AnswerReply {
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    let answer = Answer { text: text.into(), at, confidence: Some(0.92), sources, escalate, details: None };
    let question = Some("How do I reset a password?".into());
    AnswerReply { answer, memo: memo(), show_confidence: true, asked: None, question }
}

fn answer(escalate: bool) -> AnswerReply {
    let sources =
        vec![source("Password Reset Guide", "kb_001", 0.95), source("Account Security", "kb_002", 0.5)];
    answer_of("Go to **Settings > Users** and press *Reset*.", sources, escalate)
}

fn boxed(answer: AnswerReply) -> Reply {
    Reply::Answer(Box::new(answer))
}

/// All of them, with their names. The matches without a wildcard fail to compile when a kind is added and not here.
pub fn replies() -> Vec<(String, Reply)> {
    let mut developers = answer(false);
    developers.answer.details = Some("intent: \"<at>reset</at>\"\nmodel: x".into());
    developers.asked = Some("How do I *reset* it?".into());
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let until = now + jiff::SignedDuration::from_secs(3_600);
    let contact = || "your admin".into();
    let mut all = vec![
        ("help", Reply::Help),
        ("a new conversation", Reply::Afresh),
        ("working", Reply::Working),
        ("answer", boxed(answer(false))),
        ("doubtful answer", boxed(answer(true))),
        ("doubtful answer that says nothing", boxed(answer_of("", Vec::new(), true))),
        ("answer to a developer who pressed a button", boxed(developers)),
        ("unknown", Reply::Unknown { missing: Vec::new(), contact: contact() }),
        (
            "incomplete",
            Reply::Unknown { missing: vec!["agency".into(), "office".into()], contact: contact() },
        ),
        ("not for you", Reply::NotForYou),
        ("switched off", Reply::OffHere),
        ("too busy", Reply::TooBusy(memo())),
        ("rate limited", Reply::RateLimited { until, now, memo: Some(memo()) }),
        ("rate limited without a question", Reply::RateLimited { until, now, memo: None }),
    ];
    let troubles = [
        Trouble::AgentFailed,
        Trouble::AgentDown,
        Trouble::DirectoryDown,
        Trouble::Restarting,
        Trouble::Internal,
    ];
    all.extend(troubles.map(|trouble| ("failed", Reply::Failed(trouble, memo()))));
    all.extend(outcomes().into_iter().map(|outcome| ("outcome", Reply::Outcome(outcome))));
    all.extend(words().into_iter().map(|word| ("word", Reply::Word(word))));
    all.into_iter().map(|(name, reply)| (named(name, &reply), reply)).collect()
}

fn named(name: &str, reply: &Reply) -> String {
    match reply {
        Reply::Failed(trouble, _) => format!("{name}: {trouble:?}"),
        Reply::Outcome(outcome) => format!("{name}: {}", outcome_name(outcome)),
        Reply::Word(word) => format!("{name}: {}", word_name(word)),
        Reply::Help | Reply::Afresh | Reply::Working | Reply::Answer(_) | Reply::Unknown { .. } => {
            name.to_owned()
        }
        Reply::NotForYou | Reply::OffHere | Reply::RateLimited { .. } | Reply::TooBusy(_) => name.to_owned(),
    }
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
        Outcome::OfferAgain(TurnMemo { failure: None, ..memo() }),
        Outcome::Uncertain { email: email(), memo: memo() },
        Outcome::Uncertain { email: None, memo: memo() },
        Outcome::Left { email: email() },
        Outcome::Left { email: None },
    ]
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Thanks => "thanks",
        Outcome::RateAgain(_) => "rate again",
        Outcome::Creating(_) => "creating",
        Outcome::Created { .. } => "created",
        Outcome::Declined => "declined",
        Outcome::Rejected(_) => "rejected",
        Outcome::OfferAgain(_) => "offer again, failure not recorded",
        Outcome::Uncertain { .. } => "uncertain",
        Outcome::Left { .. } => "left",
    }
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

fn word_name(word: &Word) -> &'static str {
    match word {
        Word::Expired => "expired",
        Word::OnlyTheAsker => "only the asker",
        Word::Busy => "busy",
        Word::AskedTwice => "asked twice",
        Word::AlreadyRated => "already rated",
        Word::AlreadyDone => "already done",
        Word::RatingFailed => "rating failed",
        Word::TicketFailed { .. } => "ticket failed",
        Word::TextLost => "text lost",
        Word::NotNow => "not now",
        Word::Created { .. } => "created",
        Word::Uncertain { .. } => "uncertain",
    }
}
