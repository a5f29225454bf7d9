//! `script:` a shell script of the lab's folder, sent for the moment of the check.

use std::{collections::BTreeMap, time::Duration};

use crate::domain::{check::ScriptCheck, ids::Slug, text::Text};

use super::{
    command::{exit_code, note},
    evidence::Evidence,
    look::{Finding, Stop},
    machines::Machines,
    messages, reach,
    reach::HOME,
    runner::LabFiles,
};

/// The shell: of the image, root's, on a read-only file system, linked statically.
const BUSYBOX: &str = "/bin/busybox";

/// Name of the script in the folder that exists for this run only.
const NAME: &str = "check";

/// Starts the script from the folder whose path only the agent knows. `$0` is the script, as
/// usual; the word `check` never comes from the learner.
const START: &str = r#"exec /bin/busybox sh "$SLIPWAY_DIR/check""#;

/// How a script picks a message.
const PICK: &str = "message:";

pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &ScriptCheck,
    texts: &BTreeMap<String, Text>,
    files: &LabFiles,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let ScriptCheck {
        machine: _,
        file,
        user,
        // Who answers there is the caller's matter.
        node_ports: _,
        messages: _,
    } = check;
    let script = files
        .get(file)
        .ok_or_else(|| Stop::Lab(format!("the script `{file}` is missing")))?;
    evidence.line("script", format_args!("{file} as {user:?} in {machine}"));
    let argv = [BUSYBOX, "sh", "-c", START].map(str::to_owned);
    let request = reach::request(*user, argv, HOME, within).file(NAME, 0o500, script.clone());
    let outcome = reach::exec(machines, machine, &request).await?;
    note(&outcome, evidence);
    let code = match exit_code(&outcome, BUSYBOX, within) {
        Ok(code) => code,
        Err(finding) => return Ok(finding),
    };
    let picked = pick(&outcome.stdout, texts);
    let failed = || Finding::Failed {
        condition: picked.unwrap_or_default().to_owned(),
        observation: None,
    };
    Ok(match code {
        0 => Finding::Passed,
        1 => failed(),
        3 => Finding::Ungradable(
            picked
                .and_then(|key| texts.get(key).cloned())
                .unwrap_or_else(|| messages::script_can_not_judge(machine.as_str())),
        ),
        _ if reach::is_shortage(&String::from_utf8_lossy(&outcome.stderr)) => {
            // The shell itself could not go on: it says so and ends with a code of its own.
            let reason = "the script ran out of processes, memory or disk".to_owned();
            return Err(reach::Trouble::Full(machine.clone(), reason).into());
        }
        other => {
            // Not one of the agreed codes: a fault of the script, or a tool that is missing.
            evidence.line("the script ended with a code it should not use", other);
            failed()
        }
    })
}

/// The key in the first line `message: <key>` whose key is known.
fn pick<'a>(stdout: &[u8], texts: &'a BTreeMap<String, Text>) -> Option<&'a str> {
    stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok())
        .filter_map(|line| line.strip_prefix(PICK))
        .find_map(|key| texts.get_key_value(key.trim()))
        .map(|(key, _)| key.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_key_picks_the_text() {
        let known = BTreeMap::from([("port".to_owned(), Text::new("端口", "port"))]);
        assert_eq!(
            pick(b"x\nmessage: nothing\nmessage: port\r\n", &known),
            Some("port")
        );
        assert_eq!(pick(b"a message: port\n", &known), None);
        assert_eq!(pick(b"message: \xff\nmessage:port", &known), Some("port"));
    }
}
