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

    /// Every text that the scripts in the browser need. Variables stay as `{name}`; the scripts
    /// fill them in.
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
                (message.key, self.with(message.key, &args))
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
