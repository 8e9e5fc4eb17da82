//! How tickets ended: held against what the agent really has.

use std::collections::HashMap;
use std::fmt;

use crate::prompt::{Prompt, confirmed};
use crate::tally::mark;
use crate::tickets::Case;
use crate::world::World;

/// How tickets ended, and what their people had to do.
#[derive(Debug, Default)]
pub struct Ends {
    tickets: usize,
    /// Tickets of a question beyond one for each decision of its person.
    doubled: usize,
    /// Tickets that came into being after their person had looked for them in vain and decided again.
    late: usize,
    /// Confirmations, in the thread or private, of a ticket that the agent does not have for that question.
    false_confirmations: usize,
    /// Questions of which nobody knows the end.
    unanswered: usize,
    /// Presses after which nothing happened, and nobody asked for another.
    unasked: usize,
    /// Confirmations that should also have been told privately, and were not.
    untold: usize,
    unknown_first: usize,
    created_again: usize,
    pressed_again: usize,
    created: usize,
    left: usize,
    rejected: usize,
    declined: usize,
}

impl Ends {
    /// Looks at all of them.
    pub fn of(world: &World, cases: &[Case]) -> Self {
        let mut of_question = HashMap::<usize, Vec<String>>::new();
        for ticket in world.agent.tickets() {
            let (number, _) = mark(&ticket.history[0].content).expect("a ticket is of a question");
            of_question.entry(number).or_default().push(ticket.id);
        }
        let mut ends = Self { tickets: cases.len(), ..Self::default() };
        for case in cases {
            let ids = of_question.remove(&case.number).unwrap_or_default();
            let beyond_one = ids.len().saturating_sub(1);
            ends.late += beyond_one.min(case.created_again);
            ends.doubled += beyond_one.saturating_sub(case.created_again);
            let exists = |id: &String| ids.contains(id);
            ends.add(
                case,
                Prompt::of(world, case.channel(), &case.root).0,
                &world.door.words(&case.root),
                exists,
            );
        }
        ends
    }

    fn add(&mut self, case: &Case, prompt: Prompt, words: &[String], exists: impl Fn(&String) -> bool) {
        let told: Vec<String> = words.iter().filter_map(|word| confirmed(word)).collect();
        self.false_confirmations += told.iter().filter(|id| !exists(id)).count();
        match prompt {
            Prompt::Created(id) => {
                self.created += 1;
                self.false_confirmations += usize::from(!exists(&id));
                self.untold += usize::from(case.is_shared() && !told.contains(&id));
            }
            Prompt::Left => self.left += 1,
            Prompt::Rejected => self.rejected += 1,
            Prompt::Declined => self.declined += 1,
            _ => self.unanswered += 1,
        }
        self.unknown_first += usize::from(case.was_unknown);
        self.created_again += case.created_again;
        self.pressed_again += case.pressed_again;
        self.unasked += case.unasked;
    }

    /// Fails the test if there is a ticket too many, or one that is only said to exist.
    pub fn hold_to_the_agent(&self) {
        assert_eq!([self.doubled, self.false_confirmations], [0; 2], "{self}");
    }

    /// Fails the test if a promise is broken.
    pub fn hold(&self) {
        let broken =
            [self.doubled, self.late, self.false_confirmations, self.unanswered, self.unasked, self.untold];
        assert_eq!(broken, [0; 6], "{self}");
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            ("tickets", self.tickets),
            ("doubled", self.doubled),
            ("late", self.late),
            ("false_confirmations", self.false_confirmations),
            ("unanswered", self.unanswered),
            ("unasked", self.unasked),
            ("untold", self.untold),
            ("unknown_first", self.unknown_first),
            ("created_again", self.created_again),
            ("pressed_again", self.pressed_again),
            ("created", self.created),
            ("left", self.left),
            ("rejected", self.rejected),
            ("declined", self.declined),
        ];
        let counts = counts.map(|(name, count)| format!("{name}={count}"));
        f.write_str(&counts.join(" "))
    }
}

/// Whether the agent's text belongs to a question.
pub fn is_for(number: usize, text: &str) -> bool {
    mark(text) == Some((number, 0))
}
