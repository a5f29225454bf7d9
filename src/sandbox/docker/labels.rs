//! The labels on everything we make. What does not carry ours is never touched.

use std::{collections::HashMap, fmt, str::FromStr};

use crate::{
    domain::{
        clock::Timestamp,
        ids::{SandboxId, Slug, UserId},
    },
    sandbox::engine::SandboxSpec,
};

pub(super) const INSTANCE: &str = "io.slipway.instance";
pub(super) const SANDBOX: &str = "io.slipway.sandbox";
pub(super) const MACHINE: &str = "io.slipway.machine";
pub(super) const GENERATION: &str = "io.slipway.generation";
pub(super) const OWNER: &str = "io.slipway.owner";
pub(super) const DEADLINE: &str = "io.slipway.deadline";
pub(super) const LAB: &str = "io.slipway.lab";
/// On a service of the server's own: its name.
pub(super) const SERVICE: &str = "io.slipway.service";
/// On the container of a service: a hash of all it was made from.
pub(super) const MADE_FROM: &str = "io.slipway.made-from";
/// On volumes: what it holds, `home`, `data` or `agent`.
pub(super) const ROLE: &str = "io.slipway.role";

/// Names this installation, so that two servers on one engine leave each other alone: 1 to 40
/// letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceId(String);

/// The text can't name an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an installation's name has 1 to 40 letters, digits and hyphens")]
pub struct InvalidInstance;

impl InstanceId {
    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceId {
    type Err = InvalidInstance;
    fn from_str(s: &str) -> Result<Self, InvalidInstance> {
        let fits = s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits && (1..=40).contains(&s.len()) {
            Ok(Self(s.to_owned()))
        } else {
            Err(InvalidInstance)
        }
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The labels of everything that belongs to a sandbox.
pub(super) fn of_sandbox(instance: &InstanceId, spec: &SandboxSpec) -> HashMap<String, String> {
    let mut labels = HashMap::from([
        (INSTANCE.to_owned(), instance.to_string()),
        (SANDBOX.to_owned(), spec.id.to_string()),
        (GENERATION.to_owned(), spec.generation.to_string()),
    ]);
    if let Some(owner) = &spec.owner {
        labels.extend([
            (OWNER.to_owned(), owner.user.to_string()),
            (DEADLINE.to_owned(), owner.deadline.as_millis().to_string()),
            (LAB.to_owned(), owner.lab.to_string()),
        ]);
    }
    labels
}

/// The same with the name of a machine.
pub(super) fn of_machine(
    instance: &InstanceId,
    spec: &SandboxSpec,
    machine: &str,
) -> HashMap<String, String> {
    let mut labels = of_sandbox(instance, spec);
    labels.insert(MACHINE.to_owned(), machine.to_owned());
    labels
}

/// The labels of a service. It belongs to no sandbox, so nothing that looks for those finds it.
pub(super) fn of_service(instance: &InstanceId, name: &str) -> HashMap<String, String> {
    HashMap::from([
        (INSTANCE.to_owned(), instance.to_string()),
        (SERVICE.to_owned(), name.to_owned()),
    ])
}

/// What labels say. Labels that somebody else wrote under our names are not believed: a sandbox's
/// id or generation that does not parse makes it not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labelled {
    pub(super) sandbox: SandboxId,
    pub(super) generation: u32,
    pub(super) owner: Option<UserId>,
    pub(super) deadline: Option<Timestamp>,
    pub(super) machine: Option<Slug>,
}

impl Labelled {
    pub(super) fn read(
        labels: Option<&HashMap<String, String>>,
        ours: &InstanceId,
    ) -> Option<Self> {
        let labels = labels?;
        let get = |name: &str| labels.get(name).map(String::as_str);
        if get(INSTANCE)? != ours.as_str() {
            return None;
        }
        Some(Self {
            sandbox: get(SANDBOX)?.parse().ok()?,
            generation: get(GENERATION)?.parse().ok()?,
            owner: get(OWNER).and_then(|s| s.parse().ok()),
            deadline: get(DEADLINE)
                .and_then(|s| s.parse().ok())
                .map(Timestamp::from_millis),
            machine: get(MACHINE).and_then(|s| s.parse().ok()),
        })
    }
}

/// The engine's filter for what is ours, and of one sandbox where given.
pub(super) fn filter(
    instance: &InstanceId,
    sandbox: Option<SandboxId>,
) -> HashMap<String, Vec<String>> {
    let mut wanted = vec![format!("{INSTANCE}={instance}")];
    wanted.extend(sandbox.map(|id| format!("{SANDBOX}={id}")));
    HashMap::from([("label".to_owned(), wanted)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn what_carries_no_label_of_ours_is_not_ours() {
        let ours: InstanceId = "one".parse().unwrap();
        let id = SandboxId::generate().to_string();
        let complete = labels(&[(INSTANCE, "one"), (SANDBOX, &id), (GENERATION, "3")]);
        let read = Labelled::read(Some(&complete), &ours).unwrap();
        assert_eq!((read.generation, read.machine), (3, None));
        for foreign in [
            labels(&[]),
            labels(&[(INSTANCE, "two"), (SANDBOX, &id), (GENERATION, "3")]),
            labels(&[(SANDBOX, &id), (GENERATION, "3")]),
            labels(&[(INSTANCE, "one"), (SANDBOX, "x"), (GENERATION, "3")]),
            labels(&[(INSTANCE, "one"), (SANDBOX, &id)]),
        ] {
            assert_eq!(Labelled::read(Some(&foreign), &ours), None);
        }
        assert_eq!(Labelled::read(None, &ours), None);
    }

    #[test]
    fn an_instance_s_name_can_t_break_out_of_a_filter() {
        for bad in ["", "a b", "a=b", "a\"", &"x".repeat(41)] {
            assert!(bad.parse::<InstanceId>().is_err(), "{bad}");
        }
    }
}
