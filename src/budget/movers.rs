//! What moved a value most since the baseline, or causes most of it.
//!
//! Features and models stand in one list: each says how much of the value, or of
//! its change, falls on it.

use super::figures::{Part, Side};
use super::judge::{Bench, enough_calls, escaped};
use super::measure;
use super::reading::Missing;
use super::rule::Rule;
use super::settings::Per;
use crate::report::document::{Judgement, Mover, Quantity, Slice, UNKNOWN_KEY, Unit};
use crate::selection::Filter;

/// Movers that are named.
const MOST: usize = 3;

/// A model's share of the calls, on both sides, in billionths.
pub(super) struct ModelShare {
    model: String,
    now: i128,
    then: i128,
}

impl ModelShare {
    /// How much more of the calls it has.
    pub const fn change(&self) -> i128 {
        self.now - self.then
    }
}

/// The models' shares of the calls, now and in the baseline, by name.
///
/// # Errors
/// When one side cannot tell.
pub(super) fn mix(bench: &Bench<'_>, rule: &Rule, part: &Part) -> Result<Vec<ModelShare>, Missing> {
    let filter = within(rule, part).ok_or_else(|| {
        Missing::new(
            "the models of one user or conversation are not held apart",
            "use per = \"feature\"",
        )
    })?;
    let now = model_calls(&bench.log, &filter, rule)?;
    let then = model_calls(bench.baseline()?, &filter, rule).map_err(|missing| Missing {
        reason: format!("in the baseline, {}", missing.reason),
        ..missing
    })?;
    let mut models: Vec<String> = now.iter().chain(&then).map(|(model, _)| model.clone()).collect();
    models.sort();
    models.dedup();
    let of = |side: &[(String, i128)], model: &str| {
        side.iter().find(|(name, _)| name == model).map_or(0, |(_, share)| *share)
    };
    let shares = models.into_iter().map(|model| {
        let (now, then) = (of(&now, &model), of(&then, &model));
        ModelShare { model, now, then }
    });
    Ok(shares.collect())
}

fn model_calls(
    side: &Side<'_>,
    filter: &Filter,
    rule: &Rule,
) -> Result<Vec<(String, i128)>, Missing> {
    let answer = side.slices(filter, Some(Per::Model));
    let parts = answer.as_ref().as_ref().map_err(Clone::clone)?;
    let calls: Option<Vec<(String, u64)>> = parts
        .iter()
        .map(|part| {
            let model = part.key.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned());
            Some((model, part.slice.calls?))
        })
        .collect();
    let calls = calls.ok_or_else(|| {
        Missing::new(
            "the export does not say how many calls it adds up",
            "give a log of requests, or an export that counts them",
        )
    })?;
    let all: u64 = calls.iter().map(|(_, calls)| calls).sum();
    enough_calls(rule, all)?;
    let share = |calls: u64| i128::from(calls) * 1_000_000_000 / i128::from(all.max(1));
    Ok(calls.into_iter().map(|(model, calls)| (model, share(calls))).collect())
}

/// What a slice adds to the value of a rule: dollars or tokens.
fn amount(rule: &Rule, slice: &Slice) -> Option<i128> {
    let tokens = |tokens: Option<crate::units::Tokens>| {
        tokens.map(|tokens| i128::from(tokens.get()) * 1_000_000_000)
    };
    let sums = [
        measure::MONTHLY_COST,
        measure::COST,
        measure::COST_PER_CALL,
        measure::COST_PER_1000_CALLS,
    ];
    if sums.contains(rule.measure) {
        return Some(slice.cost_usd?.nano());
    }
    if *rule.measure == measure::INPUT_TOKENS_PER_CALL {
        return tokens(slice.input_tokens);
    }
    if *rule.measure == measure::OUTPUT_TOKENS_PER_CALL {
        return tokens(slice.output_tokens);
    }
    None
}

