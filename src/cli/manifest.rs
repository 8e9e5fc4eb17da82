//! `threadbridge manifest`: what an admin gives to Slack, or to Teams, to create the app.

use std::fs;
use std::io::{IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use threadbridge::config::{Config, ConfigError};
use threadbridge::slack::manifest::{Manifest, Variant};
use threadbridge::teams::package::{App, Package, Pages};
use url::Url;

#[derive(Args)]
#[command(group = clap::ArgGroup::new("how").required(true).multiple(true))]
pub struct Options {
    /// Where the bridge is reached, such as https://threadbridge.example.com; with --teams it may be left out where
    /// PUBLIC_URL is set.
    #[arg(long, value_name = "URL", group = "how", value_parser = web_address)]
    url: Option<Url>,
    /// For installations in any number of workspaces, at /slack/install, and in whole organisations; with tokens that
    /// change every 12 hours. Without it: for one workspace, whose token you give to the bridge.
    #[arg(long, requires = "url")]
    oauth: bool,
    /// For Socket Mode, where no URL can be called. This version of the bridge does not speak it yet.
    #[arg(long, group = "how", conflicts_with = "url")]
    socket: bool,
    /// The name under which people see the app, at most 35 characters (30 in Teams).
    #[arg(long, value_name = "NAME", default_value = "Threadbridge")]
    name: String,
    /// As JSON instead of YAML; with --teams the manifest alone, without the package around it.
    #[arg(long)]
    json: bool,
    /// A link that opens Slack's page for a new app with the manifest filled in.
    #[arg(long, conflicts_with = "json")]
    link: bool,
    #[command(flatten)]
    teams: TeamsOptions,
}

#[derive(Args)]
#[command(next_help_heading = "Microsoft Teams")]
struct TeamsOptions {
    /// The app package for Microsoft Teams: a zip of the manifest and the icons.
    #[arg(long, group = "how", conflicts_with_all = ["oauth", "socket", "link"])]
    teams: bool,
    /// The Application (client) ID of the bot's registration; without it the one that is configured (CLIENT_ID).
    #[arg(long, value_name = "GUID", requires = "teams")]
    client_id: Option<String>,
    /// Who people are told has made the app, at most 32 characters.
    #[arg(long, value_name = "NAME", default_value = "Threadbridge", requires = "teams")]
    developer: String,
    /// Your page about the app; without it --url, where the bridge has no page for people.
    #[arg(long, value_name = "URL", requires = "teams", value_parser = web_address)]
    website: Option<Url>,
    /// Your privacy statement; without it --url.
    #[arg(long, value_name = "URL", requires = "teams", value_parser = web_address)]
    privacy: Option<Url>,
    /// Your terms of use; without it --url.
    #[arg(long, value_name = "URL", requires = "teams", value_parser = web_address)]
    terms: Option<Url>,
    /// The version of the package, which you raise for every other one that you upload.
    #[arg(long, value_name = "VERSION", default_value = "1.0.0", requires = "teams")]
    package_version: String,
    /// Where to write the package; without it, it goes to standard output.
    #[arg(long, value_name = "FILE", requires = "teams", conflicts_with = "json")]
    out: Option<PathBuf>,
}

/// Prints it, or writes it. The configuration is only loaded where something must come from it.
pub fn manifest(
    options: Options,
    load: impl FnOnce() -> Result<Config, ConfigError>,
) -> anyhow::Result<ExitCode> {
    match options {
        Options { url, name, json, teams, .. } if teams.teams => {
            let out = teams.out.clone();
            package(&Package::new(app(url, name, teams, load)?)?, json, out.as_deref())
        }
        options => for_slack(options),
    }
}

#[expect(clippy::print_stderr, reason = "what is printed is for Slack; this is for the person")]
fn for_slack(options: Options) -> anyhow::Result<ExitCode> {
    let Options { url, oauth, socket: _, name, json, link, teams: _ } = options;
    let variant = match url {
        Some(url) if oauth => Variant::ManyWorkspaces(url),
        Some(url) => Variant::OneWorkspace(url),
        None => {
            eprintln!(
                "threadbridge: this version does not open Socket Mode connections yet; such an app stays silent"
            );
            Variant::SocketMode
        }
    };
    let manifest = Manifest::new(&name, variant)?;
    match (json, link) {
        (_, true) => println!("{}", manifest.link()),
        (true, _) => println!("{}", manifest.json()),
        _ => print!("{}", manifest.yaml()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a URL; the parser's own words would help nobody.
fn web_address(text: &str) -> Result<Url, &'static str> {
    Url::parse(text).map_err(|_| "write it as https://threadbridge.example.com")
}

#[expect(clippy::print_stderr, reason = "standard output may be the package; this is for the person")]
fn app(
    url: Option<Url>,
    name: String,
    options: TeamsOptions,
    load: impl FnOnce() -> Result<Config, ConfigError>,
) -> anyhow::Result<App> {
    let (client_id, url) = match (options.client_id, url) {
        (Some(client_id), Some(url)) => (client_id, url),
        (client_id, url) => {
            let config = load()?;
            let of_config = (client_id.is_none(), url.is_none());
            let configured = Some(config.teams.client_id.trim().to_owned()).filter(|id| !id.is_empty());
            let client_id = client_id.or(configured);
            let client_id = client_id
                .context("the app's client id is missing: give it with --client-id, or set CLIENT_ID")?;
            let url = url.or(config.server.public_url().ok().flatten());
            let url =
                url.context("the bridge's address is missing: give it with --url, or set PUBLIC_URL")?;
            match of_config {
                (true, true) => {
                    eprintln!(
                        "threadbridge: from the configuration: the client id {client_id} (CLIENT_ID), and {url} (PUBLIC_URL)"
                    );
                }
                (true, false) => {
                    eprintln!("threadbridge: from the configuration: the client id {client_id} (CLIENT_ID)")
                }
                (false, _) => eprintln!("threadbridge: from the configuration: {url} (PUBLIC_URL)"),
            }
            (client_id, url)
        }
    };
    let page = |page: Option<Url>| page.unwrap_or_else(|| url.clone());
    let pages =
        Pages { website: page(options.website), privacy: page(options.privacy), terms: page(options.terms) };
    Ok(App { client_id, name, developer: options.developer, version: options.package_version, pages })
}

#[expect(clippy::print_stderr, reason = "standard output may be the package; this is for the person")]
fn package(package: &Package, json: bool, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    match out {
        _ if json => println!("{}", package.manifest()),
        Some(file) => {
            let shown = file.display();
            fs::write(file, package.zip()).with_context(|| format!("{shown} cannot be written"))?;
            eprintln!(
                "threadbridge: {shown} is made; upload it in Teams: Apps → Manage your apps → Upload an app"
            );
        }
        None if stdout().is_terminal() => {
            bail!(
                "the package is no text for a screen: add --out threadbridge.zip, or --json for the manifest alone"
            )
        }
        None => stdout().write_all(&package.zip()).context("the package cannot be written")?,
    }
    Ok(ExitCode::SUCCESS)
}
