//! Fills the document from the ledger: the only place in `report` that sees
//! calls, prices or the log.
//!
//! Rounds every amount once, and so that the rows of a table add up to its
//! total digit for digit.

mod figures;
mod names;
mod notes;
mod tables;

use crate::ledger::Ledger;
use crate::record::log::{FileAccount, Log};
use crate::units::{Evidence, Moment, NanoUsd, Share, Timestamp, Tokens, Usd};

use super::document::{
    Document, IgnoredReason, Input, InputFile, PartlyUnpriced, Prices, Pseudonyms, Quotient,
    Rejection, Totals, UNKNOWN_KEY, UnpricedModel, Users, Window,
};

pub use names::Naming;

/// Rejections a document carries.
const MOST_REJECTIONS: usize = 100;

/// Makes the document of an analysis.
#[must_use]
pub fn document(log: &Log, ledger: &Ledger<'_>, naming: &Naming) -> Document {
    let mut document = Document::new(env!("CARGO_PKG_VERSION"));
    document.input = input(log);
    document.window = window(ledger);
    document.totals = totals(ledger);
    document.prices = prices(ledger);
    document.attribution = tables::attribution(ledger, naming, document.totals.cost_usd);
    document.components_note = figures::components_note(ledger);
    document.metrics = figures::metrics(ledger, document.totals.cost_usd);
    document.users = users(ledger, naming, &document.window);
    document.warnings = notes::warnings(ledger, &document);
    document
}

fn input(log: &Log) -> Input {
    let files = &log.accounting.files;
    let sum = |pick: fn(&FileAccount) -> u64| files.iter().map(pick).sum();
    Input {
        files: files.iter().map(input_file).collect(),
        lines: sum(|file| file.lines),
        calls: sum(|file| file.calls),
        duplicates: sum(|file| file.duplicates),
        ignored: sum(FileAccount::ignored_total),
        rejected: sum(|file| file.rejected),
        buckets: sum(|file| file.buckets),
        joined: sum(|file| file.joined),
        child_calls: sum(|file| file.child_calls),
        rejections: files
            .iter()
            .flat_map(|file| {
                file.rejections.iter().map(|rejection| Rejection {
                    path: file.path.clone(),
                    line: rejection.line,
                    reason: rejection.reason.clone(),
                })
            })
            .take(MOST_REJECTIONS)
            .collect(),
    }
}

fn input_file(file: &FileAccount) -> InputFile {
    InputFile {
        path: file.path.clone(),
        format: (!file.format.is_empty()).then(|| file.format.to_owned()),
        bytes: file.bytes,
        lines: file.lines,
        calls: file.calls,
        duplicates: file.duplicates,
        ignored: file.ignored_total(),
        rejected: file.rejected,
        ignored_reasons: file
            .ignored
            .iter()
            .map(|(reason, lines)| IgnoredReason { reason: (*reason).to_owned(), lines: *lines })
            .collect(),
    }
}

/// The stretch of time that the calls cover, at least a day long.
fn window(ledger: &Ledger<'_>) -> Window {
    const DAY: u64 = 86_400_000_000;
    let moments = ledger.entries.iter().filter_map(|entry| entry.time);
    let starts = ledger.buckets.iter().filter_map(|entry| ledger.bucket(entry).start);
    let ends = ledger.buckets.iter().filter_map(|entry| ledger.bucket(entry).end);
    let dated: Vec<Timestamp> =
        moments.clone().filter_map(Moment::timestamp).chain(starts).chain(ends).collect();
    if let (Some(start), Some(end)) = (dated.iter().min(), dated.iter().max()) {
        let length = end.micros().abs_diff(start.micros()).max(DAY);
        return Window {
            start: Some(start.to_string()),
            end: Some(end.to_string()),
            days: Quotient::of_counts(length, DAY),
        };
    }
    let micros: Vec<i64> = moments.map(|moment| moment.micros).collect();
    let length =
        micros.iter().max().zip(micros.iter().min()).map(|(end, start)| end.abs_diff(*start));
    Window {
        start: None,
        end: None,
        days: length.and_then(|length| Quotient::of_counts(length.max(DAY), DAY)),
    }
}

fn totals(ledger: &Ledger<'_>) -> Totals {
    let usages = || {
        let calls = ledger.entries.iter().map(|entry| ledger.call(entry).usage.get());
        calls.chain(ledger.buckets.iter().map(|entry| ledger.bucket(entry).usage.clone()))
    };
    let sum = |tokens: &mut dyn Iterator<Item = Option<Tokens>>| {
        let known: Vec<Tokens> = tokens.flatten().collect();
        (!known.is_empty()).then(|| known.into_iter().sum::<Tokens>())
    };
    let bucket_calls: Option<u64> =
        ledger.buckets.iter().map(|entry| ledger.bucket(entry).calls).sum();
    let calls = bucket_calls.map(|calls| calls + ledger.entries.len() as u64);
    let nothing = ledger.entries.is_empty() && ledger.buckets.is_empty();
    let bills = || {
        ledger
            .entries
            .iter()
            .map(|entry| &entry.bill)
            .chain(ledger.buckets.iter().map(|entry| &entry.bill))
    };
    let costs: Vec<Usd> = bills().filter_map(|bill| bill.total()).collect();
    let logged: Vec<Usd> = ledger
        .entries
        .iter()
        .filter_map(|entry| ledger.call(entry).logged_cost.get())
        .chain(ledger.buckets.iter().filter_map(|entry| ledger.bucket(entry).logged_cost))
        .collect();
    let total = |amounts: &[Usd]| {
        (!amounts.is_empty()).then(|| amounts.iter().copied().sum::<Usd>().to_nano())
    };
    let unpriced_buckets = ledger
        .buckets
        .iter()
        .filter(|entry| entry.bill.total().is_none())
        .map(|entry| ledger.bucket(entry).calls.unwrap_or(1));
    let unpriced = ledger.entries.iter().filter(|entry| entry.bill.total().is_none()).count();
    Totals {
        calls,
        input_tokens: sum(&mut usages().map(|usage| usage.input)),
        uncached_input_tokens: sum(&mut usages().map(|usage| usage.uncached_input())),
        cache_read_input_tokens: sum(&mut usages().map(|usage| usage.cache_read)),
        cache_write_input_tokens: sum(
            &mut usages().map(|usage| usage.cache_write.map(|writes| writes.total()))
        ),
        output_tokens: sum(&mut usages().map(|usage| usage.output)),
        reasoning_output_tokens: sum(&mut usages().map(|usage| usage.reasoning)),
        cost_usd: if nothing { Some(NanoUsd::ZERO) } else { total(&costs) },
        logged_cost_usd: total(&logged),
        unpriced_calls: unpriced as u64 + unpriced_buckets.sum::<u64>(),
        cost_evidence: bills()
            .filter(|bill| bill.total().is_some())
            .map(|bill| bill.evidence)
            .max(),
    }
}

