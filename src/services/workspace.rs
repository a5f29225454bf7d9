//! What a learner does in the machines of their sandbox: terminals and files.

use std::time::Duration;

use slipway_agent::{
    client::{AgentClient, TerminalReceiver, TerminalSender},
    protocol::{
        DirListing, FileContent, FileMeta, FileVersion, OpenTerminal, RelPath, TerminalInfo,
        TerminalName,
    },
};

use super::{App, Refusal, ServiceError, agents::ConnectError, events::Event};
use crate::{
    domain::ids::Slug,
    store::{attempts::Attempt, sandboxes::Sandbox},
};

/// Terminals a learner may open in one machine.
pub const MAX_TERMINALS: u8 = 4;
/// Largest file the editor opens, in bytes.
pub const MAX_EDITED: usize = 1 << 20;

impl From<ConnectError> for ServiceError {
    fn from(error: ConnectError) -> Self {
        tracing::warn!(%error, "a machine's agent can't be reached");
        match error {
            ConnectError::Engine(error) => error.into(),
            ConnectError::Agent(_) | ConnectError::Timeout => Refusal::MachineUnreachable.into(),
        }
    }
}

/// An open terminal and a view on it.
#[derive(Debug)]
pub struct TerminalView {
    /// How the terminal is.
    pub info: TerminalInfo,
    /// Takes what the learner types.
    pub sender: TerminalSender,
    /// Gives what the terminal prints.
    pub receiver: TerminalReceiver,
    /// The sandbox it is in.
    pub sandbox: Sandbox,
}

impl App {
    /// The agent of a machine that the learner has access to.
    async fn learner_machine(
        &self,
        attempt: &Attempt,
        machine: &Slug,
    ) -> Result<(Sandbox, AgentClient), ServiceError> {
        let sandbox = self.ready_sandbox(attempt.id).await?;
        let version = self.lab_version(sandbox.lab_version_id).await?;
        let lab = &version.lab;
        let known = lab.machines.iter().find(|m| m.name == *machine);
        let is_edited = lab.editor.as_ref().is_some_and(|e| e.machine == *machine);
        if !known.is_some_and(|m| m.terminals > 0 || is_edited) {
            return Err(Refusal::NoSuchMachine.into());
        }
        let agent = self
            .agents
            .get(sandbox.id, sandbox.generation, machine)
            .await?;
        Ok((sandbox, agent))
    }

    /// Opens the `n`-th terminal of a machine, or the one that is open, and looks at it from
    /// offset `from` on (from the start of its scrollback when left out).
    pub async fn open_terminal(
        &self,
        attempt: &Attempt,
        machine: &Slug,
        n: u8,
        from: Option<u64>,
    ) -> Result<TerminalView, ServiceError> {
        if !(1..=MAX_TERMINALS).contains(&n) {
            return Err(Refusal::TooManyTerminals.into());
        }
        let (sandbox, agent) = self.learner_machine(attempt, machine).await?;
        let name = TerminalName::new(format!("t{n}"))
            .map_err(|e| ServiceError::Internal(e.to_string()))?;
        // Any size will do: the browser tells the real one at once.
        let request = OpenTerminal {
            name: name.clone(),
            cols: 80,
            rows: 24,
            argv: None,
        };
        let info = agent.open_terminal(&request).await?;
        // An offset from before a reset means nothing in the new machine.
        let from = from.filter(|from| *from <= info.end);
        let (sender, receiver) = agent.attach_terminal(&name, from).await?;
        Ok(TerminalView {
            info,
            sender,
            receiver,
            sandbox,
        })
    }

    /// The content of a folder of the learner's home.
    pub async fn list_folder(
        &self,
        attempt: &Attempt,
        machine: &Slug,
        path: &str,
    ) -> Result<DirListing, ServiceError> {
        let (_, agent) = self.learner_machine(attempt, machine).await?;
        Ok(agent.list_dir(&rel(path)?).await?)
    }

    /// A file of the learner's home; its first [`MAX_EDITED`] bytes.
    pub async fn read_file(
        &self,
        attempt: &Attempt,
        machine: &Slug,
        path: &str,
    ) -> Result<FileContent, ServiceError> {
        let (_, agent) = self.learner_machine(attempt, machine).await?;
        Ok(agent.read_file(&rel(path)?, MAX_EDITED).await?)
    }

    /// Writes a file of the learner's home, unless it changed since `version`.
    pub async fn write_file(
        &self,
        attempt: &Attempt,
        machine: &Slug,
        path: &str,
        text: String,
        version: Option<String>,
    ) -> Result<FileMeta, ServiceError> {
        if text.len() > MAX_EDITED {
            return Err(Refusal::FileTooLarge.into());
        }
        let (_, agent) = self.learner_machine(attempt, machine).await?;
        let version = version.map(FileVersion::from_text);
        Ok(agent.write_file(&rel(path)?, text, version).await?)
    }

    /// Makes a folder in the learner's home.
    pub async fn create_folder(
        &self,
        attempt: &Attempt,
        machine: &Slug,
        path: &str,
    ) -> Result<(), ServiceError> {
        let (_, agent) = self.learner_machine(attempt, machine).await?;
        Ok(agent.create_dir(&rel(path)?).await?)
    }

    /// Renames a file or folder of the learner's home.
    pub async fn rename_file(
        &self,
        attempt: &Attempt,
        machine: &Slug,
        from: &str,
        to: &str,
    ) -> Result<(), ServiceError> {
        let (_, agent) = self.learner_machine(attempt, machine).await?;
        Ok(agent.rename(&rel(from)?, &rel(to)?).await?)
    }

    /// Removes a file, or a folder with all that is in it, from the learner's home.
    pub async fn remove_file(
        &self,
        attempt: &Attempt,
        machine: &Slug,
        path: &str,
    ) -> Result<(), ServiceError> {
        let (_, agent) = self.learner_machine(attempt, machine).await?;
        Ok(agent.remove(&rel(path)?, true).await?)
    }
}

/// Changes of files are told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// How long it waits before it looks again for a machine that is not there.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

impl App {
    /// Follows the files that the editor of an attempt shows and tells of changes, until dropped or
    /// the server ends. Returns at once when the lab has no editor.
    pub async fn follow_files(&self, attempt: &Attempt) -> Result<(), ServiceError> {
        let version = self.lab_version(attempt.lab_version_id).await?;
        let Some(editor) = &version.lab.editor else {
            return Ok(());
        };
        let machine = &editor.machine;
        loop {
            if let Err(error) = self.follow_files_once(attempt, machine).await {
                tracing::debug!(attempt.id = %attempt.id, %error, "files can't be followed now");
            }
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Follows until the machine or its agent is gone.
    async fn follow_files_once(
        &self,
        attempt: &Attempt,
        machine: &Slug,
    ) -> Result<(), ServiceError> {
        let (_, agent) = self.learner_machine(attempt, machine).await?;
        let mut watch = agent.watch_files().await?;
        // What changed while nobody looked is unknown.
        self.events
            .publish(attempt.id, Event::Files(machine.clone()));
        while watch.next().await?.is_some() {
            self.events
                .publish(attempt.id, Event::Files(machine.clone()));
            tokio::time::sleep(TELL_EVERY).await;
        }
        Ok(())
    }
}

fn rel(path: &str) -> Result<RelPath, Refusal> {
    RelPath::new(path).map_err(|_| Refusal::InvalidPath)
}
