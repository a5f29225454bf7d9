//! Boards: each shows something that the lab has.

use super::{LabContext, Report, machines};
use crate::domain::{board::Board, ids::Slug, lab::Profile};

/// The most boards of a lab.
const MAX_BOARDS: usize = 3;
/// The most members of an etcd cluster.
const MAX_MEMBERS: usize = 5;
/// The image whose broker knows the server's user.
const RABBITMQ: &str = "rabbitmq";

pub(super) fn check(context: &LabContext<'_>, report: &mut Report<'_>) {
    let boards = &context.lab.boards;
    if boards.len() > MAX_BOARDS {
        report.error(
            "board-count",
            "boards",
            format!("{} boards leave no room to see anything", boards.len()),
            format!("write at most {MAX_BOARDS}"),
        );
    }
    for (n, board) in boards.iter().enumerate() {
        let at = format!("boards[{n}]");
        if boards.iter().take(n).any(|before| before == board) {
            report.error(
                "duplicate-board",
                &at,
                "this board is there twice",
                "remove one of the two",
            );
        }
        one(context, &at, board, report);
    }
}

fn one(context: &LabContext<'_>, at: &str, board: &Board, report: &mut Report<'_>) {
    match board {
        Board::Docker { machine } => {
            let at = format!("{at}.machine");
            machines::known(context, &at, machine, report);
            let found = context.lab.machine(Some(machine));
            if found.is_some_and(|m| m.profile != Profile::Docker) {
                report.error(
                    "board",
                    &at,
                    format!("the machine `{machine}` has no Docker engine to show"),
                    "name a machine of profile `docker`",
                );
            }
        }
        Board::Rabbitmq { machine } => {
            let at = format!("{at}.machine");
            machines::known(context, &at, machine, report);
            let found = context.lab.machine(Some(machine));
            if found.is_some_and(|m| m.image.as_str() != RABBITMQ) {
                report.error(
                    "board",
                    &at,
                    format!("the machine `{machine}` is not made from the image `{RABBITMQ}`"),
                    "name a machine whose broker lets the server look",
                );
            }
        }
        Board::Etcd { machines: members } => {
            for (n, machine) in members.iter().enumerate() {
                let at = format!("{at}.machines[{n}]");
                machines::known(context, &at, machine, report);
                if members
                    .iter()
                    .take(n)
                    .any(|before: &Slug| before == machine)
                {
                    report.error(
                        "board",
                        &at,
                        format!("`{machine}` is there twice"),
                        "name each member once",
                    );
                }
            }
            if !(1..=MAX_MEMBERS).contains(&members.len()) {
                report.error(
                    "board",
                    &format!("{at}.machines"),
                    format!("{} members can't be drawn", members.len()),
                    format!("name 1 to {MAX_MEMBERS} machines"),
                );
            }
        }
        Board::Kubernetes {} => {
            if context.lab.kubernetes.is_none() {
                report.error(
                    "board",
                    at,
                    "the lab has no cluster to show",
                    "ask for one with `kubernetes:`",
                );
            }
        }
    }
}
