//! Sentences of observation for learners, in both languages.
//!
//! They say what was seen and, where that is a number, what was wanted; never the text a check
//! looks for, which may be the answer.

mod docker;
mod go;
mod kubernetes;
mod queue;

use crate::domain::{check::Range, text::Text};

use super::matching::Mismatch;

pub(super) use docker::*;
pub(super) use go::*;
pub(super) use kubernetes::*;
pub(super) use queue::*;

/// `first` and then `second`, each a sentence of its own.
pub(super) fn join(first: &Text, second: &Text) -> Text {
    let end = |text: &str, stop: char| {
        let text = text.trim_end();
        let open = text.chars().last().is_none_or(|c| {
            c.is_alphanumeric() || matches!(c, '`' | ')' | '）' | '"' | '”' | '\'' | '*')
        });
        if open && !text.is_empty() {
            format!("{text}{stop}")
        } else {
            text.to_owned()
        }
    };
    Text::new(
        format!("{}{}", end(&first.zh, '。'), second.zh),
        format!("{} {}", end(&first.en, '.'), second.en).trim_start(),
    )
}

// ---- outcomes ----

pub(super) fn unstable() -> Text {
    Text::new(
        "相隔片刻的两次查看结果不一致：第一次符合要求，第二次不符合。请等状态稳定下来再提交。",
        "Two looks a moment apart disagreed: the first was as asked, the second was not. Let things \
         settle, then submit again.",
    )
}

pub(super) fn grader_error() -> Text {
    Text::new(
        "评分系统出了问题，没能查看这一项。这不是你的错，也不占用提交次数。",
        "Something went wrong on the grader's side, so this could not be looked at. It is not your \
         fault and costs no attempt.",
    )
}

pub(super) fn machine_gone(machine: &str) -> Text {
    Text::new(
        format!("机器 {machine} 已经不在运行，无法查看。请重置实验环境后再提交。"),
        format!(
            "The machine {machine} is no longer running, so nothing can be looked at. Reset the lab and submit again."
        ),
    )
}

pub(super) fn machine_full(machine: &str) -> Text {
    Text::new(
        format!(
            "机器 {machine} 的进程数、内存或磁盘已经用尽，无法查看。请结束多余的进程、删除多余的文件，或者重置实验环境。"
        ),
        format!(
            "The machine {machine} has run out of processes, memory or disk, so nothing can be looked at. End what you don't need, remove files, or reset the lab."
        ),
    )
}

pub(super) fn machine_silent(machine: &str) -> Text {
    Text::new(
        format!("机器 {machine} 太忙，没有及时响应。请结束占用资源的进程，或者重置实验环境。"),
        format!(
            "The machine {machine} is too busy to answer in time. End what keeps it busy, or reset the lab."
        ),
    )
}

pub(super) fn out_of_time() -> Text {
    Text::new(
        "这一步的其他检查耗时太久，没来得及查看这一项。",
        "The other checks of this step took so long that there was no time left to look at this.",
    )
}

pub(super) fn script_can_not_judge(machine: &str) -> Text {
    Text::new(
        format!("机器 {machine} 的状态让检查无法判断。请按说明恢复环境，或者重置实验。"),
        format!(
            "The state of the machine {machine} leaves nothing to judge. Mend it as the instructions say, or reset the lab."
        ),
    )
}

// ---- ports and HTTP ----

pub(super) fn port_refuses(machine: &str, port: u16) -> Text {
    Text::new(
        format!("{machine} 的 {port} 端口拒绝连接。"),
        format!("Port {port} of {machine} refuses connections."),
    )
}

pub(super) fn port_out_of_reach(machine: &str, port: u16) -> Text {
    Text::new(
        format!("连不上 {machine} 的 {port} 端口。"),
        format!("Port {port} of {machine} can't be reached."),
    )
}

pub(super) fn answer_slow(machine: &str, port: u16, seconds: u64) -> Text {
    let s = if seconds == 1 { "" } else { "s" };
    Text::new(
        format!("{machine} 的 {port} 端口在 {seconds} 秒内没有给出完整的响应。"),
        format!("Port {port} of {machine} gave no complete answer within {seconds} second{s}."),
    )
}

pub(super) fn answer_broken(machine: &str, port: u16) -> Text {
    Text::new(
        format!("{machine} 的 {port} 端口返回的不是完整、有效的 HTTP 响应。"),
        format!("What port {port} of {machine} sent is not a complete and valid HTTP response."),
    )
}

