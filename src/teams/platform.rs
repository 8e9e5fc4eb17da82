//! Teams as the core's platform: answers with citations, cards that are replaced, private words where Teams has them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tracing::debug;

use super::asked::Asked;
use super::citations::Links;
use super::connector::{Connector, ConnectorError, Patience, Target};
use super::delivery::STREAM;
use super::message::{Look, render, replacement};
use super::noted::Contents;
use super::people::{People, profile};
use super::place::{self, Address};
use super::service_url::{ServiceUrl, ServiceUrls};
use super::texts::Texts;
use super::waiting::Waiting;
use super::{PLATFORM, Settings, invoke, press, working};
use crate::chat::{
    Button, ChannelId, ClickedMessage, MessageId, Outcome, Place, PlatformId, Private, Profile, Question,
    Reply, Shown, UserId, UserKey, WorkspaceId,
};
use crate::clock::Clock;
use crate::conversation::{Delivery, Platform, PlatformError, Spoken};
use crate::seal::Seal;
use crate::store::Store;

/// Teams.
pub struct TeamsPlatform {
    pub(super) connector: Connector,
    service_urls: ServiceUrls,
    seal: Seal,
    links: Links,
    /// The tenant that the bot is registered in.
    home: String,
    pub(super) people: People,
    pub(super) waiting: Waiting,
    asked: Asked,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Where something is sent to.
pub(super) struct Spot {
    pub(super) service_url: ServiceUrl,
    pub(super) address: Address,
}

impl Spot {
    pub(super) fn target(&self) -> Target<'_> {
        Target { service_url: &self.service_url, conversation: &self.address.conversation }
    }

    /// An activity with who says it, and where.
    pub(super) fn addressed(&self, mut activity: Value) -> Value {
        activity["from"] = json!({ "id": self.address.bot });
        activity["conversation"] = json!({ "id": self.address.conversation });
        activity
    }
}

impl TeamsPlatform {
    /// Teams through `connector`. `store` keeps what messages cannot carry.
    pub fn new(
        settings: &Settings,
        connector: Connector,
        seal: Seal,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            connector,
            service_urls: settings.service_urls(),
            seal,
            links: settings.links(),
            home: settings.tenant_id.trim().to_owned(),
            people: People::new(Arc::clone(&store), Arc::clone(&clock)),
            waiting: Waiting::default(),
            asked: Asked::default(),
            store,
            clock,
        }
    }

    /// Notes that somebody has done something in a place: Teams says who they are only where they are.
    pub async fn meet(&self, user: &UserId, place: &Place) {
        self.people.meet(user, place).await;
    }

    /// Where a place is, if the bridge may still send anything there.
    pub(super) fn spot(&self, place: &Place) -> Result<Spot, PlatformError> {
        let address = Address::of(place);
        let address = address.ok_or_else(|| PlatformError::Gone("its address is not one of ours".into()))?;
        let service_url = self.service_urls.check(&address.service_url);
        let service_url = service_url.map_err(|error| PlatformError::Gone(error.to_string()))?;
        Ok(Spot { service_url, address })
    }

    /// Renders for a thread; `kept` are the sealed texts that are known already.
    pub(super) fn with_look<T>(
        &self,
        place: &Place,
        kept: Option<&str>,
        render: impl FnOnce(Look<'_>) -> T,
    ) -> T {
        let context = press::seal_context(&place.thread);
        let seal = |button: &Button| {
            let plain = serde_json::to_vec(button).expect("a button is plain JSON");
            self.seal.seal(&plain, &context)
        };
        let texts = |texts: &Texts| self.seal_texts(texts, place);
        let kept = kept.filter(|texts| !texts.is_empty());
        render(Look { seal: &seal, texts: &texts, kept, links: &self.links })
    }

    /// Remembers what was asked, for the notice that may come instead of an answer.
    pub(super) fn remember(&self, question: &Question) {
        self.asked.remember(question, self.clock.now());
    }

    /// The sealed texts of the question that a notice is about, as far as they are remembered.
    pub(super) fn kept(&self, place: &Place, reply: &Reply) -> Option<String> {
        let texts = self.asked.texts(&place.thread, reply, self.clock.now())?;
        Some(self.seal_texts(&texts, place))
    }

    pub(super) fn seal_texts(&self, texts: &Texts, place: &Place) -> String {
        texts.seal(&place.thread, &self.seal)
    }
}

#[async_trait]
impl Platform for TeamsPlatform {
    fn id(&self) -> PlatformId {
        PLATFORM.into()
    }

    async fn profile(&self, user: &UserKey) -> Result<Profile, PlatformError> {
        let contact = self.people.contact(user).await;
        let contact = contact.ok_or_else(|| PlatformError::Down("it is not known where they are".into()))?;
        let service_url = self.service_urls.check(&contact.service_url);
        let service_url = service_url.map_err(|error| PlatformError::Gone(error.to_string()))?;
        let target = Target { service_url: &service_url, conversation: &contact.conversation };
        let member =
            self.connector.member(target, &contact.user, Patience::Briefly).await.map_err(outcome)?;
        Ok(profile(user, member.as_ref(), &self.home))
    }

    async fn user_name(&self, _: &UserKey) -> Option<Private<String>> {
        // Messages have people's names in them.
        None
    }

    async fn channel_name(&self, _: &Place, _: &ChannelId) -> Option<Private<String>> {
        None
    }

    fn forget(&self, user: &UserKey) {
        self.people.forget(user);
    }

    fn forget_workspace(&self, workspace: &WorkspaceId) {
        self.people.forget_workspace(workspace);
    }

