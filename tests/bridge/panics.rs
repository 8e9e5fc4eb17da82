//! A panic ends the work on one message, never its thread, the others, or the process.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use threadbridge::agent::Agent;
use threadbridge::chat::{
    Action, Addressed, AgentKind, Audience, Button, ChannelId, Click, ClickedMessage, Inbound, MessageId,
    Place, PlatformId, Private, Profile, Question, Reply, Shown, Text, ThreadKey, TurnMemo, UserId, UserKey,
    WorkspaceId, wording,
};
use threadbridge::clock::Clock;
use threadbridge::config::{Config, Environment};
use threadbridge::conversation::{Conversation, Delivery, Parts, Platform, PlatformError, Spoken, Taken};
use threadbridge::demo::agent::{Answer, Brain, DemoAgent, Scripted};
use threadbridge::directory::Directory;
use threadbridge::seal::Seal;
use threadbridge::store::MemoryStore;
use tokio_util::task::TaskTracker;

use crate::world::{DIRECTORY, TestClock, host};

/// A platform with a bug: it panics when it is asked for the first profile, and when it must post a certain answer.
#[derive(Default)]
struct Brittle {
    profiles: Mutex<usize>,
    said: Mutex<Vec<String>>,
    /// The messages that were replaced, with what.
    replaced: Mutex<Vec<(Shown, String)>>,
}

#[async_trait]
impl Platform for Brittle {
    fn id(&self) -> PlatformId {
        "brittle".into()
    }

    async fn profile(&self, _: &UserKey) -> Result<Profile, PlatformError> {
        let first = {
            let mut profiles = self.profiles.lock().unwrap();
            *profiles += 1;
            *profiles == 1
        };
        assert!(!first, "the bug in the profiles");
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

    async fn post(
        &self,
        place: &Place,
        _: &Delivery,
        reply: &Reply,
        shown: Shown,
    ) -> Result<(), PlatformError> {
        let words = wording::of(reply);
        assert!(!words.contains("cursed"), "the bug in the posts");
        // Nothing at all can be said of this question, not even that something went wrong.
        let question = question_of(reply);
        assert!(question.as_str() != "10", "the bug in everything");
        let root = &place.thread.root;
        self.said.lock().unwrap().push(format!("{root}/{question}: {words}"));
        self.replaced.lock().unwrap().push((shown, words));
        Ok(())
    }

    async fn settle(&self, _: &Place, _: &ClickedMessage, _: &Reply) -> Result<(), PlatformError> {
        Ok(())
    }

    async fn whisper(&self, _: &Place, _: &UserId, _: &Reply) -> Result<(), PlatformError> {
        Ok(())
    }

    async fn read_back(&self, _: &Place, _: Option<&ClickedMessage>) -> Result<Vec<Spoken>, PlatformError> {
        Ok(Vec::new())
    }
}

fn question_of(reply: &Reply) -> &MessageId {
    match reply {
        Reply::Answer(answer) => &answer.memo.question,
        Reply::Failed(_, memo) => &memo.question,
        other => panic!("{other:?}"),
    }
}

fn question(root: &str, number: i64, words: &str) -> Inbound {
    Inbound::Question(Question {
        place: place(root),
        user: "U".into(),
        message: MessageId::from(number.to_string().as_str()),
        text: Text::plain(words),
        asked_at: at(number),
        addressed: Addressed::Directly,
        outsider: false,
        by_button: false,
        idle_limit: None,
    })
}

/// A press on *Ask again*, on the message `"notice"`, about a question.
fn ask_again(root: &str, number: i64) -> Inbound {
    let memo = TurnMemo {
        asker: "U".into(),
        question: MessageId::from(number.to_string().as_str()),
        session: "customer-session-1".into(),
        agent: AgentKind::Customer,
        confidence: None,
        audience: Audience::Workspace,
        sourced: false,
        outsider: false,
        failure: None,
        doubts: 0,
    };
    let contents = Private(Arc::from("{}"));
    let on = ClickedMessage { message: "notice".into(), text: "Sorry".into(), contents };
    let button = Some(Button { action: Action::AskAgain, memo });
    Inbound::Click(Click {
        place: place(root),
        user: "U".into(),
        button,
        on: Some(on),
        pressed_at: at(number),
        outsider: false,
    })
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_348_800 + second).unwrap()
}

