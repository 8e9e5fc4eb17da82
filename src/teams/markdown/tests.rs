//! What Markdown becomes, and what holds for any text.

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::writer::OPTIONS;
use super::*;

fn lowered(text: &str) -> String {
    join(&lower(text))
}

#[test]
fn what_every_client_shows_stays_and_the_rest_is_written_with_it() {
    let cases = [
        ("**Reset** a _password_: `Save`", "**Reset** a _password_: `Save`"),
        ("### Title with **bold**\n\ntext", "**Title with bold**\n\ntext"),
        ("one\ntwo\\\nthree", "one  \ntwo  \nthree"),
        (
            "- a\n- b\n    - c\n\n      more\n",
            "•\u{a0}a\n\n•\u{a0}b\n\n\u{2003}◦\u{a0}c\n\n\u{2003}\u{2003}more",
        ),
        ("3. c\n4. d", "3.\u{a0}c\n\n4.\u{a0}d"),
        ("- [x] done\n- [ ] open\n-", "•\u{a0}☑ done\n\n•\u{a0}☐ open\n\n•\u{a0}"),
        ("> a\n>\n> b\n\nc", "> a\n>\n> b\n\nc"),
        ("Run:\n\n```sh\n# install\nmake\n```\nDone", "Run:\n\n```\n# install\nmake\n```\n\nDone"),
        (
            "1. First:\n\n   ```sh\n   make\n   ```\n\n2. Then rest",
            "1.\u{a0}First:\n\n```\nmake\n```\n\n2.\u{a0}Then rest",
        ),
        (
            "| Plan | Price |\n|---|---:|\n| **Pro** | 200 |\n| | `0` |\n",
            "•\u{a0}**Pro** · Price: 200\n\n•\u{a0}Price: `0`",
        ),
        ("| Plan | Price |\n|---|---:|\n", "•\u{a0}Plan · Price"),
        (
            "![A chart](https://x.y/i.png) ![](https://x.y/i.png)",
            "[A chart](https://x.y/i.png) [x.y](https://x.y/i.png)",
        ),
        ("a\n\n---\n\n~~b~~ ***c*** a*b*c", "a\n\n———\n\n~~b~~ _**c**_ a*b*c"),
        ("my_var_name, 2*3*4 = 24, a * b, AT&T", "my_var_name, 2\\*3\\*4 = 24, a * b, AT&amp;T"),
        ("[one][1]\n\n[1]: https://x.y\n", "[one](https://x.y)"),
        ("[1]: https://x.y\n", "```\n[1]: https://x.y\n```"),
        (
            "see https://x.y/a_b, (https://x.y/c) ok",
            "see [https://x.y/a_b](https://x.y/a_b), ([https://x.y/c](https://x.y/c)) ok",
        ),
        (
            "<https://x.y> <jane@x.y> [mail](mailto:jane@x.y?bcc=z)",
            "[https://x.y](https://x.y) jane@x.y mail (jane@x.y)",
        ),
        ("", ""),
    ];
    for (written, shown) in cases {
        assert_eq!(lowered(written), shown, "{written}");
    }
}

#[test]
fn nothing_hostile_is_live() {
    let cases = [
        ("<at>Ann</at> & co < 5", "&lt;at>Ann&lt;/at> & co &lt; 5"),
        ("`<at>Ann</at>` `a < b`", "`<\u{2060}at>Ann<\u{2060}/at>` `a < b`"),
        ("[go](javascript:alert(1)) [b](/docs)", "go b"),
        (
            "[https://bank.example](https://evil.example)",
            "https://bank.example ([evil.example](https://evil.example))",
        ),
        ("\\[x\\](https://evil.example)", "[x]\u{2060}([https://evil.example](https://evil.example))"),
        ("[a \\[b\\]](https://x.y)", "[a (b)](https://x.y)"),
        ("&lt;at&gt; &amp;lt; &#60;b>", "&lt;at> &amp;lt; &lt;b>"),
        ("\\# x\n\\- y\n1\\. z", "\u{2060}# x  \n\u{2060}- y  \n\u{2060}1. z"),
        ("!\u{2060}", "!\u{2060}"),
        ("\\![x](https://x.y)", "!\u{2060}[x](https://x.y)"),
        ("C:\\new \\\\* x", "C:\\new \\\\\\* x"),
    ];
    for (written, shown) in cases {
        assert_eq!(lowered(written), shown, "{written}");
    }
    assert_eq!(plain("<at>x</at>\n\n# [a](b)"), "&lt;at>x&lt;/at>  \n\u{2060}# [a]\u{2060}(b)");
}

