//! The activities of every reply, with the sealed values named.

use serde_json::Value;
use threadbridge::chat::Reply;
use threadbridge::teams::invoke;
use threadbridge::teams::message::{Look, render, replacement};

use super::links;
use super::replies::{memo, replies};

fn with_look<T>(seen: impl FnOnce(Look<'_>) -> T) -> T {
    let links = links();
    seen(Look {
        seal: &|button| format!("(sealed {:?})", button.action),
        texts: &|texts| format!("(sealed texts, asked at {})", texts.asked_at),
        kept: Some("(sealed texts)"),
        links: &links,
    })
}

/// The activities of a reply, a line each; of a card, what is the same in every one is left out.
fn lines(reply: &Reply) -> String {
    let bodies = with_look(|look| render(reply, look)).into_iter().map(|message| message.body);
    bodies.map(|body| format!("  {}\n", short(body))).collect()
}

fn short(mut body: Value) -> String {
    let content = body.pointer_mut("/attachments/0/content").and_then(Value::as_object_mut);
    if let Some(card) = content {
        card.retain(|key, _| !["$schema", "version", "type"].contains(&key.as_str()));
        for action in card.get_mut("actions").and_then(Value::as_array_mut).into_iter().flatten() {
            let action = action.as_object_mut().unwrap();
            action.retain(|key, _| ["title", "verb", "data"].contains(&key.as_str()));
        }
        let card = Value::Object(std::mem::take(card));
        return format!("card {card}");
    }
    // The invisible sign that breaks patterns apart.
    body.to_string().replace('\u{2060}', "{joiner}")
}

#[test]
fn every_reply_is_these_activities() {
    let all: String = replies().iter().map(|(name, reply)| format!("{name}\n{}", lines(reply))).collect();
    insta::assert_snapshot!(all, @r#"
    help
      {"text":"Hello! Ask me a question about the CRM: mention me with your question in a channel, or write to me directly. I answer in the thread with my sources, and if I am not sure I can create a support ticket for you.","textFormat":"markdown","type":"message"}
    a new conversation
      {"text":"All right, a new conversation: I no longer take into account what was said before. What would you like to know?","textFormat":"markdown","type":"message"}
    working
      {"text":"Looking that up…","textFormat":"markdown","type":"message"}
    answer
      {"channelData":{"feedbackLoop":{"type":"default"}},"entities":[{"@context":"https://schema.org","@id":"","@type":"Message","additionalType":["AIGeneratedContent"],"citation":[{"@type":"Claim","appearance":{"@type":"DigitalDocument","abstract":"An article of the knowledge base (how to). It fits the question by 95 %.","name":"Password Reset Guide","url":"https://kb.example/how_to/kb_001"},"position":1},{"@type":"Claim","appearance":{"@type":"DigitalDocument","abstract":"An article of the knowledge base (how to). It fits the question by 50 %.","name":"Account Security","url":"https://kb.example/how_to/kb_002"},"position":2}],"type":"https://schema.org/Message"}],"text":"Go to **Settings > Users** and press _Reset_.\n\n**Sources:** [Password Reset Guide](https://kb.example/how_to/kb_001) [1] · [Account Security](https://kb.example/how_to/kb_002) [2]\n\nVery sure · 92 %","textFormat":"markdown","type":"message"}
    doubtful answer
      {"entities":[{"@context":"https://schema.org","@id":"","@type":"Message","additionalType":["AIGeneratedContent"],"citation":[{"@type":"Claim","appearance":{"@type":"DigitalDocument","abstract":"An article of the knowledge base (how to). It fits the question by 95 %.","name":"Password Reset Guide","url":"https://kb.example/how_to/kb_001"},"position":1},{"@type":"Claim","appearance":{"@type":"DigitalDocument","abstract":"An article of the knowledge base (how to). It fits the question by 50 %.","name":"Account Security","url":"https://kb.example/how_to/kb_002"},"position":2}],"type":"https://schema.org/Message"}],"text":"Go to **Settings > Users** and press _Reset_.\n\n**Sources:** [Password Reset Guide](https://kb.example/how_to/kb_001) [1] · [Account Security](https://kb.example/how_to/kb_002) [2]\n\nVery sure · 92 %","textFormat":"markdown","type":"message"}
      card {"actions":[{"data":{"b":"(sealed CreateTicket)","t":"(sealed texts, asked at 2025-11-26T12:00:00Z)","v":1},"title":"Yes, Create Ticket","verb":"create_ticket"},{"data":{"b":"(sealed DeclineTicket)","v":1},"title":"No Thanks","verb":"decline_ticket"}],"body":[{"inlines":[{"text":"I couldn't find a confident answer. Would you like to create a support ticket?","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"I couldn't find a confident answer. Would you like to create a support ticket?"}
    doubtful answer that says nothing
      card {"actions":[{"data":{"b":"(sealed CreateTicket)","t":"(sealed texts, asked at 2025-11-26T12:00:00Z)","v":1},"title":"Yes, Create Ticket","verb":"create_ticket"},{"data":{"b":"(sealed DeclineTicket)","v":1},"title":"No Thanks","verb":"decline_ticket"}],"body":[{"inlines":[{"text":"I couldn't find a confident answer. Would you like to create a support ticket?","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"I couldn't find a confident answer. Would you like to create a support ticket?"}
    answer to a developer who pressed a button
      {"channelData":{"feedbackLoop":{"type":"default"}},"entities":[{"@context":"https://schema.org","@id":"","@type":"Message","additionalType":["AIGeneratedContent"],"citation":[{"@type":"Claim","appearance":{"@type":"DigitalDocument","abstract":"An article of the knowledge base (how to). It fits the question by 95 %.","name":"Password Reset Guide","url":"https://kb.example/how_to/kb_001"},"position":1},{"@type":"Claim","appearance":{"@type":"DigitalDocument","abstract":"An article of the knowledge base (how to). It fits the question by 50 %.","name":"Account Security","url":"https://kb.example/how_to/kb_002"},"position":2}],"type":"https://schema.org/Message"}],"text":"**Asked:** How do I \\*reset\\* it?\n\nGo to **Settings > Users** and press _Reset_.\n\n**Sources:** [Password Reset Guide](https://kb.example/how_to/kb_001) [1] · [Account Security](https://kb.example/how_to/kb_002) [2]\n\nVery sure · 92 %\n\n**Debug details:**\n\n```\nintent: \"<{joiner}at>reset<{joiner}/at>\"\nmodel: x\n```","textFormat":"markdown","type":"message"}
    unknown
      {"text":"I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.","textFormat":"markdown","type":"message"}
    incomplete
      {"text":"Your entry in the CRM's directory lacks agency, office. Please contact your admin to have it completed.","textFormat":"markdown","type":"message"}
    not for you
      {"text":"Sorry, I can only answer this organisation's own members.","textFormat":"markdown","type":"message"}
    switched off
      {"text":"I'm switched off here. Please ask me somewhere else, or ask your admin.","textFormat":"markdown","type":"message"}
    too busy
      card {"actions":[{"data":{"b":"(sealed AskAgain)","t":"(sealed texts)","v":1},"title":"Ask again","verb":"ask_again"}],"body":[{"inlines":[{"text":"I'm still answering earlier questions here. Please ask again in a moment.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"I'm still answering earlier questions here. Please ask again in a moment."}
    rate limited
      card {"actions":[{"data":{"b":"(sealed AskAgain)","t":"(sealed texts)","v":1},"title":"Ask again","verb":"ask_again"}],"body":[{"inlines":[{"text":"You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC."}
    rate limited without a question
      {"text":"You've reached your query limit. Please try again in 60 minutes. You can ask again from 13:00 UTC.","textFormat":"markdown","type":"message"}
    failed: AgentFailed
      card {"actions":[{"data":{"b":"(sealed AskAgain)","t":"(sealed texts)","v":1},"title":"Ask again","verb":"ask_again"}],"body":[{"inlines":[{"text":"Unable to connect right now. Please try again shortly.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Unable to connect right now. Please try again shortly."}
    failed: AgentDown
      card {"actions":[{"data":{"b":"(sealed AskAgain)","t":"(sealed texts)","v":1},"title":"Ask again","verb":"ask_again"}],"body":[{"inlines":[{"text":"The answering service is down at the moment, so I didn't pass your question on. Please try again in a few minutes.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"The answering service is down at the moment, so I didn't pass your question on. Please try again in a few minutes."}
    failed: DirectoryDown
      card {"actions":[{"data":{"b":"(sealed AskAgain)","t":"(sealed texts)","v":1},"title":"Ask again","verb":"ask_again"}],"body":[{"inlines":[{"text":"I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes."}
    failed: Restarting
      card {"actions":[{"data":{"b":"(sealed AskAgain)","t":"(sealed texts)","v":1},"title":"Ask again","verb":"ask_again"}],"body":[{"inlines":[{"text":"I was restarted before I could finish this. Please ask again.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"I was restarted before I could finish this. Please ask again."}
    failed: Internal
      card {"actions":[{"data":{"b":"(sealed AskAgain)","t":"(sealed texts)","v":1},"title":"Ask again","verb":"ask_again"}],"body":[{"inlines":[{"text":"Something went wrong on my side. Please ask again.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Something went wrong on my side. Please ask again."}
    outcome: thanks
      card {"body":[{"inlines":[{"text":"Thanks for your feedback!","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Thanks for your feedback!"}
    outcome: rate again
      card {"body":[{"inlines":[{"text":"Was this helpful?","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Was this helpful?"}
    outcome: creating
      card {"actions":[{"data":{"b":"(sealed CheckTicket)","t":"(sealed texts)","v":1},"title":"Still nothing? Check","verb":"check_ticket"}],"body":[{"inlines":[{"text":"Creating your support ticket…","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Creating your support ticket…"}
    outcome: created
      card {"body":[{"inlines":[{"text":"Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane@company.com for your reference. A support agent will reach out to you shortly with more details.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane@company.com for your reference. A support agent will reach out to you shortly with more details."}
    outcome: created
      card {"body":[{"inlines":[{"text":"Hi Jane, I've created support ticket #9630 for you. A support agent will reach out to you shortly with more details.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Hi Jane, I've created support ticket #9630 for you. A support agent will reach out to you shortly with more details."}
    outcome: declined
      card {"body":[{"inlines":[{"text":"No problem! Feel free to ask another question.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"No problem! Feel free to ask another question."}
    outcome: rejected
      card {"actions":[{"data":{"b":"(sealed CreateTicket)","t":"(sealed texts)","v":1},"title":"Yes, Create Ticket","verb":"create_ticket"},{"data":{"b":"(sealed DeclineTicket)","v":1},"title":"No Thanks","verb":"decline_ticket"}],"body":[{"inlines":[{"text":"The ticket couldn't be created. You can try again, or contact support directly.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"The ticket couldn't be created. You can try again, or contact support directly."}
    outcome: offer again, failure not recorded
      card {"actions":[{"data":{"b":"(sealed CreateTicket)","t":"(sealed texts)","v":1},"title":"Yes, Create Ticket","verb":"create_ticket"},{"data":{"b":"(sealed DeclineTicket)","t":"(sealed texts)","v":1},"title":"No Thanks","verb":"decline_ticket"}],"body":[{"inlines":[{"text":"I couldn't find a confident answer. Would you like to create a support ticket?","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"I couldn't find a confident answer. Would you like to create a support ticket?"}
    outcome: uncertain
      card {"actions":[{"data":{"b":"(sealed CreateAgain)","t":"(sealed texts)","v":1},"title":"Create again","verb":"create_again"},{"data":{"b":"(sealed LeaveTicket)","v":1},"title":"Leave it","verb":"leave_ticket"}],"body":[{"inlines":[{"text":"I can't tell whether the ticket was created: look for the e-mail to jane@company.com. Create it again only if there is none.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"I can't tell whether the ticket was created: look for the e-mail to jane@company.com. Create it again only if there is none."}
    outcome: uncertain
      card {"actions":[{"data":{"b":"(sealed CreateAgain)","t":"(sealed texts)","v":1},"title":"Create again","verb":"create_again"},{"data":{"b":"(sealed LeaveTicket)","v":1},"title":"Leave it","verb":"leave_ticket"}],"body":[{"inlines":[{"text":"I can't tell whether the ticket was created: look for the confirmation in your e-mail. Create it again only if there is none.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"I can't tell whether the ticket was created: look for the confirmation in your e-mail. Create it again only if there is none."}
    outcome: left
      card {"body":[{"inlines":[{"text":"Left as it is. If the ticket was created, a confirmation went to jane@company.com.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Left as it is. If the ticket was created, a confirmation went to jane@company.com."}
    outcome: left
      card {"body":[{"inlines":[{"text":"Left as it is. If the ticket was created, its confirmation is in your e-mail.","type":"TextRun"}],"type":"RichTextBlock"}],"fallbackText":"Left as it is. If the ticket was created, its confirmation is in your e-mail."}
    word: expired
      {"text":"This button no longer works. Please ask your question again.","textFormat":"markdown","type":"message"}
    word: only the asker
      {"text":"Only the person who asked can use these buttons.","textFormat":"markdown","type":"message"}
    word: busy
      {"text":"I'm already on it. One moment, please.","textFormat":"markdown","type":"message"}
    word: asked twice
      {"text":"You asked exactly this a moment ago, so I took it for the same message delivered twice. To ask it again, wait a minute or change a word.","textFormat":"markdown","type":"message"}
    word: already rated
      {"text":"This answer has already been rated. Thank you!","textFormat":"markdown","type":"message"}
    word: already done
      {"text":"This has already been taken care of.","textFormat":"markdown","type":"message"}
    word: rating failed
      {"text":"I couldn't save your rating just now. Please try again in a moment.","textFormat":"markdown","type":"message"}
    word: ticket failed
      {"text":"I couldn't ask for the ticket just now, and none was created. Please try again.","textFormat":"markdown","type":"message"}
    word: ticket failed
      {"text":"I couldn't ask for the ticket again just now. Whether there is one from before is still open.","textFormat":"markdown","type":"message"}
    word: text lost
      {"text":"I no longer have the text of that question. Please write it again, and I'll answer it.","textFormat":"markdown","type":"message"}
    word: not now
      {"text":"I can't do that just now. Please press the button again in a minute.","textFormat":"markdown","type":"message"}
    word: created
      {"text":"Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane@company.com for your reference. A support agent will reach out to you shortly with more details.","textFormat":"markdown","type":"message"}
    word: uncertain
      {"text":"I can't tell whether your ticket was created: look for the e-mail to jane@company.com.","textFormat":"markdown","type":"message"}
    "#);
}

#[test]
fn a_whole_prompt_is_this_activity() {
    let reply = replies().into_iter().find(|(name, _)| name == "doubtful answer").unwrap().1;
    let prompt = with_look(|look| render(&reply, look)).pop().unwrap();
    insta::assert_json_snapshot!(prompt.body, @r#"
    {
      "attachments": [
        {
          "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "actions": [
              {
                "associatedInputs": "none",
                "data": {
                  "b": "(sealed CreateTicket)",
                  "t": "(sealed texts, asked at 2025-11-26T12:00:00Z)",
                  "v": 1
                },
                "fallback": {
                  "associatedInputs": "none",
                  "data": {
                    "b": "(sealed CreateTicket)",
                    "t": "(sealed texts, asked at 2025-11-26T12:00:00Z)",
                    "v": 1
                  },
                  "id": "create_ticket",
                  "title": "Yes, Create Ticket",
                  "type": "Action.Submit"
                },
                "id": "create_ticket",
                "title": "Yes, Create Ticket",
                "tooltip": "Yes, create a support ticket",
                "type": "Action.Execute",
                "verb": "create_ticket"
              },
              {
                "associatedInputs": "none",
                "data": {
                  "b": "(sealed DeclineTicket)",
                  "v": 1
                },
                "fallback": {
                  "associatedInputs": "none",
                  "data": {
                    "b": "(sealed DeclineTicket)",
                    "v": 1
                  },
                  "id": "decline_ticket",
                  "title": "No Thanks",
                  "type": "Action.Submit"
                },
                "id": "decline_ticket",
                "title": "No Thanks",
                "tooltip": "No, do not create a support ticket",
                "type": "Action.Execute",
                "verb": "decline_ticket"
              }
            ],
            "body": [
              {
                "inlines": [
                  {
                    "text": "I couldn't find a confident answer. Would you like to create a support ticket?",
                    "type": "TextRun"
                  }
                ],
                "type": "RichTextBlock"
              }
            ],
            "fallbackText": "I couldn't find a confident answer. Would you like to create a support ticket?",
            "type": "AdaptiveCard",
            "version": "1.5"
          },
          "contentType": "application/vnd.microsoft.card.adaptive"
        }
      ],
      "summary": "I couldn't find a confident answer. Would you like to create a support ticket?",
      "type": "message"
    }
    "#);
}

#[test]
fn what_takes_the_place_of_a_card_is_a_card() {
    for (name, reply) in replies() {
        let replaced = with_look(|look| replacement(&reply, look));
        let is_card = replaced.is_some_and(|message| message.body.get("attachments").is_some());
        assert_eq!(is_card, !matches!(reply, Reply::Answer(_)), "{name}");
    }
}

#[test]
fn a_press_is_answered_with_the_card_or_the_words() {
    let all: String = replies()
        .iter()
        .filter_map(|(name, reply)| {
            let answer = with_look(|look| invoke::answer(reply, look))?;
            let kind = answer["type"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
            Some(format!("{name}: {} {kind}\n", answer["statusCode"]))
        })
        .collect();
    insta::assert_snapshot!(all, @"
    help: 200 adaptive
    a new conversation: 200 adaptive
    working: 200 message
    unknown: 200 adaptive
    incomplete: 200 adaptive
    not for you: 200 adaptive
    switched off: 200 adaptive
    too busy: 200 adaptive
    rate limited: 200 adaptive
    rate limited without a question: 200 adaptive
    failed: AgentFailed: 200 adaptive
    failed: AgentDown: 200 adaptive
    failed: DirectoryDown: 200 adaptive
    failed: Restarting: 200 adaptive
    failed: Internal: 200 adaptive
    outcome: thanks: 200 adaptive
    outcome: rate again: 200 adaptive
    outcome: creating: 200 adaptive
    outcome: created: 200 adaptive
    outcome: created: 200 adaptive
    outcome: declined: 200 adaptive
    outcome: rejected: 200 adaptive
    outcome: offer again, failure not recorded: 200 adaptive
    outcome: uncertain: 200 adaptive
    outcome: uncertain: 200 adaptive
    outcome: left: 200 adaptive
    outcome: left: 200 adaptive
    word: expired: 200 message
    word: only the asker: 200 message
    word: busy: 200 message
    word: asked twice: 200 message
    word: already rated: 200 message
    word: already done: 200 message
    word: rating failed: 200 message
    word: ticket failed: 200 message
    word: ticket failed: 200 message
    word: text lost: 200 message
    word: not now: 200 message
    word: created: 200 message
    word: uncertain: 200 message
    ");
    let creating = with_look(|look| invoke::creating(&memo(), look));
    assert_eq!(creating["value"]["actions"][0]["verb"], "check_ticket");
}