    async fn show_working(&self, place: &Place, _: &Delivery) -> Shown {
        let Ok(spot) = self.spot(place) else { return Shown::Status };
        if spot.address.kind == place::Kind::Personal {
            let informative = spot.addressed(working::informative());
            match self.connector.send(spot.target(), &informative, Patience::Once).await {
                Ok(Some(stream)) => {
                    return Shown::Placeholder(MessageId::from(format!("{STREAM}{stream}").as_str()));
                }
                Ok(None) => {}
                Err(error) => debug!(%error, "a stream cannot be begun"),
            }
        }
        self.keep_working(place, &Shown::Status).await;
        Shown::Status
    }

    fn status_lasts(&self) -> Duration {
        working::RENEW_AFTER
    }

    async fn keep_working(&self, place: &Place, shown: &Shown) {
        if let Shown::Placeholder(message) = shown
            && message.as_str().starts_with(STREAM)
        {
            return;
        }
        if let Ok(spot) = self.spot(place)
            && let Err(error) = self.connector.typing(spot.target()).await
        {
            debug!(%error, "typing cannot be shown");
        }
    }

    async fn end_working(&self, _: &Place, _: &Delivery, _: Shown) {
        // Typing ends by itself, and so does a stream of which nothing more comes.
    }

    async fn post(
        &self,
        place: &Place,
        delivery: &Delivery,
        reply: &Reply,
        shown: Shown,
    ) -> Result<(), PlatformError> {
        let spot = self.spot(place)?;
        self.post_all(&spot, place, delivery, reply, shown).await.map_err(outcome)
    }

    async fn settle(&self, place: &Place, on: &ClickedMessage, reply: &Reply) -> Result<(), PlatformError> {
        // Teams' own thumbs show what was pressed.
        if matches!(reply, Reply::Outcome(Outcome::Thanks | Outcome::RateAgain(_))) {
            return Ok(());
        }
        let spot = self.spot(place)?;
        let contents = Contents::of(on);
        let kept = contents.as_ref().map(|contents| contents.texts.as_str());
        let (answer, message) =
            self.with_look(place, kept, |look| (invoke::answer(reply, look), replacement(reply, look)));
        // A press's answer may arrive after the changes of its card, and is what the presser then goes on seeing. So one that
        // will soon be out of date is given only when Teams can wait no longer.
        let answer = answer.filter(|_| !matches!(reply, Reply::Outcome(Outcome::Creating(_))));
        if let (Some(press), Some(answer)) = (&spot.address.press, answer) {
            self.waiting.answer(press, None, answer);
        }
        let Some(message) = message else { return Ok(()) };
        // What another change will follow must not hold that one up.
        let patience = match reply {
            Reply::Working => Patience::Once,
            Reply::Outcome(Outcome::Creating(_)) => Patience::Briefly,
            _ => Patience::UntilDone,
        };
        let body = spot.addressed(message.body);
        self.connector.update(spot.target(), &on.message, &body, patience).await.map_err(outcome)
    }

    async fn whisper(&self, place: &Place, user: &UserId, reply: &Reply) -> Result<(), PlatformError> {
        let spot = self.spot(place)?;
        let answer = self.with_look(place, None, |look| invoke::answer(reply, look));
        if let (Some(press), Some(answer)) = (&spot.address.press, answer)
            && self.waiting.answer(press, Some(user), answer)
        {
            return Ok(());
        }
        let is_alone = spot.address.kind == place::Kind::Personal;
        let contact = self.people.contact(&place.user(user)).await;
        let reader = contact.map_or_else(|| user.as_str().to_owned(), |contact| contact.user);
        let kept = self.kept(place, reply);
        for message in self.with_look(place, kept.as_deref(), |look| render(reply, look)) {
            let body = spot.addressed(message.body);
            if is_alone {
                self.connector.send(spot.target(), &body, Patience::UntilDone).await.map_err(outcome)?;
                continue;
            }
            let told = self.connector.send_targeted(spot.target(), &reader, &body, Patience::UntilDone).await;
            match told {
                Ok(_) => {}
                Err(error @ (ConnectorError::Overslept | ConnectorError::Unknown(_))) => {
                    return Err(outcome(error));
                }
                Err(error) => {
                    debug!(%error, "what only one person may see cannot be said there; it is said in person");
                    return self.say_in_person(&spot, place, &reader, reply).await.map_err(outcome);
                }
            }
        }
        Ok(())
    }

    async fn read_back(
        &self,
        place: &Place,
        on: Option<&ClickedMessage>,
    ) -> Result<Vec<Spoken>, PlatformError> {
        let spoken = on.and_then(|on| Some(Contents::of(on)?.spoken(&on.message, &place.thread, &self.seal)));
        Ok(spoken.unwrap_or_default())
    }
}

fn outcome(error: ConnectorError) -> PlatformError {
    match error {
        ConnectorError::Overslept => PlatformError::Overslept,
        ConnectorError::PlaceGone(_) | ConnectorError::NotThere(_) | ConnectorError::UnusableId => {
            PlatformError::Gone(error.to_string())
        }
        ConnectorError::TooBig | ConnectorError::Stream(_) | ConnectorError::Refused { .. } => {
            PlatformError::Refused(error.to_string())
        }
        // Somebody will put the registration, or its secret, right.
        ConnectorError::Unauthorized
        | ConnectorError::Wait(_)
        | ConnectorError::Concurrent
        | ConnectorError::Unsent
        | ConnectorError::NoToken(_)
        | ConnectorError::Unknown(_) => PlatformError::Down(error.to_string()),
    }
}
