//! The golden answers in both renderings, and what holds for any text.

use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::{OPTIONS, markdown, mrkdwn, split};

#[test]
fn every_golden_answer_is_rendered_in_both_ways() {
    let list = "**Reset** a password:\n\n- Open *Settings*\n- Press `Save`\n    - then **x**\n";
    assert_eq!(markdown(list), list);
    assert_eq!(mrkdwn(list), "*Reset* a password:\n\n• Open _Settings_\n• Press `Save`\n    • then *x*");

    let fence = "Run:\n\n```sh\n# install\nmake\n```\n";
    assert_eq!(markdown(fence), fence);
    assert_eq!(mrkdwn(fence), "Run:\n\n```\n# install\nmake\n```");

    let pings = "Ask <!channel> or <@U123> or <!here> & co < 5 > 3";
    assert_eq!(markdown(pings), "Ask &lt;!channel> or &lt;@U123> or &lt;!here> & co &lt; 5 > 3");
    let escaped = "Ask &lt;!channel&gt; or &lt;@U123&gt; or &lt;!here&gt; &amp; co &lt; 5 &gt; 3";
    assert_eq!(mrkdwn(pings), escaped);

    let wiki = "See [wiki](https://en.wikipedia.org/wiki/Foo_(bar)) now";
    assert_eq!(markdown(wiki), wiki);
    assert_eq!(mrkdwn(wiki), "See <https://en.wikipedia.org/wiki/Foo_(bar)|wiki> now");

    let pipes = "[a|b](https://x.y/?a=1|2)";
    assert_eq!(markdown(pipes), "[a|b](https://x.y/?a=1%7C2)");
    assert_eq!(mrkdwn(pipes), "<https://x.y/?a=1%7C2|a∣b>");

    let table = "| Plan | Price |\n| --- | ---: |\n| Basic | **10** |\n| Professional | 200 |\n";
    assert_eq!(markdown(table), table);
    let set = "```\nPlan         | Price\n-------------|------\nBasic        | 10\nProfessional | 200\n```";
    assert_eq!(mrkdwn(table), set);

    let heading = "### Title with **bold**\n\ntext";
    assert_eq!(markdown(heading), heading);
    assert_eq!(mrkdwn(heading), "*Title with bold*\n\ntext");

    let product = "use my_var_name and 2*3*4 = 24";
    assert_eq!(markdown(product), "use my_var_name and 2\\*3\\*4 = 24");
    assert_eq!(mrkdwn(product), product);
}

#[test]
fn the_three_further_golden_answers_are_rendered_in_both_ways() {
    for pipe in ["a|b", "a\\|b"] {
        let table = format!("| Op | Means |\n|---|---|\n| `{pipe}` | or |\n");
        assert_eq!(markdown(&table), "| Op | Means |\n|---|---|\n| `a\\|b` | or |\n");
        assert_eq!(mrkdwn(&table), "```\nOp  | Means\n----|------\na|b | or\n```");
    }

    let steps = "1. First:\n\n   ```sh\n   make\n   ```\n\n2. Then rest\n";
    assert_eq!(markdown(steps), steps);
    assert_eq!(mrkdwn(steps), "1. First:\n```\nmake\n```\n2. Then rest");

    let urls = "**Note:** see https://x.y/my_long_name_here and **this**";
    assert_eq!(markdown(urls), urls);
    assert_eq!(mrkdwn(urls), "*Note:* see https://x.y/my_long_name_here and *this*");
}

