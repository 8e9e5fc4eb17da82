//! Installations, tickets and counts as they stand in Redis: a number or a day, a space, and the rest.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::connection::{Connection, Fault};
use super::scan::{Field, Scan};
use super::scripts::Scripts;
use crate::chat::WorkspaceKey;
use crate::seal::Seal;
use crate::store::{Kept, records};

/// The hash of all installations.
pub(super) const INSTALLATIONS: &str = "tb:installations";

/// All installations as they stand there, by workspace.
///
/// # Errors
/// When Redis cannot say.
pub(super) async fn installations(connection: &Connection) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    let (mut all, mut scan) = (BTreeMap::new(), Scan::hash(connection, INSTALLATIONS));
    while let Some(found) = scan.next::<Field>().await? {
        all.extend(found);
    }
    Ok(all)
}

/// All installations that can be opened, by workspace.
///
/// # Errors
/// When Redis cannot say.
pub(super) async fn open_installations(
    connection: &Connection,
    seal: &Seal,
) -> Result<Vec<(WorkspaceKey, Kept)>, Fault> {
    let found = installations(connection).await?;
    let opened = found.iter().filter_map(|(workspace, kept)| {
        let (version, sealed) = numbered(kept).unwrap_or_default();
        records::open_installation(workspace, version.cast_unsigned(), sealed, seal)
    });
    Ok(opened.collect())
}

/// Seals with the newest key what an older one has sealed and must be there for longer than that.
///
/// # Errors
/// When Redis cannot do it.
pub(super) async fn reseal(connection: &Connection, scripts: &Scripts, seal: &Seal) -> Result<(), Fault> {
    for (workspace, kept) in installations(connection).await? {
        let Some((version, sealed)) = numbered(&kept) else { continue };
        if let Some(sealed) = records::reseal_record(sealed, &workspace, seal) {
            let mut script = scripts.reseal.arg(&workspace);
            script.arg(&kept).arg([version.to_string().as_bytes(), b" ", &sealed].concat());
            connection.run::<()>(&script).await?;
        }
    }
    Ok(())
}

/// The number before the first space, and what follows it.
pub(super) fn numbered(kept: &[u8]) -> Option<(i64, &[u8])> {
    let space = kept.iter().position(|byte| *byte == b' ')?;
    let number = str::from_utf8(&kept[..space]).ok()?.parse().ok()?;
    Some((number, &kept[space + 1..]))
}

/// When a person's ticket ends, and the sealed ticket.
pub(super) fn ticket(kept: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (ends, sealed) = numbered(kept)?;
    Some((Timestamp::from_microsecond(ends).unwrap_or(Timestamp::MAX), sealed))
}

/// The thread and the message of what was noted of an answer, of its key without the prefix.
pub(super) fn answer(key: &str) -> (&str, &str) {
    key.rsplit_once('|').unwrap_or((key, ""))
}
