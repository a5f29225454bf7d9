//! Running one command with limits.

use super::config::validate_env;
use super::{Invalid, Validate, base64_bytes, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Output kept per stream unless a request says otherwise.
pub const DEFAULT_OUTPUT: usize = 64 * 1024;
/// Most output that may be asked for per stream.
pub const MAX_OUTPUT: usize = 4 * 1024 * 1024;
/// Most bytes of standard input.
pub const MAX_STDIN: usize = 4 * 1024 * 1024;
/// Most bytes of helper files, all together.
pub const MAX_FILES_BYTES: usize = 8 * 1024 * 1024;
/// Longest time-out.
pub const MAX_TIMEOUT: Duration = Duration::from_hours(1);

/// Whose rights something is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunAs {
    /// Root inside the machine, with the container's (short) capability list.
    Root,
    /// The learner, as unprivileged as in a terminal.
    Learner,
}

/// What becomes of processes that outlive the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leftovers {
    /// Kill them (checks).
    #[default]
    Kill,
    /// Let them run on (set-up and solution scripts that start a service).
    ///
    /// A time-out or a caller that goes away kills them all the same.
    Keep,
}

/// A helper file for one exec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecFile {
    /// A single plain name: `A-Z a-z 0-9 . _ -`, at most 100 bytes, no leading dot.
    pub name: String,
    /// Permission bits; only 0o777 count.
    pub mode: u32,
    /// The content.
    #[serde(with = "base64_bytes")]
    pub bytes: Vec<u8>,
}

/// One command to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecRequest {
    /// Program and arguments. A program without a slash is looked up in the PATH given here.
    pub argv: Vec<String>,
    /// The whole environment, besides `PATH` (set if missing) and `SLIPWAY_DIR`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Start from the environment a terminal would have (HOME, USER, …), then add `env`.
    #[serde(default)]
    pub login_env: bool,
    /// Working folder, absolute; by default `/` for root and home for the learner.
    #[serde(default)]
    pub cwd: Option<String>,
    /// Whose rights it runs with.
    pub user: RunAs,
    /// Files placed in a fresh folder that only this user can enter; its path is in
    /// `SLIPWAY_DIR`. Removed afterwards.
    #[serde(default)]
    pub files: Vec<ExecFile>,
    /// Standard input; closed after the last byte.
    #[serde(default, with = "base64_bytes")]
    pub stdin: Vec<u8>,
    /// Milliseconds until the command and all its descendants are killed.
    pub timeout_ms: u64,
    /// Bytes kept of each output stream; the rest is read and thrown away.
    pub max_output: usize,
    /// What becomes of processes that outlive the command.
    #[serde(default)]
    pub leftovers: Leftovers,
}

impl ExecRequest {
    /// A command with an empty environment, no input, 10 s and 64 KiB per stream.
    pub fn new<S: Into<String>>(user: RunAs, argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            login_env: false,
            cwd: None,
            user,
            files: Vec::new(),
            stdin: Vec::new(),
            timeout_ms: 10_000,
            max_output: DEFAULT_OUTPUT,
            leftovers: Leftovers::Kill,
        }
    }

    /// Sets the time-out (at most an hour).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Sets standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Adds a helper file.
    #[must_use]
    pub fn file(mut self, name: &str, mode: u32, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push(ExecFile {
            name: name.to_owned(),
            mode,
            bytes: bytes.into(),
        });
        self
    }

    /// Adds a variable to the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Lets background processes run on after the command has ended.
    #[must_use]
    pub fn keep_leftovers(mut self) -> Self {
        self.leftovers = Leftovers::Keep;
        self
    }
}

