//! The configuration file, read again while the bridge serves: its rules are put in force, the rest needs a restart.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::conversation::Conversation;

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Reads the configuration again; cheap to clone, and it outlives the bridge.
#[derive(Clone)]
pub struct Reloader {
    conversation: Arc<Conversation>,
    known: Arc<Mutex<Known>>,
}

struct Known {
    /// What is in force, its rules included.
    config: Config,
    /// The file's text when it was read last, well or in vain.
    text: Option<String>,
}

impl Reloader {
    pub(super) fn new(config: &Config, conversation: Arc<Conversation>) -> Self {
        let known = Known { config: config.clone(), text: text_of(config.file()) };
        Self { conversation, known: Arc::new(Mutex::new(known)) }
    }

    /// Reads the configuration again and puts its rules in force. Where it cannot be used, those of before stay in
    /// force. Either is logged.
    pub fn reload(&self) {
        self.look(true);
    }

    /// Reads the file again whenever it has changed, until `stop`.
    pub(super) async fn watch(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let reloader = self.clone();
            // Off the threads that answer people: the disk may be slow.
            let _ = tokio::task::spawn_blocking(move || reloader.look(false)).await;
        }
    }

    fn look(&self, always: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let text = text_of(known.config.file());
        if text == known.text && !always {
            return;
        }
        known.text = text;
        let config = match known.config.reload() {
            Ok(config) => config,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                return error!(
                    error,
                    "the changed configuration cannot be used; that of before stays in force"
                );
            }
        };
        for key in config.waiting_for_a_restart(&known.config) {
            warn!(key, "this setting has changed, and is used after a restart only");
        }
        self.conversation.set_rules(config.rules());
        info!(rules = config.rule.len(), "the configuration was read again, and its rules are in force");
        // What waits for a restart is compared with what is in force.
        known.config.rule = config.rule;
        known.config.conversation = config.conversation;
    }
}

fn text_of(file: Option<&Path>) -> Option<String> {
    std::fs::read_to_string(file?).ok()
}
