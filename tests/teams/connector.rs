//! Calls out: each of them, as Teams wants it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::chat::MessageId;
use threadbridge::clock::Clock;
use threadbridge::teams::connector::{Connector, ConnectorError, Doubt, Patience, Target};
use threadbridge::teams::login::{Credentials, Login};
use threadbridge::teams::service_url::{ServiceUrl, ServiceUrls};
use tokio_util::task::TaskTracker;

use crate::clock::TestClock;
use crate::microsoft::connector::{Auth, ConnectorServer, Turn};
use crate::microsoft::login_server::{LoginServer, SCOPE, SECRET, TENANT};
use crate::microsoft::mint::APP;

/// A thread in a channel, with every sign that ids have.
pub const THREAD: &str = "19:a_b-c.d~e/f?g#h%i@thread.tacv2;messageid=1700000000000";
const ANN: &str = "29:1abc/def+ghi=";

/// Teams and Entra, and what calls them.
pub struct World {
    pub teams: ConnectorServer,
    pub entra: LoginServer,
    pub connector: Connector,
    pub clock: Arc<TestClock>,
    service_url: ServiceUrl,
}

impl World {
    pub async fn new() -> Self {
        Self::patient(Duration::from_secs(60)).await
    }

    pub async fn patient(deadline: Duration) -> Self {
        let (teams, entra, clock) =
            (ConnectorServer::start().await, LoginServer::start().await, Arc::new(TestClock::new()));
        let time = || Arc::clone(&clock) as Arc<dyn Clock>;
        let client = threadbridge::http::local_client().unwrap();
        let credentials = Credentials {
            client_id: APP.to_owned(),
            client_secret: SECRET.into(),
            tenant_id: TENANT.to_owned(),
        };
        let tracker = TaskTracker::new();
        let login =
            Login::new(client.clone(), entra.url(), SCOPE, credentials, deadline, time(), tracker).unwrap();
        let patience = SignedDuration::from_mins(10);
        let connector = Connector::new(client, Some(login), deadline, patience, time());
        let service_url = ServiceUrls::only_loopback().check(&teams.service_url()).unwrap();
        Self { teams, entra, connector, clock, service_url }
    }

