//! The vocabulary that every other module speaks: ids, people, questions, turns, replies. No I/O.

mod id;
mod inbound;
mod job;
mod private;
mod reply;
mod session;
mod turn;
mod user;
pub mod wording;

pub use id::*;
pub use inbound::*;
pub use job::*;
pub use private::Private;
pub use reply::*;
pub use session::*;
pub use turn::*;
pub use user::*;
