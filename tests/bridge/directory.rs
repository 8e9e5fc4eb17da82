//! The directory's sources as people notice them: HTTP, the Slack profile, their order, the cache, and being down.

use std::sync::{Arc, Mutex};

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Router, response::IntoResponse};
use jiff::SignedDuration;
use serde_json::json;
use threadbridge::clock::Clock;
use threadbridge::demo::workspace::{Fault, Person, Setup};

use crate::file::TempFile;
use crate::world::{World, confident, host};

const HTTP: (&str, &str) = ("THREADBRIDGE_DIRECTORY__SOURCES", "http");
const NOVA: &str = r#"{"agent_id": 77, "email": "nova.reed@company.com", "name": "Nova Reed", "agency": "Lettings", "office": "Paarl"}"#;

/// A CRM that is asked over HTTP.
#[derive(Clone, Default)]
struct Crm(Arc<Mutex<Asked>>);

#[derive(Default)]
struct Asked {
    /// Status 0 is silence.
    answer: (u16, &'static str),
    /// The query and the authorization of each request.
    requests: Vec<(String, Option<String>)>,
}

impl Crm {
    async fn start(status: u16, body: &'static str) -> (Self, String) {
        let crm = Self::default();
        crm.answers(status, body);
        let router = Router::new().route("/people", get(Self::serve)).with_state(crm.clone());
        let url = format!("{}/people?tenant=acme", host(router).await);
        (crm, url)
    }

    fn answers(&self, status: u16, body: &'static str) {
        self.0.lock().unwrap().answer = (status, body);
    }

    fn requests(&self) -> Vec<(String, Option<String>)> {
        self.0.lock().unwrap().requests.clone()
    }

