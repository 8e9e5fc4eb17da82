//! Slack as the core's platform: threads, statuses, private words.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tracing::warn;

use super::api::{ApiError, Arguments, Class, Patience, SlackApi, Target};
use super::blocks::{self, Form, Look, render, rerender, spoken_part};
use super::delivery::{is_further_part, key_of, part_key};
use super::event::IN_THREAD;
use super::files::has_attached;
use super::people::Names;
use super::{Links, PLATFORM, Settings, event, introduction, seal_context, text, working};
use crate::chat::{
    Audience, Button, ChannelId, ClickedMessage, MessageId, Outcome, Place, PlatformId, Private, Profile,
    Reply, Role, Shown, Text, UserId, UserKey, Word, WorkspaceId,
};
use crate::clock::Clock;
use crate::conversation::{Delivery, Platform, PlatformError, Spoken};
use crate::seal::Seal;
use crate::store::Expiring;

/// Slack.
pub struct SlackPlatform {
    pub(super) api: Arc<SlackApi>,
    seal: Seal,
    links: Links,
    native_feedback: bool,
    /// Whether the directory wants custom profile fields.
    fields: bool,
    names: Names,
    /// Channels where Slack has no status.
    pub(super) without_status: Expiring<(WorkspaceId, ChannelId), ()>,
    /// Tells renderings apart; begins with the time, so that it goes on rising after a restart.
    edition: AtomicU64,
}

impl SlackPlatform {
    /// Slack through `api`. `fields` says whether profiles need their custom fields.
    pub fn new(settings: &Settings, api: SlackApi, seal: Seal, fields: bool) -> Self {
        let edition = AtomicU64::new(api.now().as_microsecond().unsigned_abs());
        Self {
            api: Arc::new(api),
            seal,
            links: settings.links(),
            native_feedback: settings.native_feedback,
            fields,
            names: Names::new(),
            without_status: Expiring::new(working::MAX_CHANNELS),
            edition,
        }
    }

    /// Learns from Slack who the environment's token is, and logs it; and exchanges the tokens of installations before
    /// they end, as long as it runs.
    pub async fn watch(&self, clock: &dyn Clock) {
        tokio::join!(introduction::introduce(&self.api, clock), self.api.tokens().watch());
    }

    /// The Web API, and the tokens.
    pub(super) fn api(&self) -> &Arc<SlackApi> {
        &self.api
    }

