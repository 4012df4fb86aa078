//! Turns other projects' price catalogues into our price files.
//!
//! A catalogue is recognised by its shape, its figures are checked against
//! bounds that no real price crosses, and what is left is written as TOML for
//! a person to read before use. Nothing is fetched and nothing is trusted: a
//! refused model says why.

mod catalogue;
mod genai_prices;
mod litellm;
mod models_dev;
mod sanity;
mod write;

use serde_json::Value;

/// A catalogue whose shape is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Catalogue {
    /// The gateway's `model_prices_and_context_window.json`.
    LiteLlm,
    /// genai-prices' `data.json`, or a dump of its provider list.
    GenaiPrices,
    /// models.dev's `api.json`.
    ModelsDev,
}

impl Catalogue {
    /// The name people know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LiteLlm => "LiteLLM",
            Self::GenaiPrices => "genai-prices",
            Self::ModelsDev => "models.dev",
        }
    }
}

/// What came out of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Which catalogue it was.
    pub catalogue: Catalogue,
    /// A price file in our own schema, by provider and model.
    pub toml: String,
    /// Models in the file.
    pub taken: usize,
    /// Models that are not, in the catalogue's order.
    pub refused: Vec<Refused>,
}

/// A model that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The model as the catalogue names it.
    pub model: String,
    /// Why, a lower-case fragment.
    pub reason: String,
}

/// Why a text is no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The text is not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The JSON has none of the known shapes.
    #[error(
        "no known catalogue (LiteLLM's model_prices_and_context_window.json, genai-prices' \
         data.json and models.dev's api.json are)"
    )]
    UnknownShape,
}

/// Reads a catalogue.
///
/// # Errors
/// When the text is not JSON or has none of the known shapes.
pub fn import(text: &str) -> Result<Imported, ImportError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value =
        serde_json::from_str(text).map_err(|error| ImportError::NotJson(error.to_string()))?;
    let (catalogue, read) = recognise(&value).ok_or(ImportError::UnknownShape)?;
    let (models, mut refused) = sanity::sift(read);
    let (toml, taken, doubled) = write::price_file(catalogue, &models);
    refused.extend(doubled);
    Ok(Imported { catalogue, toml, taken, refused })
}

fn recognise(value: &Value) -> Option<(Catalogue, Vec<catalogue::Candidate>)> {
    match value {
        Value::Array(providers) if genai_prices::recognises(providers) => {
            Some((Catalogue::GenaiPrices, genai_prices::read(providers)))
        }
        Value::Object(entries) if litellm::recognises(entries) => {
            Some((Catalogue::LiteLlm, litellm::read(entries)))
        }
        Value::Object(providers) if models_dev::recognises(providers) => {
            Some((Catalogue::ModelsDev, models_dev::read(providers)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, ImportError, import};
    use crate::prices::{PriceSource, PriceTable};
    use crate::units::Rate;

    fn table(toml: &str) -> PriceTable {
        let text = format!("checked = \"2026-11-22\"\n{toml}");
        PriceTable::from_sources(&[PriceSource { name: "import", text: &text }])
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn input(table: &PriceTable, provider: &str, model: &str) -> Option<Rate> {
        let found = table.find(Some(provider), model)?;
        Some(
            found
                .rates(&crate::prices::LaneQuery::default(), crate::units::Tokens::ZERO)
                .rates
                .input,
        )
    }

    #[test]
    fn litellm_prices_per_token_become_prices_per_million() {
        let imported = import(
            r#"{"sample_spec": {"litellm_provider": "one of many", "mode": "chat"},
                "gpt-9": {"litellm_provider": "openai", "mode": "chat",
                  "input_cost_per_token": 1.0000000000000002e-07, "output_cost_per_token": 4e-07,
                  "cache_read_input_token_cost": 1e-08,
                  "input_cost_per_token_batches": 5e-08, "output_cost_per_token_batches": 2e-07,
                  "cache_read_input_token_cost_batches": 5e-09},
                "embed-light": {"litellm_provider": "cohere", "mode": "embedding",
                  "input_cost_per_token": 0.0001, "output_cost_per_token": 0.0},
                "drawing": {"litellm_provider": "openai", "mode": "image_generation"},
                "gpt-gold": {"litellm_provider": "openai", "mode": "chat",
                  "input_cost_per_token": 0.5, "output_cost_per_token": 0.5}}"#,
        )
        .unwrap();
        assert_eq!((imported.catalogue, imported.taken), (Catalogue::LiteLlm, 1));
        let refused: Vec<&str> =
            imported.refused.iter().map(|refused| refused.model.as_str()).collect();
        assert_eq!(refused, ["drawing", "embed-light", "gpt-gold", "sample_spec"]);
        let table = table(&imported.toml);
        assert_eq!(
            input(&table, "openai", "gpt-9").map(|rate| rate.to_string()).as_deref(),
            Some("0.1")
        );
        assert!(imported.toml.contains("batch = { factor = \"0.5\" }"), "{}", imported.toml);
    }

    #[test]
    fn genai_prices_keeps_dates_and_tiers() {
        let imported = import(
            r#"[{"id": "anthropic", "models": [
                {"id": "claude-9", "match": {"or": [{"equals": "claude-nine"}, {"starts_with": "claude-9"}]},
                 "prices": [
                   {"prices": {"input_mtok": 4, "output_mtok": "20"}},
                   {"constraint": {"start_date": "2026-10-01"},
                    "prices": {"input_mtok": {"base": 2, "tiers": [{"start": 200000, "price": 4}]},
                               "output_mtok": {"base": 10, "tiers": [{"start": 200000, "price": 15}]},
                               "cache_write_mtok": "2.5", "cache_read_mtok": 0.2}}]},
                {"id": "clocked", "prices": [{"constraint": {"start_time": "01:00:00", "end_time": "04:00:00"},
                    "prices": {"input_mtok": 1}}]}]}]"#,
        )
        .unwrap();
        assert_eq!((imported.catalogue, imported.taken), (Catalogue::GenaiPrices, 1));
        assert_eq!(imported.refused.len(), 1);
        let table = table(&imported.toml);
        let found = table.find(None, "claude-nine").unwrap();
        assert_eq!(found.model().intervals().len(), 2);
        assert_eq!(
            input(&table, "anthropic", "claude-9").map(|rate| rate.to_string()).as_deref(),
            Some("2")
        );
    }

    #[test]
    fn models_dev_is_read_by_provider() {
        let imported = import(
            r#"{"xai": {"id": "xai", "name": "xAI", "models": {
                "grok-9": {"id": "grok-9", "cost": {"input": 2, "output": 6, "cache_read": 0.5}},
                "free": {"id": "free", "cost": {"input": 0, "output": 0}}}}}"#,
        )
        .unwrap();
        assert_eq!((imported.catalogue, imported.taken), (Catalogue::ModelsDev, 1));
        assert_eq!(
            input(&table(&imported.toml), "x_ai", "grok-9").map(|rate| rate.to_string()).as_deref(),
            Some("2")
        );
    }

    #[test]
    fn other_texts_are_refused() {
        assert!(matches!(import("nonsense"), Err(ImportError::NotJson(_))));
        for text in ["{}", "[]", "[1]", "{\"a\": 1}", "\"x\"", "{\"a\": {\"b\": {}}}"] {
            assert_eq!(import(text), Err(ImportError::UnknownShape), "{text}");
        }
    }
}
