//! Every mistake stops the start with one sentence that names the key, where it was set, and the fix.

use insta::assert_snapshot;

use super::{NEEDED, complaint, load, load_file};

/// Takes away the file that [`super::NEEDED`] has.
const NO_FILE: (&str, &str) = ("DIRECTORY_FILE", "");

#[test]
fn a_missing_secret_is_named_with_where_to_find_it() {
    assert_snapshot!(complaint("", &[("SLACK_BOT_TOKEN", "")]), @"slack.bot_token is missing: set SLACK_BOT_TOKEN to the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions), or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to let admins install it in their workspaces");
    assert_snapshot!(complaint("", &[("SLACK_SIGNING_SECRET", " ")]), @"SLACK_SIGNING_SECRET: slack.signing_secret is missing: set SLACK_SIGNING_SECRET to the Signing Secret of your app (Basic Information)");
    assert_snapshot!(complaint("", &[("SLACK_BOT_TOKEN", "xoxb-canary secret")]), @"SLACK_BOT_TOKEN: slack.bot_token has blanks, quotes or other characters that do not belong to it: copy it again");
}

#[test]
fn what_is_missing_for_installations_is_named() {
    let client = [("SLACK_CLIENT_ID", "1234.5678"), ("SLACK_CLIENT_SECRET", "canary-secret")];
    assert_snapshot!(complaint("", &client[..1]), @"SLACK_CLIENT_ID=1234.5678: slack.client_secret is missing, and slack.client_id is set: both are in your app's Basic Information, and admins can install it only with both");
    assert_snapshot!(complaint("", &client[1..]), @"SLACK_CLIENT_SECRET: slack.client_id is missing, and slack.client_secret is set: both are in your app's Basic Information, and admins can install it only with both");
    assert_snapshot!(complaint("", &client), @"server.public_url cannot be used: it is not set, and slack.client_id is: set PUBLIC_URL to where browsers reach the bridge, such as https://threadbridge.example.com, so that Slack can send admins back after an installation");
    let public = |url| [&client[..], &[("PUBLIC_URL", url)]].concat();
    assert_snapshot!(complaint("", &public("threadbridge.example.com")), @"PUBLIC_URL: server.public_url cannot be used: it is not a web address: write it as https://threadbridge.example.com");
    assert_snapshot!(complaint("", &public("http://threadbridge.example.com")), @"PUBLIC_URL: server.public_url cannot be used: it must begin with https:// (http:// only for this machine)");
    assert_snapshot!(complaint("", &public("https://canary:canary@threadbridge.example.com")), @"PUBLIC_URL: server.public_url cannot be used: it must be a bare base URL, without user name, password, query or fragment");
    let token =
        [&public("https://threadbridge.example.com")[..], &[("SLACK_CLIENT_SECRET", "xoxb-canary")]].concat();
    assert_snapshot!(complaint("", &token), @"SLACK_CLIENT_SECRET: slack.client_secret is the bot token (xoxb-…): the bridge needs the Client Secret of your app (Basic Information), which is no token");
    let quotes =
        [&public("https://threadbridge.example.com")[..], &[("SLACK_CLIENT_ID", "\"1234.5678\"")]].concat();
    assert_snapshot!(complaint("", &quotes), @r#"SLACK_CLIENT_ID="1234.5678": slack.client_id has blanks, quotes or other characters that do not belong to it: copy it again"#);
    assert_snapshot!(complaint("[slack]\nauthorize_url = \"slack.com/canary\"", &[]), @"FILE: slack.authorize_url is not a web address: write it as https://host/path");
}

#[test]
fn with_a_client_no_token_is_needed_and_memory_is_a_risk() {
    let settings = [
        ("SLACK_SIGNING_SECRET", "signing-secret"),
        ("SLACK_CLIENT_ID", "1234.5678"),
        ("SLACK_CLIENT_SECRET", "client-secret"),
        ("PUBLIC_URL", "http://localhost:3000"),
        ("AGENT_URL", "https://agent.example"),
    ];
    let config = load(&settings).unwrap();
    config.slack.check().unwrap();
    assert_snapshot!(config.risks().join("\n"), @"store.url is memory: and slack.client_id is set: what admins install is forgotten when the bridge stops, and they have to install it again; sqlite:FILE and redis://… keep it");
    let lasting =
        [&settings[..], &[("STORE_URL", "sqlite:store.db"), ("SEAL_KEY", "0123456789abcdef")]].concat();
    assert_eq!(load(&lasting).unwrap().risks(), [""; 0]);
}

#[test]
fn a_missing_agent_is_named() {
    assert_snapshot!(complaint("", &[("AGENT_URL", "")]), @"agent.url is missing: set AGENT_URL to the base URL of the customer agent, such as https://agent.example.com");
    assert_snapshot!(complaint("[agent]\nurl = \" \"", &[("AGENT_URL", "")]), @"FILE: agent.url is missing: set AGENT_URL to the base URL of the customer agent, such as https://agent.example.com");
}

#[test]
fn what_was_probably_copied_in_the_place_of_a_secret_is_named() {
    assert_snapshot!(complaint("", &[("SLACK_BOT_TOKEN", "xapp-canary")]), @"SLACK_BOT_TOKEN: slack.bot_token is an app-level token (xapp-…), which is for Socket Mode: the bridge needs the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions)");
    assert_snapshot!(complaint("", &[("SLACK_BOT_TOKEN", "xoxp-canary")]), @"SLACK_BOT_TOKEN: slack.bot_token is a user token (xoxp-…): the bridge needs the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions)");
    assert_snapshot!(complaint("", &[("SLACK_BOT_TOKEN", "xoxe.xoxb-canary")]), @"SLACK_BOT_TOKEN: slack.bot_token is a bot token that ends after 12 hours (xoxe.xoxb-…), because token rotation is on: the bridge needs the Bot User OAuth Token (xoxb-…) of your app (OAuth & Permissions)");
    assert_snapshot!(complaint("", &[("SLACK_BOT_TOKEN", "\"xoxb-canary\"")]), @"SLACK_BOT_TOKEN: slack.bot_token has blanks, quotes or other characters that do not belong to it: copy it again");
    assert_snapshot!(complaint("", &[("SLACK_SIGNING_SECRET", "xoxb-canary")]), @"SLACK_SIGNING_SECRET: slack.signing_secret is the bot token (xoxb-…): the bridge needs the Signing Secret of your app (Basic Information), which is no token");
    assert_snapshot!(complaint("", &[("SLACK_SIGNING_SECRET", "xapp-canary")]), @"SLACK_SIGNING_SECRET: slack.signing_secret is an app-level token (xapp-…), which is for Socket Mode: the bridge needs the Signing Secret of your app (Basic Information), which is no token");
    assert_snapshot!(complaint("", &[("SLACK_SIGNING_SECRET", "'canary'")]), @"SLACK_SIGNING_SECRET: slack.signing_secret has blanks, quotes or other characters that do not belong to it: copy it again");
    assert_snapshot!(complaint("", &[("THREADBRIDGE_SLACK__PREVIOUS_SIGNING_SECRET", "xoxb-canary")]), @"THREADBRIDGE_SLACK__PREVIOUS_SIGNING_SECRET: slack.previous_signing_secret is the bot token (xoxb-…): the bridge needs the Signing Secret of your app (Basic Information), which is no token");
}

#[test]
fn a_directory_that_is_set_up_and_that_nobody_would_ask_is_named() {
    assert_snapshot!(complaint("", &[("DIRECTORY_URL", "https://crm.example/people")]), @r#"DIRECTORY_URL: `directory.url` is set, but `directory.sources` has no "http", so nothing would use it: set `directory.sources` (THREADBRIDGE_DIRECTORY__SOURCES) to file,http, or take `directory.url` away"#);
    assert_snapshot!(complaint("", &[("DIRECTORY_URL", "https://crm.example/people"), NO_FILE]), @r#"DIRECTORY_URL: `directory.url` is set, but `directory.sources` has no "http", so nothing would use it: set `directory.sources` (THREADBRIDGE_DIRECTORY__SOURCES) to http, or take `directory.url` away"#);
    assert_snapshot!(complaint("[directory]\nsources = [\"http\"]\nurl = \"https://crm.example\"", &[]), @r#"DIRECTORY_FILE: `directory.file` is set, but `directory.sources` has no "file", so nothing would use it: set `directory.sources` (THREADBRIDGE_DIRECTORY__SOURCES) to file,http, or take `directory.file` away"#);
    assert_snapshot!(complaint("[directory.profile]\nagent_id = \"Xf1\"", &[]), @r#"FILE: `directory.profile` is set, but `directory.sources` has no "profile", so nothing would use it: set `directory.sources` (THREADBRIDGE_DIRECTORY__SOURCES) to file,profile, or take `directory.profile` away"#);
}

#[test]
fn a_missing_directory_is_named() {
    assert_snapshot!(complaint("", &[("DIRECTORY_FILE", "")]), @r#"`directory.file` is not set: give it, or DIRECTORY_FILE, the path of a CSV or JSON file, or take "file" out of `directory.sources`"#);
    assert_snapshot!(complaint("", &[("DIRECTORY_FILE", "/nowhere/people.csv")]), @"the directory file /nowhere/people.csv cannot be read (No such file or directory (os error 2)): check `directory.file` and its permissions");
    assert_snapshot!(complaint("[directory]\nsources = [\"http\"]", &[NO_FILE]), @r#"`directory.url` is not set: give it, or DIRECTORY_URL, the address of the lookup, or take "http" out of `directory.sources`"#);
    assert_snapshot!(complaint("[directory]\nsources = [\"http\"]\nurl = \"crm.example/canary\"", &[NO_FILE]), @"FILE: `directory.url` is not a web address: write it as https://host/path");
    assert_snapshot!(complaint("[directory]\nsources = []", &[]), @r#"FILE (sources = []): `directory.sources` is empty: name at least one of "file", "http" and "profile""#);
    assert_snapshot!(complaint("[directory]\nsources = [\"ldap\"]", &[]), @r#"FILE (sources = ["ldap"]): directory.sources[0] cannot be used: it must be one of `file`, `http`, `profile`"#);
    let profile = "[directory]\nsources = [\"profile\"]\n[directory.profile]\n";
    assert_snapshot!(complaint(&format!("{profile}agent_id = \"Xf1\""), &[NO_FILE]), @r#"`directory.profile.email` is not set: name the profile field that holds it, or take "profile" out of `directory.sources`"#);
    assert_snapshot!(complaint(&format!("{profile}crm_id = \"Xf1\""), &[NO_FILE]), @r#"FILE (crm_id = "Xf1"): `directory.profile.crm_id` is not a field of user_info: there are agent_id, email, name, phone, agency, office, company, division and user_type"#);
    assert_snapshot!(complaint(&format!("{profile}agent_id = 1"), &[]), @"FILE (agent_id = 1): directory.profile.agent_id cannot be used: it must be a text in quotes");
}

#[test]
fn an_unknown_key_or_section_of_a_file_is_named_with_what_may_be_meant() {
    assert_snapshot!(complaint("[slack]\nbot_tokn = \"canary\"", &[]), @"FILE: there is no key slack.bot_tokn; did you mean slack.bot_token?");
    assert_snapshot!(complaint("[slack]\nhost = \"canary\"", &[]), @"FILE: there is no key slack.host; did you mean server.host?");
    assert_snapshot!(complaint("[store]\ncolour = \"canary\"", &[]), @"FILE: there is no key store.colour; there are dedupe_hours, lease_seconds, max_claims, max_inbox, max_sessions, session_idle_hours, url");
    assert_snapshot!(complaint("[sever]\nport = 1", &[]), @"FILE: there is no section sever; did you mean server?");
    assert_snapshot!(complaint("[irc]\nport = 1", &[]), @"FILE: there is no section irc; there are agent, conversation, directory, log, seal, server, slack, store, teams");
    assert_snapshot!(complaint("port = 1", &[]), @"FILE: there is no section port; did you mean server.port?");
    assert_snapshot!(complaint("slack = \"canary\"", &[]), @"FILE: slack must be a section, headed by its name in brackets");
}

#[test]
fn an_unknown_key_or_section_of_the_environment_is_named_with_what_may_be_meant() {
    assert_snapshot!(complaint("", &[("THREADBRIDGE_SLACK__BOT_TOKN", "canary")]), @"THREADBRIDGE_SLACK__BOT_TOKN: there is no key slack.bot_tokn; did you mean slack.bot_token?");
    assert_snapshot!(complaint("", &[("THREADBRIDGE_SLAK__BOT_TOKEN", "canary")]), @"THREADBRIDGE_SLAK__BOT_TOKEN: there is no section slak; did you mean slack?");
    assert_snapshot!(complaint("", &[("THREADBRIDGE_BOT_TOKEN", "canary")]), @"the environment has THREADBRIDGE_BOT_TOKEN, which is none of ours: a key is written THREADBRIDGE_SECTION__KEY, such as THREADBRIDGE_SERVER__PORT");
    assert_snapshot!(complaint("", &[("THREADBRIDGE_DIRECTORY__PROFILE", "canary")]), @"THREADBRIDGE_DIRECTORY__PROFILE=canary: directory.profile must be a section: in the environment each of its keys is a variable, SECTION__NAME__KEY");
}

#[test]
fn a_value_of_another_type_is_named_with_the_right_one() {
    assert_snapshot!(complaint("[server]\nport = \"3000\"", &[]), @r#"FILE (port = "3000"): server.port must be a whole number"#);
    assert_snapshot!(complaint("[slack]\nsigning_secret = 1234", &[]), @"FILE: slack.signing_secret must be a text in quotes");
    assert_snapshot!(complaint("[directory]\nsources = \"file\"", &[]), @r#"FILE (sources = "file"): directory.sources must be a list"#);
    assert_snapshot!(complaint("", &[("PORT", "three")]), @"PORT=three: server.port must be a whole number");
    assert_snapshot!(complaint("", &[("THREADBRIDGE_CONVERSATION__ALLOW_GUESTS", "yes")]), @"THREADBRIDGE_CONVERSATION__ALLOW_GUESTS=yes: conversation.allow_guests must be true or false");
}

#[test]
fn a_value_that_cannot_be_is_named_with_what_can() {
    assert_snapshot!(complaint("[server]\nport = 70000", &[]), @"FILE (port = 70000): server.port cannot be used: it must be a whole number from 0 to 65535");
    assert_snapshot!(complaint("", &[("PORT_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/clippy.toml"))]), @"PORT_FILE: server.port must be a whole number");
    assert_snapshot!(complaint("", &[("THREADBRIDGE_STORE__MAX_SESSIONS", "0")]), @"THREADBRIDGE_STORE__MAX_SESSIONS=0: store.max_sessions cannot be used: it must be at least 1");
    assert_snapshot!(complaint("", &[("AGENT_KIND", "0123456789abcdef0123456789abcdef")]), @"AGENT_KIND: agent.kind cannot be used: it must be one of `customer`, `support`, `test`");
    assert_snapshot!(complaint("", &[("PORT", "70000")]), @"PORT=70000: server.port cannot be used: it must be a whole number from 0 to 65535");
    assert_snapshot!(complaint("[agent]\nask_deadline_seconds = -1", &[]), @"FILE (ask_deadline_seconds = -1): agent.ask_deadline_seconds cannot be used: it must be 0 or more");
    assert_snapshot!(complaint("[agent]\nask_deadline_seconds = 0", &[]), @"FILE (ask_deadline_seconds = 0): agent.ask_deadline_seconds must be between 1 and 3600");
    assert_snapshot!(complaint("[store]\nmax_sessions = 0", &[]), @"FILE (max_sessions = 0): store.max_sessions cannot be used: it must be at least 1");
    assert_snapshot!(complaint("[store]\ndedupe_hours = 4000000000", &[]), @"FILE (dedupe_hours = 4000000000): store.dedupe_hours cannot be used: it must be at most 87600");
    assert_snapshot!(complaint("[store]\nurl = \"postgres://canary\"", &[]), @"FILE: store.url cannot be used: it must be memory:, sqlite:FILE, redis://HOST/DATABASE or rediss://HOST/DATABASE");
    assert_snapshot!(complaint("[store]\nurl = \"sqlite:\"", &[]), @"FILE: store.url cannot be used: it must be memory:, sqlite:FILE, redis://HOST/DATABASE or rediss://HOST/DATABASE");
    assert_snapshot!(complaint("[store]\nurl = \"redis://canary\"", &[]), @"seal.key cannot be used: it is empty, and a store that lasts needs one (SEAL_KEY): `openssl rand -hex 32` makes a good one");
    assert_snapshot!(complaint("[slack]\ndeadline_seconds = 0", &[]), @"FILE (deadline_seconds = 0): slack.deadline_seconds must be at least 1");
    assert_snapshot!(complaint("[slack]\napi_url = \"slack.com/canary\"", &[]), @"FILE: slack.api_url is not a web address: write it as https://host/path");
    assert_snapshot!(complaint("[slack]\nsource_url = \"javascript:canary\"", &[]), @"FILE: slack.source_url is not a web address: write it as https://host/path");
    assert_snapshot!(complaint("", &[("AGENT_URL", "agent.example")]), @"AGENT_URL: agent.url is not a URL; write it like https://agent.example.com: relative URL without a base");
    assert_snapshot!(complaint("", &[("AGENT_URL", "https://canary:canary@agent.example")]), @"AGENT_URL: agent.url must be a bare base URL, without user name, password, query or fragment");
    assert_snapshot!(complaint("", &[("AGENT_KIND", "Customer")]), @"AGENT_KIND=Customer: agent.kind cannot be used: it must be one of `customer`, `support`, `test`");
    assert_snapshot!(complaint("", &[("SEAL_KEY", "canary")]), @"SEAL_KEY: seal.key cannot be used: it is shorter than 16 characters; `openssl rand -hex 32` makes a good one");
    assert_snapshot!(complaint("[conversation]\nfollow_ups = \"all\"", &[]), @r#"FILE (follow_ups = "all"): conversation.follow_ups cannot be used: it must be one of `asker`, `anyone`, `mention`"#);
    assert_snapshot!(complaint("[log]\nfilter = \"threadbridge=loud\"", &[]), @r#"FILE (filter = "threadbridge=loud"): log.filter cannot be used: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5"#);
    assert_snapshot!(complaint("[log]\nformat = \"xml\"", &[]), @r#"FILE (format = "xml"): log.format cannot be used: it must be `text` or `json`"#);
}

#[test]
fn a_welcome_that_is_too_long_is_named() {
    let welcome = |length: usize| "&".repeat(length);
    let usual = |length| format!("[conversation]\nwelcome = {:?}", welcome(length));
    assert_snapshot!(complaint(&usual(601), &[]), @"FILE: conversation.welcome cannot be used: a welcome must have at most 600 characters");
    let of_rule = |length| format!("[[rule]]\nchannel = \"C1\"\nwelcome = {:?}", welcome(length));
    assert_snapshot!(complaint(&of_rule(601), &[]), @"FILE: rule cannot be used: a welcome must have at most 600 characters");
    for fine in [usual(600), of_rule(600), of_rule(0)] {
        assert!(load_file(&fine, &NEEDED).is_ok());
    }
}

#[test]
fn examples_that_cannot_be_buttons_are_named() {
    let examples = |of: &[String]| format!("[conversation]\nexamples = {of:?}");
    let of = |length: usize| "ä".repeat(length);
    assert_snapshot!(complaint(&examples(&vec![of(9); 6]), &[]), @"FILE: conversation.examples cannot be used: there are too many: at most 5 can be buttons; take some away");
    let too_long = complaint(&examples(&[of(75), of(76)]), &[]);
    assert_snapshot!(too_long, @"FILE: conversation.examples cannot be used: each of them must have 1 to 75 characters, because it is a button");
    for empty in [of(0), " \t".to_owned()] {
        assert_eq!(complaint(&examples(&[of(75), empty]), &[]), too_long);
    }
    for fine in [vec![], vec![of(75); 5]] {
        assert!(load_file(&examples(&fine), &NEEDED).is_ok());
    }
}

#[test]
fn a_deadline_that_outlives_a_presss_lease_is_refused() {
    assert_snapshot!(complaint("[agent]\nask_deadline_seconds = 150", &[]), @"FILE (ask_deadline_seconds = 150): agent.ask_deadline_seconds cannot be used: it must be below 150 seconds, so that two calls fit into the 5 minutes for which a press is worked on");
    assert_snapshot!(complaint("[agent]\ndeadline_seconds = 150", &[]), @"FILE (deadline_seconds = 150): agent.deadline_seconds cannot be used: it must be below 150 seconds, so that two calls fit into the 5 minutes for which a press is worked on");
    assert_snapshot!(complaint("[slack]\ndeadline_seconds = 150", &[]), @"FILE (deadline_seconds = 150): slack.deadline_seconds cannot be used: it must be below 150 seconds, so that two calls fit into the 5 minutes for which a press is worked on");
    assert!(load(&[("THREADBRIDGE_AGENT__ASK_DEADLINE_SECONDS", "149")]).is_ok());
}

#[test]
fn a_syntax_error_is_placed_and_not_quoted() {
    let broken = "[slack]\nbot_token = \"xoxb-canary\nsigning_secret = \"canary\"\n";
    assert_snapshot!(complaint(broken, &[]), @r#"the configuration file FILE is not valid TOML: line 2, column 25: invalid basic string, expected `"`"#);
    assert_snapshot!(complaint("[slack]\nbot_token = xoxb-canary", &[]), @"the configuration file FILE is not valid TOML: line 2, column 13: string values must be quoted, expected literal string");
    assert_snapshot!(complaint("[slack]\nbot_token = \"canary\"\nbot_token = \"canary\"", &[]), @"the configuration file FILE is not valid TOML: line 3, column 1: duplicate key");
    for complaint in [complaint(broken, &[]), complaint("[slack]\nbot_token = xoxb-canary", &[])] {
        assert!(!complaint.contains("canary") && !complaint.contains('\n'));
    }
}

#[test]
fn a_value_that_is_set_twice_or_whose_file_is_not_there_is_named() {
    assert_snapshot!(complaint("", &[("SLACK_BOT_TOKEN_FILE", "/run/canary")]), @"SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: set only one of them");
    assert_snapshot!(complaint("", &[("SEAL_KEY_FILE", "/nowhere/canary")]), @"SEAL_KEY_FILE names a file that cannot be read: No such file or directory (os error 2)");
    let long =
        [("THREADBRIDGE_SEAL__KEY", "0123456789abcdef"), ("THREADBRIDGE_SEAL__KEY_FILE", "/run/canary")];
    assert_snapshot!(complaint("", &long), @"THREADBRIDGE_SEAL__KEY and THREADBRIDGE_SEAL__KEY_FILE are both set: set only one of them");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = threadbridge::config::Config::load(
        Some(std::path::Path::new("/nowhere/bridge.toml")),
        &threadbridge::config::Environment::from_pairs([]),
    );
    assert_snapshot!(format!("{:#}", anyhow::Error::from(error.unwrap_err())), @"the configuration file /nowhere/bridge.toml cannot be read: No such file or directory (os error 2)");
}

#[test]
fn a_rule_that_cannot_be_used_is_named() {
    assert_snapshot!(complaint("rule = 1", &[]), @"FILE: rule must be a list of rules, each headed by [[rule]]");
    assert_snapshot!(complaint("[rule]\nchannel = \"C1\"", &[]), @"FILE: rule must be a list of rules, each headed by [[rule]]");
    assert_snapshot!(complaint("[[rule]]\nchanel = \"C1\"", &[]), @"FILE: rule[0].chanel cannot be used: unknown field `chanel`, expected one of `workspace`, `channel`, `agent`, `answers`, `follow_ups`, `who_may_press`, `show_confidence`, `allow_guests`, `allow_external`, `welcome`");
    assert_snapshot!(complaint("[[rule]]\nchannel = \"C1\"\n[[rule]]\nanswers = \"all\"", &[]), @"FILE: rule[1].answers cannot be used: it must be one of `mentions`, `everything`, `nothing`");
    assert_snapshot!(complaint("[[rule]]\nallow_guests = \"yes\"", &[]), @"FILE: rule[0].allow_guests cannot be used: it must be true or false");
    assert_snapshot!(complaint("[[rule]]\nagent = \"sales\"", &[]), @"FILE: rule[0].agent cannot be used: it must be one of `customer`, `support`, `test`");
    assert_snapshot!(complaint("", &[("THREADBRIDGE_RULE__CHANNEL", "C1")]), @"THREADBRIDGE_RULE__CHANNEL: there is no section rule; there are agent, conversation, directory, log, seal, server, slack, store, teams");
}
