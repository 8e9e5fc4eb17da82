//! Everything around the processes: the simulated Slack, the agent, the store, and whoever starts them again.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use threadbridge::clock::SystemClock;
use threadbridge::demo::agent::{Ask, Brain, DemoAgent, Scripted};
use threadbridge::demo::workspace::{Setup, Switches, Workspace};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::dice::Dice;
use crate::door::Door;
use crate::life::Life;
use crate::process;
use crate::scale::seed;
use crate::store::{Kind, Place};

/// Who people are in the CRM.
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/directory.csv");
/// How long nothing may happen while something is waited for, and how long it may take at all.
const PATIENCE: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(600)];
/// How long Slack waits before it delivers again; really it is a minute and more.
const REDELIVERY: Duration = Duration::from_millis(50);

/// What a world is made of.
pub struct Plan<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// The store's kind.
    pub kind: Kind,
    /// How many bridges there are at the same time.
    pub bridges: usize,
    /// The agent thinks for a time below this many milliseconds.
    pub thinking: usize,
    /// The bridges' settings beyond the usual ones.
    pub settings: &'a [(&'a str, &'a str)],
}

/// A world with real bridges in it.
pub struct World {
    pub slack: Workspace,
    pub agent: DemoAgent,
    pub door: Arc<Door>,
    /// Dice of the world's own.
    pub dice: Dice,
    /// Where the store is.
    pub place: Place,
    settings: Vec<(String, String)>,
    log: PathBuf,
    seats: Vec<Seat>,
    births: AtomicU64,
    /// Who starts one bridge after the other.
    keepers: TaskTracker,
    trouble: Mutex<Option<String>>,
}

/// Where one bridge after the other lives.
struct Seat {
    life: watch::Sender<Option<Arc<Life>>>,
    /// Where the last one served, or serves.
    url: Mutex<Option<String>>,
    serves: watch::Sender<bool>,
    /// Whether another one begins when one is gone.
    goes_on: AtomicBool,
}

