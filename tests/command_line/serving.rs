//! A bridge that serves: its port, its health, its first call to Slack, and how it stops.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use insta::assert_snapshot;

use super::file::TempFile;
use super::{SETTINGS, threadbridge, told};

/// A bridge that serves; killed when a test ends early.
struct Serving {
    process: Child,
    log: BufReader<std::process::ChildStderr>,
    port: String,
}

impl Serving {
    /// Starts on a free port and waits until the log says which.
    fn start() -> Self {
        Self::start_with(&[], &[])
    }

    /// The same, with other settings and arguments, too.
    fn start_with(more: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = threadbridge(&["serve"]);
        command.args(arguments);
        command.envs(SETTINGS).env("PORT", "0").env("THREADBRIDGE_LOG__FORMAT", "json");
        command.envs(more.iter().copied());
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let serves = logged(&mut log, |event| event["message"] == "threadbridge serves");
        let port = serves["address"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
        Self { process, log, port }
    }

    /// The next event about this.
    fn logs_about(&mut self, word: &str) -> serde_json::Value {
        logged(&mut self.log, |event| event["message"].as_str().unwrap().contains(word))
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits until it has stopped; returns its exit code and the rest of its log.
    fn stopped(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        (self.process.wait().unwrap().code(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The next event of a log that is meant.
fn logged(log: &mut impl BufRead, is_meant: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it has stopped");
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if is_meant(&event) {
            return event;
        }
    }
}

/// A server that gives every request with the body `{}` the same answer; it ends with the process. Returns its URL.
fn always(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"{}") && stream.read(&mut byte).unwrap() == 1 {
                request.push(byte[0]);
            }
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        }
    });
    url
}

#[test]
fn a_port_that_is_taken_is_told_with_its_key() {
    let first = Serving::start();
    let mut second = threadbridge(&["serve"]);
    second.envs(SETTINGS).env("PORT", &first.port).env("THREADBRIDGE_LOG__FILTER", "warn");
    let output = second.output().unwrap();
    assert_snapshot!(told(&output).replace(&first.port, "PORT"), @"
    exit code 1
    --- stderr
    threadbridge: cannot listen on 127.0.0.1:PORT (server.host, server.port): Address already in use (os error 98)
    ");
    first.signal("TERM");
    assert_eq!(first.stopped().0, Some(0));
}

#[test]
fn the_health_of_a_bridge_that_serves_is_good_and_of_none_is_not() {
    let serving = Serving::start();
    let check = |port: &str| {
        let output = threadbridge(&["healthcheck"]).env("PORT", port).output().unwrap();
        told(&output).replace(port, "PORT")
    };
    let told = check(&serving.port);
    assert!(told.starts_with("exit code 0\n--- stdout\n{") && told.contains(r#""status":"ready""#), "{told}");
    let port = serving.port.clone();
    serving.signal("TERM");
    assert_eq!(serving.stopped().0, Some(0));
    assert_snapshot!(check(&port), @"
    exit code 1
    --- stderr
    threadbridge: nothing answers at http://127.0.0.1:PORT/readyz: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)
    ");
}

#[test]
fn the_log_tells_a_token_that_slack_refuses_from_a_slack_that_cannot_be_reached() {
    let introduced = |api_url: &str| {
        let mut serving = Serving::start_with(&[("SLACK_API_URL", api_url)], &[]);
        let event = serving.logs_about("slack");
        let told =
            ["level", "message", "error", "bot"].map(|field| event[field].as_str().unwrap_or("-").to_owned());
        serving.signal("TERM");
        assert_eq!(serving.stopped().0, Some(0));
        told.join("\n")
    };
    assert_snapshot!(introduced("http://127.0.0.1:9/api"), @"
    WARN
    slack cannot be reached, or what answers is not slack: check the network, HTTPS_PROXY and SLACK_API_URL
    slack cannot be reached
    -
    ");
    assert_snapshot!(introduced(&always(r#"{"ok":false,"error":"invalid_auth"}"#)), @"
    ERROR
    slack refuses the bot token: check SLACK_BOT_TOKEN, or install the app again, and restart
    slack refused: invalid_auth
    -
    ");
    assert_snapshot!(introduced(&always("<html>Please sign in to the network</html>")), @"
    WARN
    slack cannot be reached, or what answers is not slack: check the network, HTTPS_PROXY and SLACK_API_URL
    slack's answer is unknown: the answer is not JSON
    -
    ");
    assert_snapshot!(introduced(&always(r#"{"ok":true,"user_id":"U0BRIDGE","team_id":"T0ACME"}"#)), @"
    INFO
    slack accepts the bot token
    -
    U0BRIDGE
    ");
}

#[test]
fn a_signal_ends_it_well_and_the_log_says_so() {
    for signal in ["TERM", "INT"] {
        let serving = Serving::start();
        serving.signal(signal);
        let (code, log) = serving.stopped();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("stopping: new deliveries are refused") && log.contains("\"stopped\""), "{log}");
        assert!(!log.contains("xoxb-1") && !log.contains("signing-secret"), "{log}");
    }
}

#[test]
fn a_changed_file_is_read_again_at_once_when_asked_for_and_by_itself_otherwise() {
    let file = TempFile::new("rules.toml", "");
    let mut serving = Serving::start_with(&[], &["--config", file.path()]);
    file.write("[[rule]]\nanswers = \"nothing\"\n[server]\nmax_connections = 7");
    serving.signal("HUP");
    assert_eq!(serving.logs_about("after a restart only")["key"], "server.max_connections");
    assert_eq!(serving.logs_about("its rules are in force")["rules"], 1);
    file.write("[[rule]]\nanswers = \"nothing\"\n[[rule]]\nanswers = \"all\"");
    let error = serving.logs_about("stays in force")["error"].to_string();
    assert!(error.contains("rule[1].answers cannot be used"), "{error}");
    serving.signal("TERM");
    assert_eq!(serving.stopped().0, Some(0));
}
