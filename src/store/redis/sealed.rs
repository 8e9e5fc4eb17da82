//! What is sealed, and for which place.

use jiff::Timestamp;

use crate::chat::{Inbound, Job, JobId, Outgoing, Session, ThreadKey};
use crate::seal::Seal;
use crate::store::kept::{self, Unreadable, both};

/// What the check value is sealed for, and what it says.
const CHECK_CONTEXT: &str = "store/check";
const CHECK: &[u8] = b"threadbridge";

/// A job as Redis gives it to a worker: its id, how often it was begun before, and sealed, what was accepted and what
/// is to be posted.
pub(super) type Begun = (String, u32, Vec<u8>, Option<Vec<u8>>);

/// What opens only with one of the keys; sealed with the newest.
pub(super) fn check(seal: &Seal) -> Vec<u8> {
    seal.seal_bytes(CHECK, CHECK_CONTEXT)
}

/// Whether one of the keys opens a check value.
pub(super) fn is_ours(check: &[u8], seal: &Seal) -> bool {
    seal.open_bytes(check, CHECK_CONTEXT).as_deref() == Some(CHECK)
}

/// The end of a job's id, which alone makes it unique and says when it was accepted. Redis puts before it the job's
/// number and kind, and a dash.
pub(super) fn tail_of(accepted_at: Timestamp, owner: &str, number: u64) -> String {
    format!("{:x}-{owner}-{number}", accepted_at.as_microsecond())
}

/// When a job was accepted.
pub(super) fn accepted_at(job: &str) -> Option<Timestamp> {
    let micros = u64::from_str_radix(job.split('-').nth(1)?, 16).ok()?;
    Timestamp::from_microsecond(micros.cast_signed()).ok()
}

/// Seals what was accepted, for a job whose id ends with `tail`.
pub(super) fn seal_inbound(inbound: &Inbound, tail: &str, seal: &Seal) -> Vec<u8> {
    kept::seal(inbound, &inbox_context(tail), seal)
}

/// Seals what is about to be posted.
pub(super) fn seal_outgoing(outgoing: &Outgoing, job: &JobId, seal: &Seal) -> Vec<u8> {
    kept::seal(outgoing, &outgoing_context(job.as_str()), seal)
}

/// Seals a session.
pub(super) fn seal_session(session: &Session, thread: &ThreadKey, seal: &Seal) -> Vec<u8> {
    kept::seal(session, &session_context(&thread.to_string()), seal)
}

/// Opens a thread's session.
pub(super) fn open_session(sealed: &[u8], thread: &str, seal: &Seal) -> Option<Session> {
    kept::open(sealed, &session_context(thread), seal).ok()
}

/// Opens what was accepted.
pub(super) fn open_inbound(sealed: &[u8], job: &str, seal: &Seal) -> Result<Inbound, Unreadable> {
    let (_, tail) = job.split_once('-').ok_or(Unreadable::Damaged)?;
    kept::open(sealed, &inbox_context(tail), seal)
}

/// Opens what is about to be posted.
pub(super) fn open_outgoing(sealed: &[u8], job: &str, seal: &Seal) -> Result<Outgoing, Unreadable> {
    kept::open(sealed, &outgoing_context(job), seal)
}

/// Opens a job with everything that is kept of it.
pub(super) fn open_job((id, attempts, inbound, outgoing): &Begun, seal: &Seal) -> Result<Job, Unreadable> {
    let accepted_at = accepted_at(id).ok_or(Unreadable::Damaged)?;
    let inbound = open_inbound(inbound, id, seal);
    let outgoing = outgoing.as_ref().map(|sealed| open_outgoing(sealed, id, seal)).transpose();
    let (inbound, outgoing) = both(inbound, outgoing)?;
    Ok(Job { id: id.as_str().into(), inbound, accepted_at, attempts: *attempts, outgoing })
}

fn inbox_context(tail: &str) -> String {
    format!("store/inbox/{tail}")
}

fn outgoing_context(job: &str) -> String {
    format!("store/outgoing/{job}")
}

fn session_context(thread: &str) -> String {
    format!("store/session/{thread}")
}
