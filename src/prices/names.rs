//! Takes model names apart: paths, clouds, regions, dates.
//!
//! Only shapes that a provider documents are known here. Nothing is ever cut
//! off because something similar happens to be in the table.

/// A model name without what a gateway or a cloud put around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bare<'a> {
    /// What is left of the name.
    pub(super) name: &'a str,
    /// The last provider named in front of it.
    pub(super) provider: Option<&'a str>,
    /// The region named in front of it.
    pub(super) region: Option<&'a str>,
}

/// Regions that Bedrock puts before the maker's name.
const REGIONS: [&str; 9] = ["us-gov", "us", "eu", "apac", "jp", "au", "ca", "sa", "global"];
/// Makers that Bedrock puts before the model's name, and their providers.
const MAKERS: [(&str, &str); 5] = [
    ("anthropic", "anthropic"),
    ("mistral", "mistral_ai"),
    ("deepseek", "deepseek"),
    ("cohere", "cohere"),
    ("openai", "openai"),
];
/// Gateways that stand before a provider or a model and sell nothing.
const GATEWAYS: [&str; 4] = ["openrouter", "litellm_proxy", "litellm", "vercel"];

/// Strips one layer; `None` where the name has none that is known.
///
/// `knows` says whether a word is a provider of the table.
pub(super) fn strip_layer<'a>(bare: Bare<'a>, knows: &dyn Fn(&str) -> bool) -> Option<Bare<'a>> {
    let name = bare.name;
    if name.starts_with("arn:") {
        // arn:aws:bedrock:<region>:<account>:inference-profile/<model id>
        return Some(Bare { name: name.rsplit_once('/')?.1, ..bare });
    }
    if let Some(rest) = name.strip_prefix("projects/") {
        let at = rest.find("/publishers/")?;
        return Some(Bare { name: rest.get(at + 1..)?, ..bare });
    }
    if let Some(rest) = name.strip_prefix("publishers/") {
        let (maker, rest) = rest.split_once("/models/")?;
        return Some(Bare { name: rest, provider: Some(maker), ..bare });
    }
    if let Some(rest) = name.strip_prefix("models/") {
        return Some(Bare { name: rest, ..bare });
    }
    if let Some((word, rest)) = name.split_once('/') {
        if GATEWAYS.contains(&word) {
            return Some(Bare { name: rest, ..bare });
        }
        if REGIONS.contains(&word) {
            return Some(Bare { name: rest, region: Some(word), ..bare });
        }
        return knows(word).then_some(Bare { name: rest, provider: Some(word), ..bare });
    }
    let (word, rest) = name.split_once('.')?;
    if REGIONS.contains(&word) {
        let (maker, _) = rest.split_once('.')?;
        let sold_there = maker == "amazon" || MAKERS.iter().any(|(other, _)| *other == maker);
        return sold_there.then_some(Bare { name: rest, region: Some(word), ..bare });
    }
    let (_, provider) = MAKERS.iter().find(|(maker, _)| *maker == word)?;
    Some(Bare { name: strip_bedrock_version(rest), provider: Some(provider), ..bare })
}

/// The geography in which a region of Google Cloud lies (`europe-west4`,
/// `us-east5`), where the table has a word for it. Amazon's regions
/// (`us-east-1`) say where a request went in, not where it was sold: there the
/// model's name tells.
pub(super) fn geography(region: &str) -> Option<&'static str> {
    let (continent, place) = region.split_once('-')?;
    let is_googles = !place.contains('-') && place.ends_with(|end: char| end.is_ascii_digit());
    match continent {
        _ if !is_googles => None,
        "us" => Some("us"),
        "europe" => Some("eu"),
        "asia" | "australia" => Some("apac"),
        _ => None,
    }
}

/// Strips what says how a model is served, not which: Claude Code's `[1m]`.
pub(super) fn strip_serving(name: &str) -> &str {
    name.strip_suffix("[1m]").unwrap_or(name)
}

/// Strips a date: `-20260401`, `@20260401`, `-2026-04-01`, `@2026-04-01`.
pub(super) fn strip_date(name: &str) -> Option<&str> {
    let cut = |date: usize| -> Option<&str> {
        let (head, tail) = name.split_at_checked(name.len().checked_sub(date + 1)?)?;
        let date = tail.strip_prefix(['-', '@'])?;
        (is_date(date.as_bytes()) && !head.is_empty()).then_some(head)
    };
    cut(8).or_else(|| cut(10))
}