impl World {
    /// A world whose bridges serve, and are started again when they are killed; `None` where such a store cannot be had.
    pub async fn begin(
        plan: &Plan<'_>,
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Option<Arc<Self>> {
        let place = plan.kind.make()?;
        let name = format!("{}-{}", plan.name, plan.kind.name());
        let switches = Switches { own_posts: false, redelivery: Some(REDELIVERY), ..Switches::default() };
        let setup = Setup { switches, ..Setup::default() };
        let slack = Workspace::new(setup, Arc::new(SystemClock));
        let agent = DemoAgent::new(Brain::scripted(brain), Arc::new(SystemClock));
        let dice = Dice::new(seed(), &format!("{name} agent"));
        let door = Door::open(slack.router(), agent.router(), plan.thinking, dice).await;
        let usual = [
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
            ("SLACK_BOT_TOKEN", &slack.setup().bot_token.0),
            ("SLACK_SIGNING_SECRET", &slack.setup().signing_secret.0),
            ("DIRECTORY_FILE", DIRECTORY),
            ("SEAL_KEY", "the-seal-key-of-the-crash-tests"),
            ("STORE_URL", &place.url()),
            ("THREADBRIDGE_LOG__FORMAT", "json"),
            // Whoever dies is taken over soon, so that many can die.
            ("THREADBRIDGE_STORE__LEASE_SECONDS", "1"),
            // The bridge closes an idle connection after this time, and the simulated Slack may just be using it.
            ("THREADBRIDGE_SERVER__HEADER_SECONDS", "60"),
        ];
        let settings = usual.iter().chain(plan.settings);
        let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{name}.log"));
        // The log of the run before, if there is one.
        let _ = std::fs::remove_file(&log);
        let seats = (0..plan.bridges).map(|_| Seat::new()).collect();
        let (births, trouble, dice) = (AtomicU64::new(0), Mutex::default(), Dice::new(seed(), &name));
        let keepers = TaskTracker::new();
        let world = Self { slack, agent, door, dice, place, settings, log, seats, births, keepers, trouble };
        let world = Arc::new(world);
        world.start().await;
        Some(world)
    }

    /// Starts the bridges, after [`World::stop`] or at the beginning.
    pub async fn start(self: &Arc<Self>) {
        for seat in 0..self.seats.len() {
            self.seats[seat].goes_on.store(true, Ordering::Release);
            self.rise(seat).await;
            let world = Arc::clone(self);
            self.keepers.spawn(async move { world.keep(seat).await });
        }
        self.well();
    }

    /// Ends the bridges with SIGTERM, and waits until they are gone. Nobody may be killed meanwhile.
    pub async fn stop(&self) {
        for seat in &self.seats {
            if seat.goes_on.load(Ordering::Acquire) {
                // Whoever was killed last is not gone until the next one is there.
                let serves = |serves: &bool| *serves && !seat.life().is_over();
                let _ = seat.serves.subscribe().wait_for(serves).await;
                seat.goes_on.store(false, Ordering::Release);
                assert!(seat.life().terminate().await, "a bridge did not end well: {}", self.log.display());
            }
        }
        // Whoever has not seen yet that it is over would start one beside those that come next.
        self.keepers.close();
        self.keepers.wait().await;
        self.keepers.reopen();
        self.well();
    }

    /// Lets nobody begin in the place of one bridge when it is gone.
    pub fn give_up(&self, seat: usize) {
        self.seats[seat].goes_on.store(false, Ordering::Release);
    }

    /// The process that is now in the place of one bridge.
    pub fn life(&self, seat: usize) -> Arc<Life> {
        self.seats[seat].life()
    }

    /// What the store holds that is not finished: questions and clicks. Only of stores that last.
    pub fn unfinished(&self) -> u64 {
        let stats = process::stats(&self.settings);
        ["questions", "clicks"].iter().map(|what| stats[what].as_u64().unwrap()).sum()
    }

    /// Waits until nothing in the store is unfinished. Only of stores that last.
    pub async fn until_finished(&self) {
        let end = Instant::now() + PATIENCE[1];
        while 0 < self.unfinished() {
            self.well();
            assert!(Instant::now() < end, "something stays unfinished: {}", self.log.display());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for something that the workspace shows, or that comes with a kill.
    pub async fn until(&self, what: &str, done: impl Fn() -> bool) {
        let (mut changes, mut kills) = (self.slack.changes(), self.door.kills());
        let [patience, limit] = PATIENCE;
        let end = Instant::now() + limit;
        while !done() {
            self.well();
            let happens = async {
                tokio::select! {
                    changed = changes.changed() => changed,
                    killed = kills.changed() => killed,
                }
            };
            let until = end.min(Instant::now() + patience);
            let happened = tokio::time::timeout_at(until, happens).await;
            happened.unwrap_or_else(|_| panic!("{what} does not come: {}", self.log.display())).unwrap();
        }
    }

    /// Fails the test if something went wrong that only the world can know of.
    pub fn well(&self) {
        let trouble = self.trouble.lock().unwrap().clone();
        assert_eq!(trouble, None);
        assert_eq!(self.agent.violations(), [""; 0], "the agent's contract was broken");
        assert_eq!(self.slack.violations(), [""; 0], "slack's contract was broken");
    }

    /// How often a panic was logged.
    pub fn panics(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap();
        log.lines().filter(|line| line.contains("a panic ended") || line.contains("panicked at")).count()
    }

    /// Starts one bridge after the other.
    async fn keep(self: Arc<Self>, seat: usize) {
        loop {
            self.seats[seat].life().is_gone().await;
            if !self.seats[seat].goes_on.load(Ordering::Acquire) {
                return;
            }
            self.rise(seat).await;
        }
    }

    /// Starts a bridge, and returns when it serves or is dead.
    async fn rise(&self, at: usize) {
        let seat = &self.seats[at];
        seat.serves.send_replace(false);
        let number = self.births.fetch_add(1, Ordering::AcqRel);
        let [slack, agent] = self.door.urls(number);
        let own = [("SLACK_API_URL", format!("{slack}/api")), ("AGENT_URL", agent)];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let settings: Vec<_> = self.settings.iter().cloned().chain(own).collect();
        let (life, url) = Life::begin(number, &settings, &self.log);
        self.door.know(Arc::clone(&life));
        seat.life.send_replace(Some(Arc::clone(&life)));
        if let Ok(url) = url.await {
            *seat.url.lock().unwrap() = Some(url);
            let urls = self.seats.iter().filter_map(|seat| seat.url.lock().unwrap().clone());
            self.slack.connect_any(&urls.collect::<Vec<_>>());
            seat.serves.send_replace(true);
        } else if !life.is_over() {
            let trouble = format!("a bridge ended by itself: {}", self.log.display());
            self.trouble.lock().unwrap().get_or_insert(trouble);
        }
    }
}

impl Seat {
    fn new() -> Self {
        let (life, serves) = (watch::Sender::new(None), watch::Sender::new(false));
        Self { life, url: Mutex::default(), serves, goes_on: AtomicBool::new(false) }
    }

    fn life(&self) -> Arc<Life> {
        self.life.borrow().clone().expect("the world has begun")
    }
}
