//! Where a link may lead, and whether its label tells the truth about it.

use url::Url;

/// A link's target that is safe to follow: http, https or mailto.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The URL, of characters that neither Markdown nor mrkdwn gives a meaning in a link's target.
    pub(super) url: String,
    /// What to show of it where its label lies: the host or the e-mail address.
    pub(super) shown: String,
    /// Whether it is made to look like another target (`https://bank.example@evil.example`).
    masked: bool,
}

impl Target {
    /// The target, unless it is relative or of another scheme: `javascript:`, `data:`, `file:`.
    pub(super) fn safe(target: &str) -> Option<Self> {
        let target = target.trim();
        let url = Url::parse(target).ok()?;
        match url.scheme() {
            "http" | "https" => {
                let shown = url.host_str().filter(|host| is_plain_host(host))?.to_owned();
                let masked = !url.username().is_empty() || url.password().is_some();
                let as_written = target.bytes().all(is_clean) && has_plain_authority(target, url.scheme());
                let url = if as_written { target.to_owned() } else { encode(url.as_str()) };
                Some(Self { url, shown, masked })
            }
            "mailto" => {
                let address = url.path();
                let (user, domain) = address.split_once('@')?;
                let is_one = !user.is_empty() && !domain.is_empty() && !domain.contains('@');
                if !is_one || !address.bytes().all(|byte| is_clean(byte) && !b"()[]*,;:&".contains(&byte)) {
                    return None;
                }
                // Without the query: `?bcc=` sends what people write to somebody they do not see.
                Some(Self { url: format!("mailto:{address}"), shown: address.to_owned(), masked: false })
            }
            _ => None,
        }
    }

    /// Whether a label makes people believe in another target than this.
    pub(super) fn is_belied_by(&self, label: &str) -> bool {
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
        let domain = self.shown.rsplit('@').next().unwrap_or(&self.shown);
        if let Some((_, host)) = word.rsplit_once('@') {
            return if self.shown.contains('@') {
                !word.eq_ignore_ascii_case(&self.shown)
            } else {
                same_host(host, domain) != Some(true)
            };
        }
        let mut pieces = word.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-' || c == '_'));
        pieces.find_map(|piece| same_host(piece, domain)) == Some(false)
    }

    /// For names that look like no host but stand where one stands: `http://intranet`.
    fn is_host(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&self.shown)
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

/// Whether a character stands for itself in the target of a link, in Markdown and in mrkdwn.
fn is_clean(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

fn encode(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            byte if is_clean(byte) => encoded.push(char::from(byte)),
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

    fn belied(target: &str, label: &str) -> bool {
        Target::safe(target).expect("a safe target").is_belied_by(label)
    }

    #[test]
    fn only_web_and_mail_targets_are_safe() {
        let bad = ["javascript:alert(1)", "JaVa\nscript:alert(1)", "data:text/html,x", "file:///etc/passwd"];
        for target in bad.into_iter().chain([
            "/docs",
            "docs",
            "",
            "//evil.example",
            "https://",
            "mailto:x",
            "#a",
            "https://a&b",
        ]) {
            assert_eq!(Target::safe(target), None, "{target}");
        }
        for target in ["https://en.wikipedia.org/wiki/Foo_(bar)", "HTTP://x.y", "mailto:jane@x.y"] {
            assert_eq!(Target::safe(target).map(|target| target.url).as_deref(), Some(target));
        }
    }

    #[test]
    fn a_target_keeps_no_character_that_markup_could_read() {
        let url = |target| Target::safe(target).expect("safe").url;
        assert_eq!(url("https://x.y/?a=1|2"), "https://x.y/?a=1%7C2");
        assert_eq!(url("https://x.y/<!here>"), "https://x.y/%3C!here%3E");
        assert_eq!(url("https://x.y/a b`c`"), "https://x.y/a%20b%60c%60");
        assert_eq!(url("https:\\\\x.y"), "https://x.y/");
        assert_eq!(url("https:x.y://z.y"), "https://x.y//z.y");
        assert_eq!(url("https://bücher.example"), "https://xn--bcher-kva.example/");
        assert_eq!(url("mailto:a@b.c?bcc=evil@x.y"), "mailto:a@b.c");
    }

    #[test]
    fn a_label_that_names_another_host_is_belied() {
        for label in
            ["bank.example", "https://bank.example/login", "go to BANK.example now", "(www.bank.example)"]
        {
            assert!(belied("https://evil.example", label), "{label}");
        }
        for label in
            ["bank\u{200b}.example", "bank。example", "http://intranet", "10.0.0.1", "x@bank.example"]
        {
            assert!(belied("https://evil.example", label), "{label}");
        }
        for label in
            ["evil.example://bank.example", "https:bank.example", "https://evil.example@bank.example"]
        {
            assert!(belied("https://evil.example", label), "{label}");
        }
        assert!(belied("https://bank.example@evil.example", "bank"));
        assert!(belied("https://evil.example", "\u{202e}elpmaxe.knab"));
        assert!(belied("https://bаnk.example", "bаnk.example"), "a Cyrillic letter that looks Latin");
        assert!(belied("mailto:evil@x.y", "jane@bank.example"));
    }

    #[test]
    fn an_honest_label_is_not_belied() {
        for label in [
            "the guide",
            "x.io",
            "www.x.io/a/b.py",
            "https://x.io",
            "HTTPS://X.IO:443/b.com",
            "v1.2",
            "e.g. this",
        ] {
            assert!(!belied("https://x.io/a", label), "{label}");
        }
        assert!(!belied("https://x.io", "settings.json"));
        assert!(!belied("http://localhost:3000/a", "http://localhost:3000"));
        assert!(!belied("mailto:john.smith@x.io", "John.Smith@x.io"));
        assert!(!belied("https://[::1]/", "the machine itself"));
    }
}
