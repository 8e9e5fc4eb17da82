//! The bridge through its front door: a signed request in, what people see out.

#[path = "../support/file.rs"]
mod file;
mod shared;
mod wire;
mod world;

mod agent_down;
mod answers;
mod directory;
mod limits;
mod people;
mod acks;
mod answers;
mod cut_short;
mod dedupe;
mod edge;
mod follow_ups;
mod order;
mod panics;
mod payloads;
mod reading;
mod receiving;
mod signatures;
mod stopping;
mod tenants;
