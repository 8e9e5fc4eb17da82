//! Order inside a thread, parallel across threads: nothing out of order, nothing twice, nothing lost.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use threadbridge::demo::agent::{Answer, Ask, Endpoint, Scripted};

use crate::wire::{EVENTS, JSON, asked, envelope, mention, message, signed, with};
use crate::world::{World, confident};

const THREADS: usize = 50;
const MESSAGES: usize = 100;
/// One that the agent is busy with, and as many as may wait.
const BATCH: usize = 9;
/// Deliveries that are under way at the same time.
const PARALLEL: usize = 16;

/// A small random generator (xorshift64*): the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let roll = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(roll).unwrap() % limit
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

fn ts(thread: usize, number: usize) -> String {
    format!("{}.{number:06}", 1_795_348_800 + thread)
}

/// Both deliveries of a message: a mention comes as two events, a reply without one is delivered again.
fn deliveries(thread: usize, number: usize) -> [Value; 2] {
    let (ts, root) = (ts(thread, number), ts(thread, 0));
    let text = format!("Question {number}?");
    let place = if number == 0 { json!({}) } else { json!({"thread_ts": root}) };
    if number.is_multiple_of(3) {
        let written = format!("<@U0BRIDGE> {text}");
        let pair = [mention(&ts, &text), message(&ts, &written)];
        let mut kind = ["mention", "message"].into_iter();
        return pair.map(|event| {
            let id = format!("Ev-{thread}-{number}-{}", kind.next().unwrap());
            envelope(&id, with(event, place.clone()))
        });
    }
    let reply = envelope(&format!("Ev-{thread}-{number}"), with(message(&ts, &text), place));
    [reply.clone(), reply]
}

async fn fire(world: &World, envelopes: Vec<Value>) {
    let acks = stream::iter(envelopes)
        .map(|envelope| async move {
            // The root must be there to be answered; nobody looks at the others.
            let is_root = envelope["event"].get("thread_ts").is_none();
            let body = envelope.to_string();
            if is_root {
                world.slack.send_envelope(&envelope).await
            } else {
                signed(world, EVENTS, JSON, body).await
            }
        })
        .buffer_unordered(PARALLEL)
        .collect::<Vec<_>>()
        .await;
    assert_eq!(acks.iter().find(|ack| ack.status != 200), None);
}

/// Lets the agent answer `count` more questions, a few at a time and never the same few.
async fn release(world: &World, dice: &mut Dice, answered: &mut usize, count: usize) {
    let until = *answered + count;
    while *answered < until {
        let some = (1 + dice.below(THREADS)).min(until - *answered);
        world.agent.faults().let_through(Endpoint::Chat, some);
        *answered += some;
        world.agent.faults().answered(Endpoint::Chat, *answered).await;
    }
}

/// What became of the messages of one thread.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    answers: usize,
    out_of_order: usize,
    twice: usize,
    lost: usize,
}

impl Count {
    fn add(&mut self, said: &[usize]) {
        let mut times = BTreeMap::<usize, usize>::new();
        for number in said {
            *times.entry(*number).or_default() += 1;
        }
        self.answers += said.len();
        self.out_of_order += said.windows(2).filter(|pair| pair[1] < pair[0]).count();
        self.twice += times.values().map(|times| times - 1).sum::<usize>();
        self.lost += (0..MESSAGES).filter(|number| !times.contains_key(number)).count();
    }
}

fn echo(ask: &Ask) -> Scripted {
    Scripted::Answer(Answer::confident(format!("Answer to {}", ask.message)))
}

