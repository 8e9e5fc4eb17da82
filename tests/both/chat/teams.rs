//! Teams, as the core sees it. Its channels stand for Slack's, its personal chat for the direct message.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use threadbridge::clock::Clock;
use threadbridge::demo::agent::{Ask, DemoAgent, Scripted};

use super::transcript::{Line, answered, render, spoken, transcript};
use super::{Chat, Letter, Room, Said, Thread, Who};
use crate::clock::TestClock;
use crate::microsoft::connector::Posted;
use crate::microsoft::login_server::TENANT;
use crate::microsoft::mint::with;
use crate::teams_world::{World, action, id_at};

/// Microsoft's side, and what people did there.
pub struct Teams {
    world: World,
    /// What people wrote, and what their presses were answered with.
    lines: RefCell<Vec<Line>>,
    /// The answers to presses that only one person saw.
    answers: RefCell<Vec<(Who, String)>>,
    sent: RefCell<Vec<Value>>,
    seen: RefCell<BTreeSet<String>>,
    count: Cell<i64>,
}

impl Teams {
    pub async fn open(
        settings: &[(&str, &str)],
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let world = World::with(settings, brain).await;
        let elsewhere = json!({ "id": "29:sara", "aadObjectId": "sara", "name": "Sara", "email": "sara@other.example",
            "tenantId": "another tenant", "userRole": "user" });
        world.teams.add_member(&elsewhere);
        Self {
            world,
            lines: RefCell::default(),
            answers: RefCell::default(),
            sent: RefCell::default(),
            seen: RefCell::default(),
            count: Cell::default(),
        }
    }

    /// An id as Teams makes them, of a message that is written now.
    fn id(&self) -> String {
        self.count.set(self.count.get() + 1);
        id_at(self.world.clock.now() + SignedDuration::from_millis(self.count.get()))
    }

    async fn writes(&self, id: &str, who: Who, conversation: &Value, text: &str) {
        let activity = self.world.message(id, user(who), conversation, text);
        let mention = if conversation["conversationType"] == "personal" { "" } else { "@Threadbridge " };
        let root = conversation["id"].as_str().unwrap();
        let is_top = conversation["conversationType"] == "channel" && !root.contains(";messageid=");
        let conversation = if is_top { format!("{root};messageid={id}") } else { root.to_owned() };
        self.hear(&conversation, spoken(who, &format!("{mention}{text}")));
        self.takes(&activity).await;
    }

    fn hear(&self, conversation: &str, text: String) {
        let (conversation, after) = (conversation.to_owned(), self.world.teams.posted().len());
        self.lines.borrow_mut().push(Line { conversation, after, text });
    }

    async fn takes(&self, activity: &Value) {
        self.sent.borrow_mut().push(activity.clone());
        assert_eq!(self.world.send(activity).await, (200, String::new()));
    }

    /// An invoke's answer is shown to whoever pressed where it is words; a card is what the press makes of it anyway.
    fn hear_answer(&self, who: Who, conversation: &str, body: &str) {
        let answer: Value = serde_json::from_str(body).unwrap();
        let value = &answer["value"];
        let Some(words) = value.as_str().or(value["message"].as_str()) else { return };
        self.hear(conversation, answered(words));
        self.answers.borrow_mut().push((who, answered(words)));
    }

    fn look(&self, posted: &Posted) {
        self.seen.borrow_mut().insert(identity(posted));
    }
}

fn identity(posted: &Posted) -> String {
    format!("{} {} {}", posted.conversation, posted.id, posted.updates)
}

/// What tells the answers to presses apart.
fn answer(number: usize) -> String {
    format!("answer {number}")
}

fn user(who: Who) -> &'static str {
    match who {
        Who::Jane => "jane",
        Who::Tom => "tom",
        Who::Nova => "nobody",
        Who::Gus => "gus",
        Who::Sara => "sara",
    }
}

/// A room, or a thread of it, as the activities of its members name it.
fn conversation(id: &str) -> Value {
    let kind = if id.starts_with("a:") { "personal" } else { "channel" };
    json!({ "id": id, "conversationType": kind, "tenantId": TENANT })
}

