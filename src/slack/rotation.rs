//! Token rotation: a token that ends is exchanged for another in time, by one process at a time.
//!
//! <https://docs.slack.dev/authentication/using-token-rotation>

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tracing::{error, info, warn};

use super::PLATFORM;
use super::installation::Installation;
use super::installations::{Installations, Installed, key, open};

/// How often tokens are looked at: twice in the time in which one is due.
const PERIOD: Duration = Duration::from_secs(3000);
/// How soon they are looked at again when Slack or the store could not be reached.
const SOON: Duration = Duration::from_secs(300);
/// For how long nobody else exchanges the same refresh token, in seconds.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);
/// How often it is looked whether somebody else has finished: for longer than a call may take.
const LOOKS: usize = 80;
/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// How often it is tried to keep a token that was given, …
const TRIES: usize = 12;
/// … with pauses that double up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What became of an exchange.
enum Renewal {
    /// The installation is there with another token.
    Done(Arc<Installed>),
    /// Somebody else is at it.
    Elsewhere,
    /// Slack refuses, and will again; or there is no such installation any more.
    Refused,
    /// It may work later.
    Later,
}

impl Installations {
    /// Exchanges the tokens that are about to end, now and from time to time.
    pub(super) async fn watch(self: &Arc<Self>) {
        loop {
            let pause = if self.renew_all().await { PERIOD } else { SOON };
            self.clock.sleep(pause).await;
        }
    }

    /// The installation with another token, which this process or another one has got for it; `None` when nobody could.
    pub(super) async fn renewed(self: &Arc<Self>, old: &Arc<Installed>) -> Option<Arc<Installed>> {
        match self.renew(old).await {
            Renewal::Done(new) => Some(new),
            Renewal::Elsewhere => self.wait_for_others(old).await,
            Renewal::Refused | Renewal::Later => None,
        }
    }

