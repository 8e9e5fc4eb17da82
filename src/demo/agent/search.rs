//! The search: BM25 over articles and their sections, and a confidence that is computed from it.
//!
//! **Confidence** = coverage × (0.8 + 0.2 × margin), at most 0.98.
//! *Coverage* is the share of the question's terms that the best article has, each weighted by how rare it
//! is; a term that no article knows weighs as much as one that a single article knows. *Margin* is how far
//! the best article's score is ahead of the second one's, as a share of the best. It rises with both.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use bm25::{DefaultTokenizer, Embedder, EmbedderBuilder, Embedding, Language, Scorer, Tokenizer};

use super::knowledge::Article;

/// From this confidence on, the answer stands by itself; below it, a ticket is offered.
pub(super) const CONFIDENT: f64 = 0.55;
/// What a term of an earlier question counts, against one of this question.
const CONTEXT_WEIGHT: f64 = 0.4;
/// How many earlier questions count.
const CONTEXT_QUESTIONS: usize = 2;
/// No search result is certain.
const MOST_CONFIDENT: f64 = 0.98;
/// How often an article's title counts beside its text.
const TITLE_WEIGHT: usize = 3;

/// Words that say that something is asked, not what.
const FILLER: &str = "hi hello hey please thanks thank you help need want would like could can may get got make go \
    know tell show explain wonder question ask give let use using possible way able us also really actually again \
    exactly properly quickly something anything someone somebody anybody";

/// A search index; articles are known by their number.
pub(super) struct Index {
    embedder: Embedder<u32, Terms>,
    articles: Scorer<usize>,
    sections: Scorer<(usize, usize)>,
    words: Vec<HashSet<u32>>,
    spread: HashMap<u32, usize>,
    section_counts: Vec<usize>,
}

/// What fits a question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// The best article.
    pub(super) best: usize,
    /// Its most fitting section.
    pub(super) section: usize,
    /// How sure that is, 0 to 1.
    pub(super) confidence: f64,
    /// All articles that fit, best first, each with its score as a share of the best one's.
    pub(super) shares: Vec<(usize, f64)>,
}

/// The terms of this question, and those of earlier ones that this one does not repeat.
struct Query {
    own: Embedding,
    context: Embedding,
}

impl Index {
    pub(super) fn new(articles: &[Article]) -> Self {
        let texts: Vec<String> = articles
            .iter()
            .map(|article| format!("{}{}", format!("{}\n", article.title).repeat(TITLE_WEIGHT), article.body))
            .collect();
        let corpus: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embedder = EmbedderBuilder::with_tokenizer_and_fit_to_corpus(Terms::new(), &corpus).build();
        let mut index = Self {
            embedder,
            articles: Scorer::new(),
            sections: Scorer::new(),
            words: Vec::new(),
            spread: HashMap::new(),
            section_counts: Vec::new(),
        };
        for (number, (article, text)) in articles.iter().zip(&texts).enumerate() {
            index.put(number, article, text);
        }
        index
    }

    fn put(&mut self, number: usize, article: &Article, text: &str) {
        let embedding = self.embedder.embed(text);
        let words: HashSet<u32> = embedding.indices().copied().collect();
        for word in &words {
            *self.spread.entry(*word).or_default() += 1;
        }
        self.words.push(words);
        self.articles.upsert(&number, embedding);
        let sections = article.sections();
        self.section_counts.push(sections.len());
        for (at, section) in sections.iter().enumerate() {
            let heading = section.heading.unwrap_or_default();
            let text = format!("{heading}\n{heading}\n{}", section.text);
            self.sections.upsert(&(number, at), self.embedder.embed(&text));
        }
    }

    /// What fits `question`; `None` when no article has any of its terms.
    pub(super) fn search(&self, question: &str, earlier: &[String]) -> Option<Found> {
        let own = self.terms(question, &HashSet::new());
        let known: HashSet<u32> = own.indices().copied().collect();
        let recent = earlier[earlier.len().saturating_sub(CONTEXT_QUESTIONS)..].join("\n");
        let context = self.terms(&recent, &known);
        let alone = self.rank(&Query { own: own.clone(), context: Embedding(Vec::new()) });
        // A question of only unknown words is a new subject: what was asked before is no clue.
        if context.is_empty() || (alone.is_none() && !own.is_empty()) {
            return alone;
        }
        let together = self.rank(&Query { own, context });
        match (alone, together) {
            (Some(alone), Some(together)) => {
                let instead = alone.best == together.best || together.confidence < CONFIDENT;
                Some(if instead && alone.confidence > together.confidence { alone } else { together })
            }
            (alone, together) => together.or(alone),
        }
    }

