//! The directory, and somebody in it.

use axum::Router;
use axum::http::StatusCode;
use insta::assert_snapshot;

use super::Practice;
use crate::file::TempFile;
use crate::world::host;

#[tokio::test]
async fn a_directory_that_does_not_open_is_told() {
    let practice = Practice::open().await;
    assert_snapshot!(practice.finds(&[("DIRECTORY_FILE", "")]).await, @r#"
    ❌ directory  `directory.file` is not set: give it, or DIRECTORY_FILE, the path of a CSV or JSON file, or take "file" out of `directory.sources`
                  → set DIRECTORY_FILE in the environment, or file under [directory] in your file
    ➖ person     nobody can be looked up
    1 to mend, 0 to look at; 1 not looked at.
    "#);
    let file = TempFile::new("people.csv", "agent_id;email;name;agency;office\n1;canary@company.com;C;S;T\n");
    let told = practice.finds(&[("DIRECTORY_FILE", file.path())]).await;
    assert_snapshot!(told.replace(file.path(), "FILE"), @"
    ❌ directory  the directory file FILE is broken: line 1: the columns are separated by semicolons: save the file with commas (in a spreadsheet: CSV, comma-separated, UTF-8)
                  → mend FILE
    ➖ person     nobody can be looked up
    1 to mend, 0 to look at; 1 not looked at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn who_is_incomplete_or_missing_is_told() {
    let practice = Practice::open().await;
    let header = "agent_id,email,name,agency,office\n";
    let file =
        TempFile::new("people.csv", &format!("{header}1,jane.smith@company.com,Jane,,\n2,tom,Tom,S,T\n"));
    let finds = async || practice.finds(&[("DIRECTORY_FILE", file.path())]).await;
    assert_snapshot!(finds().await, @"
    ⚠️ directory  people in the file: 2, of them incomplete: 1
                  → in DIRECTORY_FILE line 2: the row lacks agency, office; line 3: the email has no @, so nobody can have it
    ❌ person     jane.smith@company.com is in the directory without agency, office: the bridge tells them so
                  → give their entry agency, office
    1 to mend, 1 to look at.
    ");
    file.write(&format!("{header}2,tom@company.com,Tom,S,T\n"));
    assert_snapshot!(finds().await, @"
    ✅ directory  people in the file: 1, of them incomplete: 0
    ❌ person     jane.smith@company.com is not in the directory: the bridge tells them so and asks nobody
                  → add them, by the e-mail address or the Slack id (slack_user_id) that they have in Slack
    1 to mend, 0 to look at.
    ");
    file.write(header);
    assert_snapshot!(finds().await, @"
    ⚠️ directory  the file has nobody in it
                  → a line for each person in DIRECTORY_FILE, by the e-mail address that they have in Slack
    ❌ person     jane.smith@company.com is not in the directory: the bridge tells them so and asks nobody
                  → add them, by the e-mail address or the Slack id (slack_user_id) that they have in Slack
    1 to mend, 1 to look at.
    ");
    practice.close().await;
}

#[tokio::test]
async fn an_http_lookup_that_does_not_work_is_told() {
    let practice = Practice::open().await;
    let sick = host(Router::new().fallback(async || StatusCode::UNAUTHORIZED)).await;
    let changes =
        [("THREADBRIDGE_DIRECTORY__SOURCES", "http"), ("DIRECTORY_FILE", ""), ("DIRECTORY_URL", &sick)];
    assert_snapshot!(practice.finds(&changes).await, @r#"
    ✅ directory  opens; the HTTP lookup is asked with --email only
    ❌ person     the HTTP lookup does not answer as it must
                  → `curl -i "$DIRECTORY_URL?email=…"` must say 200 with a user_info, or 404; check DIRECTORY_URL and DIRECTORY_TOKEN
    1 to mend, 0 to look at.
    "#);
    let changes = [
        ("THREADBRIDGE_DIRECTORY__SOURCES", "http"),
        ("DIRECTORY_FILE", ""),
        ("DIRECTORY_URL", "http://crm.invalid"),
    ];
    let told = practice.finds(&changes).await;
    assert!(told.contains("⚠️ directory  directory.url begins with http://"), "{told}");
    practice.close().await;
}