fn is_date(text: &[u8]) -> bool {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let (year, month, day) = match *text {
        [ref year @ .., m1, m2, d1, d2] if text.len() == 8 => (year, [m1, m2], [d1, d2]),
        [ref year @ .., b'-', m1, m2, b'-', d1, d2] if text.len() == 10 => {
            (year, [m1, m2], [d1, d2])
        }
        _ => return false,
    };
    let two = |part: [u8; 2]| {
        part.iter().fold(0_u32, |sum, byte| sum * 10 + u32::from(byte.wrapping_sub(b'0')))
    };
    digits(year)
        && year.starts_with(b"20")
        && digits(&month)
        && digits(&day)
        && (1..=12).contains(&two(month))
        && (1..=31).contains(&two(day))
}

/// Strips Bedrock's `-v1:0`, `-v2:0`, `-v1`.
fn strip_bedrock_version(name: &str) -> &str {
    let Some((head, version)) = name.rsplit_once("-v") else { return name };
    let numbers = version.split(':');
    let is_version = version.starts_with(|first: char| first.is_ascii_digit())
        && numbers.clone().count() <= 2
        && numbers
            .into_iter()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if is_version { head } else { name }
}

/// The declared name of a fine-tuned model: `ft:` and its base, nothing else.
pub(super) fn tuned_base(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("ft:")?;
    let end = rest.find(':')?;
    name.get(..end + 3)
}

#[cfg(test)]
mod tests {
    use super::{Bare, geography, strip_date, strip_layer, tuned_base};

    fn bare(name: &str) -> (&str, Option<&str>, Option<&str>) {
        let knows = |word: &str| ["azure", "anthropic", "openai", "bedrock"].contains(&word);
        let mut bare = Bare { name, provider: None, region: None };
        while let Some(next) = strip_layer(bare, &knows) {
            bare = next;
        }
        (bare.name, bare.provider, bare.region)
    }

    #[test]
    fn googles_regions_lie_in_geographies() {
        for (region, expected) in [
            ("europe-west4", Some("eu")),
            ("us-east5", Some("us")),
            ("australia-southeast1", Some("apac")),
            // Amazon's, Azure's, a geography itself, and one without a factor.
            ("us-east-1", None),
            ("westeurope", None),
            ("eu", None),
            ("southamerica-east1", None),
        ] {
            assert_eq!(geography(region), expected, "{region}");
        }
    }

    #[test]
    fn documented_wrappings_come_off() {
        for (name, expected) in [
            ("gpt-4o", ("gpt-4o", None, None)),
            ("models/gemini-2.5-pro", ("gemini-2.5-pro", None, None)),
            ("azure/us/gpt-4o", ("gpt-4o", Some("azure"), Some("us"))),
            ("openrouter/anthropic/claude-opus-5", ("claude-opus-5", Some("anthropic"), None)),
            ("us.anthropic.claude-opus-5", ("claude-opus-5", Some("anthropic"), Some("us"))),
            (
                "anthropic.claude-3-5-sonnet-20241022-v2:0",
                ("claude-3-5-sonnet-20241022", Some("anthropic"), None),
            ),
            (
                "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-sonnet-5",
                ("claude-sonnet-5", Some("anthropic"), Some("eu")),
            ),
            (
                "projects/p/locations/l/publishers/anthropic/models/claude-sonnet-5@20260101",
                ("claude-sonnet-5@20260101", Some("anthropic"), None),
            ),
        ] {
            assert_eq!(bare(name), expected, "{name}");
        }
    }

    #[test]
    fn unknown_wrappings_stay_on() {
        for name in
            ["accounts/fireworks/models/kimi-k2", "acme/gpt-4o", "us.acme.claude-opus-5", "gpt-5.1"]
        {
            assert_eq!(bare(name).0, name);
        }
    }

    #[test]
    fn only_dates_are_dates() {
        for (name, head) in [
            ("claude-opus-4-5-20251101", Some("claude-opus-4-5")),
            ("claude-opus-4-5@20251101", Some("claude-opus-4-5")),
            ("gpt-4o-2024-05-13", Some("gpt-4o")),
            ("gpt-4o-2024-13-13", None),
            ("grok-4-0709", None),
            ("model-12345678", None),
            ("é-20251101", Some("é")),
            ("20251101", None),
        ] {
            assert_eq!(strip_date(name), head, "{name}");
        }
    }

    #[test]
    fn a_tuned_model_names_its_base() {
        assert_eq!(tuned_base("ft:gpt-4o-2024-08-06:acme::abc"), Some("ft:gpt-4o-2024-08-06"));
        assert_eq!(tuned_base("ft:gpt-4o"), None);
        assert_eq!(tuned_base("gpt-4o"), None);
    }
}