    async fn serve(
        State(crm): State<Self>,
        RawQuery(query): RawQuery,
        headers: HeaderMap,
    ) -> impl IntoResponse {
        let token = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let (status, body) = {
            let mut asked = crm.0.lock().unwrap();
            asked.requests.push((query.unwrap_or_default(), token));
            asked.answer
        };
        if status == 0 {
            std::future::pending::<()>().await;
        }
        (StatusCode::from_u16(status).unwrap(), body)
    }
}

async fn nova_asks(world: &World) -> String {
    world.says("U0NOVA", "C0LETTINGS", "@Threadbridge How do I reset a password?").await
}

#[tokio::test]
async fn an_http_directory_is_asked_with_the_e_mail_address_and_the_token() {
    let (crm, url) = Crm::start(200, NOVA).await;
    let settings = [HTTP, ("DIRECTORY_URL", &*url), ("DIRECTORY_TOKEN", "0123")];
    let world = World::with(&settings, confident).await;
    nova_asks(&world).await;
    let query = "tenant=acme&email=nova.reed%40company.com".to_owned();
    assert_eq!(crm.requests(), [(query, Some("Bearer 0123".to_owned()))]);
    assert_eq!(world.last_asker()["agent_id"], "77");
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn whom_the_http_directory_does_not_know_is_not_found() {
    let (_crm, url) = Crm::start(404, "").await;
    let world = World::with(&[HTTP, ("DIRECTORY_URL", &url)], confident).await;
    nova_asks(&world).await;
    assert!(world.whispers("U0NOVA").contains("I couldn't find you in the CRM's directory"));
    assert_eq!(world.questions(), 0);
    world.finish().await;
}

#[tokio::test]
async fn while_the_directory_is_down_people_are_told_so_and_asking_again_works_afterwards() {
    let (crm, url) = Crm::start(500, "oops").await;
    let world = World::with(&[HTTP, ("DIRECTORY_URL", &url)], confident).await;
    let root = nova_asks(&world).await;
    insta::assert_snapshot!(world.whispers("U0NOVA"), @"
    Threadbridge (only visible to you)
      I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes.
      [Ask again]
    ");
    assert_eq!(world.slack.thread("C0LETTINGS", &root).len(), 1, "nothing stands in the thread");
    crm.answers(301, "");
    world.press_whisper("U0NOVA", "Ask again").await;
    let whispers = world.slack.ephemerals("U0NOVA");
    assert_eq!(whispers.len(), 2, "a redirect is not followed");
    // Nobody has opened a thread, so that is not where she would look.
    assert!(whispers.iter().all(|whisper| whisper.thread_ts.is_none()));
    world.whispers("U0NOVA");
    assert_eq!(world.questions(), 0);
    crm.answers(200, NOVA);
    world.press_whisper("U0NOVA", "Ask again").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"
    Nova Reed
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    assert_eq!(world.questions(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_directory_that_does_not_reply_in_time_is_down() {
    let (crm, url) = Crm::start(0, "").await;
    let deadline = ("THREADBRIDGE_DIRECTORY__DEADLINE_SECONDS", "1");
    let world = World::with(&[HTTP, ("DIRECTORY_URL", &url), deadline], confident).await;
    let root = world.says("U0NOVA", "dm", "How do I reset a password?").await;
    insta::assert_snapshot!(world.see("D0NOVA", &root), @"
    Nova Reed
      How do I reset a password?
    Threadbridge
      I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes.
      [Ask again]
    ");
    crm.answers(200, NOVA);
    let answer = world.last("D0NOVA", &root);
    world.press("U0NOVA", &answer, "Ask again").await;
    insta::assert_snapshot!(world.see("D0NOVA", &root), @"
    Nova Reed
      How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ");
    world.finish().await;
}

#[tokio::test]
async fn while_slack_does_not_say_who_asks_the_directory_is_down() {
    let world = World::new().await;
    world.slack.faults().next("users.info", 5, Fault::Status(500));
    let root = world.asks("How do I reset a password?").await;
    assert!(world.whispers("U0JANE").contains("I can't look up your CRM account at the moment"));
    world.press_whisper("U0JANE", "Ask again").await;
    assert_eq!(world.questions(), 1);
    world.see("C0LETTINGS", &root);
    world.finish().await;
}

#[tokio::test]
async fn somebody_who_was_found_before_is_served_while_the_directory_is_down() {
    let (crm, url) = Crm::start(200, NOVA).await;
    let world = World::with(&[HTTP, ("DIRECTORY_URL", &url)], confident).await;
    nova_asks(&world).await;
    crm.answers(503, "");
    world.clock.advance(SignedDuration::from_hours(2));
    nova_asks(&world).await;
    assert_eq!(world.questions(), 2);
    assert_eq!(crm.requests().len(), 2);
    world.clock.advance(SignedDuration::from_hours(48));
    nova_asks(&world).await;
    assert!(world.whispers("U0NOVA").contains("I can't look up your CRM account at the moment"));
    assert_eq!(world.questions(), 2);
    world.see_all();
    world.finish().await;
}

const PROFILE: [(&str, &str); 6] = [
    ("THREADBRIDGE_DIRECTORY__SOURCES", "profile"),
    ("THREADBRIDGE_DIRECTORY__PROFILE__AGENT_ID", "user_id"),
    ("THREADBRIDGE_DIRECTORY__PROFILE__EMAIL", "email"),
    ("THREADBRIDGE_DIRECTORY__PROFILE__NAME", "name"),
    ("THREADBRIDGE_DIRECTORY__PROFILE__AGENCY", "Xf0AGENCY"),
    ("THREADBRIDGE_DIRECTORY__PROFILE__OFFICE", "Xf0OFFICE"),
];

#[tokio::test]
async fn the_slack_profile_can_say_who_somebody_is_in_the_crm() {
    let nova = Person::member("U0NOVA", "nova", "Nova Reed", "nova.reed@company.com");
    let nova = nova.field("Xf0AGENCY", "Lettings").field("Xf0OFFICE", "Paarl");
    let world = World::build(&PROFILE, Setup::default().with_person(nova), confident).await;
    nova_asks(&world).await;
    let expected = json!({
        "agent_id": "U0NOVA", "email": "nova.reed@company.com", "name": "Nova Reed", "agency": "Lettings",
        "office": "Paarl"
    });
    assert_eq!(world.last_asker(), expected);
    // Slack sends an empty array in the place of an empty object of fields.
    world.asks("How do I reset a password?").await;
    insta::assert_snapshot!(world.whispers("U0JANE"), @"
    Threadbridge (only visible to you)
      Your entry in the CRM's directory lacks agency, office. Please contact your admin to have it completed.
    ");
    assert_eq!(world.questions(), 1);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn the_first_source_that_has_somebody_complete_decides() {
    let (crm, url) = Crm::start(200, NOVA).await;
    let file =
        "agent_id,email,name,agency,office\n1,jane.smith@company.com,Jane,S,O\n2,nova.reed@company.com,N,,\n";
    let file = TempFile::new("order.csv", file);
    let sources = ("THREADBRIDGE_DIRECTORY__SOURCES", "file, http");
    let settings = [sources, ("DIRECTORY_FILE", file.path()), ("DIRECTORY_URL", &url)];
    let world = World::with(&settings, confident).await;
    world.asks("How do I reset a password?").await;
    assert_eq!((&world.last_asker()["agent_id"], crm.requests().len()), (&json!("1"), 0));
    nova_asks(&world).await;
    assert_eq!((&world.last_asker()["agent_id"], crm.requests().len()), (&json!("77"), 1));
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn somebody_is_looked_up_once_until_their_profile_changes_or_the_entry_is_old() {
    let world = World::new().await;
    let looked_up = || world.slack.calls_of("users.info").len();
    world.asks("One?").await;
    world.says("U0JANE", "dm", "Two?").await;
    assert_eq!(looked_up(), 1);
    let change = json!({"type": "user_change", "user": {"id": "U0JANE", "team_id": "T0ACME"}});
    assert_eq!(world.slack.send_event(change).await.status, 200);
    world.asks("Three?").await;
    world.asks("Four?").await;
    assert_eq!(looked_up(), 2);
    world.clock.advance(SignedDuration::from_secs(900));
    world.asks("Five?").await;
    assert_eq!(looked_up(), 3);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn somebody_who_was_not_found_is_looked_up_again_after_a_minute() {
    let (crm, url) = Crm::start(404, "").await;
    let world = World::with(&[HTTP, ("DIRECTORY_URL", &url)], confident).await;
    nova_asks(&world).await;
    nova_asks(&world).await;
    assert_eq!(crm.requests().len(), 1);
    crm.answers(200, NOVA);
    world.clock.advance(SignedDuration::from_secs(60));
    nova_asks(&world).await;
    assert_eq!(world.questions(), 1);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_changed_file_is_picked_up_while_the_bridge_runs() {
    let header = "agent_id,email,name,agency,office\n";
    let file = TempFile::new("reload.csv", header);
    let every = SignedDuration::from_hours(2);
    let reload = ("THREADBRIDGE_DIRECTORY__RELOAD_EVERY_SECONDS", "7200");
    let world = World::with(&[("DIRECTORY_FILE", file.path()), reload], confident).await;
    nova_asks(&world).await;
    assert_eq!(world.questions(), 0);
    world.clock.sleeps_for(every).await;
    file.write(&format!("{header}5,nova.reed@company.com,Nova,Sales,Paarl\n"));
    world.clock.advance(every);
    world.clock.sleeps_for(every).await;
    nova_asks(&world).await;
    assert_eq!(world.last_asker()["agent_id"], "5");
    // A broken file leaves the old entries in force.
    file.write("agent_id,email\n5");
    world.clock.advance(every);
    world.clock.sleeps_for(every).await;
    nova_asks(&world).await;
    assert_eq!(world.questions(), 2);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn nobody_waits_for_a_profile_longer_than_people_wait_for_an_answer() {
    let world = World::new().await;
    world.slack.faults().next("users.info", 1, Fault::RateLimited(200));
    let before = world.clock.now();
    for text in ["How?", "And now?"] {
        world.says("U0JANE", "C0LETTINGS", &format!("@Threadbridge {text}")).await;
    }
    assert_eq!(world.clock.now(), before, "nobody slept");
    assert_eq!(world.slack.calls_of("users.info").len(), 1);
    assert_eq!(world.whispers("U0JANE").matches("I can't look up your CRM account").count(), 2);
    world.see_all();
    world.finish().await;
}