#[test]
fn what_does_not_fit_is_cut_where_it_hurts_least() {
    let link = "[the label](https://x.y/a/long/path)";
    let text = format!("{} {link}", "word ".repeat(8).trim());
    assert_eq!(parts(&lower(&text), 64), ["word ".repeat(8).trim(), link]);
    let code: String = (0..12).map(|line| format!("    let x{line} = 1;\n")).collect();
    for part in parts(&lower(&format!("```\n{code}```")), 80) {
        assert!(part.starts_with("```\n    let") && part.ends_with(";\n```"), "{part}");
    }
    let text = format!("> {}\n\n{}", "a b. ".repeat(40), "x".repeat(300));
    for part in parts(&lower(&text), 70) {
        assert!(part.starts_with("> a b.") || part.starts_with('x'), "{part}");
    }
    assert!(parts(&lower(" \n"), 64).is_empty());
    assert_eq!(units("a😀é"), 4);
}

/// Text of what is dangerous, in any order.
fn nasty() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "<",
        ">",
        "!",
        "@",
        "#",
        "|",
        "&",
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```",
        "~~~",
        "[",
        "]",
        "(",
        ")",
        "\n",
        "\n\n",
        " ",
        "    ",
        "\\",
        ":",
        "/",
        "- ",
        "> ",
        "1. ",
        "| a | b |\n|---|---|\n",
        "](",
        "]:",
        "![",
        "a",
        "é",
        "2",
        "<at>",
        "</at>",
        "at",
        "lt;",
        "&lt;",
        "&#60;",
        "&amp;",
        "<!--",
        "-->",
        "</b>",
        "javascript:",
        "http://",
        "https://",
        "mailto:",
        "bank.example",
        "evil.example",
        "<http",
        "\u{200b}",
        "\u{202e}",
        "🏳️‍🌈",
        "=",
        "\t",
        "[x]: ",
        "[x]",
        "\r\n",
        "\"",
        "[1]",
        "+ ",
        "---",
        "===",
        "{{DATE(",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => nasty(), 1 => "(?s).{0,80}", 1 => "(?s)[<>!@#|&*_~`\\[\\]()\n a:/.-]{0,80}"]
}

/// Whether the hosts that people would read in a label are the one that the URL leads to.
fn is_honest(label: &str, url: &str) -> bool {
    let host =
        url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    label.split_whitespace().all(|word| {
        let first = ["bank.example", "evil.example"]
            .into_iter()
            .filter_map(|name| Some((word.find(name)?, name)))
            .min();
        let names_it = |at: usize| !host.is_empty() && word[at..].starts_with(&host);
        // A whole URL may have anything in its path.
        let is_whole = url::Url::parse(word).is_ok_and(|url| url.host_str() == Some(&host));
        is_whole || first.is_none_or(|(at, named)| named == host || names_it(at))
    })
}

fn is_web(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.to_ascii_lowercase().starts_with(scheme))
}