    fn rank(&self, query: &Query) -> Option<Found> {
        let mut scores: Vec<(usize, f64)> = (0..self.words.len())
            .map(|article| (article, score(&self.articles, &article, query)))
            .filter(|(_, score)| *score > 0.0)
            .collect();
        // The sort is stable: of equals, the earlier article wins, always.
        scores.sort_by(|one, other| other.1.total_cmp(&one.1));
        let (best, most) = *scores.first()?;
        let second = scores.get(1).map_or(0.0, |(_, score)| *score);
        let margin = (most - second) / most;
        let confidence = (self.coverage(best, query) * (0.8 + 0.2 * margin)).clamp(0.0, MOST_CONFIDENT);
        let shares = scores.into_iter().map(|(article, score)| (article, score / most)).collect();
        Some(Found { best, section: self.best_section(best, query), confidence, shares })
    }

    fn best_section(&self, article: usize, query: &Query) -> usize {
        let scores = (0..self.section_counts[article])
            .map(|section| (section, score(&self.sections, &(article, section), query)));
        scores
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map_or(0, |(section, _)| section)
    }

    /// The weighted share of the query's terms that an article has, 0 to 1.
    fn coverage(&self, article: usize, query: &Query) -> f64 {
        let (mut all, mut covered) = (0.0, 0.0);
        let own = query.own.indices().map(|term| (term, 1.0));
        let context = query.context.indices().map(|term| (term, CONTEXT_WEIGHT));
        for (term, weight) in own.chain(context) {
            let rarity = weight * self.rarity(*term);
            all += rarity;
            if self.words[article].contains(term) {
                covered += rarity;
            }
        }
        if all > 0.0 { covered / all } else { 0.0 }
    }

    /// BM25's inverse document frequency, in which an unknown term counts as known to one article.
    fn rarity(&self, term: u32) -> f64 {
        let having = self.spread.get(&term).copied().unwrap_or(1) as f64;
        ((self.words.len() as f64 - having + 0.5) / (having + 0.5) + 1.0).ln()
    }

    /// A text's terms, each once, without those in `known`.
    fn terms(&self, text: &str, known: &HashSet<u32>) -> Embedding {
        let mut seen = known.clone();
        let embedding = self.embedder.embed(text);
        Embedding(embedding.0.into_iter().filter(|term| seen.insert(term.index)).collect())
    }
}

fn score<K: Eq + Hash + Clone>(scorer: &Scorer<K>, id: &K, query: &Query) -> f64 {
    let of = |terms| f64::from(scorer.score(id, terms).unwrap_or(0.0));
    of(&query.own) + CONTEXT_WEIGHT * of(&query.context)
}

/// English words by their stems, without stop words and [`FILLER`].
struct Terms {
    words: DefaultTokenizer,
    filler: HashSet<String>,
}

impl Terms {
    fn new() -> Self {
        let words = DefaultTokenizer::new(Language::English);
        let filler = words.tokenize(FILLER).into_iter().collect();
        Self { words, filler }
    }
}

