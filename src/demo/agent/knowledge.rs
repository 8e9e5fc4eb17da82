//! The knowledge base: articles in Markdown, and the answer that is composed from the best of them.

use std::path::Path;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag};

use super::brain::{Answer, Source};
use super::search::{CONFIDENT, Found, Index};

/// At most so many articles are named as sources.
const MOST_SOURCES: usize = 3;
/// An article is named as a source when its score is at least this share of the best one's.
const SOURCE_SHARE: f64 = 0.4;
/// An article gets a line in the answer when its score is at least this share of the best one's.
const MENTION_SHARE: f64 = 0.6;

const EMBEDDED: [&str; 10] = [
    include_str!("../../../config/knowledge/reset-password.md"),
    include_str!("../../../config/knowledge/refund-deposit.md"),
    include_str!("../../../config/knowledge/schedule-viewings.md"),
    include_str!("../../../config/knowledge/list-property.md"),
    include_str!("../../../config/knowledge/tenant-references.md"),
    include_str!("../../../config/knowledge/commission-split.md"),
    include_str!("../../../config/knowledge/import-contacts.md"),
    include_str!("../../../config/knowledge/export-statements.md"),
    include_str!("../../../config/knowledge/two-factor.md"),
    include_str!("../../../config/knowledge/notifications.md"),
];

/// Articles that can be searched.
pub struct Knowledge {
    articles: Vec<Article>,
    index: Box<Index>,
}

/// An article of the knowledge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its title.
    pub title: String,
    /// Its type: `how_to`, `faq` or `policy`.
    pub entry_type: String,
    /// Its id, such as `kb_001`.
    pub entry_id: String,
    /// Its text, in Markdown; `##` headings divide it into sections.
    pub body: String,
}

/// Why a knowledge base cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// A file or the folder cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// The file or the folder.
        file: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A file does not begin with the three lines that name the article, between two lines `---`.
    #[error("{file} needs a line `{key}:` between two lines `---` at its beginning")]
    NoFrontMatter {
        /// The file.
        file: String,
        /// The line that is missing.
        key: &'static str,
    },
    /// The folder holds no article.
    #[error("{0} holds no file whose name ends in .md")]
    Empty(String),
}

impl Knowledge {
    /// A knowledge base of these articles.
    pub fn new(articles: Vec<Article>) -> Self {
        let index = Box::new(Index::new(&articles));
        Self { articles, index }
    }

    /// The articles that are compiled in: a property agency's help for its CRM.
    pub fn from_embedded() -> Self {
        let articles = EMBEDDED.iter().map(|text| {
            Article::parse(text, "an embedded article").expect("a test reads every embedded article")
        });
        Self::new(articles.collect())
    }

    /// All files of a folder whose names end in `.md`, in the order of their names.
    ///
    /// # Errors
    /// [`KnowledgeError`]; one bad file is enough.
    pub fn from_dir(folder: &Path) -> Result<Self, KnowledgeError> {
        let unreadable =
            |file: &Path, cause| KnowledgeError::Unreadable { file: file.display().to_string(), cause };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|cause| unreadable(folder, cause))? {
            let file = entry.map_err(|cause| unreadable(folder, cause))?.path();
            if file.extension().is_some_and(|extension| extension == "md") {
                files.push(file);
            }
        }
        files.sort();
        let mut articles = Vec::with_capacity(files.len());
        for file in files {
            let text = std::fs::read_to_string(&file).map_err(|cause| unreadable(&file, cause))?;
            articles.push(Article::parse(&text, &file.display().to_string())?);
        }
        if articles.is_empty() {
            return Err(KnowledgeError::Empty(folder.display().to_string()));
        }
        Ok(Self::new(articles))
    }

    /// The articles, in the order in which they were added.
    pub fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// Adds an article, or puts it in the place of the one with the same id.
    pub fn add(&mut self, article: Article) {
        match self.articles.iter_mut().find(|old| old.entry_id == article.entry_id) {
            Some(old) => *old = article,
            None => self.articles.push(article),
        }
        *self.index = Index::new(&self.articles);
    }

    /// The answer to a question. `earlier` are the same session's questions before it, oldest first.
    pub fn answer(&self, question: &str, earlier: &[String]) -> Answer {
        let Some(found) = self.index.search(question, earlier) else {
            return Answer::unsure(
                "I'm not confident I can answer that: I found nothing about it in the knowledge base.",
            )
            .confidence(0.0);
        };
        let article = &self.articles[found.best];
        let mut answer = if found.confidence >= CONFIDENT {
            Answer::confident(self.compose(&found))
        } else {
            Answer::unsure(format!(
                "I'm not confident I can help with this. The closest that I found is *{}*, which may not be what \
                 you are looking for.",
                article.title
            ))
        };
        for (number, share) in
            found.shares.iter().filter(|(_, share)| *share >= SOURCE_SHARE).take(MOST_SOURCES)
        {
            answer = answer.source(self.articles[*number].source(found.confidence * share));
        }
        answer.confidence(found.confidence)
    }

    /// The best article's most fitting section, and one line of another article that fits nearly as well.
    fn compose(&self, found: &Found) -> String {
        let article = &self.articles[found.best];
        let sections = article.sections();
        let mut text = match sections.get(found.section) {
            Some(Section { heading: Some(heading), text }) => {
                format!("**{}: {heading}**\n\n{text}", article.title)
            }
            Some(Section { heading: None, text }) => format!("**{}**\n\n{text}", article.title),
            None => article.body.clone(),
        };
        // An introduction alone says what there is, not how it is done.
        if let (0, Some(Section { heading: Some(heading), text: first })) = (found.section, sections.get(1)) {
            text.push_str(&format!("\n\n**{heading}**\n\n{first}"));
        }
        if let Some((other, _)) = found.shares.get(1).filter(|(_, share)| *share >= MENTION_SHARE) {
            let other = &self.articles[*other];
            text.push_str(&format!("\n\nSee also *{}*: {}", other.title, other.first_sentence()));
        }
        text
    }
}

