//! Where in a record a field stands: `meta.usage.0.input`.

use crate::ingest::json::Json;

/// A place in a record: keys and positions, or a column's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    text: String,
    column: String,
    steps: Vec<String>,
}

impl Path {
    /// A path as a user writes it; `None` where it is empty or has empty steps.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let steps: Vec<String> = text.split('.').map(str::to_owned).collect();
        let is_whole = steps.iter().all(|step| !step.is_empty());
        is_whole.then(|| Self { text: text.to_owned(), column: text.to_ascii_lowercase(), steps })
    }

    /// The name of the column, as a header has it.
    pub(super) fn column(&self) -> &str {
        &self.column
    }

    /// The value at the path. A key that has dots itself, as OpenTelemetry's
    /// attributes do, is found when it is the whole path.
    pub(super) fn find<'a>(&self, object: Json<'a>) -> Option<Json<'a>> {
        let stepped = self.steps.iter().try_fold(object, |value, step| {
            if value.is_array() {
                value
                    .items()
                    .get(step.parse::<usize>().ok()?)
                    .copied()
                    .filter(|item| !item.is_null())
            } else {
                value.get(step)
            }
        });
        stepped.or_else(|| object.get(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::Path;
    use crate::ingest::json::Json;

    fn find<'a>(path: &str, object: &'a str) -> Option<&'a str> {
        Path::parse(path).and_then(|path| path.find(Json::of_text(object))).map(Json::raw)
    }

    #[test]
    fn steps_lead_through_objects_and_lists() {
        let object = r#"{"meta":{"usage":[{"in":7},{"in":8}]},"gen_ai.usage.x":9}"#;
        assert_eq!(find("meta.usage.1.in", object), Some("8"));
        assert_eq!(find("gen_ai.usage.x", object), Some("9"));
        for nowhere in ["meta.usage.2.in", "meta.usage.in", "meta.0", "other"] {
            assert_eq!(find(nowhere, object), None, "{nowhere}");
        }
        for malformed in ["", "a..b", ".a", "a."] {
            assert_eq!(Path::parse(malformed), None, "{malformed}");
        }
    }
}
