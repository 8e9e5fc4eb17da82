//! The program as it is started: help, mistakes, looking people up, health, stopping.

#[path = "support/file.rs"]
mod file;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use file::TempFile;
use insta::assert_snapshot;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/directory.csv");
/// What the bridge needs to start; nobody listens at these addresses.
const SETTINGS: [(&str, &str); 6] = [
    ("SLACK_BOT_TOKEN", "xoxb-1"),
    ("SLACK_SIGNING_SECRET", "signing-secret"),
    ("SLACK_API_URL", "http://127.0.0.1:9/api"),
    ("AGENT_URL", "http://127.0.0.1:9"),
    ("DIRECTORY_FILE", DIRECTORY),
    ("HOST", "127.0.0.1"),
];

/// The program with these arguments and nothing of this process's environment.
fn threadbridge(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadbridge"));
    command.args(arguments).env_clear();
    command
}

/// The exit code, and what was printed.
fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut told = format!("exit code {}", output.status.code().unwrap());
    for (name, text) in [("stdout", text(&output.stdout)), ("stderr", text(&output.stderr))] {
        if !text.is_empty() {
            told += &format!("\n--- {name}\n{}", text.trim_end());
        }
    }
    told
}

/// A bridge that serves; killed when a test ends early.
struct Serving {
    process: Child,
    log: BufReader<std::process::ChildStderr>,
    port: String,
}

impl Serving {
    /// Starts on a free port and waits until the log says which.
    fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with other settings, too.
    fn start_with(more: &[(&str, &str)]) -> Self {
        let mut command = threadbridge(&["serve"]);
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

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_help_says_what_can_be_done() {
    assert_snapshot!(told(&threadbridge(&["--help"]).output().unwrap()), @"
    exit code 0
    --- stdout
    Answers questions from Slack threads with a CRM's customer agent

    Usage: threadbridge [OPTIONS] [COMMAND]

    Commands:
      serve        Serve Slack's webhooks (the default)
      demo         See the bridge at work, here in the terminal: no Slack, no CRM and no configuration needed
      healthcheck  Ask the bridge on this machine whether it is ready; exit code 0 means yes
      directory    Look into the directory
      help         Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  Your configuration file; config/default.toml explains every key
      -h, --help           Print help
      -V, --version        Print version

    To serve, set at least these in the environment, or in your file:
      SLACK_BOT_TOKEN       the bot token of your Slack app (xoxb-…)
      SLACK_SIGNING_SECRET  its signing secret
      AGENT_URL             the base URL of the customer agent
      DIRECTORY_FILE        who people are in the CRM: a CSV or JSON file (or see [directory])
    ");
    assert_snapshot!(told(&threadbridge(&["directory", "lookup", "--help"]).output().unwrap()), @"
    exit code 0
    --- stdout
    Show who an e-mail address is in the CRM, or what is missing

    Usage: threadbridge directory lookup [OPTIONS] <EMAIL>

    Arguments:
      <EMAIL>  The e-mail address

    Options:
          --config <FILE>  Your configuration file; config/default.toml explains every key
      -h, --help           Print help
    ");
}

#[test]
fn the_version_is_the_packages() {
    let told = told(&threadbridge(&["--version"]).output().unwrap());
    assert_eq!(told, concat!("exit code 0\n--- stdout\nthreadbridge ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_word_that_is_no_command_is_told_with_those_that_are() {
    assert_snapshot!(told(&threadbridge(&["sevre"]).output().unwrap()), @"
    exit code 2
    --- stderr
    error: unrecognized subcommand 'sevre'

      tip: a similar subcommand exists: 'serve'

    Usage: threadbridge [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
}

#[test]
fn without_secrets_it_does_not_start_and_says_why_in_one_sentence() {
    assert_snapshot!(told(&threadbridge(&[]).output().unwrap()), @"
    exit code 1
    --- stderr
    threadbridge: slack.bot_token is missing: set SLACK_BOT_TOKEN to the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions)
    ");
    assert_snapshot!(told(&threadbridge(&["serve"]).env("PORT", "many").output().unwrap()), @"
    exit code 1
    --- stderr
    threadbridge: PORT=many: server.port must be a whole number
    ");
    assert_snapshot!(told(&threadbridge(&["--config", "/nowhere.toml"]).output().unwrap()), @"
    exit code 1
    --- stderr
    threadbridge: the configuration file /nowhere.toml cannot be read: No such file or directory (os error 2)
    ");
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
        let mut serving = Serving::start_with(&[("SLACK_API_URL", api_url)]);
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
