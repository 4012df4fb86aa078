//! The JSON Schema of the analysis document.
//!
//! Made from the document's types, so that it cannot lag behind them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::document::{Arms, Difference, Document};

/// The JSON Schema (draft 2020-12) of the analysis document, indented, with a
/// newline at its end.
#[must_use]
pub fn json_schema() -> String {
    schema_of::<Document>()
}

/// The JSON Schema of the arms of an A/B test, likewise.
#[must_use]
pub fn arms_json_schema() -> String {
    schema_of::<Arms>()
}

/// The JSON Schema of a difference, likewise.
#[must_use]
pub fn difference_json_schema() -> String {
    schema_of::<Difference>()
}

fn schema_of<T: JsonSchema>() -> String {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<T>();
    format!("{:#}\n", schema.as_value())
}

#[cfg(test)]
mod tests {
    use super::json_schema;

    #[test]
    fn the_schema_names_its_draft_and_every_block() {
        let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap_or_default();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        for block in ["input", "window", "prices", "totals", "attribution", "ladder", "warnings"] {
            assert!(schema["properties"].get(block).is_some(), "{block}");
        }
    }
}
