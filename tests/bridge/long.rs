//! Long answers: never cut silently, and their buttons and sources are in the last message.

use threadbridge::demo::agent::{Answer, Ask, Scripted, Source};
use threadbridge::demo::workspace::{Fault, Message};

use crate::world::World;

fn prose(characters: usize) -> String {
    let mut text = String::new();
    for n in 0.. {
        if characters <= text.len() {
            break;
        }
        text.push_str(&format!("Sentence number {n} says a little. "));
        if n % 9 == 8 {
            text.push_str("\n\n");
        }
    }
    text.truncate(characters);
    text
}

fn writes(text: String) -> impl Fn(&Ask) -> Scripted {
    move |_| Scripted::Answer(Answer::confident(text.clone()).source(Source::how_to("Guide", "kb_001", 0.9)))
}

/// What people can read of an answer, without white space.
fn read(answers: &[Message]) -> String {
    let blocks = answers.iter().flat_map(|message| message.blocks.as_array().unwrap().clone());
    let texts = blocks.filter(|block| block["type"] == "markdown");
    texts
        .flat_map(|block| {
            block["text"]
                .as_str()
                .unwrap()
                .split_whitespace()
                .collect::<Vec<_>>()
                .concat()
                .chars()
                .collect::<Vec<_>>()
        })
        .collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

fn is_last(message: &Message) -> bool {
    let all = message.blocks.to_string();
    all.contains("feedback_buttons") && all.contains("Guide") && all.contains("92 %")
}

#[tokio::test]
async fn an_answer_of_12001_characters_is_whole_in_several_messages_with_the_buttons_in_the_last() {
    let text = prose(12_001);
    let world = World::with(&[], writes(text.clone())).await;
    let root = world.asks("How?").await;
    let answers = world.answers("C0LETTINGS", &root);
    assert!((2..=6).contains(&answers.len()), "{}", answers.len());
    assert_eq!(read(&answers), squeezed(&text));
    assert_eq!(
        answers.iter().map(is_last).collect::<Vec<_>>().iter().rposition(|last| !last),
        Some(answers.len() - 2)
    );
    assert!(is_last(answers.last().unwrap()));
    // The text that is read aloud is the whole answer, too.
    let aloud: String = answers.iter().flat_map(|message| message.text.split('\u{2063}').next()).collect();
    assert_eq!(squeezed(&aloud), squeezed(&text));
    world.press("U0JANE", answers.last().unwrap(), "👍").await;
    assert!(world.lettings(&root).contains("Thanks for your feedback!"));
    world.finish().await;
}

#[tokio::test]
async fn an_answer_of_200000_characters_is_attached_whole_and_can_be_rated() {
    let text = prose(200_000);
    let world = World::with(&[], writes(text.clone())).await;
    let root = world.asks("How?").await;
    let answers = world.answers("C0LETTINGS", &root);
    let files: Vec<_> = answers.iter().flat_map(|message| message.files.clone()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!((files[0].name.as_str(), files[0].title.as_str()), ("answer.md", "The whole answer"));
    assert_eq!(files[0].content, text.as_bytes());
    let last = answers.last().unwrap();
    assert!(is_last(last));
    assert!(last.blocks.to_string().contains("The whole answer is long, so it is attached as a file."));
    world.press("U0JANE", last, "👎").await;
    assert!(world.lettings(&root).contains("Thanks for your feedback!"));
    assert_eq!(
        world.told(threadbridge::demo::agent::Endpoint::Feedback)[0]["response"],
        serde_json::json!(text)
    );
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_attached_is_whole_in_many_messages() {
    let text = prose(60_000);
    let world = World::with(&[], writes(text.clone())).await;
    world.slack.faults().next("files.getUploadURLExternal", 1, Fault::Code("missing_scope".into()));
    let root = world.asks("How?").await;
    let answers = world.answers("C0LETTINGS", &root);
    assert!(20 < answers.len());
    assert_eq!(read(&answers), squeezed(&text));
    assert_eq!(answers.iter().filter(|message| is_last(message)).count(), 1);
    assert!(is_last(answers.last().unwrap()));
    assert!(answers.iter().all(|message| message.files.is_empty()));
    world.finish().await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_in_any_step_loses_nothing() {
    for (step, fault) in [
        ("upload", Fault::Drop),
        ("upload", Fault::Status(500)),
        ("files.completeUploadExternal", Fault::Code("internal_error".into())),
        ("files.getUploadURLExternal", Fault::Garbage),
        ("files.getUploadURLExternal", Fault::RateLimited(7)),
    ] {
        let text = prose(30_000);
        let world = World::with(&[], writes(text.clone())).await;
        world.slack.faults().next(step, 1, fault.clone());
        let root = world.asks("How?").await;
        let answers = world.answers("C0LETTINGS", &root);
        let attached =
            answers.iter().any(|message| message.files.iter().any(|file| file.content == text.as_bytes()));
        assert!(attached || read(&answers) == squeezed(&text), "{step} {fault:?}");
        assert!(is_last(answers.last().unwrap()), "{step} {fault:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn code_of_many_lines_keeps_its_lines_its_indentation_and_its_fences() {
    let code: String =
        (0..200).map(|n| format!("    if x{n} {{\n        y({n}, \"ü\");\n    }}\n")).collect();
    assert!(8_000 < code.len());
    let text = format!("Do this:\n\n```rust\n{code}```\n\nThat is all.");
    let world = World::with(&[], writes(text)).await;
    let root = world.asks("How?").await;
    let answers = world.answers("C0LETTINGS", &root);
    assert!(2 < answers.len());
    let mut lines = Vec::new();
    for message in &answers {
        let part = message.blocks[0]["text"].as_str().unwrap();
        assert_eq!(part.matches("```").count() % 2, 0, "{part}");
        lines.extend(part.lines().filter(|line| line.starts_with("    ")).map(str::to_owned));
    }
    assert_eq!(lines.join("\n") + "\n", code);
    assert!(is_last(answers.last().unwrap()));
    world.finish().await;
}

#[tokio::test]
async fn two_hundred_sources_leave_the_buttons_where_they_are() {
    for most in ["5", "200"] {
        let many = |_: &Ask| {
            let titles =
                (0..200).map(|n| Source::how_to(format!("{n} {}", "& ".repeat(60)), format!("{n}"), 0.5));
            Scripted::Answer(titles.fold(Answer::confident("Here."), Answer::source))
        };
        let settings = [
            ("THREADBRIDGE_SLACK__MAX_SOURCES", most),
            ("THREADBRIDGE_SLACK__SOURCE_URL", "https://kb.example/{entry_type}/{entry_id}"),
        ];
        let world = World::with(&settings, many).await;
        let root = world.asks("How?").await;
        let answer = world.last("C0LETTINGS", &root);
        let seen = world.lettings(&root);
        assert!(seen.contains(if most == "5" { "+195 more" } else { " more" }), "{seen}");
        assert!(seen.contains("[👍 Helpful] [👎 Not helpful]"), "{seen}");
        world.press("U0JANE", &answer, "👍").await;
        assert!(world.lettings(&root).contains("Thanks for your feedback!"));
        assert_eq!(world.slack.calls_of("chat.update").len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_link_whose_address_stands_at_the_end_of_a_long_answer_works_in_its_first_message() {
    let text = format!("See [the guide][1].\n\n{}\n\n[1]: https://kb.example/guide", prose(9_000));
    let world = World::with(&[], writes(text)).await;
    let root = world.asks("How?").await;
    let first = world.answers("C0LETTINGS", &root).remove(0);
    let text = first.blocks[0]["text"].as_str().unwrap();
    assert!(text.starts_with("See [the guide](https://kb.example/guide)."), "{}", &text[..80]);
    world.finish().await;
}

#[tokio::test]
async fn a_long_answer_that_slack_takes_only_as_plain_text_is_whole_in_what_people_read() {
    let text = prose(2_790);
    let world = World::with(&[], move |_| {
        Scripted::Answer(
            Answer::unsure(text.clone())
                .source(Source::how_to("T".repeat(120), "1", 0.4))
                .source(Source::how_to("U".repeat(120), "2", 0.3)),
        )
    })
    .await;
    world.slack.faults().next("chat.postMessage", 2, Fault::Code("invalid_blocks".into()));
    let root = world.asks("How?").await;
    let seen = world.lettings(&root);
    for piece in [
        &prose(2_790),
        &"T".repeat(120),
        &"U".repeat(120),
        "Would you like to create a support ticket?",
        "[Yes, Create Ticket (primary)]",
    ] {
        assert!(squeezed(&seen).contains(&squeezed(piece)), "{piece} is not in {seen}");
    }
    world.press("U0JANE", &world.last("C0LETTINGS", &root), "No Thanks").await;
    let seen = world.lettings(&root);
    assert!(seen.contains("No problem! Feel free to ask another question."), "{seen}");
    assert!(!seen.contains("Would you like to create"), "{seen}");
    world.finish().await;
}
