//! Nothing that people write, and nothing that opens doors, is ever in a log, in an HTTP response or in a panic:
//! everything that the bridge does is done with the finest logs and with canaries in every private place.
//!
//! A test binary of its own, because a process has one log.

#[path = "../support"]
mod support {
    pub mod directory;
}
#[path = "../support/file.rs"]
mod file;
mod clock {
    pub use crate::world::TestClock;
}
mod listener;
mod log;
#[path = "../support/teams/mod.rs"]
mod microsoft;
mod teams;
#[expect(dead_code, reason = "these tests need only some of it")]
#[path = "../teams/world.rs"]
mod teams_world;
#[expect(dead_code, reason = "these tests need only some of it")]
#[path = "../bridge/world/mod.rs"]
mod world;

use jiff::SignedDuration;
use serde_json::json;
use threadbridge::demo::agent::{Answer, Ask, Canned, Endpoint, Fault, Scripted, Source};
use threadbridge::demo::workspace::{Fault as SlackFault, Message, Person, Setup, signature};
use threadbridge::telemetry::{self, Format, Settings};

use file::TempFile;
use listener::Listener;
use log::Log;
use world::World;

const DIRECTORY: &str = "agent_id,email,name,phone,agency,office,company,division,user_type,slack_user_id
crm_canary_1,jane.canary@company.com,Jane Canary,+27canary,CanaryAgency,CanaryOffice,CanaryCo,CanaryDiv,agent,
";
const SECRETS: [(&str, &str); 3] = [
    ("SEAL_KEY", "canary-seal-key-0123456789"),
    ("DIRECTORY_TOKEN", "canary-directory-token"),
    // As fine as it gets, and what a library would show on its own is asked for by name.
    (
        "THREADBRIDGE_LOG__FILTER",
        "trace,hyper::proto=trace,reqwest::connect=trace,hyper_util=trace,rustls=trace",
    ),
];

fn canary_agent(ask: &Ask) -> Scripted {
    let source = Source::how_to("Canary Title", "kb_canary", 0.95);
    Scripted::Answer(if ask.message.contains("doubt") {
        Answer::unsure("A canary doubts.").source(source)
    } else if ask.message.contains("long") {
        Answer::confident("A canary sings. ".repeat(8_000))
    } else {
        Answer::confident("A **canary** answer.").source(source).session_id("customer-session-17")
    })
}

fn setup() -> Setup {
    let jane = Person::member("U0JANE", "jane.canary", "Jane Canary", "jane.canary@company.com");
    let nova = Person::member("U0NOVA", "nova.canary", "Nova Canary", "nova.canary@company.com");
    Setup {
        bot_token: "xoxb-canary-token".into(),
        signing_secret: "canary-signing-secret".into(),
        ack_deadline: std::time::Duration::from_secs(60),
        ..Setup::default()
    }
    .with_person(jane.field("Xf0CANARY", "canary field"))
    .with_person(nova)
}

/// A world full of canaries, and everything that its bridge answers.
async fn canaries() -> (World, Listener, TempFile) {
    let file = TempFile::new("people.csv", DIRECTORY);
    let settings = [&SECRETS[..], &[("DIRECTORY_FILE", file.path())]].concat();
    let world = World::build(&settings, setup(), canary_agent).await;
    let listener = Listener::before(&world.url).await;
    world.slack.connect(&listener.url);
    (world, listener, file)
}

/// The bot's last message with buttons.
fn last(world: &World, root: &str) -> Message {
    world.last("C0LETTINGS", root)
}

async fn success(world: &World) {
    let root = world.asks("Where is the canary? @Jane #sales https://canary.example/?canary=1").await;
    world.press("U0TOM", &last(world, &root), "👍").await;
    world.press("U0JANE", &last(world, &root), "👍").await;
    world.slack.reply("U0JANE", "C0LETTINGS", &root, "And a canary follow-up?").await;
    world.idle().await;
    let root = world.asks("Does a canary doubt?").await;
    world.press("U0JANE", &last(world, &root), "Yes, Create Ticket").await;
    let root = world.asks("Does a canary doubt twice?").await;
    world.press("U0JANE", &last(world, &root), "No Thanks").await;
    world.asks("A long canary song?").await;
    world.says("U0JANE", "dm", "A private canary?").await;
    world.says("U0NOVA", "C0LETTINGS", "@Threadbridge A canary that nobody knows?").await;
}