#[test]
fn links_in_markdown_lead_where_they_say_or_are_text() {
    let cases = [
        ("<https://x.y>", "https://x.y"),
        ("a<https://x.y>b <jane@x.y>", "a https://x.y b jane@x.y"),
        ("[go](javascript:alert(1)) [b](/docs) <javascript:x>", "go b &lt;javascript:x>"),
        ("[https://bank.com](https://evil.com/x)", "https://bank.com ([evil.com](https://evil.com/x))"),
        ("[t](<https://x.y/a b> \"title\")", "[t](https://x.y/a%20b)"),
        ("![alt](https://x.y/i.png) ![](https://x.y)", "[alt](https://x.y/i.png) [x.y](https://x.y)"),
        ("[![badge](https://x.y/i.png)](https://x.y)", "[badge](https://x.y)"),
        ("[one][1]\n\n[1]: https://x.y\n", "[one](https://x.y)\n\n\n"),
        ("[x](javascript:1)\\<!here> &#60;!here>", "x&lt;!here> &lt;!here>"),
        ("> quote <!here>\n\n`<!here> <b>`", "> quote &lt;!here>\n\n`<\u{2060}!here> <b>`"),
        ("```\n<@U1> <https://a|b> Vec<u8>\n```", "```\n<\u{2060}@U1> <\u{2060}https://a|b> Vec<u8>\n```"),
        (
            "<!-- \n[https://bank.com](https://evil.com)",
            "&lt;!-- \n https://bank.com ([evil.com](https://evil.com))",
        ),
    ];
    for (written, safe) in cases {
        assert_eq!(markdown(written), safe.replace("\n https", "\nhttps"), "{written}");
    }
}

#[test]
fn the_rest_of_markdown_reads_well_in_mrkdwn() {
    let cases = [
        ("> a\n> b\n>\n> c\n\nd", "> a\n> b\n>\n> c\n\nd"),
        ("a\n\n---\n\nb ~~c~~ ***d***", "a\n\n———\n\nb ~c~ _*d*_"),
        ("- [x] done\n- [ ] open\n\n  more", "• ☑ done\n• ☐ open\n   more"),
        ("3. c\n4. d\n   - e\n", "3. c\n4. d\n    • e"),
        ("<b>bold</b> **重要**です", "&lt;b&gt;bold&lt;/b&gt; 重要です"),
        ("[https://bank.com](https://evil.com)", "https://bank.com (<https://evil.com|evil.com>)"),
        ("[x](javascript:1) <https://x.y> <jane@x.y>", "x <https://x.y> <mailto:jane@x.y|jane@x.y>"),
        ("# [a **b**](https://x.y) `c`", "*<https://x.y|a b> `c`*"),
        ("````\na ``` b\n````", "```\na `\u{2060}`\u{2060}` b\n```"),
        ("![](https://x.y/i.png)", "<https://x.y/i.png|x.y>"),
    ];
    for (written, rendered) in cases {
        assert_eq!(mrkdwn(written), rendered, "{written}");
    }
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
        "channel",
        "here",
        "U123",
        "subteam^S1",
        "javascript:",
        "http://",
        "https://",
        "mailto:",
        "bank.example",
        "evil.example",
        "<!",
        "<@",
        "<#",
        "<http",
        "&lt;",
        "&#60;",
        "<!--",
        "-->",
        "</b>",
        "\u{200b}",
        "\u{202e}",
        "🏳️‍🌈",
        "=",
        "\t",
        "[x]: ",
        "[x]",
        "\r\n",
        "\"",
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
        let bank = word.find("bank.example").map(|at| (at, "bank.example"));
        let evil = word.find("evil.example").map(|at| (at, "evil.example"));
        let first = [bank, evil].into_iter().flatten().min();
        // `bank.example2` begins with `bank.example`, and is honest about `bank.example2` only.
        let names_it = |at: usize| !host.is_empty() && word[at..].starts_with(&host);
        first.is_none_or(|(at, named)| named == host || names_it(at) || url.starts_with("mailto:"))
    })
}

fn is_web_or_mail(url: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| url.to_ascii_lowercase().starts_with(scheme))
}

fn assert_dead(text: &str) {
    for live in ["<!", "<@", "<#", "<subteam"] {
        assert!(!text.contains(live), "{live} in {text:?}");
    }
}

fn assert_safe_markdown(text: &str) {
    assert_dead(text);
    let mut open: Vec<(String, String)> = Vec::new();
    for (event, _) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => open.push((dest_url.to_string(), String::new())),
            Event::Text(words) | Event::Code(words) => {
                open.iter_mut().for_each(|(_, label)| label.push_str(&words));
            }
            Event::End(TagEnd::Link) => {
                let (url, label) = open.pop().expect("opened before");
                assert!(is_web_or_mail(&url) && is_honest(&label, &url), "{label:?} {url:?} in {text:?}");
            }
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. }) => {
                panic!("live: {text:?}")
            }
            _ => {}
        }
    }
}

