//! A JSON object read field by field, so that one odd field costs nothing else.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::endpoint::fits_a_path;

/// The longest id that is accepted, in bytes: ids go into paths, buttons and logs.
const LONGEST_ID: usize = 200;

/// The fields of a JSON object, each still unread.
pub(super) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    pub(super) fn of(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().map(Self)
    }

    /// The field, if it is there and of that type.
    pub(super) fn get<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// What is beyond these names, a line for each, as it was written.
    pub(super) fn beyond(&self, names: &[&str]) -> String {
        let beyond = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        beyond.map(|(name, raw)| format!("{name}: {raw}\n")).collect()
    }

    /// A number from 0 to 1; what lies beyond is drawn to the nearer end.
    pub(super) fn share(&self, name: &str) -> Option<f64> {
        let number: f64 = self.get(name)?;
        number.is_finite().then(|| number.clamp(0.0, 1.0))
    }

    /// A string, or a number exactly as it was written.
    pub(super) fn text_or_number(&self, name: &str) -> Option<String> {
        let raw = self.0.get(name)?.get();
        if raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Some(raw.to_owned());
        }
        serde_json::from_str(raw).ok()
    }

    /// An id: a string or a number, not blank, on one line, not endless, and fit for a path.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        let id = self.text_or_number(name)?;
        let blank = id.trim().is_empty();
        let fits = fits_a_path(&id) && id.len() <= LONGEST_ID && !id.contains(char::is_control);
        (fits && !blank).then_some(id)
    }
}

/// Reads a body's fields; `None` if it is no JSON object.
pub(super) fn with_fields<T>(body: &[u8], read: impl Fn(&Fields<'_>) -> T) -> Option<T> {
    match Fields::of(body) {
        Some(fields) => Some(read(&fields)),
        None => Fields::of(&without_nan(body)).map(|fields| read(&fields)),
    }
}

/// The body with `null` for `NaN`, `Infinity` and `-Infinity`: no JSON, but what Python writes by default.
fn without_nan(body: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(body.len());
    let (mut rest, mut in_string) = (body, false);
    while let Some((&byte, after)) = rest.split_first() {
        let word: Option<&[u8]> = [b"NaN".as_slice(), b"Infinity", b"-Infinity"]
            .into_iter()
            .find(|word| !in_string && rest.starts_with(word));
        if let Some(word) = word {
            mended.extend_from_slice(b"null");
            rest = &rest[word.len()..];
            continue;
        }
        mended.push(byte);
        rest = after;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                // Whatever is escaped, a quote above all, is passed over.
                mended.extend(rest.first());
                rest = rest.get(1..).unwrap_or_default();
            }
            _ => {}
        }
    }
    mended
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_longer_than_the_cap_is_none() {
        let id = |length| {
            let body = format!(r#"{{"id": "{}"}}"#, "x".repeat(length));
            with_fields(body.as_bytes(), |fields| fields.id("id")).unwrap()
        };
        assert!(id(LONGEST_ID).is_some());
        assert_eq!(id(LONGEST_ID + 1), None);
    }

    #[test]
    fn nan_is_mended_outside_of_strings_only() {
        let body = br#"{"a": [NaN, -Infinity], "b": "NaN \" NaN"}"#;
        assert_eq!(without_nan(body), br#"{"a": [null, null], "b": "NaN \" NaN"}"#);
    }

    proptest! {
        #[test]
        fn mending_leaves_what_is_json_already_as_it_is(text in any::<String>(), number in any::<i64>()) {
            let body = serde_json::json!({text.clone(): [text, number, null]}).to_string();
            prop_assert_eq!(without_nan(body.as_bytes()), body.as_bytes());
        }
    }
}
