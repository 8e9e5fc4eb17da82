//! How a Redis server is: what it says of itself that matters to a store.

use redis::cmd;

use super::opening::{check_books, connect, fact, refusal};
use crate::seal::Seal;
use crate::store::{OpenError, RedisCondition};

/// Looks at the server of a URL, and at whose data is there.
///
/// # Errors
/// When it cannot be the store, or its data was sealed with another key.
pub(in crate::store) async fn condition(url: &str, seal: &Seal) -> Result<RedisCondition, OpenError> {
    let (connection, address) = connect(url).await?;
    let is_new = match check_books(&connection, &address, seal).await {
        Ok(()) => false,
        Err(OpenError::RedisNothing(_)) => true,
        Err(error) => return Err(error),
    };
    let facts: String = connection.ask(&cmd("INFO")).await.map_err(|fault| refusal(&address, fault))?;
    let known = |name| fact(&facts, name).to_owned();
    let (version, policy) = (known("redis_version"), known("maxmemory_policy"));
    Ok(RedisCondition { version, is_new, keeps: fact(&facts, "aof_enabled") == "1", policy, address })
}