/// The number in a `Question 7?` or an answer to it.
fn number(text: &str) -> usize {
    let after = text.split_once("Question ").unwrap().1;
    after.split_once('?').unwrap().0.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_threads_of_shuffled_and_doubled_deliveries_stay_in_order() {
    let settings = [
        ("THREADBRIDGE_SERVER__REQUEST_SECONDS", "60"),
        ("THREADBRIDGE_AGENT__ASK_DEADLINE_SECONDS", "140"),
        ("THREADBRIDGE_CONVERSATION__WORKING_AFTER_MILLISECONDS", "3600000"),
    ];
    let world = World::with(&settings, echo).await;
    world.slack.switch(|habits| habits.own_posts = false);
    world.agent.faults().hold(Endpoint::Chat);
    let mut dice = Dice(0x5EED);
    let (mut fired, mut answered) = (0, 0);
    for batch in (0..MESSAGES).step_by(BATCH) {
        let end = (batch + BATCH).min(MESSAGES);
        let mut threads: Vec<usize> = (0..THREADS).collect();
        dice.shuffle(&mut threads);
        // The earliest of each batch first, so that what follows has to wait for it.
        let mut first: Vec<Value> = threads.iter().flat_map(|thread| deliveries(*thread, batch)).collect();
        dice.shuffle(&mut first);
        let mut rest: Vec<Value> = threads
            .iter()
            .flat_map(|thread| (batch + 1..end).flat_map(|number| deliveries(*thread, number)))
            .collect();
        dice.shuffle(&mut rest);
        fired += first.len() + rest.len();
        fire(&world, first).await;
        world.agent.faults().waiting(Endpoint::Chat, THREADS).await;
        fire(&world, rest).await;
        release(&world, &mut dice, &mut answered, THREADS * (end - batch)).await;
        world.idle().await;
    }
    let mut shown = Count::default();
    for thread in 0..THREADS {
        let messages = world.slack.thread("C0LETTINGS", &ts(thread, 0));
        let answers = messages.iter().filter(|message| message.bot_id.is_some());
        shown.add(&answers.map(|answer| number(&answer.text)).collect::<Vec<_>>());
    }
    let mut sessions = BTreeMap::<String, Vec<usize>>::new();
    for call in world.agent.calls().iter().filter(|call| call.endpoint == Endpoint::Chat) {
        let session = call.body["session_id"].as_str().unwrap().to_owned();
        sessions.entry(session).or_default().push(number(call.body["message"].as_str().unwrap()));
    }
    let mut read = Count::default();
    sessions.values().for_each(|said| read.add(said));
    let Count { answers, out_of_order, twice, lost } = &shown;
    println!(
        "{THREADS} threads × {MESSAGES} messages, {fired} deliveries: {answers} answers, {out_of_order} out of order, \
         {twice} duplicates, {lost} lost"
    );
    let perfect = Count { answers: THREADS * MESSAGES, ..Count::default() };
    assert_eq!((shown, &read, sessions.len()), (perfect, &read, THREADS));
    assert_eq!((read.answers, read.out_of_order, read.twice, read.lost), (THREADS * MESSAGES, 0, 0, 0));
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_slow_thread_holds_up_no_other() {
    let world = World::with(&[("THREADBRIDGE_AGENT__ASK_DEADLINE_SECONDS", "140")], confident).await;
    world.agent.faults().hold(Endpoint::Chat);
    let slow = world.slack.say("U0JANE", "C0LETTINGS", "@bot Slow?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    let waiting = world.slack.reply("U0JANE", "C0LETTINGS", &slow.ts, "Behind it?").await;
    let others = ["One?", "Two?", "Three?"];
    for text in others {
        world.slack.say("U0TOM", "C0LETTINGS", &format!("@bot {text}")).await;
    }
    // All three reach the agent, and the one behind the slow one does not.
    world.agent.faults().waiting(Endpoint::Chat, 4).await;
    assert_eq!(waiting.acks, [200]);
    assert!(!asked(&world).contains(&"Behind it?".to_owned()));
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert_eq!(asked(&world).last().map(String::as_str), Some("Behind it?"));
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_press_does_not_overtake_the_question_before_it() {
    let world = World::new().await;
    let root = world.asks("Why?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.agent.faults().hold(Endpoint::Chat);
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "And then?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    world.slack.press("U0JANE", "C0LETTINGS", &answer.ts, "👍").await;
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    let endpoints: Vec<_> = world.agent.calls().into_iter().map(|call| call.endpoint).collect();
    let calls: Vec<_> = endpoints.into_iter().filter(|endpoint| *endpoint != Endpoint::Health).collect();
    assert_eq!(calls, [Endpoint::Chat, Endpoint::Chat, Endpoint::Feedback]);
    world.see_all();
    world.finish().await;
}
