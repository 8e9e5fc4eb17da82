//! The directory: does it open, how many people does it know, and whom does it say that somebody is.

use std::sync::Arc;

use super::reach::{Way, is_open};
use super::report::Check;
use super::setting::place;
use super::{Bag, DEADLINE};
use crate::directory::{Directory, FileFacts, Lookup, SourceKind};

const NAME: &str = "directory";
const PERSON: &str = "person";

/// How many of a file's lines are named.
const MOST_LINES: usize = 5;

pub(super) async fn check(bag: &Bag<'_>, email: Option<&str>) -> Vec<Check> {
    let settings = &bag.config.directory;
    let directory = match Directory::open(settings, bag.client.clone(), Arc::clone(&bag.clock)) {
        Ok(directory) => directory,
        Err(error) => {
            let key = error.key();
            let finding = bag.config.placed(key.as_deref(), &error).to_string();
            let fix = match (&key, &settings.file) {
                (None, Some(file)) => format!("mend {}", file.display()),
                (key, _) => format!("set {}", place(key.as_deref().unwrap_or("directory.file"))),
            };
            let unknown = Check::skipped(PERSON, "nobody can be looked up", None);
            return vec![Check::failed(NAME, finding, fix), unknown];
        }
    };
    let mut checks = vec![found(bag, directory.file_facts())];
    let url = settings.url.as_deref().unwrap_or_default();
    if settings.sources.contains(&SourceKind::Http) && is_open(url) {
        checks.push(Check::warning(
            NAME,
            "directory.url begins with http://: whom the bridge looks up, and who they are, can be read on the way",
            "DIRECTORY_URL=https://…, if the lookup speaks TLS",
        ));
    }
    checks.push(match email {
        Some(email) => person(bag, &directory, email).await,
        None => Check::skipped(PERSON, "--email ADDRESS looks somebody up", None),
    });
    checks
}

fn found(bag: &Bag<'_>, facts: Option<FileFacts>) -> Check {
    let http = bag.config.directory.sources.contains(&SourceKind::Http);
    let also = if http { "; the HTTP lookup is asked with --email only" } else { "" };
    let Some(FileFacts { people, incomplete, remarks }) = facts else {
        return Check::ok(NAME, format!("opens{also}"));
    };
    let has = format!("people in the file: {people}, of them incomplete: {incomplete}");
    if people == 0 {
        return Check::warning(
            NAME,
            "the file has nobody in it",
            format!(
                "a line for each person in DIRECTORY_FILE, by the e-mail address that they have in {}",
                bag.chat()
            ),
        );
    }
    if remarks.is_empty() {
        return Check::ok(NAME, format!("{has}{also}"));
    }
    let more = remarks.len().saturating_sub(MOST_LINES);
    let lines: Vec<_> = remarks.iter().take(MOST_LINES).map(ToString::to_string).collect();
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    Check::warning(NAME, format!("{has}{also}"), format!("in DIRECTORY_FILE {}{more}", lines.join("; ")))
}

async fn person(bag: &Bag<'_>, directory: &Directory, email: &str) -> Check {
    let settings = &bag.config.directory;
    let way = match (&settings.url, settings.sources.contains(&SourceKind::Http)) {
        (Some(url), true) => Way::to(url, bag.environment),
        _ => Way::Direct,
    };
    let lookup = tokio::time::timeout(DEADLINE, directory.by_email(email)).await.unwrap_or(Lookup::Down);
    let by_profile = settings.sources.contains(&SourceKind::Profile);
    let (finding, fix) = match lookup {
        Lookup::Found { info, .. } => {
            let info = serde_json::to_string(&*info).unwrap_or_default();
            return Check::ok(PERSON, format!("{email} is {info}"));
        }
        Lookup::NotFound { .. } if by_profile && bag.config.speaks_slack() => {
            return Check::warning(
                PERSON,
                format!("{email} is only known, if at all, when they write: from their Slack profile"),
                "write to the app in Slack as that person",
            );
        }
        Lookup::NotFound { missing, .. } if missing.is_empty() => (
            format!("{email} is not in the directory: the bridge tells them so and asks nobody"),
            format!("add them, by the e-mail address {}that they have in {}", slack_id(bag), bag.chat()),
        ),
        Lookup::NotFound { missing, .. } => (
            format!("{email} is in the directory without {}: the bridge tells them so", missing.join(", ")),
            format!("give their entry {}", missing.join(", ")),
        ),
        Lookup::Down => (
            format!("the HTTP lookup does not answer as it must{}", way.told()),
            format!(
                "`curl -i \"$DIRECTORY_URL?email=…\"` must say 200 with a user_info, or 404; check DIRECTORY_URL and DIRECTORY_TOKEN{}",
                way.hint()
            ),
        ),
    };
    Check::failed(PERSON, finding, fix)
}

/// Who has an id in Slack can be found by it, too.
fn slack_id(bag: &Bag<'_>) -> &'static str {
    if bag.config.speaks_slack() { "or the Slack id (slack_user_id) " } else { "" }
}
