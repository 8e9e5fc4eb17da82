//! Installing the app, by the front door: a browser, Slack's page, and the bridge; and then people ask.

#[path = "../bridge/world/clock.rs"]
mod clock;
#[path = "../support/directory.rs"]
mod directory;
#[path = "../leaks/log.rs"]
mod log;
#[path = "../support/redis.rs"]
mod redis;

mod apart;
mod attacks;
mod browser;
mod installing;
mod pages;
mod removing;
mod rotating;
mod secrets;
mod sharing;
mod world;
