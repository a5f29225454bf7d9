//! Machines and time: there, and of a sane size.

use super::{
    super::{folder::unsafe_path, problem::suggestion},
    LabContext, Report,
};
use crate::domain::{
    check::WORKBENCH,
    cluster::is_reserved,
    ids::Slug,
    lab::{Lab, Machine},
    quantity::{ByteSize, Span},
};

/// The most machines of a lab.
const MAX_MACHINES: usize = 4;
/// The name of the class mirror in labs that ask for it.
const MIRROR: &str = "mirror";
/// The least and the most memory.
const MEMORY: (ByteSize, ByteSize) = (ByteSize::mib(32), ByteSize::mib(8 << 10));
/// The least and the most disk.
const DISK: (ByteSize, ByteSize) = (ByteSize::mib(16), ByteSize::mib(32 << 10));
/// The least and the most processor time, in cores.
const CPUS: (f64, f64) = (0.1, 8.0);
/// The most terminals of a machine.
const MAX_TERMINALS: u8 = 4;
/// The least and the most time.
const DURATION: (Span, Span) = (Span::minutes(5), Span::minutes(8 * 60));
/// The most time that one extension adds.
const MAX_EXTENSION: Span = Span::minutes(4 * 60);
/// The most extensions.
const MAX_EXTENSIONS: u8 = 10;

pub(super) fn check(context: &LabContext<'_>, report: &mut Report<'_>) {
    let lab = context.lab;
    let own = lab.machines.iter().filter(|m| !of_cluster(lab, m)).count();
    if !(1..=MAX_MACHINES).contains(&own) {
        report.error(
            "machine-count",
            "machines",
            format!("the lab has {own} machines"),
            format!("give it 1 to {MAX_MACHINES}"),
        );
    }
    for (n, machine) in lab.machines.iter().enumerate() {
        if of_cluster(lab, machine) {
            continue;
        }
        one(context, &format!("machines[{n}]"), machine, report);
    }
    for (n, machine) in lab.machines.iter().enumerate() {
        if lab.mirror && machine.name.as_str() == MIRROR {
            report.error(
                "mirror-name",
                &format!("machines[{n}].name"),
                format!("`{MIRROR}` is where the class mirror answers, which this lab asks for"),
                "give the machine another name",
            );
        }
    }
    if !lab.machines.is_empty() && lab.machines.iter().all(|m| m.terminals == 0) {
        report.error(
            "no-terminal",
            "machines",
            "no machine has a terminal, so learners can't work",
            "give one machine `terminals: 1`",
        );
    }
    if lab.duration < DURATION.0 || lab.duration > DURATION.1 {
        report.error(
            "duration",
            "duration",
            format!("{} is not a sensible duration", lab.duration),
            format!("write {} to {}", DURATION.0, DURATION.1),
        );
    }
    if lab.extension > MAX_EXTENSION {
        report.error(
            "duration",
            "extension",
            format!("one extension of {} is too long", lab.extension),
            format!("write at most {MAX_EXTENSION}"),
        );
    }
    if lab.max_extensions > MAX_EXTENSIONS {
        report.error(
            "duration",
            "max_extensions",
            format!("{} extensions are too many", lab.max_extensions),
            format!("write at most {MAX_EXTENSIONS}"),
        );
    }
    for (n, port) in lab.ports.iter().enumerate() {
        known(
            context,
            &format!("ports[{n}].machine"),
            &port.machine,
            report,
        );
        if port.port == 0 {
            report.error(
                "port",
                &format!("ports[{n}].port"),
                "0 is not a port",
                "write 1 to 65535",
            );
        }
    }
    if let Some(editor) = &lab.editor {
        known(context, "editor.machine", &editor.machine, report);
        let open = editor.open.iter().map(|path| ("editor.open", path));
        let folder = Some(("editor.folder", &editor.folder)).filter(|(_, path)| !path.is_empty());
        for (at, path) in open.chain(folder) {
            if let Some(why) = unsafe_path(path) {
                report.error(
                    "path",
                    at,
                    format!("`{path}` is not a path within the learner's home: {why}"),
                    "write it relative to the home, as in `src/main.go`",
                );
            }
        }
    }
}

/// Whether the server has added a machine: its size is the operator's matter.
fn of_cluster(lab: &Lab, machine: &Machine) -> bool {
    lab.kubernetes.is_some() && is_reserved(&machine.name)
}

fn one(context: &LabContext<'_>, at: &str, machine: &Machine, report: &mut Report<'_>) {
    if !context.images.contains(&machine.image) {
        let known: Vec<&str> = context.images.iter().map(Slug::as_str).collect();
        report.error(
            "unknown-image",
            &format!("{at}.image"),
            format!("there is no image `{}`", machine.image),
            format!(
                "{} (An image is a folder of `images` with a Dockerfile.)",
                suggestion(machine.image.as_str(), known.iter().copied())
            ),
        );
    }
    if machine.name.as_str() == WORKBENCH {
        report.error(
            "reserved-name",
            &format!("{at}.name"),
            format!("`{WORKBENCH}` is the name of a machine that the server adds"),
            "choose another name",
        );
    }
    for (field, size, (least, most)) in [
        ("memory", machine.memory, MEMORY),
        ("disk", machine.disk, DISK),
    ] {
        if size < least || size > most {
            report.error(
                "machine-size",
                &format!("{at}.{field}"),
                format!("{size} of {field} is not a sensible amount"),
                format!("write {least} to {most}"),
            );
        }
    }
    if !(CPUS.0..=CPUS.1).contains(&machine.cpus) {
        report.error(
            "machine-size",
            &format!("{at}.cpus"),
            format!("{} is not a sensible number of cores", machine.cpus),
            format!("write {} to {}", CPUS.0, CPUS.1),
        );
    }
    if machine.terminals > MAX_TERMINALS {
        report.error(
            "terminals",
            &format!("{at}.terminals"),
            format!("{} terminals are too many", machine.terminals),
            format!("write 0 to {MAX_TERMINALS}"),
        );
    }
    for (name, value) in &machine.env {
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let only = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !starts || !only || value.contains('\0') {
            report.error(
                "env",
                &format!("{at}.env.{name}"),
                format!("`{name}` can't be the name of an environment variable"),
                "use letters, digits and `_`, and do not begin with a digit",
            );
        }
    }
}

/// Reports a machine that the lab does not have.
pub(super) fn known(context: &LabContext<'_>, at: &str, name: &Slug, report: &mut Report<'_>) {
    let names: Vec<&str> = context
        .lab
        .machines
        .iter()
        .map(|m| m.name.as_str())
        .collect();
    if !names.contains(&name.as_str()) {
        report.error(
            "unknown-machine",
            at,
            format!("the lab has no machine `{name}`"),
            suggestion(name.as_str(), names.iter().copied()),
        );
    }
}
