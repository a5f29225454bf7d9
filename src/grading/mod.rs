//! Grading: looks at a learner's machines and judges what it sees.
//!
//! **Probes observe, the server judges.** Nothing in a machine is asked for a verdict, only for
//! facts: bytes of a file, an exit code and output, an HTTP answer. The comparison happens here.
//! Anything but a complete, valid observation is not a pass.
//!
//! ## What comes of a look
//! * [`Passed`](Outcome::Passed): every condition was seen to hold; for live state twice, a moment
//!   apart.
//! * [`Failed`](Outcome::Failed): a condition was seen not to hold. That includes whatever the
//!   learner's work answers for: a command that ran too long or was killed, a port that refuses,
//!   an answer that is too slow, malformed or cut short, a file that is not a regular one.
//! * [`Unstable`](Outcome::Unstable): the first look passed, the second did not.
//! * [`Ungradable`](Outcome::Ungradable): the learner's environment could not be looked at. The
//!   machine no longer runs ([`Unreachable::Gone`]), has no room for another process or file, its
//!   agent answers the server's connection but not the request in time, its nested engine or its
//!   broker does not answer, or a script says so (exit code 3).
//! * [`GraderError`](Outcome::GraderError): we could not look. The engine or an agent failed
//!   ([`Unreachable::Ours`]) and a second attempt over a new connection failed too, the grader
//!   machine is out of reach, or the lab itself is wrong (an unknown machine, a missing script, a
//!   pattern that does not compile).
//!
//! Neither of the last two ever earns a point, so nothing is won by breaking a machine.
//!
//! ## What each kind guarantees
//! * `http`, `queue`: asked from the grader machine, over whose connection the *server* speaks
//!   HTTP; what the learner replaced in their machine can't answer for another machine. Whoever
//!   holds the asked machine's port does answer, so a broker whose numbers count should be a
//!   machine without terminals; `answers.rs` sees to it where it must be a container or a pod.
//! * `kubernetes`: asked over a socket on the machine of the control plane, which neither the
//!   learner nor a pod can reach. The learner may write any object of the cluster; what objects
//!   say of what runs is compared with what the nodes run (`kubernetes/truth.rs`).
//! * `go_test`: the learner's code is read once and judged in a machine of the server's; see
//!   `go_test/harness.rs` for what code can do to its own tests.
//! * `file`: read by the agent, bounded, from regular files only, with the learner's rights.
//! * `docker`: the learner's engine is asked over its socket. The learner owns that socket, so who
//!   answers there is looked at from outside the engine (`docker/genuine.rs`) and nobody but the
//!   machine's own engine is believed; it runs as the learner all the same: evidence of kind
//!   *inside*. A `script` in such a machine runs only when this engine answers.
//! * `command`, `script` as `root`: the program starts from an absolute path below a root-owned,
//!   read-only file system with a cleared environment, in a process group that is killed as a
//!   whole, and writes to pipes that no process of another user can open. A learner's process (uid
//!   1000) can't trace, signal or write to it. It may still read what the learner wrote, and a
//!   program that *runs* the learner's code (`go test`) believes that code.
//! * `command`, `script` as `learner`: the same start, but the learner's other processes have the
//!   same uid and so may signal it, and may trace it where the kernel lets them. They can make such
//!   a check fail and, with effort, pass. What must not be forged is checked as root or from
//!   outside; in a machine of profile `root` the learner is root, so only outside evidence counts
//!   there.

mod answers;
mod command;
mod docker;
mod evidence;
mod file;
mod go_test;
mod http;
mod kubernetes;
mod look;
mod machines;
mod matching;
mod messages;
mod nonce;
mod queue;
mod reach;
mod runner;
mod script;
#[cfg(test)]
mod testing;

use crate::wire::http as http_client;

pub use evidence::{MAX_EVIDENCE, escape};
pub use machines::{Machines, Secret, Unreachable};
pub use matching::{InvalidPattern, check_pattern};
pub use nonce::Nonces;
pub use runner::{Context, LabFiles, Pace, Sampling, grade_step, run_check};

#[cfg(doc)]
use crate::domain::submission::Outcome;
