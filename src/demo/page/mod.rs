//! The demo's page: the simulated workspace in the browser, on loopback only.
//!
//! The page is rendered here, whole, and works with links and forms alone. A small script keeps it fresh.

mod blocks;
mod buttons;
mod look;
mod markdown;
mod mrkdwn;
#[cfg(test)]
mod ours;
mod rich_text;
