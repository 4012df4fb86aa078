//! Whose bill a call is on, by OpenTelemetry's names.
//!
//! A shape is no provider: a dozen sellers answer in OpenAI's shape. What is
//! surest comes first: the host that was called, a field that names it, marks
//! only one seller writes into its bodies, and last the model's name.

use std::borrow::Cow;

/// Ends of host names and who answers there.
const HOSTS: [(&str, &str); 22] = [
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.openai"),
    ("models.ai.azure.com", "azure.ai.inference"),
    ("inference.ai.azure.com", "azure.ai.inference"),
    ("api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("openrouter.ai", "openrouter"),
    ("api.deepseek.com", "deepseek"),
    ("api.groq.com", "groq"),
    ("api.mistral.ai", "mistral_ai"),
    ("codestral.mistral.ai", "mistral_ai"),
    ("api.x.ai", "x_ai"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("api.perplexity.ai", "perplexity"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.voyageai.com", "voyage"),
    ("api.together.xyz", "together_ai"),
    ("api.fireworks.ai", "fireworks_ai"),
    ("api.cerebras.ai", "cerebras"),
];

/// Spellings of providers in logs.
const SPELLINGS: [(&str, &str); 22] = [
    ("azure", "azure.ai.openai"),
    ("azure_openai", "azure.ai.openai"),
    ("azureopenai", "azure.ai.openai"),
    ("azure.openai", "azure.ai.openai"),
    ("az.ai.openai", "azure.ai.openai"),
    ("bedrock", "aws.bedrock"),
    ("aws", "aws.bedrock"),
    ("aws_bedrock", "aws.bedrock"),
    ("amazon_bedrock", "aws.bedrock"),
    ("amazon.bedrock", "aws.bedrock"),
    ("vertex", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("vertex_ai", "gcp.vertex_ai"),
    ("google_vertex", "gcp.vertex_ai"),
    ("google", "gcp.gemini"),
    ("gemini", "gcp.gemini"),
    ("google_ai_studio", "gcp.gemini"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("xai", "x_ai"),
    ("x.ai", "x_ai"),
    ("grok", "x_ai"),
];

/// How model names of one maker open, for makers who sell their own models.
const FAMILIES: [(&str, &str); 24] = [
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("codex-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4-", "openai"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("anthropic.claude", "aws.bedrock"),
    ("us.anthropic.", "aws.bedrock"),
    ("eu.anthropic.", "aws.bedrock"),
    ("global.anthropic.", "aws.bedrock"),
    ("claude-", "anthropic"),
    ("deepseek-", "deepseek"),
    ("mistral-", "mistral_ai"),
    ("ministral-", "mistral_ai"),
    ("magistral-", "mistral_ai"),
    ("codestral-", "mistral_ai"),
    ("devstral-", "mistral_ai"),
    ("pixtral-", "mistral_ai"),
    ("open-mi", "mistral_ai"),
    ("grok-", "x_ai"),
    ("gemini-", "gcp.gemini"),
    ("voyage-", "voyage"),
];

/// The host of an address, without a port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    Some(host.split_once(':').map_or(host, |(host, _)| host))
}

/// Whether `name` is `domain` or below it.
fn is_below(name: &str, domain: &str) -> bool {
    let Some(at) = name.len().checked_sub(domain.len()) else { return false };
    let ends = name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(domain));
    // Vertex puts the region before a hyphen: `us-east5-aiplatform.…`.
    ends && (at == 0 || matches!(name.as_bytes().get(at - 1), Some(b'.' | b'-')))
}

/// The provider that answers at an address.
#[must_use]
pub fn of_url(url: &str) -> Option<&'static str> {
    let host = host(url)?;
    if host.starts_with("bedrock") && is_below(host, "amazonaws.com") {
        return Some("aws.bedrock");
    }
    HOSTS.iter().find(|(domain, _)| is_below(host, domain)).map(|(_, provider)| *provider)
}

/// The region that an address names, where it changes the price.
///
/// OpenAI bills its regional hosts (`eu.api.openai.com`) apart; Bedrock and
/// Vertex name the region in every host.
#[must_use]
pub fn region_of_url(url: &str) -> Option<&str> {
    let host = host(url)?;
    let region = if let Some(region) = host.strip_suffix(".api.openai.com") {
        region
    } else if let Some(region) = host.strip_suffix("-aiplatform.googleapis.com") {
        region
    } else {
        let rest = host.strip_prefix("bedrock-runtime.")?;
        rest.strip_suffix(".amazonaws.com")?
    };
    (!region.is_empty() && region != "global").then_some(region)
}

/// A provider as a log names it, in OpenTelemetry's spelling where there is one.
#[must_use]
pub fn of_name(name: &str) -> Cow<'_, str> {
    let lower = name.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let known = SPELLINGS.iter().find(|(spelling, _)| *spelling == lower);
    known.map_or(Cow::Owned(lower), |(_, provider)| Cow::Borrowed(*provider))
}

/// The maker whose models are named like this, where he sells them himself.
#[must_use]
pub fn of_model(model: &str) -> Option<&'static str> {
    FAMILIES.iter().find(|(opening, _)| model.starts_with(opening)).map(|(_, provider)| *provider)
}

#[cfg(test)]
mod tests {
    use super::{of_model, of_name, of_url, region_of_url};

    #[test]
    fn hosts_say_who_answers() {
        for (url, provider) in [
            ("https://api.openai.com/v1/chat/completions", Some("openai")),
            ("https://eu.api.openai.com/v1/responses", Some("openai")),
            (
                "https://acme.openai.azure.com/openai/deployments/a/chat/completions",
                Some("azure.ai.openai"),
            ),
            ("https://us-east5-aiplatform.googleapis.com/v1/x", Some("gcp.vertex_ai")),
            ("https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/invoke", Some("aws.bedrock")),
            ("http://user@openrouter.ai:443/api/v1", Some("openrouter")),
            ("https://notapi.openai.com.example.org/v1", None),
            ("http://localhost:4000/v1/chat/completions", None),
            ("/v1/messages", None),
        ] {
            assert_eq!(of_url(url), provider, "{url}");
        }
    }

    #[test]
    fn regions_come_from_hosts_that_name_one() {
        assert_eq!(region_of_url("https://eu.api.openai.com/v1"), Some("eu"));
        assert_eq!(region_of_url("https://api.openai.com/v1"), None);
        assert_eq!(
            region_of_url("https://us-east5-aiplatform.googleapis.com/v1"),
            Some("us-east5")
        );
        assert_eq!(
            region_of_url("https://bedrock-runtime.eu-west-1.amazonaws.com/m"),
            Some("eu-west-1")
        );
    }

    #[test]
    fn names_and_models_lead_to_the_same_words() {
        assert_eq!(of_name("Azure-OpenAI"), "azure.ai.openai");
        assert_eq!(of_name("Acme Cloud"), "acme_cloud");
        assert_eq!(of_model("claude-haiku-4-5"), Some("anthropic"));
        assert_eq!(of_model("o3-mini"), Some("openai"));
        assert_eq!(of_model("openai/gpt-oss-120b"), None);
    }
}