/// A piece of an article: what stands before the first `##` heading, or under one.
pub(super) struct Section<'a> {
    pub(super) heading: Option<&'a str>,
    pub(super) text: &'a str,
}

impl Article {
    /// Reads an article with its front matter; `file` is for the error.
    fn parse(text: &str, file: &str) -> Result<Self, KnowledgeError> {
        let text = text.replace("\r\n", "\n");
        let (front, body) =
            text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).unwrap_or_default();
        let value = |key: &'static str| {
            front
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, value)| *name == key && !value.trim().is_empty())
                .map(|(_, value)| value.trim().to_owned())
                .ok_or_else(|| KnowledgeError::NoFrontMatter { file: file.to_owned(), key })
        };
        Ok(Self {
            title: value("title")?,
            entry_type: value("entry_type")?,
            entry_id: value("entry_id")?,
            body: body.trim().to_owned(),
        })
    }

    /// The article's sections in order; never an empty list for an article with text.
    pub(super) fn sections(&self) -> Vec<Section<'_>> {
        let is_heading =
            |event: &Event| matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }));
        let mut starts = vec![0];
        starts.extend(
            Parser::new(&self.body)
                .into_offset_iter()
                .filter(|(event, range)| is_heading(event) && range.start != 0)
                .map(|(_, range)| range.start),
        );
        let ends = starts.iter().skip(1).copied().chain([self.body.len()]);
        let pieces = starts.iter().zip(ends).map(|(start, end)| &self.body[*start..end]);
        pieces.map(Section::of).filter(|section| !section.text.is_empty()).collect()
    }

    fn first_sentence(&self) -> String {
        let paragraph = self.body.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        match paragraph.find(". ") {
            Some(end) => paragraph[..=end].to_owned(),
            None => paragraph,
        }
    }

    fn source(&self, confidence: f64) -> Source {
        Source {
            title: self.title.clone(),
            confidence,
            entry_type: self.entry_type.clone(),
            entry_id: self.entry_id.clone(),
        }
    }
}

impl<'a> Section<'a> {
    fn of(piece: &'a str) -> Self {
        match piece.strip_prefix("## ") {
            Some(rest) => {
                let (heading, text) = rest.split_once('\n').unwrap_or((rest, ""));
                Self { heading: Some(heading.trim()), text: text.trim() }
            }
            None => Self { heading: None, text: piece.trim() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_article_is_named_and_has_several_sections() {
        let knowledge = Knowledge::from_embedded();
        let mut ids: Vec<_> = knowledge.articles.iter().map(|article| article.entry_id.clone()).collect();
        ids.dedup();
        assert_eq!(ids.len(), EMBEDDED.len());
        for article in &knowledge.articles {
            assert!(["how_to", "faq", "policy"].contains(&article.entry_type.as_str()), "{}", article.title);
            assert!(article.sections().len() >= 4, "{}", article.title);
            assert!((30..=60).contains(&(article.body.lines().count() + 5)), "{}", article.title);
        }
    }

    #[test]
    fn the_folder_holds_exactly_the_embedded_articles() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/knowledge");
        let mut read = Knowledge::from_dir(&folder).unwrap().articles;
        read.sort_by(|one, other| one.entry_id.cmp(&other.entry_id));
        assert_eq!(read, Knowledge::from_embedded().articles);
    }

    #[test]
    fn a_heading_in_a_code_fence_begins_no_section() {
        let text = "---\ntitle: T\nentry_type: faq\nentry_id: kb_1\n---\nIntro.\n\n## One\n\n```\n## no heading\n```\n\n## Two\n\nText.\n";
        let article = Article::parse(text, "t.md").unwrap();
        let headings: Vec<_> = article.sections().iter().map(|section| section.heading).collect();
        assert_eq!(headings, [None, Some("One"), Some("Two")]);
    }

    #[test]
    fn a_file_without_front_matter_is_named_with_the_line_that_it_lacks() {
        let error = Article::parse("---\ntitle: T\nentry_type: faq\n---\nText", "t.md").unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.md needs a line `entry_id:` between two lines `---` at its beginning"
        );
        assert!(Article::parse("Just text", "t.md").is_err());
        let gone = Knowledge::from_dir(Path::new("no/such/folder")).err().unwrap();
        assert_eq!(gone.to_string(), "no/such/folder cannot be read");
    }

    #[test]
    fn an_added_article_is_found_and_an_equal_id_replaces() {
        let mut knowledge = Knowledge::from_embedded();
        let article = |body: &str| Article {
            title: "Parking at the office".into(),
            entry_type: "faq".into(),
            entry_id: "kb_900".into(),
            body: body.into(),
        };
        knowledge.add(article("Park in the courtyard."));
        knowledge.add(article("Park behind the house."));
        let answer = knowledge.answer("Where is parking at the office?", &[]);
        assert_eq!(answer.response, "**Parking at the office**\n\nPark behind the house.");
    }
}
