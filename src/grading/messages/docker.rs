//! What was seen of a nested engine.

use crate::domain::{check::Range, text::Text};

use super::range;

pub(in super::super) fn engine_silent(machine: &str) -> Text {
    Text::new(
        format!("{machine} 上的 Docker 引擎没有正常响应。请稍等再提交，或者重置实验环境。"),
        format!(
            "The Docker engine of {machine} does not answer as it should. Wait a little and submit again, or reset the lab."
        ),
    )
}

pub(in super::super) fn engine_forged(machine: &str) -> Text {
    Text::new(
        format!("在 {machine} 上应答的不是这台机器自己的 Docker 引擎。重置实验环境可以恢复它。"),
        format!(
            "What answers as the Docker engine of {machine} is not the machine's own. Resetting the lab brings it back."
        ),
    )
}

pub(in super::super) fn port_of_another(container: &str, port: u16) -> Text {
    Text::new(
        format!("在 {port} 端口上应答的不是容器 `{container}`。"),
        format!("What answers on port {port} is not the container `{container}`."),
    )
}

pub(in super::super) fn no_container_named(name: &str) -> Text {
    Text::new(
        format!("没有名为 `{name}` 的容器。"),
        format!("There is no container named `{name}`."),
    )
}

pub(in super::super) fn no_container() -> Text {
    Text::new("没有任何容器。", "There are no containers.")
}

pub(in super::super) fn container_image(image: &str) -> Text {
    Text::new(
        format!("容器不是用镜像 `{image}` 创建的。"),
        format!("No such container was made from the image `{image}`."),
    )
}

pub(in super::super) fn container_running(wanted: bool) -> Text {
    if wanted {
        Text::new(
            "容器存在，但没有在运行。",
            "The container exists but is not running.",
        )
    } else {
        Text::new("容器仍在运行。", "The container is still running.")
    }
}

pub(in super::super) fn container_not_ended() -> Text {
    Text::new("容器还没有结束。", "The container has not ended.")
}

pub(in super::super) fn container_exit(seen: i64, wanted: i64) -> Text {
    Text::new(
        format!("容器的退出码是 {seen}，应为 {wanted}。"),
        format!("The container ended with exit code {seen} instead of {wanted}."),
    )
}

pub(in super::super) fn container_port(port: u16) -> Text {
    Text::new(
        format!("容器没有发布到机器的 {port} 端口。"),
        format!("The container is not published on port {port} of the machine."),
    )
}

pub(in super::super) fn no_image(name: &str) -> Text {
    Text::new(
        format!("没有名为 `{name}` 的镜像。"),
        format!("There is no image named `{name}`."),
    )
}

pub(in super::super) fn image_size(name: &str, seen_mib: u64, wanted: Range) -> Text {
    let wanted = range(wanted);
    Text::new(
        format!("镜像 `{name}` 的大小约为 {seen_mib} MiB，应{}。", wanted.zh),
        format!(
            "The image `{name}` takes about {seen_mib} MiB; {} wanted.",
            wanted.en
        ),
    )
}

pub(in super::super) fn image_exposes(name: &str, port: u16) -> Text {
    Text::new(
        format!("镜像 `{name}` 没有声明 {port} 端口。"),
        format!("The image `{name}` does not expose port {port}."),
    )
}

pub(in super::super) fn container_volume(volume: &str) -> Text {
    Text::new(
        format!("容器里没有挂载卷 `{volume}`。"),
        format!("The volume `{volume}` is not mounted in the container."),
    )
}

pub(in super::super) fn container_network(network: &str) -> Text {
    Text::new(
        format!("容器没有接入网络 `{network}`。"),
        format!("The container is not in the network `{network}`."),
    )
}

pub(in super::super) fn container_health(seen: Option<&str>) -> Text {
    match seen {
        Some(seen) => Text::new(
            format!("容器的健康检查结果是 `{seen}`，不符合要求。"),
            format!("The health check of the container says `{seen}`, which is not as asked."),
        ),
        None => Text::new("容器没有健康检查。", "The container has no health check."),
    }
}

