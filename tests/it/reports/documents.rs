//! Documents built by hand: an ordinary one, an empty one, one that knows
//! nothing, one priced in part, and one whose names attack the reader.

use tokopt::report::document::{
    AbovePlan, ComponentsNote, CostPerCall, Cross, CrossRow, Dimension, Document,
    DurationQuantiles, Evidence, Figures, Finding, IgnoredReason, InputFile, ModelMetrics,
    ModelTier, PartlyUnpriced, Pseudonyms, Quotient, Rejection, Row, TierShare, TokensPerCall,
    UnpricedModel, Users, Warning,
};
use tokopt::units::{NanoUsd, Share, Tokens};

use super::ladders::ladder;

/// Every document with the name of its snapshots.
pub fn documents() -> Vec<(&'static str, Document)> {
    vec![
        ("normal", normal()),
        ("empty", empty()),
        ("unknown", unknown()),
        ("partly_priced", partly_priced()),
        ("hostile", hostile()),
        ("ladder", ladder()),
    ]
}

/// What the normal document's priced calls cost, in micro-dollars.
const COST: i128 = 3_143_341;

fn usd(micros: i128) -> NanoUsd {
    NanoUsd::from_nano(micros * 1_000)
}

fn figures(calls: u64, input: Option<u64>, output: Option<u64>, micros: i128) -> Figures {
    Figures {
        calls: Some(calls),
        input_tokens: input.map(Tokens::new),
        output_tokens: output.map(Tokens::new),
        cost_usd: Some(usd(micros)),
        share: Share::of_nano(usd(micros), usd(COST)),
        ..Figures::default()
    }
}

fn row(key: &str, figures: Figures) -> Row {
    Row { key: key.to_owned(), figures }
}

fn per_call(sum: u64, p50: u64, p95: u64) -> Option<TokensPerCall> {
    Quotient::of_counts(sum, 3_810).map(|mean| TokensPerCall {
        mean,
        p50: Tokens::new(p50),
        p95: Tokens::new(p95),
    })
}

/// A log with texts, two models, tags and users, and a few bad lines.
pub fn normal() -> Document {
    let mut document = Document::new("0.1.0");
    read(&mut document);
    summed(&mut document);
    attributed(&mut document);
    measured(&mut document);
    document.findings.push(Finding {
        code: "RETRIES".to_owned(),
        message: "38 calls repeat a failed call within a minute".to_owned(),
        calls: Some(38),
        cost_usd: Some(usd(12_400)),
        wasted_usd: None,
        evidence: Evidence::Inferred,
    });
    document.warnings.push(Warning {
        code: "PUBLISHED_KEY".to_owned(),
        message: "Users are pseudonyms under a published key and can be guessed: --key-file FILE sets your own"
            .to_owned(),
    });
    document
}

fn read(document: &mut Document) {
    let input = &mut document.input;
    input.files = vec![
        InputFile {
            path: "logs/2025-12/agents.jsonl".to_owned(),
            format: Some("openai-chat".to_owned()),
            bytes: 327_431_188,
            lines: 6_000,
            calls: 3_800,
            duplicates: 2_188,
            ignored: 10,
            rejected: 2,
            ignored_reasons: vec![
                IgnoredReason { reason: "a summary line".to_owned(), lines: 8 },
                IgnoredReason { reason: "an error body".to_owned(), lines: 2 },
            ],
        },
        InputFile {
            path: "logs/2025-12/spend.csv".to_owned(),
            format: Some("litellm-spend".to_owned()),
            bytes: 2_410,
            lines: 13,
            calls: 10,
            duplicates: 2,
            ignored: 1,
            rejected: 0,
            ignored_reasons: vec![IgnoredReason { reason: "an error body".to_owned(), lines: 1 }],
        },
    ];
    (input.lines, input.calls, input.duplicates) = (6_013, 3_810, 2_190);
    (input.ignored, input.rejected, input.joined) = (11, 2, 3);
    input.rejections = [(17, "not a JSON object"), (5_204, "output tokens are negative")]
        .map(|(line, reason)| Rejection {
            path: "logs/2025-12/agents.jsonl".to_owned(),
            line,
            reason: reason.to_owned(),
        })
        .to_vec();
}

fn summed(document: &mut Document) {
    document.window.start = Some("2025-12-01T08:00:00Z".to_owned());
    document.window.end = Some("2025-12-03T10:24:00Z".to_owned());
    document.window.days = Quotient::of_counts(21, 10);
    document.prices.as_of = Some("2026-11-20".to_owned());
    document.prices.table_hash = Some("9f2c6e1d".to_owned());
    let totals = &mut document.totals;
    totals.calls = Some(3_810);
    totals.input_tokens = Some(Tokens::new(83_821_195));
    totals.uncached_input_tokens = Some(Tokens::new(1_841_739));
    totals.cache_read_input_tokens = Some(Tokens::new(81_979_456));
    totals.cache_write_input_tokens = Some(Tokens::ZERO);
    totals.output_tokens = Some(Tokens::new(791_023));
    totals.cost_usd = Some(usd(COST));
    totals.logged_cost_usd = Some(usd(COST));
    totals.cost_evidence = Some(Evidence::Measured);
}

