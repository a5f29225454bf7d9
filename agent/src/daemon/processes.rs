//! Finding and ending whole families of processes.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashSet;
use std::time::Duration;

/// Rounds of stopping and killing before giving up. A family that outruns them is held by the
/// container's limit on processes.
const ROUNDS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// What `/proc/<pid>/stat` says about a process; readable without any privilege.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    pid: i32,
    parent: i32,
    session: i32,
    zombie: bool,
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name stands in parentheses and may contain anything, parentheses included.
    let (pid, rest) = text.split_once(' ')?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let _group = fields.next()?;
    let session = fields.next()?.parse().ok()?;
    Some(Stat {
        pid: pid.parse().ok()?,
        parent,
        session,
        zombie: matches!(state, "Z" | "X"),
    })
}

fn all() -> Vec<Stat> {
    let Ok(proc) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    proc.flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit())
        .filter_map(|entry| std::fs::read(entry.path().join("stat")).ok())
        .filter_map(|stat| parse_stat(&String::from_utf8_lossy(&stat)))
        .collect()
}

/// All living processes below `root`, without itself.
fn descendants(processes: &[Stat], root: i32) -> HashSet<i32> {
    let mut found = HashSet::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for child in processes.iter().filter(|p| p.parent == parent) {
            if found.insert(child.pid) {
                parents.push(child.pid);
            }
        }
    }
    found.retain(|pid| processes.iter().any(|p| p.pid == *pid && !p.zombie));
    found
}

/// Kills everything below `root` (which adopts orphans, so that nothing slips away), also what
/// is being forked meanwhile: stop until no new face turns up, then kill.
pub(super) async fn kill_descendants(root: i32) {
    kill_all(|processes| descendants(processes, root)).await;
}

/// Kills everything in a session.
pub(super) async fn kill_session(session: i32) {
    kill_all(|processes| {
        processes
            .iter()
            .filter(|p| p.session == session && !p.zombie)
            .map(|p| p.pid)
            .collect()
    })
    .await;
}

async fn kill_all(pick: impl Fn(&[Stat]) -> HashSet<i32>) {
    let mut stopped: HashSet<i32> = HashSet::new();
    for round in 0..ROUNDS {
        let found = pick(&all());
        if found.is_empty() {
            return;
        }
        let fresh = found.iter().any(|pid| !stopped.contains(pid));
        if fresh && round < ROUNDS / 4 {
            for pid in &found {
                send(*pid, Signal::SIGSTOP);
            }
            stopped.extend(&found);
            continue;
        }
        for pid in &found {
            send(*pid, Signal::SIGKILL);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) fn send(pid: i32, signal: Signal) {
    // It may have gone by itself meanwhile.
    let _ = kill(Pid::from_raw(pid), signal);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_process_name_can_not_forge_its_parent() {
        let stat = parse_stat("42 (a) R 1 (x) S 7 42 9 0 -1").unwrap();
        assert_eq!(
            stat,
            Stat {
                pid: 42,
                parent: 7,
                session: 9,
                zombie: false
            }
        );
    }

    #[test]
    fn grandchildren_belong_to_the_family() {
        let p = |pid, parent| Stat {
            pid,
            parent,
            session: 1,
            zombie: false,
        };
        let processes = [
            p(2, 1),
            p(3, 2),
            p(4, 3),
            p(5, 1),
            Stat {
                zombie: true,
                ..p(6, 2)
            },
        ];
        assert_eq!(descendants(&processes, 2), HashSet::from([3, 4]));
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,80}") {
            let _ = parse_stat(&text);
        }
    }
}
