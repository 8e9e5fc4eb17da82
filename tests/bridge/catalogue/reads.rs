//! What people read, for every reply, and what a press leaves of a message.

use serde_json::json;
use threadbridge::chat::{Outcome, Reply};
use threadbridge::slack::{Form, rerender};

use super::{answer, only_part, outcome_name, outcomes, replies, seen, with_look};

#[test]
fn every_reply_reads_well_and_the_contracts_sentences_stand_word_for_word() {
    let all: String = replies()
        .iter()
        .map(|(name, reply)| format!("{name}\n{}\n", seen(&only_part(reply, true, Form::Rich).blocks)))
        .collect();
    // The sentences that the agent's contract prescribes.
    for sentence in [
        "I couldn't find a confident answer. Would you like to create a support ticket?",
        "Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane@company.com for your \
         reference. A support agent will reach out to you shortly with more details.",
        "No problem! Feel free to ask another question.",
        "You've reached your query limit. Please try again in 60 minutes",
        "Unable to connect right now. Please try again shortly.",
        "[Yes, Create Ticket (primary)] [No Thanks]",
    ] {
        assert!(all.contains(sentence), "{sentence}");
    }
    insta::assert_snapshot!(all, @"
    help
      Hello! Ask me a question about the CRM: mention me with your question in a channel, or write to me directly. I answer in the thread with my sources, and if I am not sure I can create a support ticket for you.
    a new conversation
      All right, a new conversation: I no longer take into account what was said before. What would you like to know?
    working
      Looking that up…
    answer
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide (https://kb.example/how_to/kb_001) · Account Security (https://kb.example/how_to/kb_002)
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    doubtful answer
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide (https://kb.example/how_to/kb_001) · Account Security (https://kb.example/how_to/kb_002)
      · Very sure · 92 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    unknown
      I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
    incomplete
      Your entry in the CRM's directory lacks agency, office. Please contact your admin to have it completed.
    not for you
      Sorry, I can only answer this organisation's own members.
    switched off
      I'm switched off here. Please ask me somewhere else, or ask your admin.
    too busy
      I'm still answering earlier questions here. Please ask again in a moment.
      [Ask again]
    rate limited for an hour
      You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.
      [Ask again]
    rate limited for a second
      You've reached your query limit. Please try again in 1 minute. You can ask again from 12:01 UTC.
      [Ask again]
    agent failed
      Unable to connect right now. Please try again shortly.
      [Ask again]
    agent down
      The answering service is down at the moment, so I didn't pass your question on. Please try again in a few minutes.
      [Ask again]
    directory down
      I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes.
      [Ask again]
    restarting
      I was restarted before I could finish this. Please ask again.
      [Ask again]
    internal
      Something went wrong on my side. Please ask again.
      [Ask again]
    thanks
      Thanks for your feedback!
    rate again
      [👍 Helpful] [👎 Not helpful]
    creating
      Creating your support ticket…
      [Still nothing? Check]
    created
      Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane@company.com for your reference. A support agent will reach out to you shortly with more details.
    created, e-mail private
      Hi Jane, I've created support ticket #9630 for you. A support agent will reach out to you shortly with more details.
    declined
      No problem! Feel free to ask another question.
    rejected
      The ticket couldn't be created. You can try again, or contact support directly.
      [Yes, Create Ticket (primary)] [No Thanks]
    offer again
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    uncertain
      I can't tell whether the ticket was created: look for the e-mail to jane@company.com. Create it again only if there is none.
      [Create again] [Leave it]
    uncertain, e-mail private
      I can't tell whether the ticket was created: look for the confirmation in your e-mail. Create it again only if there is none.
      [Create again] [Leave it]
    left
      Left as it is. If the ticket was created, a confirmation went to jane@company.com.
    left, e-mail private
      Left as it is. If the ticket was created, its confirmation is in your e-mail.
    word: expired
      This button no longer works. Please ask your question again.
    word: only the asker
      Only the person who asked can use these buttons.
    word: busy
      I'm already on it. One moment, please.
    word: asked twice
      You asked exactly this a moment ago, so I took it for the same message delivered twice. To ask it again, wait a minute or change a word.
    word: already rated
      This answer has already been rated. Thank you!
    word: already done
      This has already been taken care of.
    word: rating failed
      I couldn't save your rating just now. Please try again in a moment.
    word: ticket failed
      I couldn't ask for the ticket just now, and none was created. Please try again.
    word: ticket failed again
      I couldn't ask for the ticket again just now. Whether there is one from before is still open.
    word: text lost
      I no longer have the text of that question. Please write it again, and I'll answer it.
    word: not now
      I can't do that just now. Please press the button again in a minute.
    word: created
      Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane@company.com for your reference. A support agent will reach out to you shortly with more details.
    word: uncertain
      I can't tell whether your ticket was created: look for the e-mail to jane@company.com.
    ");
}

#[test]
fn a_notification_and_a_screen_reader_get_the_whole_message() {
    let all: Vec<String> = [answer(false), answer(true), Reply::Help]
        .iter()
        .map(|reply| only_part(reply, true, Form::Rich).text.replace('\u{2063}', "¦"))
        .collect();
    insta::assert_snapshot!(all.join("\n----\n"), @"
    Go to *Settings &gt; Users* and press _Reset_.¦

    *Sources:* Password Reset Guide · Account Security
    Very sure · 92 %¦
    ----
    Go to *Settings &gt; Users* and press _Reset_.¦

    *Sources:* Password Reset Guide · Account Security
    Very sure · 92 %¦

    I couldn't find a confident answer. Would you like to create a support ticket?
    ----
    Hello! Ask me a question about the CRM: mention me with your question in a channel, or write to me directly. I answer in the thread with my sources, and if I am not sure I can create a support ticket for you.
    ");
}

#[test]
fn a_press_replaces_the_buttons_and_nothing_else() {
    for (native, escalate) in [(true, false), (false, false), (true, true)] {
        let part = only_part(&answer(escalate), native, Form::Rich);
        let message = json!({ "text": part.text, "blocks": part.blocks });
        for outcome in outcomes() {
            let name = outcome_name(&outcome);
            let changed = |form| {
                with_look(native, form, |look| rerender(&message, &Reply::Outcome(outcome.clone()), look))
            };
            for form in [Form::Rich, Form::Basic] {
                let after = seen(&changed(form).blocks);
                assert!(after.contains("Go to"), "{name}: {after}");
                assert!(after.contains("Password Reset Guide"), "{name}: {after}");
                assert!(after.contains("Very sure · 92 %"), "{name}: {after}");
            }
            let changed = changed(Form::Rich);
            assert_eq!(changed.blocks[..2], part.blocks[..2], "{name}");
            let back = matches!(&outcome, Outcome::RateAgain(_));
            assert_eq!(seen(&changed.blocks).contains('👍'), back, "{name}");
            // Pressing once more leaves no trace of the press before.
            let message = json!({ "text": changed.text, "blocks": changed.blocks });
            let again = with_look(native, Form::Rich, |look| {
                rerender(&message, &Reply::Outcome(Outcome::Declined), look)
            });
            let fresh = json!({ "text": part.text, "blocks": part.blocks });
            let fresh = with_look(native, Form::Rich, |look| {
                rerender(&fresh, &Reply::Outcome(Outcome::Declined), look)
            });
            assert_eq!(again, fresh, "{name}");
        }
    }
}