/// What holds whether or not a client knows escapes and code, and what holds for one that does.
fn assert_safe(text: &str) {
    for (at, _) in text.match_indices('<') {
        let next = text[at + 1..].chars().next();
        assert!(next.is_none_or(|c| !c.is_alphabetic() && !"/!?".contains(c)), "a tag: {text:?}");
    }
    for (at, _) in text.match_indices('&') {
        let name: String =
            text[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '#').collect();
        let is_entity = !name.is_empty() && text[at + 1 + name.len()..].starts_with(';');
        assert!(!is_entity || ["lt", "amp"].contains(&name.as_str()), "an entity: {text:?}");
    }
    let events = Parser::new_ext(text, OPTIONS).into_offset_iter();
    let code = events.filter(|(event, _)| matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))));
    let code: Vec<_> = code.map(|(_, range)| range).collect();
    for (at, _) in text.match_indices("](") {
        let is_code = code.iter().any(|range| range.contains(&at));
        // One that is too long for its message is cut, and so none.
        let is_cut = !text[at..].contains(')');
        assert!(is_code || is_cut || is_web(&text[at + 2..]), "a link: {text:?}");
    }
    let mut open: Option<(String, String)> = None;
    for event in Parser::new_ext(text, OPTIONS) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => open = Some((dest_url.to_string(), String::new())),
            Event::Text(words) | Event::Code(words) => {
                open.iter_mut().for_each(|(_, label)| label.push_str(&words))
            }
            Event::End(TagEnd::Link) => {
                let (url, label) = open.take().expect("opened before");
                assert!(is_web(&url) && is_honest(&label, &url), "{label:?} {url:?} in {text:?}");
            }
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. }) => {
                panic!("live: {text:?}")
            }
            Event::Start(Tag::Heading { .. } | Tag::List(_) | Tag::Table(_) | Tag::HtmlBlock) => {
                panic!("what not every client shows: {text:?}")
            }
            _ => {}
        }
    }
}

fn dense(text: &str) -> Vec<char> {
    text.chars().filter(|c| !c.is_whitespace() && *c != JOINER && *c != '>' && *c != '`').collect()
}

#[test]
fn a_long_run_of_any_pattern_is_made_safe_and_cut_to_fit() {
    let patterns = [
        "![a",
        "[a](",
        "[",
        "](x)",
        "<at>",
        "`",
        "*a_",
        "> ",
        "- ",
        "    x\n",
        "[x]: y\n",
        "<http:",
        "| `a|b` |\n",
        "[![a](https://x.y)](https://z.y) ",
        "```\n",
        "x ",
        "&#60;",
        "<a@b.c>",
        "a\n\n",
        "**a** ",
        "http://x)",
        "*a **b ",
        "https://x.y ",
        "é",
        "😀",
    ];
    for pattern in patterns {
        let blocks = lower(&pattern.repeat(20_000 / pattern.len()));
        for part in parts(&blocks, 3_000) {
            assert_safe(&part);
            assert!(units(&part) <= 3_000, "{pattern}");
        }
    }
}

#[test]
fn code_that_is_cut_has_no_link_in_it() {
    let blocks = lower(&format!("[x `](javascript:{}`", "y".repeat(90)));
    for part in parts(&blocks, 64) {
        assert_safe(&part);
    }
}

proptest! {
    #[test]
    fn nothing_live_survives(text in any_text()) {
        let shown = lowered(&text);
        assert_safe(&shown);
        prop_assert_eq!(shown.is_empty(), text.trim().is_empty());
    }

    #[test]
    fn nothing_live_survives_in_plain_text_and_in_a_label(text in any_text()) {
        assert_safe(&plain(&text));
        let label = label(&text);
        prop_assert!(!label.contains(['[', ']', '<', '\n']), "{}", label);
    }

    #[test]
    fn parts_fit_are_safe_and_lose_nothing(text in any_text(), limit in 64_usize..200) {
        let blocks = lower(&text);
        let parts = parts(&blocks, limit);
        for part in &parts {
            assert_safe(part);
            prop_assert!(units(part) <= limit && !part.trim().is_empty(), "{:?}", part);
        }
        prop_assert_eq!(dense(&parts.concat()), dense(&join(&blocks)));
    }
}
