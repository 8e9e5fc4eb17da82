//! One process of the real bridge.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use tokio::sync::oneshot;

/// The program.
const BRIDGE: &str = env!("CARGO_BIN_EXE_threadbridge");

/// A bridge that serves; killed when it is dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts it, with these settings by the names of the environment and no others. Its log goes to the end of a file.
    /// Its URL comes once it serves; never if it ends before that.
    pub fn start(settings: &[(String, String)], log: &Path) -> (Self, oneshot::Receiver<String>) {
        let mut command = Command::new(BRIDGE);
        command.arg("serve").env_clear().envs(settings.iter().cloned());
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = File::options().create(true).append(true).open(log).unwrap();
        let (url, served) = oneshot::channel();
        let mut url = Some(url);
        // It ends with the process.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(address) = address(&line)
                    && let Some(url) = url.take()
                {
                    // Nobody waits for it any more if the process was killed.
                    let _ = url.send(format!("http://{address}"));
                }
                writeln!(log, "{line}").unwrap();
            }
        });
        (Self(child), served)
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Kills it as SIGKILL does, and returns when it is gone.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `threadbridge store stats` counts in a store, as JSON.
pub fn stats(settings: &[(String, String)]) -> serde_json::Value {
    let mut command = Command::new(BRIDGE);
    command.args(["store", "stats", "--json"]).env_clear().envs(settings.iter().cloned());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The address in the log's line that says that the bridge serves.
fn address(line: &str) -> Option<String> {
    if !line.contains("threadbridge serves") {
        return None;
    }
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(event["address"].as_str()?.to_owned())
}
