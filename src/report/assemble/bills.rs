//! The blocks of levels that are never added: exports beside requests, what was
//! billed, and both sides of a bill.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::ledger::Ledger;
use crate::ledger::coverage::{Coverage, Pair, Side};
use crate::ledger::levels::{Family, Reason};
use crate::reconcile;
use crate::record::charge::{Charge, Meter};
use crate::record::log::Log;
use crate::record::symbol::Symbol;
use crate::units::{NanoUsd, Share, Timestamp, Usd, counted, round_together};

use super::super::document::{
    Billed, BilledRow, ExportCoverage, GapCause, InvoiceFile, LevelSide, Levels, ModelCoverage,
    ReconciledRow, Reconciliation, SetAside, SetAsideReason, UNKNOWN_KEY, Warning,
};
use super::names::Naming;
use super::plus;

/// What was set aside, and exports beside requests; `None` where nothing was.
pub(super) fn levels(ledger: &Ledger<'_>) -> Option<Levels> {
    let found = &ledger.levels.set_aside;
    if found.is_empty() {
        return None;
    }
    let mut rows: BTreeMap<(Reason, &str), (u64, Side)> = BTreeMap::new();
    for aside in found {
        let bucket = ledger.bucket(&aside.entry);
        let provider = ledger.log.strings.text_of(bucket.provider).unwrap_or(UNKNOWN_KEY);
        let row = rows.entry((aside.reason, provider)).or_insert((0, Side::NONE));
        row.0 += 1;
        row.1.add(bucket.calls, &bucket.usage, &aside.entry.bill);
    }
    let set_aside = rows.into_iter().map(|((reason, provider), (buckets, side))| SetAside {
        reason: match reason {
            Reason::Requests => SetAsideReason::Requests,
            Reason::FinerExport => SetAsideReason::FinerExport,
        },
        provider: provider.to_owned(),
        buckets,
        input_tokens: side.input,
        output_tokens: side.output,
        cost_usd: side.cost.map(Usd::to_nano),
    });
    Some(Levels {
        set_aside_buckets: found.len() as u64,
        set_aside: set_aside.collect(),
        coverage: ledger.coverage().iter().map(coverage).collect(),
    })
}

fn coverage(found: &Coverage) -> ExportCoverage {
    let export = found.whole.export.unwrap_or_default();
    let requests = found.whole.requests.unwrap_or_default();
    let is_whole = export.unpriced == 0 && requests.unpriced == 0;
    let costs = export.cost.zip(requests.cost).filter(|_| is_whole);
    let difference = costs.map(|(export, requests)| export.to_nano() - requests.to_nano());
    let tokens = |side: &Side| {
        let sum = side.input.unwrap_or_default() + side.output.unwrap_or_default();
        NanoUsd::from_nano(i128::from(sum.get()))
    };
    let models = found.models.iter().map(|(model, Pair { export, requests })| ModelCoverage {
        model: model.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned()),
        export: export.as_ref().map(side),
        requests: requests.as_ref().map(side),
    });
    ExportCoverage {
        provider: found.provider.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned()),
        operation: match found.family {
            Family::Generation => "generation",
            Family::Embeddings => "embeddings",
        }
        .to_owned(),
        start: found.period.map(|(start, _)| start.to_string()),
        end: found.period.map(|(_, end)| end.to_string()),
        buckets: found.buckets,
        export: side(&export),
        requests: side(&requests),
        difference_usd: difference,
        difference_share: difference
            .zip(costs)
            .and_then(|(difference, (_, requests))| Share::of_nano(difference, requests.to_nano())),
        // A share of counts, kept in the same integers as a share of dollars.
        difference_tokens_share: Share::of_nano(
            tokens(&export) - tokens(&requests),
            tokens(&requests),
        ),
        models: models.collect(),
    }
}

fn side(side: &Side) -> LevelSide {
    LevelSide {
        calls: side.calls,
        input_tokens: side.input,
        output_tokens: side.output,
        cost_usd: side.cost.map(Usd::to_nano),
        unpriced: side.unpriced,
    }
}

