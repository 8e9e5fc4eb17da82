//! What the agent gets to read: plain text, whatever Slack made of it.

use rstest::rstest;

use crate::wire::{asked, deliver, envelope, message};
use crate::world::World;

#[rstest]
#[case::the_mention_goes("<@U0BRIDGE> How do I reset it?", "How do I reset it?")]
#[case::wherever_it_stands("Hey <@U0BRIDGE>, how do I reset it?", "Hey, how do I reset it?")]
#[case::with_its_name("<@U0BRIDGE|threadbridge> How?", "How?")]
#[case::people_by_name("<@U0BRIDGE> Is <@U0TOM> a tenant?", "Is Tom Baker a tenant?")]
#[case::people_whom_slack_names("<@U0BRIDGE> Is <@U0TOM|Tom B> a tenant?", "Is Tom B a tenant?")]
#[case::people_whom_nobody_knows("<@U0BRIDGE> Is <@U0NOBODY> a tenant?", "Is someone a tenant?")]
#[case::channels_by_name("<@U0BRIDGE> Who is in <#C0SALES|sales>?", "Who is in #sales?")]
#[case::channels_that_slack_does_not_name("<@U0BRIDGE> Who is in <#C0SALES>?", "Who is in #sales?")]
#[case::channels_that_nobody_knows("<@U0BRIDGE> Who is in <#C0NOWHERE|>?", "Who is in #channel?")]
#[case::groups("<@U0BRIDGE> Who are <!subteam^S1|@desk>?", "Who are @desk?")]
#[case::everybody("<@U0BRIDGE> Should <!here> know?", "Should @here know?")]
#[case::links("<@U0BRIDGE> See <https://a.example/?b=1&amp;c=2>", "See https://a.example/?b=1&c=2")]
#[case::links_with_a_label(
    "<@U0BRIDGE> See <https://a.example/x|the page>",
    "See the page (https://a.example/x)"
)]
#[case::addresses("<@U0BRIDGE> Is <mailto:a@b.example|a@b.example> right?", "Is a@b.example right?")]
#[case::entities("<@U0BRIDGE> Is 1 &lt; 2 &amp;&amp; 3 &gt; 2?", "Is 1 < 2 && 3 > 2?")]
#[case::entities_that_somebody_typed("<@U0BRIDGE> What is &amp;lt;?", "What is &lt;?")]
#[case::markup_that_somebody_typed("<@U0BRIDGE> What is &lt;@U0TOM&gt;?", "What is <@U0TOM>?")]
#[case::more_than_one_line("<@U0BRIDGE>\nFirst\n\nSecond ", "First\n\nSecond")]
#[case::letters_of_the_world("<@U0BRIDGE> Ünïcödé 住宅 🏠?", "Ünïcödé 住宅 🏠?")]
#[case::blanks_at_the_ends("  <@U0BRIDGE>   Why?   ", "Why?")]
#[tokio::test]
async fn is_plain(#[case] text: &str, #[case] read: &str) {
    let world = World::new().await;
    deliver(&world, &envelope("Ev1", message("1795348800.000100", text))).await;
    assert_eq!(asked(&world), [read]);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn of_very_many_people_only_some_are_looked_up_and_nobody_twice() {
    let world = World::new().await;
    let crowd: String = (0..60).map(|n| format!(" <@U0NOBODY{}>", n % 30)).collect();
    for (event, ts) in [("Ev1", "1795348800.000100"), ("Ev2", "1795348801.000100")] {
        deliver(&world, &envelope(event, message(ts, &format!("<@U0BRIDGE> Who is{crowd}?")))).await;
    }
    let known = |id: &str| id.starts_with("U0NOBODY");
    let calls = world.slack.calls_of("users.info");
    let calls: Vec<_> = calls.iter().filter_map(|call| call.arguments["user"].as_str()).collect();
    assert_eq!(calls.into_iter().filter(|id| known(id)).count(), 20);
    assert_eq!(asked(&world)[1].matches("someone").count(), 60);
    world.see_all();
    world.finish().await;
}

#[tokio::test]
async fn what_a_person_types_reaches_the_agent_as_they_typed_it() {
    let world = World::new().await;
    let typed =
        "Can @Tom Baker read <b>#sales</b> & https://kb.example/a?b=c&d, or write to desk@acme.example?";
    let root = world.asks(typed).await;
    let read =
        "Can Tom Baker read <b>#sales</b> & https://kb.example/a?b=c&d, or write to desk@acme.example?";
    assert_eq!(asked(&world), [read]);
    world.see("C0LETTINGS", &root);
    world.finish().await;
}
