//! The arguments of a Web API call: from the query, a form or JSON, held strictly against a method's list.

use serde_json::{Map, Value};

/// Why a call is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Slack's error code.
    pub(super) code: String,
    /// `response_metadata.messages`.
    pub(super) messages: Vec<String>,
    /// Whether it is a mistake that a correct client never makes.
    pub(super) violation: bool,
}

impl Refusal {
    /// Something that happens to correct clients as well.
    pub(super) fn of(code: &str) -> Self {
        Self { code: code.to_owned(), messages: Vec::new(), violation: false }
    }

    /// A mistake of the client.
    pub(super) fn mistake(code: &str, messages: Vec<String>) -> Self {
        Self { code: code.to_owned(), messages, violation: true }
    }
}

/// What an argument holds. In a form everything is text, and JSON is text that holds JSON.
#[derive(Clone, Copy)]
pub(super) enum Holds {
    Text,
    Flag,
    Number,
    List,
    Object,
}

/// One argument of a method: its name, what it holds, whether it must be there.
pub(super) type Argument = (&'static str, Holds, bool);

/// The arguments of one call, checked.
pub(super) struct Arguments(Map<String, Value>);

/// The body's encoding, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    None,
    Form,
    Json,
}

impl Encoding {
    /// Reads a `Content-Type` header.
    pub(super) fn of(content_type: Option<&str>, has_body: bool) -> Result<Self, Refusal> {
        let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match media {
            "application/json" => Ok(Self::Json),
            "application/x-www-form-urlencoded" => Ok(Self::Form),
            "" if !has_body => Ok(Self::None),
            "" => Err(Refusal::mistake("missing_post_type", Vec::new())),
            _ => Err(Refusal::mistake("invalid_post_type", Vec::new())),
        }
    }
}

impl Arguments {
    /// Reads the arguments and holds them against the list. JSON is read for methods that write;
    /// the others take it and see no arguments in it, as Slack does.
    pub(super) fn read(
        query: &str,
        encoding: Encoding,
        body: &[u8],
        takes_json: bool,
        list: &[Argument],
    ) -> Result<Self, Refusal> {
        let mut given: Vec<(String, Value, bool)> = form(query.as_bytes());
        match encoding {
            Encoding::Form => given.extend(form(body)),
            Encoding::Json if takes_json => given.extend(json(body)?),
            Encoding::Json | Encoding::None => {}
        }
        let mut arguments = Map::new();
        let mut messages = Vec::new();
        for (name, value, is_text) in given {
            let Some((_, holds, _)) = list.iter().find(|(known, _, _)| *known == name) else {
                return Err(Refusal::mistake(
                    "invalid_arg_name",
                    vec![format!("[ERROR] unknown argument: {name}")],
                ));
            };
            match holds.fit(value, is_text) {
                Some(value) => {
                    arguments.insert(name, value);
                }
                None => messages.push(format!("[ERROR] wrong type of argument [json-pointer:/{name}]")),
            }
        }
        let missing = |(name, _, must): &&Argument| *must && !arguments.contains_key(*name);
        if messages.is_empty() {
            messages.extend(
                list.iter()
                    .filter(missing)
                    .map(|(name, _, _)| format!("[ERROR] missing required field: {name}")),
            );
        }
        if messages.is_empty() {
            Ok(Self(arguments))
        } else {
            Err(Refusal::mistake("invalid_arguments", messages))
        }
    }

    /// A text; empty when it is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.maybe(name).unwrap_or_default()
    }

    /// A text that may be missing.
    pub(super) fn maybe(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A flag; `false` when it is missing.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value == true)
    }

    /// A number that may be missing.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// A list or an object that may be missing.
    pub(super) fn json(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All of them, for the record.
    pub(super) fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl Holds {
    /// The value as what the argument holds, or `None` when it is something else.
    fn fit(self, value: Value, is_text: bool) -> Option<Value> {
        let value = match (self, value) {
            // Lists and objects may come JSON-encoded, also inside JSON.
            (Self::List | Self::Object, Value::String(text)) => serde_json::from_str(&text).ok()?,
            (Self::Flag, Value::String(text)) if is_text => match text.as_str() {
                "true" | "1" => true.into(),
                "false" | "0" => false.into(),
                _ => return None,
            },
            (Self::Number, Value::String(text)) if is_text => text.parse::<u64>().ok()?.into(),
            (_, value) => value,
        };
        let fits = match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_u64(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        };
        fits.then_some(value)
    }
}

fn form(text: &[u8]) -> Vec<(String, Value, bool)> {
    url::form_urlencoded::parse(text)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()), true))
        .collect()
}

fn json(body: &[u8]) -> Result<Vec<(String, Value, bool)>, Refusal> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => {
            Ok(fields.into_iter().map(|(name, value)| (name, value, false)).collect())
        }
        Ok(_) => Err(Refusal::mistake("json_not_object", Vec::new())),
        Err(_) => Err(Refusal::mistake("invalid_json", Vec::new())),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const LIST: &[Argument] = &[
        ("channel", Holds::Text, true),
        ("mrkdwn", Holds::Flag, false),
        ("limit", Holds::Number, false),
        ("blocks", Holds::List, false),
        ("metadata", Holds::Object, false),
    ];

    fn read(encoding: Encoding, body: &str) -> Result<Value, String> {
        Arguments::read("", encoding, body.as_bytes(), true, LIST)
            .map(|arguments| arguments.to_value())
            .map_err(|refusal| format!("{} {}", refusal.code, refusal.messages.join(" ")).trim().to_owned())
    }

    #[test]
    fn a_form_and_json_say_the_same() {
        let form = read(Encoding::Form, "channel=C1&mrkdwn=true&limit=5&blocks=%5B%5D&metadata=%7B%7D");
        let json = r#"{"channel":"C1","mrkdwn":true,"limit":5,"blocks":[],"metadata":"{}"}"#;
        assert!(form.is_ok());
        assert_eq!(form, read(Encoding::Json, json));
    }

    #[rstest]
    #[case(r#"{"limit":5}"#, "invalid_arguments [ERROR] missing required field: channel")]
    #[case(r#"{"channel":5}"#, "invalid_arguments [ERROR] wrong type of argument [json-pointer:/channel]")]
    #[case(r#"{"channel":null}"#, "invalid_arguments [ERROR] wrong type of argument [json-pointer:/channel]")]
    #[case(
        r#"{"channel":"C","mrkdwn":"true"}"#,
        "invalid_arguments [ERROR] wrong type of argument [json-pointer:/mrkdwn]"
    )]
    #[case(
        r#"{"channel":"C","limit":-1}"#,
        "invalid_arguments [ERROR] wrong type of argument [json-pointer:/limit]"
    )]
    #[case(
        r#"{"channel":"C","blocks":{}}"#,
        "invalid_arguments [ERROR] wrong type of argument [json-pointer:/blocks]"
    )]
    #[case(r#"{"channel":"C","chanel":"C"}"#, "invalid_arg_name [ERROR] unknown argument: chanel")]
    #[case("[]", "json_not_object")]
    #[case("{", "invalid_json")]
    fn what_does_not_fit_the_list_is_refused(#[case] body: &str, #[case] refusal: &str) {
        assert_eq!(read(Encoding::Json, body), Err(refusal.to_owned()));
    }

    #[test]
    fn a_method_that_reads_sees_no_arguments_in_json() {
        let read = Arguments::read("", Encoding::Json, br#"{"channel":"C1"}"#, false, LIST);
        assert_eq!(read.err().map(|refusal| refusal.code), Some("invalid_arguments".to_owned()));
    }
}
