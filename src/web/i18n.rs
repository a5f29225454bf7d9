//! The product's own texts in both languages, from `locales/{zh,en}/*.ftl`.
//!
//! Texts of courses and labs are not here: they are [`crate::domain::text::Text`].

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use fluent_templates::{Loader, fluent_bundle::FluentValue, static_loader};
use unic_langid::{LanguageIdentifier, langid};

use crate::domain::text::Locale;

static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "en",
        // The marks would end up in attributes and in JSON; names of users and files are
        // isolated with <bdi> where they are shown.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The file whose messages go to the browser as `strings`.
const CLIENT: &str = include_str!("../../locales/en/client.ftl");

/// Looks texts up in one language. Free to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Translator {
    locale: Locale,
}

impl Translator {
    /// For a viewer who reads `locale`.
    pub const fn new(locale: Locale) -> Self {
        Self { locale }
    }

    /// The language it speaks.
    pub const fn locale(self) -> Locale {
        self.locale
    }

    /// The text of `key`, or the key itself when there is none (a test sees to it that there is).
    pub fn get(self, key: &str) -> String {
        TEXTS
            .try_lookup(self.language(), key)
            .unwrap_or_else(|| key.to_owned())
    }

    /// The text of `key` with its variables filled in.
    pub fn with(self, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
        let args: HashMap<Cow<'static, str>, FluentValue<'_>> = args
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), value.clone()))
            .collect();
        TEXTS
            .try_lookup_with_args(self.language(), key, &args)
            .unwrap_or_else(|| key.to_owned())
    }

    /// The text of `key` whose only variable is the number `n`.
    pub fn count(self, key: &str, n: impl Count) -> String {
        self.with(key, &[("n", n.count().into())])
    }

    /// Every text that the scripts in the browser need, by its key without `js-`. Variables stay as
    /// `{name}`; the scripts fill them in.
    pub fn client_strings(self) -> BTreeMap<&'static str, String> {
        static MESSAGES: LazyLock<Vec<ClientMessage>> =
            LazyLock::new(|| client_messages(CLIENT).collect());
        MESSAGES
            .iter()
            .map(|message| {
                let args: Vec<_> = message
                    .variables
                    .iter()
                    .map(|name| (*name, format!("{{{name}}}").into()))
                    .collect();
                (message.name(), self.with(message.key, &args))
            })
            .collect()
    }

    const fn language(self) -> &'static LanguageIdentifier {
        static ZH: LanguageIdentifier = langid!("zh");
        static EN: LanguageIdentifier = langid!("en");
        match self.locale {
            Locale::Zh => &ZH,
            Locale::En => &EN,
        }
    }
}

/// A number of things, by value or (as askama passes it) by reference.
pub trait Count {
    /// The number.
    fn count(&self) -> u64;
}

impl Count for u8 {
    fn count(&self) -> u64 {
        u64::from(*self)
    }
}

impl Count for u32 {
    fn count(&self) -> u64 {
        u64::from(*self)
    }
}

impl Count for usize {
    fn count(&self) -> u64 {
        u64::try_from(*self).unwrap_or(u64::MAX)
    }
}

impl<T: Count> Count for &T {
    fn count(&self) -> u64 {
        T::count(self)
    }
}

struct ClientMessage {
    key: &'static str,
    variables: Vec<&'static str>,
}

impl ClientMessage {
    /// The name under which the scripts know it.
    fn name(&self) -> &'static str {
        self.key.strip_prefix("js-").unwrap_or(self.key)
    }
}

