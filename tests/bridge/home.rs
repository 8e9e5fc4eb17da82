//! The home tab: who somebody is in the CRM, how the agent is, their tickets; and for admins, figures.

use insta::assert_snapshot;
use threadbridge::demo::agent::Endpoint;
use threadbridge::demo::workspace::{Person, Setup, Standing};

use crate::file::TempFile;
use crate::world::{World, confident, doubtful};

/// Somebody opens the tab, and the bridge finishes.
async fn open(world: &World, who: &str) -> String {
    let ack = world.slack.open_app(who, "home").await;
    assert_eq!(ack.status, 200, "{}", ack.body);
    world.idle().await;
    without_time(&world.slack.home(who).unwrap())
}

/// A view without when it was made, its last line.
fn without_time(view: &str) -> String {
    view.rsplit_once('\n').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_person_sees_who_they_are_and_how_to_ask() {
    let world = World::new().await;
    assert_snapshot!(open(&world, "U0JANE").await, @"
    *Hello Jane!*
    I answer questions about the CRM. Mention me with your question in a channel that I was invited to, or write to me directly. I answer in a thread, with my sources and with how sure I am. When I am not sure, I offer to create a support ticket for you.
    [Ask a question (primary, https://slack.com/app_redirect?app=A0BRIDGE&tab=messages&team=T0ACME)]
    · “How do I process a refund?” · “How do I reset a password?” · “How do I import contacts?”
    # You in the CRM
    *Name*
    Jane Smith
    *E-mail*
    jane.smith@company.com
    *Agency*
    Sales
    *Office*
    Cape Town
    # The answering service
    🟢 It is up.
    # Your latest tickets from here
    None yet.
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_persons_tickets_are_listed_and_only_they_see_them() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How do I fix <error> & code X1234?").await;
    let answer = world.slack.thread("C0LETTINGS", &root)[1].clone();
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    let tickets = |view: &str| view.split_once("tickets from here").unwrap().1.to_owned();
    assert_snapshot!(tickets(&open(&world, "U0JANE").await), @"

    • *#9630* How do I fix <error> & code X1234? · 2026-11-22 · thread (https://acme.slack.com/archives/C0LETTINGS/p1795348800000000)
    · What became of them is in the e-mail that you got for each.
    ");
    assert_snapshot!(tickets(&open(&world, "U0TOM").await), @"

    None yet.
    ");
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn an_admin_also_sees_how_the_workspace_does() {
    let admin = Person::member("U0TOM", "tom", "Tom Baker", "tom.baker@company.com").admin();
    let world = World::build(&[], Setup::default().with_person(admin), confident).await;
    let root = world.asks("How do I reset a password?").await;
    world.press("U0JANE", &world.slack.thread("C0LETTINGS", &root)[1].clone(), "👍 Helpful").await;
    world.asks("And a PIN?").await;
    let view = open(&world, "U0TOM").await;
    assert_snapshot!(view.split_once("────").unwrap().1, @"

    # This workspace, the last 7 days (only admins see this)
    *Questions answered*
    2
    *With confidence*
    2 (100 %)
    *Tickets*
    0
    *Rated helpful*
    100 %
    ");
    assert!(!open(&world, "U0JANE").await.contains("only admins"), "nobody else does");
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn who_is_not_in_the_directory_can_tell_the_admins_once() {
    let settings = [("THREADBRIDGE_SLACK__ADMIN_CHANNEL", "C0LETTINGS")];
    let world = World::with(&settings, confident).await;
    assert_snapshot!(open(&world, "U0NOVA").await, @"
    *Hello!*
    I answer questions about the CRM. Mention me with your question in a channel that I was invited to, or write to me directly. I answer in a thread, with my sources and with how sure I am. When I am not sure, I offer to create a support ticket for you.
    [Ask a question (primary, https://slack.com/app_redirect?app=A0BRIDGE&tab=messages&team=T0ACME)]
    · “How do I process a refund?” · “How do I reset a password?” · “How do I import contacts?”
    # You in the CRM
    I couldn't find you in the CRM's directory, so I can't ask on your behalf. Please contact your admin to be added.
    [Tell the admins]
    # The answering service
    🟢 It is up.
    # Your latest tickets from here
    None yet.
    ");
    for _ in 0..2 {
        assert_eq!(world.slack.press_home("U0NOVA", "home_tell").await.status, 200);
        world.idle().await;
        assert!(world.slack.home("U0NOVA").unwrap().contains("The admins have been told."));
        assert_eq!(world.slack.open_app("U0NOVA", "home").await.status, 200);
        world.idle().await;
    }
    let told = world.slack.roots("C0LETTINGS");
    let told: Vec<&str> = told.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(told, ["<@U0NOVA> would like to ask me questions, and is not in the CRM's directory."]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn without_a_channel_for_it_nobody_is_offered_to_tell_the_admins() {
    let world = World::new().await;
    assert!(!open(&world, "U0NOVA").await.contains("Tell the admins"));
    world.finish().await;
}

#[tokio::test]
async fn a_guest_sees_that_they_may_not_ask() {
    let guest = Person::member("U0JANE", "jane", "Jane Smith", "jane.smith@company.com");
    let setup = Setup::default().with_person(guest.standing(Standing::Guest));
    let world = World::build(&[], setup, confident).await;
    let view = open(&world, "U0JANE").await;
    assert!(
        view.contains("I can only answer this organisation's own members") && !view.contains("Cape Town"),
        "{view}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_press_of_what_leads_to_the_messages_tab_is_only_acknowledged() {
    let world = World::new().await;
    open(&world, "U0JANE").await;
    assert_eq!(world.slack.press_home("U0JANE", "Ask a question").await.status, 200);
    world.idle().await;
    let asked = world.agent.calls().iter().any(|call| call.endpoint == Endpoint::Chat);
    assert!(!asked);
    world.finish().await;
}

#[tokio::test]
async fn whatever_the_directory_and_the_configuration_have_is_shown_as_far_as_slack_takes_it() {
    let long = "<&> ".repeat(2_000);
    let people = format!(
        "agent_id,email,name,agency,office\ncrm_1,jane.smith@company.com,\"{long}\",\"{long}\",\"{long}\"\n"
    );
    let people = TempFile::new("people.csv", &people);
    let settings = [("DIRECTORY_FILE", people.path()), ("THREADBRIDGE_CONVERSATION__CONTACT", &long)];
    let world = World::with(&settings, confident).await;
    for who in ["U0JANE", "U0NOVA"] {
        let view = open(&world, who).await;
        assert!(view.contains("<&> <&> <&>") && view.contains('…'), "{view}");
    }
    world.finish().await;
}
