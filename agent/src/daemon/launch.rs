//! From "this command as that user" to everything a start needs.

use super::sys::Identity;
use crate::protocol::{AgentConfig, RunAs};
use std::collections::BTreeMap;
use std::ffi::CString;

/// The search path where nobody says otherwise.
pub(super) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How much likelier a learner process is to be the kernel's victim than the agent.
const OOM_STEP: i32 = 200;

/// The learner's identity in this machine.
pub(super) fn learner_identity(config: &AgentConfig) -> Identity {
    Identity {
        uid: config.learner.uid,
        gid: config.learner.gid,
        lock_down: config.drop_privileges,
    }
}

pub(super) fn identity(config: &AgentConfig, user: RunAs) -> Option<Identity> {
    match user {
        RunAs::Root => None,
        RunAs::Learner => Some(learner_identity(config)),
    }
}

/// The environment of a login: exactly what is listed here, plus what the lab configures.
pub(super) fn login_env(config: &AgentConfig, user: RunAs) -> BTreeMap<String, String> {
    let learner = &config.learner;
    let (home, name, shell) = match user {
        RunAs::Learner => (
            learner.home.as_str(),
            learner.name.as_str(),
            learner.shell.as_str(),
        ),
        RunAs::Root => ("/root", "root", "/bin/sh"),
    };
    let mut env: BTreeMap<String, String> = [
        ("PATH", DEFAULT_PATH),
        ("HOME", home),
        ("USER", name),
        ("LOGNAME", name),
        ("SHELL", shell),
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into();
    if user == RunAs::Learner {
        env.extend(config.env.clone());
    }
    env
}

/// Strings without NUL, as the kernel wants them. The protocol has refused NUL before.
pub(super) fn c_strings<'a>(strings: impl IntoIterator<Item = &'a String>) -> Vec<CString> {
    strings.into_iter().map(|s| c_string(s)).collect()
}

pub(super) fn c_string(text: &str) -> CString {
    let until_nul: Vec<u8> = text.bytes().take_while(|b| *b != 0).collect();
    CString::new(until_nul).unwrap_or_default()
}

pub(super) fn c_env(env: &BTreeMap<String, String>) -> Vec<CString> {
    env.iter()
        .map(|(key, value)| c_string(&format!("{key}={value}")))
        .collect()
}

/// The paths at which a program may be, in order.
pub(super) fn candidates(program: &str, env: &BTreeMap<String, String>) -> Vec<CString> {
    if program.contains('/') {
        return vec![c_string(program)];
    }
    let path = env.get("PATH").map_or(DEFAULT_PATH, String::as_str);
    path.split(':')
        .filter(|folder| folder.starts_with('/'))
        .take(64)
        .map(|folder| c_string(&format!("{folder}/{program}")))
        .collect()
}

/// The score for learner processes: above the agent's own, so that a machine that runs out of
/// memory loses what the learner runs, and keeps its agent.
pub(super) fn learner_oom_score() -> Option<String> {
    let own = std::fs::read_to_string("/proc/self/oom_score_adj").ok()?;
    let own: i32 = own.trim().parse().ok()?;
    Some((own + OOM_STEP).min(1000).to_string())
}

/// Asks the kernel to spare the agent; needs a privilege that machines normally lack.
pub(super) fn spare_agent() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "-900");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_part_of_path_is_never_searched() {
        let env = BTreeMap::from([("PATH".to_owned(), ".:/bin::bin:/usr/bin".to_owned())]);
        let found = candidates("ls", &env);
        assert_eq!(found, [c"/bin/ls".to_owned(), c"/usr/bin/ls".to_owned()]);
        assert_eq!(candidates("./x", &env), [c"./x".to_owned()]);
    }
}
