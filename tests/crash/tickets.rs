//! Tickets while the bridges are killed over every kind of call: never a second one for a question that has one, never
//! one that is only said to exist, and nobody is left without an answer.

use std::collections::HashMap;

use futures_util::future::join_all;
use rstest::rstest;
use threadbridge::demo::agent::{Answer, Ask, Scripted};
use threadbridge::demo::workspace::Message;

use crate::dice::Dice;
use crate::door::Trap;
use crate::prompt::{Prompt, asks_to_press, confirmed};
use crate::scale::{seed, size};
use crate::store::Kind;
use crate::tally::{asked_again, mark, question};
use crate::world::{Plan, World};

/// Where people ask: in the second, people of another organisation read along, so an e-mail address is told privately.
const CHANNELS: [&str; 2] = ["C0LETTINGS", "C0PARTNERS"];
/// How many tickets are wanted at the same time.
const AT_ONCE: usize = 20;
/// How often each button is pressed at once.
const CLICKS: usize = 4;

/// One ticket, from its question on, and what its person had to do.
#[derive(Default)]
struct Case {
    number: usize,
    root: String,
    /// Whether the bridge has the last press.
    heard: bool,
    /// How many private words there were before the last press.
    words: usize,
    wanted: bool,
    was_unknown: bool,
    created_again: usize,
    /// Presses because the bridge, or a press that was not acknowledged, asked for one.
    pressed_again: usize,
    /// Presses although nobody had asked for one: the first was lost silently.
    unasked: usize,
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
    world.door.set(Some(over_every_call()));
    let (tickets, mut cases) = (size(40, 10_000), Vec::new());
    while cases.len() < tickets {
        let numbers = cases.len()..tickets.min(cases.len() + AT_ONCE);
        let mut some: Vec<Case> = join_all(numbers.map(|number| Case::ask(&world, number))).await;
        // Whatever is pressed, the bridges finish it, and only then people look again.
        while !some.iter().all(|case| case.is_over(&world)) {
            world.until_finished().await;
            join_all(some.iter_mut().map(|case| case.go_on(&world))).await;
        }
        cases.append(&mut some);
    }
    world.door.set(None);
    world.stop().await;
    report(&world, kind, bridges, &cases);
}

fn unsure(ask: &Ask) -> Scripted {
    Scripted::Answer(Answer::unsure(format!("Answer to {}", ask.message)))
}

/// Kills over any call, and more often over those that matter most.
fn over_every_call() -> Trap {
    let dice = Dice::new(seed(), "over every call");
    Box::new(move |knock| {
        let matters = knock.step.starts_with("chat.update") || knock.step.ends_with("the ticket");
        dice.permille(if matters || knock.step == "record the failure" { size(14, 6) } else { size(3, 1) })
    })
}

impl Case {
    async fn ask(world: &World, number: usize) -> Self {
        let text = format!("@bot {}", question((number, 0)));
        let root = world.slack.say("jane", CHANNELS[number % 2], &text).await.ts;
        Self { number, root, heard: true, ..Self::default() }
    }

    fn channel(&self) -> &'static str {
        CHANNELS[self.number % 2]
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

/// Whether the agent's text belongs to a question.
fn is_for(number: usize, text: &str) -> bool {
    mark(text) == Some((number, 0))
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn report(world: &World, kind: Kind, bridges: usize, cases: &[Case]) {
    let mut of_question = HashMap::<usize, Vec<String>>::new();
    for ticket in world.agent.tickets() {
        let (number, _) = mark(&ticket.history[0].content).unwrap();
        of_question.entry(number).or_default().push(ticket.id);
    }
    let has = |case: &Case, id: &String| of_question.get(&case.number).is_some_and(|ids| ids.contains(id));
    let (mut ends, mut false_confirmations, mut unanswered, mut untold) = ([0; 4], 0, 0, 0);
    for case in cases {
        let prompt = Prompt::of(world, case.channel(), &case.root).0;
        let told: Vec<String> =
            world.door.words(&case.root).iter().filter_map(|word| confirmed(word)).collect();
        false_confirmations += told.iter().filter(|id| !has(case, id)).count();
        match prompt {
            Prompt::Created(id) => {
                ends[0] += 1;
                false_confirmations += usize::from(!has(case, &id));
                // Where others read along, the e-mail address is told privately.
                untold += usize::from(case.channel() == CHANNELS[1] && !told.contains(&id));
            }
            Prompt::Left => ends[1] += 1,
            Prompt::Rejected => ends[2] += 1,
            Prompt::Declined => ends[3] += 1,
            _ => unanswered += 1,
        }
    }
    let [created, left, rejected, declined] = ends;
    let doubled: usize = of_question.values().map(|ids| ids.len() - 1).sum();
    let sum = |of: fn(&Case) -> usize| cases.iter().map(of).sum::<usize>();
    let (killed, unasked) = (world.door.killed(), sum(|case| case.unasked));
    println!(
        "crash: tickets {} seed={} tickets={} bridges={bridges} kills={} doubled={doubled} \
         false_confirmations={false_confirmations} unanswered={unanswered} unasked={unasked} untold={untold} \
         unknown_first={} created_again={} pressed_again={} asked_again={} created={created} left={left} \
         rejected={rejected} declined={declined}",
        kind.name(),
        seed(),
        cases.len(),
        killed.values().sum::<usize>(),
        sum(|case| usize::from(case.was_unknown)),
        sum(|case| case.created_again),
        sum(|case| case.pressed_again),
        asked_again(world),
    );
    for ((step, moment), times) in &killed {
        println!("crash: tickets {} killed {times} times over {step}, {moment}", kind.name());
    }
    assert_eq!((world.panics(), world.unfinished()), (0, 0));
    assert_eq!((doubled, false_confirmations, unanswered, unasked, untold), (0, 0, 0, 0, 0));
    assert!(size(3, 300) <= killed.values().sum());
}
