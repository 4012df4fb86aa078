//! The comparison with other catalogues, where a folder of them is at hand.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokopt::prices::import::import;
use tokopt::prices::{
    LaneQuery, Match, MatchRule, PriceBasis, PriceSource, PriceTable, Rates, Remark,
};
use tokopt::record::lane::Tier;
use tokopt::units::{Rate, Tokens};

use super::{on, table};

/// A catalogue file and the days on which its prices are compared.
const FILES: [(&str, &[&str], &[u64]); 4] = [
    ("litellm_model_prices_and_context_window.json", &["2026-10-28"], LENGTHS),
    ("genai_prices_0.2.3_dump.json", &["2026-11-20", "2026-12-15", "2027-01-15"], LENGTHS),
    ("genai_prices_data_2026-08-21.json", &["2026-08-20"], LENGTHS),
    // The condensed copy has lost the prices of long prompts.
    ("models_dev_2026-07-02_condensed.json", &["2026-07-02"], &[1_000]),
];
const LENGTHS: &[u64] = &[1_000, 150_000, 250_000, 300_000];

fn folder() -> Option<PathBuf> {
    crate::reference::path("reference/prices")
}

fn describe(rates: &Rates) -> Vec<(&'static str, Option<Rate>)> {
    let write = |seconds| {
        let listed = rates.cache_write.lifetimes().find(|(ttl, _)| ttl.seconds() == seconds);
        listed.map(|(_, rate)| rate)
    };
    vec![
        ("input", Some(rates.input)),
        ("output", rates.output),
        ("cache_read", Some(rates.cache_read)),
        ("write_5m", write(300)),
        ("write_1h", write(3_600)),
        ("write_30m", write(1_800)),
        ("write_12h", write(43_200)),
    ]
}

/// One figure in which a catalogue differs from us.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    file: &'static str,
    /// `provider/name`.
    model: String,
    /// `batch cache_read`, `standard input` and so on.
    field: String,
    /// Where it was seen first, ours and theirs.
    values: String,
}

fn compare(
    file: &'static str,
    days: &[&str],
    lengths: &[u64],
    theirs: &PriceTable,
) -> Vec<Difference> {
    let ours = table();
    let mut found = BTreeSet::new();
    for model in ours.models() {
        for name in std::iter::once(model.id()).chain(model.aliases().iter().map(String::as_str)) {
            let Some(other) = theirs.find(Some(model.provider()), name) else { continue };
            if other.basis() != PriceBasis::Listed
                || other.unwrapped()
                || other.rule() == MatchRule::DateStripped
            {
                continue;
            }
            let Some(mine) = ours.find(Some(model.provider()), name) else { continue };
            for (day, tokens, tier) in cases(days, lengths) {
                let place = format!("{} {name}, {tokens} tokens on {day}", model.provider());
                for (field, ours, theirs) in
                    different_fields(&mine, &other, tokens, LaneQuery { tier, ..on(day) })
                {
                    found.insert(Difference {
                        file,
                        model: format!("{}/{name}", model.provider()),
                        field: format!("{} {field}", tier.name()),
                        values: format!("{place}: {ours} here, {theirs} there"),
                    });
                }
            }
        }
    }
    let mut found: Vec<Difference> = found.into_iter().collect();
    found.dedup_by(|a, b| (a.file, &a.model, &a.field) == (b.file, &b.model, &b.field));
    found
}

fn different_fields(
    mine: &Match<'_>,
    other: &Match<'_>,
    tokens: Tokens,
    lane: LaneQuery<'_>,
) -> Vec<(&'static str, String, String)> {
    let (a, b) = (mine.rates(&lane, tokens), other.rates(&lane, tokens));
    if a.remarks.has(Remark::TierNotListed) || b.remarks.has(Remark::TierNotListed) {
        return Vec::new();
    }
    // Reads at the input price stand for a catalogue that lists none.
    let no_read = b.rates.cache_read == b.rates.input;
    let show = |rate: Option<Rate>| rate.map_or("none".to_owned(), |rate| rate.to_string());
    describe(&a.rates)
        .into_iter()
        .zip(describe(&b.rates))
        .filter(|((field, a), (_, b))| {
            a != b && b.is_some() && !(no_read && *field == "cache_read")
        })
        .map(|((field, a), (_, b))| (field, show(a), show(b)))
        .collect()
}

