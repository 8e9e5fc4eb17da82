//! The process's log, kept.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};

use threadbridge::telemetry::{self, Format, Settings};
use tracing_subscriber::util::SubscriberInitExt;

/// Everything that was logged. One for the process, so a test searches what the others logged, too.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The log, from whoever comes first on.
    pub fn start() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        let start = || {
            let log = Self::default();
            let filter = "trace,hyper::proto=trace,hyper_util=trace,reqwest=trace,rustls=trace,h2=trace";
            let settings = Settings { filter: filter.into(), format: Format::Text };
            let writer = log.clone();
            let subscriber = telemetry::subscriber(&settings, move || writer.clone(), false).unwrap();
            subscriber.try_init().unwrap();
            log
        };
        LOG.get_or_init(start).clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    /// Fails unless the words were logged.
    pub fn holds(&self, words: &str) {
        assert!(self.text().contains(words), "nobody logged: {words}");
    }

    /// Fails if the words, in capitals or not, were logged.
    pub fn has_no(&self, words: &str) {
        let words = words.to_lowercase();
        let bad: Vec<_> =
            self.lines().into_iter().filter(|line| line.to_lowercase().contains(&words)).collect();
        assert_eq!(bad, [""; 0], "{words} was logged");
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
