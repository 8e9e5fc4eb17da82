//! Two bridges side by side on one Redis, one of which dies half-way: each thread's answers stay in order.

use futures_util::future::join_all;
use serde_json::{Value, json};
use threadbridge::clock::{Clock, SystemClock};
use threadbridge::demo::agent::Endpoint;

use crate::scale::{seed, size};
use crate::store::Kind;
use crate::tally::{Tally, answers, asked_again, echo, question};
use crate::world::{Plan, World};

const CHANNEL: &str = "C0LETTINGS";
/// One that the agent is busy with, and as many as may wait.
const BATCH: usize = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_keep_order() {
    let (threads, messages) = (size(8, 50), size(12, 100));
    // The first of each batch is held at the agent until the others are there.
    let settings = [("THREADBRIDGE_AGENT__ASK_DEADLINE_SECONDS", "140")];
    let plan = Plan { name: "replicas", kind: Kind::Redis, bridges: 2, thinking: 20, settings: &settings };
    let Some(world) = World::begin(&plan, echo).await else { return };
    let began = SystemClock.now().as_second();
    let ts = |thread: usize, number: usize| format!("{}.{number:06}", began + i64::try_from(thread).unwrap());
    let mut deliveries = 0;
    for batch in (0..messages).step_by(BATCH) {
        let end = (batch + BATCH).min(messages);
        world.agent.faults().hold(Endpoint::Chat);
        let first = (0..threads).flat_map(|thread| both(&ts, thread, batch)).collect();
        deliveries += deliver(&world, first).await;
        world.agent.faults().waiting(Endpoint::Chat, threads).await;
        let numbers = (0..threads).flat_map(|thread| (batch + 1..end).map(move |number| (thread, number)));
        deliveries +=
            deliver(&world, numbers.flat_map(|(thread, number)| both(&ts, thread, number)).collect()).await;
        world.agent.faults().open(Endpoint::Chat);
        if (batch..end).contains(&(messages / 2)) {
            world.give_up(0);
            world.door.kill(&world.life(0));
        }
        for thread in 0..threads {
            let done = || end <= answers(&world.slack.thread(CHANNEL, &ts(thread, 0))).len();
            world.until(&format!("the answers of thread {thread}"), done).await;
        }
    }
    world.give_up(1);
    assert!(world.life(1).terminate().await);
    let roots: Vec<String> = (0..threads).map(|thread| ts(thread, 0)).collect();
    let tally = Tally::of(&world, CHANNEL, &roots, messages);
    println!(
        "crash: replicas redis seed={} threads={threads} messages={messages} deliveries={deliveries} killed=1 inverted={} \
         twice={} lost={} misplaced={} asked_again={}",
        seed(),
        tally.inverted,
        tally.twice,
        tally.unanswered,
        tally.misplaced,
        asked_again(&world),
    );
    assert_eq!(tally, Tally::default());
    assert_eq!((world.unfinished(), world.panics()), (0, 0));
}

/// Both events of a mention.
fn both(ts: &impl Fn(usize, usize) -> String, thread: usize, number: usize) -> [Value; 2] {
    ["app_mention", "message"].map(|kind| {
        let own = ts(thread, number);
        let mut event = json!({
            "type": kind, "user": "U0JANE", "team": "T0ACME", "channel": CHANNEL, "ts": own, "event_ts": own,
            "text": format!("<@U0BRIDGE> {}", question((thread, number))),
            "client_msg_id": format!("client-{own}"),
        });
        if kind == "message" {
            event["channel_type"] = json!("channel");
        }
        if number != 0 {
            event["thread_ts"] = json!(ts(thread, 0));
        }
        json!({
            "type": "event_callback", "token": "legacy", "api_app_id": "A0BRIDGE", "team_id": "T0ACME",
            "context_team_id": "T0ACME", "context_enterprise_id": null, "event_id": format!("Ev-{thread}-{number}-{kind}"),
            "event_time": 1_795_348_800, "event_context": "4-simulated", "is_ext_shared_channel": false,
            "authorizations": [{
                "enterprise_id": null, "team_id": "T0ACME", "user_id": "U0BRIDGE", "is_bot": true,
                "is_enterprise_install": false,
            }],
            "event": event,
        })
    })
}

/// Delivers events in any order, a few at the same time, each to any bridge, until all are acknowledged; how many.
async fn deliver(world: &World, mut events: Vec<Value>) -> usize {
    world.dice.shuffle(&mut events);
    for some in events.chunks(16) {
        let acks = join_all(some.iter().map(|event| world.slack.send_envelope(event))).await;
        assert!(acks.iter().all(|ack| ack.status == 200), "{acks:?}");
    }
    events.len()
}