    /// Exchanges the tokens that are about to end; `false` when some of them should be tried again soon.
    async fn renew_all(self: &Arc<Self>) -> bool {
        let all = match self.store.installations().await {
            Ok(all) => all,
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "the installations cannot be looked through");
                return false;
            }
        };
        let mut all_done = true;
        for (whose, kept) in all.iter().filter(|(whose, _)| whose.platform.as_str() == PLATFORM) {
            let Some(installed) = open(&whose.workspace, kept) else { continue };
            if installed.installation.is_due(self.clock.now()) {
                all_done &= !matches!(self.renew(&Arc::new(installed)).await, Renewal::Later);
            }
        }
        all_done
    }

    /// Exchanges a token, to the end whatever becomes of the caller: a token that was given and not kept is lost, and
    /// with it the installation.
    async fn renew(self: &Arc<Self>, old: &Arc<Installed>) -> Renewal {
        let (all, old) = (Arc::clone(self), Arc::clone(old));
        let renewing = self.tracker.spawn(async move { all.exchange(&old).await });
        renewing.await.unwrap_or(Renewal::Later)
    }

    async fn exchange(&self, old: &Installed) -> Renewal {
        let (workspace, now) = (&old.installation.workspace, self.clock.now());
        let (name, until) = (claim_of(old), now + CLAIM);
        match self.store.claim(&name, until, now).await {
            Ok(true) => {}
            Ok(false) if self.was_tried(old) => return Renewal::Later,
            Ok(false) => return Renewal::Elsewhere,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(workspace.id = %workspace, error, "a workspace's token could not be renewed; it is tried again");
                return Renewal::Later;
            }
        }
        // Whoever had the claim before may have finished; its refresh token must not be used again.
        if let Some(renewal) = self.unless_still(old).await {
            return renewal;
        }
        let error = match self.oauth.renew(&old.installation, self.clock.now()).await {
            Ok(new) => return self.keep(old, &new).await,
            Err(error) => error,
        };
        // So may somebody whom this process did not hear of, because it was frozen.
        if let Some(renewal) = self.unless_still(old).await {
            return renewal;
        }
        self.tried.put(name, (), until, now);
        if error.is_final() {
            error!(
                workspace.id = %workspace, %error,
                "slack refuses to renew a workspace's token: let an admin there install the app again, at /slack/install"
            );
            return Renewal::Refused;
        }
        warn!(workspace.id = %workspace, %error, "a workspace's token could not be renewed; it is tried again");
        Renewal::Later
    }

    /// Whether this process has tried it in vain, and has the claim still: nobody is at it.
    fn was_tried(&self, old: &Installed) -> bool {
        self.tried.read(&claim_of(old), self.clock.now(), |()| ()).is_some()
    }

    /// What became of an installation that is not in the store any more as it was; `None` when it still is.
    async fn unless_still(&self, old: &Installed) -> Option<Renewal> {
        match self.look_up(&old.installation.workspace).await {
            Ok(Some(there)) if there.version == old.version => None,
            Ok(Some(there)) => Some(Renewal::Done(there)),
            Ok(None) => Some(Renewal::Refused),
            Err(_) => Some(Renewal::Later),
        }
    }

    /// Keeps the new token in the place of the old one. What somebody has installed meanwhile stays.
    async fn keep(&self, old: &Installed, new: &Installation) -> Renewal {
        let workspace = &new.workspace;
        let mut pause = Duration::from_secs(1);
        for _ in 0..TRIES {
            let kept =
                self.store.save_installation(&key(workspace), new.to_record(), Some(old.version)).await;
            match kept {
                Ok(is_kept) => {
                    if is_kept {
                        let ends = new.rotation.as_ref().map(|rotation| rotation.ends.to_string());
                        info!(workspace.id = %workspace, ends, "a workspace's token was renewed");
                    }
                    return self.unless_still(old).await.unwrap_or(Renewal::Later);
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(workspace.id = %workspace, error, "a renewed token could not be kept; it is tried again");
                }
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        error!(
            workspace.id = %workspace,
            "a renewed token is lost, because the store was down for too long: let an admin there install the app again, \
             at /slack/install"
        );
        Renewal::Refused
    }

    async fn wait_for_others(&self, old: &Installed) -> Option<Arc<Installed>> {
        for _ in 0..LOOKS {
            // By tokio's own time, as every deadline of a call: it is somebody's call that is waited for.
            tokio::time::sleep(LOOK).await;
            if let Some(Renewal::Done(new)) = self.unless_still(old).await {
                return Some(new);
            }
            if self.was_tried(old) {
                return None;
            }
        }
        None
    }
}

/// What an exchange is claimed by.
fn claim_of(old: &Installed) -> String {
    format!("renewal/{PLATFORM}/{}/{}", old.installation.workspace, old.version)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;

    use jiff::Timestamp;
    use serde_json::json;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::clock::{Clock, SystemClock};
    use crate::config::{Config, Environment};
    use crate::slack::oauth::OAuth;
    use crate::store::MemoryStore;

    /// Installations, and one that has been kept twice: as it was, and as it is. Their Slack takes calls and never answers.
    async fn kept_twice() -> (Arc<Installations>, Arc<Installed>, Arc<Installed>, TcpListener) {
        let slack = TcpListener::bind("127.0.0.1:0").unwrap();
        slack.set_nonblocking(true).unwrap();
        let url = format!("http://{}", slack.local_addr().unwrap());
        let settings = [("AGENT_URL", "http://localhost"), ("SLACK_API_URL", &url)];
        let config = Config::load(None, &Environment::from_pairs(settings)).unwrap();
        let clock = Arc::new(SystemClock);
        let store = Arc::new(MemoryStore::new(&config.store, config.conversation.waiting(), clock.now()));
        let oauth = OAuth::new(&config.slack, crate::http::client().unwrap());
        let tracker = TaskTracker::new();
        let all = Arc::new(Installations::new(store, oauth, clock, tracker));
        let workspace = "T1".into();
        let body = |token: &str| {
            json!({"ok": true, "access_token": token, "bot_user_id": "U0", "team": {"id": "T1"},
            "expires_in": 1, "refresh_token": "xoxe-1"})
        };
        let mut found = Vec::new();
        for token in ["xoxb-1", "xoxb-2"] {
            let installation = Installation::read(body(token).to_string().as_bytes(), Timestamp::UNIX_EPOCH);
            all.install(&installation.unwrap()).await.unwrap();
            found.push(all.look_up(&workspace).await.unwrap().unwrap());
        }
        let new = found.pop().unwrap();
        (all, found.pop().unwrap(), new, slack)
    }

    #[tokio::test]
    async fn a_refresh_token_that_somebody_has_used_since_is_not_used_again() {
        let (all, old, new, slack) = kept_twice().await;
        let renewed = all.renewed(&old).await.expect("the new one is there");
        assert_eq!(renewed.version, new.version);
        assert_eq!(slack.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "Slack was asked");
        drop(slack);
        assert!(all.renewed(&new).await.is_none(), "Slack is not there to give another one");
        assert!(matches!(all.renew(&new).await, Renewal::Later), "nobody is at it, and nobody is waited for");
    }

    #[tokio::test]
    async fn what_was_kept_since_stays_when_an_older_token_is_to_be_replaced() {
        let (all, old, new, _slack) = kept_twice().await;
        assert!(
            matches!(all.keep(&old, &old.installation).await, Renewal::Done(there) if there.version == new.version)
        );
        let there = all.store.installation(&key(&new.installation.workspace)).await.unwrap().unwrap();
        assert_eq!(there.version, new.version);
    }
}
