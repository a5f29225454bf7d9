//! What was seen of code under hidden tests.

use crate::domain::text::Text;

pub(in super::super) fn code_missing(folder: &str) -> Text {
    Text::new(
        format!("主目录里没有文件夹 `{folder}`。"),
        format!("There is no folder `{folder}` in your home."),
    )
}

pub(in super::super) fn code_too_much(folder: &str, files: usize) -> Text {
    Text::new(
        format!(
            "文件夹 `{folder}` 里的内容太多：最多 {files} 个文件，总共 3 MiB。请删掉与程序无关的文件，例如编译出来的程序。"
        ),
        format!(
            "There is too much in the folder `{folder}`: at most {files} files and 3 MiB in all. Remove what is not part of the program, such as what was compiled."
        ),
    )
}

pub(in super::super) fn code_file_too_large(path: &str) -> Text {
    Text::new(
        format!("文件 `{path}` 超过 1 MiB。它应该不是源代码，请删掉。"),
        format!("The file `{path}` is larger than 1 MiB. It can't be source code; remove it."),
    )
}

pub(in super::super) fn code_not_a_file(path: &str) -> Text {
    Text::new(
        format!("`{path}` 应该是可以读取的普通文件，而不是链接、管道或设备。"),
        format!(
            "`{path}` must be a regular file that can be read, not a link, a pipe or a device."
        ),
    )
}

pub(in super::super) fn code_embeds(path: &str) -> Text {
    Text::new(
        format!("`{path}` 里的 `//go:embed` 会把测试文件也包含进去。请写出要嵌入的文件名。"),
        format!("`//go:embed` in `{path}` would take in test files too. Name the files to embed."),
    )
}

pub(in super::super) fn code_not_built(said: &[String]) -> Text {
    let said: Vec<String> = said.iter().map(|line| format!("`{line}`")).collect();
    Text::new(
        format!("代码和测试编译不通过：{}", said.join("；")),
        format!(
            "The code does not compile with its tests: {}",
            said.join("; ")
        ),
    )
}

pub(in super::super) fn go_test_too_long(seconds: u64) -> Text {
    let s = if seconds == 1 { "" } else { "s" };
    Text::new(
        format!("测试在 {seconds} 秒内没有结束，已被终止。"),
        format!("The tests had not ended after {seconds} second{s} and were stopped."),
    )
}

pub(in super::super) fn go_test_fails(name: &str) -> Text {
    Text::new(
        format!("测试 `{name}` 没有通过。"),
        format!("The test `{name}` does not pass."),
    )
}

pub(in super::super) fn go_test_not_ended(name: &str, panic: Option<&str>) -> Text {
    match panic {
        Some(panic) => Text::new(
            format!("测试 `{name}` 没有做完，程序崩溃了：`{panic}`。"),
            format!("The test `{name}` did not end; the program crashed: `{panic}`."),
        ),
        None => Text::new(
            format!("测试 `{name}` 没有做完，程序就结束了。"),
            format!("The program ended before the test `{name}` did."),
        ),
    }
}

pub(in super::super) fn go_test_forged() -> Text {
    Text::new(
        "程序往测试结果里写了别的内容，所以这次结果作废。请不要使用 3 号文件描述符。",
        "The program wrote into the results of its tests, so these are void. Leave file descriptor 3 alone.",
    )
}
