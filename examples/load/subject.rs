//! A process under test: started with its environment, ready, and looked at from outside through `/proc`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio_util::task::TaskTracker;

use crate::fakes::{Addresses, Fakes, email};
use crate::ledger::Ledger;
use crate::slack::{SECRET, USERS};
use crate::wire::Wire;

/// How long a process may take until it is ready.
const START: Duration = Duration::from_secs(20);
/// A tick of the CPU times in `/proc/PID/stat`; the same on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The real release binary.
    Bridge,
    /// The bare relay of axum and reqwest.
    Libraries,
    /// The bare relay by hand.
    Hand,
}

/// How processes are started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The bridge's binary.
    pub bridge: PathBuf,
    /// The bridge's log filter.
    pub log: String,
    /// Whether the process gets the first core for itself, and this tool the second.
    pub pin: bool,
    /// Further settings of the bridge, by the names of its environment.
    pub settings: Vec<(String, String)>,
}

/// A running process with its own fakes around it.
pub struct Subject {
    /// What it is.
    pub kind: Kind,
    /// Where it listens.
    pub address: SocketAddr,
    /// What is around it.
    pub fakes: Arc<Fakes>,
    child: Child,
    // Held because both are deleted with it.
    files: files::Files,
}

impl Kind {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Libraries => "bare relay, axum and reqwest",
            Self::Hand => "bare relay, by hand",
        }
    }
}

impl Subject {
    /// Starts a process and waits until it is ready.
    pub async fn start(
        kind: Kind,
        setup: &Setup,
        ledger: Ledger,
        tracker: &TaskTracker,
    ) -> anyhow::Result<Self> {
        let fakes = Fakes::new(ledger);
        let around = fakes.serve(tracker).await?;
        let port = StdListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let files = files::Files::new(port)?;
        std::fs::write(&files.directory, directory())?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let program = match kind {
            Kind::Bridge => setup.bridge.clone(),
            Kind::Libraries | Kind::Hand => std::env::current_exe()?,
        };
        let mut command = if setup.pin { pinned(&program) } else { Command::new(&program) };
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        match kind {
            Kind::Bridge => command.arg("serve").envs(environment(setup, around, port, &files.directory)),
            Kind::Libraries => command.args(bare("libraries", around, port)),
            Kind::Hand => command.args(bare("hand", around, port)),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&files.log)?);
        let child = command.spawn().with_context(|| format!("{} cannot be started", program.display()))?;
        let subject = Self { kind, address, fakes, child, files };
        subject.ready().await?;
        Ok(subject)
    }

    /// The CPU time that the process has used, in user space and in the kernel.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        cpu(&format!("/proc/{}/stat", self.child.id()))
    }

    /// The memory that the process holds now, in bytes.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024)
    }

    /// How many lines the process has logged, and the first of them.
    pub fn log(&self) -> (usize, Option<String>) {
        let Ok(log) = File::open(&self.files.log) else { return (0, None) };
        let mut lines = BufReader::new(log).lines().map_while(Result::ok);
        let first = lines.next();
        (usize::from(first.is_some()) + lines.count(), first)
    }

    async fn ready(&self) -> anyhow::Result<()> {
        let request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let until = Instant::now() + START;
        loop {
            if let Ok(mut wire) = Wire::connect(self.address).await
                && matches!(wire.exchange(request).await, Ok(200))
            {
                return Ok(());
            }
            if until < Instant::now() {
                bail!("{} does not get ready: {}", self.kind.name(), self.log().1.unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The CPU time that this tool has used itself.
pub fn own_cpu() -> anyhow::Result<Duration> {
    cpu("/proc/self/stat")
}

/// Moves this whole process to the second core; `false` where that is not possible.
pub fn leave_the_first_core() -> bool {
    let enough = std::thread::available_parallelism().is_ok_and(|cores| cores.get() >= 2);
    let pid = std::process::id().to_string();
    let mut taskset = Command::new("taskset");
    taskset.args(["-a", "-p", "-c", "1", &pid]).stdout(Stdio::null()).stderr(Stdio::null());
    enough && taskset.status().is_ok_and(|status| status.success())
}

fn cpu(stat: &str) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(stat)?;
    // The second field is the program's name in parentheses, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(TICK * ticks.sum::<Result<u32, _>>()?)
}

fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// The bridge's settings; all others are the defaults.
fn environment(setup: &Setup, around: Addresses, port: u16, directory: &Path) -> Vec<(String, String)> {
    let own = [
        ("HOST", "127.0.0.1".to_owned()),
        ("PORT", port.to_string()),
        ("SLACK_BOT_TOKEN", "xoxb-load".to_owned()),
        ("SLACK_SIGNING_SECRET", SECRET.to_owned()),
        ("SLACK_API_URL", format!("http://{}/api", around.slack)),
        ("AGENT_URL", format!("http://{}", around.agent)),
        ("DIRECTORY_FILE", directory.display().to_string()),
        ("THREADBRIDGE_LOG__FILTER", setup.log.clone()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    own.chain(setup.settings.iter().cloned()).collect()
}

fn bare(kind: &str, around: Addresses, port: u16) -> Vec<String> {
    let words = ["bare", kind, &port.to_string(), &around.agent.to_string(), &around.slack.to_string()];
    words.map(str::to_owned).to_vec()
}

/// Everybody who asks, as the directory's CSV file.
fn directory() -> String {
    let rows = (0..USERS).map(|user| {
        let email = email(user);
        format!(
            "crm-{user},{email},User {user},+27210000000,Sales,Cape Town,Load Properties,Residential,agent\n"
        )
    });
    let header = "agent_id,email,name,phone,agency,office,company,division,user_type\n".to_owned();
    std::iter::once(header).chain(rows).collect()
}

/// The files of a process: they go when it goes.
mod files {
    use std::path::PathBuf;

    pub(super) struct Files {
        folder: PathBuf,
        pub(super) directory: PathBuf,
        pub(super) log: PathBuf,
    }

    impl Files {
        pub(super) fn new(port: u16) -> std::io::Result<Self> {
            let name = format!("threadbridge-load-{}-{port}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&folder)?;
            let (directory, log) = (folder.join("directory.csv"), folder.join("log.txt"));
            Ok(Self { folder, directory, log })
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            // What stays behind is a small file in the system's temporary folder.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
