//! Microsoft Teams: does Entra give the bridge a token, does its clock agree with this machine's, and can the keys be had
//! by which the bridge knows what comes from Teams.

use std::sync::Arc;

use tokio_util::task::TaskTracker;
use url::Url;

use super::reach::{Way, trouble};
use super::report::Check;
use super::{Bag, clock, deadline, messages};
use crate::teams::aadsts::Aadsts;
use crate::teams::keys::{Keys, KeysError};
use crate::teams::login::{Login, LoginError};

const NAME: &str = "teams";
const KEYS: &str = "keys";

/// Looks at Teams where the bridge speaks to it.
pub(super) async fn check_if_used(bag: &Bag<'_>) -> Vec<Check> {
    let settings = &bag.config.teams;
    if !settings.is_used() {
        Vec::new()
    } else if settings.development {
        vec![development(bag)]
    } else {
        let (mut checks, keys) = tokio::join!(token(bag), keys(bag));
        checks.push(keys);
        checks
    }
}

fn development(bag: &Bag<'_>) -> Check {
    let finding =
        "teams.development is on: whoever reaches the bridge is let in, and answered on this machine only";
    let fix = "HOST=127.0.0.1 as long as you try it out; for Teams itself take THREADBRIDGE_TEAMS__DEVELOPMENT away, and set \
               CLIENT_ID, CLIENT_SECRET and TENANT_ID";
    let public_url = bag.config.server.public_url().ok().flatten();
    match public_url.is_some_and(|url| !messages::is_here(&url)) {
        true => Check::failed(NAME, format!("{finding}; and PUBLIC_URL is not on this machine"), fix),
        false => Check::warning(NAME, finding, fix),
    }
}

async fn token(bag: &Bag<'_>) -> Vec<Check> {
    let (settings, tracker) = (&bag.config.teams, TaskTracker::new());
    // What does not look like a secret is shown to nobody.
    let login = settings.check().ok().and_then(|()| {
        let (url, scope) = (&settings.login_url, settings.login_scope.trim());
        let (client, clock) = (bag.client.clone(), Arc::clone(&bag.clock));
        let deadline = deadline(settings.deadline_seconds);
        Login::new(client, url, scope, settings.credentials(), deadline, clock, tracker).ok()
    });
    let Some(login) = login else {
        return vec![Check::skipped(NAME, "with these settings Entra is not asked for a token", None)];
    };
    let way = Way::to(&settings.login_url, bag.environment);
    let before = bag.clock.now();
    let given = login.token().await;
    let after = bag.clock.now();
    let (theirs, told) = (login.date(), way.told());
    let clock = match &given {
        Err(LoginError::NoReply(_)) if theirs.is_none() => {
            Check::skipped(clock::NAME, "Microsoft does not answer", None)
        }
        _ => clock::check("Microsoft", theirs, before, after),
    };
    let token = match given {
        Ok(_) => Check::ok(NAME, format!("Entra gives the app a token{told}")),
        Err(error) => no_token(&error, &settings.login_url, &way),
    };
    vec![clock, token]
}

fn no_token(error: &LoginError, url: &str, way: &Way) -> Check {
    let (told, hint) = (way.told(), way.hint());
    let (finding, fix) = match error {
        LoginError::Busy(429) => {
            let finding = "Microsoft's login limits the rate of calls just now";
            return Check::warning(NAME, finding, "try again in a minute");
        }
        LoginError::Busy(status) => (
            format!("Microsoft's login answers with status {status}{told}"),
            format!("see https://azure.status.microsoft, and what stands between it and this machine{hint}"),
        ),
        LoginError::Refused(code) => (format!("Entra gives no token: {code}{told}"), remedy(*code)),
        LoginError::NoReply(reason) => {
            let why =
                reason.call().map_or_else(|| "does not answer: the connection broke".to_owned(), trouble);
            let name = shown(url, "login.microsoftonline.com", "teams.login_url");
            (format!("Microsoft's login {why}{told}"), format!("let this machine reach {name}{hint}"))
        }
        LoginError::RefusedOtherwise(_) | LoginError::Odd(_) | LoginError::NotAUrl => {
            let place = "check teams.login_url (leave it out for the public cloud)";
            let finding = format!("what answers is not Microsoft's login{told}");
            (finding, format!("{place}, and what stands between it and this machine{hint}"))
        }
    };
    Check::failed(NAME, finding, fix)
}

fn remedy(code: Aadsts) -> String {
    match (code.remedy(), code) {
        (Some(remedy), _) => remedy.to_owned(),
        (None, Aadsts::Other(number)) => {
            format!("see https://login.microsoftonline.com/error?code={number}")
        }
        (None, _) => "see https://login.microsoftonline.com/error".to_owned(),
    }
}

async fn keys(bag: &Bag<'_>) -> Check {
    let (settings, tracker) = (&bag.config.teams, TaskTracker::new());
    let (client, clock) = (bag.client.clone(), Arc::clone(&bag.clock));
    let (url, deadline) = (&settings.metadata_url, deadline(settings.deadline_seconds));
    let Ok(keys) = Keys::new(client, url, deadline, clock, tracker) else {
        return Check::skipped(KEYS, "where they are is not known with these settings", None);
    };
    let way = Way::to(url, bag.environment);
    let (told, hint) = (way.told(), way.hint());
    let error = match keys.fetch().await {
        Ok(count) => {
            return Check::ok(KEYS, format!("Teams' signing keys can be fetched: {count}{told}"));
        }
        Err(error) => error,
    };
    let (finding, fix) = match &error {
        KeysError::NoReply(error) => {
            let name = shown(url, "login.botframework.com", "teams.metadata_url");
            (trouble(error), format!("let this machine reach {name}{hint}"))
        }
        error => (
            format!("does not give them: {error}"),
            format!(
                "check teams.metadata_url (leave it out for the public cloud), and what stands between it and this machine{hint}"
            ),
        ),
    };
    let finding =
        format!("nothing from Teams is let in without its signing keys, and their server {finding}{told}");
    Check::failed(KEYS, finding, fix)
}

/// What is called, by a name that anybody may see.
fn shown(url: &str, usual: &'static str, key: &'static str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    if host.is_some_and(|host| host == usual) {
        format!("https://{usual}")
    } else {
        format!("what {key} names (leave it out for the public cloud)")
    }
}
