//! Colours for code, as CSS classes: a strict content security policy allows no inline styles.

use std::{fmt::Write as _, sync::LazyLock};

use syntect::{
    html::{ClassStyle, ClassedHTMLGenerator},
    parsing::SyntaxSet,
};

use super::escape::escape;

/// Longer blocks stay without colours: highlighting costs time per byte.
const MAX_BYTES: usize = 64 << 10;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// The HTML of `code` with `<span class="hl-…">` around its parts; escaped plain text for a
/// language that is not known.
pub(super) fn highlight(language: &str, code: &str) -> String {
    if code.len() > MAX_BYTES {
        return escape(code);
    }
    match language {
        "" | "text" | "txt" | "plain" | "output" => escape(code),
        "dockerfile" | "docker" => dockerfile(code),
        // The set's name for shell scripts; `console` blocks come here command by command.
        "console" | "shell" | "shell-session" | "zsh" => classed("bash", code),
        language => classed(language, code),
    }
}

fn classed(language: &str, code: &str) -> String {
    let Some(syntax) = SYNTAXES.find_syntax_by_token(language) else {
        return escape(code);
    };
    let mut generator = ClassedHTMLGenerator::new_with_class_style(
        syntax,
        &SYNTAXES,
        ClassStyle::SpacedPrefixed { prefix: "hl-" },
    );
    for line in code.split_inclusive('\n') {
        if generator
            .parse_html_for_line_which_includes_newline(line)
            .is_err()
        {
            return escape(code);
        }
    }
    generator.finalize()
}

/// The instructions of a Dockerfile and its comments; the set of syntaxes has none for it.
fn dockerfile(code: &str) -> String {
    let mut out = String::new();
    let mut continues = false;
    for line in code.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let (space, rest) = line.split_at(indent);
        out.push_str(space);
        if rest.starts_with('#') {
            let comment = rest.trim_end_matches('\n');
            out.push_str(&span("comment", comment));
            out.push_str(rest.get(comment.len()..).unwrap_or_default());
            continue;
        }
        let word = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .map_or(rest, |end| &rest[..end]);
        if !continues && !word.is_empty() {
            out.push_str(&span("keyword", word));
            out.push_str(&escape(rest.get(word.len()..).unwrap_or_default()));
        } else {
            out.push_str(&escape(rest));
        }
        continues = rest.trim_end().ends_with('\\');
    }
    out
}

fn span(class: &str, text: &str) -> String {
    format!("<span class=\"hl-{class}\">{}</span>", escape(text))
}

/// A role in highlighted code: its custom property, its colour on light and on dark ground.
type Colour = (&'static str, &'static str, &'static str);

/// The ground and the colours. Every colour has a contrast of at least 4.5 to its ground
/// (WCAG 2.2, 1.4.3), which a test computes.
const GROUND: Colour = ("background", "#f6f7f9", "#161b22");
const COLOURS: [Colour; 9] = [
    ("text", "#1f2530", "#dde3ec"),
    ("comment", "#5b6575", "#93a0b1"),
    ("keyword", "#8a2a7b", "#e49bd6"),
    ("string", "#1d6a3a", "#8fd3a2"),
    ("number", "#9a4608", "#f0b27a"),
    ("function", "#1b58a8", "#8ab8f5"),
    ("type", "#0b6477", "#79cfdf"),
    ("variable", "#7a4b00", "#e0c07c"),
    ("prompt", "#5b6575", "#93a0b1"),
];

/// Which classes show in which colour. Later rules win over earlier ones.
const RULES: &str = "\
.hl-variable { color: var(--hl-variable); }
.hl-constant { color: var(--hl-number); }
.hl-entity.hl-name, .hl-support.hl-function, .hl-variable.hl-function, .hl-meta.hl-function-call .hl-variable.hl-function { color: var(--hl-function); }
.hl-storage.hl-type, .hl-support.hl-type, .hl-support.hl-class, .hl-entity.hl-name.hl-type, .hl-entity.hl-name.hl-tag { color: var(--hl-type); }
.hl-keyword, .hl-storage.hl-modifier, .hl-keyword.hl-control { color: var(--hl-keyword); }
.hl-keyword.hl-operator { color: var(--hl-text); }
.hl-string { color: var(--hl-string); }
.hl-string.hl-unquoted { color: inherit; }
.hl-constant.hl-numeric, .hl-constant.hl-language, .hl-constant.hl-character.hl-escape { color: var(--hl-number); }
.hl-comment, .hl-comment .hl-punctuation { color: var(--hl-comment); font-style: italic; }
.hl-invalid { color: inherit; }
.code-prompt::before { content: \"$ \"; color: var(--hl-prompt); }
.code-output { color: var(--hl-comment); }
";

/// The style sheet of highlighted code. The dark colours hold where the system asks for dark and
/// the page does not say `data-theme=\"light\"`, and where the page says `data-theme=\"dark\"`.
pub fn highlight_css() -> String {
    let declare = |dark: bool, indent: &str| {
        let mut lines = String::new();
        for (name, light, night) in std::iter::once(&GROUND).chain(&COLOURS) {
            let colour = if dark { night } else { light };
            // Writing into a string can't fail.
            let _ = writeln!(lines, "{indent}--hl-{name}: {colour};");
        }
        lines
    };
    format!(
        "/* Written by the server from its palette; change it there. */\n\
         :root {{\n{light}}}\n\
         @media (prefers-color-scheme: dark) {{\n  :root:not([data-theme=\"light\"]) {{\n{dark_nested}  }}\n}}\n\
         :root[data-theme=\"dark\"] {{\n{dark}}}\n\
         .code-block {{ background: var(--hl-background); color: var(--hl-text); }}\n{RULES}",
        light = declare(false, "  "),
        dark_nested = declare(true, "    "),
        dark = declare(true, "  "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.03928 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_is_readable_on_its_ground() {
        for (name, light, dark) in COLOURS {
            assert!(contrast(light, GROUND.1) >= 4.5, "{name} on light");
            assert!(contrast(dark, GROUND.2) >= 4.5, "{name} on dark");
        }
    }

    #[test]
    fn known_languages_get_classes_and_never_styles() {
        for (language, code) in [
            ("go", "func main() { fmt.Println(\"<hi>\") }\n"),
            ("bash", "for f in *.go; do echo \"$f\"; done\n"),
            ("yaml", "kind: Pod # x\n"),
            ("json", "{\"a\": 1}\n"),
            ("python", "def f(): return 1\n"),
            ("sql", "select 1;\n"),
            ("dockerfile", "FROM scratch\n# hi\nRUN a \\\n  b\n"),
        ] {
            let html = highlight(language, code);
            assert!(html.contains("<span class=\"hl-"), "{language}: {html}");
            assert!(!html.contains("style="), "{language}");
            assert!(!html.contains("<hi>"), "{language}");
        }
        assert_eq!(highlight("klingon", "<b>"), "&lt;b&gt;");
    }

    #[test]
    fn every_property_the_rules_use_is_declared_for_light_and_dark() {
        let css = highlight_css();
        for part in RULES.split("var(--").skip(1) {
            let name = part.split(')').next().unwrap();
            assert_eq!(css.matches(&format!("--{name}: #")).count(), 3, "{name}");
        }
    }
}
