//! Code blocks with their buttons.

use std::fmt::Write as _;

use super::{
    escape::escape,
    fence::{Fence, Target},
    highlight::highlight,
};
use crate::domain::text::Locale;

/// The languages in which `$ ` at the beginning of a line is a prompt.
const SHELLS: [&str; 6] = ["bash", "sh", "shell", "zsh", "console", "shell-session"];

/// A line of a block with prompts.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// Typed after a prompt.
    Command(&'a str),
    /// Goes on after a `\`.
    Continuation(&'a str),
    /// Printed by the command.
    Output(&'a str),
}

/// The lines of a shell block whose author wrote prompts; `None` for any other.
fn prompted<'a>(fence: &Fence, code: &'a str) -> Option<Vec<Line<'a>>> {
    if !SHELLS.contains(&fence.language.as_str()) || !code.lines().any(|l| l.starts_with("$ ")) {
        return None;
    }
    let mut continues = false;
    let lines = code.lines().map(|line| {
        let parsed = match line.strip_prefix("$ ") {
            Some(command) => Line::Command(command),
            None if continues => Line::Continuation(line),
            None => Line::Output(line),
        };
        continues = !matches!(parsed, Line::Output(_)) && line.ends_with('\\');
        parsed
    });
    Some(lines.collect())
}

/// Whether the block mixes commands and what they print, so that it can't simply be run.
pub(super) fn shows_output(fence: &Fence, code: &str) -> bool {
    prompted(fence, code)
        .is_some_and(|lines| lines.iter().any(|line| matches!(line, Line::Output(_))))
}

/// The block as HTML. The plain text of its `code` element is what is run or copied, unless the
/// figure has `data-copy`, which then is.
pub(super) fn render(fence: &Fence, code: &str, locale: Locale) -> String {
    let code = code.strip_suffix('\n').unwrap_or(code);
    let mut copy = None;
    let body = match prompted(fence, code) {
        None => highlight(&fence.language, code),
        Some(lines) => {
            let mut html = Vec::new();
            let mut commands = Vec::new();
            let mut output = false;
            for line in lines {
                html.push(match line {
                    Line::Command(text) => {
                        commands.push(text);
                        format!(
                            "<span class=\"code-prompt\"></span>{}",
                            highlight("bash", text)
                        )
                    }
                    Line::Continuation(text) => {
                        commands.push(text);
                        highlight("bash", text)
                    }
                    Line::Output(text) => {
                        output = true;
                        format!("<span class=\"code-output\">{}</span>", escape(text))
                    }
                });
            }
            copy = output.then(|| commands.join("\n"));
            html.join("\n")
        }
    };
    let mut html = String::from("<figure class=\"code-block\"");
    if !fence.language.is_empty() {
        write_html(&mut html, format_args!(" data-lang=\"{}\"", fence.language));
    }
    if let Some(target) = &fence.run {
        write_html(&mut html, format_args!(" data-run=\"{}\"", address(target)));
    }
    if fence.interrupt {
        html.push_str(" data-interrupt");
    }
    if let Some(copy) = copy {
        write_html(&mut html, format_args!(" data-copy=\"{}\"", escape(&copy)));
    }
    // A block can scroll sideways, which a keyboard can only do when it can be focused.
    html.push_str("><pre tabindex=\"0\"><code");
    if !fence.language.is_empty() {
        write_html(
            &mut html,
            format_args!(" class=\"language-{}\"", fence.language),
        );
    }
    write_html(&mut html, format_args!(">{body}</code></pre>"));
    if let Some(target) = &fence.run {
        html.push_str(&button(
            "code-run",
            run_word(locale),
            &run_label(target, locale),
        ));
    }
    if !fence.no_copy {
        let (word, label) = match locale {
            Locale::Zh => ("复制", "复制这段内容"),
            Locale::En => ("Copy", "Copy this block"),
        };
        html.push_str(&button("code-copy", word, label));
    }
    html.push_str("</figure>\n");
    html
}