/// The parts of a value, or of its change, largest first.
pub(super) fn moved_by(
    bench: &Bench<'_>,
    rule: &Rule,
    part: &Part,
    judgement: &Judgement,
) -> Vec<Mover> {
    let mut found: Vec<(i128, String)> = Vec::new();
    if *rule.measure == measure::MODEL_MIX_SHIFT {
        let shares = mix(bench, rule, part).unwrap_or_default();
        found.extend(shares.iter().map(|share| (share.change(), format!("model {}", share.model))));
    } else if let Some(filter) = within(rule, part) {
        for per in [Per::Feature, Per::Model] {
            let spread = Spread { rule, part, filter: &filter, per };
            found.extend(spread.contributions(bench, judgement));
        }
    }
    found.retain(|(amount, _)| *amount != 0);
    found.sort_by(|left, right| (right.0.abs(), &left.1).cmp(&(left.0.abs(), &right.1)));
    let unit = judgement.unit().unwrap_or(Unit::Usd);
    let mover = |(amount, what)| Mover { what, amount: Quantity::from_billionths(amount, unit) };
    found.into_iter().take(MOST).map(mover).collect()
}

/// A value that is spread over the keys of a dimension.
struct Spread<'r> {
    rule: &'r Rule,
    part: &'r Part,
    filter: &'r Filter,
    per: Per,
}

impl Spread<'_> {
    /// What each key adds. One key alone explains nothing.
    fn contributions(&self, bench: &Bench<'_>, judgement: &Judgement) -> Vec<(i128, String)> {
        let now = self.of(&bench.log, &self.part.slice, judgement.measured);
        let Some(now) = now.filter(|_| self.rule.scope.per != Some(self.per)) else {
            return Vec::new();
        };
        let then = bench.baseline.as_ref().and_then(|baseline| {
            let before = baseline.part(&self.rule.scope, self.part.key.as_deref()).ok()??;
            self.of(baseline, &before.slice, judgement.baseline)
        });
        let then = then.unwrap_or_default();
        let mut keys: Vec<&String> = now.iter().chain(&then).map(|(key, _)| key).collect();
        keys.sort();
        keys.dedup();
        if keys.len() < 2 {
            return Vec::new();
        }
        let of = |side: &[(String, i128)], key: &String| {
            side.iter().find(|(name, _)| name == key).map_or(0, |(_, amount)| *amount)
        };
        let change = |key: &String| of(&now, key) - of(&then, key);
        keys.into_iter().map(|key| (change(key), format!("{} {key}", self.per.name()))).collect()
    }

    /// The value of a side, spread over the keys by what each adds.
    fn of(
        &self,
        side: &Side<'_>,
        whole: &Slice,
        value: Option<Quantity>,
    ) -> Option<Vec<(String, i128)>> {
        let total = amount(self.rule, whole).filter(|total| *total > 0)?;
        let value = value?.billionths();
        let answer = side.slices(self.filter, Some(self.per));
        let parts = answer.as_ref().as_ref().ok()?;
        let spread = parts.iter().map(|part| {
            let key = part.key.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned());
            let amount = amount(self.rule, &part.slice).unwrap_or(0);
            (key, scaled(amount, value, total))
        });
        Some(spread.collect())
    }
}

/// `amount * value / total` without a product that is too long.
fn scaled(amount: i128, value: i128, total: i128) -> i128 {
    match amount.checked_mul(value) {
        Some(product) => product / total,
        None => amount / (total / value.max(1)).max(1),
    }
}

/// The filter of one slice of a rule; `None` where its name is hidden.
fn within(rule: &Rule, part: &Part) -> Option<Filter> {
    let mut texts = rule.scope.texts.clone();
    if let (Some(per), Some(key)) = (rule.scope.per, &part.key) {
        if matches!(per, Per::User | Per::Conversation) {
            return None;
        }
        texts.push(format!("{}={}", per.name(), escaped(key)));
    }
    Filter::parse(&texts).ok()
}
