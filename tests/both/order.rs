//! Order inside a thread, parallel across threads: nothing out of order, nothing twice, nothing lost.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use threadbridge::demo::agent::{Answer, Ask, Endpoint, Scripted};

use crate::chat::{Chat, Letter, Room, Who, on_both, on_both_with};

const THREADS: usize = 8;
/// One that the agent is busy with, and as many as may wait.
const MESSAGES: usize = 9;

fn echo(ask: &Ask) -> Scripted {
    Scripted::Answer(Answer::confident(format!("Answer to {}", ask.message)))
}

/// Mixes letters, in the same way in every run (xorshift64*).
fn mix(letters: &mut [Letter]) {
    let mut dice = 0x5EED_u64;
    for last in (1..letters.len()).rev() {
        dice ^= dice >> 12;
        dice ^= dice << 25;
        dice ^= dice >> 27;
        let roll = dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        letters.swap(last, usize::try_from(roll).unwrap() % (last + 1));
    }
}

#[tokio::test]
async fn questions_that_come_at_once_are_answered_one_after_the_other() {
    let seen = on_both(echo, async |chat| {
        let faults = chat.agent().faults();
        faults.hold(Endpoint::Chat);
        let thread = chat.begins(Who::Jane, Room::Lettings, "One?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        chat.adds(Who::Tom, &thread, "Two?").await;
        chat.adds(Who::Jane, &thread, "Three?").await;
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        assert_eq!(chat.questions(), ["One?", "Two?", "Three?"]);
        chat.thread(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Jane Smith
        @Threadbridge One?
      Tom Baker
        @Threadbridge Two?
      Jane Smith
        @Threadbridge Three?
      Threadbridge
        Answer to One?
        · Very sure · 92 %
        [👍 Helpful] [👎 Not helpful]
      Threadbridge
        Answer to Two?
        · Very sure · 92 %
        [👍 Helpful] [👎 Not helpful]
      Threadbridge
        Answer to Three?
        · Very sure · 92 %
        [👍 Helpful] [👎 Not helpful]
    teams:
      Jane Smith
        @Threadbridge One?
      Tom Baker
        @Threadbridge Two?
      Jane Smith
        @Threadbridge Three?
      Threadbridge
        Answer to One?

        Very sure · 92 %
        · AIGeneratedContent
        [👍] [👎]
      Threadbridge
        Answer to Two?

        Very sure · 92 %
        · AIGeneratedContent
        [👍] [👎]
      Threadbridge
        Answer to Three?

        Very sure · 92 %
        · AIGeneratedContent
        [👍] [👎]
    ");
}

#[tokio::test]
async fn a_slow_thread_holds_up_no_other() {
    on_both_with(&[("THREADBRIDGE_AGENT__ASK_DEADLINE_SECONDS", "140")], echo, async |chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let slow = chat.begins(Who::Jane, Room::Lettings, "Slow?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        chat.adds(Who::Jane, &slow, "Behind it?").await;
        for (room, text) in [(Room::Lettings, "One?"), (Room::Sales, "Two?"), (Room::Direct, "Three?")] {
            chat.begins(Who::Tom, room, text).await;
            if room == Room::Direct {
                // All three reach the agent, and the one behind the slow one does not.
                chat.agent().faults().waiting(Endpoint::Chat, 4).await;
            }
        }
        assert!(!chat.questions().contains(&"Behind it?".to_owned()));
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        assert_eq!(chat.questions().last().map(String::as_str), Some("Behind it?"));
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn shuffled_and_doubled_deliveries_get_one_answer_each_and_in_order() {
    on_both_with(
        &[("THREADBRIDGE_AGENT__ASK_DEADLINE_SECONDS", "140")],
        echo,
        async |chat: &mut dyn Chat| {
            chat.agent().faults().hold(Endpoint::Chat);
            let letter = |thread, number| {
                chat.letter(thread, number, &format!("This is question {number} of thread {thread}?"))
            };
            // The first of each, so that what follows has to wait for it.
            let first: Vec<Letter> = (0..THREADS).map(|thread| letter(thread, 0)).collect();
            let mut rest: Vec<Letter> = (0..THREADS)
                .flat_map(|thread| (1..MESSAGES).map(move |number| (thread, number)))
                .flat_map(|(thread, number)| [letter(thread, number), letter(thread, number)])
                .collect();
            mix(&mut rest);
            for letter in &first {
                chat.delivers(letter).await;
            }
            chat.agent().faults().waiting(Endpoint::Chat, THREADS).await;
            for letter in first.iter().chain(&rest) {
                chat.delivers(letter).await;
            }
            chat.agent().faults().open(Endpoint::Chat);
            chat.idle().await;
            for letter in &rest {
                chat.delivers(letter).await;
            }
            chat.idle().await;
            let mut by_session = BTreeMap::<String, Vec<String>>::new();
            for body in chat.told(Endpoint::Chat) {
                let [session, text] =
                    ["session_id", "message"].map(|field| body[field].as_str().unwrap().to_owned());
                by_session.entry(session).or_default().push(text);
            }
            let mut asked: Vec<Vec<String>> = by_session.into_values().collect();
            asked.sort();
            for (thread, asked) in asked.iter().enumerate() {
                let expected: Vec<String> = (0..MESSAGES)
                    .map(|number| format!("This is question {number} of thread {thread}?"))
                    .collect();
                assert_eq!(*asked, expected);
                let shown = chat.shown(&chat.thread_of(thread));
                let answers: Vec<&str> =
                    shown.lines().filter_map(|line| line.trim().strip_prefix("Answer to ")).collect();
                assert_eq!(answers, expected);
            }
            assert_eq!(asked.len(), THREADS);
            // Whoever seems to have said something twice is told so, once.
            let told = chat.whispers(Who::Jane);
            assert!(told.matches("asked exactly this").count() <= THREADS * (MESSAGES - 1), "{told}");
            chat.see_all();
            String::new()
        },
    )
    .await;
}

#[tokio::test]
async fn what_is_delivered_again_is_done_once() {
    on_both(crate::world::doubtful, async |chat| {
        let thread = chat.asks("How do I reset a password?").await;
        chat.press(&thread, "Yes, Create Ticket").await;
        let seen = chat.shown(&thread);
        for _ in 0..3 {
            chat.delivers_all_again().await;
            chat.idle().await;
        }
        assert_eq!((chat.questions().len(), chat.tickets()), (1, 1));
        assert_eq!(chat.shown(&thread), seen);
        String::new()
    })
    .await;
}

#[tokio::test]
async fn what_was_refused_is_answered_when_it_is_delivered_again_under_whatever_name() {
    on_both_with(&[("THREADBRIDGE_STORE__MAX_INBOX", "1")], echo, async |chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins(Who::Tom, Room::Sales, "First?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        let letter = chat.letter(0, 1, "And what comes second, please?");
        assert_eq!(chat.tries(&letter).await, [503, 503]);
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        // Only the last of its deliveries has come again.
        chat.delivers(&letter.last()).await;
        chat.idle().await;
        assert_eq!(chat.questions(), ["First?", "And what comes second, please?"]);
        assert_eq!(chat.said(&thread).len(), 1);
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn a_press_does_not_overtake_the_question_before_it() {
    on_both(crate::world::confident, async |chat| {
        let thread = chat.asks("Why?").await;
        let answer = chat.last(&thread);
        chat.agent().faults().hold(Endpoint::Chat);
        chat.adds(Who::Jane, &thread, "And then?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        chat.begins_to_press(Who::Jane, &answer, "👍").await;
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        let calls = chat.agent().calls().into_iter().map(|call| call.endpoint);
        let calls: Vec<Endpoint> = calls.filter(|endpoint| *endpoint != Endpoint::Health).collect();
        assert_eq!(calls, [Endpoint::Chat, Endpoint::Chat, Endpoint::Feedback]);
        chat.see_all();
        String::new()
    })
    .await;
}

#[tokio::test]
async fn who_asks_when_too_many_wait_is_told_and_can_ask_again() {
    let one = [("THREADBRIDGE_CONVERSATION__MAX_WAITING", "1")];
    let seen = on_both_with(&one, echo, async |chat| {
        chat.agent().faults().hold(Endpoint::Chat);
        let thread = chat.begins(Who::Tom, Room::Lettings, "One?").await;
        chat.agent().faults().waiting(Endpoint::Chat, 1).await;
        for text in ["Two?", "Three?"] {
            chat.adds(Who::Jane, &thread, text).await;
        }
        chat.agent().faults().open(Endpoint::Chat);
        chat.idle().await;
        assert_eq!(chat.questions(), ["One?", "Two?"]);
        let told = chat.whispers(Who::Jane);
        chat.pressed_by(Who::Jane, &chat.last_whisper(Who::Jane), "Ask again").await;
        assert_eq!(chat.questions(), ["One?", "Two?", "Three?"]);
        chat.see_all();
        told
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge (only visible to you)
        I'm still answering earlier questions here. Please ask again in a moment.
        [Ask again]
    teams:
      Threadbridge (only visible to you)
        I'm still answering earlier questions here. Please ask again in a moment.
        [Ask again]
    ");
}