impl Tokenizer for Terms {
    fn tokenize(&self, text: &str) -> Vec<String> {
        // Unicode divides "e-mail" into two words, of which neither means it.
        let text = text.to_lowercase().replace("e-mail", "email");
        let mut words = self.words.tokenize(&text);
        words.retain(|word| !self.filler.contains(word));
        words
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::super::knowledge::Knowledge;
    use super::*;

    #[rstest]
    #[case("How do I reset a user's password?", "kb_001", "Reset a colleague's or user's password")]
    #[case("I forgot my password, what now?", "kb_001", "")]
    #[case("How do I process a refund?", "kb_002", "Process a refund")]
    #[case("How long does a deposit refund take?", "kb_002", "How long a refund takes")]
    #[case("Can I reschedule a viewing?", "kb_003", "Reschedule or cancel a viewing")]
    #[case("why was my listing rejected by the portal", "kb_004", "Why a portal rejected a listing")]
    #[case("Please tell me what is checked in a tenant's credit check", "kb_005", "What is checked")]
    #[case("How do we split the commission of a deal?", "kb_006", "Set the split of a deal")]
    #[case("Import contacts from Excel", "kb_007", "")]
    #[case("Can I undo an import?", "kb_007", "Undo an import")]
    #[case("How do I export a trust account statement?", "kb_008", "Export a statement")]
    #[case("I lost my phone and can't sign in with two-factor", "kb_009", "Lost or new phone")]
    #[case(
        "How do I mute notifications at night?",
        "kb_010",
        "Can I mute notifications at night or on holiday?"
    )]
    fn a_question_about_the_crm_is_answered_from_the_right_article(
        #[case] question: &str,
        #[case] article: &str,
        #[case] section: &str,
    ) {
        let answer = Knowledge::from_embedded().answer(question, &[]);
        assert_eq!(
            answer.sources.first().map(|source| source.entry_id.as_str()),
            Some(article),
            "{answer:?}"
        );
        assert!(!answer.requires_escalation, "{answer:?}");
        assert!(answer.classification_confidence >= CONFIDENT);
        assert!(answer.response.lines().next().unwrap().contains(section), "{answer:?}");
    }

    #[rstest]
    #[case("How do I fix error code X1234?")]
    #[case("Can I export a video of my dog?")]
    #[case("How do I cancel my gym subscription?")]
    #[case("Who won the world cup?")]
    #[case("Which printer should the office buy?")]
    #[case("What is the capital of France?")]
    fn a_question_about_something_else_escalates(#[case] question: &str) {
        let answer = Knowledge::from_embedded().answer(question, &[]);
        assert!(answer.requires_escalation, "{answer:?}");
        assert!(answer.classification_confidence < CONFIDENT);
        assert!(answer.response.starts_with("I'm not confident"));
    }

    #[test]
    fn a_question_that_nothing_matches_has_no_sources() {
        let answer = Knowledge::from_embedded().answer("Quark gluon plasma viscosity?", &[]);
        assert_eq!((answer.sources.len(), answer.classification_confidence), (0, 0.0));
    }

    #[rstest]
    #[case("How do I process a refund of a deposit?", "And how long does it take?", "kb_002")]
    #[case("What is checked in a tenant's references?", "How long are the results kept?", "kb_005")]
    #[case("How do I reset a password?", "How do I import contacts?", "kb_007")]
    #[case("How do I import contacts?", "What about duplicates?", "kb_007")]
    fn a_follow_up_is_understood_and_a_new_subject_wins(
        #[case] earlier: &str,
        #[case] question: &str,
        #[case] article: &str,
    ) {
        let answer = Knowledge::from_embedded().answer(question, &[earlier.to_owned()]);
        assert_eq!(answer.sources[0].entry_id, article, "{answer:?}");
        assert!(!answer.requires_escalation, "{answer:?}");
    }

    #[test]
    fn an_earlier_question_lends_no_confidence_to_an_unknown_subject() {
        let earlier = ["How do I reset a password?".to_owned()];
        let answer = Knowledge::from_embedded().answer("What is the weather in Paris?", &earlier);
        assert!(answer.requires_escalation && answer.sources.is_empty(), "{answer:?}");
    }

    proptest! {
        #[test]
        fn any_text_has_a_confidence_between_0_and_1(question in ".{0,200}", earlier in ".{0,80}") {
            let answer = knowledge().answer(&question, &[earlier]);
            prop_assert!((0.0..=1.0).contains(&answer.classification_confidence));
        }

        #[test]
        fn an_unknown_word_never_makes_a_question_more_confident(words in "(refund|password|export|deposit|viewing| ){1,8}") {
            let plain = knowledge().answer(&words, &[]).classification_confidence;
            let more = knowledge().answer(&format!("{words} zxqvw"), &[]).classification_confidence;
            prop_assert!(more <= plain);
        }
    }

    fn knowledge() -> &'static Knowledge {
        static KNOWLEDGE: std::sync::LazyLock<Knowledge> = std::sync::LazyLock::new(Knowledge::from_embedded);
        &KNOWLEDGE
    }
}
