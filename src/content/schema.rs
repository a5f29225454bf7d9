//! JSON Schemas of the manifests, for completion in editors.

use schemars::{JsonSchema, generate::SchemaSettings};

use crate::domain::{course::Course, lab::Lab};

/// The schema of `lab.yaml`, as in `docs/lab.schema.json`.
pub fn lab() -> String {
    schema::<Lab>()
}

/// The schema of `course.yaml`, as in `docs/course.schema.json`.
pub fn course() -> String {
    schema::<Course>()
}

fn schema<T: JsonSchema>() -> String {
    let schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    // Pretty printing a value that is JSON already has no way to fail.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
