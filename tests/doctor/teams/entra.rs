//! Microsoft's side: the token, the signing keys, and the clock.

use axum::Router;
use axum::http::{StatusCode, header};
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::json;

use super::{Consulate, LOGIN_URL, METADATA_URL};
use crate::microsoft::key_server;
use crate::microsoft::login_server::Health;
use crate::world::host;

#[tokio::test]
async fn a_refusal_of_entra_is_told_with_its_code_and_what_to_do() {
    let consulate = Consulate::alone().await;
    let finds = async |code| {
        consulate.entra.is(Health::Refuses(code));
        consulate.finds(&[]).await
    };
    assert_snapshot!(finds(7_000_215).await, @"
    ❌ teams  Entra gives no token: AADSTS7000215, the client secret is not the app's
              → CLIENT_SECRET is not the app's: copy the Value, not the Secret ID, of a secret in Entra → App registrations → the app → Certificates & secrets
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(7_000_222).await, @"
    ❌ teams  Entra gives no token: AADSTS7000222, the client secret has ended
              → CLIENT_SECRET has ended: make a new one in Entra → App registrations → the app → Certificates & secrets
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(7_000_229).await, @"
    ❌ teams  Entra gives no token: AADSTS7000229, the app has no service principal in the tenant
              → open Entra → App registrations → the app → Overview, press Create Service Principal (beside Managed application in local directory), and start again
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(700_016).await, @"
    ❌ teams  Entra gives no token: AADSTS700016, the tenant does not know the app
              → the tenant does not know the app: CLIENT_ID and TENANT_ID must both be from the app's Overview in Entra → App registrations
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(90_002).await, @"
    ❌ teams  Entra gives no token: AADSTS90002, there is no such tenant
              → there is no such tenant: TENANT_ID is the Directory (tenant) ID on the app's Overview in Entra → App registrations
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(53_003).await, @"
    ❌ teams  Entra gives no token: AADSTS53003
              → see https://login.microsoftonline.com/error?code=53003
    1 to mend, 0 to look at.
    ");
    consulate.practice.close().await;
}

#[tokio::test]
async fn the_id_of_a_secret_in_the_place_of_its_value_is_seen_before_entra_refuses_it() {
    let consulate = Consulate::alone().await;
    let id = "0a1b2c3d-1111-2222-3333-44445555ABCD";
    let date = [(header::DATE, "Sun, 22 Nov 2026 12:00:00 GMT")];
    let refusal = move || (StatusCode::UNAUTHORIZED, date, json!({"error_codes": [7_000_215]}).to_string());
    let refusing = Router::new().fallback(async move || refusal());
    let changes = [("CLIENT_SECRET", id), (LOGIN_URL, &*host(refusing).await)];
    let told = consulate.finds(&changes).await;
    assert_snapshot!(told, @"
    ⚠️ secrets  CLIENT_SECRET has the shape of a secret's ID, and not of its value
                → copy the Value, not the Secret ID, of a secret in Entra → App registrations → the app → Certificates & secrets
    ❌ teams    Entra gives no token: AADSTS7000215, the client secret is not the app's
                → CLIENT_SECRET is not the app's: copy the Value, not the Secret ID, of a secret in Entra → App registrations → the app → Certificates & secrets
    1 to mend, 1 to look at.
    ");
    assert!(!told.contains(id));
    consulate.practice.close().await;
}

#[tokio::test]
async fn a_login_that_cannot_be_reached_is_told_from_one_that_is_not_microsofts() {
    let consulate = Consulate::alone().await;
    let nowhere = [(LOGIN_URL, "http://127.0.0.1:9")];
    assert_snapshot!(consulate.finds(&nowhere).await, @"
    ➖ clock  Microsoft does not answer
    ❌ teams  Microsoft's login cannot be reached: the connection is refused
              → let this machine reach what teams.login_url names (leave it out for the public cloud)
    1 to mend, 0 to look at; 1 not looked at.
    ");
    let proxied = [nowhere[0], ("HTTP_PROXY", "http://canary:canary@proxy.example:3128")];
    assert_snapshot!(consulate.finds(&proxied).await, @"
    ➖ clock  Microsoft does not answer
    ❌ teams  Microsoft's login cannot be reached: the connection is refused, through the proxy proxy.example:3128 (HTTP_PROXY)
              → let this machine reach what teams.login_url names (leave it out for the public cloud); or, if it is in your own network, add its host to NO_PROXY, because HTTP_PROXY is set
    ✅ keys   Teams' signing keys can be fetched: 1, through the proxy proxy.example:3128 (HTTP_PROXY)
    ✅ agent  says that it is healthy; new threads speak with customer, through the proxy proxy.example:3128 (HTTP_PROXY)
    1 to mend, 0 to look at; 1 not looked at.
    ");
    consulate.entra.is(Health::Hangs);
    assert_snapshot!(consulate.finds(&[]).await, @"
    ➖ clock  Microsoft does not answer
    ❌ teams  Microsoft's login does not answer in time
              → let this machine reach what teams.login_url names (leave it out for the public cloud)
    1 to mend, 0 to look at; 1 not looked at.
    ");
    for (status, health) in [(503, None), (429, None), (302, None), (200, Some(json!("canary")))] {
        consulate.entra.is(health.map_or(Health::Down(status), Health::Odd));
        let told = consulate.finds(&[]).await;
        insta::allow_duplicates! {
            match status {
                503 => assert_snapshot!(told, @"
                ❌ teams  Microsoft's login answers with status 503
                          → see https://azure.status.microsoft, and what stands between it and this machine
                1 to mend, 0 to look at.
                "),
                429 => assert_snapshot!(told, @"
                ⚠️ teams  Microsoft's login limits the rate of calls just now
                          → try again in a minute
                It works; 1 to look at.
                "),
                _ => assert_snapshot!(told, @"
                ❌ teams  what answers is not Microsoft's login
                          → check teams.login_url (leave it out for the public cloud), and what stands between it and this machine
                1 to mend, 0 to look at.
                "),
            }
        }
    }
    consulate.practice.close().await;
}

#[tokio::test]
async fn signing_keys_that_cannot_be_fetched_are_told() {
    let consulate = Consulate::alone().await;
    assert_snapshot!(consulate.finds(&[(METADATA_URL, "http://127.0.0.1:9/canary")]).await, @"
    ❌ keys  nothing from Teams is let in without its signing keys, and their server cannot be reached: the connection is refused
             → let this machine reach what teams.metadata_url names (leave it out for the public cloud)
    1 to mend, 0 to look at.
    ");
    let finds = async |health| {
        consulate.keys.is(health);
        consulate.finds(&[]).await
    };
    assert_snapshot!(finds(key_server::Health::Down(502)).await, @"
    ❌ keys  nothing from Teams is let in without its signing keys, and their server does not give them: the answer has status 502 Bad Gateway
             → check teams.metadata_url (leave it out for the public cloud), and what stands between it and this machine
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(key_server::Health::Odd("<html>canary".to_owned())).await, @"
    ❌ keys  nothing from Teams is let in without its signing keys, and their server does not give them: the document has no usable key
             → check teams.metadata_url (leave it out for the public cloud), and what stands between it and this machine
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(key_server::Health::Elsewhere("https://canary.example".to_owned())).await, @"
    ❌ keys  nothing from Teams is let in without its signing keys, and their server does not give them: the metadata does not say where on its own host the keys are
             → check teams.metadata_url (leave it out for the public cloud), and what stands between it and this machine
    1 to mend, 0 to look at.
    ");
    assert_snapshot!(finds(key_server::Health::Hangs).await, @"
    ❌ keys  nothing from Teams is let in without its signing keys, and their server does not answer in time
             → let this machine reach what teams.metadata_url names (leave it out for the public cloud)
    1 to mend, 0 to look at.
    ");
    consulate.practice.close().await;
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_before_it_makes_tokens_bad() {
    let consulate = Consulate::alone().await;
    let Consulate { practice, .. } = &consulate;
    let finds = async |seconds| {
        practice.differs(practice.examine_at(None, &[], SignedDuration::from_secs(seconds)).await)
    };
    assert_snapshot!(finds(29).await, @"All is well.");
    assert_snapshot!(finds(-45).await, @"
    ⚠️ clock  this machine's clock is 45 s behind Microsoft's
              → turn time synchronisation on: `timedatectl set-ntp true`
    It works; 1 to look at.
    ");
    assert_snapshot!(finds(250).await, @"
    ❌ clock  this machine's clock is 249 s ahead of Microsoft's: requests are refused from 300 s on
              → turn time synchronisation on: `timedatectl set-ntp true`
    1 to mend, 0 to look at.
    ");
    consulate.practice.close().await;
}
