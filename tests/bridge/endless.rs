//! A chat that never ends has one session after the other: each ends when nobody has said anything for long enough, or
//! when somebody wants that. Slack has no such chats, so the core is tested with a platform that has.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::SignedDuration;
use threadbridge::agent::Agent;
use threadbridge::chat::{
    Action, Addressed, Audience, Button, ChannelId, Click, ClickedMessage, Inbound, MessageId, Place,
    PlatformId, Private, Profile, Question, Reply, Role, Shown, Text, ThreadKey, TurnMemo, UserId, UserKey,
    WorkspaceId,
};
use threadbridge::clock::Clock;
use threadbridge::config::{Config, Environment};
use threadbridge::conversation::{Conversation, Delivery, Fate, Parts, Platform, PlatformError, Spoken};
use threadbridge::demo::agent::{Answer, Ask, Brain, Canned, DemoAgent, Endpoint, Fault, Scripted};
use threadbridge::directory::Directory;
use threadbridge::seal::Seal;
use threadbridge::store::MemoryStore;
use tokio_util::task::TaskTracker;

use crate::world::{DIRECTORY, TestClock, host};

/// The configured limit.
const LIMIT: SignedDuration = SignedDuration::from_hours(12);
/// The wish to begin anew.
const NEW: SignedDuration = SignedDuration::ZERO;

/// A platform with one chat, whose messages keep what was asked: it cannot read the chat back.
#[derive(Default)]
struct Endless {
    said: Mutex<Vec<Reply>>,
    nobody_known: Mutex<bool>,
}

#[async_trait]
impl Platform for Endless {
    fn id(&self) -> PlatformId {
        "endless".into()
    }

    async fn profile(&self, _: &UserKey) -> Result<Profile, PlatformError> {
        if *self.nobody_known.lock().unwrap() {
            return Err(PlatformError::Down("nobody is known".into()));
        }
        Ok(Profile { email: Some("jane.smith@company.com".into()), ..Profile::default() })
    }

    async fn user_name(&self, _: &UserKey) -> Option<Private<String>> {
        None
    }

    async fn channel_name(&self, _: &Place, _: &ChannelId) -> Option<Private<String>> {
        None
    }

    fn forget(&self, _: &UserKey) {}

    fn forget_workspace(&self, _: &WorkspaceId) {}

    async fn show_working(&self, _: &Place, _: &Delivery) -> Shown {
        Shown::Nothing
    }

    fn status_lasts(&self) -> std::time::Duration {
        std::time::Duration::from_secs(90)
    }

    async fn keep_working(&self, _: &Place, _: &Shown) {}

    async fn end_working(&self, _: &Place, _: &Delivery, _: Shown) {}

    async fn post(&self, _: &Place, _: &Delivery, reply: &Reply, _: Shown) -> Result<(), PlatformError> {
        self.said.lock().unwrap().push(reply.clone());
        Ok(())
    }

    async fn settle(&self, _: &Place, _: &ClickedMessage, _: &Reply) -> Result<(), PlatformError> {
        Ok(())
    }

    async fn whisper(&self, _: &Place, _: &UserId, reply: &Reply) -> Result<(), PlatformError> {
        self.said.lock().unwrap().push(reply.clone());
        Ok(())
    }

    async fn read_back(&self, _: &Place, on: Option<&ClickedMessage>) -> Result<Vec<Spoken>, PlatformError> {
        let kept = on.map(|on| serde_json::from_str::<(MessageId, jiff::Timestamp, String)>(&on.contents));
        let spoken = kept.into_iter().flatten().map(|(message, at, text)| {
            let (by, role, text) = (Some("U0JANE".into()), Role::User, Text::plain(text));
            Spoken { message, by, role, continues: false, text, to_bot: true, at }
        });
        Ok(spoken.collect())
    }
}

/// The chat, the core and its agent.
struct Chat {
    platform: Arc<Endless>,
    core: Arc<Conversation>,
    agent: DemoAgent,
    clock: Arc<TestClock>,
    tracker: TaskTracker,
    number: Mutex<u32>,
}

impl Chat {
    async fn new(brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static) -> Self {
        let clock = Arc::new(TestClock::new());
        let time = || Arc::clone(&clock) as Arc<dyn Clock>;
        let agent = DemoAgent::new(Brain::scripted(brain), time());
        let url = host(agent.router()).await;
        let settings = [("AGENT_URL", &*url), ("DIRECTORY_FILE", DIRECTORY)];
        let config = Config::load(None, &Environment::from_pairs(settings)).unwrap();
        let client = threadbridge::http::client().unwrap();
        let (platform, tracker) = (Arc::new(Endless::default()), TaskTracker::new());
        let parts = Parts {
            platforms: vec![Arc::clone(&platform) as Arc<dyn Platform>],
            directory: Arc::new(Directory::open(&config.directory, client.clone(), time()).unwrap()),
            agent: Arc::new(Agent::new(&config.agent, client, time()).unwrap()),
            store: Arc::new(MemoryStore::new(&config.store, config.conversation.waiting(), clock.now())),
            seal: Seal::new(&["a key of the tests"]),
            clock: time(),
            tracker: tracker.clone(),
        };
        tracker.close();
        let core = Conversation::new(config.conversation.clone(), config.rules(), parts);
        Self { platform, core, agent, clock, tracker, number: Mutex::default() }
    }

