//! Slack's way of installing an app: what an admin allows, and what a code and a refresh token give.

use jiff::SignedDuration;

use super::*;

const BACK: &str = "https://app.example/callback";

/// Slack with Acme and, of the organisation Globex, East; where it is served, and its clock.
struct Installing {
    slack: Slack,
    clock: Arc<TestClock>,
    url: String,
}

impl Installing {
    async fn new() -> Self {
        let clock = Arc::new(TestClock(Mutex::new("2026-11-22T10:00:00Z".parse().unwrap())));
        let globex = Organisation { id: "E0GLOBEX".into(), name: "Globex".into() };
        let acme = Setup { bot_token: String::new().into(), ..Setup::default() };
        let east = Setup { team_id: "T0EAST".into(), organisation: Some(globex), ..acme.clone() };
        let app = App {
            client_id: "1.2".into(),
            client_secret: "hush".into(),
            redirect_urls: vec![BACK.into()],
            scopes: vec!["chat:write".into(), "users:read".into()],
            rotates: true,
        };
        let workspaces = [acme, east].map(|setup| Workspace::new(setup, clock.clone()));
        let slack = Slack::new(app, workspaces.to_vec());
        let url = listen(slack.router()).await;
        Self { slack, clock, url }
    }

    fn authorize(&self, more: &[(&str, &str)]) -> url::Url {
        let usual = [("client_id", "1.2"), ("scope", "chat:write"), ("redirect_uri", BACK), ("state", "s")];
        let usual = usual.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let mut url = url::Url::parse(&format!("{}/oauth/v2/authorize", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(usual.chain(more));
        url
    }

    /// What an admin's answer leads to.
    async fn answer(&self, place: &str, answer: &str) -> url::Url {
        let mut url = self.authorize(&[]);
        url.set_path("/oauth/v2/authorize/answer");
        let client = crate::http::client().unwrap();
        let sent = client.post(url).form(&[("where", place), ("answer", answer)]).send().await.unwrap();
        sent.headers()["location"].to_str().unwrap().parse().unwrap()
    }

    async fn code(&self, place: &str) -> String {
        self.answer(place, "allow")
            .await
            .query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1
            .into_owned()
    }

    async fn access(&self, secret: &str, form: &[(&str, &str)]) -> Value {
        let call = crate::http::client().unwrap().post(format!("{}/api/oauth.v2.access", self.url));
        call.basic_auth("1.2", Some(secret)).form(form).send().await.unwrap().json().await.unwrap()
    }

    async fn exchange(&self, code: &str) -> Value {
        self.access("hush", &[("code", code), ("redirect_uri", BACK)]).await
    }

    async fn test(&self, token: &Value) -> Value {
        let call = crate::http::client().unwrap().post(format!("{}/api/auth.test", self.url));
        call.bearer_auth(token.as_str().unwrap()).send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn an_admins_answer_leads_back_with_the_state_and_a_code_that_is_good_once() {
    let world = Installing::new().await;
    let back = world.answer("T0ACME", "allow").await;
    assert!(back.as_str().starts_with(BACK) && back.query().unwrap().ends_with("&state=s"), "{back}");
    let code = world.code("T0ACME").await;
    let granted = world.exchange(&code).await;
    assert_eq!((&granted["team"]["id"], &granted["expires_in"]), (&json!("T0ACME"), &json!(43200)));
    assert_eq!(granted["is_enterprise_install"], false);
    assert_eq!(world.test(&granted["access_token"]).await["team_id"], "T0ACME");
    assert_eq!(world.exchange(&code).await["error"], "code_already_used");
    let cancelled = world.answer("T0ACME", "cancel").await;
    assert_eq!(cancelled.query(), Some("error=access_denied&state=s"));
}

#[tokio::test]
async fn an_organisations_token_names_no_team() {
    let world = Installing::new().await;
    let granted = world.exchange(&world.code("E0GLOBEX").await).await;
    assert_eq!((&granted["team"], &granted["enterprise"]["id"]), (&Value::Null, &json!("E0GLOBEX")));
    assert_eq!(granted["is_enterprise_install"], true);
    let refused = world.exchange(&world.code("T0EAST").await).await;
    assert_eq!(refused["error"], "cannot_install_an_org_installed_app");
}

#[tokio::test]
async fn what_an_app_asks_for_is_held_against_what_it_is_set_up_with() {
    let world = Installing::new().await;
    let client = crate::http::client().unwrap();
    assert_eq!(client.get(world.authorize(&[])).send().await.unwrap().status(), 200);
    for wrong in [
        ("client_id", "2.1"),
        ("scope", "admin"),
        ("scope", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("scopes", "chat:write"),
    ] {
        let answer = client.get(world.authorize(&[wrong])).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong:?}");
    }
    assert_eq!(world.slack.violations().len(), 5);
}

#[tokio::test]
async fn a_call_with_anything_wrong_gives_no_token() {
    let world = Installing::new().await;
    let code = world.code("T0ACME").await;
    let back = ("redirect_uri", BACK);
    for (secret, form, error) in [
        ("loud", [("code", &*code), back], "bad_client_secret"),
        ("hush", [("code", "guessed"), back], "invalid_code"),
        ("hush", [("code", &*code), ("redirect_uri", "https://app.example/")], "bad_redirect_uri"),
        ("hush", [("code", &*code), ("client_secret", "hush")], "invalid_arg_name"),
        ("hush", [("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_refresh_token"),
        ("hush", [("grant_type", "refresh_token"), ("code", &*code)], "invalid_arguments"),
    ] {
        assert_eq!(world.access(secret, &form).await["error"], error);
    }
    *world.clock.0.lock().unwrap() += SignedDuration::from_secs(600);
    assert_eq!(world.exchange(&code).await["error"], "invalid_code", "it has ended");
}

#[tokio::test]
async fn a_token_ends_and_a_refresh_token_gives_another_once() {
    let world = Installing::new().await;
    let first = world.exchange(&world.code("T0ACME").await).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", first["refresh_token"].as_str().unwrap())];
    *world.clock.0.lock().unwrap() += SignedDuration::from_hours(12);
    assert_eq!(world.test(&first["access_token"]).await["error"], "token_expired");
    let second = world.access("hush", &form).await;
    assert_eq!(world.test(&second["access_token"]).await["ok"], true);
    assert_eq!(world.access("hush", &form).await["error"], "invalid_refresh_token");
    assert_eq!(world.slack.violations().len(), 1, "nobody may do that");
    world.slack.uninstall("T0ACME");
    assert_eq!(world.test(&second["access_token"]).await["error"], "token_revoked");
}
