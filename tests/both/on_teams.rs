//! The scenarios in Teams.

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::SignedDuration;
use serde_json::{Value, json};
use threadbridge::clock::Clock;
use threadbridge::demo::agent::{Ask, DemoAgent, Scripted};

use crate::chat::Chat;
use crate::microsoft::connector::Posted;
use crate::microsoft::mint;
use crate::teams_world::{World, channel, id_at};

pub struct Teams {
    world: World,
    said: Mutex<Vec<Said>>,
    /// The words that presses were answered with in their response, each with who pressed.
    answered: Mutex<Vec<(String, String)>>,
    looked_at: Mutex<BTreeSet<(String, usize)>>,
}

/// What somebody wrote, and after how many messages of the bot's.
struct Said {
    thread: String,
    after: usize,
    who: String,
    text: String,
    activity: Value,
}

impl Teams {
    /// An id that no other activity has, as Teams makes them: the time, in milliseconds.
    fn fresh_id(&self) -> String {
        self.world.clock.advance(SignedDuration::from_millis(1));
        id_at(self.world.clock.now())
    }

    async fn says(&self, id: String, who: &str, thread: &str, conversation: &Value, text: &str) {
        let activity = self.world.message(&id, member(who), conversation, text);
        let (thread, after) = (thread.to_owned(), self.world.teams.posted().len());
        let said = Said { thread, after, who: who.to_owned(), text: text.to_owned(), activity };
        assert_eq!(self.world.send(&said.activity).await.0, 200);
        self.said.lock().unwrap().push(said);
    }

    fn looks_at(&self, posted: &Posted) {
        self.looked_at.lock().unwrap().insert((posted.id.clone(), posted.updates));
    }
}

/// Whom the directory does not know is called otherwise here.
fn member(who: &str) -> &str {
    if who == "nova" { "nobody" } else { who }
}

fn conversation_of(thread: &str) -> String {
    format!("{}{}{thread}", channel()["id"].as_str().unwrap(), ";messageid=")
}

/// A message of the bot's as people see it.
fn render(posted: &Posted) -> String {
    let activity = &posted.activity;
    let mut lines = vec![match &posted.only_for {
        Some(_) => "Threadbridge (only visible to you)".to_owned(),
        None => "Threadbridge".to_owned(),
    }];
    let root = &activity["entities"][0];
    if root["additionalType"] == json!(["AIGeneratedContent"]) {
        lines[0].push_str(" · AI generated");
    }
    // What breaks live patterns apart is invisible.
    let text = activity["text"].as_str().unwrap_or_default().replace('\u{2060}', "⟨WJ⟩");
    lines.extend(text.lines().filter(|line| !line.is_empty()).map(|line| format!("  {line}")));
    for citation in root["citation"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  ({}) {}",
            citation["position"],
            citation["appearance"]["name"].as_str().unwrap()
        ));
    }
    if activity["channelData"]["feedbackLoop"].is_object() {
        lines.push("  (👍 👎)".to_owned());
    }
    let card = &activity["attachments"][0]["content"];
    for run in card["body"][0]["inlines"].as_array().into_iter().flatten() {
        lines.push(format!("  | {}", run["text"].as_str().unwrap()));
    }
    let titles =
        card["actions"].as_array().into_iter().flatten().map(|action| action["title"].as_str().unwrap());
    let buttons: Vec<String> = titles.map(|title| format!("[{title}]")).collect();
    if !buttons.is_empty() {
        lines.push(format!("  | {}", buttons.join(" ")));
    }
    lines.join("\n")
}

impl Chat for Teams {
    type Message = Posted;

    async fn with(
        settings: &[(&str, &str)],
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let world = World::with(settings, brain).await;
        Self { world, said: Mutex::default(), answered: Mutex::default(), looked_at: Mutex::default() }
    }

    fn agent(&self) -> &DemoAgent {
        &self.world.agent
    }

    fn advance(&self, by: SignedDuration) {
        self.world.clock.advance(by);
    }

    async fn idle(&self) {
        self.world.idle().await;
    }

