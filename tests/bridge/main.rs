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
mod dedupe;
mod edge;
mod order;
mod payloads;
mod reading;
mod receiving;
mod signatures;
mod tenants;
