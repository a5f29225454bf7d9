//! The stream to an agent: an attached exec, its framing taken apart.

use std::io;

use bollard::{
    container::LogOutput,
    exec::{StartExecOptions, StartExecResults},
    models::ExecConfig,
};
use bytes::Bytes;
use futures_util::StreamExt;
use slipway_agent::protocol::AGENT_PATH;
use tokio_util::io::StreamReader;

use super::{client::DockerEngine, error::within};
use crate::{
    domain::ids::{SandboxId, Slug},
    sandbox::engine::{AgentStream, EngineError, MachineState},
};

/// Larger than an HTTP/2 frame of the agent, so that one read takes one.
const BUFFER: usize = 64 * 1024;

/// How much of what the connecting program complains about goes to our log.
const MAX_COMPLAINT: usize = 400;

impl DockerEngine {
    pub(super) async fn open_agent(
        &self,
        id: SandboxId,
        machine: &Slug,
    ) -> Result<AgentStream, EngineError> {
        let containers = self.list_containers(Some(id)).await?;
        let container = containers
            .into_iter()
            .filter(|c| c.labelled.machine.as_ref() == Some(machine))
            .max_by_key(|c| c.labelled.generation)
            .filter(|c| c.state == MachineState::Running)
            .ok_or_else(|| EngineError::NotRunning(format!("machine {machine} of {id}")))?;
        self.open_agent_of(&container.id, &id.to_string()).await
    }

    /// Opens the stream to the agent in a container; `whose` is for the log.
    pub(super) async fn open_agent_of(
        &self,
        container: &str,
        whose: &str,
    ) -> Result<AgentStream, EngineError> {
        let docker = self.docker().await?;
        let limit = self.timeouts().connect;
        let exec = within(
            "open a stream to an agent",
            limit,
            docker.create_exec(
                container,
                ExecConfig {
                    attach_stdin: Some(true),
                    attach_stdout: Some(true),
                    attach_stderr: Some(true),
                    tty: Some(false),
                    user: Some("0:0".to_owned()),
                    cmd: Some(vec![AGENT_PATH.to_owned(), "connect".to_owned()]),
                    ..ExecConfig::default()
                },
            ),
        )
        .await?;
        let started = within(
            "open a stream to an agent",
            limit,
            docker.start_exec(
                &exec.id,
                Some(StartExecOptions {
                    detach: false,
                    tty: false,
                    output_capacity: Some(BUFFER),
                }),
            ),
        )
        .await?;
        let StartExecResults::Attached { output, input } = started else {
            return Err(EngineError::Other(
                "the engine did not attach to the exec".to_owned(),
            ));
        };
        let whose = whose.to_owned();
        let output = output.filter_map(move |item| {
            let kept = match item {
                Ok(LogOutput::StdOut { message }) => Some(Ok(message)),
                Ok(LogOutput::StdErr { message }) => {
                    complain(&whose, &message);
                    None
                }
                Ok(_) => None,
                Err(error) => Some(Err(io::Error::other(error))),
            };
            std::future::ready(kept)
        });
        Ok(AgentStream::new(
            StreamReader::<_, Bytes>::new(output),
            input,
        ))
    }
}

fn complain(whose: &str, message: &Bytes) {
    let text = String::from_utf8_lossy(&message[..message.len().min(MAX_COMPLAINT)]);
    tracing::debug!(sandbox.id = %whose, "the agent's stream says: {}", text.escape_debug());
}
