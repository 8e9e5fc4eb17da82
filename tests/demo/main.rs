//! `threadbridge demo`, as somebody runs it: the real binary, its whole output, and how it ends.
#![cfg(feature = "demo")]

mod ends;
mod own;

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

/// What stands before the page's port.
const PAGE: &str = "The same workspace in your browser: http://127.0.0.1:";

/// The demo in an environment that is set up for a real bridge, behind a proxy that cannot be reached.
fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadbridge"));
    command.arg("demo").args(arguments);
    let elsewhere = "http://127.0.0.1:9";
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "AGENT_URL", "SLACK_API_URL"] {
        command.env(name, elsewhere);
    }
    command.env("SLACK_BOT_TOKEN", "xoxb-of-a-real-app").env("THREADBRIDGE_NO__SUCH_KEY", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// What the demo prints when these lines are typed; it must end well and say nothing beside it.
fn shown(arguments: &[&str], typed: &str) -> String {
    let mut demo = start(arguments);
    demo.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let Output { status, stdout, stderr } = demo.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(stderr).unwrap(), "");
    assert_eq!(status.code(), Some(0));
    let text = String::from_utf8(stdout).unwrap();
    assert!(!text.contains('\x1b'), "a pipe gets no colours");
    for line in text.lines() {
        assert!(textwrap::core::display_width(line) <= 80, "{line}");
    }
    without_times_and_port(&text)
}

/// What comes after the play.
fn after_the_play(typed: &str) -> String {
    let text = shown(&[], typed);
    let (_, after) = text.split_once("else you can type.\n").unwrap();
    after.to_owned()
}

fn without_times_and_port(text: &str) -> String {
    let mut pieces: Vec<&str> = text.split(" UTC.").collect();
    let last = pieces.len() - 1;
    for piece in &mut pieces[..last] {
        *piece = &piece[..piece.len() - "00:00".len()];
    }
    let text = pieces.join("hh:mm UTC.");
    match text.split_once(PAGE) {
        Some((before, after)) => {
            let after = after.trim_start_matches(|character: char| character.is_ascii_digit());
            format!("{before}{PAGE}port{after}")
        }
        None => text,
    }
}

