//! What was found, line by line: for people, and for scripts.

use std::fmt;

use serde::Serialize;

/// What was found, in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Line by line; several can be about the same.
    pub checks: Vec<Check>,
    /// Whether nothing has failed.
    pub ok: bool,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub finding: String,
    /// What to change; nothing where all is well.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it must be.
    Ok,
    /// People are answered, and somebody should look at it.
    Warning,
    /// Some or all people are not answered because of it.
    Failed,
    /// It was not looked at.
    Skipped,
}

impl Report {
    pub(super) fn new(checks: Vec<Check>) -> Self {
        let ok = checks.iter().all(|check| check.state != State::Failed);
        Self { checks, ok }
    }
}

impl Check {
    pub(super) fn ok(name: &'static str, finding: impl Into<String>) -> Self {
        Self { name, state: State::Ok, finding: finding.into(), fix: None }
    }

    pub(super) fn warning(name: &'static str, finding: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state: State::Warning, finding: finding.into(), fix: Some(fix.into()) }
    }

    pub(super) fn failed(name: &'static str, finding: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state: State::Failed, finding: finding.into(), fix: Some(fix.into()) }
    }

    pub(super) fn skipped(name: &'static str, finding: impl Into<String>, fix: Option<&str>) -> Self {
        Self { name, state: State::Skipped, finding: finding.into(), fix: fix.map(str::to_owned) }
    }
}

impl State {
    fn mark(self) -> &'static str {
        match self {
            Self::Ok => "✅",
            Self::Warning => "⚠️",
            Self::Failed => "❌",
            Self::Skipped => "➖",
        }
    }
}

/// As a terminal shows it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = self.checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
        for Check { name, state, finding, fix } in &self.checks {
            writeln!(f, "{} {name:wide$}  {}", state.mark(), one_line(finding))?;
            if let Some(fix) = fix {
                writeln!(f, "   {:wide$}  → {}", "", one_line(fix))?;
            }
        }
        let count = |state| self.checks.iter().filter(|check| check.state == state).count();
        let (failed, warnings, skipped) =
            (count(State::Failed), count(State::Warning), count(State::Skipped));
        match (failed, warnings) {
            (0, 0) if skipped == 0 => write!(f, "All is well"),
            (0, 0) => write!(f, "Nothing wrong was found"),
            (0, _) => write!(f, "It works; {warnings} to look at"),
            _ => write!(f, "{failed} to mend, {warnings} to look at"),
        }?;
        match skipped {
            0 => writeln!(f, "."),
            skipped => writeln!(f, "; {skipped} not looked at."),
        }
    }
}

/// What others have named cannot move the cursor.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