fn assert_safe_mrkdwn(text: &str) {
    assert_dead(text);
    for link in text.split('<').skip(1) {
        let (link, _) = link.split_once('>').unwrap_or_else(|| panic!("no link: {text:?}"));
        let (url, label) = link.split_once('|').unwrap_or((link, ""));
        assert!(is_web_or_mail(url) && !label.contains('|'), "{text:?}");
        assert!(is_honest(label, &url.replace("&amp;", "&")), "{text:?}");
    }
}

/// Whether each fence of this text is closed: text after it stays outside of all of them.
fn has_balanced_fences(text: &str) -> bool {
    let after = format!("{text}\n\nxyzzy");
    let mut in_fence = false;
    !Parser::new_ext(&after, OPTIONS).any(|event| {
        match &event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => in_fence = true,
            Event::End(TagEnd::CodeBlock) => in_fence = false,
            _ => {}
        }
        in_fence && matches!(&event, Event::Text(words) if words.contains("xyzzy"))
    })
}

fn dense(text: &str) -> Vec<char> {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn is_kept(text: &str, parts: &[String]) -> bool {
    let joined = dense(&parts.concat());
    let mut joined = joined.iter();
    dense(text).iter().all(|c| joined.any(|kept| kept == c))
}

#[test]
fn a_long_run_of_any_pattern_is_made_safe_and_cut_to_fit() {
    let patterns = [
        "![a",
        "[a](",
        "[",
        "](x)",
        "<!",
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
    ];
    for pattern in patterns {
        let text = pattern.repeat(10_000 / pattern.len());
        let safe = markdown(&text);
        assert_safe_markdown(&safe);
        assert_safe_mrkdwn(&mrkdwn(&text));
        let parts = split(&safe, 3_000, |part| markdown(part).chars().count());
        assert!(parts.iter().all(|part| markdown(part).chars().count() <= 3_000));
    }
}

proptest! {
    #[test]
    fn nothing_live_survives_in_markdown(text in any_text()) {
        let safe = markdown(&text);
        assert_safe_markdown(&safe);
        prop_assert_eq!(markdown(&safe), safe);
    }

    #[test]
    fn harmless_markdown_stays_to_the_letter(text in "([a-z é>#*_~`.()-]|&amp;|\n|  - |```\n|https://x[.]io/a){0,60}") {
        prop_assert_eq!(markdown(&text), text);
    }

    #[test]
    fn nothing_live_survives_in_the_parts(text in any_text(), limit in 64_usize..200) {
        let size = |part: &str| markdown(part).chars().count();
        for part in split(&markdown(&text), limit, size) {
            let part = markdown(&part);
            assert_safe_markdown(&part);
            assert_safe_mrkdwn(&mrkdwn(&part));
            prop_assert!(part.chars().count() <= limit, "{:?}", part);
        }
    }

    #[test]
    fn nothing_live_survives_in_mrkdwn(text in any_text()) {
        assert_safe_mrkdwn(&mrkdwn(&text));
    }

    #[test]
    fn parts_fit_and_keep_everything(text in any_text(), limit in 64_usize..200) {
        let parts = split(&text, limit, |part| part.chars().count());
        for part in &parts {
            prop_assert!(part.chars().count() <= limit && !part.trim().is_empty(), "{:?}", part);
            prop_assert!(has_balanced_fences(part), "{:?}", parts);
        }
        prop_assert!(is_kept(&text, &parts), "{:?}", parts);
    }

    #[test]
    fn parts_of_words_are_exactly_the_words(text in "([a-z<&é]{1,12}[.]?[ \n]{1,3}){0,60}", limit in 64_usize..200) {
        let parts = split(&text, limit, |part| part.chars().count());
        prop_assert_eq!(dense(&parts.concat()), dense(&text));
        prop_assert_eq!(parts.join(" ").split_whitespace().count(), text.split_whitespace().count());
    }

    #[test]
    fn parts_fit_when_their_rendering_is_what_counts(text in any_text(), limit in 64_usize..200) {
        for part in split(&text, limit, |part| mrkdwn(part).chars().count()) {
            prop_assert!(mrkdwn(&part).chars().count() <= limit);
        }
    }
}
