//! The conformance data that the project shares with others: it stands beside the project, where it does.

use std::path::PathBuf;

/// The folder of payloads and vectors; `None`, and a word on the screen, where there is none.
///
/// It is `../shared/conformance` beside the project, or the one below the folder that `THREADBRIDGE_SHARED` names.
#[expect(clippy::print_stdout, reason = "a test that is skipped must say so")]
#[expect(clippy::disallowed_methods, reason = "the tests' own environment is theirs to read")]
pub fn conformance() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let folder =
        std::env::var_os("THREADBRIDGE_SHARED").map_or_else(beside, PathBuf::from).join("conformance");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is not there", folder.display());
    println!("skipped: {} is not there", folder.display());
    None
}
