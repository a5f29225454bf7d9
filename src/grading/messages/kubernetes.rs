//! What was seen of a cluster.

use crate::domain::{
    check::{KubernetesCheck, Range},
    text::Text,
};

use super::range;

pub(in super::super) fn cluster_silent() -> Text {
    Text::new(
        "集群没有正常响应。它可能还在启动，或者太忙；请稍等再提交，或者重置实验环境。",
        "The cluster does not answer as it should. It may still be starting, or be too busy: wait a \
         little and submit again, or reset the lab.",
    )
}

pub(in super::super) fn not_borne_out(object: &str) -> Text {
    Text::new(
        format!("`{object}` 自称的状态和节点上实际运行的容器对不上。"),
        format!("What `{object}` says of itself is not what the nodes run."),
    )
}

pub(in super::super) fn not_the_cluster_s(event: &str) -> Text {
    Text::new(
        format!("事件 `{event}` 不是集群自己写的，或者被改过。请让事情真的发生。"),
        format!(
            "The event `{event}` was not written by the cluster itself, or was changed. Let it really happen."
        ),
    )
}

pub(in super::super) fn port_leads_elsewhere(port: u16) -> Text {
    Text::new(
        format!("节点的 {port} 端口后面不只是、或者不是节点上运行的 Pod。"),
        format!(
            "Port {port} of the nodes does not lead to pods that the nodes run, and to nothing else."
        ),
    )
}

pub(in super::super) fn no_object(check: &KubernetesCheck) -> Text {
    let kind = check.resource.split(['.', '/']).next().unwrap_or_default();
    let namespace = check.namespace.as_deref().unwrap_or("default");
    match (&check.name, &check.selector) {
        (Some(name), _) => Text::new(
            format!("命名空间 `{namespace}` 里没有名为 `{name}` 的 {kind}。"),
            format!(
                "There is nothing called `{name}` among the {kind} of namespace `{namespace}`."
            ),
        ),
        (None, Some(selector)) => Text::new(
            format!("命名空间 `{namespace}` 里没有带标签 `{selector}` 的 {kind}。"),
            format!("No {kind} of namespace `{namespace}` have the labels `{selector}`."),
        ),
        (None, None) => Text::new(
            format!("命名空间 `{namespace}` 里没有任何 {kind}。"),
            format!("There are no {kind} in namespace `{namespace}`."),
        ),
    }
}

pub(in super::super) fn field_missing(object: &str, path: &str) -> Text {
    Text::new(
        format!("`{object}` 没有 `{path}` 这一项。"),
        format!("`{object}` has no `{path}`."),
    )
}

pub(in super::super) fn field_seen(
    object: &str,
    path: &str,
    seen: &[String],
    wanted: Option<Range>,
) -> Text {
    let seen: Vec<String> = seen.iter().map(|value| format!("`{value}`")).collect();
    let (zh, en) = (seen.join("、"), seen.join(", "));
    match wanted {
        Some(wanted) => {
            let wanted = range(wanted);
            Text::new(
                format!("`{object}` 的 `{path}` 是 {zh}，应{}。", wanted.zh),
                format!("`{path}` of `{object}` is {en}; {} wanted.", wanted.en),
            )
        }
        None => Text::new(
            format!("`{object}` 的 `{path}` 是 {zh}，不符合要求。"),
            format!("`{path}` of `{object}` is {en}, which is not as asked."),
        ),
    }
}

pub(in super::super) fn distinct_values(path: &str, seen: u64, wanted: Range) -> Text {
    let wanted = range(wanted);
    Text::new(
        format!("`{path}` 有 {seen} 种不同的值，应{}。", wanted.zh),
        format!(
            "`{path}` has {seen} different value{}; {} wanted.",
            if seen == 1 { "" } else { "s" },
            wanted.en
        ),
    )
}

pub(in super::super) fn object_condition(
    object: &str,
    kind: &str,
    wanted: &str,
    seen: Option<(&str, &str)>,
) -> Text {
    let Some((status, reason)) = seen else {
        return Text::new(
            format!("`{object}` 还没有 `{kind}` 这个状况。"),
            format!("`{object}` has no condition `{kind}` yet."),
        );
    };
    let (zh, en) = if reason.is_empty() {
        (String::new(), String::new())
    } else {
        (format!("（{reason}）"), format!(" ({reason})"))
    };
    Text::new(
        format!("`{object}` 的状况 `{kind}` 是 `{status}`{zh}，应为 `{wanted}`。"),
        format!("The condition `{kind}` of `{object}` is `{status}`{en}; `{wanted}` is wanted."),
    )
}

pub(in super::super) fn ready_of(object: &str, ready: u64, all: u64) -> Text {
    Text::new(
        format!("`{object}`：共 {all} 个，就绪 {ready} 个。"),
        format!(
            "{ready} of {all} of `{object}` {} ready.",
            if ready == 1 { "is" } else { "are" }
        ),
    )
}

pub(in super::super) fn pod_waits(pod: &str, reason: &str) -> Text {
    Text::new(
        format!("`{pod}` 的容器在等待：{reason}。"),
        format!("A container of `{pod}` waits: {reason}."),
    )
}