    fn next_edition(&self) -> String {
        self.edition.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// Renders for a place, each time as another edition.
    pub(super) fn with_look<T>(
        &self,
        place: &Place,
        form: Form,
        attach: bool,
        render: impl FnOnce(Look<'_>) -> T,
    ) -> T {
        let edition = self.next_edition();
        let context = seal_context(&place.thread);
        let seal = |button: &Button| {
            let plain = serde_json::to_vec(button).expect("a button is plain JSON");
            self.seal.seal(&plain, &context)
        };
        let root = place.thread.root.as_str();
        let (links, native_feedback) = (&self.links, self.native_feedback);
        render(Look { seal: &seal, links, native_feedback, form, attach, root, edition: &edition })
    }

    /// Posts all parts; the first takes the place of a placeholder, if there is one.
    async fn post_all(
        &self,
        place: &Place,
        delivery: &Delivery,
        reply: &Reply,
        mut shown: Option<MessageId>,
    ) -> Result<(), ApiError> {
        let render_in = |form, attach| self.with_look(place, form, attach, |look| render(reply, look));
        let there = self.there_already(place, delivery).await?;
        let first = part_key(&delivery.name, 0);
        let is_first = |message: &Value| {
            let in_place = shown.as_ref().is_some_and(|shown| is_answer_in(message, shown));
            in_place || key_of(message) == Some(&first)
        };
        let mut attach = true;
        let mut rendered = render_in(Form::Rich, attach);
        if let Some(file) = &rendered.file
            && !there.iter().any(|message| is_first(message) || has_attached(message, file))
        {
            match self.api.attach(place, file).await {
                Ok(()) => {}
                Err(error @ ApiError::Overslept) => return Err(error),
                Err(error) => {
                    warn!(%error, "a long answer cannot be attached; it is posted in many messages");
                    attach = false;
                    rendered = render_in(Form::Rich, attach);
                }
            }
        }
        let (mut stuck, mut posted) = (None, Ok(()));
        for (n, part) in rendered.parts.into_iter().enumerate() {
            let mut best = Some(part);
            // Every form has the same parts.
            let mut part = |form| match best.take() {
                Some(best) if form == Form::Rich => best,
                _ => render_in(form, attach).parts.swap_remove(n),
            };
            if let Some(placeholder) = shown.take() {
                if there.iter().any(|message| is_answer_in(message, &placeholder)) {
                    continue;
                }
                match self.api.update_part(place, &placeholder, &mut part, Patience::UntilDoneTwice).await {
                    Ok(()) => continue,
                    Err(error @ ApiError::Overslept) => return Err(error),
                    Err(error) => warn!(%error, "a placeholder cannot become the answer; it is posted"),
                }
                stuck = Some(placeholder);
            }
            let key = part_key(&delivery.name, n);
            if there.iter().any(|message| key_of(message) == Some(&key)) {
                continue;
            }
            posted = self.api.post_part(place, &mut part, &key, Patience::UntilDone).await.map(|_| ());
            if posted.is_err() {
                break;
            }
        }
        // After a refusal a notice will be posted; whatever may still come right leaves it where it stands.
        let replaced = matches!(posted, Ok(()) | Err(ApiError::Refused { .. }));
        if let Some(placeholder) = stuck.filter(|_| replaced) {
            self.delete(place, &placeholder).await;
        }
        posted
    }

    /// The messages among which there may be some of this delivery, because a process has died over it.
    async fn there_already(&self, place: &Place, delivery: &Delivery) -> Result<Vec<Value>, ApiError> {
        if !delivery.again {
            return Ok(Vec::new());
        }
        match self.api.replies_since(place, delivery.since, Patience::UntilDoneTwice).await {
            Err(error @ ApiError::Overslept) => Err(error),
            Err(error) => {
                // An answer twice is better than none.
                warn!(%error, "what was posted before a crash cannot be looked up; it may be posted twice");
                Ok(Vec::new())
            }
            messages => messages,
        }
    }
}

#[async_trait]
impl Platform for SlackPlatform {
    fn id(&self) -> PlatformId {
        PLATFORM.into()
    }

    async fn profile(&self, user: &UserKey) -> Result<Profile, PlatformError> {
        self.api.profile(user, self.fields).await.map_err(outcome)
    }

    async fn user_name(&self, user: &UserKey) -> Option<Private<String>> {
        self.names.of_user(&self.api, user).await
    }

    async fn channel_name(&self, place: &Place, channel: &ChannelId) -> Option<Private<String>> {
        self.names.of_channel(&self.api, &place.thread.workspace, channel).await
    }

    fn forget(&self, user: &UserKey) {
        self.names.forget(user);
    }

    fn forget_workspace(&self, workspace: &WorkspaceId) {
        self.api.tokens().forget(workspace);
        self.names.forget_workspace(workspace);
    }

    async fn show_working(&self, place: &Place, delivery: &Delivery) -> Shown {
        self.begin_showing(place, delivery).await
    }

    fn status_lasts(&self) -> Duration {
        working::RENEW_AFTER
    }

    async fn keep_working(&self, place: &Place, shown: &Shown) {
        self.keep_showing(place, shown).await;
    }

    async fn end_working(&self, place: &Place, delivery: &Delivery, shown: Shown) {
        self.end_showing(place, delivery, shown).await;
    }

    async fn post(
        &self,
        place: &Place,
        delivery: &Delivery,
        reply: &Reply,
        shown: Shown,
    ) -> Result<(), PlatformError> {
        let placeholder = match shown {
            Shown::Nothing | Shown::Status => None,
            Shown::Placeholder(message) => Some(message),
            Shown::Uncertain => self.find_placeholder(place, delivery).await,
        };
        self.post_all(place, delivery, reply, placeholder).await.map_err(outcome)
    }

    async fn settle(&self, place: &Place, on: &ClickedMessage, reply: &Reply) -> Result<(), PlatformError> {
        let contents: Value = serde_json::from_str(&on.contents).unwrap_or_default();
        let mut part = |form| self.with_look(place, form, false, |look| rerender(&contents, reply, look));
        // What another change will follow must not hold that one up.
        let patience = match reply {
            Reply::Working => Patience::Once,
            Reply::Outcome(Outcome::Creating(_)) => Patience::Briefly,
            _ => Patience::UntilDoneTwice,
        };
        self.api.update_part(place, &on.message, &mut part, patience).await.map_err(outcome)
    }

    async fn whisper(&self, place: &Place, user: &UserId, reply: &Reply) -> Result<(), PlatformError> {
        if place.audience == Audience::Direct {
            let (name, since) = (self.next_edition(), self.api.now());
            let delivery = Delivery { name, since, again: false };
            return self.post_all(place, &delivery, reply, None).await.map_err(outcome);
        }
        let rendered = self.with_look(place, Form::Basic, false, |look| render(reply, look));
        // What only says that a press was in vain is of no use later.
        let lasting = match reply {
            Reply::Word(word) => matches!(word, Word::Created { .. } | Word::Uncertain { .. }),
            _ => true,
        };
        let patience = if lasting { Patience::UntilDoneTwice } else { Patience::Briefly };
        let target = Target::channel(place);
        for part in &rendered.parts {
            let mut body = json!({ "channel": target.channel, "user": user.as_str(), "text": part.text,
                "blocks": part.blocks, "parse": "none", "link_names": false });
            // In a thread that nobody has opened, nobody would see it.
            if &*place.address == IN_THREAD {
                body["thread_ts"] = json!(place.thread.root.as_str());
            }
            let arguments = Arguments::Json(&body);
            self.api.call(target, "chat.postEphemeral", arguments, patience).await.map_err(outcome)?;
        }
        Ok(())
    }

    async fn read_back(
        &self,
        place: &Place,
        _: Option<&ClickedMessage>,
    ) -> Result<Vec<Spoken>, PlatformError> {
        let messages = self
            .api
            .replies(place, &[("include_all_metadata", "true")], Patience::Briefly)
            .await
            .map_err(outcome)?;
        let bot = self.api.tokens().bot(&place.thread.workspace).await;
        Ok(messages.iter().filter_map(|message| spoken(message, bot.as_deref())).collect())
    }
}

/// A message as somebody's words; `None` for what neither people nor the agent said.
fn spoken(message: &Value, bot: Option<&str>) -> Option<Spoken> {
    let ts = message["ts"].as_str()?;
    let raw = message["text"].as_str().unwrap_or_default();
    let (by, role, text, to_bot) = if message["bot_id"].is_string() {
        if !blocks::is_answer(raw) {
            return None;
        }
        (None, Role::Assistant, Text::plain(spoken_part(raw)), false)
    } else {
        let read = text::read(raw, bot);
        (Some(UserId::from(message["user"].as_str()?)), Role::User, read.text, read.mentions_bot)
    };
    let continues = key_of(message).is_some_and(is_further_part);
    Some(Spoken { message: ts.into(), by, role, continues, text, to_bot, at: event::time(ts)? })
}

/// Whether the placeholder has become an answer.
fn is_answer_in(message: &Value, placeholder: &MessageId) -> bool {
    message["ts"] == placeholder.as_str() && message["text"].as_str().is_some_and(blocks::is_answer)
}

fn outcome(error: ApiError) -> PlatformError {
    match error {
        ApiError::Refused { class: Class::Place | Class::Installation | Class::Message, .. } => {
            PlatformError::Gone(error.to_string())
        }
        ApiError::NotInstalled => PlatformError::Gone(error.to_string()),
        ApiError::Refused { .. } => PlatformError::Refused(error.to_string()),
        ApiError::Overslept => PlatformError::Overslept,
        ApiError::Wait(_)
        | ApiError::Busy(_)
        | ApiError::Unsent
        | ApiError::NoStore
        | ApiError::Unknown(_) => PlatformError::Down(error.to_string()),
    }
}
