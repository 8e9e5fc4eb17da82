//! `threadbridge healthcheck`: whether the bridge on this machine is ready.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use threadbridge::config::Config;
use threadbridge::http;

/// Asks it.
pub async fn healthcheck(config: &Config) -> anyhow::Result<ExitCode> {
    let url = format!("{}/readyz", config.server.own_url());
    let response = http::local_client()?.get(&url).timeout(Duration::from_secs(5)).send().await;
    let response = response.map_err(reqwest::Error::without_url);
    let response = response.with_context(|| format!("nothing answers at {url}"))?;
    let ready = response.status().is_success();
    println!("{}", response.text().await.unwrap_or_default());
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
