//! Files that a test writes and that go with it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A file of its own, gone when it is dropped.
pub struct TempFile(PathBuf);

impl TempFile {
    /// A new file; `name` is the end of its name.
    pub fn new(name: &str, text: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}-{name}", std::process::id());
        let file = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        file.write(text);
        file
    }

    /// Writes it anew, in one step: whoever watches it sees no half of it.
    pub fn write(&self, text: &str) {
        let whole = self.0.with_extension("new");
        std::fs::write(&whole, text).unwrap();
        std::fs::rename(&whole, &self.0).unwrap();
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
