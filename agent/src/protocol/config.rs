//! What the engine tells an agent before it starts.

use super::{Invalid, Validate, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The agent's configuration, stored as JSON at [`super::CONFIG_PATH`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// The machine's name within its sandbox.
    pub machine: String,
    /// Whom terminals, file access and learner commands run as.
    pub learner: Learner,
    /// Learner processes lose every capability (bounding set included) and may gain none.
    ///
    /// False only for profiles that must let a file capability work (`newuidmap` of a nested
    /// rootless engine); then the switch of user alone clears what the agent holds. False for a
    /// learner with uid 0 leaves the container's own capability list as it is.
    pub drop_privileges: bool,
    /// Added to the environment of learner processes.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Environment of the image's start script only. Never reaches a learner process.
    #[serde(default)]
    pub service_env: SecretEnv,
    /// Bytes of output kept per terminal.
    #[serde(default = "default_scrollback")]
    pub scrollback_bytes: usize,
    /// How much may run at once.
    #[serde(default)]
    pub limits: Limits,
}

/// The learner's account inside the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learner {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Group id; also the only supplementary group.
    pub gid: u32,
    /// Home folder, absolute.
    pub home: String,
    /// Login shell, absolute.
    pub shell: String,
}

/// How much of each kind may exist at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Terminals, exited ones that nobody has closed included.
    pub terminals: usize,
    /// Execs running at once; more are answered with [`super::ErrorCode::Busy`].
    pub execs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            terminals: 16,
            execs: 32,
        }
    }
}

/// Environment variables that must not show up in logs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretEnv(pub BTreeMap<String, String>);

impl std::fmt::Debug for SecretEnv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretEnv({} variables)", self.0.len())
    }
}

fn default_scrollback() -> usize {
    1024 * 1024
}

impl Validate for AgentConfig {
    fn validate(&self) -> Result<(), Invalid> {
        let absolute = |p: &str| p.starts_with('/') && p.len() < 1024 && !p.contains('\0');
        ensure(self.machine.len() <= 64, "machine: at most 64 bytes")?;
        ensure(
            !self.learner.name.is_empty()
                && self.learner.name.len() <= 64
                && !self.learner.name.contains('\0'),
            "learner.name: 1 to 64 bytes",
        )?;
        ensure(
            absolute(&self.learner.home),
            "learner.home: an absolute path",
        )?;
        ensure(
            absolute(&self.learner.shell),
            "learner.shell: an absolute path",
        )?;
        ensure(
            (4096..=16 * 1024 * 1024).contains(&self.scrollback_bytes),
            "scrollback_bytes: 4 KiB to 16 MiB",
        )?;
        ensure(
            (1..=64).contains(&self.limits.terminals),
            "limits.terminals: 1 to 64",
        )?;
        ensure(
            (1..=256).contains(&self.limits.execs),
            "limits.execs: 1 to 256",
        )?;
        validate_env(&self.env)?;
        validate_env(&self.service_env.0)
    }
}

/// At most 256 variables, 128 KiB in all, names without `=`, nothing with NUL.
pub(crate) fn validate_env(env: &BTreeMap<String, String>) -> Result<(), Invalid> {
    ensure(env.len() <= 256, "env: at most 256 variables")?;
    let bytes: usize = env.iter().map(|(k, v)| k.len() + v.len() + 2).sum();
    ensure(bytes <= 128 * 1024, "env: at most 128 KiB")?;
    ensure(
        env.iter()
            .all(|(k, v)| !k.is_empty() && !k.contains(['=', '\0']) && !v.contains('\0')),
        "env: a name is not empty and has no '='; nothing contains NUL",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let env = SecretEnv(BTreeMap::from([("PASSWORD".into(), "swordfish".into())]));
        assert!(!format!("{env:?}").contains("swordfish"));
    }
}