fn id_of(who: Who, room: Room) -> String {
    match room {
        Room::Lettings => "19:lettings@thread.tacv2".to_owned(),
        Room::Sales => "19:sales@thread.tacv2".to_owned(),
        Room::Partners => "19:partners@thread.tacv2".to_owned(),
        Room::Direct => format!("a:{}", user(who)),
    }
}

fn time(thread: usize, number: usize) -> Timestamp {
    let (thread, number) = (i64::try_from(thread).unwrap(), i64::try_from(number).unwrap());
    Timestamp::from_millisecond(1_795_348_800_000 + 1_000 * thread + number).unwrap()
}

#[async_trait(?Send)]
impl Chat for Teams {
    fn agent(&self) -> &DemoAgent {
        &self.world.agent
    }

    fn clock(&self) -> &TestClock {
        &self.world.clock
    }

    fn set(&mut self, name: &str, value: &str) {
        self.world.settings.retain(|(known, _)| known != name);
        self.world.settings.push((name.to_owned(), value.to_owned()));
    }

    async fn begins(&self, who: Who, room: Room, text: &str) -> Thread {
        let (id, room_id) = (self.id(), id_of(who, room));
        self.writes(&id, who, &conversation(&room_id), text).await;
        let root = if room == Room::Direct { String::new() } else { id };
        Thread { room: room_id, root }
    }

    async fn adds(&self, who: Who, thread: &Thread, text: &str) {
        self.writes(&self.id(), who, &conversation(&thread.id()), text).await;
    }

    fn letter(&self, thread: usize, number: usize, text: &str) -> Letter {
        let (id, place) = (id_at(time(thread, number)), self.thread_of(thread));
        let place = if number == 0 { place.room } else { place.id() };
        let message = self.world.message(&id, user(Who::Jane), &conversation(&place), text);
        let written = json!({ "timestamp": time(thread, number).to_string() });
        let first = with(message, &written);
        // After half a minute Teams delivers it under another id.
        let later = time(thread, number) + SignedDuration::from_secs(30);
        let again = with(first.clone(), &json!({ "id": id_at(later), "timestamp": later.to_string() }));
        Letter(if number == 0 { vec![first] } else { vec![first, again] })
    }

    async fn tries(&self, letter: &Letter) -> Vec<u16> {
        let mut acks = Vec::new();
        for activity in &letter.0 {
            acks.push(self.world.send(activity).await.0);
        }
        acks
    }

    async fn delivers_all_again(&self) {
        let sent: Vec<Value> = self.sent.borrow().clone();
        for activity in sent.iter().rev() {
            assert_eq!(self.world.send(activity).await.0, 200);
        }
    }

    fn thread_of(&self, thread: usize) -> Thread {
        Thread { room: id_of(Who::Jane, Room::Lettings), root: id_at(time(thread, 0)) }
    }

    async fn begins_to_press(&self, who: Who, said: &Said, title: &str) {
        let Said::Teams(on) = said else { unreachable!("this is teams") };
        let thumb = ["👍", "👎"].iter().position(|thumb| *thumb == title);
        let (name, value) = if let Some(thumb) = thumb {
            assert!(!on.activity["channelData"]["feedbackLoop"].is_null(), "there are no thumbs");
            let reaction = ["like", "dislike"][thumb];
            let rating = json!({ "reaction": reaction, "feedback": "{}" });
            ("message/submitAction", json!({ "actionName": "feedback", "actionValue": rating }))
        } else {
            let action = action(on, title);
            let action = json!({ "type": "Action.Execute", "id": action["id"], "verb": action["verb"],
                "data": action["data"] });
            ("adaptiveCard/action", json!({ "action": action, "trigger": "manual" }))
        };
        let pressed = json!({ "type": "invoke", "name": name, "replyToId": on.id, "value": value });
        let place = conversation(&on.conversation);
        let activity = with(self.world.activity(&self.id(), user(who), &place), &pressed);
        self.sent.borrow_mut().push(activity.clone());
        let (status, body) = self.world.send(&activity).await;
        assert_eq!(status, 200, "{body}");
        if thumb.is_some() {
            assert_eq!(body, "{}", "anything else is an error to Teams");
        } else {
            self.hear_answer(who, &on.conversation, &body);
        }
    }

