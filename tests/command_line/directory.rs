//! Looking people up, and what is said of the directory's file.

use std::process::Output;

use insta::assert_snapshot;

use super::file::TempFile;
use super::{threadbridge, told};

#[test]
fn looking_somebody_up_shows_who_they_are_or_what_is_missing() {
    let rows = "agent_id,email,name,phone,agency,office\n\
                1,jane.smith@company.com,Jane Smith,+27123456789,Sales,Cape Town\n\
                2,tom.baker@company.com,Tom Baker,,,\n";
    let file = TempFile::new("people.csv", rows);
    let look_up = |email: &str| {
        let mut command = threadbridge(&["directory", "lookup", email]);
        let output = command.env("DIRECTORY_FILE", file.path()).output().unwrap();
        // What the log says of the file stands on stderr, with the time.
        told(&Output { stderr: Vec::new(), ..output })
    };
    assert_snapshot!(look_up("JANE.Smith@company.com"), @r#"
    exit code 0
    --- stdout
    {
      "agent_id": "1",
      "email": "jane.smith@company.com",
      "name": "Jane Smith",
      "phone": "+27123456789",
      "agency": "Sales",
      "office": "Cape Town"
    }
    "#);
    assert_snapshot!(look_up("tom.baker@company.com"), @"
    exit code 1
    --- stdout
    tom.baker@company.com is in the directory without agency, office
    ");
    assert_snapshot!(look_up("nova.reed@company.com"), @"
    exit code 1
    --- stdout
    nova.reed@company.com is not in the directory
    ");
}

#[test]
fn the_log_says_how_many_people_a_directory_file_has_and_which_lines_want_a_look() {
    let rows = "agent_id,email,name,shoes,agency,office\n\
                1,jane.smith@company.com,Jane Smith,39,Sales,Cape Town\n\
                2,tom.baker@company.com,Tom Baker,,,\n\
                3,gus.green,Gus Green,,Sales,Durban\n";
    let file = TempFile::new("people.csv", rows);
    let mut command = threadbridge(&["directory", "lookup", "jane.smith@company.com"]);
    let output = command.env("DIRECTORY_FILE", file.path()).env("THREADBRIDGE_LOG__FORMAT", "json").output();
    let log = String::from_utf8(output.unwrap().stderr).unwrap();
    let lines = log.lines().map(|line| {
        let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
        let said = event.as_object_mut().unwrap();
        said.retain(|field, _| !["timestamp", "target", "file"].contains(&field.as_str()));
        event.to_string()
    });
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    {"level":"WARN","line":1,"message":"directory file: column 4 is not a field of user_info and is ignored"}
    {"level":"WARN","line":3,"message":"directory file: the row lacks agency, office"}
    {"level":"WARN","line":4,"message":"directory file: the email has no @, so nobody can have it"}
    {"incomplete":1,"level":"INFO","message":"the directory file was loaded","people":3}
    "#);
    assert!(!log.contains("gus") && !log.contains("tom"), "{log}");
}

#[test]
fn looking_somebody_up_in_a_directory_that_is_down_fails_and_says_why() {
    let mut command = threadbridge(&["directory", "lookup", "jane.smith@company.com"]);
    command.env("THREADBRIDGE_DIRECTORY__SOURCES", "http").env("DIRECTORY_URL", "http://127.0.0.1:9/people");
    command.env("THREADBRIDGE_LOG__FORMAT", "json");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @"the directory cannot be asked now; the log above says why");
    let log: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_snapshot!(log["message"].as_str().unwrap(), @"the HTTP directory is down");
    assert!(!log.to_string().contains("jane"), "{log}");
}

#[test]
fn a_directory_file_that_is_broken_is_told_with_its_line() {
    let file =
        TempFile::new("people.csv", "agent_id,email,name,agency,office\n1,jane.smith@company.com,Jane\n");
    let mut command = threadbridge(&["directory", "lookup", "jane.smith@company.com"]);
    let output = command.env("DIRECTORY_FILE", file.path()).output().unwrap();
    assert_snapshot!(told(&output).replace(file.path(), "FILE"), @"
    exit code 1
    --- stderr
    threadbridge: the directory file FILE is broken: line 2: the row has 3 fields, the header has 5
    ");
}