    pub fn to(&self) -> Target<'_> {
        Target { service_url: &self.service_url, conversation: THREAD }
    }

    pub async fn send(&self, patience: Patience) -> Result<Option<MessageId>, ConnectorError> {
        self.connector.send(self.to(), &message("Hello."), patience).await
    }

    /// Sends, and wakes what sleeps; says for how long, each time.
    pub async fn send_through(
        &self,
        patience: Patience,
    ) -> (Result<Option<MessageId>, ConnectorError>, Vec<f64>) {
        let mut pauses = Vec::new();
        let mut sending = std::pin::pin!(self.send(patience));
        loop {
            tokio::select! {
                biased;
                done = &mut sending => return (done, pauses),
                pause = self.clock.somebody_sleeps() => {
                    pauses.push(pause.as_secs_f64());
                    self.clock.advance(pause);
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

pub fn message(text: &str) -> Value {
    json!({"type": "message", "textFormat": "markdown", "text": text})
}

#[tokio::test]
async fn a_message_is_sent_to_its_thread_with_the_token_and_gets_an_id() {
    let world = World::new().await;
    let id = world.send(Patience::Once).await.unwrap().unwrap();
    let posted = world.teams.posted();
    assert_eq!((posted.len(), posted[0].conversation.as_str()), (1, THREAD));
    assert_eq!(posted[0].id, id.as_str());
    assert_eq!(posted[0].activity, message("Hello."));
    assert_eq!(world.teams.calls()[0].header("authorization"), "Bearer token-1");
}

#[tokio::test]
async fn text_and_card_in_one_have_no_id() {
    let world = World::new().await;
    let mut both = message("Hello.");
    both["attachments"] = json!([{"contentType": "application/vnd.microsoft.card.adaptive", "content": {}}]);
    assert_eq!(world.connector.send(world.to(), &both, Patience::Once).await.unwrap(), None);
    assert_eq!(world.teams.posted().len(), 1);
}

#[tokio::test]
async fn a_message_is_replaced_where_it_is() {
    let world = World::new().await;
    let id = world.send(Patience::Once).await.unwrap().unwrap();
    world.connector.update(world.to(), &id, &message("Better."), Patience::Once).await.unwrap();
    assert_eq!(world.teams.posted()[0].activity["text"], "Better.");
    let gone = world.connector.update(world.to(), &"1/..".into(), &message("?"), Patience::UntilDone).await;
    assert!(matches!(gone, Err(ConnectorError::NotThere(_))), "{gone:?}");
}

#[tokio::test]
async fn typing_is_shown_once_and_never_again() {
    let world = World::new().await;
    world.connector.typing(world.to()).await.unwrap();
    assert_eq!(world.teams.typing(), [(THREAD.to_owned(), json!({"type": "typing"}))]);
    world.teams.next([Turn::Throttled(Some("1"))]);
    assert!(world.connector.typing(world.to()).await.is_err());
    assert_eq!(world.teams.count(), 2);
}

#[tokio::test]
async fn one_person_is_told_alone() {
    let world = World::new().await;
    let sent = world.connector.send_targeted(world.to(), ANN, &message("Psst."), Patience::Once).await;
    assert!(sent.unwrap().is_some());
    assert_eq!(world.teams.posted()[0].only_for.as_deref(), Some(ANN));
}

#[tokio::test]
async fn a_member_is_looked_up_in_the_channel_of_a_thread_by_any_id() {
    let world = World::new().await;
    world.teams.add_member(
        &json!({"id": ANN, "aadObjectId": "7faf8ab2", "objectId": "7faf8ab2", "name": "Ann Lee",
        "email": "ann@company.com", "userPrincipalName": "ann@company.onmicrosoft.com", "tenantId": TENANT,
        "givenName": "Ann", "surname": "Lee", "userRole": "user"}),
    );
    world.teams.add_member(&json!({"id": "29:2", "objectId": "8", "userRole": "anonymous"}));
    for id in [ANN, "7faf8ab2", "ann@company.onmicrosoft.com"] {
        let ann = world.connector.member(world.to(), id, Patience::Briefly).await.unwrap().unwrap();
        assert_eq!((ann.id.as_str(), ann.object_id()), (ANN, Some("7faf8ab2")));
        assert_eq!(ann.email.as_deref().unwrap(), "ann@company.com");
        let told = format!("{ann:?}");
        assert!(!told.contains("Ann") && !told.contains("company"), "{told}");
    }
    let guest = world.connector.member(world.to(), "29:2", Patience::Briefly).await.unwrap().unwrap();
    assert_eq!((guest.object_id(), guest.email.is_some()), (Some("8"), false));
    assert!(world.connector.member(world.to(), "29:3", Patience::Briefly).await.unwrap().is_none());
    world.teams.next([Turn::Odd(200, "canary")]);
    let odd = world.connector.member(world.to(), ANN, Patience::Once).await.unwrap_err();
    assert_eq!(odd, ConnectorError::Unknown(Doubt::Odd));
}

#[tokio::test]
async fn a_personal_chat_is_opened() {
    let world = World::new().await;
    let chat = world.connector.open_chat(&world.service_url, TENANT, ANN, Patience::Once).await.unwrap();
    assert_eq!(chat, format!("a:{ANN}"));
}

#[tokio::test]
async fn a_wait_for_the_chat_with_one_person_holds_up_nobody_elses() {
    let world = World::new().await;
    let opened = |user| world.connector.open_chat(&world.service_url, TENANT, user, Patience::Once);
    world.teams.next([Turn::Throttled(Some("7"))]);
    let wait = ConnectorError::Wait(Some(Duration::from_secs(7)));
    assert_eq!(opened(ANN).await.unwrap_err(), wait);
    assert_eq!(opened(ANN).await.unwrap_err(), wait);
    assert_eq!(world.teams.count(), 1, "the second was not sent");
    assert_eq!(opened("29:2").await.unwrap(), "a:29:2");
}

#[tokio::test]
async fn in_development_no_token_is_sent() {
    let world = World::new().await;
    world.teams.takes(Auth::None);
    let client = threadbridge::http::local_client().unwrap();
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let connector =
        Connector::new(client, None, Duration::from_secs(60), SignedDuration::from_mins(1), clock);
    connector.send(world.to(), &message("Hello."), Patience::Once).await.unwrap();
    assert_eq!(world.entra.asked(), 0);
}

#[rstest]
#[case("")]
#[case(".")]
#[case("..")]
#[tokio::test]
async fn an_id_that_would_lead_elsewhere_is_not_sent(#[case] id: &str) {
    let world = World::new().await;
    let to = Target { conversation: id, ..world.to() };
    let error = world.connector.send(to, &message("Hello."), Patience::UntilDone).await.unwrap_err();
    assert_eq!(error, ConnectorError::UnusableId);
    let error = world.connector.update(world.to(), &id.into(), &message("?"), Patience::UntilDone).await;
    assert_eq!(error.unwrap_err(), ConnectorError::UnusableId);
    assert_eq!(world.teams.count(), 0);
}