/// Appends to a string, which can't fail.
fn write_html(html: &mut String, piece: std::fmt::Arguments<'_>) {
    let _ = html.write_fmt(piece);
}

fn button(class: &str, word: &str, label: &str) -> String {
    format!(
        "<button type=\"button\" class=\"{class}\" aria-label=\"{}\">{word}</button>",
        escape(label)
    )
}

fn address(target: &Target) -> String {
    match target {
        Target::Current => String::new(),
        Target::Terminal { machine, number } => format!("{machine}:{number}"),
    }
}

const fn run_word(locale: Locale) -> &'static str {
    match locale {
        Locale::Zh => "运行",
        Locale::En => "Run",
    }
}

fn run_label(target: &Target, locale: Locale) -> String {
    match (target, locale) {
        (Target::Current, Locale::Zh) => "在当前终端中运行".to_owned(),
        (Target::Current, Locale::En) => "Run in the current terminal".to_owned(),
        (Target::Terminal { machine, number }, Locale::Zh) => {
            format!("在 {machine} 的第 {number} 个终端中运行")
        }
        (Target::Terminal { machine, number }, Locale::En) => {
            format!("Run in terminal {number} of {machine}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fence, *};

    fn html(info: &str, code: &str, locale: Locale) -> String {
        render(&fence::parse(info).0, code, locale)
    }

    /// What a browser gives as `textContent` of the `code` element.
    fn text(html: &str) -> String {
        let code = html
            .split_once("<code")
            .unwrap()
            .1
            .split_once('>')
            .unwrap()
            .1;
        let code = code.split_once("</code>").unwrap().0;
        regex::Regex::new("<[^>]*>")
            .unwrap()
            .replace_all(code, "")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
    }

    #[test]
    fn a_run_block_says_where_it_runs_in_the_reader_s_language() {
        let zh = html("bash run=desk:2 interrupt", "ls\n", Locale::Zh);
        assert!(zh.starts_with("<figure class=\"code-block\" data-lang=\"bash\" data-run=\"desk:2\" data-interrupt>"), "{zh}");
        assert!(
            zh.contains("aria-label=\"在 desk 的第 2 个终端中运行\">运行</button>"),
            "{zh}"
        );
        let en = html("bash run", "ls\n", Locale::En);
        assert!(en.contains("data-run=\"\""), "{en}");
        assert!(
            en.contains("aria-label=\"Run in the current terminal\">Run</button>"),
            "{en}"
        );
    }

    #[test]
    fn prompts_show_but_are_neither_copied_nor_run() {
        let block = html("bash run", "$ echo \"a\" > x\n$ cat x\n", Locale::En);
        assert_eq!(text(&block), "echo \"a\" > x\ncat x");
        assert_eq!(block.matches("code-prompt").count(), 2);
        assert!(!block.contains("data-copy"));
    }

    #[test]
    fn only_the_commands_of_a_block_with_output_are_copied() {
        let block = html("console", "$ echo a \\\n  b\na b\n$ ls\n", Locale::En);
        assert!(
            block.contains("data-copy=\"echo a \\\n  b\nls\""),
            "{block}"
        );
    }

    #[test]
    fn a_block_has_a_copy_button_unless_it_says_otherwise() {
        assert!(html("go", "x", Locale::En).contains("class=\"code-copy\""));
        assert!(!html("go nocopy", "x", Locale::En).contains("class=\"code-copy\""));
        assert!(!html("go", "x", Locale::En).contains("code-run"));
    }

    #[test]
    fn multi_line_code_keeps_its_text_through_highlighting() {
        let code = "func main() {\n\tif a < b && c > d {\n\t}\n}";
        let block = html("go", code, Locale::En);
        assert_eq!(
            text(&block).replace("&lt;", "<").replace("&amp;", "&"),
            code
        );
    }
}
