//! The page as a browser without a script gets it: headers, refusals, forms, and what is escaped.

use reqwest::{Client, Response, StatusCode};
use threadbridge::demo::Own;

use crate::demo::{Demo, elsewhere};

const LETTINGS: [(&str, &str); 2] = [("as", "U0JANE"), ("channel", "C0LETTINGS")];

fn client() -> Client {
    threadbridge::http::local_client().unwrap()
}

async fn post(demo: &Demo, path: &str, fields: &[(&str, &str)]) -> Response {
    let fields: Vec<_> = LETTINGS.iter().chain(fields).collect();
    client().post(format!("{}{path}", demo.url())).form(&fields).send().await.unwrap()
}

async fn page(demo: &Demo, query: &str) -> String {
    let answer = client().get(format!("{}/?{query}", demo.url())).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.unwrap()
}

/// Where a form leads to.
fn location(answer: &Response) -> &str {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()["location"].to_str().unwrap().strip_prefix("/?").unwrap()
}

#[tokio::test]
async fn every_answer_forbids_scripts_and_frames_of_others_and_is_not_kept() {
    let demo = Demo::open().await;
    for path in ["/", "/page.css", "/page.js", "/icon.svg", "/nowhere"] {
        let answer = client().get(format!("{}{path}", demo.url())).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
    }
    assert_eq!(demo.close().await, [""; 0]);
}

