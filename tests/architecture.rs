//! The rules of `docs/ARCHITECTURE.md`, kept by reading the sources: which module may use which,
//! where the large libraries may appear, who reads the environment, how long a file may be.
//!
//! The reader below knows just enough Rust to find paths: comments and literals are blanked,
//! `mod` blocks are followed so that `super` is resolved, and groups (`crate::{a, b::c}`) are taken
//! apart.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't read the sources has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::PathBuf,
};

/// What each module may use besides itself. Arrows point downwards; skipping a level is fine.
const ALLOWED: [(&str, &[&str]); 15] = [
    ("domain", &[]),
    ("wire", &[]),
    ("auth", &["domain"]),
    ("content", &["domain"]),
    ("store", &["domain"]),
    ("sandbox", &["domain"]),
    ("boards", &["domain"]),
    ("grading", &["domain", "wire"]),
    ("config", &["domain"]),
    ("telemetry", &["config"]),
    (
        "services",
        &[
            "auth", "boards", "config", "content", "domain", "grading", "sandbox", "store", "wire",
        ],
    ),
    (
        "web",
        &[
            "auth", "boards", "config", "content", "domain", "sandbox", "services", "store",
        ],
    ),
    (
        "lifecycle",
        &[
            "auth",
            "config",
            "content",
            "domain",
            "sandbox",
            "services",
            "store",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "auth",
            "config",
            "content",
            "domain",
            "grading",
            "lifecycle",
            "sandbox",
            "services",
            "store",
            "telemetry",
            "web",
        ],
    ),
    ("main", &["cli"]),
];

/// Where a library may be named: the beginning of the path below `src`.
const CONFINED: [(&str, &str); 3] = [
    ("bollard", "sandbox/docker"),
    ("axum", "web"),
    ("sqlx", "store"),
];

/// Who may name the one module that holds the engine's socket, besides itself, and why.
const MAY_NAME_DOCKER: [(&str, &str); 4] = [
    ("lifecycle.rs", "puts the program together"),
    (
        "services/images.rs",
        "the builder of images has no trait of its own: there is one kind",
    ),
    ("cli/doctor.rs", "looks at the engine itself"),
    (
        "cli/mod.rs",
        "makes the engine for the doctor, who must not open the database",
    ),
];

/// Who else may read the process's surroundings, and why.
const MAY_READ_ENVIRONMENT: [(&str, &str, &str); 2] = [
    ("config.rs", "", "the one place"),
    (
        "cli/rehearsal.rs",
        "temp_dir",
        "needs a folder for a database that is thrown away",
    ),
];

/// Lines of the longest file.
const MAX_LINES: usize = 600;

/// Files that may be longer, and why.
const MAY_BE_LONGER: [(&str, &str); 1] = [(
    "web/view/tests/samples.rs",
    "sample data for the tests of pages, one item after another",
)];

/// Every file below `src`: its path from there, and its text.
fn sources() -> io::Result<Vec<(String, String)>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(&root).map_err(io::Error::other)?;
                let name = name.to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path)?));
            }
        }
    }
    found.sort();
    assert!(
        found.len() > 50,
        "the sources are not where they are looked for"
    );
    Ok(found)
}

/// A word or `::`, `{`, `}`, `,`, `;`, or any other sign, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    line: usize,
}

/// Takes a source apart; what stands in comments and literals is left out.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut i, mut line, mut out) = (0, 1, Vec::new());
    while i < chars.len() {
        let start = i;
        let c = chars[i];
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
        } else if let Some(hashes) = raw_string(&chars, i) {
            i += hashes.prefix + 1;
            let end: Vec<char> = std::iter::once('"')
                .chain("#".repeat(hashes.count).chars())
                .collect();
            while i < chars.len() && !chars[i..].starts_with(&end) {
                i += 1;
            }
            i += end.len();
        } else if c == '"' {
            i += 1;
            while i < chars.len() && chars[i] != '"' {
                i += if chars[i] == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if c == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            // A character; anything else with one quote is a lifetime.
            i += if at(i + 1) == '\\' { 3 } else { 2 };
            while i < chars.len() && chars[i] != '\'' {
                i += 1;
            }
            i += 1;
        } else if c.is_alphanumeric() || c == '_' {
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            out.push(Token {
                text: chars[start..i].iter().collect(),
                line,
            });
        } else if c == ':' && at(i + 1) == ':' {
            i += 2;
            out.push(Token {
                text: "::".to_owned(),
                line,
            });
        } else {
            i += 1;
            if !c.is_whitespace() {
                out.push(Token {
                    text: c.to_string(),
                    line,
                });
            }
        }
        line += chars[start..i.min(chars.len())]
            .iter()
            .filter(|c| **c == '\n')
            .count();
    }
    out
}

struct Raw {
    /// Characters before the opening quote.
    prefix: usize,
    /// Number signs.
    count: usize,
}

