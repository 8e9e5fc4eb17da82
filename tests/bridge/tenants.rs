//! Which installation an event belongs to: workspaces, organisations, and channels that they share.

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::demo::workspace::Fault;

use crate::wire::{asked, deliver, envelope, mention, message, with};
use crate::world::World;

const ROOT: &str = "1795348800.000100";

/// An org-wide installation: no workspace in the authorization.
fn org_wide() -> Value {
    json!({
        "team_id": "T0ACME", "enterprise_id": "E0ACME",
        "authorizations": [{
            "enterprise_id": "E0ACME", "team_id": null, "user_id": "U0BRIDGE", "is_bot": true,
            "is_enterprise_install": true,
        }],
    })
}

#[rstest]
#[case::of_a_workspace(json!({}))]
#[case::of_an_organisation(org_wide())]
#[case::of_an_organisation_without_a_team_at_the_top(with(org_wide(), json!({"team_id": null})))]
#[case::of_an_organisation_that_says_so_in_words(with(org_wide(), json!({"authorizations": [{
    "enterprise_id": "E0ACME", "team_id": null, "user_id": "U0BRIDGE", "is_bot": true,
    "is_enterprise_install": "true"}]})))]
#[case::seen_from_another_workspace(json!({"team_id": "T0OTHER", "context_team_id": "T0OTHER"}))]
#[case::with_fields_that_are_null(json!({"is_ext_shared_channel": null, "enterprise_id": null, "event_context": null,
    "authorizations": [{"enterprise_id": null, "team_id": "T0ACME", "user_id": "U0BRIDGE", "is_bot": null,
    "is_enterprise_install": null}]}))]
#[case::without_an_event_id(json!({"event_id": null}))]
#[tokio::test]
async fn a_mention_is_answered(#[case] more: Value) {
    let world = World::new().await;
    deliver(&world, &with(envelope("Ev1", mention(ROOT, "Why?")), more)).await;
    assert_eq!(asked(&world), ["Why?"]);
    world.see_all();
    world.finish().await;
}

#[rstest]
#[case::of_a_workspace(json!({}))]
#[case::of_an_organisation(org_wide())]
#[tokio::test]
async fn both_copies_of_a_mention_in_a_thread_are_one_question_in_either_order(#[case] more: Value) {
    for mention_first in [true, false] {
        let world = World::new().await;
        deliver(&world, &with(envelope("Ev1", mention(ROOT, "Why?")), more.clone())).await;
        let ts = "1795348801.000100";
        let thread = json!({"thread_ts": ROOT, "user": "U0TOM"});
        let as_mention =
            with(envelope("Ev2", with(mention(ts, "And for me?"), thread.clone())), more.clone());
        let as_message =
            with(envelope("Ev3", with(message(ts, "<@U0BRIDGE> And for me?"), thread)), more.clone());
        let (first, second) = if mention_first { (as_mention, as_message) } else { (as_message, as_mention) };
        deliver(&world, &first).await;
        deliver(&world, &second).await;
        assert_eq!(asked(&world), ["Why?", "And for me?"], "mention first: {mention_first}");
        world.see_all();
        world.finish().await;
    }
}

#[rstest]
#[case::none(json!({"authorizations": null}))]
#[case::an_empty_list(json!({"authorizations": []}))]
#[tokio::test]
async fn a_mention_without_authorizations_is_answered_although_nobody_says_who_the_bot_is(
    #[case] more: Value,
) {
    let world = World::new().await;
    deliver(&world, &with(envelope("Ev1", mention(ROOT, "Why?")), more)).await;
    assert_eq!(asked(&world).len(), 1);
    world.see_all();
    world.finish().await;
}

/// Waits until Slack has been asked as often as that who the bot is.
async fn introduced(world: &World, times: usize) {
    while world.slack.calls_of("auth.test").len() < times {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_slack_that_cannot_be_reached_at_the_start_is_asked_again_later_who_the_bot_is() {
    let mut world = World::new().await;
    introduced(&world, 1).await;
    world.slack.faults().next("auth.test", 2, Fault::Status(503));
    world.restart().await;
    let nobody_says = |n: u32| {
        let event = message(&format!("1795348800.{n:06}"), "<@U0BRIDGE> Why?");
        with(envelope(&format!("Ev{n}"), event), json!({"authorizations": null}))
    };
    world.clock.sleeps_for(SignedDuration::from_secs(5)).await;
    deliver(&world, &nobody_says(0)).await;
    assert_eq!(asked(&world), [""; 0], "it does not know yet that it is meant");
    world.clock.advance(SignedDuration::from_secs(5));
    world.clock.sleeps_for(SignedDuration::from_secs(10)).await;
    world.clock.advance(SignedDuration::from_secs(10));
    introduced(&world, 4).await;
    // Slack's answer is on its way.
    for n in 1.. {
        deliver(&world, &nobody_says(n)).await;
        if asked(&world) == ["Why?"] {
            break;
        }
    }
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn a_token_that_slack_refuses_is_not_tried_again() {
    let mut world = World::new().await;
    introduced(&world, 1).await;
    world.slack.faults().next("auth.test", 1, Fault::Code("token_revoked".into()));
    world.restart().await;
    introduced(&world, 2).await;
    // The agent's check of its health and the directory's look at its file are all that the background still does.
    world.clock.advance(SignedDuration::from_hours(1));
    world.clock.sleeps_for(SignedDuration::from_hours(1)).await;
    assert_eq!(world.slack.calls_of("auth.test").len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn a_workspaces_thread_is_not_the_organisations() {
    let world = World::new().await;
    deliver(&world, &envelope("Ev1", mention(ROOT, "Why?"))).await;
    let reply = with(message("1795348801.000100", "And then?"), json!({"thread_ts": ROOT}));
    deliver(&world, &with(envelope("Ev2", reply), org_wide())).await;
    assert_eq!(asked(&world), ["Why?"]);
    world.see_all();
    world.finish().await;
}

#[rstest]
#[case::nowhere(json!({"team_id": null, "authorizations": null}))]
#[case::no_event(json!({"event": null}))]
#[case::too_many_events(json!({"type": "app_rate_limited", "minute_rate_limited": 1_795_348_800, "event": null}))]
#[case::an_envelope_of_tomorrow(json!({"type": "event_bundle"}))]
#[tokio::test]
async fn an_envelope_that_leads_nowhere_is_acknowledged(#[case] more: Value) {
    let world = World::new().await;
    deliver(&world, &with(envelope("Ev1", mention(ROOT, "Why?")), more)).await;
    assert_eq!(asked(&world), [""; 0]);
    world.finish().await;
}
