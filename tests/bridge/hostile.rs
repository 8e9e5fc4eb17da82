//! What the agent, the directory and people write can neither ping, nor spoof, nor break anything.

use std::sync::Arc;

use serde_json::Value;
use threadbridge::demo::agent::{Answer, Scripted, Source};
use threadbridge::demo::workspace::Fault;

use crate::world::World;

const HOSTILE: [&str; 20] = [
    "<!channel> <!here> <!everyone>",
    "<!subteam^S012345|@admins>",
    "<@U0TOM> <@U0TOM|Tom> <@W0TOM>",
    "<#C0SALES> <#C0SALES|safe>",
    "<https://evil.example|https://bank.example>",
    "[https://bank.example](https://evil.example)",
    "[bank.example](https://evil.example \"bank\")",
    "[click](javascript:alert(1)) <javascript:alert(1)|click>",
    "[click](data:text/html,x) [x](slack://open) [y](file:///etc/passwd)",
    "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "`<!channel>` ``<@U0TOM>``",
    "```\n<!channel>\n<https://evil.example|https://bank.example>\n```",
    "~~~\n<@U0TOM>\n~~~",
    "    <!here>",
    "[a][b]\n\n[b]: <https://evil.example> \"<!channel>\"",
    "![pic](https://evil.example/track.png)",
    "| a | b |\n|---|---|\n| <!channel> | `<@U0TOM>` |",
    "&lt;!channel&gt; &amp;lt;!channel&amp;gt;",
    "<!date^1392734382^{date}^https://evil.example|Feb 18>",
    "a|b>c<d>|<e|f> \u{2063}<!channel>\u{2063} \u{202e}gnp.exe",
];

/// What in a text that Slack parses would come to life and must not: a command, or a link that is no web link or whose
/// label names another host. The titles of sources may say anything: their links lead where the operator says.
fn live(text: &str) -> Option<String> {
    text.split('<').skip(1).find_map(|rest| {
        // A word joiner is how code is kept from coming to life.
        let inner = rest.split('>').next().filter(|inner| !inner.starts_with('\u{2060}')).unwrap_or_default();
        let (target, label) = inner.split_once('|').unwrap_or((inner, ""));
        let web = target.starts_with("https://");
        let known =
            ["https://bank.example", "https://kb.example"].iter().any(|host| target.starts_with(host));
        let spoofed = label.contains("bank.example") && !known;
        let command = inner.starts_with(['!', '@', '#']) || (inner.contains([':', '|']) && !web);
        (command || spoofed).then(|| inner.to_owned())
    })
}

/// Everything in a body that Slack parses: top-level text, text objects, Markdown.
fn parsed(body: &Value) -> Vec<String> {
    let mut found: Vec<String> = body["text"].as_str().map(str::to_owned).into_iter().collect();
    match body {
        Value::Array(items) => found.extend(items.iter().flat_map(parsed)),
        Value::Object(fields) => {
            found.extend(
                fields.iter().filter(|(name, _)| *name != "text").flat_map(|(_, value)| parsed(value)),
            );
            found.extend(fields.get("text").filter(|text| text.is_object()).map(parsed).unwrap_or_default());
        }
        _ => {}
    }
    found
}

/// The Markdown in a body; only there do Markdown's links lead anywhere.
fn markdown(body: &Value) -> Vec<String> {
    let blocks = body["blocks"].as_array().into_iter().flatten();
    blocks.filter(|block| block["type"] == "markdown").map(|block| block["text"].to_string()).collect()
}

fn assert_dead(world: &World, what: &str) {
    let methods = ["chat.postMessage", "chat.update", "chat.postEphemeral"];
    let calls: Vec<_> = methods.into_iter().flat_map(|method| world.slack.calls_of(method)).collect();
    assert!(!calls.is_empty());
    for call in calls {
        for text in parsed(&call.arguments) {
            assert_eq!(live(&text), None, "{what} is live in {text}");
        }
        for text in markdown(&call.arguments) {
            let lower = text.to_lowercase();
            for link in ["javascript:", "data:", "slack:", "file:"].map(|scheme| format!("]({scheme}")) {
                assert!(!lower.contains(&link), "{what} leads to {link} in {text}");
            }
            for label in ["[https://bank.example](https://evil", "[bank.example](https://evil", "!["] {
                assert!(!lower.contains(label), "{what} shows {label} in {text}");
            }
        }
    }
}

