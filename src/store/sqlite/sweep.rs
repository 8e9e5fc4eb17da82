//! Forgetting: what has ended goes, and beyond a table's limit what would end first. In small steps, because everybody
//! else waits for each.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};
use tracing::error;

use super::database::Database;
use super::inbox;
use crate::store::{Settings, StoreError};

/// How often it is done.
const EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How many rows a step removes of a table.
const STEP: u32 = 500;
/// How many steps are done at most before others have their turn; the rest is for the next time.
const MOST_STEPS: usize = 400;
/// How many people can be blocked at once; far more than any agent has users.
const MAX_BLOCKS: usize = 100_000;

/// How many names can be claimed at once, and how many counts there can be: those of 5,000 busy workspaces.
const MAX_NAMES: usize = 1_000_000;
const MAX_COUNTS: usize = 1_000_000;

/// Removes what has ended, now and then.
pub(super) struct Sweep {
    limits: [(Table, u32); 8],
    /// The numbers of jobs that wait for another version, which can read them, and how long they do.
    unread: Vec<i64>,
    patience: SignedDuration,
    done_at: Mutex<Option<Timestamp>>,
}

/// A table whose rows end.
#[derive(Clone, Copy)]
enum Table {
    Seen,
    Sessions,
    Turns,
    Blocks,
    Claims,
    Tickets,
    Answers,
    Counts,
}

impl Sweep {
    /// What nobody has read, of the jobs with the numbers `unread`, goes when its delivery is forgotten.
    pub(super) fn new(settings: &Settings, unread: Vec<i64>) -> Self {
        let limits = [
            (Table::Seen, settings.max_claims),
            (Table::Sessions, settings.max_sessions),
            (Table::Turns, settings.max_sessions),
            (Table::Blocks, MAX_BLOCKS),
            (Table::Claims, MAX_NAMES),
            (Table::Tickets, settings.max_sessions),
            (Table::Answers, settings.max_sessions),
            (Table::Counts, MAX_COUNTS),
        ];
        Self {
            limits: limits.map(|(table, most)| (table, u32::try_from(most).unwrap_or(u32::MAX))),
            unread,
            patience: SignedDuration::from_hours(settings.dedupe_hours.into()),
            done_at: Mutex::default(),
        }
    }

    /// Removes what has ended, if it is time for that.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub(super) async fn run(&self, database: &Database, now: Timestamp) -> Result<(), StoreError> {
        // A clock that was turned back must not keep anything for longer.
        let is_early = |done: Timestamp| done <= now && now < done + EVERY;
        if self.done_at.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(is_early) {
            return Ok(());
        }
        self.forget_unread(database, now).await?;
        for (table, most) in self.limits {
            let mut steps = 0;
            while database.ask(move |database| table.step(database, most, now)).await? == STEP {
                steps += 1;
                if steps == MOST_STEPS {
                    return Ok(());
                }
            }
        }
        *self.done_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(())
    }
}

impl Sweep {
    async fn forget_unread(&self, database: &Database, now: Timestamp) -> Result<(), StoreError> {
        let Ok(last) = now.checked_sub(self.patience) else { return Ok(()) };
        if self.unread.is_empty() {
            return Ok(());
        }
        let numbers = self.unread.clone();
        let dropped = database.ask(move |database| inbox::forget(database, &numbers, last)).await?;
        if 0 < dropped {
            error!(
                dropped,
                "accepted messages could not be read by any version for too long; they are dropped"
            );
        }
        Ok(())
    }
}

impl Table {
    /// Removes a few rows; returns how many. Fewer than [`STEP`] means that no more are to go.
    fn step(self, database: &Connection, most: u32, now: Timestamp) -> rusqlite::Result<u32> {
        let (table, key) = self.name_and_key();
        let ended = format!(
            "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE ends <= ? ORDER BY ends LIMIT ?)"
        );
        let ended = database.prepare_cached(&ended)?.execute(params![now.as_microsecond(), STEP])?;
        if ended == STEP as usize {
            return Ok(STEP);
        }
        let count = format!("SELECT count(*) FROM {table}");
        let there: u32 = database.prepare_cached(&count)?.query_row([], |row| row.get(0))?;
        let surplus = there.saturating_sub(most).min(STEP);
        if 0 < surplus {
            let first = format!(
                "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} ORDER BY ends LIMIT ?)"
            );
            database.prepare_cached(&first)?.execute([surplus])?;
        }
        Ok(surplus)
    }

    fn name_and_key(self) -> (&'static str, &'static str) {
        match self {
            Self::Seen => ("seen", "key"),
            Self::Sessions => ("session", "thread"),
            Self::Turns => ("turn", "thread, question"),
            Self::Blocks => ("block", "person"),
            Self::Claims => ("claim", "name"),
            Self::Tickets => ("ticket", "person, ticket"),
            Self::Answers => ("answer", "thread, message"),
            Self::Counts => ("tally", "workspace, day, what"),
        }
    }
}
