//! Tickets while the bridges are killed over every kind of call: never a second one for a question that has one, never
//! one that is only said to exist, and nobody is left without an answer.

use futures_util::future::join_all;
use rstest::rstest;
use threadbridge::demo::agent::{Answer, Ask, Scripted};
use threadbridge::demo::workspace::Message;

use crate::dice::Dice;
use crate::door::{Fate, Trap};
use crate::ends::{Ends, is_for};
use crate::prompt::{Prompt, asks_to_press};
use crate::scale::{seed, size};
use crate::store::Kind;
use crate::tally::{asked_again, question};
use crate::world::{Plan, World};

/// Where people ask: in the second, people of another organisation read along, so an e-mail address is told privately.
const CHANNELS: [&str; 2] = ["C0LETTINGS", "C0PARTNERS"];
/// How many tickets are wanted at the same time.
const AT_ONCE: usize = 20;
/// How often each button is pressed at once.
const CLICKS: usize = 4;

/// One ticket, from its question on, and what its person had to do.
#[derive(Default)]
pub struct Case {
    pub number: usize,
    pub root: String,
    /// Whether the bridge has the last press.
    heard: bool,
    /// How many private words there were before the last press.
    words: usize,
    wanted: bool,
    pub was_unknown: bool,
    pub created_again: usize,
    /// Presses because the bridge, or a press that was not acknowledged, asked for one.
    pub pressed_again: usize,
    /// Presses although nobody had asked for one: the first was lost silently.
    pub unasked: usize,
    /// Whether it stayed at "Creating…" with nobody at work on it.
    stuck: bool,
}

#[rstest]
#[case::of_sqlite(Kind::Sqlite, 1)]
#[case::of_redis(Kind::Redis, 2)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_survive_crashes(#[case] kind: Kind, #[case] bridges: usize) {
    let plan = Plan { name: "tickets", kind, bridges, thinking: 10, settings: &[] };
    let Some(world) = World::begin(&plan, unsure).await else { return };
    world.door.set(Some(over_every_call(Fate::Dies)));
    let cases = want(&world, size(40, 10_000)).await;
    let (ends, killed) = (Ends::of(&world, &cases), world.door.struck());
    println!(
        "crash: tickets {} seed={} bridges={bridges} kills={} {ends} asked_again={}",
        kind.name(),
        seed(),
        killed.values().sum::<usize>(),
        asked_again(&world)
    );
    for ((step, moment), times) in &killed {
        println!("crash: tickets {} killed {times} times over {step}, {moment}", kind.name());
    }
    assert_eq!((world.panics(), world.unfinished()), (0, 0));
    ends.hold();
    assert!(size(1, 300) <= killed.values().sum());
}

/// Who is frozen for longer than its lease is taken for dead, and does not know it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_survive_bridges_that_freeze() {
    let plan = Plan { name: "freezing", kind: Kind::Redis, bridges: 2, thinking: 10, settings: &[] };
    let Some(world) = World::begin(&plan, unsure).await else { return };
    world.door.set(Some(over_every_call(Fate::Freezes)));
    let cases = want(&world, size(40, 2_000)).await;
    let (ends, frozen) = (Ends::of(&world, &cases), world.door.struck());
    println!(
        "crash: freezing redis seed={} bridges=2 freezes={} {ends} asked_again={}",
        seed(),
        frozen.values().sum::<usize>(),
        asked_again(&world)
    );
    for ((step, moment), times) in &frozen {
        println!("crash: freezing redis froze {times} times over {step}, {moment}");
    }
    assert_eq!((world.panics(), world.unfinished()), (0, 0));
    // Whoever wakes up may still put an older state over a newer one, which a press shows again, and may still send the
    // request over which it was frozen, which its person may have decided upon again meanwhile: these are only counted.
    ends.hold_to_the_agent();
    assert!(size(1, 100) <= frozen.values().sum());
}

