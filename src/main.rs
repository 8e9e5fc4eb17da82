//! The program: `threadbridge`, whose commands are in [`cli`]. The only place that prints.
#![warn(clippy::unwrap_used)]
#![expect(clippy::print_stdout, reason = "the command line speaks to the person who runs it")]

mod cli;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use threadbridge::http;

use cli::Cli;

/// Messages are made of many small allocations, and with the system's allocator those took a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    http::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome =
        runtime.context("the runtime cannot start").and_then(|runtime| runtime.block_on(Cli::parse().run()));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "errors of the command line go to standard error")]
fn complain(error: &anyhow::Error) {
    let causes = error.chain().skip(1).map(ToString::to_string);
    // Some say the same as their cause.
    let told = causes.fold(error.to_string(), |told, cause| {
        if told.ends_with(&cause) { told } else { format!("{told}: {cause}") }
    });
    eprintln!("threadbridge: {told}");
}