    fn place(&self) -> Place {
        let (platform, workspace) = ("endless".into(), "W".into());
        let thread = ThreadKey { platform, workspace, channel: "C".into(), root: "chat".into() };
        Place { thread, began: self.clock.now(), audience: Audience::Direct, address: Arc::from("") }
    }

    fn question(&self, text: &str, idle_limit: SignedDuration) -> Question {
        let mut number = self.number.lock().unwrap();
        *number += 1;
        Question {
            place: self.place(),
            user: "U0JANE".into(),
            message: number.to_string().into(),
            text: Text::plain(text),
            asked_at: self.clock.now(),
            addressed: Addressed::Directly,
            outsider: false,
            by_button: false,
            idle_limit: Some(idle_limit),
        }
    }

    /// Jane asks, and the bridge finishes; returns what it says, if it says anything.
    async fn asks(&self, question: Question) -> Option<Reply> {
        self.arrives(Inbound::Question(question)).await
    }

    async fn writes(&self, text: &str, idle_limit: SignedDuration) -> Option<Reply> {
        self.asks(self.question(text, idle_limit)).await
    }

    /// Jane presses a button on a message that keeps what was asked.
    async fn presses(&self, action: Action, memo: &TurnMemo, asked: &Question) -> Option<Reply> {
        let Text(pieces) = &asked.text;
        let [threadbridge::chat::Piece::Words(words)] = &pieces[..] else { panic!("it is plain") };
        let kept = serde_json::to_string(&(&asked.message, asked.asked_at, words)).unwrap();
        let contents = Private(Arc::from(kept));
        let on = ClickedMessage { message: "notice".into(), text: "Sorry".into(), contents };
        let button = Some(Button { action, memo: memo.clone() });
        let (place, user, pressed_at) = (self.place(), "U0JANE".into(), self.clock.now());
        self.arrives(Inbound::Click(Click { place, user, button, on: Some(on), pressed_at, outsider: false }))
            .await
    }

    async fn arrives(&self, inbound: Inbound) -> Option<Reply> {
        let key = {
            let mut number = self.number.lock().unwrap();
            *number += 1;
            number.to_string()
        };
        self.core.accept(&[key], inbound).await.unwrap();
        self.tracker.wait().await;
        let mut said = self.platform.said.lock().unwrap();
        assert!(said.len() <= 1, "{said:?}");
        said.pop()
    }

    /// The sessions in which the agent was asked, numbered as they came, each with what it was asked.
    fn sessions(&self) -> Vec<(usize, String)> {
        let mut ids = Vec::new();
        let calls = self.agent.calls().into_iter().filter(|call| call.endpoint == Endpoint::Chat);
        let asked = calls.map(|call| {
            let id = call.body["session_id"].clone();
            let known = ids.iter().position(|other| *other == id);
            let number = known.unwrap_or_else(|| {
                ids.push(id);
                ids.len() - 1
            });
            (number, call.body["message"].as_str().unwrap().to_owned())
        });
        asked.collect()
    }

    fn finish(self) {
        assert_eq!(self.agent.violations(), [""; 0], "the agent's contract was broken");
    }
}

fn echo(ask: &Ask) -> Scripted {
    Scripted::Answer(Answer::confident(format!("About {}", ask.message)))
}

fn doubt(ask: &Ask) -> Scripted {
    Scripted::Answer(Answer::unsure(format!("Perhaps {}", ask.message)))
}

fn in_session(asked: &[(usize, &str)]) -> Vec<(usize, String)> {
    asked.iter().map(|(session, asked)| (*session, (*asked).to_owned())).collect()
}

