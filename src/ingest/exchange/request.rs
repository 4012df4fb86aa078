//! What requests of all providers spell alike.

use crate::ingest::json::{Fault, Json};
use crate::record::call::Count;
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::units::Ttl;

use super::body::Reading;
use super::labels;

/// The tier that served the call: the answer's word beats the request's wish.
pub fn read_tier<'a>(tier: Json<'a>, reading: &mut Reading<'a>) {
    if let Some(tier) = tier.text().and_then(|word| Tier::parse(&word)) {
        reading.draft.tier = tier;
    }
}

/// Reads a parameter that later decisions need; others are none of its business.
///
/// # Errors
/// When it holds what it cannot.
pub fn read_fact<'a>(key: &str, value: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    let draft = &mut reading.draft;
    match key {
        "model" => {
            draft.requested_model = value.text();
            draft.model = value.text().or(draft.model.take());
        }
        "max_tokens" | "max_completion_tokens" | "max_output_tokens" => {
            draft.request.max_tokens = Count::from_optional(value.count("max_tokens")?);
        }
        "temperature" => {
            #[expect(clippy::cast_possible_truncation, reason = "a temperature is 0 to 2")]
            let temperature = value.number().map(|number| number as f32);
            draft.request.temperature = temperature;
        }
        "stream" => draft.request.stream = value.truth().or(draft.request.stream),
        "service_tier" => read_tier(value, reading),
        "user" | "safety_identifier" => {
            draft.user = draft.user.take().or_else(|| value.name());
        }
        "metadata" => labels::map(draft, value)?,
        "prompt_cache_options" => {
            let lifetime = value.get("ttl").and_then(Json::text);
            reading.cache_lifetime = lifetime.and_then(|text| Ttl::parse(&text));
        }
        _ => {}
    }
    Ok(())
}

/// Whether a list or a text holds anything.
#[must_use]
pub fn is_filled(value: Json<'_>) -> bool {
    // Told from the first byte inside: the first element may be all of it.
    let inside = value.raw().get(1..).unwrap_or_default().trim_ascii_start();
    match value.raw().as_bytes().first() {
        Some(b'[') => !inside.starts_with(']'),
        Some(b'"') => !inside.starts_with('"'),
        _ => false,
    }
}

/// What a message of that role is.
#[must_use]
pub fn component_of(role: Option<&str>) -> (Component, bool) {
    match role {
        Some("system" | "developer") => (Component::SystemPrompt, false),
        Some("assistant" | "model") => (Component::History, true),
        Some("tool" | "function") => (Component::RetrievedContext, false),
        _ => (Component::UserInput, false),
    }
}