/// What was billed by the cost exports among the files.
pub(super) fn billed(ledger: &Ledger<'_>, naming: &Naming) -> Option<Billed> {
    let kept = &ledger.charges.kept;
    let charges: Vec<&Charge> =
        kept.iter().filter_map(|at| ledger.log.charges.get(*at as usize)).collect();
    if charges.is_empty() {
        return None;
    }
    let log = ledger.log;
    let text = |symbol: Option<Symbol>| log.strings.text_of(symbol).map(str::to_owned);
    let total: Usd = charges.iter().map(|charge| charge.billed).sum();
    let rows = |key: &dyn Fn(&Charge) -> Option<String>| billed_rows(&charges, total, key);
    let list: Option<Usd> =
        charges.iter().try_fold(Usd::ZERO, |sum, charge| charge.list.map(|list| sum + list));
    Some(Billed {
        billed_usd: total.to_nano(),
        list_usd: list.map(Usd::to_nano),
        charges: charges.len() as u64,
        repeated_charges: ledger.charges.set_aside.len() as u64,
        start: charges.iter().filter_map(|charge| charge.start).min().map(|at| at.to_string()),
        end: charges.iter().filter_map(|charge| charge.end).max().map(|at| at.to_string()),
        provider: rows(&|charge| text(charge.provider)),
        model: rows(&|charge| text(charge.model)),
        meter: rows(&|charge| meter(charge.meter).map(str::to_owned)),
        item: rows(&|charge| text(charge.item)),
        account: rows(&|charge| Some(naming.account(log.strings.text_of(charge.account)?))),
        month: rows(&|charge| Some(date(charge.start?)?.chars().take(7).collect())),
        day: rows(&|charge| if is_a_day(charge) { date(charge.start?) } else { None }),
    })
}

/// Charges by a key, largest first; none where no charge has one.
fn billed_rows(
    charges: &[&Charge],
    total: Usd,
    key: &dyn Fn(&Charge) -> Option<String>,
) -> Vec<BilledRow> {
    let mut sums: BTreeMap<Option<String>, (u64, Usd)> = BTreeMap::new();
    for charge in charges {
        let sum = sums.entry(key(charge)).or_default();
        sum.0 += 1;
        sum.1 += charge.billed;
    }
    if sums.keys().all(Option::is_none) {
        return Vec::new();
    }
    let amounts: Vec<Option<Usd>> = sums.values().map(|(_, sum)| Some(*sum)).collect();
    let mut rows: Vec<BilledRow> = sums
        .into_iter()
        .zip(round_together(&amounts))
        .map(|((key, (charges, _)), billed)| {
            let billed = billed.unwrap_or_default();
            BilledRow {
                key: key.unwrap_or_else(|| UNKNOWN_KEY.to_owned()),
                charges,
                billed_usd: billed,
                share: Share::of_nano(billed, total.to_nano()),
            }
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.billed_usd));
    rows
}

const fn meter(meter: Meter) -> Option<&'static str> {
    Some(match meter {
        Meter::Unstated => return None,
        Meter::Input => "input",
        Meter::CacheRead => "cache_read",
        Meter::CacheWrite => "cache_write",
        Meter::Output => "output",
        Meter::Tool => "tool",
        Meter::Other => "other",
    })
}

fn is_a_day(charge: &Charge) -> bool {
    const DAY: i64 = 86_400_000_000;
    let length = charge.start.zip(charge.end).map(|(start, end)| end.micros() - start.micros());
    length.is_none_or(|length| length <= DAY)
}

fn date(at: Timestamp) -> Option<String> {
    Some(at.date_in(&TimeZone::UTC)?.to_string())
}