impl Validate for ExecRequest {
    fn validate(&self) -> Result<(), Invalid> {
        ensure(
            (1..=256).contains(&self.argv.len()),
            "argv: 1 to 256 arguments",
        )?;
        let bytes: usize = self.argv.iter().map(|a| a.len() + 1).sum();
        ensure(bytes <= 128 * 1024, "argv: at most 128 KiB")?;
        ensure(
            !self.argv[0].is_empty() && self.argv.iter().all(|a| !a.contains('\0')),
            "argv: a program, and no NUL",
        )?;
        validate_env(&self.env)?;
        if let Some(cwd) = &self.cwd {
            let valid = cwd.starts_with('/') && cwd.len() < 4096 && !cwd.contains('\0');
            ensure(valid, "cwd: an absolute path")?;
        }
        ensure(self.files.len() <= 64, "files: at most 64")?;
        let bytes: usize = self.files.iter().map(|f| f.bytes.len()).sum();
        ensure(bytes <= MAX_FILES_BYTES, "files: at most 8 MiB in all")?;
        for (index, file) in self.files.iter().enumerate() {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            let valid = (1..=100).contains(&file.name.len())
                && !file.name.starts_with('.')
                && file.name.bytes().all(plain)
                && self.files[..index]
                    .iter()
                    .all(|other| other.name != file.name);
            ensure(valid, "files: plain names, each once")?;
        }
        ensure(self.stdin.len() <= MAX_STDIN, "stdin: at most 4 MiB")?;
        let longest = u64::try_from(MAX_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
        ensure(
            (1..=longest).contains(&self.timeout_ms),
            "timeout_ms: 1 ms to 1 h",
        )?;
        ensure(self.max_output <= MAX_OUTPUT, "max_output: at most 4 MiB")
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExecStatus {
    /// By itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// By a signal that was not ours.
    Signaled {
        /// The signal's number.
        signal: i32,
    },
    /// Killed with all its descendants when its time was up.
    TimedOut,
    /// It never ran.
    SpawnFailed {
        /// Why, for logs.
        reason: String,
    },
}

/// What came of an exec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecOutcome {
    /// How it ended.
    pub status: ExecStatus,
    /// The first `max_output` bytes of standard output.
    #[serde(with = "base64_bytes")]
    pub stdout: Vec<u8>,
    /// The first `max_output` bytes of standard error.
    #[serde(with = "base64_bytes")]
    pub stderr: Vec<u8>,
    /// More came on standard output than was kept.
    pub stdout_truncated: bool,
    /// More came on standard error than was kept.
    pub stderr_truncated: bool,
    /// Wall time, as the agent measured it.
    pub duration_ms: u64,
}

impl ExecOutcome {
    /// Whether the command ended by itself with code 0.
    pub fn succeeded(&self) -> bool {
        self.status == ExecStatus::Exited { code: 0 }
    }
}

impl Validate for ExecOutcome {
    fn validate(&self) -> Result<(), Invalid> {
        let kept = self.stdout.len() <= MAX_OUTPUT && self.stderr.len() <= MAX_OUTPUT;
        ensure(kept, "more output than was asked for")?;
        match &self.status {
            ExecStatus::SpawnFailed { reason } => ensure(reason.len() <= 1024, "reason: 1 KiB"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_requests_are_refused() {
        let ok = ExecRequest::new(RunAs::Root, ["true"]);
        assert!(ok.validate().is_ok());
        let none: [&str; 0] = [];
        for bad in [
            ExecRequest::new(RunAs::Root, none),
            ExecRequest::new(RunAs::Root, ["a\0b"]),
            ok.clone().file("../x", 0o600, *b"x"),
            ok.clone().file("a/b", 0o600, *b"x"),
            ok.clone().file("a", 0o600, *b"x").file("a", 0o600, *b"x"),
            ok.clone().env("A=B", "c"),
            ok.clone().env("A", "\0"),
            ok.clone().timeout(Duration::ZERO),
            ok.clone().timeout(Duration::from_secs(4000)),
            ok.clone().stdin(vec![0; MAX_STDIN + 1]),
            ExecRequest {
                max_output: MAX_OUTPUT + 1,
                ..ok.clone()
            },
            ExecRequest {
                cwd: Some("tmp".into()),
                ..ok.clone()
            },
        ] {
            assert!(bad.validate().is_err(), "{:?}", bad.argv);
        }
    }
}
