//! Going through what is in Redis in small steps, between which others have their turn. What is there all the time is
//! found, and may be found twice.

use redis::{FromRedisValue, cmd};

use super::connection::{Connection, Fault};
use super::scripts::Scripts;

/// How many fields of a hash are looked at in a step.
const STEP: u32 = 100;

/// A key without its prefix, and when what is there ends.
pub(super) type Ending = (String, Option<i64>);
/// A key without its prefix, when what is there ends, and what is sealed there.
pub(super) type SealedRow = (String, Option<i64>, Option<Vec<u8>>);
/// A key without its prefix, and then the fields of its hash, each before its value.
pub(super) type HashRow = Vec<Vec<u8>>;
/// A field and its value.
pub(super) type Field = (String, Vec<u8>);

/// A walk that has come to a cursor.
pub(super) struct Scan<'a> {
    connection: &'a Connection,
    through: Through<'a>,
    /// Where it goes on; `None` at the end.
    cursor: Option<u64>,
}

/// What it goes through.
enum Through<'a> {
    Keys { scripts: &'a Scripts, prefix: &'a str, fields: &'a [&'a str] },
    Hash(&'a str),
}

impl<'a> Scan<'a> {
    /// Through the keys with a prefix. Their rows are what follows that, and the values of `fields`; see `scan.lua`.
    pub(super) fn keys(
        connection: &'a Connection,
        scripts: &'a Scripts,
        prefix: &'a str,
        fields: &'a [&'a str],
    ) -> Self {
        Self { connection, through: Through::Keys { scripts, prefix, fields }, cursor: Some(0) }
    }

    /// Through the fields of a hash.
    pub(super) fn hash(connection: &'a Connection, hash: &'a str) -> Self {
        Self { connection, through: Through::Hash(hash), cursor: Some(0) }
    }

    /// The rows of the next step, often none; `None` at the end.
    ///
    /// # Errors
    /// When Redis cannot say.
    pub(super) async fn next<Row: FromRedisValue>(&mut self) -> Result<Option<Vec<Row>>, Fault> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let (next, rows): (u64, Vec<Row>) = match self.through {
            Through::Keys { scripts, prefix, fields } => {
                let mut script = scripts.scan.arg(prefix);
                self.connection.run(script.arg(cursor).arg(fields)).await?
            }
            Through::Hash(hash) => {
                let mut scan = cmd("HSCAN");
                scan.arg(hash).arg(cursor).arg("COUNT").arg(STEP);
                self.connection.ask(&scan).await?
            }
        };
        self.cursor = (next != 0).then_some(next);
        Ok(Some(rows))
    }
}

/// The key of a hash's row, and its fields.
pub(super) fn hash_of(row: &HashRow) -> Option<(&str, impl Iterator<Item = (&str, &[u8])>)> {
    let (key, fields) = row.split_first()?;
    let fields =
        fields.chunks_exact(2).filter_map(|pair| Some((str::from_utf8(&pair[0]).ok()?, &pair[1][..])));
    Some((str::from_utf8(key).ok()?, fields))
}
