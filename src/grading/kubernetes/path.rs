//! Ways to fields of an object: `.spec.containers[*].image`, `.metadata.labels['a.b/c']`.

use serde_json::Value;

/// Most values that a path leads to.
const MAX_VALUES: usize = 1000;

/// A way to fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Path(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Field(String),
    Entry(usize),
    Each,
}

/// The text is no such way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a path: write fields as in `.spec.replicas`, entries of lists as `[0]` or `[*]`, and names with dots as `['a.b/c']`"
)]
pub(in super::super) struct InvalidPath(String);

impl Path {
    pub(in super::super) fn parse(text: &str) -> Result<Self, InvalidPath> {
        let wrong = || InvalidPath(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, after) = after.split_at(end);
                if name.is_empty() || name.contains([']', '\'']) {
                    return Err(wrong());
                }
                parts.push(Part::Field(name.to_owned()));
                rest = after;
            } else if let Some(after) = rest.strip_prefix("['") {
                let (name, after) = after.split_once("']").ok_or_else(wrong)?;
                if name.is_empty() {
                    return Err(wrong());
                }
                parts.push(Part::Field(name.to_owned()));
                rest = after;
            } else if let Some(after) = rest.strip_prefix("[*]") {
                parts.push(Part::Each);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('[') {
                let (number, after) = after.split_once(']').ok_or_else(wrong)?;
                parts.push(Part::Entry(number.parse().map_err(|_| wrong())?));
                rest = after;
            } else {
                return Err(wrong());
            }
        }
        if parts.is_empty() {
            return Err(wrong());
        }
        Ok(Self(parts))
    }

    /// The values there, in order; `null` counts as nothing.
    pub(in super::super) fn values<'v>(&self, object: &'v Value) -> Vec<&'v Value> {
        let mut values = vec![object];
        for part in &self.0 {
            let mut next: Vec<&Value> = Vec::new();
            for value in values {
                match part {
                    Part::Field(name) => next.extend(value.get(name)),
                    Part::Entry(n) => next.extend(value.get(n)),
                    Part::Each => match value {
                        Value::Array(list) => next.extend(list),
                        Value::Object(map) => next.extend(map.values()),
                        _ => {}
                    },
                }
            }
            next.truncate(MAX_VALUES);
            values = next;
        }
        values.retain(|value| !value.is_null());
        values
    }
}

/// A value as a text: as it is written in a manifest.
pub(in super::super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as a whole number.
pub(in super::super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn at(path: &str) -> Vec<String> {
        let object = json!({
            "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
            "spec": {
                "replicas": 3,
                "containers": [{"image": "a:1"}, {"image": "b:2"}, {"name": "c"}],
                "nothing": null,
            },
        });
        let path = Path::parse(path).unwrap();
        path.values(&object).into_iter().map(text).collect()
    }

    #[test]
    fn paths_lead_to_fields_entries_and_names_with_dots() {
        assert_eq!(at(".spec.replicas"), ["3"]);
        assert_eq!(at(".spec.containers[*].image"), ["a:1", "b:2"]);
        assert_eq!(at(".spec.containers[1].image"), ["b:2"]);
        assert_eq!(at(".metadata.labels['app.kubernetes.io/name']"), ["web"]);
        assert_eq!(at(".metadata.labels[*]"), ["web"]);
        for nowhere in [
            ".spec.nothing",
            ".spec.containers[9]",
            ".spec.replicas.x",
            ".status",
        ] {
            assert!(at(nowhere).is_empty(), "{nowhere}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for bad in [
            "", "spec", ".", ".spec..x", ".a[", ".a[x]", ".a['b", ".a['']", ".a b[",
        ] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,40}") {
            let _ = Path::parse(&text);
        }
    }
}
