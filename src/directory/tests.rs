//! The directory as a whole, and what its modules' tests share: a clock to turn, a file, a server.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use tokio_util::task::TaskTracker;

use super::*;
use crate::chat::Private;

/// A clock that only moves when it is told to, or slept on.
pub(super) struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Timestamp::UNIX_EPOCH)))
    }

    pub(super) fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(i64::try_from(duration.as_secs()).unwrap());
        tokio::task::yield_now().await;
    }
}

/// A file of its own for one test.
pub(super) struct TempFile(PathBuf);

impl TempFile {
    pub(super) fn new(content: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("threadbridge-directory-{}-{number}", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        file.write(content);
        file
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn write(&self, content: &str) {
        std::fs::write(&self.0, content).unwrap();
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A server on loopback, for as long as the test's runtime lives.
pub(super) struct Server(std::net::SocketAddr);

impl Server {
    pub(super) async fn start(router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        Self(address)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0)
    }
}

pub(super) fn user(id: &str) -> UserKey {
    UserKey { platform: SLACK.into(), workspace: "T1".into(), user: id.into() }
}

fn settings(sources: &[SourceKind]) -> Settings {
    Settings {
        sources: sources.to_vec(),
        file: None,
        url: None,
        token: None,
        deadline_seconds: 60,
        max_reply_bytes: 10_000,
        ttl_seconds: 600,
        negative_ttl_seconds: 30,
        stale_seconds: 3_600,
        max_entries: 100,
        reload_every_seconds: 5,
        profile: BTreeMap::new(),
    }
}

fn mapping() -> BTreeMap<String, String> {
    [("agent_id", "user_id"), ("email", "email"), ("name", "name"), ("agency", "Xf1"), ("office", "Xf2")]
        .map(|(field, origin)| (field.to_owned(), origin.to_owned()))
        .into()
}

fn open(settings: &Settings) -> Result<Directory, DirectoryError> {
    Directory::open(settings, crate::http::client().unwrap(), ManualClock::new())
}

fn profile(email: Option<&str>) -> Profile {
    Profile {
        user_id: "U1".into(),
        email: email.map(Private::from),
        name: "Ann".into(),
        ..Profile::default()
    }
}

async fn find(directory: &Directory, profile: Profile) -> Lookup {
    directory.find(&user("U1"), || async { Ok::<_, Infallible>(profile) }).await
}

/// A lookup in a few words: the CRM id, the missing fields, or `down`.
fn words(lookup: &Lookup) -> String {
    match lookup {
        Lookup::Found { info, .. } => format!("found {}", info.crm_id.as_str()),
        Lookup::NotFound { missing, .. } => format!("missing {}", missing.join(",")),
        Lookup::Down => "down".to_owned(),
    }
}

const HEADER: &str = "agent_id,email,name,agency,office,slack_user_id\n";

#[tokio::test]
async fn a_reloaded_file_is_seen_at_once_and_a_broken_one_changes_nothing() {
    let file = TempFile::new(&format!("{HEADER}1,a@b.example,Ann,S,O,\n"));
    let settings = Settings { file: Some(file.path().to_owned()), ..settings(&[SourceKind::File]) };
    let directory = open(&settings).ok().unwrap();
    assert_eq!(words(&find(&directory, profile(Some("A@b.example"))).await), "found 1");

    file.write(&format!("{HEADER}22,a@b.example,Ann,S,O,\n"));
    assert_eq!(words(&find(&directory, profile(Some("A@b.example"))).await), "found 1");
    directory.reload_if_changed().await;
    assert_eq!(words(&find(&directory, profile(Some("A@b.example"))).await), "found 22");

    file.write(&format!("{HEADER}\"333,a@b.example,Ann,S,O,\n"));
    directory.reload_if_changed().await;
    assert_eq!(words(&directory.by_email(" a@B.example").await), "found 22");
}

#[tokio::test]
async fn watching_reloads_the_file_until_it_is_stopped() {
    let file = TempFile::new(&format!("{HEADER}1,a@b.example,Ann,S,O,\n"));
    let settings = Settings { file: Some(file.path().to_owned()), ..settings(&[SourceKind::File]) };
    let directory = open(&settings).ok().unwrap();
    file.write(&format!("{HEADER}22,a@b.example,Ann,S,O,\n"));
    let stop = CancellationToken::new();
    let seen = async {
        while words(&directory.by_email("a@b.example").await) != "found 22" {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    tokio::join!(directory.watch(stop.clone()), seen);
}

#[tokio::test]
async fn a_user_without_an_email_is_matched_by_id_or_not_found() {
    let file = TempFile::new(&format!("{HEADER}1,a@b.example,Ann,S,O,U1\n2,c@b.example,Bob,,O,\n"));
    let settings = Settings { file: Some(file.path().to_owned()), ..settings(&[SourceKind::File]) };
    let directory = open(&settings).ok().unwrap();
    assert_eq!(words(&find(&directory, profile(None)).await), "found 1");
    let elsewhere = UserKey { platform: "teams".into(), ..user("U1") };
    let lookup = directory.find(&elsewhere, || async { Ok::<_, Infallible>(profile(None)) }).await;
    assert_eq!(words(&lookup), "missing ");
    let bob = user("U2");
    let lookup = directory.find(&bob, || async { Ok::<_, Infallible>(profile(Some("c@b.example"))) }).await;
    assert_eq!(words(&lookup), "missing agency");
}

#[tokio::test]
async fn the_standing_is_handed_on_for_the_caller_to_decide() {
    let settings = Settings { profile: mapping(), ..settings(&[SourceKind::Profile]) };
    let directory = open(&settings).ok().unwrap();
    let guest = Profile { standing: Standing::Guest, ..profile(Some("a@b.example")) };
    let lookup = find(&directory, guest.clone()).await;
    assert_eq!(words(&lookup), "missing agency,office");
    assert!(matches!(lookup, Lookup::NotFound { standing: Standing::Guest, .. }));
    directory.forget(&user("U1"));
    let fields = vec![("Xf1".into(), "S".into()), ("Xf2".into(), "O".into())];
    let lookup = find(&directory, Profile { fields, ..guest }).await;
    assert!(matches!(lookup, Lookup::Found { standing: Standing::Guest, .. }));
}

#[tokio::test]
async fn a_profile_that_cannot_be_fetched_means_down() {
    let settings = Settings { profile: mapping(), ..settings(&[SourceKind::Profile]) };
    let directory = open(&settings).ok().unwrap();
    let failing = || async { Err::<Profile, _>(std::io::Error::other("no")) };
    assert_eq!(words(&directory.find(&user("U1"), failing).await), "down");
}

/// The file has Ann without an office; the HTTP lookup replies as the case says; the profile is last.
#[rstest]
#[case::nobody_has_her_complete("{\"agent_id\": \"7\"}", false, "missing office")]
#[case::the_second_has(
    "{\"agent_id\": 7, \"email\": \"e\", \"name\": \"n\", \"agency\": \"a\", \"office\": \"o\"}",
    false,
    "found 7"
)]
#[case::the_third_has("null", true, "found U1")]
#[case::one_is_down_and_the_third_has("garbage", true, "found U1")]
#[case::one_is_down_and_nobody_has("garbage", false, "down")]
#[tokio::test]
async fn sources_are_asked_in_turn(
    #[case] reply: &'static str,
    #[case] mapped: bool,
    #[case] expected: &str,
) {
    let file = TempFile::new(&format!("{HEADER}1,a@b.example,Ann,S,,\n"));
    let server = Server::start(Router::new().route("/", get(move || async move { reply }))).await;
    let settings = Settings {
        file: Some(file.path().to_owned()),
        url: Some(server.url("/")),
        profile: mapping(),
        ..settings(&[SourceKind::File, SourceKind::Http, SourceKind::Profile])
    };
    let directory = open(&settings).ok().unwrap();
    let fields = if mapped { vec![("Xf1".into(), "S".into()), ("Xf2".into(), "O".into())] } else { vec![] };
    let lookup = find(&directory, Profile { fields, ..profile(Some("a@b.example")) }).await;
    assert_eq!(words(&lookup), expected);
}

#[tokio::test]
async fn a_lookup_can_run_as_a_task_of_its_own() {
    let settings = Settings { profile: mapping(), ..settings(&[SourceKind::Profile]) };
    let directory = Arc::new(open(&settings).ok().unwrap());
    let ann = profile(Some("a@b.example"));
    let task = TaskTracker::new().spawn(async move { words(&find(&directory, ann).await) });
    assert_eq!(task.await.unwrap(), "missing agency,office");
}

#[test]
fn a_source_that_is_not_configured_is_named_with_its_key() {
    use SourceKind as S;
    let blank = Settings { url: Some(" ".into()), ..settings(&[S::Http]) };
    let hasty =
        Settings { url: Some("http://b.example".into()), deadline_seconds: 0, ..settings(&[S::Http]) };
    let gone = Settings { file: Some("/nonexistent/people.csv".into()), ..settings(&[S::File]) };
    for (settings, key) in [
        (settings(&[]), "`directory.sources`"),
        (settings(&[S::File]), "`directory.file`"),
        (settings(&[S::File, S::Http]), "`directory.file`"),
        (gone, "/nonexistent/people.csv"),
        (blank, "`directory.url`"),
        (hasty, "`directory.deadline_seconds`"),
        (settings(&[S::Profile]), "`directory.profile.agent_id`"),
    ] {
        let error = open(&settings).err().unwrap().to_string();
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn at_the_start_a_broken_file_is_an_error_with_file_and_line() {
    let file = TempFile::new(&format!("{HEADER}1,a@b.example,Ann,S,O,\n2,a@b.example,Bob,S,O,\n"));
    let settings = Settings { file: Some(file.path().to_owned()), ..settings(&[SourceKind::File]) };
    let error = open(&settings).err().unwrap().to_string();
    let expected = "is broken: line 3: the email is already on line 2";
    assert!(error.contains(file.path().to_str().unwrap()) && error.ends_with(expected), "{error}");
}
