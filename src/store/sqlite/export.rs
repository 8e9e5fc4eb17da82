//! What the file has about one person, read in small steps: a bridge that serves from the same file waits for each.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::database::Database;
use super::purge::time;
use super::{inbox, session_context, tables};
use crate::chat::{Inbound, JobId, MessageId, Session, TurnState, UserId, WorkspaceId};
use crate::seal::Seal;
use crate::store::purge::{is_claimed_for, is_in, is_job_of, is_person};
use crate::store::{Export, ExportedClaim, ExportedJob, ExportedSession, StoreError, kept, records};

/// How many rows a step looks at.
const STEP: i64 = 500;

/// A step through a table behind a row: adds what it finds, and returns the last row that it looked at.
type Step = fn(&Connection, &Seal, &mut Export, i64) -> rusqlite::Result<Option<i64>>;

/// Reads what is kept about a person.
pub(super) async fn export(
    database: &Database,
    seal: &Seal,
    user: &UserId,
    workspace: Option<&WorkspaceId>,
) -> Result<Export, StoreError> {
    let mut export = Export::new(user, workspace);
    let steps: [Step; 5] = [jobs, sessions, tickets, answers, claims];
    for step in steps {
        let mut from = i64::MIN;
        loop {
            let seal = seal.clone();
            let look = move |database: &Connection| {
                let last = step(database, &seal, &mut export, from)?;
                Ok((export, last))
            };
            let (more, last) = database.ask(look).await?;
            export = more;
            let Some(last) = last else { break };
            from = last;
        }
    }
    export.tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.at));
    Ok(export)
}

fn jobs(database: &Connection, seal: &Seal, export: &mut Export, from: i64) -> rusqlite::Result<Option<i64>> {
    let rows = "SELECT number, job, accepted_at, inbound, outgoing FROM inbox WHERE ? < number
                ORDER BY number LIMIT ?";
    let (mut rows, mut last) = (database.prepare_cached(rows)?, None);
    let mut rows = rows.query(params![from, STEP])?;
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        let (job, sealed): (JobId, Vec<u8>) = (row.get::<_, String>(1)?.into(), row.get(3)?);
        let Ok(inbound) = kept::open::<Inbound>(&sealed, &inbox::context_of(&job), seal) else {
            export.unreadable += 1;
            continue;
        };
        if is_job_of(&inbound, &export.user, export.workspace.as_ref()) {
            let outgoing: Option<Vec<u8>> = row.get(4)?;
            let outgoing = outgoing.and_then(|sealed| inbox::open_outgoing(&sealed, &job, seal).ok());
            export.unfinished.push(ExportedJob { accepted_at: time(row.get(2)?), inbound, outgoing });
        }
    }
    Ok(last)
}

fn sessions(
    database: &Connection,
    seal: &Seal,
    export: &mut Export,
    from: i64,
) -> rusqlite::Result<Option<i64>> {
    let rows = "SELECT rowid, thread, ends, sealed FROM session WHERE ? < rowid ORDER BY rowid LIMIT ?";
    let (mut rows, mut last) = (database.prepare_cached(rows)?, None);
    let mut rows = rows.query(params![from, STEP])?;
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        let (thread, sealed): (String, Vec<u8>) = (row.get(1)?, row.get(3)?);
        if !is_in(&thread, export.workspace.as_ref()) {
            continue;
        }
        let Ok(session) = kept::open::<Session>(&sealed, &session_context(&thread), seal) else {
            export.unreadable += 1;
            continue;
        };
        let states = tables::turns_of(database, &thread)?;
        let state = |question: &MessageId| -> Option<TurnState> {
            let (_, state) = states.iter().find(|(of, _)| of == question.as_str())?;
            serde_json::from_str(state).ok()
        };
        let ends = time(row.get(2)?);
        export.sessions.extend(ExportedSession::of(&export.user, &thread, ends, &session, state));
    }
    Ok(last)
}

fn tickets(
    database: &Connection,
    seal: &Seal,
    export: &mut Export,
    from: i64,
) -> rusqlite::Result<Option<i64>> {
    let rows = "SELECT rowid, person, sealed FROM ticket WHERE ? < rowid ORDER BY rowid LIMIT ?";
    let (mut rows, mut last) = (database.prepare_cached(rows)?, None);
    let mut rows = rows.query(params![from, STEP])?;
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        let (person, sealed): (String, Vec<u8>) = (row.get(1)?, row.get(2)?);
        if is_person(&person, &export.user, export.workspace.as_ref()) {
            match records::open_ticket(&sealed, &person, seal) {
                Some(ticket) => export.tickets.push(ticket),
                None => export.unreadable += 1,
            }
        }
    }
    Ok(last)
}

fn answers(
    database: &Connection,
    seal: &Seal,
    export: &mut Export,
    from: i64,
) -> rusqlite::Result<Option<i64>> {
    let rows =
        "SELECT rowid, thread, message, ends, sealed FROM answer WHERE ? < rowid ORDER BY rowid LIMIT ?";
    let (mut rows, mut last) = (database.prepare_cached(rows)?, None);
    let mut rows = rows.query(params![from, STEP])?;
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        let (thread, message, sealed): (String, String, Vec<u8>) = (row.get(1)?, row.get(2)?, row.get(4)?);
        let open = || records::open_answer(&sealed, &thread, &message, seal);
        export.add_answer(&thread, &message, time(row.get(3)?), open);
    }
    Ok(last)
}

fn claims(database: &Connection, _: &Seal, export: &mut Export, from: i64) -> rusqlite::Result<Option<i64>> {
    let rows = "SELECT rowid, name, ends FROM claim WHERE ? < rowid ORDER BY rowid LIMIT ?";
    let (mut rows, mut last) = (database.prepare_cached(rows)?, None);
    let mut rows = rows.query(params![from, STEP])?;
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        let (name, until): (String, Timestamp) = (row.get(1)?, time(row.get(2)?));
        if is_claimed_for(&name, &export.user, export.workspace.as_ref()) {
            export.claims.push(ExportedClaim { name, until });
        }
    }
    Ok(last)
}
