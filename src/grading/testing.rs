//! Help for the tests of this module.

use crate::domain::check::{Check, CheckKind};

/// A check whose kind is written as in a lab file.
pub(super) fn check(kind: &str) -> Check {
    let yaml = format!(
        "id: it-works\npoints: 10\ntitle: {{zh: 标题, en: Title}}\nfail: {{zh: 还没做。, en: Not yet.}}\n{kind}\n"
    );
    serde_saphyr::from_str(&yaml).unwrap_or_else(|e| panic!("{yaml}\n{e}"))
}

/// The kind alone.
pub(super) fn check_kind(kind: &str) -> CheckKind {
    check(kind).kind
}
