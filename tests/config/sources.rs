//! Where values come from: the defaults, a file, the environment, files of secrets.

use threadbridge::config::ConfigError;
use threadbridge::directory::SourceKind;

use super::{TempFile, load, load_file};

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "[server]\nport = 4000\nhost = \"::1\"\n[log]\nformat = \"json\"\n";
    let config = load_file(file, &[("PORT", "5000")]).unwrap();
    assert_eq!((config.server.port, config.server.host.as_str()), (5000, "::1"));
    assert_eq!(config.server.max_connections, 1024);
}

#[test]
fn the_plain_names_set_their_keys() {
    let config = load(&[
        ("SLACK_BOT_TOKEN", "xoxb-1"),
        ("SLACK_SIGNING_SECRET", "s"),
        ("SLACK_CLIENT_ID", "3336676569.3336680001"),
        ("SLACK_CLIENT_SECRET", "0012e3"),
        ("PUBLIC_URL", "https://threadbridge.example.com/"),
        ("SLACK_API_URL", "http://slack.example/api"),
        ("AGENT_URL", "http://agent.example"),
        ("AGENT_KIND", "support"),
        ("DIRECTORY_FILE", "people.csv"),
        ("DIRECTORY_URL", "http://crm.example"),
        ("STORE_URL", "memory:"),
        ("SEAL_KEY", "0123456789abcdef"),
        ("PORT", "1"),
        ("HOST", "127.0.0.1"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.slack.bot_token.as_deref().map(String::as_str), Some("xoxb-1"));
    assert_eq!(config.slack.signing_secrets()[0].as_str(), "s");
    assert_eq!(config.slack.api_url, "http://slack.example/api");
    assert_eq!(
        (config.slack.client_id.as_str(), config.slack.client_secret.as_str()),
        ("3336676569.3336680001", "0012e3")
    );
    assert_eq!(config.server.public_url().unwrap().unwrap().as_str(), "https://threadbridge.example.com/");
    assert_eq!(
        (config.agent.url.as_str(), config.agent.kind.to_string()),
        ("http://agent.example", "support".into())
    );
    assert_eq!(config.directory.file.as_deref().unwrap().to_str(), Some("people.csv"));
    assert_eq!(config.directory.url.as_deref(), Some("http://crm.example"));
    assert_eq!(config.seal_secrets()[0], "0123456789abcdef");
    assert_eq!((config.server.port, config.server.host.as_str()), (1, "127.0.0.1"));
}

#[test]
fn what_looks_like_a_number_stays_a_text_where_a_text_is_meant() {
    let config = load(&[
        ("SLACK_SIGNING_SECRET", "0012e3"),
        ("SLACK_BOT_TOKEN", "true"),
        ("SEAL_KEY", "0x10203040506070"),
        ("DIRECTORY_TOKEN", "007"),
        ("THREADBRIDGE_CONVERSATION__CONTACT", " 0800 123 "),
    ]);
    let config = config.unwrap();
    assert_eq!(config.slack.signing_secrets()[0].as_str(), "0012e3");
    assert_eq!(config.slack.bot_token.as_ref().unwrap().as_str(), "true");
    assert_eq!(config.seal_secrets()[0], "0x10203040506070");
    assert_eq!(config.directory.token.unwrap().as_str(), "007");
    assert_eq!(config.conversation.contact, " 0800 123 ");
}

#[test]
fn lists_are_written_with_commas_and_blanks_around_numbers_do_no_harm() {
    let config = load(&[("THREADBRIDGE_DIRECTORY__SOURCES", "http, file ,"), ("PORT", " 80 ")]).unwrap();
    assert_eq!(config.directory.sources, [SourceKind::Http, SourceKind::File]);
    assert_eq!(config.server.port, 80);
}

#[test]
fn a_variable_may_name_a_file_that_holds_its_value() {
    let token = TempFile::new("token", "xoxb-from-a-file\n");
    let secret = TempFile::new("secret", "from a file\r\n");
    let port = TempFile::new("port", "81\n");
    let config = load(&[
        ("SLACK_BOT_TOKEN_FILE", token.path()),
        ("THREADBRIDGE_SLACK__SIGNING_SECRET_FILE", secret.path()),
        ("PORT_FILE", port.path()),
        ("DIRECTORY_FILE", "people.csv"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.slack.bot_token.as_ref().unwrap().as_str(), "xoxb-from-a-file");
    assert_eq!(config.slack.signing_secrets()[0].as_str(), "from a file");
    assert_eq!(config.server.port, 81);
    assert_eq!(config.directory.file.unwrap().to_str(), Some("people.csv"), "a key of its own");
}

#[test]
fn an_empty_text_means_not_set_wherever_it_is() {
    let empty = TempFile::new("empty", "\n");
    let config = load_file(
        "[directory]\nfile = \"\"\n[seal]\nkey = \"\"\n",
        &[
            ("PORT", ""),
            ("SEAL_KEY", ""),
            ("THREADBRIDGE_SERVER__HOST", ""),
            ("THREADBRIDGE_NONSENSE", ""),
            ("AGENT_URL_FILE", ""),
            ("AGENT_KIND_FILE", empty.path()),
            ("SLACK_BOT_TOKEN", "xoxb-1"),
            ("SLACK_BOT_TOKEN_FILE", ""),
            ("SLACK_SIGNING_SECRET", "secret"),
        ],
    );
    let config = config.unwrap();
    assert_eq!((config.server.port, config.server.host.as_str()), (3000, "0.0.0.0"));
    assert_eq!(config.agent.kind.to_string(), "customer");
    assert_eq!(config.seal_secrets(), ["secret"]);
}

#[test]
fn keys_of_their_own_seal_before_the_signing_secrets_do() {
    let secrets = |more: &[(&str, &str)]| {
        let rotating =
            [("SLACK_SIGNING_SECRET", " new "), ("THREADBRIDGE_SLACK__PREVIOUS_SIGNING_SECRET", "old")];
        load(&[&rotating[..], more].concat()).unwrap().seal_secrets()
    };
    assert_eq!(secrets(&[]), ["new", "old"]);
    assert_eq!(secrets(&[("SEAL_KEY", "0123456789abcdef")]), ["0123456789abcdef", "new", "old"]);
    let previous = ("THREADBRIDGE_SEAL__PREVIOUS_KEY", "fedcba9876543210");
    assert_eq!(
        secrets(&[("SEAL_KEY", "0123456789abcdef"), previous]),
        ["0123456789abcdef", "fedcba9876543210", "new", "old"]
    );
}

#[test]
fn a_mapping_is_written_in_a_file_or_in_the_environment() {
    let config = load_file(
        "[directory.profile]\nagent_id = \"Xf1\"\nname = \"name\"\n",
        &[
            ("THREADBRIDGE_DIRECTORY__PROFILE__AGENT_ID", "007"),
            ("THREADBRIDGE_DIRECTORY__PROFILE__OFFICE", "Xf2"),
        ],
    );
    let profile = config.unwrap().directory.profile;
    let pairs: Vec<_> = profile.iter().map(|(field, origin)| (field.as_str(), origin.as_str())).collect();
    assert_eq!(pairs, [("agent_id", "007"), ("name", "name"), ("office", "Xf2")]);
}

#[test]
fn what_kubernetes_sets_for_a_service_called_threadbridge_is_left_alone() {
    let of_kubernetes = [
        ("THREADBRIDGE_SERVICE_HOST", "10.0.0.1"),
        ("THREADBRIDGE_SERVICE_PORT", "80"),
        ("THREADBRIDGE_PORT", "tcp://10.0.0.1:80"),
        ("THREADBRIDGE_PORT_80_TCP_ADDR", "10.0.0.1"),
    ];
    assert_eq!(load(&of_kubernetes).unwrap().server.port, 3000);
    assert!(matches!(load(&[("THREADBRIDGE_PORT", "80")]), Err(ConfigError::UnknownVariable(_))));
}

#[test]
fn no_secret_is_shown_when_a_configuration_is_printed() {
    let secrets = [
        ("SLACK_BOT_TOKEN", "xoxb-canary"),
        ("SLACK_SIGNING_SECRET", "canary-1"),
        ("SLACK_CLIENT_SECRET", "canary-5"),
        ("THREADBRIDGE_SLACK__PREVIOUS_SIGNING_SECRET", "canary-2"),
        ("DIRECTORY_TOKEN", "canary-3"),
        ("SEAL_KEY", "canary-4567890123"),
        ("THREADBRIDGE_SEAL__PREVIOUS_KEY", "canary-4567890123"),
    ];
    assert!(!format!("{:?}", load(&secrets).unwrap()).contains("canary"));
}
