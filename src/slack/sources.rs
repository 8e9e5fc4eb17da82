//! The sources below an answer: de-duplicated, the surest first, linked where a template says how. Pure.

use std::collections::HashSet;

use url::Url;

use super::markup;
use crate::chat::{Source, wording};

/// The longest title that is shown whole, in characters.
const LONGEST_TITLE: usize = 120;
/// The longest line of sources, in characters; Slack takes 3,000.
const LONGEST_LINE: usize = 2_900;

/// The line that shows the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// With links.
    pub(super) linked: String,
    /// Without.
    pub(super) plain: String,
}

/// How sources are linked, and how many are shown.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// A URL with `{entry_type}` and `{entry_id}` in it.
    pub template: Option<String>,
    /// How many sources are shown at most.
    pub max_sources: usize,
}

/// The line that shows the sources, with links for the blocks and without for the text; `None` when there are none.
pub(super) fn line(sources: &[Source], links: &Links) -> Option<Line> {
    let mut seen = HashSet::new();
    let mut sources: Vec<&Source> = sources.iter().filter(|source| seen.insert(identity(source))).collect();
    // Stable: sources of equal confidence stay in the agent's order, those without one come last.
    let confidence = |source: &Source| source.confidence.unwrap_or(-1.0);
    sources.sort_by(|a, b| confidence(b).total_cmp(&confidence(a)));
    if sources.is_empty() || links.max_sources == 0 {
        return None;
    }
    let titles: Vec<String> = sources.iter().map(|source| title(source)).collect();
    let linked: Vec<String> = sources
        .iter()
        .zip(&titles)
        .map(|(source, title)| {
            link(source, links).map_or_else(|| title.clone(), |url| format!("<{url}|{title}>"))
        })
        .collect();
    Some(Line { linked: listed(&linked, links.max_sources), plain: listed(&titles, links.max_sources) })
}

/// As many of the names as are wanted and fit, and how many are left out.
fn listed(names: &[String], most: usize) -> String {
    let mut line = format!("*{}:*", wording::SOURCES);
    let mut shown = 0;
    for name in names.iter().take(most) {
        if LONGEST_LINE < line.chars().count() + name.chars().count() {
            break;
        }
        line.push_str(if shown == 0 { " " } else { " · " });
        line.push_str(name);
        shown += 1;
    }
    if shown < names.len() {
        line.push_str(if shown == 0 { " " } else { " · " });
        line.push_str(&wording::more_sources(names.len() - shown));
    }
    line
}

/// Two sources are the same article when type and id are the same, or without an id, when the title is.
fn identity(source: &Source) -> (String, String) {
    match &source.entry_id {
        Some(id) => (source.entry_type.clone().unwrap_or_default(), id.clone()),
        None => (String::new(), format!("title {}", source.title.trim().to_lowercase())),
    }
}

fn title(source: &Source) -> String {
    let title = source.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = title.chars().take(LONGEST_TITLE).collect();
    if shown.len() < title.len() {
        shown.push('…');
    }
    // A bar would end a link's address early.
    markup::escape(&shown.replace('|', "∣"))
}

/// The source's address; `None` without a template, without an id, or when they make no web address.
fn link(source: &Source, links: &Links) -> Option<String> {
    let (template, id) = (links.template.as_ref()?, source.entry_id.as_ref()?);
    let encode = |text: &str| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    };
    let entry_type = encode(source.entry_type.as_deref().unwrap_or_default());
    let url = template.replace("{entry_type}", &entry_type).replace("{entry_id}", &encode(id));
    let url = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.as_str().replace('|', "%7C").replace('>', "%3E").replace('&', "&amp;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(title: &str, confidence: Option<f64>, id: Option<&str>) -> Source {
        let (entry_type, entry_id) = (Some("how_to".into()), id.map(str::to_owned));
        Source { title: title.into(), confidence, entry_type, entry_id }
    }

    fn links(template: Option<&str>, max_sources: usize) -> Links {
        Links { template: template.map(str::to_owned), max_sources }
    }

    fn linked(sources: &[Source], links: &Links) -> String {
        line(sources, links).map(|line| line.linked).unwrap_or_default()
    }

    #[test]
    fn the_surest_come_first_once_each_and_the_rest_is_counted() {
        let sources = [
            source("B", Some(0.5), Some("2")),
            source("A", Some(0.9), Some("1")),
            source("A again", Some(0.8), Some("1")),
            source("No id", None, None),
            source("no ID ", Some(0.1), None),
            source("C", Some(0.7), Some("3")),
        ];
        assert_eq!(linked(&sources, &links(None, 3)), "*Sources:* A · C · B · +1 more");
        assert_eq!(line(&sources, &links(None, 0)), None);
        assert_eq!(line(&[], &links(None, 3)), None);
    }

    #[test]
    fn two_hundred_sources_show_only_the_configured_number() {
        let sources: Vec<_> =
            (0..200).map(|n| source(&format!("S{n}"), Some(1.0), Some(&n.to_string()))).collect();
        assert_eq!(linked(&sources, &links(None, 2)), "*Sources:* S0 · S1 · +198 more");
    }

    #[test]
    fn a_link_is_a_web_address_and_its_label_breaks_nothing() {
        let source = source("a|b > <!channel> & c", Some(1.0), Some("x/../y|z>"));
        let shown = linked(&[source], &links(Some("https://kb.example/{entry_type}?id={entry_id}"), 3));
        assert_eq!(
            shown,
            "*Sources:* <https://kb.example/how_to?id=x%2F..%2Fy%7Cz%3E|a∣b &gt; &lt;!channel&gt; &amp; c>"
        );
    }

    #[test]
    fn a_line_fits_its_block_and_counts_what_does_not_fit() {
        let sources: Vec<_> =
            (0..20).map(|n| source(&"&".repeat(200), Some(1.0), Some(&n.to_string()))).collect();
        let line = linked(&sources, &links(Some("https://kb.example/{entry_id}"), 20));
        assert!(line.chars().count() <= 3_000, "{}", line.chars().count());
        assert!(line.ends_with(" · +16 more"), "{line}");
    }

    #[test]
    fn a_template_that_makes_no_web_address_gives_no_link() {
        let one = [source("A", None, Some("1"))];
        assert_eq!(linked(&one, &links(Some("javascript:{entry_id}"), 3)), "*Sources:* A");
    }
}
