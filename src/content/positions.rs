//! Where each value of a YAML file stands, so that a rule on a parsed value can name its line.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, Parser};

/// Line and column, both counted from 1, of every value of a YAML document, by path
/// (`steps[0].checks[1].http.path`).
#[derive(Debug, Clone, Default)]
pub struct Positions(BTreeMap<String, (u32, u32)>);

/// Documents with more values than this have been refused by the parser's budget before.
const MAX_ENTRIES: usize = 100_000;

enum Frame {
    Sequence { path: String, next: usize },
    Mapping { path: String, key: Option<Key> },
}

struct Key {
    name: String,
    at: (u32, u32),
}

impl Positions {
    /// The positions in a document. One that does not parse gives the positions up to the mistake.
    pub fn of(yaml: &str) -> Self {
        let mut found = BTreeMap::new();
        let mut stack: Vec<Frame> = Vec::new();
        for event in Parser::new_from_str(yaml) {
            let Ok((event, span)) = event else { break };
            if found.len() >= MAX_ENTRIES {
                break;
            }
            let at = (
                u32::try_from(span.start.line()).unwrap_or(u32::MAX),
                u32::try_from(span.start.col() + 1).unwrap_or(u32::MAX),
            );
            match event {
                Event::SequenceStart(..) => {
                    let path = enter(&mut stack, &mut found, at);
                    stack.push(Frame::Sequence { path, next: 0 });
                }
                Event::MappingStart(..) => {
                    let path = enter(&mut stack, &mut found, at);
                    stack.push(Frame::Mapping { path, key: None });
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    stack.pop();
                }
                Event::Scalar(value, ..) => scalar(&mut stack, &mut found, &value, at),
                Event::Alias(..) | Event::UnresolvedAlias(..) => {
                    enter(&mut stack, &mut found, at);
                }
                _ => {}
            }
        }
        Self(found)
    }

    /// The position of the value at `path`, or of the nearest one around it.
    pub fn get(&self, path: &str) -> Option<(u32, u32)> {
        let mut path = path;
        loop {
            if let Some(at) = self.0.get(path) {
                return Some(*at);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// Whether there is a value at `path`.
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// The path of the innermost value whose position is `line` and `column`.
    pub fn path_at(&self, line: u32, column: u32) -> Option<&str> {
        self.0
            .iter()
            .filter(|(_, at)| **at == (line, column))
            .map(|(path, _)| path.as_str())
            .max_by_key(|path| path.len())
    }
}

/// The path of the value that begins here, which is recorded.
fn enter(stack: &mut [Frame], found: &mut BTreeMap<String, (u32, u32)>, at: (u32, u32)) -> String {
    let (path, at) = match stack.last_mut() {
        None => (String::new(), at),
        Some(Frame::Sequence { path, next }) => {
            let entry = format!("{path}[{next}]");
            *next += 1;
            (entry, at)
        }
        Some(Frame::Mapping { path, key }) => match key.take() {
            Some(key) => (join(path, &key.name), key.at),
            // A mapping or list as a key: nothing of ours has that.
            None => (join(path, "?"), at),
        },
    };
    found.entry(path.clone()).or_insert(at);
    path
}

fn scalar(
    stack: &mut [Frame],
    found: &mut BTreeMap<String, (u32, u32)>,
    value: &str,
    at: (u32, u32),
) {
    if let Some(Frame::Mapping {
        key: key @ None, ..
    }) = stack.last_mut()
    {
        *key = Some(Key {
            name: value.to_owned(),
            at,
        });
    } else {
        enter(stack, found, at);
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_path_and_a_missing_one_by_its_surroundings() {
        let positions = Positions::of("a: 1\nsteps:\n  - id: x\n    checks: [{id: y}]\n");
        assert_eq!(positions.get("a"), Some((1, 1)));
        assert_eq!(positions.get("steps[0].id"), Some((3, 5)));
        assert_eq!(positions.get("steps[0].checks[0].id"), Some((4, 15)));
        assert_eq!(positions.get("steps[0].checks[0].fail"), Some((4, 14)));
        assert_eq!(positions.get("steps[0].checks[7].fail"), Some((4, 5)));
    }

    #[test]
    fn a_broken_document_gives_what_stood_before_the_mistake() {
        assert_eq!(Positions::of("a: 1\nb: [\n").get("a"), Some((1, 1)));
    }
}