fn attributed(document: &mut Document) {
    let inferred = |figures: Figures| Figures { evidence: Evidence::Inferred, ..figures };
    let attribution = &mut document.attribution;
    attribution.component = vec![
        row("history", inferred(figures(3_780, Some(81_500_000), None, 2_571_000))),
        row("output_text", figures(3_810, None, Some(791_023), 332_230)),
        row("system_prompt", inferred(figures(3_810, Some(1_500_000), None, 170_000))),
        row(
            "retrieved_context",
            Figures { at_most: true, ..inferred(figures(1_204, Some(621_195), None, 50_111)) },
        ),
        row("user_input", inferred(figures(3_810, Some(200_000), None, 20_000))),
    ];
    let features = [1_300_000, 900_000, 500_000, 200_000, 100_000, 70_000, 40_000, 20_000, 13_341];
    attribution.feature = (1..)
        .zip(features)
        .map(|(number, cost)| {
            let tokens = u64::try_from(cost * 26).ok();
            row(&format!("feature-{number}"), figures(400, tokens, Some(80_000), cost))
        })
        .collect();
    attribution.model = vec![
        row("deepseek-chat", figures(3_000, Some(80_000_000), Some(600_000), 2_600_000)),
        row("gpt-4o-mini-2024-07-18", figures(810, Some(3_821_195), Some(191_023), 543_341)),
    ];
    attribution.user = vec![
        row("user-7f3a", figures(2_000, Some(50_000_000), Some(400_000), 2_000_000)),
        row("user-02c9", figures(1_810, Some(33_821_195), Some(391_023), 1_143_341)),
    ];
    attribution.account =
        vec![row("unknown", figures(3_810, Some(83_821_195), Some(791_023), COST))];
    attribution.provider =
        vec![row("deepseek", figures(3_000, Some(80_000_000), Some(600_000), 2_600_000))];
    attribution.tier = vec![row("standard", figures(3_810, Some(83_821_195), Some(791_023), COST))];
    attribution.day = vec![
        row("2025-12-01", figures(1_000, Some(20_000_000), Some(200_000), 900_000)),
        row("2025-12-02", figures(2_810, Some(63_821_195), Some(591_023), 2_243_341)),
    ];
    let cross = |model: &str, component: &str, cost| CrossRow {
        keys: vec![model.to_owned(), component.to_owned()],
        figures: inferred(figures(3_000, Some(70_000_000), None, cost)),
    };
    attribution.crosses.push(Cross {
        dimensions: vec![Dimension::Model, Dimension::Component],
        rows: vec![
            cross("deepseek-chat", "history", 2_100_000),
            cross("gpt-4o-mini-2024-07-18", "retrieved_context", 471_000),
        ],
    });
    document.components_note = Some(ComponentsNote {
        evidence: Evidence::Inferred,
        scale_low: Quotient::of_counts(99, 100),
        scale_median: Quotient::of_counts(104, 100),
        scale_high: Quotient::of_counts(131, 100),
        hidden_tokens: Some(Tokens::new(1_234_567)),
    });
}

fn measured(document: &mut Document) {
    let metrics = &mut document.metrics;
    metrics.cost_per_call = Some(CostPerCall { mean_usd: usd(825), p95_usd: usd(2_104) });
    metrics.input_tokens_per_call = per_call(83_821_195, 20_114, 48_230);
    metrics.output_tokens_per_call = per_call(791_023, 140, 722);
    metrics.cache_read_share = Share::of_counts(81_979_456, 83_821_195);
    metrics.error_share = Share::of_counts(41, 3_810);
    metrics.retry_share = Share::of_counts(38, 3_810);
    metrics.latency_milliseconds = Some(DurationQuantiles { p50: 840, p95: 12_340, calls: 3_810 });
    let model = |name: &str, tier, calls, cost, mean| ModelMetrics {
        model: name.to_owned(),
        tier,
        calls: Some(calls),
        cost_usd: Some(usd(cost)),
        cost_per_call_mean_usd: Some(usd(mean)),
        cost_per_call_p95_usd: Some(usd(mean * 3)),
        input_tokens_per_call_mean: Quotient::of_counts(80_000_000, calls),
        output_tokens_per_call_mean: Quotient::of_counts(600_000, calls),
        cache_read_share: Share::of_counts(9, 10),
    };
    metrics.models = vec![
        model("deepseek-chat", ModelTier::Standard, 3_000, 2_600_000, 867),
        model("gpt-4o-mini-2024-07-18", ModelTier::Economy, 810, 543_341, 671),
    ];
    let tier = |tier, calls, cost| TierShare {
        tier,
        calls: Some(calls),
        calls_share: Share::of_counts(calls, 3_810),
        cost_usd: Some(usd(cost)),
        cost_share: Share::of_nano(usd(cost), usd(COST)),
    };
    metrics.tiers =
        vec![tier(ModelTier::Economy, 810, 543_341), tier(ModelTier::Standard, 3_000, 2_600_000)];
    document.users = Some(Users {
        count: 212,
        top_1_percent_cost_share: Share::of_counts(18, 100),
        top_10_percent_cost_share: Share::of_counts(61, 100),
        above_plan: vec![AbovePlan {
            user: "user-7f3a".to_owned(),
            cost_usd: usd(2_000_000),
            plan_usd: usd(1_400_000),
        }],
        pseudonyms: Pseudonyms::PublishedKey,
    });
}

