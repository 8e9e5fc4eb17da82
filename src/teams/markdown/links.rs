//! Where a link may lead, and whether its label tells the truth about it.

use std::ops::Range;

use url::Url;

use super::escape;

/// The longest URL that is linked, in bytes.
const LONGEST: usize = 2_000;

/// A link's target that is safe to follow: http or https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::teams) struct Target {
    /// The URL, of characters that Markdown gives no meaning in a link's target.
    pub(in crate::teams) url: String,
    /// What to show of it where its label lies: the host.
    pub(in crate::teams) shown: String,
    /// Whether it is made to look like another target (`https://bank.example@evil.example`).
    masked: bool,
}

impl Target {
    /// The target, unless it is relative or of another scheme: `javascript:`, `data:`, `file:`.
    pub(in crate::teams) fn safe(target: &str) -> Option<Self> {
        let target = target.trim();
        let url = Url::parse(target).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let shown = url.host_str().filter(|host| is_plain_host(host))?.to_owned();
        let masked = !url.username().is_empty() || url.password().is_some();
        let as_written = target.bytes().all(is_clean) && has_plain_authority(target, url.scheme());
        let mut url = encode(if as_written { target } else { url.as_str() });
        if !shown.starts_with('[') {
            // Only an address for a host needs brackets; anywhere else they could be taken for a citation's.
            url = url.replace('[', "%5B").replace(']', "%5D");
        }
        (url.len() <= LONGEST).then_some(Self { url, shown, masked })
    }

    /// Whether a label makes people believe in another target than this.
    pub(in crate::teams) fn is_belied_by(&self, label: &str) -> bool {
        const REVERSING: [char; 9] = [
            '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
            '\u{2069}',
        ];
        if self.masked || label.contains(REVERSING) {
            return true;
        }
        let visible: String = label.chars().filter(|c| !is_invisible(*c)).map(plain_dot).collect();
        visible.split_whitespace().any(|word| self.is_not(word))
    }

    /// Whether a word names a host or an address, and another one.
    fn is_not(&self, word: &str) -> bool {
        if let Some((before, after)) = word.split_once("://") {
            let authority = after.split(['/', '?', '#', '\\']).next().unwrap_or(after);
            let host = authority.rsplit('@').next().unwrap_or(authority);
            let host = host.split_once(':').map_or(host, |(host, _)| host);
            let host = host.trim_matches(|c: char| !c.is_alphanumeric());
            return same_host(before, &self.shown).is_some_and(|same| !same)
                || !host.is_empty() && !same_host(host, &self.shown).unwrap_or_else(|| self.is_host(host));
        }
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if let Some((_, host)) = word.rsplit_once('@') {
            return same_host(host, &self.shown) != Some(true);
        }
        let mut pieces = word.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-' || c == '_'));
        pieces.find_map(|piece| same_host(piece, &self.shown)) == Some(false)
    }

    /// For names that look like no host but stand where one stands: `http://intranet`.
    fn is_host(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&self.shown)
    }
}

/// A link, as Markdown.
pub(in crate::teams) fn link(target: &Target, label: &str) -> String {
    format!("[{}]({})", escape::label(label), target.url.replace('&', "&amp;"))
}

/// The next URL in a text from here on, and where it leads; only one that is what it looks like.
pub(super) fn next_url(text: &str, from: usize) -> Option<(Range<usize>, Target)> {
    let mut at = from;
    while let Some(found) = text[at..].find("http").map(|found| at + found) {
        let rest = &text[found..];
        let end = rest.find(|c: char| c.is_whitespace() || "<>\"`|\\^{}[]".contains(c)).unwrap_or(rest.len());
        let url = without_punctuation(&rest[..end]);
        let is_web = url.starts_with("http://") || url.starts_with("https://");
        let target = if is_web { Target::safe(url) } else { None };
        let target = target.filter(|target| !target.is_belied_by(url));
        if let Some(target) = target {
            return Some((found..found + url.len(), target));
        }
        at = found + "http".len();
    }
    None
}

