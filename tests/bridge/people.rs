//! Who is asking: found, not found, incomplete, or not for us. Nobody who is not found ever reaches the agent.

use axum::Json;
use axum::routing::get;
use serde_json::{Value, json};
use threadbridge::demo::agent::Endpoint;
use threadbridge::demo::workspace::{Person, Setup, Standing};

use crate::file::TempFile;
use crate::world::{World, confident, host};

const HEADER: &str = "agent_id,email,name,agency,office,slack_user_id\n";

/// A world whose directory has these rows.
async fn with_rows(rows: &str, settings: &[(&str, &str)], setup: Setup) -> (World, TempFile) {
    let file = TempFile::new("people.csv", &format!("{HEADER}{rows}"));
    let settings = [&[("DIRECTORY_FILE", file.path())], settings].concat();
    let world = World::build(&settings, setup, confident).await;
    (world, file)
}

#[tokio::test]
async fn a_person_is_found_by_their_e_mail_address_whatever_its_case() {
    let jane = Person::member("U0JANE", "jane", "Jane Smith", "Jane.SMITH@Company.COM");
    let setup = Setup::default().with_person(jane);
    let (world, _file) = with_rows("1,JANE.smith@company.com,Jane,Sales,Cape Town,\n", &[], setup).await;
    world.asks("How do I reset a password?").await;
    let expected = json!({
        "agent_id": "1", "email": "JANE.smith@company.com", "name": "Jane", "agency": "Sales",
        "office": "Cape Town"
    });
    assert_eq!(world.last_asker(), expected);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_slack_user_id_finds_a_person_before_their_e_mail_address_does() {
    let rows = "1,nova.reed@company.com,Old,Sales,Durban,\n2,reed@crm.example,Nova,Sales,Durban,U0NOVA\n";
    let (world, _file) = with_rows(rows, &[], Setup::default()).await;
    world.says("U0NOVA", "C0LETTINGS", "@Threadbridge Hello?").await;
    assert_eq!(world.last_asker()["agent_id"], "2");
    assert_eq!(world.last_asker()["email"], "reed@crm.example");
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn who_is_not_in_the_directory_is_told_privately_whom_to_ask() {
    let settings = [("THREADBRIDGE_CONVERSATION__CONTACT", "crm@company.com <IT>")];
    let world = World::with(&settings, confident).await;
    let root = world.says("U0NOVA", "C0LETTINGS", "@Threadbridge How do I reset a password?").await;
    insta::assert_snapshot!(world.whispers("U0NOVA"), @"
    Threadbridge (only visible to you)
      I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact crm@company.com <IT> to be added.
    ");
    assert_eq!(world.slack.thread("C0LETTINGS", &root).len(), 1, "nothing stands in the thread");
    assert_eq!(world.questions(), 0);
    world.finish().await;
}

#[tokio::test]
async fn whose_entry_is_incomplete_is_told_which_fields_are_missing() {
    let (world, _file) = with_rows("7,nova.reed@company.com,Nova, ,,\n", &[], Setup::default()).await;
    world.says("U0NOVA", "C0LETTINGS", "@Threadbridge How do I reset a password?").await;
    insta::assert_snapshot!(world.whispers("U0NOVA"), @"
    Threadbridge (only visible to you)
      Your entry in the CRM's directory lacks agency, office. Please contact your admin to have it completed.
    ");
    assert_eq!(world.questions(), 0);
    world.finish().await;
}

#[tokio::test]
async fn in_a_direct_message_the_same_is_an_ordinary_message() {
    let (world, _file) = with_rows("7,nova.reed@company.com,Nova,Sales,,\n", &[], Setup::default()).await;
    let root = world.says("U0NOVA", "dm", "How do I reset a password?").await;
    insta::assert_snapshot!(world.see("D0NOVA", &root), @"
    Nova Reed
      How do I reset a password?
    Threadbridge
      Your entry in the CRM's directory lacks office. Please contact your admin to have it completed.
    ");
    let root = world.says("U0TOM", "dm", "How do I reset a password?").await;
    insta::assert_snapshot!(world.see("D0TOM", &root), @"
    Tom Baker
      How do I reset a password?
    Threadbridge
      I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
    ");
    assert_eq!(world.questions(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_reply_to_somebody_who_was_not_found_is_not_followed_up() {
    let world = World::new().await;
    let root = world.says("U0NOVA", "C0LETTINGS", "@Threadbridge Hello?").await;
    world.whispers("U0NOVA");
    world.slack.reply("U0NOVA", "C0LETTINGS", &root, "And now?").await;
    world.idle().await;
    assert_eq!(world.slack.ephemerals("U0NOVA").len(), 1);
    assert_eq!(world.questions(), 0);
    world.finish().await;
}

#[tokio::test]
async fn guests_and_strangers_are_told_privately_that_they_may_not_ask() {
    let rows =
        "8,gus.hart@contractor.example,Gus,Sales,Durban,\n9,s@other.example,Sara,Sales,Durban,U0SARA\n";
    let (world, _file) = with_rows(rows, &[], Setup::default()).await;
    world.says("U0GUS", "C0LETTINGS", "@Threadbridge Hello?").await;
    insta::assert_snapshot!(world.whispers("U0GUS"), @"
    Threadbridge (only visible to you)
      Sorry, I can only answer this organisation's own members.
    ");
    world.says("U0SARA", "C0PARTNERS", "@Threadbridge Hello?").await;
    insta::assert_snapshot!(world.whispers("U0SARA"), @"
    Threadbridge (only visible to you)
      Sorry, I can only answer this organisation's own members.
    ");
    assert_eq!(world.questions(), 0);
    world.finish().await;
}

#[tokio::test]
async fn guests_and_strangers_who_are_allowed_are_looked_up_like_everybody() {
    let rows =
        "8,gus.hart@contractor.example,Gus,Sales,Durban,\n9,s@other.example,Sara,Sales,Durban,U0SARA\n";
    let allowed = [
        ("THREADBRIDGE_CONVERSATION__ALLOW_GUESTS", "true"),
        ("THREADBRIDGE_CONVERSATION__ALLOW_EXTERNAL", "true"),
    ];
    let (world, _file) = with_rows(rows, &allowed, Setup::default()).await;
    world.says("U0GUS", "C0LETTINGS", "@Threadbridge Hello?").await;
    assert_eq!(world.last_asker()["agent_id"], "8");
    world.says("U0SARA", "C0PARTNERS", "@Threadbridge Hello?").await;
    assert_eq!(world.last_asker()["agent_id"], "9");
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn bots_and_people_who_left_get_no_answer_at_all() {
    let left = Person::member("U0LEO", "leo", "Leo Left", "jane.smith@company.com");
    let bot =
        Person::member("U0OTTO", "otto", "Otto", "").standing(Standing::Bot { bot_id: "B0OTTO".into() });
    let setup = Setup::default().with_person(left.standing(Standing::Deactivated)).with_person(bot);
    let world = World::build(&[], setup, confident).await;
    for user in ["U0LEO", "U0OTTO"] {
        let ts = format!("1795348800.00000{}", user.len());
        let event = json!({
            "type": "app_mention", "user": user, "channel": "C0LETTINGS", "ts": ts, "event_ts": ts,
            "text": "<@U0BRIDGE> Hello?"
        });
        assert_eq!(world.slack.send_event(event).await.status, 200);
        world.idle().await;
    }
    assert_eq!(world.questions(), 0);
    assert_eq!(world.slack.calls_of("chat.postMessage").len(), 0);
    assert_eq!(world.slack.calls_of("chat.postEphemeral").len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn an_e_mail_address_that_nobody_has_confirmed_finds_nobody() {
    let mut world = World::new().await;
    // Slack would say this of somebody who typed the address and never opened the letter.
    let user = json!({"ok": true, "user": {
        "id": "U0NOVA", "name": "nova", "is_email_confirmed": false,
        "profile": {"email": "jane.smith@company.com", "real_name": "Nova"}
    }});
    let router = world.slack.router().route("/api/users.info", get(async || Json::<Value>(user)));
    let url = format!("{}/api", host(router).await);
    world.set("SLACK_API_URL", &url);
    world.restart().await;
    world.says("U0NOVA", "C0LETTINGS", "@Threadbridge Hello?").await;
    assert!(world.whispers("U0NOVA").contains("I couldn't find you in the CRM's directory"));
    assert_eq!(world.questions(), 0);
    world.finish().await;
}

#[tokio::test]
async fn people_of_other_organisations_get_no_further_by_asking_again() {
    let rows = "9,s@other.example,Sara,Sales,Durban,U0SARA\n1,jane.smith@company.com,Jane,Sales,Durban,\n";
    let small = [("THREADBRIDGE_CONVERSATION__MAX_WAITING", "1")];
    let (world, _file) = with_rows(rows, &small, Setup::default()).await;
    world.agent.faults().hold(Endpoint::Chat);
    let root = world.begins("U0JANE", "C0PARTNERS", "Hello?").await;
    world.agent.faults().waiting(Endpoint::Chat, 1).await;
    for text in ["One?", "Two?"] {
        world.slack.reply("U0SARA", "C0PARTNERS", &root, &format!("@Threadbridge {text}")).await;
    }
    world.agent.faults().open(Endpoint::Chat);
    world.idle().await;
    assert!(world.whispers("U0SARA").contains("[Ask again]"));
    let busy =
        world.slack.ephemerals("U0SARA").into_iter().find(|whisper| whisper.text.contains("still answering"));
    assert_eq!(world.slack.press_private(&busy.unwrap(), "Ask again").await.status, 200);
    world.idle().await;
    assert_eq!(
        world.whispers("U0SARA").matches("I can only answer this organisation's own members").count(),
        2
    );
    assert_eq!(world.questions(), 1);
    world.see("C0PARTNERS", &root);
    world.finish().await;
}

#[tokio::test]
async fn where_anyone_may_press_only_who_may_ask_may() {
    let rows = "9,s@other.example,Sara,Sales,Durban,U0SARA\n8,gus.hart@contractor.example,Gus,Sales,Durban,\n\
        1,jane.smith@company.com,Jane,Sales,Durban,\n2,tom.baker@company.com,Tom,Sales,Durban,\n";
    let anyone = [("THREADBRIDGE_CONVERSATION__WHO_MAY_PRESS", "anyone")];
    let (world, _file) = with_rows(rows, &anyone, Setup::default()).await;
    let root = world.begins("U0JANE", "C0PARTNERS", "Hello?").await;
    world.idle().await;
    let answer = world.last("C0PARTNERS", &root);
    for who in ["U0SARA", "U0GUS"] {
        assert_eq!(world.slack.press_copy(who, &answer, "👍").await.status, 200);
        world.idle().await;
        assert!(world.whispers(who).contains("Only the person who asked"), "{who}");
    }
    assert_eq!(world.told(Endpoint::Feedback).len(), 0);
    world.press_old("U0TOM", &answer, "👍").await;
    assert_eq!(world.told(Endpoint::Feedback).len(), 1);
    world.see("C0PARTNERS", &root);
    world.finish().await;
}
