//! `threadbridge manifest`: what an admin gives to Slack to create the app.

use std::process::ExitCode;

use clap::Args;
use threadbridge::slack::manifest::{Manifest, Variant};
use url::Url;

#[derive(Args)]
#[command(group = clap::ArgGroup::new("how").required(true))]
pub struct Options {
    /// Where Slack reaches the bridge, such as https://threadbridge.example.com
    #[arg(long, value_name = "URL", group = "how")]
    url: Option<Url>,
    /// For installations in any number of workspaces, at /slack/install, and in whole organisations; with tokens that
    /// change every 12 hours. Without it: for one workspace, whose token you give to the bridge.
    #[arg(long, requires = "url")]
    oauth: bool,
    /// For Socket Mode, where no URL can be called. This version of the bridge does not speak it yet.
    #[arg(long, group = "how")]
    socket: bool,
    /// The name under which people see the app, at most 35 characters.
    #[arg(long, value_name = "NAME", default_value = "Threadbridge")]
    name: String,
    /// As JSON instead of YAML.
    #[arg(long)]
    json: bool,
    /// A link that opens Slack's page for a new app with the manifest filled in.
    #[arg(long, conflicts_with = "json")]
    link: bool,
}

/// Prints it.
#[expect(clippy::print_stderr, reason = "what is printed is for Slack; this is for the person")]
pub fn manifest(options: Options) -> anyhow::Result<ExitCode> {
    let Options { url, oauth, socket: _, name, json, link } = options;
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