fn raw_string(chars: &[char], i: usize) -> Option<Raw> {
    let after_word = i > 0 && (chars[i - 1].is_alphanumeric() || chars[i - 1] == '_');
    let mut at = i + usize::from(chars[i] == 'b');
    if after_word || chars.get(at) != Some(&'r') {
        return None;
    }
    at += 1;
    let count = chars[at..].iter().take_while(|c| **c == '#').count();
    (chars.get(at + count) == Some(&'"')).then_some(Raw {
        prefix: at + count - i,
        count,
    })
}

/// The module path of a file below `src`.
fn module_of(file: &str) -> Vec<String> {
    let stem = file.trim_end_matches(".rs");
    let mut path: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") || path == ["lib"] {
        path.pop();
    }
    path
}

/// Every path in a file that begins with `crate`, `super` or `self`, as seen from the crate's root,
/// with its line. Groups give one path for each branch.
fn crate_paths(file: &str, source: &str) -> Vec<(Vec<String>, usize)> {
    let tokens = tokens(source);
    let mut module = module_of(file);
    // For each open brace: whether it opened a module.
    let mut braces: Vec<bool> = Vec::new();
    let (mut i, mut found) = (0, Vec::new());
    let text = |i: usize| tokens.get(i).map_or("", |t: &Token| t.text.as_str());
    while i < tokens.len() {
        match text(i) {
            "mod" if text(i + 2) == "{" => {
                module.push(text(i + 1).to_owned());
                braces.push(true);
                i += 3;
                continue;
            }
            "{" => braces.push(false),
            "}" if braces.pop() == Some(true) => {
                module.pop();
            }
            "crate" | "super" | "self"
                if text(i + 1) == "::" && (i == 0 || text(i - 1) != "::") =>
            {
                let mut base = if text(i) == "crate" {
                    Vec::new()
                } else {
                    module.clone()
                };
                let mut from = i;
                while text(from) == "super" && text(from + 1) == "::" {
                    base.pop();
                    from += 2;
                }
                if text(from) == "crate" || text(from) == "self" {
                    from += 2;
                }
                i = branches(&tokens, from, &base, &mut found);
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// Reads `a::b`, `a::{b, c::d}` or `{a, b}` from `i` on; gives the place after it.
fn branches(
    tokens: &[Token],
    mut i: usize,
    base: &[String],
    found: &mut Vec<(Vec<String>, usize)>,
) -> usize {
    let text = |i: usize| tokens.get(i).map_or("", |t: &Token| t.text.as_str());
    let line = tokens.get(i).map_or(0, |t| t.line);
    let mut path = base.to_vec();
    loop {
        if text(i) == "{" {
            i += 1;
            while !matches!(text(i), "}" | "") {
                i = branches(tokens, i, &path, found);
                while !matches!(text(i), "," | "}" | "") {
                    i += 1; // `as name`
                }
                i += usize::from(text(i) == ",");
            }
            return i + 1;
        }
        let word = text(i).to_owned();
        if !word.chars().all(|c| c.is_alphanumeric() || c == '_') || word.is_empty() {
            // `*`, or a generic argument after `::`.
            found.push((path, line));
            return i + 1;
        }
        if word != "self" {
            path.push(word);
        }
        if text(i + 1) != "::" {
            found.push((path, line));
            return i + 1;
        }
        i += 2;
    }
}

fn report(broken: &BTreeSet<String>) {
    let list: Vec<_> = broken.iter().map(String::as_str).collect();
    assert!(
        list.is_empty(),
        "against docs/ARCHITECTURE.md:\n  {}",
        list.join("\n  ")
    );
}

#[test]
fn every_arrow_between_modules_points_downwards() {
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    let mut broken = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (file, source) in sources().unwrap() {
        let Some(from) = module_of(&file).into_iter().next() else {
            continue;
        };
        let Some(may_use) = allowed.get(from.as_str()) else {
            broken.insert(format!(
                "src/{file}: the module `{from}` has no rule; give it one"
            ));
            continue;
        };
        for (path, line) in crate_paths(&file, &source) {
            let Some(to) = path.first() else { continue };
            // Only names of modules: `crate::Something` from the root is none.
            if !allowed.contains_key(to.as_str()) || *to == from {
                continue;
            }
            seen.insert((from.clone(), to.clone()));
            if !may_use.contains(&to.as_str()) {
                broken.insert(format!("src/{file}:{line}: `{from}` must not use `{to}`"));
            }
        }
    }
    // A reader that finds nothing would never complain.
    for (from, to) in [
        ("services", "store"),
        ("web", "services"),
        ("store", "domain"),
    ] {
        assert!(
            seen.contains(&(from.to_owned(), to.to_owned())),
            "no arrow from {from} to {to}"
        );
    }
    report(&broken);
}

#[test]
fn every_large_library_stays_behind_its_own_door() {
    let mut broken = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (file, source) in sources().unwrap() {
        for token in tokens(&source) {
            for (library, home) in CONFINED {
                if token.text != library && !token.text.starts_with(&format!("{library}_")) {
                    continue;
                }
                seen.insert(library);
                if !file.starts_with(&format!("{home}/")) {
                    let line = token.line;
                    broken.insert(format!(
                        "src/{file}:{line}: `{library}` belongs to src/{home}"
                    ));
                }
            }
        }
    }
    assert_eq!(
        seen.len(),
        CONFINED.len(),
        "a library is used nowhere: {seen:?}"
    );
    report(&broken);
}

#[test]
fn few_may_name_the_module_that_holds_the_engine() {
    let mut broken = BTreeSet::new();
    for (file, source) in sources().unwrap() {
        let may =
            file.starts_with("sandbox/") || MAY_NAME_DOCKER.iter().any(|(place, _)| file == *place);
        for (path, line) in crate_paths(&file, &source) {
            if !may
                && path.first().is_some_and(|p| p == "sandbox")
                && path.get(1).is_some_and(|p| p == "docker")
            {
                broken.insert(format!(
                    "src/{file}:{line}: use `sandbox::Engine`, not `sandbox::docker`"
                ));
            }
        }
    }
    report(&broken);
}

#[test]
fn handlers_open_no_transaction() {
    let mut broken = BTreeSet::new();
    for (file, source) in sources()
        .unwrap()
        .into_iter()
        .filter(|(file, _)| file.starts_with("web/"))
    {
        let tokens = tokens(&source);
        for window in tokens.windows(3) {
            let [a, b, c] = window else { continue };
            if a.text == "." && b.text == "begin" && c.text == "(" {
                broken.insert(format!(
                    "src/{file}:{}: transactions belong to `services`",
                    b.line
                ));
            }
        }
    }
    report(&broken);
}

#[test]
fn only_the_settings_read_the_environment() {
    let mut broken = BTreeSet::new();
    let mut seen = 0;
    for (file, source) in sources().unwrap() {
        let tokens = tokens(&source);
        for (i, token) in tokens.iter().enumerate() {
            let before = |n: usize| i.checked_sub(n).map_or("", |at| tokens[at].text.as_str());
            let after = |n: usize| tokens.get(i + n).map_or("", |t| t.text.as_str());
            let is_module = token.text == "env" && before(1) == "::" && before(2) == "std";
            // `use std::{env, …}`, then `env::var`.
            let is_call = token.text == "env" && before(1) != "::" && after(1) == "::";
            if !is_module && !is_call {
                continue;
            }
            seen += 1;
            let may = MAY_READ_ENVIRONMENT
                .iter()
                .any(|(place, what, _)| file == *place && (what.is_empty() || after(2) == *what));
            if !may {
                broken.insert(format!("src/{file}:{}: ask `config::Config`", token.line));
            }
        }
    }
    assert!(seen > 0, "nobody reads the environment");
    report(&broken);
}

#[test]
fn no_file_grows_beyond_what_one_can_keep_in_mind() {
    let broken = sources()
        .unwrap()
        .iter()
        .map(|(file, source)| (file, source.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .filter(|(file, _)| !MAY_BE_LONGER.iter().any(|(longer, _)| longer == file))
        .map(|(file, lines)| format!("src/{file}: {lines} lines, at most {MAX_LINES}: split it"))
        .collect();
    report(&broken);
}

#[test]
fn the_reader_sees_paths_and_nothing_else() {
    let source = r##"
        // use crate::web::a;
        /* crate::web /* nested */ crate::web */
        const TEXT: &str = "crate::web"; const RAW: &str = r#"crate::"web"#; const C: char = '"';
        use crate::{
            domain::{ids::Slug, score as points},
            store,
        };
        use super::super::sandbox::{self, Engine};
        fn f<'a>(x: &'a str) -> crate::content::Html { self::g::<crate::auth::Token>(x) }
        mod inner { use super::sibling; use super::super::cousin; }
        use super::last;
    "##;
    let paths: Vec<String> = crate_paths("services/grading/live.rs", source)
        .into_iter()
        .map(|(path, line)| format!("{}@{line}", path.join("::")))
        .collect();
    assert_eq!(
        paths,
        [
            "domain::ids::Slug@6",
            "domain::score@6",
            "store@7",
            "services::sandbox@9",
            "services::sandbox::Engine@9",
            "content::Html@10",
            "services::grading::live::g@10",
            "auth::Token@10",
            "services::grading::live::sibling@11",
            "services::grading::cousin@11",
            "services::grading::last@12",
        ]
    );
}

#[test]
fn the_page_on_architecture_names_only_files_that_exist() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/ARCHITECTURE.md")).unwrap();
    // Every other piece stands between backticks.
    let named: BTreeSet<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            let first = word.split('/').next().unwrap_or_default();
            word.contains('/')
                && !first.is_empty()
                && root.join(first).is_dir()
                && !word.contains(['<', '*', ' '])
        })
        .collect();
    assert!(
        named.len() > 30,
        "the page is not read as it is written: {named:?}"
    );
    let broken = named
        .into_iter()
        .filter(|path| !root.join(path).exists())
        .map(|path| format!("docs/ARCHITECTURE.md: there is no {path}"))
        .collect();
    report(&broken);
}