/// Lets people want so many tickets, some at a time, until it is known what became of each; then stops the bridges.
async fn want(world: &World, tickets: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    while cases.len() < tickets {
        let numbers = cases.len()..tickets.min(cases.len() + AT_ONCE);
        let mut some: Vec<Case> = join_all(numbers.map(|number| Case::ask(world, number))).await;
        // Whatever is pressed, the bridges finish it, and only then people look again.
        while !some.iter().all(|case| case.is_over(world)) {
            world.until_finished().await;
            join_all(some.iter_mut().map(|case| case.go_on(world))).await;
        }
        cases.append(&mut some);
    }
    world.door.set(None);
    world.stop().await;
    cases
}

fn unsure(ask: &Ask) -> Scripted {
    Scripted::Answer(Answer::unsure(format!("Answer to {}", ask.message)))
}

/// Strikes over any call, and more often over those that matter most.
fn over_every_call(fate: Fate) -> Trap {
    let dice = Dice::new(seed(), "over every call");
    Box::new(move |knock| {
        let times = match knock.step {
            "create the ticket" => size(40, 20),
            "record the failure" | "chat.update" | "chat.update, creating" => size(10, 5),
            _ => size(3, 1),
        };
        let struck = dice.permille(times);
        if struck { fate } else { Fate::Lives }
    })
}

impl Case {
    async fn ask(world: &World, number: usize) -> Self {
        let text = format!("@bot {}", question((number, 0)));
        let root = world.slack.say("jane", CHANNELS[number % 2], &text).await.ts;
        Self { number, root, heard: true, ..Self::default() }
    }

    /// Where it is wanted.
    pub fn channel(&self) -> &'static str {
        CHANNELS[self.number % 2]
    }

    /// Whether others read along, so that an e-mail address is told privately.
    pub fn is_shared(&self) -> bool {
        self.channel() == CHANNELS[1]
    }

    fn is_over(&self, world: &World) -> bool {
        self.stuck || Prompt::of(world, self.channel(), &self.root).0.is_final()
    }

    /// Looks at the thread, on which nobody is at work, and presses what is to be pressed.
    async fn go_on(&mut self, world: &World) {
        let (prompt, message) = Prompt::of(world, self.channel(), &self.root);
        let words = world.door.words(&self.root);
        let asked = !self.heard || words[self.words..].iter().any(|word| asks_to_press(word));
        self.words = words.len();
        let Some(message) = message else { return self.stuck = true };
        match prompt {
            Prompt::GivenUp => self.press(world, &message, "Ask again", 1).await,
            Prompt::Offered if !self.wanted => {
                self.wanted = true;
                self.press(world, &message, "Yes, Create Ticket", CLICKS).await;
            }
            Prompt::Unknown => {
                self.was_unknown = true;
                let has_one =
                    world.agent.has_ticket(|ticket| is_for(self.number, &ticket.history[0].content));
                if has_one || world.dice.permille(500) {
                    self.press(world, &message, "Leave it", CLICKS).await;
                } else {
                    self.created_again += 1;
                    self.press(world, &message, "Create again", CLICKS).await;
                }
            }
            Prompt::Offered | Prompt::Creating => {
                let label =
                    if prompt == Prompt::Offered { "Yes, Create Ticket" } else { "Still nothing? Check" };
                *(if asked { &mut self.pressed_again } else { &mut self.unasked }) += 1;
                self.press(world, &message, label, CLICKS).await;
            }
            Prompt::Nothing => self.stuck = true,
            Prompt::Created(_) | Prompt::Rejected | Prompt::Declined | Prompt::Left => {}
        }
    }

    /// Presses a button as it is now so many times, each at any bridge.
    async fn press(&mut self, world: &World, message: &Message, label: &str, times: usize) {
        let clicks = join_all((0..times).map(|_| world.slack.press_copy("jane", message, label))).await;
        self.heard = clicks.iter().any(|ack| ack.status == 200);
    }
}
