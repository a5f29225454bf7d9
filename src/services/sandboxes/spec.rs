//! From a lab to what the engine shall make.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        clock::Timestamp,
        ids::Slug,
        lab::{Lab, Machine},
        quantity::ByteSize,
    },
    sandbox::{
        GraderSpec, MachineSpec, Owner, SandboxSpec,
        engine::GRADER,
        shape::{GRADER_MEMORY, Shape},
    },
    services::mirror::{self, Namespace},
    store::sandboxes::Sandbox,
};

/// The variable in which an image's start script finds the graders' password.
const GRADER_SECRET: &str = "SLIPWAY_GRADER_SECRET";
/// The variables in which the images of a cluster find its size.
const NODES: &str = "SLIPWAY_NODES";
const HOLLOW_NODES: &str = "SLIPWAY_HOLLOW_NODES";

/// The name of the grader machine.
pub(crate) fn grader_name() -> Slug {
    // The constant is a valid name (tested below); the machine's own name is a safe stand-in.
    GRADER
        .parse()
        .unwrap_or_else(|_| unreachable!("`{GRADER}` is a valid name"))
}

/// The images a lab needs.
pub(crate) fn images(lab: &Lab) -> BTreeSet<Slug> {
    let machines = lab.machines.iter().map(|m| m.image.clone());
    machines
        .chain(lab.needs_grader().then(grader_name))
        .chain(lab.mirror.then(mirror::image))
        .collect()
}

/// The machines a lab's sandbox consists of.
pub(crate) fn machines(lab: &Lab) -> BTreeSet<Slug> {
    let machines = lab.machines.iter().map(|m| m.name.clone());
    machines
        .chain(lab.needs_grader().then(grader_name))
        .collect()
}

/// The memory a lab's sandbox is promised, in bytes.
pub(crate) fn memory(lab: &Lab) -> u64 {
    let machines = memory_of_machines(lab).into_iter();
    machines.map(|(_, memory)| memory.bytes()).sum()
}

/// The memory each machine of a lab's sandbox is promised.
pub(crate) fn memory_of_machines(lab: &Lab) -> Vec<(Slug, ByteSize)> {
    let machines = lab.machines.iter().map(|m| (m.name.clone(), m.memory));
    machines
        .chain(lab.needs_grader().then(|| (grader_name(), GRADER_MEMORY)))
        .collect()
}

/// The machines of a shape.
pub(super) fn machines_of(shape: &Shape) -> BTreeSet<Slug> {
    let machines = shape.machines.iter().map(|m| m.name.clone());
    machines
        .chain(shape.grader.is_some().then(grader_name))
        .collect()
}

/// What the start scripts of images are told, but for the secret.
fn service_env(lab: &Lab) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    if let Some(cluster) = &lab.kubernetes {
        env.insert(NODES.to_owned(), cluster.nodes.to_string());
        env.insert(HOLLOW_NODES.to_owned(), cluster.hollow_nodes.to_string());
    }
    if lab.mirror {
        env.extend(mirror::service_env());
    }
    env
}

/// What a lab's machines are made from; `None` when an image has no tag.
pub(super) fn shape(lab: &Lab, tags: &BTreeMap<Slug, String>) -> Option<Shape> {
    let machine = |machine: &Machine| {
        Some(MachineSpec {
            name: machine.name.clone(),
            image: tags.get(&machine.image)?.clone(),
            profile: machine.profile,
            memory: machine.memory,
            cpus: machine.cpus,
            disk: machine.disk,
            env: machine.env.clone(),
            service_env: service_env(lab),
            keep_home: lab.reset_keeps_home,
        })
    };
    let grader = if lab.needs_grader() {
        let image = tags.get(&grader_name())?.clone();
        let known_as = lab.mirror.then(mirror::host).into_iter().collect();
        Some(GraderSpec { image, known_as })
    } else {
        None
    };
    Some(Shape {
        machines: lab.machines.iter().map(machine).collect::<Option<_>>()?,
        grader,
        network: lab.network,
    })
}

/// A shape with the secret of one sandbox in it.
pub(super) fn with_secret(mut shape: Shape, secret: &str) -> Shape {
    for machine in &mut shape.machines {
        let env = &mut machine.service_env;
        env.insert(GRADER_SECRET.to_owned(), secret.to_owned());
    }
    shape
}

/// What the engine shall make for a learner; `None` when an image has no tag.
pub(crate) fn spec(
    sandbox: &Sandbox,
    lab: &Lab,
    tags: &BTreeMap<Slug, String>,
    now: Timestamp,
) -> Option<SandboxSpec> {
    let mut shape = with_secret(shape(lab, tags)?, &sandbox.secret);
    if lab.mirror {
        for machine in &mut shape.machines {
            // What the lab itself says wins.
            let mut env = mirror::learner_env(&Namespace::of(sandbox.user_id));
            env.append(&mut machine.env);
            machine.env = env;
        }
    }
    let longest =
        lab.duration.duration() + lab.extension.duration() * u32::from(lab.max_extensions);
    let owner = Owner {
        user: sandbox.user_id,
        lab: lab.id.clone(),
        deadline: sandbox.expires_at.unwrap_or(now.plus(longest)),
    };
    Some(shape.sandbox(sandbox.id, sandbox.generation, Some(owner)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::{AttemptId, LabVersionId, SandboxId, UserId},
            sandbox::SandboxState,
        },
        store::labs::tests::a_lab,
    };

    #[test]
    fn a_lab_with_outside_checks_gets_a_grader_and_room_for_it() {
        let mut lab = a_lab();
        assert!(machines(&lab).contains(&grader_name()));
        assert!(images(&lab).contains(&grader_name()));
        assert_eq!(memory(&lab), ByteSize::mib(512 + 64).bytes());
        let desk = "desk".parse().unwrap();
        let each = [(desk, ByteSize::mib(512)), (grader_name(), GRADER_MEMORY)];
        assert_eq!(memory_of_machines(&lab), each);
        lab.steps[0].checks.pop();
        assert!(!machines(&lab).contains(&grader_name()));
        assert_eq!(memory(&lab), ByteSize::mib(512).bytes());
    }

    #[test]
    fn a_lab_with_the_mirror_gets_its_image_a_way_there_and_a_name_space() {
        let mut lab = a_lab();
        lab.steps[0].checks.pop();
        lab.mirror = true;
        assert!(machines(&lab).contains(&grader_name()));
        assert!(images(&lab).contains(&mirror::image()));
        let user = UserId::generate();
        let sandbox = Sandbox {
            id: SandboxId::generate(),
            attempt_id: AttemptId::generate(),
            user_id: user,
            lab_version_id: LabVersionId::generate(),
            generation: 1,
            state: SandboxState::Creating,
            secret: "secret".to_owned(),
            extensions_used: 0,
            requested_at: Timestamp::from_millis(0),
            ready_at: None,
            expires_at: None,
            ended_at: None,
            end_reason: None,
            failure: None,
        };
        let tags = images(&lab).into_iter().map(|i| (i, "x:1".to_owned()));
        let spec = spec(&sandbox, &lab, &tags.collect(), Timestamp::from_millis(0)).unwrap();
        assert_eq!(spec.grader.unwrap().known_as, [mirror::host()]);
        let desk = &spec.machines[0];
        let own = Namespace::of(user);
        assert_eq!(desk.env["NAMESPACE"], own.as_str());
        assert_eq!(desk.env["REGISTRY"], "mirror:5000");
        let mirror = &desk.service_env["SLIPWAY_REGISTRY_MIRROR"];
        assert_eq!(mirror, "http://mirror:5000");
    }
}
