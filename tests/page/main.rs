//! The demo's page: as a browser without a script gets it, and in a real browser.
#![cfg(feature = "demo")]

mod browser;
mod demo;
mod pictures;
mod plain;
mod walks;
