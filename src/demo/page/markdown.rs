//! Markdown as HTML: what a `markdown` block shows. Raw HTML stays text, and no image is loaded.

use maud::{Markup, html};
use pulldown_cmark::{Alignment, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::look::{joined, link};

/// Deeper quotes and lists are shown at this depth.
const DEEPEST: usize = 12;

/// Renders a text.
pub(super) fn markdown(text: &str) -> Markup {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page { open: vec![Open::default()], in_head: false, columns: Vec::new() };
    for event in Parser::new_ext(text, options) {
        page.event(event);
    }
    while page.open.len() > 1 {
        page.close();
    }
    joined(&page.open.pop().unwrap_or_default().inside)
}

/// An element whose end has not come yet.
#[derive(Default)]
struct Open<'a> {
    tag: Option<Tag<'a>>,
    inside: Vec<Markup>,
    /// The column of the next cell.
    column: usize,
}

struct Page<'a> {
    open: Vec<Open<'a>>,
    in_head: bool,
    columns: Vec<Alignment>,
}

impl<'a> Page<'a> {
    fn event(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => {
                if let Tag::Table(columns) = &tag {
                    self.columns.clone_from(columns);
                }
                self.in_head |= tag == Tag::TableHead;
                self.open.push(Open { tag: Some(tag), ..Open::default() });
            }
            Event::End(end) => {
                self.close();
                self.in_head &= end != TagEnd::TableHead;
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.put(html! { (text) }),
            Event::Code(code) | Event::InlineMath(code) | Event::DisplayMath(code) => {
                self.put(html! { code { (code) } });
            }
            Event::FootnoteReference(name) => self.put(html! { "[" (name) "]" }),
            Event::SoftBreak | Event::HardBreak => self.put(html! { br; }),
            Event::Rule => self.put(html! { hr; }),
            Event::TaskListMarker(done) => self.put(html! { (if done { "☑ " } else { "☐ " }) }),
        }
    }

    fn put(&mut self, piece: Markup) {
        if let Some(open) = self.open.last_mut() {
            open.inside.push(piece);
        }
    }

    fn close(&mut self) {
        let depth = self.open.len();
        let Some(Open { tag: Some(tag), inside, .. }) = self.open.pop_if(|open| open.tag.is_some()) else {
            return;
        };
        let Some(around) = self.open.last_mut() else { return };
        if depth > DEEPEST && !matches!(tag, Tag::Link { .. }) {
            around.inside.extend(inside);
            return;
        }
        let (column, in_head) = (around.column, self.in_head);
        around.column += usize::from(tag == Tag::TableCell);
        let side = self.columns.get(column).copied();
        around.inside.push(element(&tag, &joined(&inside), in_head, side));
    }
}

fn element(tag: &Tag<'_>, inside: &Markup, in_head: bool, side: Option<Alignment>) -> Markup {
    match tag {
        Tag::Paragraph => html! { p { (inside) } },
        Tag::Heading { level, .. } => heading(*level, inside),
        Tag::BlockQuote(_) => html! { blockquote { (inside) } },
        Tag::CodeBlock(_) => html! { pre { code { (inside) } } },
        Tag::List(None) => html! { ul { (inside) } },
        Tag::List(Some(1)) => html! { ol { (inside) } },
        Tag::List(Some(first)) => html! { ol start=(first) { (inside) } },
        Tag::Item => html! { li { (inside) } },
        Tag::Emphasis => html! { em { (inside) } },
        Tag::Strong => html! { strong { (inside) } },
        Tag::Strikethrough => html! { s { (inside) } },
        Tag::Link { dest_url, .. } => link(dest_url, inside),
        // An image would be loaded from elsewhere; its text leads there instead.
        Tag::Image { dest_url, .. } => link(dest_url, &html! { "(image: " (inside) ")" }),
        Tag::Table(_) => html! { div.table { table { (inside) } } },
        Tag::TableHead => html! { thead { tr { (inside) } } },
        Tag::TableRow => html! { tr { (inside) } },
        Tag::TableCell => cell(inside, in_head, side),
        Tag::HtmlBlock => html! { p { (inside) } },
        _ => inside.clone(),
    }
}

fn cell(inside: &Markup, in_head: bool, side: Option<Alignment>) -> Markup {
    let class = match side {
        Some(Alignment::Right) => "right",
        Some(Alignment::Center) => "centre",
        _ => "left",
    };
    html! { @if in_head { th.(class) scope="col" { (inside) } } @else { td.(class) { (inside) } } }
}

/// A heading within a message stands below those of the page.
fn heading(level: HeadingLevel, inside: &Markup) -> Markup {
    if level <= HeadingLevel::H2 {
        html! { h4 { (inside) } }
    } else {
        html! { h5 { (inside) } }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::super::ours::only_our_tags;
    use super::*;

    fn html_of(text: &str) -> String {
        markdown(text).into_string()
    }

    #[test]
    fn what_an_answer_is_made_of_becomes_elements() {
        let text = "# Title\n**Yes** and *no*, ~~not~~ `code`\nnext\n\n1. one\n2. two\n\n- a\n  - b\n\n> quote\n\n```\nx < y\n```\n\n---\n\n[site](https://a.example)";
        assert_snapshot!(html_of(text).replace("><", ">\n<"), @r#"
        <h4>Title</h4>
        <p>
        <strong>Yes</strong> and <em>no</em>, <s>not</s> <code>code</code>
        <br>next</p>
        <ol>
        <li>one</li>
        <li>two</li>
        </ol>
        <ul>
        <li>a<ul>
        <li>b</li>
        </ul>
        </li>
        </ul>
        <blockquote>
        <p>quote</p>
        </blockquote>
        <pre>
        <code>x &lt; y
        </code>
        </pre>
        <hr>
        <p>
        <a href="https://a.example" rel="noopener noreferrer" target="_blank">site</a>
        </p>
        "#);
    }

    #[test]
    fn a_table_has_a_head_and_aligned_cells() {
        assert_snapshot!(html_of("| a | b |\n|---|--:|\n| 1 | 2 |"), @r#"<div class="table"><table><thead><tr><th class="left" scope="col">a</th><th class="right" scope="col">b</th></tr></thead><tr><td class="left">1</td><td class="right">2</td></tr></table></div>"#);
    }

    #[test]
    fn html_stays_text_and_only_safe_links_lead_anywhere() {
        assert_snapshot!(html_of("<img src=x onerror=alert(1)>\n\na <b>c</b> [x](javascript:alert(1)) ![i](https://a.example/i.png)"), @r#"
        <p>&lt;img src=x onerror=alert(1)&gt;
        </p><p>a &lt;b&gt;c&lt;/b&gt; x <a href="https://a.example/i.png" rel="noopener noreferrer" target="_blank">(image: i)</a></p>
        "#);
    }

    #[test]
    fn what_is_nested_without_end_is_shown_flat() {
        let html = html_of(&format!("{}deep", "> ".repeat(3_000)));
        assert!(html.contains("deep"));
        assert!(html.matches("<blockquote>").count() <= DEEPEST);
    }

    proptest! {
        #[test]
        fn whatever_text_goes_in_the_html_has_no_tag_that_is_not_ours(
            text in r#"([<>&;*_~`|!\[\]()"'/= a-z\n#-]|<script>|<img src=x onerror=y>|\]\(javascript:|</p>|\PC){0,60}"#
        ) {
            prop_assert_eq!(only_our_tags(&html_of(&text)), Ok(()));
        }
    }
}
