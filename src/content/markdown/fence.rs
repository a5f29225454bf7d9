//! What stands after the three backticks: a language and words such as `run=desk:2 interrupt`.

use super::super::problem::suggestion;
use crate::domain::ids::Slug;

/// The words that may follow the language.
const WORDS: [&str; 4] = ["run", "interrupt", "copy", "nocopy"];

/// In which terminal a click runs a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The one the learner looks at.
    Current,
    /// The n-th of a machine, counted from 1.
    Terminal {
        /// The machine.
        machine: Slug,
        /// Which of its terminals.
        number: u8,
    },
}

/// A fence's info string, understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fence {
    /// The language in lower case, empty when none is named.
    pub(super) language: String,
    /// Where a click runs the block; `None` for a block that is only read or copied.
    pub(super) run: Option<Target>,
    /// Whether Ctrl-C is sent first.
    pub(super) interrupt: bool,
    /// Whether the block has no copy button.
    pub(super) no_copy: bool,
}

/// A word that can't stand in an info string: what is wrong and what to write.
pub(super) type Mistake = (String, String);

/// The most terminals a machine can have.
const MAX_TERMINALS: u8 = 4;

/// Reads an info string. What is not understood is left out and told in the second value.
pub(super) fn parse(info: &str) -> (Fence, Vec<Mistake>) {
    let mut fence = Fence::default();
    let mut mistakes = Vec::new();
    for (index, word) in info.split_whitespace().enumerate() {
        let (name, value) = word
            .split_once('=')
            .map_or((word, None), |(name, value)| (name, Some(value)));
        match (name, value) {
            ("run", None) => fence.run = Some(Target::Current),
            ("run", Some(value)) => match target(value) {
                Some(target) => fence.run = Some(target),
                None => mistakes.push((
                    format!("`{word}` names no terminal"),
                    "write `run`, `run=<machine>` or `run=<machine>:<1 to 4>`".to_owned(),
                )),
            },
            ("interrupt", None) => fence.interrupt = true,
            ("copy", None) => fence.no_copy = false,
            ("nocopy", None) => fence.no_copy = true,
            (_, None) if index == 0 => {
                // Only what is safe in a class name; a strange language is as good as none.
                fence.language = word
                    .to_lowercase()
                    .chars()
                    .filter(|c| c.is_ascii_alphanumeric() || "+-_".contains(*c))
                    .take(32)
                    .collect();
            }
            _ => mistakes.push((
                format!("`{word}` is not a word that may follow the language of a code block"),
                suggestion(name, WORDS),
            )),
        }
    }
    if fence.interrupt && fence.run.is_none() {
        mistakes.push((
            "`interrupt` without `run` does nothing".to_owned(),
            "add `run`, or remove `interrupt`".to_owned(),
        ));
    }
    (fence, mistakes)
}

fn target(value: &str) -> Option<Target> {
    let (machine, number) = match value.split_once(':') {
        Some((machine, number)) => (machine, number.parse().ok()?),
        None => (value, 1),
    };
    let machine = machine.parse().ok()?;
    (1..=MAX_TERMINALS)
        .contains(&number)
        .then_some(Target::Terminal { machine, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood() {
        let on = |machine: &str, number| Target::Terminal {
            machine: machine.parse().unwrap(),
            number,
        };
        for (info, run) in [
            ("bash run", Some(Target::Current)),
            ("bash run=desk", Some(on("desk", 1))),
            ("bash run=desk:2", Some(on("desk", 2))),
            ("bash", None),
            ("", None),
        ] {
            let (fence, mistakes) = parse(info);
            assert_eq!(fence.run, run, "{info}");
            assert_eq!(mistakes, [], "{info}");
        }
        let (fence, _) = parse("Bash run interrupt nocopy");
        assert_eq!(fence.language, "bash");
        assert!(fence.interrupt && fence.no_copy);
    }

    #[test]
    fn a_mistyped_word_is_explained_and_the_rest_still_counts() {
        let (fence, mistakes) = parse("bash run interupt");
        assert_eq!(fence.run, Some(Target::Current));
        assert_eq!(mistakes[0].1, "did you mean `interrupt`?");
        for info in [
            "sh run=",
            "sh run=desk:0",
            "sh run=desk:9",
            "sh run=De sk",
            "sh run=a:b",
        ] {
            assert!(!parse(info).1.is_empty(), "{info}");
        }
    }

    #[test]
    fn a_language_can_t_carry_markup() {
        assert_eq!(parse("\"><script>").0.language, "script");
    }
}