    fn thread(&self, thread: &Thread) -> String {
        self.shown(thread);
        transcript(&thread.id(), &self.lines.borrow(), &self.world.teams.posted())
    }

    fn shown(&self, thread: &Thread) -> String {
        let posted = self.world.teams.posted();
        let is_here = |posted: &&Posted| posted.conversation == thread.id() && posted.only_for.is_none();
        let here = posted.iter().filter(is_here).inspect(|posted| self.look(posted));
        here.map(render).collect::<Vec<_>>().join("\n")
    }

    fn said(&self, thread: &Thread) -> Vec<Said> {
        let posted = self.world.teams.posted().into_iter();
        let is_here = |posted: &Posted| posted.conversation == thread.id() && posted.only_for.is_none();
        posted.filter(is_here).map(Said::Teams).collect()
    }

    fn whispers(&self, who: Who) -> String {
        let posted = self.world.teams.posted();
        let reader = format!("29:{}", user(who));
        let theirs = posted.iter().filter(|posted| posted.only_for.as_ref() == Some(&reader));
        let told = theirs.inspect(|posted| self.look(posted)).map(render);
        let answers = self.answers.borrow();
        let theirs = answers.iter().enumerate().filter(|(_, (reader, _))| *reader == who);
        let answered = theirs.map(|(number, (_, words))| {
            self.seen.borrow_mut().insert(answer(number));
            words.clone()
        });
        told.chain(answered).collect::<Vec<_>>().join("\n")
    }

    fn last_whisper(&self, who: Who) -> Said {
        let reader = format!("29:{}", user(who));
        let mut posted = self.world.teams.posted().into_iter();
        Said::Teams(posted.rfind(|posted| posted.only_for.as_ref() == Some(&reader)).unwrap())
    }

    fn see_all(&self) {
        self.world.teams.posted().iter().for_each(|posted| self.look(posted));
        self.seen.borrow_mut().extend((0..self.answers.borrow().len()).map(answer));
    }

    async fn shows_work(&self, thread: &Thread) -> String {
        self.world.teams.until(|_| self.still_works(thread)).await;
        let typing = self.world.teams.typing().into_iter();
        let mut shown = typing.filter(|(conversation, _)| *conversation == thread.id());
        let (_, shown) = shown.next_back().unwrap();
        shown["text"].as_str().unwrap_or("typing").to_owned()
    }

    fn still_works(&self, thread: &Thread) -> bool {
        let id = thread.id();
        // Typing ends by itself, at the latest with the next message.
        self.world.teams.typing().iter().any(|(conversation, _)| *conversation == id)
            && self.said(thread).is_empty()
    }

    async fn idle(&self) {
        self.world.idle().await;
    }

    fn terminate(&self) {
        self.world.terminate();
    }

    async fn stopped(&mut self) {
        self.world.stopped().await;
    }

    async fn start(&mut self) {
        self.world.start().await;
    }

    async fn finish(self: Box<Self>) {
        let Self { world, seen, answers, .. } = *self;
        world.idle().await;
        let posted = world.teams.posted();
        let said = posted.iter().map(|posted| (identity(posted), render(posted)));
        let answers = answers.into_inner().into_iter().enumerate();
        let said = said.chain(answers.map(|(number, (_, words))| (answer(number), words)));
        let seen = seen.into_inner();
        let unread: Vec<String> =
            said.filter(|(identity, _)| !seen.contains(identity)).map(|(_, said)| said).collect();
        assert_eq!(unread, [""; 0], "the test never looked at this");
        world.finish().await;
    }
}

impl Thread {
    /// As Teams names the conversation.
    fn id(&self) -> String {
        if self.root.is_empty() {
            self.room.clone()
        } else {
            format!("{};messageid={}", self.room, self.root)
        }
    }
}
