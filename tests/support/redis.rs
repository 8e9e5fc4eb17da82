//! A real redis-server for tests, on a free port of this machine, with a directory of its own. Where none is installed,
//! a test says that it is skipped; with `CI=true` that is a failure. The test has `support/directory.rs` as `directory` beside it.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::directory::TempDirectory;

/// How many ports are tried: another process may be faster to take one.
const PORTS: usize = 20;

/// What a server still knows after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing.
    None,
    /// What is in its append-only file.
    Aof(Fsync),
}

/// When the append-only file is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// Within a second: `appendfsync everysec`.
    EverySecond,
    /// Before the client is answered: `appendfsync always`.
    Always,
}

/// A redis-server; killed, and its directory removed, when it is dropped.
#[derive(Debug)]
pub struct RedisServer {
    directory: TempDirectory,
    options: Vec<String>,
    port: u16,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts a server with more databases than any test needs; `None` where redis-server is not installed.
    pub fn start(durability: Durability) -> Option<Self> {
        Self::start_with(durability, &[])
    }

    /// The same with further options, such as `--requirepass`, each with its value.
    pub fn start_with(durability: Durability, more: &[&str]) -> Option<Self> {
        if !is_installed("redis-server") {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "redis-server is not installed");
            say_skipped();
            return None;
        }
        let mut options: Vec<String> =
            ["--bind", "127.0.0.1", "--databases", "1000", "--save", ""].map(Into::into).to_vec();
        match durability {
            Durability::None => options.extend(["--appendonly", "no"].map(Into::into)),
            Durability::Aof(fsync) => {
                let when = if fsync == Fsync::Always { "always" } else { "everysec" };
                options.extend(["--appendonly", "yes", "--appendfsync", when].map(Into::into));
            }
        }
        options.extend(more.iter().map(|option| (*option).to_owned()));
        for _ in 0..PORTS {
            let directory = TempDirectory::new();
            let mut server = Self { directory, options: options.clone(), port: free_port(), process: None };
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("redis-server does not start");
    }

    /// Its URL, without a database.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A path in its directory.
    pub fn join(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Ends it with SIGTERM, as a service manager does, and waits for its end.
    pub fn stop(&mut self) {
        self.signal("TERM");
        self.process.take().expect("it runs").wait().unwrap();
    }

    /// Kills it, as a loss of power does.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Starts it again, on the same port, with what it still knows.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "it runs");
        assert!(self.try_start(), "redis-server does not start again");
    }

    /// Sends it a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Starts the process and waits until it accepts connections; `false` if it ends before that.
    fn try_start(&mut self) -> bool {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string()]).args(&self.options).arg("--dir").arg(self.join("."));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        loop {
            let mut line = String::new();
            if said.read_line(&mut line).unwrap() == 0 {
                process.wait().unwrap();
                return false;
            }
            if line.contains("Ready to accept connections") {
                break;
            }
        }
        self.process = Some(process);
        // It would wait if nobody read what it says. The thread ends with it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        true
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A port on which nobody listens, below those that the system gives to clients: nobody takes it while the server is
/// stopped for a while.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = std::process::id().wrapping_mul(61).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(number % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// Says it past the capture of a test's output, which hides what a passing test prints.
#[expect(clippy::explicit_write, reason = "eprintln is captured")]
fn say_skipped() {
    let thread = std::thread::current();
    let (test, how) = (thread.name().unwrap_or("a test"), "Debian: apt install redis-server");
    writeln!(std::io::stderr(), "skipped: {test}: redis-server is not installed ({how})").unwrap();
}
