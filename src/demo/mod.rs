//! The bridge without Slack and without a CRM: an embedded agent and a simulated workspace, on loopback.
//!
//! The same two are the strict fakes of the tests.

pub mod agent;
pub mod workspace;