    async fn begins(&self, who: &str, text: &str) -> String {
        let id = self.fresh_id();
        self.says(id.clone(), who, &id, &channel(), text).await;
        id
    }

    async fn goes_on(&self, who: &str, thread: &str, text: &str) {
        let conversation = mint::with(channel(), &json!({ "id": conversation_of(thread) }));
        self.says(self.fresh_id(), who, thread, &conversation, text).await;
    }

    async fn delivers_again(&self) {
        let activities: Vec<Value> =
            self.said.lock().unwrap().iter().map(|said| said.activity.clone()).collect();
        for activity in activities {
            assert_eq!(self.world.send(&activity).await.0, 200);
            // And once more, as another one.
            self.advance(SignedDuration::from_secs(30));
            let other = json!({ "id": self.fresh_id(), "timestamp": self.world.clock.now().to_string() });
            let conversation = activity["conversation"]["id"].as_str().unwrap();
            // A channel's message that begins a thread would begin another; Teams has only been seen to do it to chats.
            if conversation.contains(";messageid=") {
                assert_eq!(self.world.send(&mint::with(activity, &other)).await.0, 200);
            }
        }
    }

    fn last(&self, thread: &str) -> Posted {
        let conversation = conversation_of(thread);
        let is_there = |posted: &Posted| posted.conversation == conversation && posted.only_for.is_none();
        let last = self.world.teams.posted().into_iter().rfind(is_there).unwrap();
        self.looks_at(&last);
        last
    }

    async fn clicks(&self, who: &str, message: &Posted, title: &str) {
        let response = self.world.presses(&self.fresh_id(), member(who), message, title).await;
        if let Some(words) = response["value"].as_str() {
            self.answered.lock().unwrap().push((who.to_owned(), words.to_owned()));
        }
    }

    async fn rates(&self, who: &str, message: &Posted, helpful: bool) {
        let conversation = mint::with(channel(), &json!({ "id": message.conversation }));
        let reaction = if helpful { "like" } else { "dislike" };
        let id = self.fresh_id();
        self.world.rates(&id, member(who), &conversation, Some(&message.id), reaction).await;
    }

    fn seen(&self, thread: &str) -> String {
        let conversation = conversation_of(thread);
        let said = self.said.lock().unwrap();
        let theirs = |until: usize, from: usize| {
            let there = said.iter().filter(move |said| (from..until).contains(&said.after));
            there.filter(|said| said.thread == thread).map(|said| format!("{}\n  {}", said.who, said.text))
        };
        let posted = self.world.teams.posted();
        let mut lines: Vec<String> = Vec::new();
        for (n, posted) in posted.iter().enumerate() {
            lines.extend(theirs(n + 1, n));
            if posted.conversation == conversation && posted.only_for.is_none() {
                self.looks_at(posted);
                lines.push(render(posted));
            }
        }
        lines.extend(theirs(usize::MAX, posted.len()));
        lines.join("\n")
    }

    fn told(&self, who: &str) -> String {
        let theirs = Some(format!("29:{}", member(who)));
        let posted = self.world.teams.posted().into_iter().filter(|posted| posted.only_for == theirs);
        let told = posted.map(|posted| {
            self.looks_at(&posted);
            render(&posted)
        });
        let answered = self.answered.lock().unwrap();
        let theirs = answered.iter().filter(|(presser, _)| presser == who);
        let words = theirs.map(|(_, words)| format!("Threadbridge (where they pressed)\n  {words}"));
        told.chain(words).collect::<Vec<_>>().join("\n")
    }

    async fn restart(&mut self) {
        self.world.restart().await;
    }

    async fn finish(self) {
        self.world.idle().await;
        let posted = self.world.teams.posted();
        self.world.finish().await;
        let looked_at = self.looked_at.lock().unwrap();
        let unread = posted.iter().filter(|one| !looked_at.contains(&(one.id.clone(), one.updates)));
        let unread: Vec<String> = unread.map(render).collect();
        assert_eq!(unread, [""; 0], "the test never looked at this");
    }
}
