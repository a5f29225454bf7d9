//! The terminals of a machine, by name.

use super::Agent;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::protocol::{ErrorCode, OpenTerminal, TerminalInfo, TerminalName, Validate};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Terminals(Mutex<BTreeMap<TerminalName, Arc<Terminal>>>);

impl Terminals {
    /// Finds the running terminal of this name, or starts a shell.
    ///
    /// A name whose shell has ended gets a fresh one that goes on in the same scrollback, so
    /// that offsets never run backwards. When the limit is reached, a terminal that has ended
    /// makes room.
    pub(super) fn open(
        &self,
        agent: &Arc<Agent>,
        request: &OpenTerminal,
    ) -> Result<TerminalInfo, Failure> {
        request.validate()?;
        let mut terminals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let former = terminals.get(&request.name).cloned();
        if let Some(running) = former.as_ref().filter(|t| t.is_running()) {
            return Ok(running.info());
        }
        if former.is_none() && terminals.len() >= agent.config.limits.terminals {
            let ended = terminals
                .iter()
                .find(|(_, t)| !t.is_running())
                .map(|(n, _)| n.clone());
            let Some(ended) = ended else {
                return Err(Failure::new(ErrorCode::Busy, "too many terminals"));
            };
            terminals.remove(&ended);
        }
        let terminal = Terminal::start(agent, request, former.as_deref())?;
        let info = terminal.info();
        terminals.insert(request.name.clone(), terminal);
        Ok(info)
    }

    pub(super) fn get(&self, name: &TerminalName) -> Result<Arc<Terminal>, Failure> {
        let terminals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        terminals.get(name).cloned().ok_or_else(not_found)
    }

    pub(super) fn remove(&self, name: &TerminalName) -> Result<Arc<Terminal>, Failure> {
        let mut terminals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        terminals.remove(name).ok_or_else(not_found)
    }

    pub(super) fn list(&self) -> Vec<TerminalInfo> {
        let terminals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        terminals.values().map(|t| t.info()).collect()
    }
}

fn not_found() -> Failure {
    Failure::new(ErrorCode::NotFound, "no such terminal")
}
