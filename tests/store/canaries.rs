//! What nobody may read in a store that lasts: words, ids and secrets that occur nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;

use threadbridge::chat::{Inbound, Private, Session, Text, Turn, UserId, UserKey, WorkspaceKey};
use threadbridge::store::{Acceptance, Counted, Hold, NotedTicket, Store};

use crate::{accept, answer, at, click, question, session, thread};

const WORDS: &str = "canary-question";
const USER: &str = "UCANARYUSER";
const PERSON: &str = "canary-crm-id";
const SAID: &str = "canary-answer";
const TOKEN: &str = "xoxb-canary-bot-token";
const REFRESH: &str = "xoxe-1-canary-refresh-token";
const EMAIL: &str = "canary@company.example";
const TITLE: &str = "canary-ticket-question";
const NOTE: &str = "canary-note";

/// Each of them.
pub(crate) const ALL: [&str; 9] = [WORDS, USER, PERSON, SAID, TOKEN, REFRESH, EMAIL, TITLE, NOTE];

/// The workspaces that are installed, and the person whose tickets are noted.
pub(crate) fn workspace(id: &str) -> WorkspaceKey {
    WorkspaceKey { platform: "slack".into(), workspace: id.into() }
}

pub(crate) fn person(id: &str) -> UserKey {
    UserKey { platform: "slack".into(), workspace: "T1".into(), user: id.into() }
}

/// What is kept of an installation.
pub(crate) fn record(of: &str) -> Private<String> {
    let record = serde_json::json!({
        "workspace": of, "token": TOKEN, "refresh": REFRESH, "installer": { "id": USER, "email": EMAIL },
    });
    record.to_string().into()
}

/// A ticket whose question has a name in it.
pub(crate) fn ticket(id: &str) -> NotedTicket {
    let question = format!("{TITLE} {EMAIL}").into();
    NotedTicket { ticket: id.into(), question, at: at(0), thread: thread("1") }
}

/// The answer that is noted in a thread.
pub(crate) const NOTED: &str = "2.000002";

/// Leaves two unfinished jobs, two sessions, two noted answers, two installations and two people's tickets.
pub(crate) async fn leave(store: &dyn Store) {
    let Inbound::Question(mut asked) = question("1") else { unreachable!() };
    asked.text = Text::plain(format!("{WORDS} {EMAIL}"));
    asked.user = USER.into();
    let hold = begun(store, "1", Inbound::Question(asked)).await;
    let Inbound::Click(mut pressed) = click("2") else { unreachable!() };
    pressed.user = USER.into();
    begun(store, "2", Inbound::Click(pressed)).await;
    for root in ["1", "2"] {
        let mut kept: Session = (*session("customer-session-1")).clone();
        let asker: UserId = USER.into();
        kept.askers.push(asker.clone());
        let question = Private::from(WORDS);
        let turn = Turn { message: "1".into(), asker, question, asked_at: at(0), answer: None };
        kept.put(Arc::new(turn), 10);
        store.save_session(&hold, &thread(root), Arc::new(kept), at(0)).await.unwrap();
        store.note_answer(&thread(root), &USER.into(), &NOTED.into(), NOTE.into(), at(0)).await.unwrap();
    }
    store.block(&Private::from(PERSON), at(10), at(0)).await.unwrap();
    for id in ["T1", "T2"] {
        // What it was before is gone, too.
        for _ in 0..2 {
            assert!(store.save_installation(&workspace(id), record(id), None).await.unwrap());
        }
        store.count(&workspace(id), Counted::Question, jiff::civil::date(2027, 1, 15)).await.unwrap();
    }
    for id in ["U1", "U2"] {
        for n in 0..12 {
            store.note_ticket(&person(id), ticket(&format!("TKT-{n}")), at(0)).await.unwrap();
        }
        assert!(store.claim(&format!("welcome/{}", person(id)), at(9), at(0)).await.unwrap());
    }
}

/// Something that is being worked on, with an answer on its way.
async fn begun(store: &dyn Store, key: &str, inbound: Inbound) -> Hold {
    let accepted = accept(store, &[key], inbound, at(0)).await;
    let Acceptance::Start(hold) = accepted else { panic!("{accepted:?}") };
    let job = store.next(&hold).await.unwrap().unwrap();
    store.keep(&hold, &job.id, &answer(SAID)).await.unwrap();
    hold
}

/// The first of them that is somewhere in these bytes.
pub(crate) fn in_bytes(bytes: &[u8]) -> Option<&'static str> {
    let is_there =
        |canary: &str| bytes.windows(canary.len()).any(|it| it.eq_ignore_ascii_case(canary.as_bytes()));
    ALL.into_iter().find(|canary| is_there(canary))
}

/// The version of each installation.
pub(crate) async fn versions(store: &dyn Store) -> BTreeMap<String, u64> {
    let all = store.installations().await.unwrap().into_iter();
    all.map(|(of, kept)| (of.workspace.to_string(), kept.version)).collect()
}