/// The keys of a Fluent file and the variables each uses. Reads only what our own files contain:
/// messages that start in the first column, without attributes or selectors.
fn client_messages(file: &'static str) -> impl Iterator<Item = ClientMessage> {
    file.lines().filter_map(|line| {
        let (key, value) = line.split_once(" =")?;
        let is_key = !key.is_empty()
            && key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        is_key.then(|| ClientMessage {
            key,
            variables: value
                .split("{ $")
                .skip(1)
                .filter_map(|rest| rest.split_once(" }").map(|(name, _)| name))
                .collect(),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::{Path, PathBuf},
    };

    use regex::Regex;

    use super::*;
    use crate::services::Refusal;

    /// Keys and the variables that each uses, of all files of a language.
    fn messages(locale: Locale) -> BTreeMap<String, BTreeSet<String>> {
        let variable = Regex::new(r"\$([a-z]+)").unwrap();
        let start = Regex::new(r"^([a-z][a-z0-9-]*) =").unwrap();
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in files(&root(&format!("locales/{}", locale.code()))) {
            let mut key = String::new();
            for line in fs::read_to_string(path).unwrap().lines() {
                if let Some(m) = start.captures(line) {
                    key = m[1].to_owned();
                    let twice = found.insert(key.clone(), BTreeSet::new());
                    assert!(twice.is_none(), "{key} is there twice");
                }
                for m in variable.captures_iter(line) {
                    found.get_mut(&key).unwrap().insert(m[1].to_owned());
                }
            }
        }
        found
    }

    fn root(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                all.extend(files(&path));
            } else {
                all.push(path);
            }
        }
        all.sort();
        all
    }

    fn sources() -> String {
        ["templates", "src/web", "web/src"]
            .into_iter()
            .flat_map(|folder| files(&root(folder)))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_variables() {
        let (zh, en) = (messages(Locale::Zh), messages(Locale::En));
        for (key, variables) in &en {
            assert!(zh.contains_key(key), "{key} is missing in Chinese");
            // Chinese has no plural, and a text may leave a number out; it can't add one.
            assert!(
                zh[key].is_subset(variables),
                "{key} has other variables in Chinese"
            );
        }
        for key in zh.keys() {
            assert!(en.contains_key(key), "{key} is missing in English");
        }
    }

    #[test]
    fn every_key_that_pages_and_scripts_use_has_a_text() {
        let known = messages(Locale::En);
        let sources = sources();
        let server = Regex::new(r#"\bt\.(?:get|with|count)\(\s*"([a-z0-9-]+)""#).unwrap();
        let keys = Regex::new(
            r#"=> "((?:level|profile|role|sandbox|end|outcome|submission|image|item)-[a-z-]+)""#,
        )
        .unwrap();
        let client = Regex::new(r#"\bt\(\s*"([a-z0-9-]+)""#).unwrap();
        let mut used = 0;
        for m in server
            .captures_iter(&sources)
            .chain(keys.captures_iter(&sources))
        {
            assert!(known.contains_key(&m[1]), "{} has no text", &m[1]);
            used += 1;
        }
        for m in client.captures_iter(&sources) {
            let key = format!("js-{}", &m[1]);
            assert!(known.contains_key(&key), "{key} has no text");
            used += 1;
        }
        assert!(used > 200, "the patterns found only {used} uses");
    }

    #[test]
    fn every_text_is_used() {
        let sources = sources();
        // Keys that scripts and handlers put together from a state's name.
        let composed = [
            "state-",
            "stage-",
            "waiting-",
            "ended-",
            "check-",
            "submission-",
            "image-",
            "read-only-",
            "board-",
        ];
        for key in messages(Locale::En).into_keys() {
            let name = key.strip_prefix("js-").unwrap_or(&key);
            // Failures have three texts under the code of each.
            let code = |prefix| {
                let code: &str = key.strip_prefix(prefix)?;
                code.strip_suffix("-why")
                    .or(code.strip_suffix("-remedy"))
                    .or(Some(code))
            };
            let is_refusal = code("refusal-")
                .is_some_and(|code| Refusal::ALL.iter().any(|refusal| refusal.code() == code));
            let is_error =
                code("error-").is_some_and(|code| sources.contains(&format!("\"{code}\"")));
            let used = is_refusal
                || is_error
                || sources.contains(&format!("\"{key}\""))
                || sources.contains(&format!("\"{name}\""))
                || (key.starts_with("js-") && composed.iter().any(|p| name.starts_with(p)));
            assert!(used, "{key} is not used anywhere");
        }
    }

    #[test]
    fn scripts_get_every_text_with_its_variables_open() {
        for locale in Locale::ALL {
            let strings = Translator::new(locale).client_strings();
            assert!(
                strings["run-on"].contains("{terminal}"),
                "{}",
                strings["run-on"]
            );
            assert!(strings.values().all(|text| !text.contains('$')));
            assert_eq!(
                strings.len(),
                messages(locale)
                    .keys()
                    .filter(|k| k.starts_with("js-"))
                    .count()
            );
        }
    }

    #[test]
    fn a_text_speaks_the_viewer_s_language_and_counts() {
        let (zh, en) = (Translator::new(Locale::Zh), Translator::new(Locale::En));
        assert_eq!(zh.count("labs-n", 3_u32), "3 个实验");
        assert_eq!(en.count("labs-n", 3_u32), "3 labs");
        assert_eq!(en.count("labs-n", 1_u32), "1 lab");
        assert_eq!(en.get("no-such-key"), "no-such-key");
    }
}
