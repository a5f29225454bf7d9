//! Checks of the cluster: what they ask can be so.

use super::{
    LabContext, Report,
    checks::{range, text_match},
};
use crate::domain::check::{FieldMatch, KubernetesCheck, TextMatch};

pub(super) fn check(
    context: &LabContext<'_>,
    at: &str,
    check: &KubernetesCheck,
    report: &mut Report<'_>,
) {
    if context.lab.kubernetes.is_none() {
        report.error(
            "no-cluster",
            at,
            "the lab has no cluster to ask",
            "add `kubernetes: {at_least: \"1.20\"}` to the lab",
        );
    }
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:/".contains(&b))
    };
    for (field, value) in [
        ("resource", Some(&check.resource)),
        ("namespace", check.namespace.as_ref()),
        ("name", check.name.as_ref()),
    ] {
        if let Some(value) = value.filter(|value| !plain(value)) {
            report.error(
                "kubernetes-name",
                &format!("{at}.{field}"),
                format!("`{value}` can't be a {field} in a cluster"),
                "write it in lower case, kinds in the plural: `deployments`",
            );
        }
    }
    if check.name.is_some() && check.selector.is_some() {
        report.error(
            "contradiction",
            &format!("{at}.selector"),
            "an object that is named is not looked for by its labels",
            "remove `name`, or `selector`",
        );
    }
    range(&format!("{at}.count"), check.count, report);
    for (n, condition) in check.conditions.iter().enumerate() {
        field(&format!("{at}.where[{n}]"), condition, report);
    }
}

fn field(at: &str, condition: &FieldMatch, report: &mut Report<'_>) {
    let paths = [
        ("path", Some(&condition.path)),
        ("same_as", condition.same_as.as_ref()),
    ];
    for (name, path) in paths {
        if let Some(path) = path
            && !is_path(path)
        {
            report.error(
                "kubernetes-path",
                &format!("{at}.{name}"),
                format!("`{path}` is not a path in an object"),
                "write fields as in `.spec.replicas`, lists as `[0]` or `[*]`, names with dots as `['a.b/c']`",
            );
        }
    }
    let text = condition.text();
    let asks_text = text != TextMatch::default();
    if asks_text {
        text_match(at, &text, report);
    }
    range(at, condition.range(), report);
    range(&format!("{at}.distinct"), condition.distinct, report);
    let asks = asks_text
        || condition.range().is_some()
        || condition.exists.is_some()
        || condition.same_as.is_some()
        || condition.distinct.is_some();
    if !asks {
        report.warning(
            "empty-condition",
            at,
            "no condition is given, so every object fits",
            "add `equals`, `min`, `exists` or another, or remove it",
        );
    }
}

/// Whether a text is a path: fields, quoted names, entries.
fn is_path(text: &str) -> bool {
    let path = r"^(\.[^.\[\]']+|\['[^']+'\]|\[\*\]|\[[0-9]{1,6}\])+$";
    regex::Regex::new(path).is_ok_and(|path| path.is_match(text))
}
