//! The app's home tab: shown whenever somebody opens it. A courtesy: what fails is logged, and shown at the next look.

mod view;

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};
use url::Url;

pub(super) use view::{ASK, TELL};
use view::{Frame, MOST_TICKETS, Tell};

use super::api::{Arguments, Patience, Target};
use super::platform::SlackPlatform;
use crate::chat::{ChannelId, UserKey, wording};
use crate::conversation::{Conversation, Home, Platform, WhoIs};
use crate::store::{NotedTicket, Store};

/// For how long the admins are not told again of the same person.
const TOLD_HOURS: SignedDuration = SignedDuration::from_hours(24);
/// Leads into an app's own tabs.
const APP_REDIRECT: &str = "https://slack.com/app_redirect";

/// Somebody at the home tab.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who.
    pub user: UserKey,
    /// The app's id.
    pub app: String,
}

/// The home tab.
pub struct HomeTab {
    /// Calls Slack.
    pub platform: Arc<SlackPlatform>,
    /// Says what people can see.
    pub conversation: Arc<Conversation>,
    /// Remembers of whom the admins were told.
    pub store: Arc<dyn Store>,
    /// Where the admins are told of people who are missing in the directory.
    pub admin_channel: Option<ChannelId>,
    /// Of what is done after the acknowledgement.
    pub tracker: TaskTracker,
}

impl HomeTab {
    /// Shows somebody their home tab, as it is now.
    pub fn opened(self: &Arc<Self>, visitor: Visitor) {
        let tab = Arc::clone(self);
        self.tracker.spawn(async move {
            let offer = if tab.admin_channel.is_some() { Tell::Offer } else { Tell::Nowhere };
            tab.show(&visitor, offer).await;
        });
    }

    /// Tells the admins that somebody is missing in the directory, and shows that they were told.
    pub fn tell_admins(self: &Arc<Self>, visitor: Visitor) {
        let tab = Arc::clone(self);
        self.tracker.spawn(async move {
            let told = tab.tell(&visitor.user).await;
            tab.show(&visitor, told).await;
        });
    }

    async fn show(&self, visitor: &Visitor, tell: Tell) {
        let user = &visitor.user;
        let admin = self.platform.profile(user).await.is_ok_and(|profile| profile.admin);
        let home = self.conversation.home(user, admin).await;
        let threads = self.threads(&home.tickets).await;
        let frame = Frame {
            ask: &messages_tab(visitor),
            examples: self.conversation.examples(),
            threads: &threads,
            tell,
            now: self.platform.api().now(),
        };
        let body = json!({ "user_id": user.user.as_str(), "view": view::view(&home, &frame) });
        let (target, arguments) = (Target::workspace(&user.workspace), Arguments::Json(&body));
        let shown =
            self.platform.api().call(target, "views.publish", arguments, Patience::UntilDoneTwice).await;
        if let Err(error) = shown {
            warn!(%error, "a home tab could not be shown");
        }
    }

    /// Where the threads of the first tickets are, as far as Slack says.
    async fn threads(&self, tickets: &[NotedTicket]) -> Vec<Option<String>> {
        let mut threads = Vec::new();
        for ticket in tickets.iter().take(MOST_TICKETS) {
            let (workspace, channel) = (&ticket.thread.workspace, ticket.thread.channel.as_str());
            let query = [("channel", channel), ("message_ts", ticket.thread.root.as_str())];
            let (target, query) = (Target { workspace, channel }, Arguments::Query(&query));
            let answer =
                self.platform.api().call(target, "chat.getPermalink", query, Patience::Once).await.ok();
            threads.push(answer.and_then(|answer| Some(answer["permalink"].as_str()?.to_owned())));
        }
        threads
    }

    async fn tell(&self, user: &UserKey) -> Tell {
        let Some(channel) = &self.admin_channel else { return Tell::Nowhere };
        let Home { standing: WhoIs::Missing(missing), .. } = self.conversation.home(user, false).await else {
            return Tell::Offer;
        };
        let now = self.platform.api().now();
        match self.store.claim(&format!("told/{user}"), now + TOLD_HOURS, now).await {
            Ok(true) => {}
            Ok(false) => return Tell::Told,
            Err(_) => return Tell::Failed,
        }
        let text = wording::home::tell(&format!("<@{}>", user.user), &missing);
        let body = json!({ "channel": channel.as_str(), "text": text, "parse": "none", "link_names": false });
        let target = Target { workspace: &user.workspace, channel: channel.as_str() };
        let posted =
            self.platform.api().call(target, "chat.postMessage", Arguments::Json(&body), Patience::UntilDone);
        match posted.await {
            Ok(_) => {
                info!(user = %user.user, "the admins were told of somebody who is not in the directory");
                Tell::Told
            }
            Err(error) => {
                error!(%error, "the admins could not be told of somebody: is the app in slack.admin_channel?");
                Tell::Failed
            }
        }
    }
}

/// The address of the app's messages tab.
fn messages_tab(visitor: &Visitor) -> String {
    let mut url = Url::parse(APP_REDIRECT).expect("it is a URL");
    url.query_pairs_mut().append_pair("app", &visitor.app).append_pair("tab", "messages");
    let workspace = visitor.user.workspace.as_str();
    // An organisation has no messages tab of its own.
    if workspace.starts_with('T') {
        url.query_pairs_mut().append_pair("team", workspace);
    }
    url.into()
}
