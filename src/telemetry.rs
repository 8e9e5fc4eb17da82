//! Logs: one line for each thing worth knowing, and nothing in it that people wrote or that opens doors.

use std::io::{self, IsTerminal, Write};

use serde::Deserialize;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{FilterExt, LevelFilter, ParseError, filter_fn};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// How the bridge logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What to log, in `tracing`'s filter syntax: `info`, or `threadbridge=debug,info`.
    pub filter: String,
    /// How a line looks.
    pub format: Format,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Whose logs may be as fine as the settings ask for. Those of the libraries quote URLs, headers or bodies in their
/// finest logs, so none of theirs goes beyond `info`, whatever the filter says.
const OURS: &str = env!("CARGO_PKG_NAME");

/// The filter that the settings ask for.
///
/// # Errors
/// When it is not in the filter syntax.
pub fn filter(settings: &Settings) -> Result<EnvFilter, ParseError> {
    EnvFilter::try_new(&settings.filter)
}

/// Logs as the settings say, one line for each event, into `writer`; `colours` are for a terminal.
///
/// # Errors
/// When the filter is not in the filter syntax.
pub fn subscriber<W>(
    settings: &Settings,
    writer: W,
    colours: bool,
) -> Result<impl Subscriber + Send + Sync, ParseError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let harmless = filter_fn(|event| event.target().starts_with(OURS) || *event.level() <= Level::INFO);
    let harmless = harmless.with_max_level_hint(LevelFilter::TRACE);
    let lines = fmt::layer().with_writer(OneLine(writer));
    let lines = match settings.format {
        Format::Text => lines.with_target(false).with_ansi(colours).boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    Ok(Registry::default().with(lines.with_filter(filter(settings)?.and(harmless))))
}

/// Starts logging to standard error, panics included. Only the first call has an effect.
///
/// # Errors
/// When the filter is not in the filter syntax.
pub fn start(settings: &Settings) -> Result<(), ParseError> {
    if subscriber(settings, io::stderr, io::stderr().is_terminal())?.try_init().is_ok() {
        log_panics();
    }
    Ok(())
}

/// Logs each panic instead of printing it: where it was, and its words only if they stand in the code. A formatted
/// message may quote what people wrote.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let words = panic.payload().downcast_ref::<&'static str>().copied();
        tracing::error!(
            place,
            "panic: {}",
            words.unwrap_or("its message is not logged: it may quote people")
        );
    }));
}

/// Keeps each event on its line, so that nothing in it can pass for another event.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine(self.0.make_writer())
    }
}

impl<W: Write> Write for OneLine<W> {
    /// An event comes whole, with the line's end.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        let text = String::from_utf8_lossy(line).replace('\n', "\\n").replace('\r', "\\r");
        self.0.write_all(format!("{text}\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
