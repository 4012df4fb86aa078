//! Checks built by hand: one that is over, one that passes, one that could not
//! judge, and one whose names attack the reader.

use tokopt::report::document::{
    Check, Counts, Evidence, Judgement, Level, Limit, Mover, Outcome, Place, Quantity, Question,
    Quotient, Side, Status, Subject, Unit, Warning, Window,
};
use tokopt::units::NanoUsd;

/// Every check with the name of its snapshots.
pub fn checks() -> Vec<(&'static str, Check)> {
    vec![
        ("over", over()),
        ("within", within()),
        ("not_judged", not_judged()),
        ("hostile", attacked("<img src=x onerror=alert(1)> @octo #12 | `a` --> ]]>")),
    ]
}

/// Dollars from cents.
pub fn usd(cents: i128) -> Quantity {
    Quantity::usd(NanoUsd::from_nano(cents * 10_000_000))
}

fn at_most(bound: Quantity) -> Limit {
    Limit { side: Side::AtMost, bound, change_share: None, change: None }
}

fn subject(calls: u64, month_cents: i128) -> Subject {
    Subject {
        paths: vec!["logs/week.jsonl".to_owned()],
        lines: calls + 12,
        ignored: 0,
        rejected: 3,
        calls: Some(calls),
        unpriced_calls: 14,
        cost_usd: Some(NanoUsd::from_nano(1_122_890_000_000)),
        month_usd: Some(NanoUsd::from_nano(month_cents * 10_000_000)),
        window: Window {
            start: Some("2026-11-01T00:00:05Z".to_owned()),
            end: Some("2026-11-07T23:59:41Z".to_owned()),
            days: Quotient::of_counts(7, 1),
        },
        prices_as_of: Some("2026-11-20".to_owned()),
    }
}

/// A rule on the whole log, within its limit.
pub fn judgement(code: &str, key: &str, measure: &str) -> Judgement {
    Judgement {
        code: code.to_owned(),
        rule: format!("budget.{key}"),
        measure: measure.to_owned(),
        filters: Vec::new(),
        level: Level::Error,
        status: Status::Within,
        limit: None,
        measured: None,
        baseline: None,
        evidence: Some(Evidence::Measured),
        calls: Some(1_204),
        message: format!("{measure} is within its limit"),
        note: None,
        reason: None,
        help: None,
        moved_by: Vec::new(),
        place: None,
    }
}

fn place(line: u64, text: &str) -> Place {
    let length = text.find(' ').unwrap_or(text.len()) as u64;
    Place { path: "./tokopt.toml".to_owned(), line, column: 1, text: text.to_owned(), length }
}

/// One rule over at level error, one over at level warn, one near its limit, one
/// that passes, two that could not be judged, one ignored.
#[expect(clippy::too_many_lines, reason = "one document, told in one place")]
pub fn over() -> Check {
    let month = Judgement {
        status: Status::Over,
        limit: Some(at_most(usd(400_000))),
        measured: Some(usd(481_237)),
        baseline: Some(usd(457_100)),
        message: "monthly cost is over budget: $4,812.37, limit $4,000.00".to_owned(),
        help: Some(
            "prompt caching would save $1,377.00 a month (tokopt explain prompt-caching)"
                .to_owned(),
        ),
        moved_by: vec![
            Mover { what: "feature support-chat".to_owned(), amount: usd(12_000) },
            Mover { what: "model gpt-5".to_owned(), amount: usd(-2_000) },
        ],
        place: Some(place(14, "monthly_cost = { max = \"USD 4000\", level = \"error\" }")),
        ..judgement("TK101", "monthly_cost", "monthly cost")
    };
    let output = Judgement {
        rule: "budget.feature.summarise.output_tokens_p95".to_owned(),
        filters: vec!["feature=summarise".to_owned()],
        level: Level::Warn,
        status: Status::Over,
        limit: Some(at_most(Quantity::whole(3_000, Unit::Tokens))),
        measured: Some(Quantity::whole(3_910, Unit::Tokens)),
        message: "p95 of output tokens of feature=summarise is 3,910 tokens, limit 3,000"
            .to_owned(),
        place: Some(place(22, "output_tokens_p95 = { max = 3000, level = \"warn\" }")),
        ..judgement("TK111", "", "p95 of output tokens")
    };
    let call = Judgement {
        status: Status::Near,
        limit: Some(at_most(usd(2))),
        measured: Some(Quantity::usd(NanoUsd::from_nano(18_100_000))),
        message: "cost per call is past 80 % of its limit".to_owned(),
        ..judgement("TK102", "cost_per_call", "cost per call")
    };
    let quiet = |reason: &str, filter: &str| Judgement {
        status: Status::NotJudged,
        filters: vec![filter.to_owned()],
        evidence: None,
        calls: Some(12),
        message: "cache read share was not judged".to_owned(),
        reason: Some(reason.to_owned()),
        ..judgement("TK121", "cache_read_share", "cache read share")
    };
    let few = "fewer than 30 calls: 12";
    let ignored = Judgement {
        status: Status::Ignored,
        filters: vec!["feature=legacy-export".to_owned()],
        limit: Some(at_most(Quantity::whole(500, Unit::Tokens))),
        measured: Some(Quantity::whole(812, Unit::Tokens)),
        message: "output tokens per call is 812 tokens, limit 500".to_owned(),
        reason: Some("retired in December (until 2026-12-31)".to_owned()),
        ..judgement("TK110", "output_tokens", "output tokens per call")
    };
    let cache = Judgement {
        limit: Some(Limit {
            side: Side::AtLeast,
            bound: Quantity::from_billionths(480_000_000, Unit::Share),
            change_share: Some(Quantity::from_billionths(-200_000_000, Unit::Share)),
            change: None,
        }),
        measured: Some(Quantity::from_billionths(625_000_000, Unit::Share)),
        baseline: Some(Quantity::from_billionths(600_000_000, Unit::Share)),
        ..judgement("TK121", "cache_read_share", "cache read share")
    };
    Check {
        schema_version: "1.0".to_owned(),
        tool_version: "0.1.0".to_owned(),
        outcome: Outcome::Over,
        refusals: Vec::new(),
        counts: Counts { errors: 1, warnings: 2, passed: 1, not_judged: 2, ignored: 1 },
        subject: subject(1_204, 481_237),
        baseline: Some(subject(1_150, 457_100)),
        judgements: vec![
            month,
            output,
            call,
            quiet(few, "feature=search"),
            quiet(few, "feature=tagging"),
            ignored,
            cache,
        ],
        questions: vec![Question {
            id: "premium_share".to_owned(),
            question: "How much goes to premium models?".to_owned(),
            answer: "41.2 % of calls, 78.0 % of the cost".to_owned(),
            evidence: Some(Evidence::Measured),
        }],
        warnings: vec![Warning {
            code: "UNPRICED".to_owned(),
            message: "14 calls have no price: every cost is a lower bound".to_owned(),
        }],
    }
}

