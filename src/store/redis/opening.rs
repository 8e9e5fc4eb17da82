//! Opening: whether this Redis can be the store, and whether what is in it is ours.

use redis::{Client, ConnectionAddr, IntoConnectionInfo, cmd};
use tracing::{info, warn};

use super::connection::{Connection, Fault};
use super::scripts::Scripts;
use super::{registry, sealed};
use crate::http;
use crate::seal::Seal;
use crate::store::OpenError;

/// How what is kept is laid out; a later version counts on. Keys that an earlier version does not know need no new number:
/// it leaves them alone.
pub(super) const SCHEMA: u32 = 1;
/// The first version that can do what the scripts need.
const FIRST_VERSION: (u32, u32) = (6, 2);

/// Connects to the server of a URL, and checks that it can be the store.
///
/// # Errors
/// Each is a sentence, with the server's host and port in it and no more of the URL.
pub(super) async fn connect(url: &str) -> Result<(Connection, String), OpenError> {
    // For rediss://; the process may have done so already.
    http::install_tls();
    let info = url.into_connection_info().map_err(|_| OpenError::Url(FORM))?;
    if matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. }) {
        return Err(OpenError::Url("#insecure is not supported: a server's certificate is always checked"));
    }
    let address = info.addr().to_string();
    let client = Client::open(info).map_err(|_| OpenError::Url(FORM))?;
    let refusal = |fault| refusal(&address, fault);
    let connection = Connection::open(client).await.map_err(refusal)?;
    let facts: String = connection.ask(&cmd("INFO")).await.map_err(refusal)?;
    check_server(&facts, &address)?;
    Ok((connection, address))
}

/// Checks whose data is there; where nothing is, it will be ours.
///
/// # Errors
/// When it is not ours, of a later version, or sealed with another key.
pub(super) async fn check_data(
    connection: &Connection,
    scripts: &Scripts,
    address: &str,
    seal: &Seal,
) -> Result<(), OpenError> {
    let refusal = |fault| refusal(address, fault);
    let ours = sealed::check(seal);
    let mut opening = scripts.open.arg(SCHEMA);
    opening.arg(&ours[..]);
    let (schema, check): (String, Vec<u8>) = connection.run(&opening).await.map_err(refusal)?;
    check_meta(&schema, &check, address, seal)?;
    if check == ours {
        info!(%address, "a new store was made");
    } else {
        // From now on it is checked against the newest key.
        let mut put = cmd("HSET");
        put.arg("tb:meta").arg("check").arg(ours);
        connection.ask::<()>(&put).await.map_err(refusal)?;
        registry::reseal(connection, scripts, seal).await.map_err(refusal)?;
    }
    Ok(())
}

/// Checks whose data is there, and makes nothing.
///
/// # Errors
/// As [`check_data`], and when there is none.
pub(super) async fn check_books(
    connection: &Connection,
    address: &str,
    seal: &Seal,
) -> Result<(), OpenError> {
    let mut get = cmd("HMGET");
    get.arg("tb:meta").arg("schema").arg("check");
    match connection.ask(&get).await {
        Ok((None::<String>, None::<Vec<u8>>)) => Err(OpenError::RedisNothing(address.to_owned())),
        Ok((schema, check)) => {
            check_meta(&schema.unwrap_or_default(), &check.unwrap_or_default(), address, seal)
        }
        Err(Fault::Refused(code)) if code == "WRONGTYPE" => Err(OpenError::RedisForeign(address.to_owned())),
        Err(fault) => Err(refusal(address, fault)),
    }
}

fn check_meta(schema: &str, check: &[u8], address: &str, seal: &Seal) -> Result<(), OpenError> {
    match schema.parse::<u32>() {
        Err(_) => Err(OpenError::RedisForeign(address.to_owned())),
        Ok(schema) if SCHEMA < schema => Err(OpenError::RedisLater(address.to_owned())),
        Ok(_) if !sealed::is_ours(check, seal) => Err(OpenError::WrongKey),
        Ok(_) => Ok(()),
    }
}

/// What a URL looks like.
const FORM: &str = "it must be redis://HOST:PORT/DATABASE, with USER:PASSWORD@ before the host if Redis asks for them, \
                    and rediss:// for TLS";

/// Checks what a server says of itself.
fn check_server(facts: &str, address: &str) -> Result<(), OpenError> {
    let fact = |name: &str| {
        facts
            .lines()
            .find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
            .unwrap_or_default()
    };
    let version = fact("redis_version");
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < FIRST_VERSION {
        return Err(OpenError::RedisVersion { address: address.to_owned(), version: version.to_owned() });
    }
    if fact("redis_mode") == "cluster" {
        return Err(OpenError::RedisCluster(address.to_owned()));
    }
    if fact("role") == "slave" {
        return Err(OpenError::RedisReplica(address.to_owned()));
    }
    let policy = fact("maxmemory_policy");
    if !matches!(policy, "" | "noeviction") {
        warn!(policy, "redis may throw away what was accepted when its memory is full");
    }
    Ok(())
}

/// One of the facts of Redis's `INFO`; empty if it is not there.
pub(super) fn fact<'a>(facts: &'a str, name: &str) -> &'a str {
    facts.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':')).unwrap_or_default()
}

pub(super) fn refusal(address: &str, fault: Fault) -> OpenError {
    let address = address.to_owned();
    match fault {
        Fault::Login => OpenError::RedisLogin(address),
        Fault::Refused(code) => OpenError::RedisRefused { address, code },
        fault => OpenError::RedisUnreachable { address, source: fault.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a server of which nothing is special but some facts.
    fn check(facts: &[(&str, &str)]) -> Result<(), String> {
        let usual = [("redis_version", "7.0.15"), ("redis_mode", "standalone"), ("role", "master")];
        let all = facts.iter().chain(&usual).map(|(name, value)| format!("{name}:{value}\r\n"));
        check_server(&format!("# Server\r\n{}", all.collect::<String>()), "a:1").map_err(|it| it.to_string())
    }

    #[test]
    fn versions_before_6_2_are_refused_and_later_ones_work() {
        for version in ["6.2.0", "6.10.1", "7.0.15", "10.0.0-rc1"] {
            assert_eq!(check(&[("redis_version", version)]), Ok(()), "{version}");
        }
        for version in ["2.8.9", "5.0.14", "6.0.20", ""] {
            let said = format!("Redis at a:1 is of version {version}, and 6.2 or newer is needed");
            assert_eq!(check(&[("redis_version", version)]), Err(said));
        }
    }

    #[test]
    fn a_server_that_may_throw_keys_away_can_be_used() {
        assert_eq!(check(&[("maxmemory_policy", "allkeys-lru")]), Ok(()));
    }
}
