//! Where the app was installed: has each workspace granted what the bridge needs, and is its token good.

use super::Bag;
use super::report::Check;
use super::scopes::{GRANTED, lacking, missing};
use crate::chat::WorkspaceId;
use crate::seal::Seal;
use crate::slack::PLATFORM;
use crate::slack::probe::{Installed, installed};
use crate::slack::table::INSTALL_PATH;
use crate::store::{self, OpenError};

pub(super) async fn check(bag: &Bag<'_>) -> Vec<Check> {
    let page = page(bag);
    let all = match found(bag).await {
        Ok(all) => all,
        Err(why) => return vec![Check::skipped(GRANTED, why, None)],
    };
    if all.is_empty() {
        let fix = format!("open {page} in a browser");
        return vec![Check::warning(GRANTED, "no workspace has installed the app yet", fix)];
    }
    let wrong: Vec<Check> =
        all.iter().filter_map(|(workspace, it)| judge(bag, workspace, it, &page)).collect();
    if !wrong.is_empty() {
        return wrong;
    }
    let count =
        if all.len() == 1 { "the workspace".to_owned() } else { format!("all {} workspaces", all.len()) };
    vec![Check::ok(GRANTED, format!("{count} in which the app is installed granted what it needs"))]
}

/// What the store says, or why it says nothing.
async fn found(bag: &Bag<'_>) -> Result<Vec<(WorkspaceId, Option<Installed>)>, &'static str> {
    const UNKNOWN: &str = "what was installed is not known as long as the store cannot be opened";
    let secrets = bag.config.seal_secrets();
    if secrets.is_empty() {
        return Err(UNKNOWN);
    }
    let books = store::open_books(&bag.config.store, &Seal::new(&secrets), bag.clock.now()).await;
    let books = match books {
        Ok(books) => books,
        Err(OpenError::NoBooks) => return Err("what was installed is in the bridge's memory alone"),
        Err(_) => return Err(UNKNOWN),
    };
    let all = books.installations().await.map_err(|_| UNKNOWN)?;
    let ours = all.into_iter().filter(|(whose, _)| whose.platform.as_str() == PLATFORM);
    Ok(ours.map(|(whose, kept)| (whose.workspace, installed(&kept))).collect())
}

/// What is wrong with one.
fn judge(bag: &Bag<'_>, workspace: &WorkspaceId, it: &Option<Installed>, page: &str) -> Option<Check> {
    let again = format!("let an admin of {workspace} install the app again, at {page}");
    let Some(it) = it else {
        let finding = format!("{workspace}: another version of threadbridge has written its installation");
        return Some(Check::failed(GRANTED, finding, again));
    };
    if it.ends.is_some_and(|ends| ends <= bag.clock.now()) {
        let finding = format!("{workspace}: its token has ended, and was not renewed");
        let fix = format!("start the bridge, which renews it; if its log says that Slack refuses: {again}");
        return Some(Check::failed(GRANTED, finding, fix));
    }
    let (_, needed) = missing(bag, &it.scopes);
    (!needed.is_empty()).then(|| Check::failed(GRANTED, format!("{workspace}: {}", lacking(&needed)), again))
}

/// Where the app is installed.
fn page(bag: &Bag<'_>) -> String {
    let base = bag.config.server.public_url().ok().flatten();
    let base = base.map_or_else(|| "https://YOUR-HOST".to_owned(), String::from);
    format!("{}{INSTALL_PATH}", base.trim_end_matches('/'))
}