fn brain(text: &'static str, escalate: bool) -> impl Fn(&threadbridge::demo::agent::Ask) -> Scripted {
    move |_| {
        let answer = if escalate { Answer::unsure(text) } else { Answer::confident(text) };
        Scripted::Answer(answer.source(Source::how_to(text, text, 0.9)).source(Source::how_to("x", "y", 0.5)))
    }
}

#[tokio::test]
async fn nothing_that_the_agent_writes_is_live_in_any_form_of_a_message() {
    for text in HOSTILE {
        for refused in 0..3 {
            let links = ("THREADBRIDGE_SLACK__SOURCE_URL", "https://kb.example/{entry_type}/{entry_id}");
            let world = World::with(&[links], brain(text, refused == 1)).await;
            world.slack.faults().next("chat.postMessage", refused, Fault::Code("invalid_blocks".into()));
            let root = world.asks(text).await;
            assert_eq!(world.slack.faults().waiting("chat.postMessage"), 0);
            assert_eq!(world.slack.calls_of("chat.postMessage").len(), refused + 1);
            let answer = world.last("C0LETTINGS", &root);
            let label = if refused == 1 { "Yes, Create Ticket" } else { "👍 Helpful" };
            world.slack.faults().next("chat.update", refused, Fault::Code("invalid_blocks".into()));
            world.press("U0JANE", &answer, label).await;
            world.lettings(&root);
            assert_dead(&world, text);
            world.finish().await;
        }
    }
}

#[tokio::test]
async fn nothing_that_the_directory_says_is_live_in_a_ticket_or_in_a_private_word() {
    for (n, text) in HOSTILE.into_iter().enumerate() {
        // The first word greets.
        let name = text.replace([' ', '\n'], "_");
        let people = serde_json::json!([{
            "agent_id": "crm_1", "email": "jane.smith@company.com", "name": name, "agency": "a", "office": "o",
        }]);
        let file = std::env::temp_dir().join(format!("threadbridge-hostile-{}-{n}.json", std::process::id()));
        std::fs::write(&file, people.to_string()).unwrap();
        let email = if n % 2 == 0 { "thread" } else { "private" };
        let settings = [
            ("DIRECTORY_FILE", file.to_str().unwrap()),
            ("THREADBRIDGE_CONVERSATION__TICKET_EMAIL", email),
            ("THREADBRIDGE_CONVERSATION__CONTACT", text),
        ];
        let world = World::with(&settings, crate::world::doubtful).await;
        let root = world.asks("How?").await;
        world.press("U0JANE", &world.last("C0LETTINGS", &root), "Yes, Create Ticket").await;
        world.lettings(&root);
        let said = world.slack.say("U0NOVA", "C0LETTINGS", "@Threadbridge How?").await;
        world.idle().await;
        world.lettings(&said.ts);
        assert!(world.whispers("U0NOVA").contains("directory"));
        world.whispers("U0JANE");
        assert_dead(&world, text);
        assert_eq!(world.agent.tickets().len(), 1);
        world.finish().await;
        std::fs::remove_file(file).unwrap();
    }
}

#[tokio::test]
async fn an_odd_ticket_number_is_only_text() {
    use threadbridge::demo::agent::{Canned, Endpoint, Fault};
    let world = World::with(&[], crate::world::doubtful).await;
    let root = world.asks("How?").await;
    let odd = serde_json::json!({ "ticket_id": "<!channel> *1*" });
    world.fails_next(Endpoint::CreateTicket, Fault::answer(Canned::json(200, &odd)));
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "Yes, Create Ticket").await;
    assert!(world.lettings(&root).contains("support ticket #<!channel> *1* for you"));
    assert_dead(&world, "the ticket's number");
    world.finish().await;
}

#[tokio::test]
async fn a_question_is_never_said_again_by_the_bot() {
    let asked: Arc<str> = HOSTILE.join(" ").into();
    let world = World::new().await;
    let root = world.asks(&asked).await;
    world.lettings(&root);
    for call in world.slack.calls_of("chat.postMessage") {
        assert!(!call.arguments.to_string().contains("evil.example"));
    }
    world.finish().await;
}

#[tokio::test]
async fn an_invisible_separator_in_an_answer_cuts_nothing_off() {
    let text = "one \u{2063}two\u{2063} three";
    let mut world = World::with(&[], move |_| Scripted::Answer(Answer::confident(text))).await;
    let root = world.asks("How?").await;
    let answer = world.last("C0LETTINGS", &root);
    world.restart().await;
    world.press("U0JANE", &answer, "👍").await;
    world.lettings(&root);
    let told = world.told(threadbridge::demo::agent::Endpoint::Feedback);
    assert_eq!(told[0]["response"], serde_json::json!("one two three"));
    world.finish().await;
}
