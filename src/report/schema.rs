//! The JSON Schemas of the documents.
//!
//! Made from the documents' types, so that they cannot lag behind them. A
//! document is published by its line in [`SCHEMAS`].

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::document::{Arms, Check, Difference, Document, Trend};

/// A document whose schema is published.
#[derive(Clone, Copy, Debug)]
pub struct PublishedSchema {
    /// What it is asked for by.
    pub topic: &'static str,
    /// What it describes, as a fragment.
    pub about: &'static str,
    schema: fn() -> String,
}

/// Every published schema, that of the analysis first.
pub const SCHEMAS: [PublishedSchema; 5] = [
    PublishedSchema {
        topic: "analysis",
        about: "the JSON output of analyze",
        schema: schema_of::<Document>,
    },
    PublishedSchema {
        topic: "check",
        about: "the JSON output of check",
        schema: schema_of::<Check>,
    },
    PublishedSchema {
        topic: "difference",
        about: "the JSON output of diff",
        schema: schema_of::<Difference>,
    },
    PublishedSchema {
        topic: "arms",
        about: "the JSON output of diff --arms",
        schema: schema_of::<Arms>,
    },
    PublishedSchema {
        topic: "trend",
        about: "the JSON output of trend",
        schema: schema_of::<Trend>,
    },
];

impl PublishedSchema {
    /// The JSON Schema (draft 2020-12), indented, with a newline at its end.
    #[must_use]
    pub fn json(&self) -> String {
        (self.schema)()
    }
}

fn schema_of<T: JsonSchema>() -> String {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<T>();
    format!("{:#}\n", schema.as_value())
}

#[cfg(test)]
mod tests {
    use super::SCHEMAS;

    #[test]
    fn a_schema_names_its_draft_its_document_and_its_versions() {
        for published in SCHEMAS {
            let schema: serde_json::Value =
                serde_json::from_str(&published.json()).unwrap_or_default();
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert_eq!(schema["title"], format!("tokopt {}", published.topic));
            for field in ["schema_version", "tool_version"] {
                assert!(schema["properties"].get(field).is_some(), "{}", published.topic);
            }
        }
    }
}