fn place(root: &str) -> Place {
    let thread = ThreadKey {
        platform: "brittle".into(),
        workspace: "W".into(),
        channel: "C".into(),
        root: root.into(),
    };
    Place { thread, began: at(0), audience: Audience::Workspace, address: Arc::from("") }
}

/// A core on the brittle platform, whose agent echoes.
async fn brittle() -> (Arc<Brittle>, Arc<Conversation>, TaskTracker) {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    let echo =
        Brain::scripted(|ask| Scripted::Answer(Answer::confident(format!("Answer to {}", ask.message))));
    let agent = host(DemoAgent::new(echo, Arc::clone(&clock)).router()).await;
    let settings =
        [("AGENT_URL", &*agent), ("DIRECTORY_FILE", DIRECTORY), ("THREADBRIDGE_STORE__MAX_INBOX", "4")];
    let config = Config::load(None, &Environment::from_pairs(settings)).unwrap();
    let client = threadbridge::http::client().unwrap();
    let (platform, tracker) = (Arc::new(Brittle::default()), TaskTracker::new());
    let parts = Parts {
        platforms: vec![Arc::clone(&platform) as Arc<dyn Platform>],
        directory: Arc::new(Directory::open(&config.directory, client.clone(), Arc::clone(&clock)).unwrap()),
        agent: Arc::new(Agent::new(&config.agent, client, Arc::clone(&clock)).unwrap()),
        store: Arc::new(MemoryStore::new(&config.store, config.conversation.waiting(), clock.now())),
        seal: Seal::new(&["a key of the tests".to_owned()]),
        clock,
        tracker: tracker.clone(),
    };
    tracker.close();
    (platform, Conversation::new(config.conversation.clone(), config.rules(), parts), tracker)
}

#[tokio::test]
async fn a_panic_while_a_question_is_asked_again_leaves_no_message_that_says_it_is_under_way() {
    let (platform, conversation, tracker) = brittle().await;
    *platform.profiles.lock().unwrap() = 1;
    conversation.accept(&["question".into()], question("A", 1, "cursed")).await.unwrap();
    tracker.wait().await;
    for press in ["one press", "and another"] {
        platform.replaced.lock().unwrap().clear();
        conversation.accept(&[press.into()], ask_again("A", 1)).await.unwrap();
        tracker.wait().await;
        let sorry = "Something went wrong on my side. Please ask again.";
        let expected = (Shown::Placeholder("notice".into()), sorry.to_owned());
        assert_eq!(*platform.replaced.lock().unwrap(), [expected], "{press}");
    }
}

#[tokio::test]
async fn a_panic_ends_one_message_and_wedges_nothing() {
    let (platform, conversation, tracker) = brittle().await;
    let ask = async |root: &str, number: i64, words: &str| {
        let inbound = question(root, number, words);
        conversation.accept(&[format!("{root}/{number}")], inbound).await
    };
    // The first lookup panics; those behind it, in this thread and in another, are answered all the same.
    for (root, number, words) in [("A", 1, "one"), ("A", 2, "cursed"), ("A", 3, "three"), ("B", 4, "four")] {
        assert_eq!(ask(root, number, words).await, Ok(Taken::Accepted));
    }
    tracker.wait().await;
    let mut said = std::mem::take(&mut *platform.said.lock().unwrap());
    said.sort();
    insta::assert_snapshot!(said.join("\n"), @"
    A/1: Something went wrong on my side. Please ask again.
    A/2: Something went wrong on my side. Please ask again.
    A/3: Answer to three
    B/4: Answer to four
    ");
    // Nothing of it takes up room: the inbox holds four again.
    for number in 5..9 {
        assert_eq!(ask("A", number, "more").await, Ok(Taken::Accepted));
    }
    tracker.wait().await;
    assert_eq!(std::mem::take(&mut *platform.said.lock().unwrap()).len(), 4);
    // Even an apology that panics wedges nothing.
    for number in 10..12 {
        assert_eq!(ask("A", number, "more").await, Ok(Taken::Accepted));
    }
    tracker.wait().await;
    assert_eq!(*platform.said.lock().unwrap(), ["A/11: Answer to more"]);
}
