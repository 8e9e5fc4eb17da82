//! What somebody does in the browser, and what they see then.

use fantoccini::key::Key;
use threadbridge::demo::Mood;

use crate::browser::{DESKTOP, PHONE, browse};

#[tokio::test]
async fn an_answer_comes_with_its_sources_and_a_rating_is_thanked() {
    browse(DESKTOP, async |tab| {
        tab.ask("How do I undo an import?").await;
        tab.says("thread", "Undo an import").await;
        tab.says("thread", "Sources: Import contacts from a spreadsheet").await;
        tab.press("thread", "👍 Helpful").await;
        tab.says("thread", "Thanks for your feedback!").await;
        assert_eq!(tab.count("thread", "Not helpful").await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_unsure_answer_becomes_a_ticket_and_the_person_gets_its_number() {
    browse(DESKTOP, async |tab| {
        tab.ask("How do I fix error code X1234?").await;
        tab.says("thread", "Would you like to create a support ticket?").await;
        tab.press("thread", "Yes, Create Ticket").await;
        tab.says("thread", "Hi Jane, I've created support ticket #9630 for you").await;
        assert_eq!(tab.demo.stage.agent().unwrap().tickets().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_delivered_twice_is_answered_once() {
    browse(DESKTOP, async |tab| {
        tab.goto("as=U0JANE&channel=C0LETTINGS&panel=switches").await;
        tab.find("[aria-label='Everything is delivered twice'][aria-checked=false]")
            .await
            .click()
            .await
            .unwrap();
        tab.find("[aria-label='Everything is delivered twice'][aria-checked=true]").await;
        tab.ask("How do I undo an import?").await;
        tab.press("thread", "👍 Helpful").await;
        tab.says("thread", "Thanks for your feedback!").await;
        assert_eq!(tab.count("thread", "Sources:").await, 1);
        let told = tab.demo.stage.slack().deliveries();
        let again = told.iter().filter(|one| one.headers.iter().any(|(name, _)| name == "x-slack-retry-num"));
        assert!(again.count() >= 2, "a mention is two events, and each came twice");
    })
    .await;
}

#[tokio::test]
async fn a_button_from_before_a_restart_still_works() {
    browse(DESKTOP, async |tab| {
        tab.ask("How do I fix error code X1234?").await;
        tab.says("thread", "Yes, Create Ticket").await;
        tab.press("menu", "Switches").await;
        tab.press("panel", "Restart").await;
        tab.says("panel", "Restarted once").await;
        tab.press("thread", "Yes, Create Ticket").await;
        tab.says("thread", "I've created support ticket #9630").await;
    })
    .await;
}

#[tokio::test]
async fn who_is_not_in_the_directory_is_told_so_and_nobody_else_sees_it() {
    browse(DESKTOP, async |tab| {
        tab.press("menu", "Nova Reed").await;
        tab.find("[placeholder='Message #lettings as Nova Reed']").await;
        tab.ask("How do I undo an import?").await;
        tab.says("columns", "Only visible to you").await;
        tab.says("columns", "find you in the CRM's directory").await;
        tab.says("thread", "A message only visible to you is in the channel").await;
        tab.press("menu", "Jane Smith").await;
        tab.find("#thread [placeholder$='as Jane Smith']").await;
        assert_eq!(tab.count("columns", "Only visible to you").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_place_that_is_not_there_is_said_and_leads_back() {
    browse(DESKTOP, async |tab| {
        tab.goto("as=U0SARA&channel=C0BOARD").await;
        tab.says("notice", "There is no such channel").await;
        tab.press("notice", "Go to the demo's start").await;
        tab.find("#columns").await;
    })
    .await;
}

#[tokio::test]
async fn html_in_a_message_stays_text_and_no_script_runs() {
    browse(DESKTOP, async |tab| {
        let hostile = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>";
        tab.ask(hostile).await;
        tab.says("channel", hostile).await;
        tab.says("thread", "Would you like to create a support ticket?").await;
        tab.press("menu", "Knowledge").await;
        tab.find("#article-title").await.send_keys(hostile).await.unwrap();
        tab.find("#article-text").await.send_keys(&format!("{hostile}\nzebra")).await.unwrap();
        tab.press("panel", "Add the article").await;
        tab.says("panel", "own_011").await;
        tab.ask("What is a zebra?").await;
        tab.says("thread", "zebra").await;
        let script = "return [window.hacked ?? null, document.querySelectorAll('#columns img, #columns script').length]";
        assert_eq!(tab.run(script).await, serde_json::json!([null, 0]));
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_press_is_answered_privately() {
    browse(DESKTOP, async |tab| {
        tab.ask("How do I undo an import?").await;
        tab.says("thread", "👍 Helpful").await;
        tab.press("menu", "Tom Baker").await;
        tab.find("#thread [placeholder$='as Tom Baker']").await;
        tab.press("thread", "👍 Helpful").await;
        tab.says("thread", "Only visible to you").await;
        assert_eq!(tab.count("thread", "Thanks").await, 0);
    })
    .await;
}

#[tokio::test]
async fn behind_a_message_are_the_request_the_agents_json_the_posts_and_the_turn() {
    browse(DESKTOP, async |tab| {
        tab.ask("How do I undo an import?").await;
        tab.says("thread", "👍 Helpful").await;
        tab.find("#thread li:last-child .inspect").await.click().await.unwrap();
        tab.says("panel", "answered, not rated").await;
        tab.press("panel", "POST /slack/events app_mention").await;
        tab.says("panel", "x-slack-signature: v0=").await;
        tab.press("panel", "POST /api/agent/customer/").await;
        tab.says("panel", "\u{22}agent_id\u{22}: \u{22}hb-2001\u{22}").await;
        tab.says("panel", "chat.postMessage").await;
        tab.press("thread", "👍 Helpful").await;
        tab.says("panel", "rated: helpful").await;
        tab.says("panel", "POST /api/feedback").await;
        tab.says("panel", "chat.update").await;
    })
    .await;
}

#[tokio::test]
async fn half_typed_text_the_focus_and_open_details_survive_what_others_do() {
    browse(DESKTOP, async |tab| {
        tab.press("menu", "Knowledge").await;
        tab.press("panel", "Reset a password").await;
        tab.find("#channel textarea").await.send_keys("half a que").await.unwrap();
        tab.demo.stage.ask("Tom", "#lettings", "Which passwords are accepted?").await;
        tab.says("channel", "Which passwords are accepted?").await;
        tab.says("channel", "1 reply").await;
        let script =
            "return [document.activeElement.value, document.querySelectorAll('#panel details[open]').length]";
        assert_eq!(tab.run(script).await, serde_json::json!(["half a que", 1]));
    })
    .await;
}

#[tokio::test]
async fn the_keyboard_alone_is_enough_to_ask() {
    browse(DESKTOP, async |tab| {
        let focused = "return document.activeElement.tagName + ' ' + (document.activeElement.placeholder ?? document.activeElement.textContent)";
        let type_keys = async |keys: &str| {
            let active = tab.client.active_element().await.unwrap();
            active.send_keys(keys).await.unwrap();
        };
        type_keys(&Key::Tab.to_string()).await;
        assert_eq!(tab.run(focused).await, "A Skip to the channel");
        type_keys(&Key::Enter.to_string()).await;
        for _ in 0..60 {
            type_keys(&Key::Tab.to_string()).await;
            if tab.run(focused).await == "TEXTAREA Message #lettings as Jane Smith" {
                break;
            }
        }
        type_keys("How do I undo an import?").await;
        type_keys(&Key::Enter.to_string()).await;
        tab.says("thread", "👍 Helpful").await;
    })
    .await;
}

#[tokio::test]
async fn on_a_phone_one_part_is_shown_at_a_time_and_nothing_is_wider_than_the_screen() {
    browse(PHONE, async |tab| {
        let fits = async |part: &str| {
            let script = "const root = document.scrollingElement;
                const shown = [...document.getElementById('columns').children].filter((one) => one.checkVisibility());
                return [root.scrollWidth <= 390, shown.map((one) => one.id).join()]";
            assert_eq!(tab.run(script).await, serde_json::json!([true, part]));
        };
        fits("channel").await;
        tab.ask("How do I undo an import?").await;
        tab.says("thread", "👍 Helpful").await;
        fits("thread").await;
        tab.find("#thread li:last-child .inspect").await.click().await.unwrap();
        tab.says("panel", "Bridge → agent").await;
        tab.run("document.querySelectorAll('#panel details').forEach((one) => { one.open = true })").await;
        fits("panel").await;
        tab.press("panel", "Back").await;
        tab.press("thread", "Channel").await;
        tab.press("channel", "Menu").await;
        tab.says("menu", "Lerato Dube").await;
        fits("menu").await;
        tab.press("menu", "Switches").await;
        tab.says("panel", "Restart the bridge").await;
        fits("panel").await;
    })
    .await;
}

#[tokio::test]
async fn a_slow_agent_is_announced_until_its_answer_comes() {
    browse(DESKTOP, async |tab| {
        tab.demo.stage.set_mood(Mood::Slow).await.unwrap();
        tab.ask("How do I undo an import?").await;
        tab.says("thread", "Threadbridge is looking that up…").await;
        tab.says("thread", "👍 Helpful").await;
        assert_eq!(tab.count("columns", "is looking that up").await, 0);
    })
    .await;
}