/// Files were read and hold no record.
fn empty() -> Document {
    let mut document = Document::new("0.1.0");
    document.input.files =
        vec![InputFile { path: "usage.jsonl".to_owned(), ..InputFile::default() }];
    document.totals.calls = Some(0);
    document
}

/// Calls without a price, a date, cache counts, texts or names.
fn unknown() -> Document {
    let mut document = Document::new("0.1.0");
    document.input.files = vec![
        InputFile {
            path: "trace.jsonl".to_owned(),
            format: Some("mooncake".to_owned()),
            bytes: 812,
            lines: 12,
            calls: 12,
            ..InputFile::default()
        },
        InputFile {
            path: "notes.jsonl".to_owned(),
            bytes: 90,
            lines: 1,
            rejected: 1,
            ..InputFile::default()
        },
    ];
    (document.input.lines, document.input.calls, document.input.rejected) = (13, 12, 1);
    document.input.rejections.push(Rejection {
        path: "notes.jsonl".to_owned(),
        line: 1,
        reason: "no known format".to_owned(),
    });
    document.window.days = Quotient::of_counts(59, 1_440);
    document.prices.undated_calls = 12;
    document.prices.unpriced_models = vec![UnpricedModel {
        model: "unknown".to_owned(),
        calls: Some(12),
        input_tokens: Some(Tokens::new(144_000)),
        output_tokens: Some(Tokens::new(4_100)),
    }];
    document.totals.calls = Some(12);
    document.totals.unpriced_calls = 12;
    document.totals.input_tokens = Some(Tokens::new(144_000));
    document.totals.output_tokens = Some(Tokens::new(4_100));
    let all = Figures {
        calls: Some(12),
        input_tokens: Some(Tokens::new(144_000)),
        output_tokens: Some(Tokens::new(4_100)),
        unpriced_calls: 12,
        ..Figures::default()
    };
    let attribution = &mut document.attribution;
    for rows in [&mut attribution.component, &mut attribution.feature, &mut attribution.model] {
        rows.push(row("unknown", all.clone()));
    }
    "unattributed".clone_into(&mut attribution.component[0].key);
    document
}

/// A priced log, one of whose models has no price.
fn partly_priced() -> Document {
    let mut document = normal();
    document.prices.unpriced_models = vec![UnpricedModel {
        model: "in-house-70b".to_owned(),
        calls: Some(120),
        input_tokens: Some(Tokens::new(3_400_000)),
        output_tokens: Some(Tokens::new(12_000)),
    }];
    document.prices.partly_unpriced =
        vec![PartlyUnpriced { what: "audio input".to_owned(), calls: 3 }];
    document.totals.unpriced_calls = 120;
    document.totals.cost_evidence = Some(Evidence::Assumed);
    document.attribution.feature[0].figures.unpriced_calls = 120;
    document
}

/// A log whose names attack whoever opens the report.
pub fn hostile() -> Document {
    let mut document = normal();
    let names = [
        "=cmd|' /C calc'!A0",
        "pipe | and `tick` and *star*",
        "two\r\nlines\tand a tab",
        "\x1b[31mred\x1b[0m \x1b]0;title\x07bell",
        "<script>alert(1)</script>",
        "right\u{202e}to left\u{2066}",
        "[click](http://example.org) www.example.org @team",
        "-2+3",
        "日本語の機能名、とても長い名前なので途中で切れるはずです。日本語の機能名、とても長い",
    ];
    for (row, name) in document.attribution.feature.iter_mut().zip(names) {
        name.clone_into(&mut row.key);
    }
    document.attribution.model[0].key = "a".repeat(300);
    document.metrics.models[0].model = "b|\n".repeat(100);
    document.attribution.crosses[0].rows[0].keys = vec!["=1+1".to_owned(), "x\"y,z".to_owned()];
    "logs/\x1b[2J|<b>.jsonl".clone_into(&mut document.input.files[0].path);
    document.input.rejections[0].path = format!("{}/\x1b[2Jx.jsonl", "deep/".repeat(40));
    "bad \u{202e}reason\n| <b>".clone_into(&mut document.input.rejections[0].reason);
    document.prices.unpriced_models =
        vec![UnpricedModel { model: "@evil|<img src=x>".to_owned(), ..UnpricedModel::default() }];
    "\x1b[31m| <b> `warning`\nsecond line".clone_into(&mut document.warnings[0].message);
    document
}
