//! The Teams app's package is what Microsoft takes: a valid manifest, and icons of the right size.

#[path = "support/file.rs"]
mod file;

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::{Value, json};
use threadbridge::teams::package::{App, Package, PackageError, Pages};
use url::Url;
use zip::{DateTime, ZipArchive};

/// Where the bridge of the example is.
const HOST: &str = "https://your-host.example.com";
const ID: &str = "00000000-0000-0000-0000-000000000000";
const RENEW: &str = "cargo run -- manifest --teams --json";

fn app() -> App {
    let page = Url::parse(HOST).unwrap();
    App {
        client_id: ID.to_owned(),
        name: "Threadbridge".to_owned(),
        developer: "Threadbridge".to_owned(),
        version: "1.0.0".to_owned(),
        pages: Pages { website: page.clone(), privacy: page.clone(), terms: page },
    }
}

fn package() -> Package {
    Package::new(app()).unwrap()
}

fn manifest() -> Value {
    serde_json::from_str(&package().manifest()).unwrap()
}

/// The files in a zip, by name. Reading them checks their checksums.
fn files(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    let read = |at| {
        let mut file = zip.by_index(at).unwrap();
        assert_eq!(file.last_modified(), Some(DateTime::default()));
        let mut contents = Vec::new();
        file.read_to_end(&mut contents).unwrap();
        (file.name().unwrap().into_owned(), contents)
    };
    (0..3).map(read).collect()
}

/// Microsoft's own schema; `None` where there is none, which only a developer's own machine may lack.
fn schema() -> Option<Value> {
    let folder = std::env::var_os("THREADBRIDGE_SHARED").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    match fs::read(folder.join("schemas/MicrosoftTeams.v1.25.schema.json")) {
        Ok(schema) => Some(serde_json::from_slice(&schema).unwrap()),
        Err(error) => {
            assert_ne!(
                std::env::var_os("CI").unwrap_or_default(),
                "true",
                "no schema in {folder:?}: {error}"
            );
            None
        }
    }
}

#[test]
fn the_manifest_is_valid_by_microsofts_own_schema() {
    let Some(schema) = schema() else {
        // Straight to the screen: what a test prints is only shown when it fails.
        let mut screen = std::io::stderr();
        return writeln!(screen, "skipped: Microsoft's schema of manifests is not there").unwrap();
    };
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors = |manifest: &Value| -> Vec<String> {
        validator.iter_errors(manifest).map(|error| format!("{}: {error}", error.instance_path())).collect()
    };
    assert_eq!(errors(&manifest()), [""; 0]);
    let longest =
        App { name: "x".repeat(30), developer: "é".repeat(32), version: "10.0.21".to_owned(), ..app() };
    let longest: Value = serde_json::from_str(&Package::new(longest).unwrap().manifest()).unwrap();
    assert_eq!(errors(&longest), [""; 0], "what is just allowed is valid");

    let mistakes = [
        ("/bots/0/scopes/0", json!("everywhere")),
        ("/bots/0/botId", json!("x")),
        ("/bots/0/commandLists/0/commands/0/description", Value::Null),
        ("/name/short", json!("x".repeat(31))),
        ("/developer/name", json!("x".repeat(33))),
        ("/description/short", json!("x".repeat(81))),
        ("/developer/privacyUrl", json!("privacy")),
        ("/accentColor", json!("blue")),
        ("/version", json!(1)),
    ];
    for (place, mistake) in mistakes {
        let mut wrong = manifest();
        *wrong.pointer_mut(place).unwrap() = mistake;
        assert_ne!(errors(&wrong), [""; 0], "the schema would find a mistake in {place}");
    }
    let mut more = manifest();
    more["bots"][0]["isNotificatoinOnly"] = json!(false);
    assert_ne!(errors(&more), [""; 0], "the schema would find a key that does not exist");
}

#[test]
fn the_example_is_what_the_command_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/teams/manifest.json");
    let renew = format!("{RENEW} --url {HOST} --client-id {ID} > manifests/teams/manifest.json");
    assert_eq!(fs::read_to_string(path).unwrap(), package().manifest() + "\n", "it is old: {renew}");
}

#[test]
fn an_app_asks_for_no_more_than_is_used() {
    let manifest = manifest();
    assert_eq!(manifest["permissions"], json!(["identity"]));
    assert_eq!(manifest["bots"][0]["scopes"], json!(["personal", "team", "groupChat"]));
    // It hears what mentions it, and nothing else; it has no pages, and signs nobody in.
    for key in
        ["authorization", "webApplicationInfo", "validDomains", "devicePermissions", "composeExtensions"]
    {
        assert_eq!(manifest.get(key), None, "{key}");
    }
    assert_eq!(manifest["id"], manifest["bots"][0]["botId"], "as Microsoft's command line has it");
    let commands = manifest["bots"][0]["commandLists"][0]["commands"].as_array().unwrap();
    assert_eq!(commands.iter().map(|command| &command["title"]).collect::<Vec<_>>(), ["new", "help"]);
}

