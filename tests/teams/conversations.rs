//! A conversation in Teams from the first message to the last press, by the front door.

use insta::{allow_duplicates, assert_json_snapshot, assert_snapshot};
use jiff::SignedDuration;
use serde_json::{Value, json};
use threadbridge::clock::Clock;
use threadbridge::demo::agent::Endpoint;

use crate::world::{World, card_words, channel, confident, doubtful, group, id_at, personal, words};

#[tokio::test]
async fn a_question_in_person_is_answered_with_citations_and_thumbs() {
    let world = World::new(confident).await;
    world.asks("1", "jane", &personal(), "How do I reset a password?").await;
    let answer = world.last();
    assert_eq!(answer.conversation, "a:jane");
    assert_json_snapshot!(answer.activity, @r#"
    {
      "channelData": {
        "feedbackLoop": {
          "type": "default"
        }
      },
      "conversation": {
        "id": "a:jane"
      },
      "entities": [
        {
          "@context": "https://schema.org",
          "@id": "",
          "@type": "Message",
          "additionalType": [
            "AIGeneratedContent"
          ],
          "citation": [
            {
              "@type": "Claim",
              "appearance": {
                "@type": "DigitalDocument",
                "abstract": "An article of the knowledge base (how to). It fits the question by 95 %.",
                "name": "Password Reset Guide"
              },
              "position": 1
            }
          ],
          "type": "https://schema.org/Message"
        }
      ],
      "from": {
        "id": "28:11111111-2222-3333-4444-555555555555"
      },
      "text": "Go to **Settings > Users** and press _Reset_.\n\n**Sources:** Password Reset Guide [1]\n\nVery sure · 92 %",
      "textFormat": "markdown",
      "type": "message"
    }
    "#);
    assert_eq!(world.asked(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_thumb_reaches_the_agent_once_with_the_message_it_is_below_or_without() {
    let world = World::new(confident).await;
    world.asks("1", "jane", &group(), "How do I reset a password?").await;
    let answer = world.last();
    world.rates("2", "jane", &group(), Some("17"), "like").await;
    assert_eq!(world.told(Endpoint::Feedback).len(), 0);
    world.rates("3", "jane", &group(), None, "like").await;
    world.rates("4", "jane", &group(), Some(&answer.id), "dislike").await;
    let feedback = world.told(Endpoint::Feedback);
    assert_eq!(feedback.len(), 1);
    assert_eq!(feedback[0]["message_id"], format!("19:group@thread.v2:{}", answer.id));
    let told = world.last();
    assert_eq!(told.only_for.as_deref(), Some("29:jane"));
    assert_snapshot!(told.activity["text"].as_str().unwrap(), @"This answer has already been rated. Thank you!");
    assert_eq!(world.teams.posted().len(), 2, "the answer stays as it is");
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_is_made_once_whoever_presses_how_often() {
    let world = World::new(doubtful).await;
    world.asks(&id_at(world.clock.now()), "jane", &channel(), "How do I reset a password?").await;
    let prompt = world.last();
    let response = world.executes("2", "tom", &prompt, "Yes, Create Ticket").await;
    assert_snapshot!(response["value"].as_str().unwrap(), @"Only the person who asked can use these buttons.");
    assert_eq!(world.agent.tickets().len(), 0);
    let response = world.executes("3", "jane", &prompt, "Yes, Create Ticket").await;
    // It may arrive after the card has changed, and then it is what the presser goes on seeing.
    assert_eq!(words(&response["value"]), card_words(&world.last()));
    assert_eq!(world.agent.tickets().len(), 1);
    assert_snapshot!(card_words(&world.last()), @"Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.");
    assert_eq!(world.last().id, prompt.id);
    // An old copy of the card, in a client that knows no better.
    world.submits("4", "jane", &prompt, "Yes, Create Ticket").await;
    assert_eq!(world.agent.tickets().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_press_whose_ticket_takes_longer_than_teams_waits_is_answered_with_a_card_until_then() {
    let world = World::new(doubtful).await;
    world.asks("1", "jane", &personal(), "How do I reset a password?").await;
    let prompt = world.last();
    world.agent.faults().hold(Endpoint::CreateTicket);
    let response = world.presses("2", "jane", &prompt, "Yes, Create Ticket").await;
    assert_snapshot!(words(&response["value"]), @"Creating your support ticket…");
    assert_snapshot!(card_words(&world.last()), @"Creating your support ticket…");
    world.agent.faults().open(Endpoint::CreateTicket);
    world.idle().await;
    assert_snapshot!(card_words(&world.last()), @"Hi Jane, I've created support ticket #9630 for you and emailed a copy to jane.smith@company.com for your reference. A support agent will reach out to you shortly with more details.");
    world.finish().await;
}

#[tokio::test]
async fn help_says_what_the_app_can_do_and_asks_nobody() {
    let world = World::new(confident).await;
    let root = id_at(world.clock.now());
    for (id, conversation, text) in
        [("1", personal(), "help"), ("2", group(), "/Help"), (root.as_str(), channel(), "help?")]
    {
        world.asks(id, "jane", &conversation, text).await;
    }
    let said: Vec<Value> =
        world.teams.posted().into_iter().map(|posted| posted.activity["text"].clone()).collect();
    assert_eq!((said.len(), world.asked()), (3, 0));
    assert_snapshot!(said[0].as_str().unwrap(), @"Hello! Ask me a question about the CRM: mention me with your question in a channel, or write to me directly. I answer in the thread with my sources, and if I am not sure I can create a support ticket for you.");
    assert!(said.iter().all(|text| *text == said[0]));
    world.asks("4", "jane", &personal(), "help me with refunds").await;
    assert_eq!(world.asked(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_is_made_by_a_client_that_knows_no_execute() {
    let world = World::new(doubtful).await;
    world.asks("1", "jane", &personal(), "How do I reset a password?").await;
    let prompt = world.last();
    world.submits("2", "jane", &prompt, "Yes, Create Ticket").await;
    assert_eq!(world.agent.tickets().len(), 1);
    assert_eq!(world.last().updates, 2);
    world.finish().await;
}

#[tokio::test]
async fn a_card_makes_its_ticket_after_a_restart_that_forgot_everything() {
    let mut world = World::new(doubtful).await;
    world.asks(&id_at(world.clock.now()), "jane", &group(), "How do I reset a password?").await;
    let prompt = world.last();
    world.restart().await;
    world.executes("2", "jane", &prompt, "Yes, Create Ticket").await;
    assert_eq!(world.agent.tickets().len(), 1);
    let told = world.told(Endpoint::CreateTicket);
    assert_json_snapshot!(told, @r#"
    [
      {
        "conversation_history": [
          {
            "content": "How do I reset a password?",
            "role": "user",
            "timestamp": "2026-11-22T12:00:00Z"
          },
          {
            "content": "I'm not confident I can help with this.",
            "role": "assistant",
            "timestamp": "2026-11-22T12:00:00Z"
          }
        ]
      }
    ]
    "#);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_tells_the_conversation_once_although_ids_and_activities_tell_other_times() {
    let world = World::new(doubtful).await;
    let earlier = world.clock.now() - SignedDuration::from_secs(1);
    world.asks(&id_at(earlier), "jane", &group(), "How do I reset a password?").await;
    world.executes("2", "jane", &world.last(), "Yes, Create Ticket").await;
    let told = world.told(Endpoint::CreateTicket);
    assert_eq!(told[0]["conversation_history"].as_array().unwrap().len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn forged_card_data_is_refused_with_a_word() {
    let world = World::new(doubtful).await;
    world.asks("1", "jane", &personal(), "How do I reset a password?").await;
    let mut prompt = world.last();
    prompt.activity["attachments"][0]["content"]["actions"][0]["data"]["b"] = json!("Zm9yZ2Vk");
    let response = world.executes("2", "jane", &prompt, "Yes, Create Ticket").await;
    assert_snapshot!(response["value"].as_str().unwrap(), @"This button no longer works. Please ask your question again.");
    assert_eq!(world.agent.tickets().len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn what_teams_delivers_again_is_asked_once_under_any_id_and_who_meant_it_is_told() {
    let world = World::new(confident).await;
    world.asks("1", "jane", &personal(), "How do I reset a password?").await;
    world.asks("1", "jane", &personal(), "How do I reset a password?").await;
    assert_eq!(world.teams.posted().len(), 1);
    world.clock.advance(SignedDuration::from_secs(30));
    world.asks("2", "jane", &personal(), "How do I reset a password?").await;
    assert_eq!(world.asked(), 1);
    assert_snapshot!(world.last().activity["text"].as_str().unwrap(), @"You asked exactly this a moment ago, so I took it for the same message delivered twice. To ask it again, wait a minute or change a word.");
    world.finish().await;
}

#[tokio::test]
async fn what_somebody_asks_again_is_asked_again() {
    let world = World::new(confident).await;
    let mut id = 0;
    for (seconds, text) in [
        (0, "yes"),
        (20, "yes"),
        (20, "How do I reset a password?"),
        (10, "How do I reset a password?"),
        (95, "How do I reset a password?"),
    ] {
        world.clock.advance(SignedDuration::from_secs(seconds));
        id += 1;
        world.asks(&id.to_string(), "jane", &personal(), text).await;
        assert_eq!(world.asked(), id);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_chat_goes_on_until_it_rests_or_somebody_says_new() {
    let world = World::new(confident).await;
    for (id, text, minutes) in
        [("1", "One?", 1), ("2", "Two?", 241), ("3", "Three?", 1), ("4", "new", 1), ("5", "Five?", 0)]
    {
        world.asks(id, "jane", &personal(), text).await;
        world.clock.advance(SignedDuration::from_mins(minutes));
    }
    let sessions: Vec<String> = world
        .told(Endpoint::Chat)
        .iter()
        .map(|body| body["session_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sessions.len(), 4);
    assert_eq!(sessions[0], sessions[1]);
    assert_ne!(sessions[1], sessions[2]);
    assert_ne!(sessions[2], sessions[3]);
    world.finish().await;
}

#[tokio::test]
async fn a_channels_question_is_answered_in_its_own_thread() {
    let world = World::new(confident).await;
    let id = id_at(world.clock.now());
    world.asks(&id, "jane", &channel(), "How do I reset a password?").await;
    assert_eq!(world.last().conversation, format!("19:lettings@thread.tacv2;messageid={id}"));
    world.asks("2", "jane", &group(), "How do I reset a password?").await;
    assert_eq!(world.last().conversation, "19:group@thread.v2");
    world.finish().await;
}

#[tokio::test]
async fn who_may_not_ask_is_told_so_where_only_they_see_it() {
    let world = World::new(confident).await;
    for (id, who) in [("1", "gus"), ("2", "nobody"), ("3", "stranger")] {
        world.asks(id, who, &group(), "How do I reset a password?").await;
    }
    let told: Vec<String> = world
        .teams
        .posted()
        .iter()
        .map(|posted| {
            format!("{}: {}", posted.only_for.as_deref().unwrap(), posted.activity["text"].as_str().unwrap())
        })
        .collect();
    assert_snapshot!(told.join("\n"), @"
    29:gus: Sorry, I can only answer this organisation's own members.
    29:nobody: I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
    29:stranger: Sorry, I can only answer this organisation's own members.
    ");
    assert_eq!(world.asked(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_conversation_is_welcomed_once() {
    let world = World::new(confident).await;
    let installed = json!({ "type": "installationUpdate", "action": "add" });
    let bot = json!([{ "id": world.activity("0", "jane", &personal())["recipient"]["id"] }]);
    let joined = json!({ "type": "conversationUpdate", "membersAdded": bot });
    for (id, what) in [("1", installed), ("2", joined)] {
        let activity = crate::microsoft::mint::with(world.activity(id, "jane", &personal()), &what);
        assert_eq!(world.send(&activity).await, (200, String::new()));
        world.idle().await;
    }
    assert_eq!(world.teams.posted().len(), 1);
    let welcome = world.last().activity;
    assert_eq!(welcome["text"], "Hello!");
    assert_eq!(welcome["suggestedActions"]["actions"].as_array().unwrap().len(), 3);
    assert_eq!(welcome["suggestedActions"]["to"], json!(["29:jane"]));
    world.finish().await;
}

#[tokio::test]
async fn among_others_where_teams_shows_no_buttons_the_welcome_names_its_examples() {
    let world = World::new(confident).await;
    let installed = json!({ "type": "installationUpdate", "action": "add" });
    for conversation in [group(), channel()] {
        let activity = crate::microsoft::mint::with(world.activity("1", "jane", &conversation), &installed);
        assert_eq!(world.send(&activity).await, (200, String::new()));
        world.idle().await;
        let welcome = world.last().activity;
        assert_eq!(welcome["suggestedActions"], Value::Null);
        allow_duplicates! { assert_snapshot!(welcome["text"].as_str().unwrap(), @"
        Hello!

        • How do I process a refund?

        • How do I reset a password?

        • How do I import contacts?
        ") };
    }
    world.finish().await;
}
