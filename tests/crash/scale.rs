//! How large the scenarios are, and which of all possible ones: both can be chosen by the environment.

use std::env::var_os;

/// The first number where a test is one of many, the second where it is to be measured.
pub fn size(small: usize, full: usize) -> usize {
    if var_os("THREADBRIDGE_CRASH").is_some_and(|size| size == "full") { full } else { small }
}

/// What the dice begin with.
pub fn seed() -> u64 {
    let chosen = var_os("THREADBRIDGE_CRASH_SEED");
    chosen.map_or(42, |seed| seed.to_str().and_then(|seed| seed.parse().ok()).expect("the seed is a number"))
}