#[test]
fn a_package_has_the_manifest_and_the_icons_that_it_names_at_its_top_level() {
    let files = files(&package().zip());
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["manifest.json", "color.png", "outline.png"]);
    assert_eq!(files[0].1, package().manifest().into_bytes());
    let icons = manifest()["icons"].clone();
    assert_eq!([&icons["color"], &icons["outline"]], [names[1], names[2]]);
}

#[test]
fn the_icons_have_the_sizes_that_teams_wants_and_the_outline_has_an_alpha_channel() {
    let files = files(&package().zip());
    let facts = |png: &[u8]| {
        assert_eq!(png[..16], *b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR");
        assert!(png.ends_with(b"IEND\xae\x42\x60\x82"), "it is whole");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        // Width, height, bits of a channel, kind of colour.
        (number(16), number(20), png[24], png[25])
    };
    const RGB: u8 = 2;
    const RGB_WITH_ALPHA: u8 = 6;
    assert_eq!(facts(&files[1].1), (192, 192, 8, RGB));
    assert_eq!(facts(&files[2].1), (32, 32, 8, RGB_WITH_ALPHA));
}

#[test]
fn the_same_app_has_the_same_package_and_another_has_another() {
    assert_eq!(package().zip(), package().zip());
    let other = App { version: "1.0.1".to_owned(), ..app() };
    assert_ne!(package().zip(), Package::new(other).unwrap().zip());
}

#[rstest]
#[case(App { client_id: "7c9e6679".to_owned(), ..app() }, PackageError::NotAnId)]
#[case(App { client_id: ID.replace('-', ""), ..app() }, PackageError::NotAnId)]
#[case(App { client_id: ID.replace("-0000-", "-000g-"), ..app() }, PackageError::NotAnId)]
#[case(App { client_id: format!("{{{ID}}}"), ..app() }, PackageError::NotAnId)]
#[case(App { client_id: format!("{ID}-0000"), ..app() }, PackageError::NotAnId)]
#[case(App { name: "x".repeat(31), ..app() }, PackageError::BadName)]
#[case(App { name: " \t".to_owned(), ..app() }, PackageError::BadName)]
#[case(App { name: "Thread\nbridge".to_owned(), ..app() }, PackageError::BadName)]
#[case(App { developer: "x".repeat(33), ..app() }, PackageError::BadDeveloper)]
#[case(App { developer: String::new(), ..app() }, PackageError::BadDeveloper)]
#[case(App { version: "1.0".to_owned(), ..app() }, PackageError::BadVersion)]
#[case(App { version: "1.0.0.0".to_owned(), ..app() }, PackageError::BadVersion)]
#[case(App { version: "1.02.0".to_owned(), ..app() }, PackageError::BadVersion)]
#[case(App { version: "1.0.0-beta".to_owned(), ..app() }, PackageError::BadVersion)]
#[case(App { version: "1.+1.0".to_owned(), ..app() }, PackageError::BadVersion)]
fn what_teams_would_refuse_is_refused(#[case] app: App, #[case] expected: PackageError) {
    assert_eq!(Package::new(app).unwrap_err(), expected);
}

#[rstest]
#[case("http://a.example", PackageError::NotHttps)]
#[case("file:///privacy.html", PackageError::NotHttps)]
#[case("https://jane@a.example", PackageError::NotPublic)]
#[case("https://:secret@a.example", PackageError::NotPublic)]
#[case(&format!("https://a.example/{}", "x".repeat(2031)), PackageError::TooLong)]
fn each_page_must_be_one_that_people_can_open(
    #[case] address: &str,
    #[case] expected: fn(&'static str) -> PackageError,
) {
    let address = Url::parse(address).unwrap();
    let good = app().pages;
    let pages = [
        ("website", Pages { website: address.clone(), ..good.clone() }),
        ("privacy statement", Pages { privacy: address.clone(), ..good.clone() }),
        ("terms of use", Pages { terms: address, ..good }),
    ];
    for (what, pages) in pages {
        assert_eq!(Package::new(App { pages, ..app() }).unwrap_err(), expected(what));
    }
}

#[test]
fn what_is_around_a_value_is_left_out() {
    let padded = App { client_id: format!(" {ID}\n"), name: " Threadbridge ".to_owned(), ..app() };
    assert_eq!(Package::new(padded).unwrap().zip(), package().zip());
}

/// The program's `manifest --teams`, with nothing of this process's environment.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadbridge"));
    command.args(["manifest", "--teams"]).args(arguments).env_clear();
    command
}

