//! `file:` a regular file exists, or not, and reads like this.

use slipway_agent::protocol::AbsPath;

use crate::domain::{check::FileCheck, ids::Slug};

use super::{
    evidence::Evidence,
    look::{Finding, Stop},
    machines::Machines,
    matching::{Seen, judge},
    messages,
    reach::{self, FileSeen, HOME},
};

/// Most bytes of a file that are looked at.
const MAX_FILE: usize = 256 * 1024;

pub(super) async fn look<M: Machines>(
    machines: &M,
    machine: &Slug,
    check: &FileCheck,
    evidence: &mut Evidence,
) -> Result<Finding, Stop> {
    let FileCheck {
        machine: _,
        path: shown,
        exists,
        content,
    } = check;
    let path = if shown.starts_with('/') {
        shown.clone()
    } else {
        format!("{HOME}/{shown}")
    };
    evidence.line("file", format_args!("{path} in {machine}"));
    let path = AbsPath::new(path).map_err(|e| Stop::Lab(format!("path `{shown}`: {e}")))?;
    let most = if *exists && content.is_some() {
        MAX_FILE
    } else {
        1
    };
    let seen = reach::read(machines, machine, &path, most).await?;
    let file = match seen {
        FileSeen::Missing => {
            evidence.line("seen", "nothing there");
            return Ok(if *exists {
                Finding::unmet("exists", messages::file_missing(shown))
            } else {
                Finding::Passed
            });
        }
        FileSeen::Odd(reason) => {
            evidence.line("seen", reason);
            return Ok(Finding::unmet("path", messages::file_refused(shown)));
        }
        FileSeen::Denied => {
            evidence.line("seen", "may not be read");
            return Ok(Finding::unmet("path", messages::file_denied(shown)));
        }
        FileSeen::Content(file) => file,
    };
    evidence.line("seen", format_args!("a file of {} bytes", file.size));
    if !exists {
        return Ok(Finding::unmet("exists", messages::file_present(shown)));
    }
    let Some(wanted) = content else {
        return Ok(Finding::Passed);
    };
    evidence.block("content", &file.bytes, file.truncated);
    let seen = Seen {
        bytes: &file.bytes,
        truncated: file.truncated,
    };
    Ok(match judge(wanted, seen, "")? {
        None => Finding::Passed,
        Some(mismatch) => {
            evidence.line("not as asked", format_args!("{mismatch:?}"));
            Finding::unmet(
                mismatch.of("content"),
                messages::file_content(shown, mismatch),
            )
        }
    })
}
