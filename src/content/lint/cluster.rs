//! A lab's cluster: there is one that will do, and its machines' names are free.

use std::collections::BTreeSet;

use super::Report;
use crate::domain::{
    cluster::{ClusterEnvironment, MAX_HOLLOW_NODES, MAX_NODES, is_reserved},
    ids::Slug,
    lab::{Lab, Profile},
};

/// Checks what a lab says about its cluster and gives it the cluster's machines, so that checks
/// and ports can name them.
pub(in crate::content) fn resolve(
    lab: &mut Lab,
    images: &BTreeSet<Slug>,
    environments: &[ClusterEnvironment],
    report: &mut Report<'_>,
) {
    for (n, machine) in lab.machines.iter().enumerate() {
        if machine.profile == Profile::Kubernetes {
            report.error(
                "cluster-profile",
                &format!("machines[{n}].profile"),
                "machines of the profile `kubernetes` are added by the server",
                "remove this machine and write `kubernetes: {at_least: \"1.20\"}` in the lab",
            );
        }
        if lab.kubernetes.is_some() && is_reserved(&machine.name) {
            report.error(
                "reserved-machine",
                &format!("machines[{n}].name"),
                format!("`{}` is the name of a machine of the cluster", machine.name),
                "choose another name",
            );
        }
    }
    let Some(cluster) = &lab.kubernetes else {
        return;
    };
    for (field, n, most) in [
        ("nodes", cluster.nodes, MAX_NODES),
        ("hollow_nodes", cluster.hollow_nodes, MAX_HOLLOW_NODES),
    ] {
        if n > most {
            report.error(
                "cluster-size",
                &format!("kubernetes.{field}"),
                format!("{n} are too many"),
                format!("write 0 to {most}"),
            );
        }
    }
    if cluster.nodes == 0 && cluster.hollow_nodes == 0 {
        report.error(
            "cluster-size",
            "kubernetes",
            "a cluster without any node runs nothing",
            "leave `nodes` out for two real nodes, or ask for `hollow_nodes`",
        );
    }
    let Some(environment) = ClusterEnvironment::choose(environments, cluster) else {
        let offered: Vec<String> = environments
            .iter()
            .map(|e| format!("{} ({})", e.version, e.name))
            .collect();
        report.error(
            "unknown-cluster",
            "kubernetes.at_least",
            format!("no environment has Kubernetes {} or newer", cluster.at_least),
            format!(
                "this server offers {}; an operator adds others in the setting `kubernetes_environments`",
                offered.join(", ")
            ),
        );
        return;
    };
    let needed = [
        Some(&environment.control_image),
        Some(&environment.nodes_image).filter(|_| cluster.nodes > 0),
    ];
    for image in needed.into_iter().flatten() {
        if !images.contains(image) {
            report.error(
                "unknown-image",
                "kubernetes",
                format!(
                    "the environment `{}` is made of the image `{image}`, which does not exist",
                    environment.name
                ),
                "add a folder of this name with a Dockerfile to `images`, or change the setting `kubernetes_environments`",
            );
        }
    }
    let environment = environment.clone();
    lab.add_cluster(&environment);
}
