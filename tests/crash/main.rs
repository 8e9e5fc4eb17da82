//! Real processes of the real bridge between a simulated Slack and a strict agent, killed at any moment and started
//! again: what is lost then, what happens twice, and what is said wrongly.
//!
//! Small by default. `THREADBRIDGE_CRASH=full` makes it large, `THREADBRIDGE_CRASH_SEED` makes it another one; see
//! docs/measuring.md.

mod dice;
#[path = "../support/directory.rs"]
mod directory;
mod door;
mod ends;
mod life;
mod outage;
mod process;
mod prompt;
mod questions;
#[path = "../support/redis.rs"]
mod redis;
mod replicas;
mod scale;
mod stopping;
mod store;
mod tally;
mod tickets;
mod world;