/// A URL without what ends the sentence or the bracket that it stands in.
fn without_punctuation(url: &str) -> &str {
    let count = |bracket: char| url.matches(bracket).count();
    let mut surplus = count(')').saturating_sub(count('('));
    let mut url = url;
    loop {
        url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~']);
        match url.strip_suffix(')').filter(|_| surplus > 0) {
            Some(shorter) => (url, surplus) = (shorter, surplus - 1),
            None => return url,
        }
    }
}

/// Whether `name` is this host; `None` when it does not look like a host at all.
fn same_host(name: &str, host: &str) -> Option<bool> {
    // Endings of files that no domain has.
    const FILES: [&str; 20] = [
        "json", "js", "ts", "html", "htm", "pdf", "docx", "xlsx", "pptx", "csv", "txt", "png", "jpg", "yaml",
        "yml", "xml", "toml", "css", "exe", "log",
    ];
    let name = name.trim_matches(|c: char| !c.is_alphanumeric());
    let (_, ending) = name.rsplit_once('.')?;
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_address = is_number && name.matches('.').count() == 3;
    let is_name = ending.chars().count() > 1 && ending.chars().any(char::is_alphabetic);
    if !is_address && (!is_name || FILES.iter().any(|file| ending.eq_ignore_ascii_case(file))) {
        return None;
    }
    // A name in other letters is never the same: it may only look like the one that people know.
    let name = name.to_ascii_lowercase();
    Some(name.strip_prefix("www.").unwrap_or(&name) == host.strip_prefix("www.").unwrap_or(host))
}

/// Whether a host is of the characters that names and addresses have; the URL standard allows more.
fn is_plain_host(host: &str) -> bool {
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !name.is_empty() && name.bytes().all(|byte| is_plain(byte) || byte == b':' && name != host)
}

/// Whether the host stands where every parser of URLs looks for it: right after the scheme.
fn has_plain_authority(url: &str, scheme: &str) -> bool {
    let rest = url.get(scheme.len()..).and_then(|rest| rest.strip_prefix("://"));
    rest.is_some_and(|rest| !rest.starts_with('/'))
}

/// Whether a character stands for itself in the target of a link.
fn is_clean(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Whether it does so for every reader of Markdown, however simple; what does not is encoded.
fn is_plain(byte: u8) -> bool {
    is_clean(byte) && !b"()*'".contains(&byte)
}

fn encode(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            byte if is_plain(byte) => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
        || matches!(character, '\u{fe00}'..='\u{fe0f}')
}

fn plain_dot(character: char) -> char {
    if matches!(character, '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{2024}') { '.' } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_can_be_linked() {
        for target in [
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:a@b.c",
            "/docs",
            "//x.y",
            "https://",
            "file:///etc/passwd",
        ] {
            assert_eq!(Target::safe(target), None, "{target}");
        }
        let url = |target| Target::safe(target).expect("safe").url;
        assert_eq!(url("https://x.y/a_b(c)?d=1|2 <e>"), "https://x.y/a_b%28c%29?d=1%7C2%20%3Ce%3E");
        assert_eq!(Target::safe(&format!("https://x.y/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn a_label_that_names_another_host_is_belied() {
        let evil = Target::safe("https://evil.example").expect("safe");
        for label in [
            "bank.example",
            "go to https://bank.example/a",
            "x@bank.example",
            "bank\u{200b}.example",
            "\u{202e}x",
        ] {
            assert!(evil.is_belied_by(label), "{label}");
        }
        for label in ["the guide", "evil.example", "https://evil.example/a", "settings.json", "e.g. this"] {
            assert!(!evil.is_belied_by(label), "{label}");
        }
        assert!(Target::safe("https://bank.example@evil.example").expect("safe").is_belied_by("bank"));
    }
}