#[tokio::test]
async fn another_host_and_another_pages_form_are_refused_and_change_nothing() {
    let demo = Demo::open().await;
    let get = client().get(format!("{}/", demo.url())).header("host", "evil.example").send().await.unwrap();
    assert_eq!(get.status(), StatusCode::FORBIDDEN);
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("host", "evil.example"),
    ] {
        let fields = [("as", "U0JANE"), ("channel", "C0LETTINGS"), ("text", "hello"), ("mention", "1")];
        let sent = client().post(format!("{}/say", demo.url())).header(name, value).form(&fields);
        assert_eq!(sent.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(demo.stage.slack().roots("#lettings"), []);
    assert_eq!(demo.close().await, [""; 0]);
}

#[tokio::test]
async fn without_a_script_one_asks_by_a_form_and_reads_by_a_link() {
    let demo = Demo::open().await;
    let answer = post(&demo, "/say", &[("text", "How do I undo an import?"), ("mention", "1")]).await;
    let thread = location(&answer).to_owned();
    let mut html = page(&demo, &thread).await;
    while !html.contains("👍 Helpful") {
        html = page(&demo, &thread).await;
    }
    assert!(html.contains("Undo an import") && html.contains(r#"action="/press""#));
    let bot = demo.stage.slack().roots("#lettings").pop().unwrap();
    let reply = demo.stage.slack().thread("#lettings", &bot.ts).pop().unwrap();
    let root = thread.split("thread=").nth(1).unwrap().to_owned();
    let pressed = post(&demo, "/press", &[("thread", &root), ("on", &reply.ts), ("button", "👍")]).await;
    let thread = location(&pressed).to_owned();
    while !page(&demo, &thread).await.contains("Thanks for your feedback!") {}
    let behind = page(&demo, &format!("{thread}&message={}", reply.ts)).await;
    for part in [
        "x-slack-signature",
        "/slack/interactions",
        "/api/agent/customer/",
        "/api/feedback",
        "chat.postMessage",
        "chat.update",
        "rated: helpful",
        " ms",
    ] {
        assert!(behind.contains(part), "{part}");
    }
    assert_eq!(demo.close().await, [""; 0]);
}

#[tokio::test]
async fn what_anybody_wrote_is_escaped_everywhere() {
    let demo = Demo::open().await;
    let hostile = "<img src=x onerror=alert(1)>";
    let said = post(&demo, "/say", &[("text", hostile)]).await;
    let thread = location(&said).to_owned();
    post(&demo, "/article", &[("title", hostile), ("text", &format!("{hostile}\n\n<b>x</b>"))]).await;
    let root = thread.split("thread=").nth(1).unwrap().to_owned();
    for query in [thread.clone(), format!("{thread}&message={root}"), format!("{thread}&panel=knowledge")] {
        let html = page(&demo, &query).await;
        assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"), "{query}");
        assert!(!html.contains("<img") && !html.contains("<b>"), "{query}");
    }
    assert_eq!(demo.close().await, [""; 0]);
}

#[tokio::test]
async fn what_is_not_there_is_a_404_and_what_is_too_long_is_refused() {
    let demo = Demo::open().await;
    for query in [
        "as=U404",
        "channel=C404",
        "as=U0SARA&channel=C0LETTINGS",
        "thread=1.000001",
        "message=1.000001",
        "channel=D0TOM",
    ] {
        let answer = client().get(format!("{}/?{query}", demo.url())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{query}");
    }
    let answer = client().get(format!("{}/nowhere", demo.url())).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let long = "x".repeat(12_001);
    assert_eq!(post(&demo, "/say", &[("text", &long)]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(post(&demo, "/say", &[("text", " \r\n ")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let huge = "x".repeat(300 * 1024);
    assert_eq!(post(&demo, "/say", &[("text", &huge)]).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let text = "x".repeat(20_001);
    assert_eq!(
        post(&demo, "/article", &[("title", "t"), ("text", &text)]).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        post(&demo, "/press", &[("on", "1.000001"), ("button", "x")]).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(demo.stage.slack().roots("#lettings"), []);
    assert_eq!(demo.close().await, [""; 0]);
}

#[tokio::test]
async fn an_agent_of_ones_own_is_on_record_and_its_switches_are_disabled() {
    let demo = Demo::with(Own { agent_url: Some(elsewhere().await), ..Own::default() }).await;
    let (root, behind) = demo.stage.ask("Jane", "#lettings", "How do I undo an import?").await;
    assert_eq!(
        behind.calls.iter().map(|call| (call.path.as_str(), call.status)).collect::<Vec<_>>(),
        [("/api/agent/customer/", 200)]
    );
    assert!(behind.calls[0].answered()["response"].as_str().unwrap().contains("Undo"));
    let html = page(&demo, &format!("as=U0JANE&channel=C0LETTINGS&thread={root}&panel=switches")).await;
    assert!(html.contains("These are disabled"));
    let knowledge = page(&demo, "as=U0JANE&panel=knowledge").await;
    assert!(knowledge.contains("A real agent answers here"));
    assert_eq!(demo.close().await, [""; 0]);
}

#[tokio::test]
async fn a_rate_limit_is_told_privately_and_over_when_the_agent_is_normal_again() {
    let demo = Demo::open().await;
    let turned = post(&demo, "/switch", &[("switch", "agent"), ("value", "rate-limiting")]).await;
    assert!(
        page(&demo, &format!("{}&panel=switches", location(&turned)))
            .await
            .contains(r#"value="rate-limiting" aria-pressed="true""#)
    );
    demo.stage.ask("Jane", "#lettings", "How do I undo an import?").await;
    assert!(page(&demo, "as=U0JANE").await.contains("reached your query limit"));
    assert!(!page(&demo, "as=U0TOM").await.contains("reached your query limit"));
    post(&demo, "/switch", &[("switch", "agent"), ("value", "normal")]).await;
    let whisper = demo.stage.slack().ephemerals("Jane").pop().unwrap();
    demo.stage.press("Jane", "#lettings", &whisper.ts, "Ask again").await;
    let root = demo.stage.slack().roots("#lettings").pop().unwrap();
    assert!(demo.stage.slack().transcript("#lettings", &root.ts).contains("For 14 days"));
    assert_eq!(demo.close().await, [""; 0]);
}

#[tokio::test]
async fn a_bot_that_slack_limits_waits_and_a_slack_without_new_features_gets_older_forms() {
    let demo = Demo::open().await;
    post(&demo, "/switch", &[("switch", "slack-limits"), ("value", "on")]).await;
    post(&demo, "/switch", &[("switch", "native-feedback"), ("value", "off")]).await;
    let (root, _) = demo.stage.ask("Jane", "#lettings", "How do I undo an import?").await;
    let refused =
        demo.stage.slack().calls_of("chat.postMessage").iter().filter(|call| call.status == 429).count();
    assert_eq!(refused, 2);
    let answer = demo.stage.slack().thread("#lettings", &root).pop().unwrap();
    let html = page(&demo, &format!("as=U0JANE&thread={root}&message={}", answer.ts)).await;
    assert!(html.contains(r#"value="helpful""#) && html.contains("ratelimited"));
    assert_eq!(demo.close().await, [""; 0]);
}

#[tokio::test]
async fn an_article_that_is_added_is_answered_from() {
    let demo = Demo::open().await;
    let added =
        post(&demo, "/article", &[("title", "Parking at the office"), ("text", "Park in the *courtyard*.")])
            .await;
    assert!(
        page(&demo, &format!("{}&panel=knowledge", location(&added)))
            .await
            .contains("Park in the <em>courtyard</em>.")
    );
    let (root, _) = demo.stage.ask("Jane", "#lettings", "Where is parking at the office?").await;
    assert!(
        page(&demo, &format!("as=U0JANE&thread={root}")).await.contains("Park in the <em>courtyard</em>.")
    );
    assert_eq!(demo.close().await, [""; 0]);
}