pub(super) fn answer_missing(machine: &str, port: u16) -> Text {
    Text::new(
        format!("{machine} 的 {port} 端口没有应答就断开了连接：后面没有程序在接待。"),
        format!(
            "Port {port} of {machine} closed the connection without an answer: nobody serves behind it."
        ),
    )
}

pub(super) fn port_still_answers(machine: &str, port: u16) -> Text {
    Text::new(
        format!("{machine} 的 {port} 端口仍然接受连接。"),
        format!("Port {port} of {machine} still accepts connections."),
    )
}

pub(super) fn status(seen: u16, wanted: Option<u16>) -> Text {
    match wanted {
        Some(wanted) => Text::new(
            format!("响应的状态码是 {seen}，应为 {wanted}。"),
            format!("The response has status {seen} instead of {wanted}."),
        ),
        None => Text::new(
            format!("响应的状态码是 {seen}，应在 200 到 299 之间。"),
            format!("The response has status {seen}; anything from 200 to 299 is wanted."),
        ),
    }
}

pub(super) fn header_missing(name: &str) -> Text {
    Text::new(
        format!("响应里没有 `{name}` 头。"),
        format!("The response has no `{name}` header."),
    )
}

pub(super) fn header(name: &str) -> Text {
    Text::new(
        format!("响应的 `{name}` 头不符合要求。"),
        format!("The `{name}` header of the response is not as asked."),
    )
}

pub(super) fn body(mismatch: Mismatch) -> Text {
    match mismatch {
        Mismatch::Excludes => Text::new(
            "响应正文里有不该出现的内容。",
            "The body of the response contains something it should not.",
        ),
        Mismatch::CutOff => Text::new(
            "响应正文太长，只读取了开头的 256 KiB。",
            "The body of the response is too long; only its first 256 KiB were read.",
        ),
        Mismatch::Equals | Mismatch::Contains | Mismatch::Matches => Text::new(
            "响应正文不符合要求。",
            "The body of the response is not as asked.",
        ),
    }
}

pub(super) fn different_answers(times: u16, seen: u64, wanted: Range) -> Text {
    let wanted = range(wanted);
    Text::new(
        format!("{times} 次请求得到 {seen} 种不同的回答，应{}。", wanted.zh),
        format!(
            "{times} requests got {seen} different answer{}; {} wanted.",
            if seen == 1 { "" } else { "s" },
            wanted.en
        ),
    )
}

pub(super) fn shares_of_answers(times: u16, shares: &[u64], wanted: Range) -> Text {
    let wanted = range(wanted);
    let shares: Vec<String> = shares.iter().take(16).map(u64::to_string).collect();
    Text::new(
        format!(
            "{times} 次请求中，各种回答分别出现了 {} 次，每种应{}。",
            shares.join("、"),
            wanted.zh
        ),
        format!(
            "Of {times} requests, the different answers came {} times; {} wanted of each.",
            shares.join(", "),
            wanted.en
        ),
    )
}

// ---- files ----

pub(super) fn file_missing(path: &str) -> Text {
    Text::new(
        format!("文件 `{path}` 不存在。"),
        format!("There is no file `{path}`."),
    )
}

pub(super) fn file_present(path: &str) -> Text {
    Text::new(
        format!("文件 `{path}` 仍然存在。"),
        format!("The file `{path}` still exists."),
    )
}

pub(super) fn file_refused(path: &str) -> Text {
    Text::new(
        format!("`{path}` 应该是普通文件，而不是链接、文件夹、管道或设备。"),
        format!("`{path}` must be a regular file, not a link, a folder, a pipe or a device."),
    )
}

pub(super) fn file_denied(path: &str) -> Text {
    Text::new(
        format!("文件 `{path}` 的权限不允许读取。"),
        format!("The permissions of `{path}` do not allow reading it."),
    )
}

pub(super) fn file_content(path: &str, mismatch: Mismatch) -> Text {
    match mismatch {
        Mismatch::Excludes => Text::new(
            format!("文件 `{path}` 里有不该出现的内容。"),
            format!("The file `{path}` contains something it should not."),
        ),
        Mismatch::CutOff => Text::new(
            format!("文件 `{path}` 太大，只读取了开头的 256 KiB。"),
            format!("The file `{path}` is too large; only its first 256 KiB were read."),
        ),
        Mismatch::Equals | Mismatch::Contains | Mismatch::Matches => Text::new(
            format!("文件 `{path}` 存在，但内容不符合要求。"),
            format!("The file `{path}` exists, but its content is not as asked."),
        ),
    }
}

// ---- commands and scripts ----

