//! How the demo ends when somebody has seen enough.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output};

use crate::start;

#[test]
fn an_interrupt_ends_it_well_while_it_waits_for_a_question() {
    let mut demo = start(&[]);
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("your turn")));
    let interrupt = format!("kill -INT {}", demo.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    assert_eq!(demo.wait().unwrap().code(), Some(0));
}

#[test]
fn whoever_closes_the_pipe_early_gets_no_error() {
    let mut demo = start(&["--once"]);
    drop(demo.stdout.take());
    let Output { status, stderr, .. } = demo.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(stderr).unwrap(), "");
    assert_eq!(status.code(), Some(0));
}
