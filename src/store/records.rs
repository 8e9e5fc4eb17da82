//! What is kept of installations, tickets and answers where it lasts, sealed for the workspace, the person or the message
//! that has them.

use serde::{Deserialize, Serialize};
use tracing::error;

use super::{Kept, NotedTicket, kept};
use crate::chat::{Private, UserId, WorkspaceKey};
use crate::seal::Seal;

/// Seals a workspace's installation.
pub(super) fn seal_record(record: &Private<String>, of: &str, seal: &Seal) -> Vec<u8> {
    kept::seal(record, &installation_context(of), seal)
}

/// Opens a workspace's installation.
pub(super) fn open_record(sealed: &[u8], of: &str, seal: &Seal) -> Option<Private<String>> {
    kept::open(sealed, &installation_context(of), seal).ok()
}

/// Opens an installation among others: one that cannot be opened is no reason to do without all.
pub(super) fn open_installation(
    of: &str,
    version: u64,
    sealed: &[u8],
    seal: &Seal,
) -> Option<(WorkspaceKey, Kept)> {
    let opened = workspace_of(of).zip(open_record(sealed, of, seal));
    if opened.is_none() {
        error!(
            workspace = of,
            "an installation cannot be opened: it was sealed with another key, written by another version, or changed"
        );
    }
    opened.map(|(workspace, record)| (workspace, Kept { version, record }))
}

/// Seals an installation with the newest key that an older one had sealed: it is there for longer than keys are.
pub(super) fn reseal_record(sealed: &[u8], of: &str, seal: &Seal) -> Option<Vec<u8>> {
    if open_record(sealed, of, &seal.newest()).is_some() {
        return None;
    }
    Some(seal_record(&open_record(sealed, of, seal)?, of, seal))
}

/// Seals a person's ticket.
pub(super) fn seal_ticket(ticket: &NotedTicket, person: &str, seal: &Seal) -> Vec<u8> {
    kept::seal(ticket, &ticket_context(person), seal)
}

/// Opens a person's ticket.
pub(super) fn open_ticket(sealed: &[u8], person: &str, seal: &Seal) -> Option<NotedTicket> {
    kept::open(sealed, &ticket_context(person), seal).ok()
}

/// What is noted of an answer's message.
#[derive(Serialize, Deserialize)]
pub(super) struct NotedAnswer {
    /// Who asked.
    pub(super) asker: UserId,
    /// What only its platform can read.
    pub(super) record: Private<String>,
}

/// Seals what is noted of a message in a thread.
pub(super) fn seal_answer(noted: &NotedAnswer, thread: &str, message: &str, seal: &Seal) -> Vec<u8> {
    kept::seal(noted, &answer_context(thread, message), seal)
}

/// Opens what is noted of a message in a thread.
pub(super) fn open_answer(sealed: &[u8], thread: &str, message: &str, seal: &Seal) -> Option<NotedAnswer> {
    kept::open(sealed, &answer_context(thread, message), seal).ok()
}

/// The workspace that a key is of.
fn workspace_of(key: &str) -> Option<WorkspaceKey> {
    let (platform, workspace) = key.split_once('/')?;
    Some(WorkspaceKey { platform: platform.into(), workspace: workspace.into() })
}

fn installation_context(workspace: &str) -> String {
    format!("store/installation/{workspace}")
}

fn ticket_context(person: &str) -> String {
    format!("store/tickets/{person}")
}

fn answer_context(thread: &str, message: &str) -> String {
    format!("store/answer/{thread}|{message}")
}
