//! Fills the document from the ledger: the only place in `report` that sees
//! calls, prices or the log.
//!
//! Rounds every amount once, and so that the rows of a table add up to its
//! total digit for digit.

mod action;
mod arms;
mod backtest;
mod bills;
mod cache;
mod check;
mod comparison;
mod curves;
mod estimated;
mod figures;
mod findings;
mod inspection;
mod ladder;
mod month;
mod monthly;
mod names;
mod notes;
mod plan;
mod remarked;
mod tables;
mod trend;
mod what_if;
mod why;
mod worth;

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::ledger::pricing::{Bill, State};
use crate::record::call::{Call, Operation};
use crate::record::log::{FileAccount, Log};
use crate::record::usage::{CacheWrites, Usage};
use crate::units::{Evidence, Moment, Share, Usd};

use super::document::{
    Document, IgnoredReason, Input, InputFile, PartlyUnpriced, Prices, Pseudonyms, Rejection,
    Totals, UNKNOWN_KEY, UnpricedModel, Users, Window,
};

use month::Length;
use remarked::Remarked;

pub use arms::arms;
pub use backtest::backtest;
pub use bills::reconciliation;
pub use comparison::Slicer;
pub use estimated::{Described, estimated};
pub use findings::findings;
pub use inspection::inspection;
pub use ladder::Analysis;
pub use names::Naming;
pub use trend::trend;
pub use what_if::what_ifs;

/// Rejections a document carries.
const MOST_REJECTIONS: usize = 100;

/// Makes the document of a log; without an analysis it has no ladder, no plan
/// and no monthly bills.
#[must_use]
pub fn document(
    log: &Log,
    ledger: &Ledger<'_>,
    naming: &Naming,
    analysis: Option<&Analysis<'_>>,
) -> Document {
    let mut document = Document::new(env!("CARGO_PKG_VERSION"));
    let length = Length::of(ledger);
    document.input = input(log);
    document.window = Length::window(length);
    document.totals = totals(ledger);
    document.levels = bills::levels(ledger);
    document.billed = bills::billed(ledger, naming);
    let remarks = Remarked::of(ledger);
    document.prices = prices(ledger, &remarks);
    let (attribution, cells) = tables::attribution(ledger, naming, document.totals.cost_usd);
    document.attribution = attribution;
    document.components_note = figures::components_note(ledger);
    document.metrics = figures::metrics(ledger, document.totals.cost_usd);
    document.users = users(ledger, naming, &document.window);
    document.warnings = notes::warnings(ledger, &remarks, &document);
    document.comparison = Some(comparison::comparison(ledger, cells));
    if let Some(analysis) = analysis {
        analysis.fill(&mut document, naming, length);
    }
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
        charges: sum(|file| file.charges),
        restated: sum(|file| file.restated),
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

/// Adds what is known; a sum of nothing known stays unknown.
fn plus<T: Default + std::ops::Add<Output = T>>(sum: &mut Option<T>, value: Option<T>) {
    if let Some(value) = value {
        *sum = Some(sum.take().unwrap_or_default() + value);
    }
}

fn totals(ledger: &Ledger<'_>) -> Totals {
    let mut totals = Totals::default();
    let (mut cost, mut logged) = (None, None);
    let mut add = |usage: &Usage, bill: &Bill, logged_cost: Option<Usd>, calls: u64| {
        plus(&mut totals.input_tokens, usage.input);
        plus(&mut totals.uncached_input_tokens, usage.uncached_input());
        plus(&mut totals.cache_read_input_tokens, usage.cache_read);
        plus(&mut totals.cache_write_input_tokens, usage.cache_write.map(CacheWrites::total));
        plus(&mut totals.output_tokens, usage.output);
        plus(&mut totals.reasoning_output_tokens, usage.reasoning);
        plus(&mut cost, bill.total());
        plus(&mut logged, logged_cost);
        if bill.total().is_some() {
            totals.cost_evidence = totals.cost_evidence.max(Some(bill.evidence));
        } else {
            totals.unpriced_calls += calls;
        }
    };
    for entry in &ledger.entries {
        let call = ledger.call(entry);
        add(&call.usage.get(), &entry.bill, call.logged_cost.get(), 1);
    }
    for entry in &ledger.buckets {
        let bucket = ledger.bucket(entry);
        add(&bucket.usage, &entry.bill, bucket.logged_cost, bucket.calls.unwrap_or(1));
    }
    let bucket_calls: Option<u64> =
        ledger.buckets.iter().map(|entry| ledger.bucket(entry).calls).sum();
    let nothing = ledger.entries.is_empty() && ledger.buckets.is_empty();
    Totals {
        calls: bucket_calls.map(|calls| calls + ledger.entries.len() as u64),
        cost_usd: cost.or(nothing.then_some(Usd::ZERO)).map(Usd::to_nano),
        logged_cost_usd: logged.map(Usd::to_nano),
        ..totals
    }
}

fn prices(ledger: &Ledger<'_>, remarks: &Remarked) -> Prices {
    let mut unpriced: BTreeMap<String, UnpricedModel> = BTreeMap::new();
    let mut add = |model: Option<&str>, calls: Option<u64>, usage: &Usage| {
        let name = model.unwrap_or(UNKNOWN_KEY).to_owned();
        let row = unpriced.entry(name.clone()).or_insert_with(|| UnpricedModel {
            model: name,
            calls: Some(0),
            ..UnpricedModel::default()
        });
        row.calls = row.calls.zip(calls).map(|(sum, calls)| sum + calls);
        plus(&mut row.input_tokens, usage.input);
        plus(&mut row.output_tokens, usage.output);
    };
    let unknown_model = |bill: &Bill| bill.state == State::UnknownModel;
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
        partly_unpriced: partly_unpriced(ledger, remarks),
    }
}

/// Whether a call leaves something out of its price.
type Test = fn(&Call) -> bool;

/// What the log leaves out of a price, and which calls it leaves it out of.
const GAPS: [(&str, Test); 3] = [
    ("audio, video or generated images, priced as text", |call| call.flags.other_modality),
    ("prompts whose size was not logged", |call| call.usage.get().input.is_none()),
    ("answers whose size was not logged", |call| {
        call.usage.get().output.is_none() && call.operation == Operation::Chat
    }),
];

/// Whether a call has a price that some part of it is missing from.
fn has_unpriced_part(bill: &Bill, call: &Call) -> bool {
    bill.state == State::Priced
        && (bill.remarks.partly_unpriced() || GAPS.iter().any(|(_, has_gap)| has_gap(call)))
}

fn partly_unpriced(ledger: &Ledger<'_>, remarks: &Remarked) -> Vec<PartlyUnpriced> {
    let mut rows: Vec<PartlyUnpriced> = crate::prices::Remark::ALL
        .into_iter()
        .filter(|remark| remark.is_unpriced())
        .filter_map(|remark| {
            let calls = remarks.calls(remark) + remarks.buckets(remark);
            let what = remark.code().trim_end_matches("_unpriced").replace('_', " ");
            (calls > 0).then_some(PartlyUnpriced { what, calls })
        })
        .collect();
    for (what, has_gap) in GAPS {
        let calls = ledger
            .entries
            .iter()
            .filter(|entry| entry.bill.state == State::Priced && has_gap(ledger.call(entry)))
            .count() as u64;
        if calls > 0 {
            rows.push(PartlyUnpriced { what: what.to_owned(), calls });
        }
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
