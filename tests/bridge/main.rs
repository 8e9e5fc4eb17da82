//! The bridge through its front door: a signed request in, what people see out.

#[path = "../support/file.rs"]
mod file;
mod shared;
#[path = "../support"]
mod support {
    pub mod directory;
    pub mod redis;
}
mod welcome;
mod wire;
mod world;

mod acks;
mod agent_down;
mod answers;
mod catalogue;
mod cut_off;
mod cut_short;
mod dedupe;
mod delivery;
mod directory;
mod edge;
mod endless;
mod explain;
mod follow_ups;
mod given_up;
mod home;
mod hostile;
mod limits;
mod long;
mod order;
mod panics;
mod payloads;
mod people;
mod picked_up;
mod rating;
mod read_back;
mod reading;
mod receiving;
mod restart;
mod rules;
mod resumed;
mod sessions;
mod signatures;
mod stopping;
mod tenants;
mod ticket;
mod working;