pub(in super::super) fn container_restarts(seen: u64, wanted: Range) -> Text {
    let wanted = range(wanted);
    Text::new(
        format!("容器重新启动过 {seen} 次，应{}。", wanted.zh),
        format!(
            "The container was started again {seen} time{}; {} wanted.",
            if seen == 1 { "" } else { "s" },
            wanted.en
        ),
    )
}

pub(in super::super) fn container_memory(seen_mib: u64, wanted: Range) -> Text {
    if seen_mib == 0 {
        return Text::new("容器没有内存限制。", "The container has no memory limit.");
    }
    let wanted = range(wanted);
    Text::new(
        format!("容器的内存限制是 {seen_mib} MiB，应{}。", wanted.zh),
        format!(
            "The memory limit of the container is {seen_mib} MiB; {} wanted.",
            wanted.en
        ),
    )
}

pub(in super::super) fn user_seen(seen: &str) -> Text {
    let seen = if seen.is_empty() { "root" } else { seen };
    Text::new(
        format!("它以用户 `{seen}` 运行，不符合要求。"),
        format!("It runs as the user `{seen}`, which is not as asked."),
    )
}

pub(in super::super) fn label_amiss(name: &str) -> Text {
    Text::new(
        format!("标签 `{name}` 不存在，或者值不符合要求。"),
        format!("The label `{name}` is missing or has another value."),
    )
}

pub(in super::super) fn image_layers(name: &str, seen: u64, wanted: Range) -> Text {
    let wanted = range(wanted);
    Text::new(
        format!("镜像 `{name}` 有 {seen} 层，应{}。", wanted.zh),
        format!(
            "The image `{name}` has {seen} layer{}; {} wanted.",
            if seen == 1 { "" } else { "s" },
            wanted.en
        ),
    )
}

pub(in super::super) fn image_from(name: &str, from: &str) -> Text {
    Text::new(
        format!("镜像 `{name}` 不是在镜像 `{from}` 之上构建的。"),
        format!("The image `{name}` is not built from the image `{from}`."),
    )
}

pub(in super::super) fn image_history(name: &str) -> Text {
    Text::new(
        format!("镜像 `{name}` 的构建历史不符合要求。"),
        format!("The history of the image `{name}` is not as asked."),
    )
}

pub(in super::super) fn no_network(name: &str) -> Text {
    Text::new(
        format!("没有名为 `{name}` 的网络。"),
        format!("There is no network named `{name}`."),
    )
}

pub(in super::super) fn network_driver(name: &str, seen: &str) -> Text {
    Text::new(
        format!("网络 `{name}` 的驱动是 `{seen}`，不符合要求。"),
        format!("The network `{name}` has the driver `{seen}`, which is not as asked."),
    )
}

pub(in super::super) fn network_internal(name: &str, wanted: bool) -> Text {
    if wanted {
        Text::new(
            format!("网络 `{name}` 不是内部网络。"),
            format!("The network `{name}` is not internal."),
        )
    } else {
        Text::new(
            format!("网络 `{name}` 是内部网络，这里不应该是。"),
            format!("The network `{name}` is internal and should not be."),
        )
    }
}

pub(in super::super) fn network_lacks(name: &str, container: &str) -> Text {
    Text::new(
        format!("运行中的容器里，没有名为 `{container}` 的容器接入网络 `{name}`。"),
        format!("No running container `{container}` is in the network `{name}`."),
    )
}

pub(in super::super) fn no_volume(name: &str) -> Text {
    Text::new(
        format!("没有名为 `{name}` 的卷。"),
        format!("There is no volume named `{name}`."),
    )
}

pub(in super::super) fn volume_unused(name: &str, container: &str) -> Text {
    Text::new(
        format!("卷 `{name}` 没有挂载到容器 `{container}`。"),
        format!("The volume `{name}` is not mounted in the container `{container}`."),
    )
}
