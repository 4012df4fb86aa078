//! Models that both sides name: rounding, list prices, tiers, one constant
//! ratio, caches that the log does not show.

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::record::charge::Meter;
use crate::record::lane::Tier;
use crate::units::{Evidence, Usd};

use super::causes::{Group, Key, Pricing, is_unpriced};
use super::groups::{Record, Use, all_cached, at_tier};
use super::{Cause, Code};

/// Two amounts are taken for one where they differ by less than this part.
const CLOSE: i128 = 200;
/// The same for the parts of a constant ratio.
const CONSTANT: i128 = 500;
/// Periods that one model alone must show for a ratio to be called constant.
const LEAST_PERIODS: usize = 3;
const CENT: i128 = 10_000_000_000_000;
/// Tiers that a log may leave out.
const TIERS: [Tier; 3] = [Tier::Batch, Tier::Flex, Tier::Priority];

/// A model's lines and usage, and the gap between them that is not explained.
struct Pair<'a> {
    key: &'a Key,
    group: &'a Group<'a>,
    /// What was billed, or its list price where the bill names it.
    billed: Usd,
    priced: Usd,
    rounding: Usd,
}

impl Pair<'_> {
    fn gap(&self) -> Usd {
        self.billed - self.priced
    }

    fn model(&self) -> Option<String> {
        self.key.1.as_ref().map(ToString::to_string)
    }

    fn cause(&self, code: Code, shown_by: String) -> Cause {
        Cause {
            code,
            amount: Some(self.gap()),
            model: self.model(),
            shown_by,
            evidence: Evidence::Inferred,
        }
    }

    /// Whether an amount is as good as billed.
    fn is_billed(&self, amount: Usd) -> bool {
        let differs = (self.billed - amount).femto().unsigned_abs();
        differs
            <= self
                .rounding
                .femto()
                .unsigned_abs()
                .max(amount.femto().unsigned_abs() / CLOSE.unsigned_abs())
    }
}

pub(super) fn find(
    ledger: &Ledger<'_>,
    groups: &BTreeMap<Key, Group<'_>>,
    pricing: Pricing,
    causes: &mut Vec<Cause>,
) {
    let mut open: Vec<Pair<'_>> = Vec::new();
    for (key, group) in groups.iter().filter(|(_, group)| !group.rows.is_empty()) {
        let mut pair = Pair {
            key,
            group,
            billed: group.billed(),
            priced: pricing.sum(&group.rows),
            rounding: rounding(group),
        };
        list_prices(&mut pair, causes);
        // What cannot be priced whole cannot be compared.
        if group.rows.iter().any(|row| is_unpriced(row)) {
            continue;
        }
        if pair.gap().femto().unsigned_abs() <= pair.rounding.femto().unsigned_abs() {
            causes
                .push(pair.cause(Code::Rounding, "less than the rounding of its lines".to_owned()));
            continue;
        }
        open.push(pair);
    }
    let tiers: Vec<Option<Tier>> = open.iter().map(|pair| tier(ledger, pair, pricing)).collect();
    let one_tier = tiers.first().copied().flatten();
    let all_one_tier = one_tier.is_some() && tiers.iter().all(|tier| *tier == one_tier);
    if !all_one_tier && let Some(ratio) = constant_ratio(&open, pricing) {
        for pair in &open {
            let (code, word) = if pair.gap() < Usd::ZERO {
                (Code::Discount, "less")
            } else {
                (Code::Markup, "more")
            };
            causes.push(pair.cause(code, format!("{ratio} {word} than priced, everywhere alike")));
        }
        return;
    }
    for (pair, tier) in open.iter().zip(tiers) {
        if let Some(tier) = tier {
            let shown = format!(
                "billed as the table prices the {} tier; the log names no tier",
                tier.name()
            );
            causes.push(pair.cause(Code::Tier, shown));
        } else if cache_unseen(ledger, pair, pricing) {
            let shown =
                "the log does not tell cached input, and less was billed than without a cache";
            causes.push(pair.cause(Code::CacheUnseen, shown.to_owned()));
        }
    }
}

/// How far lines that are rounded to the cent can be off: half a cent each;
/// nothing where an amount has more decimals.
fn rounding(group: &Group<'_>) -> Usd {
    if group.lines.iter().any(|line| line.billed.femto() % CENT != 0) {
        // Printed floats and bills of six decimals.
        return Usd::from_femto(CENT / 20_000 * group.lines.len() as i128);
    }
    Usd::from_femto(CENT / 2 * group.lines.len() as i128)
}

/// Takes out what the bill itself calls a discount.
fn list_prices(pair: &mut Pair<'_>, causes: &mut Vec<Cause>) {
    let list: Option<Usd> = pair.group.lines.iter().map(|line| line.list).sum_known();
    let Some(list) = list.filter(|list| *list != pair.billed) else { return };
    let amount = pair.billed - list;
    causes.push(Cause {
        code: if amount < Usd::ZERO { Code::Discount } else { Code::Markup },
        amount: Some(amount),
        model: pair.model(),
        shown_by: format!("the bill names list prices of {}", list.to_nano().to_display()),
        evidence: Evidence::Measured,
    });
    pair.billed = list;
}

