//! The signals that the process listens to.

use std::convert::Infallible;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that ask the process to end.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on, signals are heard.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Stops what runs at the first signal, and returns at the second: that one does not wait.
    pub async fn end(&mut self, stop: &CancellationToken) {
        self.next().await;
        stop.cancel();
        self.next().await;
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The signal that asks for the configuration to be read again. Who does not listen is ended by it.
pub struct Hangups(Signal);

impl Hangups {
    /// From now on, the signal is heard.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// Does something at each signal.
    pub async fn each(&mut self, act: impl Fn()) -> Infallible {
        loop {
            self.0.recv().await;
            act();
        }
    }
}