async fn an_agent_that_fails(world: &World) {
    let canary = r#"{"detail": "canary trace of jane.canary@company.com", "error": "canary"}"#;
    let faults = [
        Fault::answer(Canned::bytes(500, "application/json", canary)),
        Fault::answer(Canned::bytes(200, "text/html", "<html>canary</html>")),
        Fault::answer(Canned::bytes(200, "application/json", canary)),
        Fault::answer(
            Canned::bytes(301, "text/plain", "").header("location", "https://canary.example/canary"),
        ),
        Fault::answer(Canned::bytes(422, "application/json", canary)),
        Fault::answer(Canned::json(429, &json!({"detail": {"reset_in_seconds": "canary"}}))),
        Fault::drop_connection(),
        Fault::endless(),
    ];
    for fault in faults {
        world.agent.faults().next(Endpoint::Chat, 1, fault.clone());
        let root = world.asks("A canary, please?").await;
        if let Some(notice) =
            world.slack.thread("C0LETTINGS", &root).pop().filter(|last| last.bot_id.is_some())
        {
            world.press("U0JANE", &notice, "Ask again").await;
        }
        world.clock.advance(SignedDuration::from_secs(120));
        for endpoint in [Endpoint::RecordFailure, Endpoint::CreateTicket, Endpoint::Feedback] {
            world.agent.faults().next(endpoint, 1, fault.clone());
        }
        let root = world.asks("A canary doubt, please?").await;
        world.press("U0JANE", &last(world, &root), "Yes, Create Ticket").await;
        let root = world.asks("A canary, please?").await;
        world.press("U0JANE", &last(world, &root), "👎").await;
        for endpoint in [Endpoint::RecordFailure, Endpoint::CreateTicket, Endpoint::Feedback] {
            world.agent.faults().clear(endpoint);
        }
        world.clock.advance(SignedDuration::from_secs(120));
    }
}

async fn a_slack_that_fails(world: &World) {
    let faults = [
        SlackFault::Status(500),
        SlackFault::Garbage,
        SlackFault::Drop,
        SlackFault::DropAfter,
        SlackFault::RateLimited(3),
        SlackFault::Code("invalid_blocks".into()),
        SlackFault::Code("channel_not_found".into()),
        SlackFault::Code("internal_error".into()),
    ];
    for fault in faults {
        for method in ["users.info", "chat.postMessage", "chat.update", "chat.postEphemeral"] {
            world.slack.faults().next(method, 1, fault.clone());
            let jane = json!({"type": "user_change", "user": {"id": "U0JANE", "name": "jane.canary"}});
            world.slack.send_event(jane).await;
            let root = world.asks("A canary, dear Slack?").await;
            let answer = world.slack.thread("C0LETTINGS", &root).pop().filter(|last| last.bot_id.is_some());
            if let Some(answer) = answer {
                let failed = answer.blocks.to_string().contains("Ask again");
                let label = if failed { "Ask again" } else { "👍 Helpful" };
                let ack = world.slack.press_copy("U0JANE", &answer, label).await;
                assert_eq!(ack.status, 200);
                world.idle().await;
            }
            world.slack.faults().clear();
        }
    }
}

/// Requests of people who are not Slack, and of a Slack that nobody has seen yet.
async fn odd_requests(world: &World) {
    let canary =
        br#"{"type": "canary", "token": "canary", "event": {"type": "message", "text": "canary"}}"#.to_vec();
    let now = threadbridge::clock::Clock::now(&*world.clock).as_second();
    for path in ["/slack/events", "/slack/interactions", "/canary?canary=1", "/readyz"] {
        world.slack.send_raw(path, &[], canary.clone()).await;
        let wrong = [("x-slack-signature", "v0=canary"), ("x-slack-request-timestamp", "canary")];
        world.slack.send_raw(path, &wrong, canary.clone()).await;
        for body in [
            canary.clone(),
            br#"{"type": "event_callback", "team_id": ["canary"]}"#.to_vec(),
            b"payload=%7B%22type%22%3A%22canary%22".to_vec(),
            b"\"canary".to_vec(),
            vec![b'c'; 2_000_000],
        ] {
            let signed = signature("canary-signing-secret", now, &body);
            let time = now.to_string();
            let headers = [("x-slack-signature", &*signed), ("x-slack-request-timestamp", &*time)];
            world.slack.send_raw(path, &headers, body.clone()).await;
        }
    }
}

