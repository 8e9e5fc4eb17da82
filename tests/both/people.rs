//! Who is asking: nobody reaches the agent who is not in the directory, is a guest, or is of another organisation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use insta::assert_snapshot;
use serde_json::json;
use threadbridge::demo::agent::Endpoint;

use crate::chat::{Room, Who, on_both, on_both_with};
use crate::world::{confident, host};

#[tokio::test]
async fn who_is_found_is_told_to_the_agent_as_the_directory_says() {
    let seen = on_both(confident, async |chat| {
        chat.asked_by(Who::Jane, Room::Lettings, "How?").await;
        chat.see_all();
        format!("{:#}", chat.told(Endpoint::Chat)[0]["user_info"])
    });
    assert_snapshot!(seen.await, @r#"
    slack:
      {
        "agency": "Sales",
        "agent_id": "crm_user_456",
        "company": "PropertyEngine",
        "division": "Residential",
        "email": "jane.smith@company.com",
        "name": "Jane Smith",
        "office": "Cape Town",
        "phone": "+27123456789",
        "user_type": "agent"
      }
    teams:
      {
        "agency": "Sales",
        "agent_id": "crm_user_456",
        "company": "PropertyEngine",
        "division": "Residential",
        "email": "jane.smith@company.com",
        "name": "Jane Smith",
        "office": "Cape Town",
        "phone": "+27123456789",
        "user_type": "agent"
      }
    "#);
}

#[tokio::test]
async fn who_is_not_in_the_directory_is_told_where_only_they_see_it() {
    let seen = on_both(confident, async |chat| {
        let thread = chat.asked_by(Who::Nova, Room::Lettings, "How?").await;
        assert_eq!(chat.said(&thread).len(), 0);
        let direct = chat.asked_by(Who::Nova, Room::Direct, "How do I do that?").await;
        assert_eq!(chat.questions().len(), 0);
        format!("{}\n{}", chat.whispers(Who::Nova), chat.thread(&direct))
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
      Nova Reed
        How do I do that?
      Threadbridge
        I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
    teams:
      Threadbridge (only visible to you)
        I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
      Nova Reed
        How do I do that?
      Threadbridge
        I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
    ");
}

#[tokio::test]
async fn guests_and_people_of_other_organisations_are_told_that_they_may_not_ask() {
    let seen = on_both(confident, async |chat| {
        chat.asked_by(Who::Gus, Room::Lettings, "How?").await;
        chat.asked_by(Who::Sara, Room::Partners, "How?").await;
        assert_eq!(chat.questions().len(), 0);
        format!("{}\n{}", chat.whispers(Who::Gus), chat.whispers(Who::Sara))
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        Sorry, I can only answer this organisation's own members.
      Threadbridge (only visible to you)
        Sorry, I can only answer this organisation's own members.
    teams:
      Threadbridge (only visible to you)
        Sorry, I can only answer this organisation's own members.
      Threadbridge (only visible to you)
        Sorry, I can only answer this organisation's own members.
    ");
}

#[tokio::test]
async fn whom_to_ask_can_be_configured() {
    let contact = [("THREADBRIDGE_CONVERSATION__CONTACT", "crm@company.com <IT>")];
    let seen = on_both_with(&contact, confident, async |chat| {
        chat.asked_by(Who::Nova, Room::Lettings, "How?").await;
        chat.whispers(Who::Nova)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact crm@company.com <IT> to be added.
    teams:
      Threadbridge (only visible to you)
        I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact crm@company.com &lt;IT> to be added.
    ");
}

#[tokio::test]
async fn where_anyone_may_press_only_who_may_ask_may() {
    let anyone = [("THREADBRIDGE_CONVERSATION__WHO_MAY_PRESS", "anyone")];
    on_both_with(&anyone, confident, async |chat| {
        let thread = chat.asked_by(Who::Jane, Room::Partners, "How?").await;
        let answer = chat.last(&thread);
        for who in [Who::Gus, Who::Sara] {
            chat.pressed_by(who, &answer, "👍").await;
            assert!(chat.whispers(who).contains("Only the person who asked"), "{who:?}");
        }
        assert_eq!(chat.told(Endpoint::Feedback).len(), 0);
        chat.pressed_by(Who::Tom, &answer, "👍").await;
        // The rating is the asker's: it is her question and her answer.
        assert_eq!(chat.told(Endpoint::Feedback)[0]["user_info"]["full_name"], "Jane Smith");
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn while_the_directory_is_down_nothing_is_asked_and_people_can_ask_again_when_it_is_back() {
    let seen = on_both(confident, async |chat| {
        let is_down = Arc::new(AtomicBool::new(true));
        let shared = Arc::clone(&is_down);
        let crm = get(async move || {
            let jane = json!({ "agent_id": "7", "email": "jane.smith@company.com", "name": "Jane Smith",
                "agency": "Sales", "office": "Paarl" });
            if shared.load(Ordering::Relaxed) { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(Json(jane)) }
        });
        let url = host(Router::new().route("/people", crm)).await;
        chat.set("DIRECTORY_FILE", "");
        chat.set("THREADBRIDGE_DIRECTORY__SOURCES", "http");
        chat.set("DIRECTORY_URL", &format!("{url}/people"));
        chat.restart().await;
        let thread = chat.asks("How do I reset a password?").await;
        let told = chat.whispers(Who::Jane);
        assert_eq!(chat.questions().len(), 0);
        is_down.store(false, Ordering::Relaxed);
        chat.pressed_by(Who::Jane, &chat.last_whisper(Who::Jane), "Ask again").await;
        assert_eq!(chat.questions(), ["How do I reset a password?"]);
        chat.shown(&thread);
        chat.see_all();
        told
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes.
        [Ask again]
    teams:
      Threadbridge (only visible to you)
        I can't look up your CRM account at the moment, so I didn't pass your question on. Please try again in a few minutes.
        [Ask again]
    ");
}

#[tokio::test]
async fn where_the_bot_is_switched_off_only_who_asks_is_told() {
    let off = [("THREADBRIDGE_CONVERSATION__ANSWERS", "nothing")];
    let seen = on_both_with(&off, confident, async |chat| {
        let thread = chat.asks("How?").await;
        assert_eq!((chat.said(&thread).len(), chat.questions().len()), (0, 0));
        chat.whispers(Who::Jane)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        I'm switched off here. Please ask me somewhere else, or ask your admin.
    teams:
      Threadbridge (only visible to you)
        I'm switched off here. Please ask me somewhere else, or ask your admin.
    ");
}
