//! `slipway-agent`: PID 1 of a machine, and the two programs that go with it.

use slipway_agent::daemon::init;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["init"] => init::run(),
        ["connect"] => init::connect(),
        ["as-learner", "--", ..] => return init::as_learner(&arguments[2..]),
        ["--version"] => {
            let _ = writeln!(
                std::io::stdout(),
                "slipway-agent {}",
                env!("CARGO_PKG_VERSION")
            );
            return ExitCode::SUCCESS;
        }
        _ => {
            let _ = writeln!(std::io::stderr(), "{}", init::usage());
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "slipway-agent: {error}");
            ExitCode::FAILURE
        }
    }
}