#[test]
fn the_play_shows_what_the_bridge_posted() {
    insta::assert_snapshot!(shown(&["--once"], ""), @"
    Threadbridge's demo: the real bridge between a simulated Slack workspace and a
    small agent that knows ten help articles. It needs no Slack and no CRM, and
    nothing leaves this machine. Only the questions and the presses are scripted.
    Beside the bars is what people see in Slack; “behind” are the HTTP requests that
    led to it, with their status.

    ── 1. A good answer ────────────────────────────────────────────────────────────
    Jane mentions the bot in a channel. The bridge looks up who she is in the CRM,
    asks the agent on her behalf, and answers in a thread: with sources, so that
    people can check, and with a rating, so that the knowledge base gets better.

      ┌ #lettings, as Jane sees it
      │ Jane Smith
      │   @Threadbridge I forgot my password. What can I do?
      │
      │ Threadbridge
      │   Reset a password: Reset your own password
      │
      │   1. On the sign-in page, choose Forgot password?
      │   2. Enter the e-mail address that you sign in with.
      │   3. Open the e-mail that arrives within a few minutes and choose Set a new
      │      password.
      │   4. Type the new password twice and save.
      │
      │   The link in the e-mail works once and for 60 minutes. If it has expired,
      │   simply ask for another one.
      │   · Sources: Reset a password
      │   · Very sure · 94 %
      │   [👍 Helpful] [👎 Not helpful]
      └
        behind: Slack → bridge POST /slack/events 200, 200 (a mention comes twice)
                bridge → agent POST /api/agent/customer/ 200

    → Jane presses [👍 Helpful]

      ┌ #lettings, as Jane sees it
      │ ⋮ as above
      │ Threadbridge
      │   ⋮
      │   Thanks for your feedback!
      └
        behind: Slack → bridge POST /slack/interactions 200
                bridge → agent POST /api/feedback 200

    ── 2. A follow-up ──────────────────────────────────────────────────────────────
    In her own thread Jane just writes on, without a mention. A thread is one
    session, so the agent knows what she is still talking about.

      ┌ #lettings, as Jane sees it
      │ ⋮ as above
      │ Jane Smith
      │   And for a colleague?
      │
      │ Threadbridge
      │   Reset a password: Reset a colleague's or user's password
      │
      │   You need the Administrator role.
      │
      │   1. Open Settings > User management and search for the user.
      │   2. Choose Reset password in the row's menu.
      │   3. Decide whether the user's open sessions end at once. After a lost phone
      │      or laptop they should.
      │
      │   The user gets the same e-mail as above. You never see or choose their
      │   password.
      │   · Sources: Reset a password · Notification settings · Schedule a viewing
      │   · Very sure · 88 %
      │   [👍 Helpful] [👎 Not helpful]
      └
        behind: Slack → bridge POST /slack/events 200
                bridge → agent POST /api/agent/customer/ 200

    ── 3. No good answer: a support ticket ─────────────────────────────────────────
    The agent is not sure. The bridge records the failure at once, so that the gap
    in the knowledge base is known, and offers a ticket. A support agent gets it
    with the whole conversation.

      ┌ #lettings, as Jane sees it
      │ Jane Smith
      │   @Threadbridge How do I fix error code X1234?
      │
      │ Threadbridge
      │   I'm not confident I can help with this. The closest that I found is Split
      │   a commission, which may not be what you are looking for.
      │   · Sources: Split a commission · Import contacts from a spreadsheet ·
      │     Two-factor sign-in
      │   · Unsure · 23 %
      │   I couldn't find a confident answer. Would you like to create a support
      │   ticket?
      │   [Yes, Create Ticket] [No Thanks]
      └
        behind: Slack → bridge POST /slack/events 200, 200 (a mention comes twice)
                bridge → agent POST /api/agent/customer/ 200
                bridge → agent POST /api/agent-failure/ 200

    → Jane presses [Yes, Create Ticket]

      ┌ #lettings, as Jane sees it
      │ ⋮ as above
      │ Threadbridge
      │   ⋮
      │   Hi Jane, I've created support ticket #9630 for you and emailed a copy to
      │   jane.smith@company.com for your reference. A support agent will reach out
      │   to you shortly with more details.
      └
        behind: Slack → bridge POST /slack/interactions 200
                bridge → agent POST /api/agent-failure/kb-failure-1/create-ticket
                  200

    ── 4. The agent's rate limit ───────────────────────────────────────────────────
    For this step the agent lets each person ask one question in ten minutes, and
    Tom asks three. What is only his business is told privately; and until his time
    is over, nothing is sent to the agent.

      ┌ #lettings, as Tom sees it
      │ Tom Baker
      │   @Threadbridge Which passwords are accepted?
      │
      │ Threadbridge
      │   Reset a password: Which passwords are accepted
      │
      │   - At least 12 characters; a sentence of four or five words is easiest to
      │     remember.
      │   - Not one of your last five passwords, and not on the public lists of
      │     leaked ones.
      │   - Spaces and accents are fine.
      │   · Sources: Reset a password
      │   · Very sure · 92 %
      │   [👍 Helpful] [👎 Not helpful]
      └
        behind: Slack → bridge POST /slack/events 200, 200 (a mention comes twice)
                bridge → agent POST /api/agent/customer/ 200

      ┌ #lettings, as Tom sees it
      │ Tom Baker
      │   @Threadbridge How do I undo an import?
      │
      │ Threadbridge (only visible to you)
      │   You've reached your query limit. Please try again in 10 minutes. You can
      │   ask again from hh:mm UTC.
      │   [Ask again]
      └
        behind: Slack → bridge POST /slack/events 200, 200 (a mention comes twice)
                bridge → agent POST /api/agent/customer/ 429

      ┌ #lettings, as Tom sees it
      │ Tom Baker
      │   @Threadbridge How do I book a viewing?
      │
      │ Threadbridge (only visible to you)
      │   You've reached your query limit. Please try again in 10 minutes. You can
      │   ask again from hh:mm UTC.
      │   [Ask again]
      └
        behind: Slack → bridge POST /slack/events 200, 200 (a mention comes twice)
                the agent was not called

    ── Where to go next ────────────────────────────────────────────────────────────
    That was the play. To put the bridge behind your own Slack and your own agent,
    follow “Go live” in README.md.
    ");
}

#[test]
fn it_ends_with_its_input_and_is_the_same_play_then() {
    let once = shown(&["--once"], "");
    let whole = shown(&[], "");
    let whole = whole.replacen(&format!("\n{PAGE}port/\n"), "", 1);
    let rest = whole.strip_prefix(&once).unwrap();
    insta::assert_snapshot!(rest, @"
    Now it is your turn: you are Jane. Ask anything about the CRM; `help` shows what
    else you can type.
    ");
}

#[test]
fn questions_are_answered_and_buttons_are_pressed() {
    let typed = "How do I undo an import?\n+1\n-1\nyes\n";
    insta::assert_snapshot!(after_the_play(typed), @"

      ┌ #lettings, as Jane sees it
      │ Jane Smith
      │   @Threadbridge How do I undo an import?
      │
      │ Threadbridge
      │   Import contacts from a spreadsheet: Undo an import
      │
      │   For 14 days, Contacts > Import > History > Undo removes what an import
      │   added and puts back what it changed.
      │   Contacts that somebody has edited since are left alone and listed.
      │   · Sources: Import contacts from a spreadsheet
      │   · Very sure · 98 %
      │   [👍 Helpful] [👎 Not helpful]
      └
        behind: Slack → bridge POST /slack/events 200, 200 (a mention comes twice)
                bridge → agent POST /api/agent/customer/ 200

    → Jane presses [👍 Helpful]

      ┌ #lettings, as Jane sees it
      │ ⋮ as above
      │ Threadbridge
      │   ⋮
      │   Thanks for your feedback!
      └
        behind: Slack → bridge POST /slack/interactions 200
                bridge → agent POST /api/feedback 200

    The last message has no button [👎 Not helpful].

    The last message has no button [Yes, Create Ticket].
    ");
}

#[test]
fn a_ticket_can_be_declined_and_the_thread_goes_on() {
    let typed = "Where is the coffee machine?\nno\n> and the tea?\nquit\nnever read\n";
    insta::assert_snapshot!(after_the_play(typed), @"

      ┌ #lettings, as Jane sees it
      │ Jane Smith
      │   @Threadbridge Where is the coffee machine?
      │
      │ Threadbridge
      │   I'm not confident I can answer that: I found nothing about it in the
      │   knowledge base.
      │   · Unsure · 0 %
      │   I couldn't find a confident answer. Would you like to create a support
      │   ticket?
      │   [Yes, Create Ticket] [No Thanks]
      └
        behind: Slack → bridge POST /slack/events 200, 200 (a mention comes twice)
                bridge → agent POST /api/agent/customer/ 200
                bridge → agent POST /api/agent-failure/ 200

    → Jane presses [No Thanks]

      ┌ #lettings, as Jane sees it
      │ ⋮ as above
      │ Threadbridge
      │   ⋮
      │   No problem! Feel free to ask another question.
      └
        behind: Slack → bridge POST /slack/interactions 200
                bridge → agent POST /api/agent-failure/kb-failure-2/decline 200

      ┌ #lettings, as Jane sees it
      │ ⋮ as above
      │ Jane Smith
      │   and the tea?
      │
      │ Threadbridge
      │   I'm not confident I can answer that: I found nothing about it in the
      │   knowledge base.
      │   · Unsure · 0 %
      │   I couldn't find a confident answer. Would you like to create a support
      │   ticket?
      │   [Yes, Create Ticket] [No Thanks]
      └
        behind: Slack → bridge POST /slack/events 200
                bridge → agent POST /api/agent/customer/ 200
                bridge → agent POST /api/agent-failure/ 200
    ");
}

#[test]
fn help_says_what_can_be_typed() {
    insta::assert_snapshot!(after_the_play("help\n"), @"
    Type a question: Jane mentions the bot with it in #lettings.
      > text     goes on in the last thread, without a mention
      +1, -1     rate the last answer
      yes, no    take or leave the ticket that is offered
      again      press [Ask again], where something went wrong
      help       shows this
      quit       ends the demo; so do Ctrl-D and Ctrl-C
    ");
}

#[test]
fn what_would_steer_the_terminal_reaches_it_as_text() {
    let text = after_the_play("What is \x1b[2J in <b>bold</b> & *stars*?\n");
    assert!(text.contains("What is [2J in <b>bold</b> &"), "{text}");
}
