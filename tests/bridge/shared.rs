//! The conformance data that the project shares with others: it stands beside the project, where it does.

use std::io::Write;
use std::path::PathBuf;

/// The folder of payloads and vectors; `None`, and a word on the screen, where there is none.
///
/// It is `../shared/conformance` beside the project, or the one below the folder that `THREADBRIDGE_SHARED` names.
#[expect(clippy::disallowed_methods, reason = "the tests' own environment is theirs to read")]
pub fn conformance() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let folder =
        std::env::var_os("THREADBRIDGE_SHARED").map_or_else(beside, PathBuf::from).join("conformance");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is not there", folder.display());
    // Straight to the screen: what a test prints is only shown when it fails.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let mut screen = std::io::stderr();
    writeln!(screen, "skipped: {test}: {} is not there", folder.display()).unwrap();
    None
}
