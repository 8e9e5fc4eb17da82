//! Long answers: split, nothing dropped, and what belongs to them is in the last part.

use threadbridge::chat::Reply;
use threadbridge::teams::message::{Kind, Message};

use super::replies::{answer_of, source};
use super::rules::check;
use super::{bytes, rendered};

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(|message| message.body["text"].as_str()).collect()
}

#[test]
fn a_long_answer_is_split_and_keeps_every_word() {
    let sentence = |n: usize| format!("Sentence {n} of a long answer, with *some* `code`.");
    let text = (0..2_000).map(sentence).collect::<Vec<_>>().join("\n\n");
    for escalate in [false, true] {
        let answer = answer_of(&text, vec![source("Guide", "1", 0.9)], escalate);
        let messages = rendered(&Reply::Answer(Box::new(answer)));
        check(&messages);
        let texts = texts(&messages);
        assert!(texts.len() > 5, "{}", texts.len());
        let whole = texts.join("\n\n");
        for n in 0..2_000 {
            assert!(whole.contains(&format!("Sentence {n} of")), "{n}");
        }
        for (n, text) in texts.iter().enumerate() {
            let is_last = n + 1 == texts.len();
            assert_eq!(text.contains("**Sources:** [Guide]"), is_last);
            assert_eq!(text.contains("Very sure"), is_last);
        }
        let last = if escalate { Kind::Card } else { Kind::Rated };
        assert_eq!(messages.last().unwrap().kind, last);
        assert_eq!(messages.iter().filter(|message| message.kind != Kind::Text).count(), 1);
    }
}

#[test]
fn one_endless_word_and_the_longest_sources_stay_below_what_teams_takes() {
    for text in ["x".repeat(200_000), "<".repeat(50_000), "😀".repeat(50_000), "* [\\".repeat(20_000)] {
        let id = "é/".repeat(60);
        let sources = (0..40).map(|n| source(&"<é😀>".repeat(80), &format!("{id}{n}"), 0.5)).collect();
        let messages = rendered(&Reply::Answer(Box::new(answer_of(&text, sources, true))));
        for message in &messages {
            assert!(bytes(&message.body) < 100 * 1024, "{} bytes", bytes(&message.body));
        }
        for part in &texts(&messages) {
            assert!(part.encode_utf16().count() < 16_000);
        }
    }
}

#[test]
fn a_long_question_and_answer_leave_the_prompt_small_and_say_that_they_are_cut() {
    for (text, failure) in [("é ", true), ("é ", false), ("\u{1}\"\\", true), ("\u{1}\"\\", false)] {
        let mut answer = answer_of(&text.repeat(20_000), Vec::new(), true);
        answer.question = Some(text.repeat(20_000).into());
        answer.memo.failure = answer.memo.failure.filter(|_| failure);
        let messages = rendered(&Reply::Answer(Box::new(answer)));
        let prompt = messages.last().unwrap();
        assert_eq!(prompt.kind, Kind::Card);
        assert!(bytes(&prompt.body) < 28 * 1024, "{} bytes", bytes(&prompt.body));
    }
}