fn cases<'d>(
    days: &'d [&'d str],
    lengths: &'d [u64],
) -> impl Iterator<Item = (&'d str, Tokens, Tier)> {
    days.iter().flat_map(move |day| {
        lengths.iter().flat_map(move |tokens| {
            [Tier::Standard, Tier::Batch].map(|tier| (*day, Tokens::new(*tokens), tier))
        })
    })
}

/// A name ending in `*` stands for every name that starts so.
fn covers(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => pattern == text,
    }
}

#[test]
fn every_difference_is_explained() {
    let Some(folder) = folder() else { return };
    let mut differences = Vec::new();
    for (file, days, lengths) in FILES {
        let text = std::fs::read_to_string(folder.join(file)).expect("a catalogue");
        let imported = import(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(imported.taken > 500, "{file}: {} taken", imported.taken);
        let toml = format!("checked = \"2026-11-22\"\n{}", imported.toml);
        let theirs = PriceTable::from_sources(&[PriceSource { name: file, text: &toml }])
            .unwrap_or_else(|error| panic!("{error}"));
        differences.extend(compare(file, days, lengths, &theirs));
    }
    let explains = |(file, model, fields, _): &Explained, difference: &Difference| {
        covers(file, difference.file)
            && covers(model, &difference.model)
            && fields.iter().any(|field| covers(field, &difference.field))
    };
    let open: Vec<&Difference> = differences
        .iter()
        .filter(|difference| !EXPLAINED.iter().any(|entry| explains(entry, difference)))
        .collect();
    let lines: Vec<String> = open
        .iter()
        .map(|d| format!("{} | {} | {} | {}", d.file, d.model, d.field, d.values))
        .collect();
    assert!(open.is_empty(), "{} differences are not explained:\n{}", open.len(), lines.join("\n"));
    for entry in EXPLAINED {
        let used = differences.iter().any(|difference| explains(entry, difference));
        assert!(used, "nothing differs any more as explained by {entry:?}");
    }
}

/// File, `provider/name`, fields, and why ours is right.
type Explained = (&'static str, &'static str, &'static [&'static str], &'static str);

const EXPLAINED: &[Explained] = &[
    // Whole catalogues.
    (
        "litellm*",
        "deepseek/*",
        ANY,
        "LiteLLM lists the peak price as the base and ignores cuts of retired names; ours is the \
         off-peak price with hours, and the price of each date",
    ),
    (
        "genai_prices_data*",
        "x_ai/*",
        ANY,
        "in August the catalogue had neither long prompts nor the cut of Grok 4.5's cache reads",
    ),
    // Prices that changed, or that the older copies had not caught up with.
    (
        "genai_prices_data*",
        "openai/gpt-5.6-*",
        ANY,
        "the cut of 2026-07-30 was not in the August copy; the November one agrees with us",
    ),
    ("genai_prices_data*", "openai/gpt-5.5*", ANY, "the August copy had no price for long prompts"),
    (
        "genai_prices_data*",
        "deepseek/deepseek-v4-*",
        ANY,
        "the list of 2026-08-16 was not in the August copy; the November one has it",
    ),
    (
        "genai_prices_data*",
        "gcp.gemini/gemini-3.6-flash",
        ANY,
        "halved on 2026-08-13, after the copy",
    ),
    (
        "genai_prices_data*",
        "openai/gpt-4o-2024-05-13",
        ANY,
        "5 / 15 is this snapshot's own price; the November copy says so as well",
    ),
    (
        "litellm*",
        "mistral_ai/open-mistral-nemo",
        ANY,
        "two catalogues say 0.15; LiteLLM's 0.30 is the older list price",
    ),
    (
        "genai_prices*",
        "mistral_ai/mistral-large-latest",
        ANY,
        "moved to 0.50 / 1.50 in December 2025",
    ),
    (
        "genai_prices_data*",
        "mistral_ai/mistral-small*",
        ANY,
        "prices of other hosts of the open weights, or from before 2026-03-16",
    ),
    ("genai_prices_data*", "mistral_ai/devstral-small", ANY, "the price of another host"),
    (
        "genai_prices_data*",
        "mistral_ai/ministral-8b",
        OUTPUT,
        "a typing error: 0.10, corrected since",
    ),
    (
        "models_dev*",
        "mistral_ai/mistral-medium-latest",
        ANY,
        "the name moved to Medium 3.5 in June 2026; the sources differ on the day",
    ),
    // Anthropic.
    (
        "genai_prices*",
        "anthropic/claude-sonnet-4-5",
        ANY,
        "the premium on long prompts ended with the beta on 2026-04-30; kept there for history",
    ),
    (
        "litellm*",
        "aws.bedrock/anthropic.claude-sonnet-4-*",
        ANY,
        "the premium on long prompts ended with the beta on 2026-04-30",
    ),
    (
        "genai_prices_0*",
        "aws.bedrock/anthropic.claude-*",
        ANY,
        "the price of regional endpoints; a name without a region is the list price in LiteLLM's \
         copy of the AWS price list, regions are a factor here",
    ),
    (
        "models_dev*",
        "gcp.vertex_ai/claude-3-5-haiku@20241022",
        ANY,
        "models.dev repeats the first-party price; Vertex asked 1 / 5",
    ),
    // OpenAI and Azure.
    (
        "genai_prices_0*",
        "openai/gpt-5.6-cyber",
        ANY,
        "LiteLLM has the price of long prompts, as for every model of the family",
    ),
    (
        "litellm*",
        "openai/ft:gpt-4*",
        &["batch *", "standard write_30m"],
        "half of the tuned price, as for every batch; 2.225 / 12.5 are no halves, and the write \
         price of one row is the read price in the wrong field",
    ),
    (
        "*",
        "azure.ai.openai/text-embedding-*",
        INPUT,
        "Azure asks a tenth more for embeddings; the others repeat OpenAI's price",
    ),
    ("*", "azure.ai.openai/gpt-5*", READ, "rounded to the cent, or left from another model, there"),
    ("*", "azure.ai.openai/o4-mini", READ, "rounded to the cent there"),
    (
        "models_dev*",
        "azure.ai.openai/gpt-4*",
        ANY,
        "that row is gpt-4-32k's, or OpenAI's own price",
    ),
    ("models_dev*", "openai/gpt-3.5-turbo", READ, "no cache is sold for it: a zero is no price"),
    // Google.
    ("*", "gcp.gemini/gemini-3.5-flash-lite", &["batch cache_read"], "rounded to the cent there"),
    (
        "litellm*",
        "gcp.vertex_ai/gemini-*",
        &["standard write_5m"],
        "0.25 is no write price: Gemini's cache is free to write beyond the input price",
    ),
    (
        "models_dev*",
        "gcp.vertex_ai/gemini-2.5-flash",
        &["standard cache_read", "standard write_5m"],
        "the read price before it fell to a tenth of input; Gemini sells no writes",
    ),
    // The rest.
    (
        "litellm*",
        "x_ai/grok-code-fast*",
        ANY,
        "retired on 2026-05-15; LiteLLM lists what its successor costs",
    ),
    ("genai_prices*", "mistral_ai/mistral-embed*", OUTPUT_ANY, "an embedding generates nothing"),
    ("models_dev*", "aws.bedrock/amazon.nova-2-lite-v1:0", ANY, "the price of the US endpoint"),
];

const ANY: &[&str] = &["*"];
const INPUT: &[&str] = &["standard input"];
const OUTPUT: &[&str] = &["standard output"];
const OUTPUT_ANY: &[&str] = &["standard output", "batch output"];
const READ: &[&str] = &["standard cache_read"];