trait SumKnown {
    /// The sum, where every part is known.
    fn sum_known(self) -> Option<Usd>;
}

impl<I: Iterator<Item = Option<Usd>>> SumKnown for I {
    fn sum_known(mut self) -> Option<Usd> {
        self.try_fold(Usd::ZERO, |sum, part| Some(sum + part?))
    }
}

/// The tier at whose price the usage comes to what was billed, where the log
/// names no tier and the bill no other one.
fn tier(ledger: &Ledger<'_>, pair: &Pair<'_>, pricing: Pricing) -> Option<Tier> {
    if pair.group.rows.iter().any(|row| row.tier != Tier::Standard) {
        return None;
    }
    let billed_at =
        |tier| pair.group.lines.iter().all(|line| line.tier.is_none_or(|at| at == tier));
    TIERS.into_iter().filter(|tier| billed_at(*tier)).find(|tier| {
        let other = otherwise(pair, pricing, |record| at_tier(ledger, record, *tier));
        other.is_some_and(|other| other != pair.priced && pair.is_billed(other))
    })
}

/// What the usage would cost if each of its rows were priced otherwise.
fn otherwise(
    pair: &Pair<'_>,
    pricing: Pricing,
    price: impl Fn(Record) -> Option<Usd>,
) -> Option<Usd> {
    let other = |row: &&Use| {
        if row.cost.is_some_and(|cost| cost == Usd::ZERO) {
            return Some(Usd::ZERO);
        }
        // Tool fees are the same in every tier.
        let apart = row.cost? - pricing.of(row);
        Some(price(row.record)? - apart)
    };
    pair.group.rows.iter().map(other).sum_known()
}

/// The ratio of all gaps to what was priced, as a percentage, where it is the
/// same for every model (at least two), or for one model in every period (at
/// least three).
fn constant_ratio(open: &[Pair<'_>], pricing: Pricing) -> Option<String> {
    let parts: Vec<(Usd, Usd, Usd)> = match open {
        [] => return None,
        [one] => by_period(one, pricing)?,
        several => several.iter().map(|pair| (pair.billed, pair.priced, pair.rounding)).collect(),
    };
    let billed: Usd = parts.iter().map(|part| part.0).sum();
    let priced: Usd = parts.iter().map(|part| part.1).sum();
    let (billed, priced) = (billed.to_nano().nano(), priced.to_nano().nano());
    if billed <= 0 || priced <= 0 {
        return None;
    }
    let is_even = parts.iter().all(|(part_billed, part_priced, rounding)| {
        let Some(scaled) = part_priced.to_nano().nano().checked_mul(billed) else { return false };
        let expected = scaled / priced;
        let differs = (part_billed.to_nano().nano() - expected).unsigned_abs();
        let most = rounding.to_nano().nano().max(expected / CONSTANT);
        *part_priced > Usd::ZERO && differs <= most.unsigned_abs() + 1
    });
    let gap = billed - priced;
    (is_even && gap.abs() > priced / CONSTANT).then(|| {
        let tenths = gap.abs().saturating_mul(1_000).saturating_add(priced / 2) / priced;
        format!("{}.{} %", tenths / 10, tenths % 10)
    })
}

/// Billed and priced by period; `None` with too few of them.
fn by_period(pair: &Pair<'_>, pricing: Pricing) -> Option<Vec<(Usd, Usd, Usd)>> {
    let mut periods: BTreeMap<&str, (Usd, Usd, Usd)> = BTreeMap::new();
    let share = Usd::from_femto(CENT / 2);
    for line in &pair.group.lines {
        let found = periods.entry(line.period.as_deref()?).or_default();
        found.0 += if pair.billed == pair.group.billed() { line.billed } else { line.list? };
        found.2 += share;
    }
    for row in &pair.group.rows {
        periods.entry(row.period.as_deref()?).or_default().1 += pricing.of(row);
    }
    (periods.len() >= LEAST_PERIODS).then(|| periods.into_values().collect())
}

/// Whether cached input explains that less was billed: the log tells none, the
/// bill does not deny it, and no less was billed than if all input had come
/// from a cache.
fn cache_unseen(ledger: &Ledger<'_>, pair: &Pair<'_>, pricing: Pricing) -> bool {
    let lines = &pair.group.lines;
    let tells_meters = lines.iter().all(|line| line.meter != Meter::Unstated);
    let has_reads = lines.iter().any(|line| line.meter == Meter::CacheRead);
    if pair.gap() >= Usd::ZERO
        || (tells_meters && !has_reads)
        || pair.group.rows.iter().any(|row| row.tells_cache)
    {
        return false;
    }
    let least = otherwise(pair, pricing, |record| all_cached(ledger, record));
    least.is_some_and(|least| least < pair.priced && pair.billed >= least - pair.rounding)
}