fn prices(ledger: &Ledger<'_>) -> Prices {
    let mut unpriced: std::collections::BTreeMap<String, UnpricedModel> = Default::default();
    let mut add = |model: Option<&str>, calls: Option<u64>, usage: &crate::record::usage::Usage| {
        let name = model.unwrap_or(UNKNOWN_KEY).to_owned();
        let row = unpriced.entry(name.clone()).or_insert_with(|| UnpricedModel {
            model: name,
            calls: Some(0),
            ..UnpricedModel::default()
        });
        row.calls = row.calls.zip(calls).map(|(sum, calls)| sum + calls);
        let plus = |sum: &mut Option<Tokens>, tokens: Option<Tokens>| {
            if let Some(tokens) = tokens {
                *sum = Some(sum.unwrap_or_default() + tokens);
            }
        };
        plus(&mut row.input_tokens, usage.input);
        plus(&mut row.output_tokens, usage.output);
    };
    let unknown_model = |bill: &crate::ledger::pricing::Bill| {
        bill.state == crate::ledger::pricing::State::UnknownModel
    };
    for entry in ledger.entries.iter().filter(|entry| unknown_model(&entry.bill)) {
        add(ledger.names.text_of(entry.model), Some(1), &ledger.call(entry).usage.get());
    }
    for entry in ledger.buckets.iter().filter(|entry| unknown_model(&entry.bill)) {
        let bucket = ledger.bucket(entry);
        add(ledger.names.text_of(entry.model), bucket.calls, &bucket.usage);
    }
    let mut unpriced_models: Vec<UnpricedModel> = unpriced.into_values().collect();
    unpriced_models.sort_by_key(|row| std::cmp::Reverse(row.input_tokens));
    let undated =
        ledger.entries.iter().filter(|entry| entry.time.and_then(Moment::timestamp).is_none());
    Prices {
        as_of: Some(ledger.table.as_of().to_string()),
        table_hash: Some(ledger.table.content_hash()),
        undated_calls: undated.count() as u64,
        unpriced_models,
        partly_unpriced: partly_unpriced(ledger),
    }
}

fn partly_unpriced(ledger: &Ledger<'_>) -> Vec<PartlyUnpriced> {
    let mut rows: Vec<PartlyUnpriced> = crate::prices::Remark::ALL
        .into_iter()
        .filter(|remark| remark.is_unpriced())
        .filter_map(|remark| {
            let calls =
                ledger.entries.iter().filter(|entry| entry.bill.remarks.has(remark)).count()
                    + ledger.buckets.iter().filter(|entry| entry.bill.remarks.has(remark)).count();
            let what = remark.code().trim_end_matches("_unpriced").replace('_', " ");
            (calls > 0).then_some(PartlyUnpriced { what, calls: calls as u64 })
        })
        .collect();
    let media =
        ledger.entries.iter().filter(|entry| ledger.call(entry).flags.other_modality).count();
    if media > 0 {
        rows.push(PartlyUnpriced {
            what: "audio or image tokens, counted as text".to_owned(),
            calls: media as u64,
        });
    }
    rows
}

fn users(ledger: &Ledger<'_>, naming: &Naming, window: &Window) -> Option<Users> {
    let costs = ledger.user_costs()?;
    let share = |percent| {
        let (part, whole) = costs.top(percent);
        Share::of_usd(part, whole)
    };
    let plan = ledger.settings.plan_price.zip(window.days).map(|(price, days)| {
        // A plan is paid for thirty days; a window is charged its part.
        let scaled = price.femto().saturating_mul(days.millionths()) / 30_000_000;
        Usd::from_femto(scaled)
    });
    let above_plan = costs
        .costs
        .iter()
        .filter_map(|(user, cost)| {
            let plan = plan.filter(|plan| cost > plan)?;
            Some(super::document::AbovePlan {
                user: naming.user(user),
                cost_usd: cost.to_nano(),
                plan_usd: plan.to_nano(),
            })
        })
        .collect();
    Some(Users {
        count: costs.costs.len() as u64,
        top_1_percent_cost_share: share(1),
        top_10_percent_cost_share: share(10),
        above_plan,
        pseudonyms: match naming {
            Naming::PublishedKey => Pseudonyms::PublishedKey,
            Naming::Key(_) => Pseudonyms::KeyFile,
            Naming::Shown => Pseudonyms::Shown,
        },
    })
}

/// The worse of two grades, where the second may be absent.
fn worst(left: Evidence, right: Option<Evidence>) -> Evidence {
    right.map_or(left, |right| left.worst(right))
}
