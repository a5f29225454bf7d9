//! A value in both languages.

use crate::domain::text::Locale;

/// A value for each language the product speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Localized<T> {
    /// 中文
    pub zh: T,
    /// English
    pub en: T,
}

impl<T> Localized<T> {
    /// The half in `locale`.
    pub const fn get(&self, locale: Locale) -> &T {
        match locale {
            Locale::Zh => &self.zh,
            Locale::En => &self.en,
        }
    }

    /// Both halves, each made by `make`; `None` as soon as one can't be made. Both are tried, so
    /// that the problems of both languages come to light at once.
    pub fn try_from_fn(mut make: impl FnMut(Locale) -> Option<T>) -> Option<Self> {
        let (zh, en) = (make(Locale::Zh), make(Locale::En));
        Some(Self { zh: zh?, en: en? })
    }
}
