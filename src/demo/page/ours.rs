//! For the tests of the renderers: whether every tag in some HTML is one that the renderers write.

/// The tags with their attributes, as far as what people wrote can bring them about.
const TAGS: [&str; 34] = [
    "a",
    "blockquote",
    "br",
    "button",
    "code",
    "details",
    "div",
    "em",
    "form",
    "h4",
    "h5",
    "hr",
    "img",
    "input",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "section",
    "span",
    "strong",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "time",
    "tr",
    "ul",
    "dl",
    "dt",
    "dd",
];
const ATTRIBUTES: [&str; 14] = [
    "href",
    "rel",
    "target",
    "class",
    "scope",
    "start",
    "type",
    "name",
    "value",
    "method",
    "action",
    "aria-label",
    "disabled",
    "title",
];

/// Reads the HTML as far as it must: `Err` names a tag or an attribute that is not ours, or an address that runs code.
pub(super) fn only_our_tags(html: &str) -> Result<(), String> {
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((tag, after)) = after.split_once('>') else { return Err(format!("an open tag: {after}")) };
        rest = after;
        let tag = tag.trim_start_matches('/');
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if !TAGS.contains(&name) {
            return Err(format!("the tag {name}"));
        }
        let mut attributes = attributes.trim();
        while !attributes.is_empty() {
            let (name, value) = attributes.split_once("=\"").unwrap_or((attributes, "\""));
            let Some((value, more)) = value.split_once('"') else {
                return Err(format!("the value of {name}"));
            };
            let runs_code = name == "href"
                && !["http:", "https:", "mailto:", "/?"].iter().any(|safe| value.starts_with(safe));
            if !ATTRIBUTES.contains(&name) || runs_code {
                return Err(format!("the attribute {name}={value}"));
            }
            attributes = more.trim();
        }
    }
    Ok(())
}
