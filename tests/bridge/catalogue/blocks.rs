//! The Block Kit of every reply, with the sealed values named.

use threadbridge::slack::Form;

use super::{answer, lines, only_part, replies, seen};

#[test]
fn every_reply_is_this_block_kit() {
    let all: String = replies()
        .iter()
        .map(|(name, reply)| format!("{name}\n{}", lines(&only_part(reply, true, Form::Rich).blocks)))
        .collect();
    insta::assert_snapshot!(all, @r#"
    help
      {"expand":true,"text":{"text":"Hello! Ask me a question about the CRM: mention me with your question in a channel, or write to me directly. I answer in the thread with my sources, and if I am not sure I can create a support ticket for you.","type":"mrkdwn","verbatim":true},"type":"section"}
    a new conversation
      {"expand":true,"text":{"text":"All right, a new conversation: I no longer take into account what was said before. What would you like to know?","type":"mrkdwn","verbatim":true},"type":"section"}
    working
      {"expand":true,"text":{"text":"Looking that up…","type":"mrkdwn","verbatim":true},"type":"section"}
    answer
      {"text":"Go to **Settings > Users** and press *Reset*.","type":"markdown"}
      {"elements":[{"text":"*Sources:* <https://kb.example/how_to/kb_001|Password Reset Guide> · <https://kb.example/how_to/kb_002|Account Security>","type":"mrkdwn","verbatim":true}],"type":"context"}
      {"elements":[{"text":"Very sure · 92 %","type":"mrkdwn","verbatim":true}],"type":"context"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"action_id":"rate","negative_button":{"accessibility_label":"Rate this answer as not helpful","text":{"emoji":true,"text":"👎 Not helpful","type":"plain_text"},"value":"(sealed Unhelpful)"},"positive_button":{"accessibility_label":"Rate this answer as helpful","text":{"emoji":true,"text":"👍 Helpful","type":"plain_text"},"value":"(sealed Helpful)"},"type":"feedback_buttons"}],"type":"context_actions"}
    doubtful answer
      {"text":"Go to **Settings > Users** and press *Reset*.","type":"markdown"}
      {"elements":[{"text":"*Sources:* <https://kb.example/how_to/kb_001|Password Reset Guide> · <https://kb.example/how_to/kb_002|Account Security>","type":"mrkdwn","verbatim":true}],"type":"context"}
      {"elements":[{"text":"Very sure · 92 %","type":"mrkdwn","verbatim":true}],"type":"context"}
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"I couldn't find a confident answer. Would you like to create a support ticket?","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Yes, create a support ticket","action_id":"create_ticket","style":"primary","text":{"emoji":true,"text":"Yes, Create Ticket","type":"plain_text"},"type":"button","value":"(sealed CreateTicket)"},{"accessibility_label":"No, do not create a support ticket","action_id":"decline_ticket","text":{"emoji":true,"text":"No Thanks","type":"plain_text"},"type":"button","value":"(sealed DeclineTicket)"}],"type":"actions"}
    unknown
      {"expand":true,"text":{"text":"I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.","type":"mrkdwn","verbatim":true},"type":"section"}
    incomplete
      {"expand":true,"text":{"text":"Your entry in the CRM's directory lacks agency, office. Please contact your admin to have it completed.","type":"mrkdwn","verbatim":true},"type":"section"}
    not for you
      {"expand":true,"text":{"text":"Sorry, I can only answer this organisation's own members.","type":"mrkdwn","verbatim":true},"type":"section"}
    switched off
      {"expand":true,"text":{"text":"I'm switched off here. Please ask me somewhere else, or ask your admin.","type":"mrkdwn","verbatim":true},"type":"section"}
    too busy
      {"expand":true,"text":{"text":"I'm still answering earlier questions here. Please ask again in a moment.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Ask this question again","action_id":"ask_again","text":{"emoji":true,"text":"Ask again","type":"plain_text"},"type":"button","value":"(sealed AskAgain)"}],"type":"actions"}
    rate limited for an hour
      {"expand":true,"text":{"text":"You've reached your query limit. Please try again in 60 minutes. You can ask again from <!date^1795352400^{time}|13:00 UTC>.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Ask this question again","action_id":"ask_again","text":{"emoji":true,"text":"Ask again","type":"plain_text"},"type":"button","value":"(sealed AskAgain)"}],"type":"actions"}
    rate limited for a second
      {"expand":true,"text":{"text":"You've reached your query limit. Please try again in 1 minute. You can ask again from <!date^1795348860^{time}|12:01 UTC>.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Ask this question again","action_id":"ask_again","text":{"emoji":true,"text":"Ask again","type":"plain_text"},"type":"button","value":"(sealed AskAgain)"}],"type":"actions"}
    agent failed
      {"expand":true,"text":{"text":"Unable to connect right now. Please try again shortly.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Ask this question again","action_id":"ask_again","text":{"emoji":true,"text":"Ask again","type":"plain_text"},"type":"button","value":"(sealed AskAgain)"}],"type":"actions"}
    agent down
      {"expand":true,"text":{"text":"The answering service is down at the moment, so I didn't pass your question on. Please try again in a few minutes.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Ask this question again","action_id":"ask_again","text":{"emoji":true,"text":"Ask again","type":"plain_text"},"type":"button","value":"(sealed AskAgain)"}],"type":"actions"}
    directory down
      {"expand":true,"text":{"text":"I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Ask this question again","action_id":"ask_again","text":{"emoji":true,"text":"Ask again","type":"plain_text"},"type":"button","value":"(sealed AskAgain)"}],"type":"actions"}
    restarting
      {"expand":true,"text":{"text":"I was restarted before I could finish this. Please ask again.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Ask this question again","action_id":"ask_again","text":{"emoji":true,"text":"Ask again","type":"plain_text"},"type":"button","value":"(sealed AskAgain)"}],"type":"actions"}
    internal
      {"expand":true,"text":{"text":"Something went wrong on my side. Please ask again.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Ask this question again","action_id":"ask_again","text":{"emoji":true,"text":"Ask again","type":"plain_text"},"type":"button","value":"(sealed AskAgain)"}],"type":"actions"}
    thanks
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"Thanks for your feedback!","type":"mrkdwn","verbatim":true},"type":"section"}
    rate again
      {"block_id":"tail:1764158400.000100:1","elements":[{"action_id":"rate","negative_button":{"accessibility_label":"Rate this answer as not helpful","text":{"emoji":true,"text":"👎 Not helpful","type":"plain_text"},"value":"(sealed Unhelpful)"},"positive_button":{"accessibility_label":"Rate this answer as helpful","text":{"emoji":true,"text":"👍 Helpful","type":"plain_text"},"value":"(sealed Helpful)"},"type":"feedback_buttons"}],"type":"context_actions"}
    creating
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"Creating your support ticket…","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Check what became of the support ticket","action_id":"check_ticket","text":{"emoji":true,"text":"Still nothing? Check","type":"plain_text"},"type":"button","value":"(sealed CheckTicket)"}],"type":"actions"}
    created
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane@company.com for your reference. A support agent will reach out to you shortly with more details.","type":"mrkdwn","verbatim":true},"type":"section"}
    created, e-mail private
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"Hi Jane, I've created support ticket #9630 for you. A support agent will reach out to you shortly with more details.","type":"mrkdwn","verbatim":true},"type":"section"}
    declined
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"No problem! Feel free to ask another question.","type":"mrkdwn","verbatim":true},"type":"section"}
    rejected
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"The ticket couldn't be created. You can try again, or contact support directly.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Yes, create a support ticket","action_id":"create_ticket","style":"primary","text":{"emoji":true,"text":"Yes, Create Ticket","type":"plain_text"},"type":"button","value":"(sealed CreateTicket)"},{"accessibility_label":"No, do not create a support ticket","action_id":"decline_ticket","text":{"emoji":true,"text":"No Thanks","type":"plain_text"},"type":"button","value":"(sealed DeclineTicket)"}],"type":"actions"}
    offer again
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"I couldn't find a confident answer. Would you like to create a support ticket?","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Yes, create a support ticket","action_id":"create_ticket","style":"primary","text":{"emoji":true,"text":"Yes, Create Ticket","type":"plain_text"},"type":"button","value":"(sealed CreateTicket)"},{"accessibility_label":"No, do not create a support ticket","action_id":"decline_ticket","text":{"emoji":true,"text":"No Thanks","type":"plain_text"},"type":"button","value":"(sealed DeclineTicket)"}],"type":"actions"}
    uncertain
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"I can't tell whether the ticket was created: look for the e-mail to jane@company.com. Create it again only if there is none.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Create the support ticket again","action_id":"create_again","text":{"emoji":true,"text":"Create again","type":"plain_text"},"type":"button","value":"(sealed CreateAgain)"},{"accessibility_label":"Leave the support ticket as it is","action_id":"leave_ticket","text":{"emoji":true,"text":"Leave it","type":"plain_text"},"type":"button","value":"(sealed LeaveTicket)"}],"type":"actions"}
    uncertain, e-mail private
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"I can't tell whether the ticket was created: look for the confirmation in your e-mail. Create it again only if there is none.","type":"mrkdwn","verbatim":true},"type":"section"}
      {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Create the support ticket again","action_id":"create_again","text":{"emoji":true,"text":"Create again","type":"plain_text"},"type":"button","value":"(sealed CreateAgain)"},{"accessibility_label":"Leave the support ticket as it is","action_id":"leave_ticket","text":{"emoji":true,"text":"Leave it","type":"plain_text"},"type":"button","value":"(sealed LeaveTicket)"}],"type":"actions"}
    left
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"Left as it is. If the ticket was created, a confirmation went to jane@company.com.","type":"mrkdwn","verbatim":true},"type":"section"}
    left, e-mail private
      {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"Left as it is. If the ticket was created, its confirmation is in your e-mail.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: expired
      {"expand":true,"text":{"text":"This button no longer works. Please ask your question again.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: only the asker
      {"expand":true,"text":{"text":"Only the person who asked can use these buttons.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: busy
      {"expand":true,"text":{"text":"I'm already on it. One moment, please.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: asked twice
      {"expand":true,"text":{"text":"You asked exactly this a moment ago, so I took it for the same message delivered twice. To ask it again, wait a minute or change a word.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: already rated
      {"expand":true,"text":{"text":"This answer has already been rated. Thank you!","type":"mrkdwn","verbatim":true},"type":"section"}
    word: already done
      {"expand":true,"text":{"text":"This has already been taken care of.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: rating failed
      {"expand":true,"text":{"text":"I couldn't save your rating just now. Please try again in a moment.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: ticket failed
      {"expand":true,"text":{"text":"I couldn't ask for the ticket just now, and none was created. Please try again.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: ticket failed again
      {"expand":true,"text":{"text":"I couldn't ask for the ticket again just now. Whether there is one from before is still open.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: text lost
      {"expand":true,"text":{"text":"I no longer have the text of that question. Please write it again, and I'll answer it.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: not now
      {"expand":true,"text":{"text":"I can't do that just now. Please press the button again in a minute.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: created
      {"expand":true,"text":{"text":"Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane@company.com for your reference. A support agent will reach out to you shortly with more details.","type":"mrkdwn","verbatim":true},"type":"section"}
    word: uncertain
      {"expand":true,"text":{"text":"I can't tell whether your ticket was created: look for the e-mail to jane@company.com.","type":"mrkdwn","verbatim":true},"type":"section"}
    "#);
}

#[test]
fn an_answer_in_the_oldest_blocks_says_the_same() {
    let all: String = [answer(false), answer(true)]
        .iter()
        .map(|reply| {
            let part = only_part(reply, true, Form::Basic);
            format!("{}\n{}", seen(&part.blocks), lines(&part.blocks))
        })
        .collect();
    insta::assert_snapshot!(all, @r#"
    Go to *Settings > Users* and press _Reset_.
    · *Sources:* Password Reset Guide (https://kb.example/how_to/kb_001) · Account Security (https://kb.example/how_to/kb_002)
    · Very sure · 92 %
    [👍 Helpful] [👎 Not helpful]
    {"expand":true,"text":{"text":"Go to *Settings &gt; Users* and press _Reset_.","type":"mrkdwn","verbatim":true},"type":"section"}
    {"elements":[{"text":"*Sources:* <https://kb.example/how_to/kb_001|Password Reset Guide> · <https://kb.example/how_to/kb_002|Account Security>","type":"mrkdwn","verbatim":true}],"type":"context"}
    {"elements":[{"text":"Very sure · 92 %","type":"mrkdwn","verbatim":true}],"type":"context"}
    {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Rate this answer as helpful","action_id":"helpful","text":{"emoji":true,"text":"👍 Helpful","type":"plain_text"},"type":"button","value":"(sealed Helpful)"},{"accessibility_label":"Rate this answer as not helpful","action_id":"unhelpful","text":{"emoji":true,"text":"👎 Not helpful","type":"plain_text"},"type":"button","value":"(sealed Unhelpful)"}],"type":"actions"}
    Go to *Settings > Users* and press _Reset_.
    · *Sources:* Password Reset Guide (https://kb.example/how_to/kb_001) · Account Security (https://kb.example/how_to/kb_002)
    · Very sure · 92 %
    I couldn't find a confident answer. Would you like to create a support ticket?
    [Yes, Create Ticket (primary)] [No Thanks]
    {"expand":true,"text":{"text":"Go to *Settings &gt; Users* and press _Reset_.","type":"mrkdwn","verbatim":true},"type":"section"}
    {"elements":[{"text":"*Sources:* <https://kb.example/how_to/kb_001|Password Reset Guide> · <https://kb.example/how_to/kb_002|Account Security>","type":"mrkdwn","verbatim":true}],"type":"context"}
    {"elements":[{"text":"Very sure · 92 %","type":"mrkdwn","verbatim":true}],"type":"context"}
    {"block_id":"tail:1764158400.000100:1:words","expand":true,"text":{"text":"I couldn't find a confident answer. Would you like to create a support ticket?","type":"mrkdwn","verbatim":true},"type":"section"}
    {"block_id":"tail:1764158400.000100:1","elements":[{"accessibility_label":"Yes, create a support ticket","action_id":"create_ticket","style":"primary","text":{"emoji":true,"text":"Yes, Create Ticket","type":"plain_text"},"type":"button","value":"(sealed CreateTicket)"},{"accessibility_label":"No, do not create a support ticket","action_id":"decline_ticket","text":{"emoji":true,"text":"No Thanks","type":"plain_text"},"type":"button","value":"(sealed DeclineTicket)"}],"type":"actions"}
    "#);
}