/// What a command that must fail says.
fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    assert_eq!(output.stdout, b"", "nothing is printed that could be taken for a package");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_command_writes_the_package_to_a_file_or_to_what_reads_its_output() {
    let file = file::TempFile::new("app.zip", "what was there before");
    let output = command(&["--url", HOST, "--client-id", ID, "--out", file.path()]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said,
        format!(
            "threadbridge: {} is made; upload it in Teams: Apps → Manage your apps → Upload an app\n",
            file.path()
        )
    );
    assert_eq!(fs::read(file.path()).unwrap(), package().zip());

    let output = command(&["--url", HOST, "--client-id", ID]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((output.stdout, output.stderr), (package().zip(), Vec::new()));
}

#[test]
fn the_command_prints_the_manifest_alone_with_what_it_was_told() {
    let arguments =
        ["--json", "--url", HOST, "--name", "Ask", "--developer", "Bay", "--package-version", "2.0.0"];
    let pages = [
        "--website",
        "https://a.example/",
        "--privacy",
        "https://b.example/",
        "--terms",
        "https://c.example/",
    ];
    let mut command = command(&arguments);
    let output = command.args(pages).env("CLIENT_ID", ID).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let manifest: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(manifest["name"], json!({ "short": "Ask", "full": "Ask" }));
    assert_eq!(manifest["version"], "2.0.0");
    assert_eq!(manifest["id"], ID, "the environment's");
    let developer = json!({
        "name": "Bay",
        "websiteUrl": "https://a.example/",
        "privacyUrl": "https://b.example/",
        "termsOfUseUrl": "https://c.example/",
    });
    assert_eq!(manifest["developer"], developer);
}

#[test]
fn what_the_command_is_not_told_it_takes_from_the_configuration_and_says_so() {
    let of = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = command(arguments).arg("--json").envs(variables.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let manifest: Value = serde_json::from_slice(&output.stdout).unwrap();
        let website = manifest["developer"]["websiteUrl"].as_str().unwrap().to_owned();
        (manifest["id"].as_str().unwrap().to_owned(), website, String::from_utf8(output.stderr).unwrap())
    };
    let other = "11111111-2222-3333-4444-555555555555";
    let (id, url) = (("CLIENT_ID", other), ("PUBLIC_URL", "https://public.example"));
    let public = "https://public.example/".to_owned();
    let said = |what: &str| format!("threadbridge: from the configuration: {what}\n");
    assert_eq!(
        of(&[], &[id, url]),
        (
            other.to_owned(),
            public.clone(),
            said(&format!("the client id {other} (CLIENT_ID), and {public} (PUBLIC_URL)"))
        )
    );
    let both = said(&format!("the client id {other} (CLIENT_ID)"));
    assert_eq!(of(&["--url", HOST], &[id, url]), (other.to_owned(), format!("{HOST}/"), both));
    let of_url = said(&format!("{public} (PUBLIC_URL)"));
    assert_eq!(of(&["--client-id", ID], &[id, url]), (ID.to_owned(), public, of_url));
    let flags = of(&["--client-id", ID, "--url", HOST], &[id, url, ("PORT", "not looked at")]);
    assert_eq!(
        flags,
        (ID.to_owned(), format!("{HOST}/"), String::new()),
        "flags win, and nothing else is read"
    );
}

#[test]
fn the_command_says_in_a_sentence_why_there_is_no_package() {
    let of = |arguments: &[&str]| complaint(&command(arguments).output().unwrap());
    assert_eq!(
        of(&["--url", HOST]),
        "threadbridge: the app's client id is missing: give it with --client-id, or set CLIENT_ID\n"
    );
    assert_eq!(
        of(&["--client-id", ID]),
        "threadbridge: the bridge's address is missing: give it with --url, or set PUBLIC_URL\n"
    );
    assert_eq!(
        of(&["--url", HOST, "--client-id", "x"]),
        "threadbridge: the client id must be the Application (client) ID of the app's registration, which looks like \
         7c9e6679-7425-40de-944b-e07fc1f90ae7\n"
    );
    assert_eq!(
        of(&["--url", HOST, "--client-id", ID, "--name", &"x".repeat(31)]),
        "threadbridge: the name must have 1 to 30 characters, in one line\n"
    );
    assert_eq!(
        of(&["--url", "http://a.example", "--client-id", ID]),
        "threadbridge: the address of the website must begin with https://\n"
    );
    let nowhere = "/nowhere/at/all/app.zip";
    let said = of(&["--url", HOST, "--client-id", ID, "--out", nowhere]);
    assert!(said.starts_with(&format!("threadbridge: {nowhere} cannot be written: ")), "{said}");
}

#[rstest]
#[case(&["--socket"])]
#[case(&["--url", HOST, "--oauth"])]
#[case(&["--url", HOST, "--link"])]
#[case(&["--url", HOST, "--client-id", ID, "--json", "--out", "app.zip"])]
fn what_is_slacks_does_not_go_with_a_package(#[case] arguments: &[&str]) {
    let output = command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("cannot be used with"), "{output:?}");
}

#[test]
fn what_is_teams_own_is_refused_without_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadbridge"));
    let output = command.args(["manifest", "--url", HOST, "--client-id", ID]).env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("--teams"), "{output:?}");
}
