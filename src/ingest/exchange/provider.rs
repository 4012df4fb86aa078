//! Whose bill a call is on, by OpenTelemetry's names.
//!
//! A shape is no provider: a dozen sellers answer in OpenAI's shape, and clouds
//! sell Claude in Anthropic's. What is surest comes first: the host that was
//! called, the id a cloud stamps on its answers, a field that names the
//! provider, marks only one seller writes into its bodies, and last the model's
//! name.

use std::borrow::Cow;

use crate::record::lane::Tier;

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
const SPELLINGS: [(&str, &str); 25] = [
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
    ("google.vertex", "gcp.vertex_ai"),
    ("vertex.anthropic", "gcp.vertex_ai"),
    ("google.generative_ai", "gcp.gemini"),
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
const FAMILIES: [(&str, &str); 20] = [
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("codex-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4-", "openai"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
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

/// What Bedrock puts before a maker: an inference profile's geography.
const BEDROCK_GEOGRAPHIES: [&str; 9] =
    ["us-gov.", "us.", "eu.", "apac.", "jp.", "au.", "ca.", "sa.", "global."];
/// Makers of models that Bedrock names as `maker.model`.
const BEDROCK_MAKERS: [&str; 18] = [
    "ai21.",
    "amazon.",
    "anthropic.",
    "cohere.",
    "deepseek.",
    "google.gemma",
    "luma.",
    "meta.",
    "minimax.",
    "mistral.",
    "moonshot.",
    "nvidia.",
    "openai.gpt-oss",
    "qwen.",
    "stability.",
    "twelvelabs.",
    "writer.",
    "zai.",
];
/// Endings of the addresses of Bedrock's models, as of its runtime API.
const BEDROCK_CALLS: [&str; 4] =
    ["/converse", "/converse-stream", "/invoke", "/invoke-with-response-stream"];

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
    let is_amazon = is_below(host, "amazonaws.com") || is_below(host, "api.aws");
    if host.starts_with("bedrock") && is_amazon {
        return Some("aws.bedrock");
    }
    HOSTS.iter().find(|(domain, _)| is_below(host, domain)).map(|(_, provider)| *provider)
}

/// The cloud that stamped its mark on an answer's id.
#[must_use]
pub fn of_response_id(id: &str) -> Option<&'static str> {
    match id {
        _ if id.starts_with("msg_bdrk_") => Some("aws.bedrock"),
        _ if id.starts_with("msg_vrtx_") => Some("gcp.vertex_ai"),
        _ => None,
    }
}

/// The lane that an answer's id gives away: OpenRouter marks what it ran as a
/// batch.
#[must_use]
pub fn tier_of_response_id(id: &str) -> Option<Tier> {
    id.starts_with("gen-batch-").then_some(Tier::Batch)
}

/// The model that an address names, without the resource around it: Bedrock's
/// `/model/<id>/converse`, Google's `/models/<id>:generateContent`. Azure's
/// deployments bear names of their own and are no models.
#[must_use]
pub fn model_of_url(url: &str) -> Option<Cow<'_, str>> {
    let path = url.split(['?', '#']).next()?;
    if let Some((_, rest)) = path.split_once("/model/") {
        let id = BEDROCK_CALLS.iter().find_map(|call| rest.strip_suffix(call))?;
        return Some(bare_model(unescaped(id))).filter(|id| !id.is_empty());
    }
    let (_, rest) = path.rsplit_once("/models/")?;
    let (id, _) = rest.split_once(':')?;
    Some(unescaped(id)).filter(|id| !id.is_empty() && !id.contains('/'))
}

