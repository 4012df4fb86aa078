//! What every catalogue says about a model, whatever its shape.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::units::{Rate, Usd};

/// A model of a catalogue, or why it cannot be one of ours.
pub(super) struct Candidate {
    /// The name as the catalogue has it, for messages.
    pub(super) name: String,
    pub(super) model: Result<CatalogueModel, String>,
}

/// A model as our price files know it.
pub(super) struct CatalogueModel {
    /// OpenTelemetry name where we know one, else the catalogue's.
    pub(super) provider: String,
    pub(super) id: String,
    pub(super) aliases: Vec<String>,
    pub(super) context_window: Option<u64>,
    /// Whether it returns vectors: nothing is generated.
    pub(super) embedding: bool,
    /// Oldest first.
    pub(super) prices: Vec<CataloguePrice>,
}

/// Prices from a day on.
pub(super) struct CataloguePrice {
    pub(super) from: Option<String>,
    pub(super) rates: CatalogueRates,
    pub(super) batch: Option<CatalogueRates>,
    /// By the prompt length above which they hold.
    pub(super) long_context: BTreeMap<u64, CatalogueRates>,
}

/// One set of rates.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct CatalogueRates {
    pub(super) input: Option<Rate>,
    pub(super) output: Option<Rate>,
    pub(super) cache_read: Option<Rate>,
    pub(super) cache_write: BTreeMap<&'static str, Rate>,
    pub(super) audio_input: Option<Rate>,
    pub(super) audio_output: Option<Rate>,
}

/// Reads dollars per token.
pub(super) fn per_token(value: &Value) -> Option<Rate> {
    let dollars = Usd::from_decimal(&number(value)?).ok()?;
    u64::try_from(dollars.femto()).ok().map(Rate::from_femto_per_token)
}

/// Reads dollars per million tokens; digits beyond the ninth are float noise.
pub(super) fn per_million(value: &Value) -> Option<Rate> {
    let dollars = Usd::from_decimal(&number(value)?).ok()?;
    // A nano-dollar per million tokens is a femto-dollar per token.
    u64::try_from(dollars.to_nano().nano()).ok().map(Rate::from_femto_per_token)
}

fn number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// The lifetime that a catalogue's single write price is for: GPT models
/// start at half an hour, everybody else's at five minutes.
pub(super) fn shortest_lifetime(provider: &str, id: &str) -> &'static str {
    let openai = provider == "openai" || provider.starts_with("azure") || id.contains("gpt");
    if openai { "30m" } else { "5m" }
}

/// The provider's OpenTelemetry name by the names that catalogues use.
pub(super) fn provider_name(name: &str) -> String {
    let known = match name {
        "gemini" | "google" => "gcp.gemini",
        "bedrock" | "bedrock_converse" | "amazon-bedrock" | "aws" => "aws.bedrock",
        "azure" => "azure.ai.openai",
        "azure_ai" => "azure.ai.inference",
        "google-vertex" | "google-vertex-anthropic" => "gcp.vertex_ai",
        "xai" | "x-ai" => "x_ai",
        "mistral" => "mistral_ai",
        "cohere_chat" => "cohere",
        "voyageai" => "voyage",
        "moonshotai" | "moonshot" => "moonshot_ai",
        other if other.starts_with("vertex_ai") => "gcp.vertex_ai",
        other => other,
    };
    known.to_owned()
}