/// Nothing but a rule that passes.
pub fn within() -> Check {
    let mut check = over();
    check.judgements.retain(|judgement| judgement.status == Status::Within);
    check.counts = Counts { passed: 1, ..Counts::default() };
    check.outcome = Outcome::Within;
    check.baseline = None;
    check.subject.unpriced_calls = 0;
    check.subject.month_usd = None;
    check.questions.clear();
    check.warnings.clear();
    check
}

/// A log of which half was rejected, and no times.
pub fn not_judged() -> Check {
    let mut check = over();
    check.judgements.retain(|judgement| judgement.status == Status::NotJudged);
    check.counts = Counts { not_judged: 2, ..Counts::default() };
    check.outcome = Outcome::NotJudged;
    check.refusals = vec![Warning {
        code: "TK002".to_owned(),
        message: "612 of 1,216 records were rejected".to_owned(),
    }];
    check.baseline = None;
    check.subject = Subject { paths: vec!["-".to_owned()], ..Subject::default() };
    check
}

/// The check that is over, with a text of a stranger in every place that can
/// hold one.
pub fn attacked(text: &str) -> Check {
    let mut check = over();
    for judgement in &mut check.judgements {
        judgement.filters.push(format!("feature={text}"));
        judgement.rule.push_str(text);
        judgement.measure.push_str(text);
        judgement.message.push_str(text);
        judgement.reason = judgement.reason.as_ref().map(|_| text.to_owned());
        judgement.help = Some(text.to_owned());
        judgement.moved_by = vec![Mover { what: text.to_owned(), amount: usd(100) }];
        if let Some(place) = &mut judgement.place {
            text.clone_into(&mut place.path);
            place.text = format!("{} # {text}", place.text);
        }
    }
    check.refusals.push(Warning { code: text.to_owned(), message: text.to_owned() });
    check.warnings.push(Warning { code: text.to_owned(), message: text.to_owned() });
    for question in &mut check.questions {
        text.clone_into(&mut question.question);
        text.clone_into(&mut question.answer);
    }
    check.subject.paths = vec![text.to_owned()];
    check
}

/// A check of so many rules of every status.
pub fn large(rules: usize) -> Check {
    let mut check = over();
    let judgements = std::mem::take(&mut check.judgements);
    for number in 0..rules {
        check.judgements.extend(judgements.iter().map(|judgement| {
            let mut judgement = judgement.clone();
            judgement.filters = vec![format!("feature=feature-number-{number:05}")];
            judgement.rule = format!("{}.{number}", judgement.rule);
            judgement
        }));
    }
    let rules = rules as u64;
    check.counts = Counts {
        errors: rules,
        warnings: 2 * rules,
        passed: rules,
        not_judged: 2 * rules,
        ignored: rules,
    };
    check
}