/// Both sides of a bill as the document has them; `invoice` is the log of its
/// files where they were given apart.
#[must_use]
pub fn reconciliation(found: &reconcile::Reconciliation, invoice: Option<&Log>) -> Reconciliation {
    let whole = &found.whole;
    let (priced, billed) = (whole.priced.map(Usd::to_nano), whole.billed.map(Usd::to_nano));
    let gap = billed.unwrap_or_default() - priced.unwrap_or_default();
    let causes: Vec<GapCause> = found.causes.iter().map(cause).collect();
    let explained: NanoUsd = causes.iter().filter_map(|cause| cause.amount_usd).sum();
    let mut months: BTreeMap<Option<String>, reconcile::Sides> = BTreeMap::new();
    for (period, sides) in &found.periods {
        let month = period.as_ref().map(|period| period.chars().take(7).collect());
        let sum = months.entry(month).or_default();
        sum.records += sides.records;
        sum.unpriced += sides.unpriced;
        plus(&mut sum.priced, sides.priced);
        plus(&mut sum.billed, sides.billed);
    }
    let mut models = reconciled_rows(&found.models, &causes);
    models.sort_by_key(|row| {
        std::cmp::Reverse(
            row.billed_usd.unwrap_or_default().max(row.priced_usd.unwrap_or_default()),
        )
    });
    Reconciliation {
        files: invoice.map_or_else(Vec::new, invoice_files),
        charges: found.charges,
        repeated_charges: found.repeated_charges,
        priced_usd: priced,
        billed_usd: billed,
        gap_usd: gap,
        gap_share: priced.and_then(|priced| Share::of_nano(gap, priced)),
        records: whole.records,
        unpriced: whole.unpriced,
        month: reconciled_rows(&months, &[]),
        day: if found.daily { reconciled_rows(&found.periods, &[]) } else { Vec::new() },
        model: models,
        unexplained_usd: gap - explained,
        causes,
        unmatched_models: found.unmatched.clone(),
        other_times: found.outside.other_times,
        other_times_usd: found.outside.other_times_cost.to_nano(),
        other_providers: found.outside.other_providers,
        other_providers_usd: found.outside.other_providers_cost.to_nano(),
    }
}

fn invoice_files(log: &Log) -> Vec<InvoiceFile> {
    let files = log.accounting.files.iter().map(|file| InvoiceFile {
        path: file.path.clone(),
        format: (!file.format.is_empty()).then(|| file.format.to_owned()),
        charges: file.charges,
        rejected: file.rejected,
    });
    files.collect()
}

fn cause(found: &reconcile::Cause) -> GapCause {
    GapCause {
        code: found.code.name().to_owned(),
        shown_by: found.shown_by.clone(),
        model: found.model.clone(),
        amount_usd: found.amount.map(Usd::to_nano),
        evidence: found.evidence,
    }
}

/// Rows in the order of their keys, rounded so that they add up.
fn reconciled_rows(
    rows: &BTreeMap<Option<String>, reconcile::Sides>,
    causes: &[GapCause],
) -> Vec<ReconciledRow> {
    let priced: Vec<Option<Usd>> = rows.values().map(|sides| sides.priced).collect();
    let billed: Vec<Option<Usd>> = rows.values().map(|sides| sides.billed).collect();
    let amounts = round_together(&priced).into_iter().zip(round_together(&billed));
    rows.iter()
        .zip(amounts)
        .map(|((key, sides), (priced, billed))| {
            let gap = billed.unwrap_or_default() - priced.unwrap_or_default();
            let mine = causes.iter().filter(|cause| key.is_some() && cause.model == *key);
            let codes: BTreeSet<&str> = mine.map(|cause| cause.code.as_str()).collect();
            ReconciledRow {
                key: key.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned()),
                records: sides.records,
                priced_usd: priced,
                billed_usd: billed,
                gap_usd: gap,
                gap_share: priced.and_then(|priced| Share::of_nano(gap, priced)),
                causes: codes.into_iter().map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// What a reader should know of levels.
pub(super) fn warnings(ledger: &Ledger<'_>) -> Vec<Warning> {
    let levels = &ledger.levels;
    let mut warnings = Vec::new();
    let mut warn = |code: &str, message: String| {
        warnings.push(Warning { code: code.to_owned(), message });
    };
    if levels.undated_calls > 0 {
        warn(
            "UNDATED_LEVELS",
            format!(
                "{} without a date may lie in any period of a usage export: its buckets of the same provider are set aside",
                counted(levels.undated_calls, "call")
            ),
        );
    }
    if levels.unnamed_calls > 0 {
        warn(
            "UNNAMED_LEVELS",
            format!(
                "{} without a provider may be any provider's: buckets of usage exports of their time are set aside",
                counted(levels.unnamed_calls, "call")
            ),
        );
    }
    warnings
}