/// A model's name without the resource around it: the tail of an ARN or of
/// Google's `models/…` and `publishers/…/models/…`.
#[must_use]
pub fn bare_model(name: Cow<'_, str>) -> Cow<'_, str> {
    let is_resource =
        ["arn:", "models/", "publishers/", "projects/"].iter().any(|start| name.starts_with(start));
    match name.rsplit_once('/') {
        Some((_, tail)) if is_resource => Cow::Owned(tail.to_owned()),
        _ => name,
    }
}

/// Whether Bedrock's id of a model is what its maker calls by that name:
/// `eu.anthropic.claude-x-v1:0` is `claude-x`. Bedrock's name says in which
/// geography the call was sold.
#[must_use]
pub fn is_bedrock_name_of(id: &str, name: &str) -> bool {
    let Some((maker, rest)) = id.split_once(name) else { return false };
    // A date of eight digits may follow, then a version.
    let is_date = |date: &[u8]| date.len() == 8 && date.iter().all(u8::is_ascii_digit);
    let version = match rest.strip_prefix('-') {
        Some(dated) if dated.as_bytes().get(..8).is_some_and(is_date) => {
            dated.get(8..).unwrap_or_default()
        }
        _ => rest,
    };
    let ends = version.is_empty() || version.starts_with("-v") || version.starts_with(':');
    maker.ends_with('.') && ends
}

/// Text with its `%3A` and the like unescaped.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| byte == b'%');
        let code = code.and_then(|hex| std::str::from_utf8(hex).ok());
        let code = code.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether a model's name is one that only Bedrock uses.
fn is_bedrock_id(model: &str) -> bool {
    if model.starts_with("arn:aws") && model.contains(":bedrock:") {
        return true;
    }
    let bare = BEDROCK_GEOGRAPHIES.iter().find_map(|geography| model.strip_prefix(geography));
    let bare = bare.unwrap_or(model);
    BEDROCK_MAKERS.iter().any(|maker| bare.starts_with(maker))
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
    } else if host == "aiplatform.googleapis.com" {
        let (_, rest) = url.split_once("/locations/")?;
        rest.split('/').next()?
    } else {
        let rest = host.strip_prefix("bedrock-runtime")?;
        let (_, rest) = rest.split_once('.')?;
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
    if is_bedrock_id(model) {
        return Some("aws.bedrock");
    }
    if model.starts_with("publishers/") || model.starts_with("projects/") {
        return Some("gcp.vertex_ai");
    }
    let model = model.strip_prefix("models/").unwrap_or(model);
    FAMILIES.iter().find(|(opening, _)| model.starts_with(opening)).map(|(_, provider)| *provider)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{
        bare_model, is_bedrock_name_of, model_of_url, of_model, of_name, of_url, region_of_url,
        tier_of_response_id,
    };
    use crate::record::lane::Tier;

    #[test]
    fn openrouters_batches_are_known_by_their_ids() {
        assert_eq!(tier_of_response_id("gen-batch-17-a"), Some(Tier::Batch));
        assert_eq!(tier_of_response_id("gen-17-a"), None);
    }

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
        let location = "https://aiplatform.googleapis.com/v1/projects/p/locations/";
        assert_eq!(region_of_url(&format!("{location}europe-west4/x")), Some("europe-west4"));
        assert_eq!(region_of_url(&format!("{location}global/x")), None);
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
        for bedrock in [
            "us.anthropic.claude-sonnet-4-6",
            "amazon.nova-lite-v1:0",
            "openai.gpt-oss-120b-1:0",
            "arn:aws:bedrock:us-east-1:1:inference-profile/x",
        ] {
            assert_eq!(of_model(bedrock), Some("aws.bedrock"), "{bedrock}");
        }
        assert_eq!(of_model("models/gemini-2.5-pro"), Some("gcp.gemini"));
    }

    #[test]
    fn addresses_name_models() {
        for (url, model) in [
            (
                "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-lite-v1%3A0/converse",
                Some("us.amazon.nova-lite-v1:0"),
            ),
            (
                "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123%3Aapplication-inference-profile%2Fab12/invoke",
                Some("ab12"),
            ),
            (
                "https://h/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
                Some("gemini-2.5-pro"),
            ),
            (
                "https://h/v1/projects/p/locations/l/publishers/anthropic/models/claude-x@20260101:rawPredict",
                Some("claude-x@20260101"),
            ),
            ("https://acme.openai.azure.com/openai/deployments/blue/chat/completions", None),
            ("https://api.openai.com/v1/models/gpt-4o", None),
            ("https://h/model/x/describe", None),
        ] {
            assert_eq!(model_of_url(url).as_deref(), model, "{url}");
        }
        assert_eq!(bare_model(Cow::Borrowed("meta-llama/llama-4")), "meta-llama/llama-4");
    }

    #[test]
    fn bedrocks_names_carry_the_makers() {
        let name = "claude-haiku-4-5-20251001";
        assert!(is_bedrock_name_of("eu.anthropic.claude-haiku-4-5-20251001-v1:0", name));
        assert!(is_bedrock_name_of("anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"));
        assert!(is_bedrock_name_of("us.anthropic.claude-opus-4-8", "claude-opus-4-8"));
        // Another model of a longer name, and a profile that names none.
        assert!(!is_bedrock_name_of("anthropic.claude-opus-5-5", "claude-opus-5"));
        assert!(!is_bedrock_name_of("ab12cd", "claude-opus-5"));
    }
}
