//! A thread's picture, and what is new in it since it was last shown: nobody reads the same answer twice.

/// A thread as it was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Picture(Vec<Entry>);

/// A message: who wrote it, and its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    head: String,
    body: Vec<String>,
}

/// A message, or the end of one, that was not shown before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News<'a> {
    /// The author, with remarks such as `(only visible to you)`.
    pub(super) head: &'a str,
    /// Whether the message's beginning was shown before, and is left out.
    pub(super) cut: bool,
    /// The lines, without indentation that all of them have.
    pub(super) body: &'a [String],
}

impl Picture {
    /// Takes a transcript of the workspace apart: authors stand at the margin, and what they say is indented.
    pub(super) fn of(transcript: &str) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for line in transcript.lines() {
            let said = line.strip_prefix("  ").or(line.is_empty().then_some(line));
            match (said, entries.last_mut()) {
                (Some(said), Some(entry)) => entry.body.push(said.to_owned()),
                _ => entries.push(Entry { head: line.to_owned(), body: Vec::new() }),
            }
        }
        Self(entries)
    }

    /// With a message that the thread does not hold, such as a private one beside it.
    #[must_use]
    pub(super) fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// What `before` does not show.
    pub(super) fn news<'a>(&'a self, before: &Self) -> Vec<News<'a>> {
        let known = before.0.iter().map(Some).chain(std::iter::repeat(None));
        let pairs = self.0.iter().zip(known).filter(|(entry, known)| Some(*entry) != *known);
        pairs
            .map(|(entry, known)| {
                let known = known.filter(|known| known.head == entry.head);
                let lines = known.map(|known| known.body.as_slice()).unwrap_or_default();
                let same = entry.body.iter().zip(lines).take_while(|(new, old)| new == old).count();
                News { head: &entry.head, cut: 0 < same, body: &entry.body[same..] }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_picture_is_all_new() {
        let picture = Picture::of("Jane\n  Hello\n\n  you\nBot\n  Hi");
        let news = picture.news(&Picture::default());
        assert_eq!(news.len(), 2);
        assert_eq!((news[0].head, news[0].cut), ("Jane", false));
        assert_eq!(news[0].body, ["Hello", "", "you"]);
    }

    #[test]
    fn of_a_changed_message_only_the_changed_end_is_new() {
        let before = Picture::of("Jane\n  Hello\nBot\n  An answer\n  [Rate]");
        let after = Picture::of("Jane\n  Hello\nBot\n  An answer\n  Thanks!\nJane\n  More");
        let news = after.news(&before);
        assert_eq!(news.len(), 2);
        assert_eq!((news[0].head, news[0].cut, news[0].body), ("Bot", true, &["Thanks!".to_owned()][..]));
        assert_eq!((news[1].head, news[1].cut), ("Jane", false));
        assert_eq!(after.news(&after), []);
    }
}
