//! The JSON Schema of `tokopt.toml`, made from its types, and the keys that
//! stand in it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema as _, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::shape::{Amount, ConfigFile};
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Parameter, Unit};
use crate::techniques::parameters;

/// A setting with a fixed name.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Key {
    /// Its names from the top of the file down.
    pub(in crate::cli) path: Vec<String>,
    /// What it is where nobody sets it; `None` where nothing stands in for it.
    pub(in crate::cli) default: Option<Value>,
    /// What it means.
    pub(in crate::cli) meaning: String,
}

/// The JSON Schema of the settings file, indented, with a newline at its end.
///
/// Draft 7, and without references, because that is what editors of TOML
/// complete from.
pub(in crate::cli) fn json_schema() -> String {
    format!("{:#}\n", value())
}

/// Every setting that has a name of its own; not those below names that users
/// choose, such as a feature's.
pub(in crate::cli) fn keys() -> Vec<Key> {
    let mut found = Vec::new();
    collect(&value(), &mut Vec::new(), &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn value() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<ConfigFile>().to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null: what may be missing is not written.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(object) => {
            if object.get("default").is_some_and(|default| {
                default.is_null() || default.as_object().is_some_and(Map::is_empty)
            }) {
                object.remove("default");
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (name, value) in only {
                        object.entry(name).or_insert(value);
                    }
                }
            }
            object.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Key>) {
    let choices = schema["anyOf"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let mut tables = choices.iter().chain([schema]).filter(|choice| is_table(choice)).peekable();
    let is_plain = |choice: &Value| !is_table(choice) && choice.get("type").is_some();
    if !path.is_empty() && (tables.peek().is_none() || choices.iter().any(is_plain)) {
        found.push(Key {
            path: path.clone(),
            default: schema.get("default").cloned(),
            meaning: schema["description"].as_str().unwrap_or_default().to_owned(),
        });
    }
    for properties in tables.filter_map(|table| table["properties"].as_object()) {
        for (name, below) in properties {
            path.push(name.clone());
            collect(below, path, found);
            path.pop();
        }
    }
}

fn is_table(schema: &Value) -> bool {
    schema["type"] == "object"
}

/// A decimal as JSON has it.
pub(super) fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// The schema of `[assumptions]`: the registry of parameters.
pub(super) fn assumptions(generator: &mut SchemaGenerator) -> Schema {
    let amount = Amount::json_schema(generator);
    let techniques = TechniqueId::ALL.map(|id| {
        let names = parameters::of(id).iter();
        let values: Map<String, Value> = names
            .map(|parameter| (parameter.name.to_owned(), of_parameter(parameter, &amount)))
            .collect();
        let table = serde_json::json!({
            "type": "object",
            "description": format!("Numbers of {}; a value that is set holds at the low, the typical and the high end.", id.name()),
            "additionalProperties": false,
            "properties": values,
        });
        (id.name().to_owned(), table)
    });
    let techniques: Map<String, Value> = techniques.into_iter().collect();
    json_schema!({ "type": "object", "additionalProperties": false, "properties": techniques })
}

fn of_parameter(parameter: &Parameter, amount: &Schema) -> Value {
    let mut schema = match parameter.unit {
        Unit::Switch => serde_json::json!({ "type": ["boolean", "integer", "string"] }),
        Unit::Seconds => serde_json::json!({ "type": ["number", "string"] }),
        Unit::Dollars | Unit::DollarsPerMillionTokens => amount.clone().to_value(),
        Unit::Share => {
            serde_json::json!({ "type": ["number", "string"], "minimum": 0, "maximum": 1 })
        }
        _ => serde_json::json!({ "type": ["number", "string"], "minimum": 0 }),
    };
    let default = parameter.spread.map(|spread| spread.typical.to_string());
    let default = default.map(|text| match (parameter.unit, text.as_str()) {
        (Unit::Switch, "0") => Value::Bool(false),
        (Unit::Switch, _) => Value::Bool(true),
        (_, text) => number(text),
    });
    if let Value::Object(object) = &mut schema {
        let from = if default.is_none() { " The price table has each model's own." } else { "" };
        let meaning = format!("{} It takes {}.{from}", parameter.meaning, parameter.unit.expects());
        object.insert("description".to_owned(), Value::String(meaning));
        if let Some(default) = default {
            object.insert("default".to_owned(), default);
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{json_schema, keys};
    use crate::techniques::parameters;

    #[test]
    fn every_key_says_what_it_means_and_many_what_they_are_unless_set() {
        let keys = keys();
        let nameless: Vec<_> = keys.iter().filter(|key| key.meaning.is_empty()).collect();
        assert!(nameless.is_empty(), "{nameless:?}");
        let find = |name: &str| {
            let found = keys.iter().find(|key| key.path.join(".") == name);
            found.unwrap_or_else(|| panic!("{name} in {keys:?}"))
        };
        assert_eq!(find("analyze.top").default, Some(10.into()));
        assert_eq!(find("analyze.strict").default, Some(false.into()));
        assert_eq!(find("plan.hourly_rate_usd").default, Some(100.into()));
        assert_eq!(find("analyze.model").default, None);
        assert_eq!(find("assumptions.model-routing.share").default, Some(0.5.into()));
        assert_eq!(find("assumptions.prompt-caching.ttl_seconds").default, None);
        let assumptions = keys.iter().filter(|key| key.path[0] == "assumptions").count();
        assert_eq!(assumptions, parameters::all().count());
        let names: BTreeSet<_> = keys.iter().map(|key| &key.path).collect();
        assert_eq!(names.len(), keys.len());
    }

    #[test]
    fn no_reference_and_no_null_stands_in_an_editors_way() {
        let schema = json_schema();
        assert!(schema.contains("http://json-schema.org/draft-07/schema#"));
        assert!(!schema.contains("$ref") && !schema.contains("null"), "{schema}");
    }
}
