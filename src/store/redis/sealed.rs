//! What is kept of people's words: JSON, sealed for the place where it is kept.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::chat::{Inbound, Job, JobId, Outgoing, Session, ThreadKey};
use crate::seal::Seal;

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
    seal.seal_bytes(&to_json(inbound), &inbox_context(tail))
}

/// Seals what is about to be posted.
pub(super) fn seal_outgoing(outgoing: &Outgoing, job: &JobId, seal: &Seal) -> Vec<u8> {
    seal.seal_bytes(&to_json(outgoing), &outgoing_context(job.as_str()))
}

/// Seals a session.
pub(super) fn seal_session(session: &Session, thread: &ThreadKey, seal: &Seal) -> Vec<u8> {
    seal.seal_bytes(&to_json(session), &session_context(&thread.to_string()))
}

/// Opens a thread's session.
pub(super) fn open_session(sealed: &[u8], thread: &str, seal: &Seal) -> Option<Session> {
    open(sealed, &session_context(thread), seal)
}

/// Opens what was accepted.
pub(super) fn open_inbound(sealed: &[u8], job: &str, seal: &Seal) -> Option<Inbound> {
    let (_, tail) = job.split_once('-')?;
    open(sealed, &inbox_context(tail), seal)
}

/// Opens a job with everything that is kept of it.
pub(super) fn open_job((id, attempts, inbound, outgoing): &Begun, seal: &Seal) -> Option<Job> {
    let inbound = open_inbound(inbound, id, seal)?;
    let outgoing = match outgoing {
        Some(sealed) => Some(open(sealed, &outgoing_context(id), seal)?),
        None => None,
    };
    let accepted_at = accepted_at(id)?;
    Some(Job { id: id.as_str().into(), inbound, accepted_at, attempts: *attempts, outgoing })
}

fn open<T: DeserializeOwned>(sealed: &[u8], context: &str, seal: &Seal) -> Option<T> {
    serde_json::from_slice(&seal.open_bytes(sealed, context)?).ok()
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("its maps have strings for keys")
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
