//! `threadbridge serve`: the platforms' webhooks, until a signal.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use threadbridge::bridge::Bridge;
use threadbridge::clock::SystemClock;
use threadbridge::config::Config;
use threadbridge::telemetry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::signals::{Hangups, Signals};

/// Serves until it is told to stop.
pub async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start(&config.log)?;
    for risk in config.risks_at_start() {
        tracing::warn!(risk, "the configuration can be used, but is risky");
    }
    let address = (config.server.host.as_str(), config.server.port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {}:{} (server.host, server.port)", config.server.host, config.server.port)
    })?;
    // Before anybody can know that it serves: a signal without a handler would kill it.
    let (mut signals, mut hangups) = (Signals::listen()?, Hangups::listen()?);
    // Only now: it goes on with what was left at once, which a process must not do that then cannot serve.
    let bridge = Bridge::new(&config, Arc::new(SystemClock)).await?;
    tracing::info!(address = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "threadbridge serves");
    let (stop, reloader) = (CancellationToken::new(), bridge.reloader());
    tokio::select! {
        () = bridge.serve(listener, stop.clone()) => Ok(ExitCode::SUCCESS),
        () = signals.end(&stop) => Ok(ExitCode::FAILURE),
        never = hangups.each(|| reloader.reload()) => match never {},
    }
}
