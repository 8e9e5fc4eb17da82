//! The sources below an answer: de-duplicated, the surest first, linked where a template says how. Pure.

use std::collections::HashSet;

use url::Url;

use super::markup;
use crate::chat::{Source, wording};

/// The longest title that is shown whole, in characters.
const LONGEST_TITLE: usize = 120;

/// How sources are linked, and how many are shown.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// A URL with `{entry_type}` and `{entry_id}` in it.
    pub template: Option<String>,
    /// How many sources are shown at most.
    pub max_sources: usize,
}

/// The lines of mrkdwn that show the sources; none when there are none.
pub(super) fn lines(sources: &[Source], links: &Links) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut sources: Vec<&Source> = sources.iter().filter(|source| seen.insert(identity(source))).collect();
    // Stable: sources of equal confidence stay in the agent's order, those without one come last.
    let confidence = |source: &Source| source.confidence.unwrap_or(-1.0);
    sources.sort_by(|a, b| confidence(b).total_cmp(&confidence(a)));
    let shown = sources.len().min(links.max_sources);
    if shown == 0 {
        return Vec::new();
    }
    let mut names: Vec<String> = sources[..shown].iter().map(|source| name(source, links)).collect();
    if shown < sources.len() {
        names.push(wording::more_sources(sources.len() - shown));
    }
    vec![format!("*{}:* {}", wording::SOURCES, names.join(" · "))]
}

/// Two sources are the same article when type and id are the same, or without an id, when the title is.
fn identity(source: &Source) -> (String, String) {
    match &source.entry_id {
        Some(id) => (source.entry_type.clone().unwrap_or_default(), id.clone()),
        None => (String::new(), format!("title {}", source.title.trim().to_lowercase())),
    }
}

fn name(source: &Source, links: &Links) -> String {
    let title = source.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = title.chars().take(LONGEST_TITLE).collect();
    if shown.len() < title.len() {
        shown.push('…');
    }
    // A bar would end a link's address early.
    let shown = markup::escape(&shown.replace('|', "∣"));
    match link(source, links) {
        Some(url) => format!("<{url}|{shown}>"),
        None => shown,
    }
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
        assert_eq!(lines(&sources, &links(None, 3)), ["*Sources:* A · C · B · +1 more"]);
        assert_eq!(lines(&sources, &links(None, 0)), [""; 0]);
        assert_eq!(lines(&[], &links(None, 3)), [""; 0]);
    }

    #[test]
    fn two_hundred_sources_show_only_the_configured_number() {
        let sources: Vec<_> =
            (0..200).map(|n| source(&format!("S{n}"), Some(1.0), Some(&n.to_string()))).collect();
        assert_eq!(lines(&sources, &links(None, 2)), ["*Sources:* S0 · S1 · +198 more"]);
    }

    #[test]
    fn a_link_is_a_web_address_and_its_label_breaks_nothing() {
        let source = source("a|b > <!channel> & c", Some(1.0), Some("x/../y|z>"));
        let shown = lines(&[source], &links(Some("https://kb.example/{entry_type}?id={entry_id}"), 3));
        assert_eq!(
            shown,
            ["*Sources:* <https://kb.example/how_to?id=x%2F..%2Fy%7Cz%3E|a∣b &gt; &lt;!channel&gt; &amp; c>"]
        );
    }

    #[test]
    fn a_template_that_makes_no_web_address_gives_no_link() {
        let one = [source("A", None, Some("1"))];
        assert_eq!(lines(&one, &links(Some("javascript:{entry_id}"), 3)), ["*Sources:* A"]);
    }
}
