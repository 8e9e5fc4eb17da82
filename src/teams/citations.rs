//! The sources of an answer as Teams' own citations, with a line of them for clients that show none. Pure.
//!
//! <https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content>

use std::collections::HashSet;
use std::iter;

use serde_json::{Value, json};

use super::markdown::links::Target;
use super::markdown::{self, JOINER, label, units};
use crate::chat::{Source, wording};

/// How many citations a message may have: Teams' own clients take 20, others fewer.
const MOST: usize = 10;
/// The longest name and abstract of a citation, in UTF-16 units.
const LONGEST_NAME: usize = 80;
const LONGEST_ABSTRACT: usize = 160;
/// The longest title in the line of sources, in UTF-16 units.
const LONGEST_TITLE: usize = 120;
/// The longest address of a source, in bytes: it stands in the message twice, ten of them with everything else below
/// 100 KB.
const LONGEST_URL: usize = 800;

/// How sources are linked, and how many are shown.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// A URL with `{entry_type}` and `{entry_id}` in it.
    pub template: Option<String>,
    /// How many sources are shown at most.
    pub max_sources: usize,
}

/// The sources of an answer, each once, the surest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Citations {
    /// The line that shows them, with their numbers; `None` when there are none.
    pub(super) line: Option<String>,
    /// The claims of the message's entity, numbered from 1.
    pub(super) claims: Vec<Value>,
}

impl Citations {
    /// Cites the sources of an answer.
    pub(super) fn of(sources: &[Source], links: &Links) -> Self {
        let mut seen = HashSet::new();
        let mut sources: Vec<&Source> =
            sources.iter().filter(|source| seen.insert(identity(source))).collect();
        // Stable: sources of equal confidence stay in the agent's order, those without one come last.
        let confidence = |source: &Source| source.confidence.unwrap_or(-1.0);
        sources.sort_by(|a, b| confidence(b).total_cmp(&confidence(a)));
        if sources.is_empty() || links.max_sources == 0 {
            return Self::default();
        }
        let (mut names, mut claims) = (Vec::new(), Vec::new());
        for (source, number) in sources.iter().take(links.max_sources.min(MOST)).zip(1..) {
            let target = target(source, links);
            names.push(format!("{} [{number}]", title(source, target.as_ref())));
            claims.push(claim(source, target.as_ref(), number));
        }
        let left_out = sources.len() - names.len();
        names.extend((left_out > 0).then(|| wording::more_sources(left_out)));
        Self { line: Some(format!("**{}:** {}", wording::SOURCES, names.join(" · "))), claims }
    }

    /// A text in which nothing but the line of sources is taken for the number of one. Code stays as it is: people copy it.
    pub(super) fn without_numbers(&self, text: &str) -> String {
        let (mut written, mut done) = (String::with_capacity(text.len()), 0);
        let end = text.len()..text.len();
        for code in markdown::code(text).into_iter().chain(iter::once(end)) {
            let mut words = text[done..code.start].to_owned();
            for number in 1..=self.claims.len() {
                words = words.replace(&format!("[{number}]"), &format!("[{JOINER}{number}]"));
            }
            written.extend([&words, &text[code.clone()]]);
            done = code.end;
        }
        written
    }

    /// The one root entity that a message may have: it says that the message was made by an AI, and what it cites.
    pub(super) fn entity(&self) -> Value {
        let mut entity = json!({ "type": "https://schema.org/Message", "@type": "Message",
            "@context": "https://schema.org", "@id": "", "additionalType": ["AIGeneratedContent"] });
        if !self.claims.is_empty() {
            entity["citation"] = self.claims.clone().into();
        }
        entity
    }
}

/// Two sources are the same article when type and id are the same, or without an id, when the title is.
fn identity(source: &Source) -> (String, String) {
    match &source.entry_id {
        Some(id) => (source.entry_type.clone().unwrap_or_default(), id.clone()),
        None => (String::new(), format!("title {}", source.title.trim().to_lowercase())),
    }
}

fn title(source: &Source, target: Option<&Target>) -> String {
    let title = line_within(&source.title, LONGEST_TITLE);
    match target.filter(|target| !target.is_belied_by(&title)) {
        Some(target) => markdown::link(target, &title),
        None => label(&title),
    }
}

fn claim(source: &Source, target: Option<&Target>, number: usize) -> Value {
    let about = wording::article(source.entry_type.as_deref(), source.confidence);
    let mut appearance = json!({ "@type": "DigitalDocument",
        "name": line_within(&source.title, LONGEST_NAME), "abstract": line_within(&about, LONGEST_ABSTRACT) });
    if let Some(target) = target {
        appearance["url"] = target.url.as_str().into();
    }
    json!({ "@type": "Claim", "position": number, "appearance": appearance })
}