pub(super) fn exit_code(seen: i32, wanted: i32) -> Text {
    Text::new(
        format!("命令的退出码是 {seen}，应为 {wanted}。"),
        format!("The command ended with exit code {seen} instead of {wanted}."),
    )
}

pub(super) fn killed(signal: i32) -> Text {
    Text::new(
        format!("检查运行的命令被信号 {signal} 终止，没有正常结束。"),
        format!("The command of this check was killed by signal {signal} before it could end."),
    )
}

pub(super) fn too_long(seconds: u64) -> Text {
    let s = if seconds == 1 { "" } else { "s" };
    Text::new(
        format!("检查运行的命令在 {seconds} 秒内没有结束，已被终止。"),
        format!(
            "The command of this check had not ended after {seconds} second{s} and was stopped."
        ),
    )
}

pub(super) fn not_started(program: &str) -> Text {
    Text::new(
        format!("无法运行 `{program}`：程序或它的工作目录不存在，或者不可用。"),
        format!(
            "`{program}` could not be run: it, or the folder it runs in, does not exist or can't be used."
        ),
    )
}

pub(super) fn output(mismatch: Mismatch) -> Text {
    match mismatch {
        Mismatch::Excludes => Text::new(
            "命令的输出里有不该出现的内容。",
            "The output of the command contains something it should not.",
        ),
        Mismatch::CutOff => Text::new(
            "命令的输出太长，只读取了开头的部分。",
            "The output of the command is too long; only its beginning was read.",
        ),
        Mismatch::Equals | Mismatch::Contains | Mismatch::Matches => Text::new(
            "命令的输出不符合要求。",
            "The output of the command is not as asked.",
        ),
    }
}

// ---- numbers ----

/// "应" + zh, en + " wanted".
fn range(range: Range) -> Text {
    match (range.min, range.max) {
        (Some(0) | None, Some(0)) => Text::new("为 0", "none"),
        (Some(min), Some(max)) if min == max => {
            Text::new(format!("为 {min}"), format!("exactly {min}"))
        }
        (Some(min), Some(max)) => {
            Text::new(format!("在 {min} 到 {max} 之间"), format!("{min} to {max}"))
        }
        (Some(min), None) => Text::new(format!("至少为 {min}"), format!("at least {min}")),
        (None, Some(max)) => Text::new(format!("至多为 {max}"), format!("at most {max}")),
        (None, None) => Text::new("为任意值", "any number"),
    }
}

pub(super) fn matching_count(seen: u64, wanted: Range) -> Text {
    let wanted = range(wanted);
    Text::new(
        format!("符合条件的有 {seen} 个，应{}。", wanted.zh),
        format!(
            "{seen} {} the description; {} wanted.",
            if seen == 1 { "matches" } else { "match" },
            wanted.en
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range_of(min: Option<u64>, max: Option<u64>) -> Range {
        Range { min, max }
    }

    #[test]
    fn the_author_s_text_comes_first_and_ends_as_a_sentence() {
        let author = Text::new("还没有启动服务", "Start the service first");
        assert_eq!(
            join(&author, &port_refuses("desk", 8080)),
            Text::new(
                "还没有启动服务。desk 的 8080 端口拒绝连接。",
                "Start the service first. Port 8080 of desk refuses connections."
            )
        );
        let done = Text::new("服务在哪里？", "Where is the service?");
        assert_eq!(
            join(&done, &no_container()).zh,
            "服务在哪里？没有任何容器。"
        );
        assert_eq!(
            join(&done, &no_container()).en,
            "Where is the service? There are no containers."
        );
    }

    #[test]
    fn counts_read_naturally_in_both_languages() {
        let text = count(Count::Ready, "orders", 0, range_of(Some(3), None));
        assert_eq!(
            text.zh,
            "队列 `orders`：等待消费的消息有 0 条，应至少为 3。"
        );
        assert_eq!(
            text.en,
            "Queue `orders`: 0 messages are waiting; at least 3 wanted."
        );
        let text = count(Count::Consumers, "orders", 1, range_of(Some(0), Some(0)));
        assert_eq!(text.zh, "队列 `orders`：连接着的消费者有 1 个，应为 0。");
        assert_eq!(
            text.en,
            "Queue `orders`: 1 consumer is connected; none wanted."
        );
    }

    #[test]
    fn a_status_names_what_was_seen_and_what_was_wanted() {
        assert_eq!(
            status(404, Some(200)).en,
            "The response has status 404 instead of 200."
        );
        assert_eq!(
            status(500, None).zh,
            "响应的状态码是 500，应在 200 到 299 之间。"
        );
    }
}
