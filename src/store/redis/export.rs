//! What Redis has about one person.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use redis::cmd;

use super::connection::Connection;
use super::scan::{Ending, Field, HashRow, Scan, SealedRow, hash_of};
use super::scripts::Scripts;
use super::time::end;
use super::{registry, sealed};
use crate::chat::{MessageId, Session, TurnState, UserId, WorkspaceId};
use crate::seal::Seal;
use crate::store::purge::{is_about, is_claimed_for, is_in, is_job_of, is_person};
use crate::store::{Export, ExportedClaim, ExportedJob, ExportedSession, StoreError, records};

/// Reads what is kept about a person.
pub(super) struct Exporter<'a> {
    pub(super) connection: &'a Connection,
    pub(super) scripts: &'a Scripts,
    pub(super) seal: &'a Seal,
}

impl Exporter<'_> {
    /// Reads it.
    ///
    /// # Errors
    /// When Redis is down.
    pub(super) async fn export(
        &self,
        user: &UserId,
        workspace: Option<&WorkspaceId>,
    ) -> Result<Export, StoreError> {
        let mut export = Export::new(user, workspace);
        self.jobs(&mut export).await?;
        self.sessions(&mut export).await?;
        self.tickets(&mut export).await?;
        self.answers(&mut export).await?;
        self.claims(&mut export).await?;
        Ok(export)
    }

    async fn jobs(&self, export: &mut Export) -> Result<(), StoreError> {
        let mut jobs = BTreeMap::new();
        for inbox in ["tb:inbox:q", "tb:inbox:c"] {
            let mut scan = Scan::hash(self.connection, inbox);
            while let Some(found) = scan.next::<Field>().await? {
                jobs.extend(found);
            }
        }
        for (job, sealed) in jobs {
            let Ok(inbound) = sealed::open_inbound(&sealed, &job, self.seal) else {
                export.unreadable += 1;
                continue;
            };
            if is_job_of(&inbound, &export.user, export.workspace.as_ref()) {
                let sealed: Option<Vec<u8>> =
                    self.connection.ask(cmd("HGET").arg("tb:out").arg(&job)).await?;
                let outgoing = sealed.and_then(|sealed| sealed::open_outgoing(&sealed, &job, self.seal).ok());
                let accepted_at = sealed::accepted_at(&job).unwrap_or_default();
                export.unfinished.push(ExportedJob { accepted_at, inbound, outgoing });
            }
        }
        Ok(())
    }

    async fn sessions(&self, export: &mut Export) -> Result<(), StoreError> {
        let mut sessions = BTreeMap::new();
        let mut scan = self.scan("tb:session:", &["ends", "sealed"]);
        while let Some(found) = scan.next::<SealedRow>().await? {
            for (thread, ends, sealed) in found {
                let Some(sealed) = sealed.filter(|_| is_in(&thread, export.workspace.as_ref())) else {
                    continue;
                };
                match sealed::open_session(&sealed, &thread, self.seal) {
                    Some(session) if is_about(&session, &export.user) => {
                        sessions.insert(thread, (end(ends), Some(session)));
                    }
                    Some(_) => {}
                    None => {
                        sessions.insert(thread, (end(ends), None));
                    }
                }
            }
        }
        for (thread, (ends, session)) in sessions {
            let Some(session) = session else {
                export.unreadable += 1;
                continue;
            };
            let states = self.states(&thread, &session).await?;
            let state = |question: &MessageId| states.get(question).cloned();
            export.sessions.extend(ExportedSession::of(&export.user, &thread, ends, &session, state));
        }
        Ok(())
    }

    /// The states of a session's turns.
    async fn states(
        &self,
        thread: &str,
        session: &Session,
    ) -> Result<BTreeMap<MessageId, TurnState>, StoreError> {
        let mut states = BTreeMap::new();
        for turn in &session.turns {
            let mut get = cmd("HGET");
            get.arg(format!("tb:turn:{thread}|{}", turn.message)).arg("state");
            let state: Option<String> = self.connection.ask(&get).await?;
            let state = state.and_then(|state| serde_json::from_str(&state).ok());
            states.extend(state.map(|state| (turn.message.clone(), state)));
        }
        Ok(states)
    }

    async fn tickets(&self, export: &mut Export) -> Result<(), StoreError> {
        let mut tickets = BTreeMap::new();
        let mut scan = self.scan("tb:tickets:", &["*"]);
        while let Some(found) = scan.next::<HashRow>().await? {
            for row in &found {
                let Some((person, fields)) = hash_of(row) else { continue };
                if is_person(person, &export.user, export.workspace.as_ref()) {
                    let fields = fields.map(|(ticket, kept)| {
                        let opened = registry::ticket(kept)
                            .and_then(|(_, sealed)| records::open_ticket(sealed, person, self.seal));
                        ((person.to_owned(), ticket.to_owned()), opened)
                    });
                    tickets.extend(fields);
                }
            }
        }
        export.unreadable += tickets.values().filter(|ticket| ticket.is_none()).count() as u64;
        export.tickets = tickets.into_values().flatten().collect();
        export.tickets.sort_by_key(|ticket| Reverse(ticket.at));
        Ok(())
    }

    async fn answers(&self, export: &mut Export) -> Result<(), StoreError> {
        let mut answers = BTreeMap::new();
        let mut scan = self.scan("tb:answer:", &["ends", "sealed"]);
        while let Some(found) = scan.next::<SealedRow>().await? {
            answers.extend(
                found.into_iter().filter_map(|(key, ends, sealed)| Some((key, (end(ends), sealed?)))),
            );
        }
        for (key, (ends, sealed)) in answers {
            let (thread, message) = registry::answer(&key);
            let open = || records::open_answer(&sealed, thread, message, self.seal);
            export.add_answer(thread, message, ends, open);
        }
        Ok(())
    }

    async fn claims(&self, export: &mut Export) -> Result<(), StoreError> {
        let mut claims = BTreeMap::new();
        let mut scan = self.scan("tb:claim:", &[]);
        while let Some(found) = scan.next::<Ending>().await? {
            let theirs = found
                .into_iter()
                .filter(|(name, _)| is_claimed_for(name, &export.user, export.workspace.as_ref()));
            claims.extend(theirs);
        }
        let claims = claims.into_iter().map(|(name, ends)| ExportedClaim { name, until: end(ends) });
        export.claims = claims.collect();
        Ok(())
    }

    fn scan<'b>(&'b self, prefix: &'b str, fields: &'b [&'b str]) -> Scan<'b> {
        Scan::keys(self.connection, self.scripts, prefix, fields)
    }
}