/// Foreign text on one line, cut to so many units.
fn line_within(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if units(&line) <= most {
        return line;
    }
    let mut length = 0;
    let within = |character: &char| {
        length += character.len_utf16();
        length < most
    };
    line.chars().take_while(within).chain(['…']).collect()
}

/// The source's address; `None` without a template, without an id, or when they make no web address.
fn target(source: &Source, links: &Links) -> Option<Target> {
    let (template, id) = (links.template.as_ref()?, source.entry_id.as_ref()?);
    let encode = |text: &str| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    };
    let entry_type = encode(source.entry_type.as_deref().unwrap_or_default());
    let url = template.replace("{entry_type}", &entry_type).replace("{entry_id}", &encode(id));
    Target::safe(&url).filter(|target| target.url.len() <= LONGEST_URL)
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
    fn the_surest_come_first_once_each_numbered_and_the_rest_is_counted() {
        let sources = [
            source("B", Some(0.5), Some("2")),
            source("A", Some(0.9), Some("1")),
            source("A again", Some(0.8), Some("1")),
            source("No id", None, None),
            source("no ID ", Some(0.1), None),
        ];
        let cited = Citations::of(&sources, &links(Some("https://kb.example/{entry_type}/{entry_id}"), 2));
        let line = "**Sources:** [A](https://kb.example/how_to/1) [1] · [B](https://kb.example/how_to/2) [2] · +1 more";
        assert_eq!(cited.line.as_deref(), Some(line));
        let positions: Vec<&Value> = cited.claims.iter().map(|claim| &claim["position"]).collect();
        assert_eq!(positions, [1, 2]);
        insta::assert_snapshot!(cited.claims[0], @r#"{"@type":"Claim","appearance":{"@type":"DigitalDocument","abstract":"An article of the knowledge base (how to). It fits the question by 90 %.","name":"A","url":"https://kb.example/how_to/1"},"position":1}"#);
        for none in [Citations::of(&[], &links(None, 3)), Citations::of(&sources, &links(None, 0))] {
            assert_eq!(none, Citations::default());
        }
    }

    #[test]
    fn there_are_at_most_ten_and_each_keeps_teams_limits() {
        let long = "é😀 ".repeat(200);
        let sources: Vec<_> =
            (0..40).map(|n| source(&long, Some(1.0), Some(&format!("{n}{}", "/".repeat(200))))).collect();
        let cited = Citations::of(&sources, &links(Some("https://kb.example/{entry_id}"), 40));
        assert_eq!(cited.claims.len(), MOST);
        assert!(cited.line.as_ref().is_some_and(|line| line.ends_with(" [10] · +30 more")));
        for claim in &cited.claims {
            let appearance = |key: &str| claim["appearance"][key].as_str().map_or(0, units);
            assert!((1..=LONGEST_NAME).contains(&appearance("name")));
            assert!((1..=LONGEST_ABSTRACT).contains(&appearance("abstract")));
            assert!(appearance("url") <= LONGEST_URL);
        }
    }

    #[test]
    fn a_title_can_neither_spoof_a_link_nor_be_taken_for_a_number() {
        let sources = [
            source("https://bank.example\n[1] <at>x</at>", Some(1.0), Some("1")),
            source("[2](x)", None, Some("2")),
        ];
        let cited = Citations::of(&sources, &links(Some("https://kb.example/{entry_id}"), 3));
        let line =
            "**Sources:** https://bank.example (1) &lt;at>x&lt;/at> [1] · [(2)(x)](https://kb.example/2) [2]";
        assert_eq!(cited.line.as_deref(), Some(line));
        assert_eq!(cited.without_numbers("a[1] [2] [3]"), "a[\u{2060}1] [\u{2060}2] [3]");
        let code = "`a[1]` [1]\n\n```\nb[2]\n```";
        assert_eq!(cited.without_numbers(code), "`a[1]` [\u{2060}1]\n\n```\nb[2]\n```");
    }

    #[test]
    fn a_template_that_makes_no_web_address_gives_no_link() {
        let cited = Citations::of(&[source("A", None, Some("1"))], &links(Some("javascript:{entry_id}"), 3));
        assert_eq!(cited.line.as_deref(), Some("**Sources:** A [1]"));
        assert_eq!(cited.claims[0]["appearance"].get("url"), None);
    }
}