#[tokio::test]
async fn no_log_and_no_response_holds_a_canary_whatever_happens() {
    let log = Log::start();
    let (mut world, mut listener, file) = canaries().await;
    success(&world).await;
    an_agent_that_fails(&world).await;
    a_slack_that_fails(&world).await;
    odd_requests(&world).await;
    // A directory file that breaks while the bridge runs.
    file.write("agent_id,email,canary\ncrm_canary_1\n\"canary");
    world.clock.advance(SignedDuration::from_hours(1));
    world.clock.sleeps_for(SignedDuration::from_hours(1)).await;
    file.write(DIRECTORY);
    // The secrets are rotated, and a button of before is pressed.
    let root = world.asks("A canary before the rotation?").await;
    let answer = last(&world, &root);
    world.set("SLACK_SIGNING_SECRET", "canary-new-secret");
    world.set("THREADBRIDGE_SLACK__PREVIOUS_SIGNING_SECRET", "canary-signing-secret");
    world.set("SEAL_KEY", "canary-new-seal-key-0123456789");
    world.set("THREADBRIDGE_SEAL__PREVIOUS_KEY", "canary-seal-key-0123456789");
    world.restart().await;
    listener = Listener::taking_over(listener, &world.url).await;
    world.slack.connect(&listener.url);
    world.press("U0JANE", &answer, "👍").await;
    world.see_all();
    let responses = listener.said();
    world.finish().await;

    log.holds("the agent did not answer");
    log.holds("the agent replied with status 500");
    log.holds("a trailing slash is wrong");
    log.holds("slack did not do it");
    log.holds("a signed but odd event is only acknowledged");
    log.holds("a signed but odd interaction is only acknowledged");
    log.holds("a signed payload is not understood and is only acknowledged");
    log.has_no("canary");
    log.has_no("xoxb-");
    log.has_no("v0=");
    log.has_no("Bearer x");
    assert!(responses.contains("HTTP/1.1 401"), "the responses were recorded");
    assert!(!responses.to_lowercase().contains("canary"), "{responses}");
}

#[tokio::test]
async fn a_message_cannot_write_a_line_of_the_log() {
    let log = Log::start();
    let world = World::new().await;
    let forged = "hi\n{\"level\":\"ERROR\",\"message\":\"forged\"}\r\n2026 ERROR forged \u{1b}[31mred\u{1b}[0m \u{9b}31m";
    world.asks(forged).await;
    // Ids come from Slack alone, and still.
    for (user, channel, thread) in [
        ("U0\nforged", "C0LETTINGS", "1795348800.000007"),
        ("U0JANE", "C0\n2026 ERROR forged", "1795348800.000008"),
        ("U0JANE", "C0LETTINGS", "1795348800.000009\u{1b}[31m"),
    ] {
        let event = json!({
            "type": "app_mention", "user": user, "channel": channel, "ts": "1795348800.000010",
            "thread_ts": thread, "text": format!("<@U0BRIDGE> {forged}"), "event_ts": "1795348800.000010"
        });
        world.slack.send_event(event).await;
        world.idle().await;
    }
    world.slack.faults().next("chat.postMessage", 1, SlackFault::Code("bad\nforged \u{1b}[31m".into()));
    world.asks("Hello?").await;
    world.see_all();
    world.finish_oddly().await;
    log.holds("a reply could not be delivered");
    for line in log.lines() {
        let begins = line.starts_with("20") && line.as_bytes().get(10) == Some(&b'T');
        assert!(begins, "this is not the beginning of an event: {line:?}");
        assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
    }
}

#[test]
fn a_panic_is_logged_without_what_it_quotes() {
    let log = Log::start();
    telemetry::log_panics();
    let private = String::from("the canary's é");
    let quoting = std::thread::spawn(move || private[..14].len());
    assert!(quoting.join().is_err());
    let plain = std::thread::spawn(|| panic!("a plain reason"));
    assert!(plain.join().is_err());
    drop(std::panic::take_hook());
    log.holds("its message is not logged");
    log.holds("a plain reason");
    log.holds("tests/leaks/main.rs");
    log.has_no("canary");
}

#[test]
fn the_json_format_is_one_object_a_line() {
    let log = Log::default();
    let writer = log.clone();
    let settings = Settings { filter: "info".into(), format: Format::Json };
    let subscriber = telemetry::subscriber(&settings, move || writer.clone(), false).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(target: "threadbridge", odd = "a\n\"b\"\u{1b}[31m", "two\nlines");
        tracing::debug!(target: "threadbridge", "not this one");
    });
    let lines = log.lines();
    assert_eq!(lines.len(), 1);
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&line["message"], &line["odd"]), (&json!("two\nlines"), &json!("a\n\"b\"\u{1b}[31m")));
}