/// What a notice, or an answer, carries.
fn memo_of(reply: Option<Reply>) -> TurnMemo {
    match reply {
        Some(Reply::Answer(answer)) => answer.memo,
        Some(Reply::Failed(_, memo)) => memo,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_question_goes_on_with_the_session_until_nobody_has_said_anything_for_long_enough() {
    let chat = Chat::new(echo).await;
    for (text, minutes_later) in [("one", 0), ("two", 719), ("three", 719), ("four", 720), ("five", 1)] {
        chat.clock.advance(SignedDuration::from_mins(minutes_later));
        assert!(matches!(chat.writes(text, LIMIT).await, Some(Reply::Answer(_))));
    }
    let expected = [(0, "one"), (0, "two"), (0, "three"), (1, "four"), (1, "five")];
    assert_eq!(chat.sessions(), in_session(&expected));
    chat.finish();
}

#[tokio::test]
async fn whoever_wants_it_begins_a_session_even_several_in_one_second() {
    let chat = Chat::new(echo).await;
    for (text, limit) in [("one", LIMIT), ("two", NEW), ("three", NEW), ("four", LIMIT)] {
        chat.writes(text, limit).await.unwrap();
    }
    assert_eq!(chat.sessions(), in_session(&[(0, "one"), (1, "two"), (2, "three"), (2, "four")]));
    chat.finish();
}

#[tokio::test]
async fn the_wish_alone_is_confirmed_and_nothing_of_before_comes_with_the_next_question() {
    let chat = Chat::new(doubt).await;
    chat.writes("one", LIMIT).await.unwrap();
    for _ in 0..2 {
        assert_eq!(chat.writes(" ", NEW).await, Some(Reply::Afresh));
    }
    let question = chat.question("two", LIMIT);
    let memo = memo_of(chat.asks(question.clone()).await);
    assert_eq!(chat.sessions(), in_session(&[(0, "one"), (1, "two")]));
    assert_eq!(chat.presses(Action::CreateTicket, &memo, &question).await, None);
    let tickets = chat.agent.tickets();
    let said: Vec<&str> = tickets[0].history.iter().map(|entry| &*entry.content).collect();
    assert_eq!(said, ["two", "Perhaps two"]);
    chat.finish();
}

#[tokio::test]
async fn without_the_wish_nothing_to_read_is_answered_with_what_the_bot_is_for() {
    let chat = Chat::new(echo).await;
    assert_eq!(chat.writes("", LIMIT).await, Some(Reply::Help));
    chat.finish();
}

#[tokio::test]
async fn a_reply_that_mentions_nobody_is_a_question_only_as_long_as_the_session_lasts() {
    let chat = Chat::new(echo).await;
    let reply = |text: &str, limit| Question { addressed: Addressed::FollowUp, ..chat.question(text, limit) };
    chat.writes("one", LIMIT).await.unwrap();
    assert!(chat.asks(reply("two", LIMIT)).await.is_some());
    assert!(chat.asks(reply("three", NEW)).await.is_some(), "who is followed may begin anew");
    chat.clock.advance(LIMIT);
    assert_eq!(chat.asks(reply("is anybody there?", LIMIT)).await, None);
    assert_eq!(chat.sessions(), in_session(&[(0, "one"), (0, "two"), (1, "three")]));
    chat.finish();
}

#[tokio::test]
async fn a_question_that_is_asked_again_does_not_bring_an_older_session_back() {
    let chat = Chat::new(echo).await;
    let failed = Fault::answer(Canned::error(500, "no"));
    chat.agent.faults().next(Endpoint::Chat, 1, failed);
    let question = chat.question("one", LIMIT);
    let memo = memo_of(chat.asks(question.clone()).await);
    assert!(chat.writes("two", NEW).await.is_some());
    assert!(matches!(chat.presses(Action::AskAgain, &memo, &question).await, Some(Reply::Answer(_))));
    assert!(chat.writes("three", LIMIT).await.is_some());
    let expected = [(0, "one"), (1, "two"), (1, "one"), (1, "three")];
    assert_eq!(chat.sessions(), in_session(&expected));
    chat.finish();
}

#[tokio::test]
async fn a_question_that_was_to_begin_a_session_still_does_when_it_is_asked_again() {
    let chat = Chat::new(echo).await;
    let lost = async |text: &str, limit| {
        // What is cached of Jane is not asked for.
        chat.core.forget_user(&chat.place().user(&UserId::from("U0JANE")));
        *chat.platform.nobody_known.lock().unwrap() = true;
        let question = chat.question(text, limit);
        let memo = memo_of(chat.asks(question.clone()).await);
        *chat.platform.nobody_known.lock().unwrap() = false;
        (question, memo)
    };
    chat.writes("one", LIMIT).await.unwrap();
    chat.clock.advance(SignedDuration::from_mins(1));
    let (question, memo) = lost("two", NEW).await;
    chat.clock.advance(SignedDuration::from_mins(1));
    assert!(matches!(chat.presses(Action::AskAgain, &memo, &question).await, Some(Reply::Answer(_))));
    assert_eq!(chat.sessions(), in_session(&[(0, "one"), (1, "two")]));
    // Unless another has begun meanwhile.
    let (question, memo) = lost("three", NEW).await;
    chat.clock.advance(SignedDuration::from_mins(1));
    chat.writes("four", NEW).await.unwrap();
    assert!(matches!(chat.presses(Action::AskAgain, &memo, &question).await, Some(Reply::Answer(_))));
    assert_eq!(chat.sessions()[2..], in_session(&[(2, "four"), (2, "three")]));
    chat.finish();
}

#[tokio::test]
async fn what_would_become_of_a_message_says_whether_it_would_begin_anew() {
    let chat = Chat::new(echo).await;
    let fate = async |text: &str, limit| chat.core.explain(&chat.question(text, limit), None).await.fate;
    assert_eq!(fate("", NEW).await, Fate::Answered(Box::new(Reply::Afresh)));
    assert!(matches!(fate("one", NEW).await, Fate::Asked(..)));
    chat.finish();
}
