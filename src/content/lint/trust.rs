//! Trust: points that count do not rest on what a learner who is root can forge.

use super::{LabContext, Report};
use crate::domain::{check::Trust, lab::Profile};

pub(super) fn check(context: &LabContext<'_>, report: &mut Report<'_>) {
    for (s, step) in context.lab.steps.iter().enumerate() {
        for (c, check) in step.checks.iter().enumerate() {
            let machine = context.lab.machine(check.kind.machine());
            let forgeable = machine.filter(|m| m.profile == Profile::Root && m.terminals > 0);
            if let Some(machine) = forgeable
                && check.kind.trust() == Trust::Inside
            {
                report.warning(
                    "forgeable",
                    &format!("steps[{s}].checks[{c}]"),
                    format!(
                        "the learner is root on `{}`, so what `{}` sees there can be forged",
                        machine.name, check.id
                    ),
                    "ask from outside with `http` or `queue`, or let the learner be an ordinary user (`profile: plain`)",
                );
            }
        }
    }
}
