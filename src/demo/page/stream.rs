//! Tells the page's script that something has changed; it then reads the page again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{Stream, StreamExt, unfold};

use super::Shared;

/// A line now and then keeps the connection known to be alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// An event for every change, and one at the beginning. Changes that come together are one event.
pub(super) async fn stream(State(page): State<Shared>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let closing = page.closing.clone();
    let mut changes = page.stage.changes();
    changes.iter_mut().for_each(tokio::sync::watch::Receiver::mark_changed);
    let events = unfold(changes, |mut changes| async move {
        {
            let [slack, acks, agent, stage] = &mut changes;
            let changed = tokio::select! {
                changed = slack.changed() => changed,
                changed = acks.changed() => changed,
                changed = agent.changed() => changed,
                changed = stage.changed() => changed,
            };
            changed.ok()?;
        }
        changes.iter_mut().for_each(|one| drop(one.borrow_and_update()));
        Some((Ok(Event::default().data("changed")), changes))
    });
    let events = events.take_until(async move { closing.cancelled().await });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}
