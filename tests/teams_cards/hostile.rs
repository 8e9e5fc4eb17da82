//! What the agent, the directory and people write can neither mention, nor spoof, nor break anything.

use serde_json::Value;
use threadbridge::chat::{Outcome, Reply, Word};

use super::rendered;
use super::replies::{answer_of, source};
use super::rules::check;

const HOSTILE: [&str; 20] = [
    "<at>Ann</at> <at id=\"0\">Ann</at> &lt;at&gt;Ann&lt;/at&gt;",
    "[https://bank.example](https://evil.example)",
    "[bank.example](https://evil.example \"bank\") [1] [2]",
    "[click](javascript:alert(1)) <javascript:alert(1)>",
    "[click](data:text/html,x) [x](msteams://open) [y](file:///etc/passwd)",
    "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "`<at>Ann</at>` ``<b>``",
    "```\n<at>Ann</at>\n[https://bank.example](https://evil.example)\n```",
    "~~~\n<at>Ann</at>\n~~~",
    "    <at>Ann</at>",
    "[a][b]\n\n[b]: https://evil.example \"<at>\"",
    "![pic](https://evil.example/track.png)",
    "| a | b |\n|---|---|\n| <at>Ann</at> | `<b>` |",
    "&lt;script&gt; &amp;lt;at&amp;gt; &#60;at&#62;",
    "<https://bank.example@evil.example> https://bank.example@evil.example",
    "# <at>\n> - 1. <at>",
    "{{DATE(2026-01-01T00:00:00Z)}} ${data} \u{202e}gnp.exe",
    "<quoted messageId=\"1\"/><attachment id=\"1\"></attachment>",
    "\\[x\\](https://evil.example) \\<at>x\\</at>",
    "<!-- <at>x</at> --> <!DOCTYPE html> <?xml?>",
];

/// Everything in a message that Teams parses as Markdown.
fn parsed(body: &Value) -> Vec<&str> {
    let fallbacks = body["attachments"].as_array().into_iter().flatten();
    let fallbacks = fallbacks.filter_map(|attachment| attachment["content"]["fallbackText"].as_str());
    body["text"].as_str().into_iter().chain(fallbacks).collect()
}

/// Whatever in a text would come to life, or spoof.
fn live(text: &str) -> Option<&str> {
    let tag = text
        .match_indices('<')
        .find(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_alphabetic() || "/!?".contains(c)));
    let entity =
        ["&#60;", "&gt;", "&nbsp;"].into_iter().find_map(|entity| Some((text.find(entity)?, entity)));
    let link = text.match_indices("](").find(|(at, _)| {
        let label = text[..*at].rsplit('[').next().unwrap_or_default();
        let target = &text[at + 2..];
        let honest = !label.contains("bank.example") || target.starts_with("https://bank.example");
        !target.starts_with("https://") || !honest
    });
    tag.or(entity).or(link).map(|(at, _)| &text[at..])
}

/// Code shows links as they are written; nobody can press them.
fn without_code(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

#[test]
fn nothing_that_anybody_writes_comes_to_life() {
    for hostile in HOSTILE {
        let mut answer =
            answer_of(hostile, vec![source(hostile, hostile, 0.9), source("Other", "1", 0.5)], false);
        answer.asked = Some(hostile.into());
        answer.answer.details = Some(hostile.into());
        let contact = || hostile.into();
        let email = || Some(hostile.into());
        let replies = [
            Reply::Answer(Box::new(answer)),
            Reply::Answer(Box::new(answer_of(hostile, Vec::new(), true))),
            Reply::Unknown { missing: vec![hostile.into()], contact: contact() },
            Reply::Outcome(Outcome::Created { ticket: hostile.into(), name: contact(), email: email() }),
            Reply::Outcome(Outcome::Left { email: email() }),
            Reply::Word(Word::Uncertain { email: contact() }),
        ];
        for reply in &replies {
            let messages = rendered(reply);
            for body in messages.iter().map(|message| &message.body) {
                for text in parsed(body) {
                    assert_eq!(live(&without_code(text)), None, "{hostile:?} gives {text}");
                    assert!(!text.contains("<at"), "{hostile:?} gives {text}");
                }
                let card = &body["attachments"][0]["content"]["body"];
                assert!(!card.to_string().contains("{{DATE"), "{body}");
            }
        }
        check(&rendered(&replies[0]));
    }
}

#[test]
fn what_a_card_says_is_never_read_as_markup() {
    let email = Some("<at>x</at> [a](https://evil.example) **b**".into());
    let messages = rendered(&Reply::Outcome(Outcome::Left { email }));
    let body = &messages[0].body["attachments"][0]["content"]["body"];
    assert_eq!(body[0]["type"], "RichTextBlock");
    assert!(
        body[0]["inlines"][0]["text"]
            .as_str()
            .unwrap()
            .ends_with("<at>x</at> [a](https://evil.example) **b**.")
    );
}
