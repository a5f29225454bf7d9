//! Where a preview is found: the first label of its host name.
//!
//! `<port>--<sandbox>` is a port of the lab's first machine, `<port>--<machine>--<sandbox>` one of
//! another machine. Neither a machine's name nor a sandbox's id holds two hyphens in a row, so the
//! parts can't be confused. A machine whose name would make the label longer than a host name
//! allows goes by its number in the lab; names never begin with a digit.

use std::{fmt, num::NonZeroU16, str::FromStr};

use super::{
    ids::{SandboxId, Slug},
    lab::{Lab, Machine},
};

/// Longest label of a host name (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;
/// What a label holds besides the machine: five digits, two separators, the sandbox's id.
const BESIDES_MACHINE: usize = 5 + 2 + 2 + 36;
/// Longest name of a machine that fits.
const MAX_NAME: usize = MAX_LABEL - BESIDES_MACHINE;

/// A port of a machine of a sandbox, as host names of previews name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PreviewPlace {
    /// The sandbox.
    pub sandbox: SandboxId,
    /// The machine.
    pub machine: PreviewMachine,
    /// The TCP port.
    pub port: NonZeroU16,
}

/// A machine, as host names of previews name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PreviewMachine {
    /// The lab's first.
    First,
    /// Another, by its name.
    Named(Slug),
    /// Another with a long name, by its number in the lab, counted from 1.
    Nth(usize),
}

/// The text is no label of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a preview")]
pub struct InvalidPlace;

impl PreviewMachine {
    /// How host names name this machine of a lab; `None` when the lab has no such machine.
    pub fn of(lab: &Lab, name: &Slug) -> Option<Self> {
        let index = lab.machines.iter().position(|m| m.name == *name)?;
        Some(match index {
            0 => Self::First,
            _ if name.as_str().len() <= MAX_NAME => Self::Named(name.clone()),
            _ => Self::Nth(index + 1),
        })
    }

    /// The machine of a lab. Each goes by one name only, so that it has one origin.
    pub fn find<'a>(&self, lab: &'a Lab) -> Option<&'a Machine> {
        lab.machines
            .iter()
            .find(|m| Self::of(lab, &m.name).as_ref() == Some(self))
    }
}

impl fmt::Display for PreviewPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sandbox,
            machine,
            port,
        } = self;
        match machine {
            PreviewMachine::First => write!(f, "{port}--{sandbox}"),
            PreviewMachine::Named(name) => write!(f, "{port}--{name}--{sandbox}"),
            PreviewMachine::Nth(n) => write!(f, "{port}--{n}--{sandbox}"),
        }
    }
}

impl FromStr for PreviewPlace {
    type Err = InvalidPlace;

    fn from_str(label: &str) -> Result<Self, InvalidPlace> {
        let parts: Vec<&str> = label.split("--").collect();
        let (port, machine, sandbox) = match parts[..] {
            [port, sandbox] => (port, PreviewMachine::First, sandbox),
            [port, machine, sandbox] => (port, machine_of(machine)?, sandbox),
            _ => return Err(InvalidPlace),
        };
        let place = Self {
            sandbox: sandbox.parse().map_err(|_| InvalidPlace)?,
            machine,
            port: port.parse().map_err(|_| InvalidPlace)?,
        };
        // One spelling only: `08080`, capitals and other forms of an id are other origins.
        if place.to_string() == label {
            Ok(place)
        } else {
            Err(InvalidPlace)
        }
    }
}

fn machine_of(text: &str) -> Result<PreviewMachine, InvalidPlace> {
    if let Ok(n) = text.parse() {
        return Ok(PreviewMachine::Nth(n));
    }
    let name = text.parse().map_err(|_| InvalidPlace)?;
    Ok(PreviewMachine::Named(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01981b2c-0000-7000-8000-00000000abcd";

    fn lab(machines: &[&str]) -> Lab {
        let machine =
            |name: &&str| serde_json::json!({"name": name, "image": "desk", "profile": "plain"});
        serde_json::from_value(serde_json::json!({
            "id": "a", "title": {"zh": "一", "en": "a"}, "summary": {"zh": "一", "en": "a"},
            "level": "beginner", "duration": "30m",
            "machines": machines.iter().map(machine).collect::<Vec<_>>(),
            "steps": [],
        }))
        .unwrap()
    }

    fn label(lab: &Lab, machine: &str, port: u16) -> String {
        let machine = PreviewMachine::of(lab, &machine.parse().unwrap()).unwrap();
        let sandbox = ID.parse().unwrap();
        let port = port.try_into().unwrap();
        PreviewPlace {
            sandbox,
            machine,
            port,
        }
        .to_string()
    }

    #[test]
    fn each_machine_has_one_name_that_fits_a_host_name() {
        let long = "a-machine-with-a-very-long-name-indeed";
        let lab = lab(&["desk", "broker", long, "exactly-eighteen-c"]);
        assert_eq!(label(&lab, "desk", 8080), format!("8080--{ID}"));
        assert_eq!(label(&lab, "broker", 15672), format!("15672--broker--{ID}"));
        assert_eq!(label(&lab, long, 65535), format!("65535--3--{ID}"));
        for machine in &lab.machines {
            let label = label(&lab, machine.name.as_str(), 65535);
            assert!(label.len() <= MAX_LABEL, "{label}");
            let place: PreviewPlace = label.parse().unwrap();
            assert_eq!(place.machine.find(&lab).unwrap().name, machine.name);
        }
        let other = |text: &str| format!("80--{text}--{ID}").parse::<PreviewPlace>().unwrap();
        for second_name in ["desk", "1", "2", "4", "9", long] {
            assert!(
                other(second_name).machine.find(&lab).is_none(),
                "{second_name}"
            );
        }
    }

    #[test]
    fn whatever_is_not_exactly_a_label_names_nothing() {
        for bad in [
            "",
            "8080",
            "--",
            ID,
            &format!("--{ID}"),
            &format!("0--{ID}"),
            &format!("65536--{ID}"),
            &format!("08080--{ID}"),
            &format!("+80--{ID}"),
            &format!("8080--{}", ID.to_uppercase()),
            &format!("8080--{}", ID.replace('-', "")),
            &format!("8080--{{{ID}}}"),
            &format!("8080-{ID}"),
            &format!("8080--a--b--{ID}"),
            &format!("8080--a_b--{ID}"),
            &format!("8080--02--{ID}"),
            &format!("8080--Desk--{ID}"),
            &format!("8080--{ID}."),
            &format!("a.8080--{ID}"),
        ] {
            assert!(bad.parse::<PreviewPlace>().is_err(), "{bad}");
        }
    }
}
