//! Figures of slices that do not add up: quantiles, distinct users, shares.

use std::cmp::Reverse;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::ledger::Ledger;
use crate::ledger::metrics::Figures;
use crate::ledger::partition::Group;
use crate::ledger::pricing::{Bill, State};
use crate::prices::ModelTier;
use crate::record::call::Call;
use crate::record::component::Component;
use crate::record::dimension::Dimension;
use crate::record::prompt::NodeId;
use crate::record::symbol::Symbol;
use crate::record::usage::Usage;
use crate::report::document::{Slice, UNKNOWN_KEY};
use crate::selection::Filter;
use crate::units::{Evidence, NanoUsd, Share, Tokens, Usd};

use super::super::figures::{cost_per_call, durations, says_status, tokens_per_call};
use super::super::{Naming, has_unpriced_part, plus, tables, worst};

/// The slices that every document carries.
pub(super) fn slices(ledger: &Ledger<'_>) -> Vec<Slice> {
    let slicer = Slicer::new(ledger);
    let by: [&[Dimension]; 4] =
        [&[], &[Dimension::Feature], &[Dimension::Model], &[Dimension::Feature, Dimension::Model]];
    let all = Filter::default();
    let slices: Vec<(&[Dimension], Vec<Keyed>)> =
        by.into_par_iter().map(|by| (by, slicer.slices(&all, by))).collect();
    slices
        .into_iter()
        .flat_map(|(by, slices)| {
            slices.into_iter().map(move |(keys, slice)| {
                let key = |dimension| {
                    let position = by.iter().position(|found| *found == dimension)?;
                    keys.get(position).map(|key| shown(key.as_deref()))
                };
                let (feature, model) = (key(Dimension::Feature), key(Dimension::Model));
                Slice { feature, model, ..slice }
            })
        })
        .collect()
}

fn shown(key: Option<&str>) -> String {
    key.unwrap_or(UNKNOWN_KEY).to_owned()
}

/// A slice with its keys as the log has them, one per dimension asked for.
type Keyed = (Vec<Option<String>>, Slice);

/// Makes slices of any calls of a ledger.
#[derive(Debug)]
pub struct Slicer<'a> {
    ledger: &'a Ledger<'a>,
    /// For each entry whether it is a retry; `None` where that cannot be told.
    retried: Option<Vec<bool>>,
    says_status: bool,
    total: Option<NanoUsd>,
}

impl<'a> Slicer<'a> {
    /// Takes a ledger to slice.
    #[must_use]
    pub fn new(ledger: &'a Ledger<'a>) -> Self {
        let bills = ledger.entries.iter().map(|entry| &entry.bill);
        let bills = bills.chain(ledger.buckets.iter().map(|entry| &entry.bill));
        let mut total = None;
        for bill in bills {
            plus(&mut total, bill.total());
        }
        Self {
            ledger,
            retried: ledger.retried(),
            says_status: says_status(ledger),
            total: total.map(Usd::to_nano),
        }
    }

    /// The slice of what passes the filter, or one for each key of a dimension:
    /// most expensive first. None where nothing passes.
    #[must_use]
    pub fn keyed(
        &self,
        filter: &Filter,
        by: Option<Dimension>,
        naming: &Naming,
    ) -> Vec<(Option<String>, Slice)> {
        let slices = self.slices(filter, by.as_slice()).into_iter();
        let mut slices: Vec<(Option<String>, Slice)> = slices
            .map(|(keys, slice)| {
                let key = by.zip(keys.first());
                (key.map(|(by, key)| tables::shown(key.as_deref(), by, naming)), slice)
            })
            .collect();
        // An order by hidden names would tell something of them.
        slices.sort_by(|(left_key, left), (right_key, right)| {
            (Reverse(left.cost_usd), Reverse(left.calls), left_key).cmp(&(
                Reverse(right.cost_usd),
                Reverse(right.calls),
                right_key,
            ))
        });
        slices
    }

    fn slices(&self, filter: &Filter, by: &[Dimension]) -> Vec<Keyed> {
        let by_feature = by.contains(&Dimension::Feature)
            || filter.fields().any(|field| *field == crate::selection::Field::Feature);
        let groups = self.ledger.partition(filter, by);
        let mut slices: Vec<Keyed> = groups
            .into_par_iter()
            .map(|group| {
                let slice = self.slice(&group, by_feature);
                (group.keys, slice)
            })
            .collect();
        slices.sort_by(|(left_keys, left), (right_keys, right)| {
            (Reverse(left.cost_usd), Reverse(left.calls), left_keys).cmp(&(
                Reverse(right.cost_usd),
                Reverse(right.calls),
                right_keys,
            ))
        });
        slices
    }

    fn slice(&self, group: &Group, by_feature: bool) -> Slice {
        let ledger = self.ledger;
        let figures = ledger.figures_of(&group.entries);
        let tokens = |sum: Option<u64>| sum.map(Tokens::new);
        let mut slice = Slice {
            calls: Some(figures.calls),
            priced_calls: figures.costs.map_or(0, |costs| costs.calls),
            cost_per_call: figures.costs.and_then(cost_per_call),
            input_tokens: tokens(figures.inputs.map(|inputs| inputs.sum)),
            input_calls: figures.inputs.map_or(0, |inputs| inputs.calls),
            input_tokens_per_call: figures.inputs.and_then(tokens_per_call),
            output_tokens: tokens(figures.outputs.map(|outputs| outputs.sum)),
            output_calls: figures.outputs.map_or(0, |outputs| outputs.calls),
            output_tokens_per_call: figures.outputs.and_then(tokens_per_call),
            cacheable_tokens: figures.cacheable,
            cache_read_tokens: figures.cache_read,
            cacheable_calls: figures.cacheable_calls,
            latency_milliseconds: figures.latencies.map(durations),
            ..Slice::default()
        };
        self.statuses(&mut slice, &figures, group);
        let mut sums = Sums::default();
        self.add_calls(&mut slice, &mut sums, group);
        self.add_buckets(&mut slice, &mut sums, group);
        let by_feature = by_feature.then_some(ledger.feature_evidence);
        slice.cost_usd = sums.cost.map(Usd::to_nano);
        slice.cost_evidence = sums.evidence.map(|evidence| worst(evidence, by_feature));
        slice.cost_share =
            slice.cost_usd.zip(self.total).and_then(|(cost, total)| Share::of_nano(cost, total));
        (slice.users, slice.user_cost_usd, slice.user_cost_max_usd) = spread(&sums.users);
        if ledger.conversations.known && !group.entries.is_empty() {
            (slice.conversations, slice.conversation_cost_usd, slice.conversation_cost_max_usd) =
                spread(&sums.conversations);
            slice.conversation_evidence = Some(ledger.conversations.evidence);
        }
        slice
    }

    /// Buckets say nothing of how their calls ended.
    fn statuses(&self, slice: &mut Slice, figures: &Figures, group: &Group) {
        if !self.says_status {
            return;
        }
        slice.status_calls = figures.calls;
        slice.error_calls = figures.errors;
        slice.retry_calls = self.retried.as_ref().map(|retried| {
            group.entries.iter().filter(|index| retried[**index as usize]).count() as u64
        });
    }

    fn add_calls(&self, slice: &mut Slice, sums: &mut Sums, group: &Group) {
        let ledger = self.ledger;
        // Neighbours mostly share their model: it is looked up once for all.
        let mut looked_up = None;
        for &index in &group.entries {
            let entry = &ledger.entries[index as usize];
            let call = ledger.call(entry);
            let is_unpriced = entry.bill.total().is_none();
            sums.add(&entry.bill, is_unpriced.then_some(1), slice);
            if is_unpriced {
                slice.unpriced_tokens += tokens_of(&call.usage.get());
            }
            slice.partly_priced_calls += u64::from(has_unpriced_part(&entry.bill, call));
            let sought = (call.provider, entry.model);
            let tier = match looked_up {
                Some((found, tier)) if found == sought => tier,
                _ => self.tier(call.provider, entry.model),
            };
            looked_up = Some((sought, tier));
            if let Some(tier) = tier {
                slice.tier_calls += 1;
                slice.premium_calls += u64::from(tier == ModelTier::Premium);
            }
            if let Some(cost) = entry.bill.total() {
                let priced = u64::from(entry.bill.state == State::Priced);
                if let Some(user) = call.user {
                    *sums.users.entry(user).or_default() += cost;
                    slice.user_calls += priced;
                }
                if ledger.conversations.known && self.shows_conversation(call) {
                    let conversation = ledger.conversations.conversation(index as usize);
                    *sums.conversations.entry(conversation).or_default() += cost;
                    slice.conversation_calls += priced;
                }
            }
            let parts = ledger.components.parts(index as usize);
            if let Some(input) = call.usage.get().input.filter(|_| !parts.is_empty()) {
                slice.component_tokens += input;
                slice.component_calls += 1;
                let history = parts.iter().filter(|part| part.component == Component::History);
                let history: Tokens = history.map(|part| part.billed().total()).sum();
                plus(&mut slice.history_tokens, Some(history));
            }
        }
    }

    fn add_buckets(&self, slice: &mut Slice, sums: &mut Sums, group: &Group) {
        for &index in &group.buckets {
            let entry = &self.ledger.buckets[index as usize];
            let bucket = self.ledger.bucket(entry);
            let known = bucket.calls.unwrap_or(0);
            let is_unpriced = entry.bill.total().is_none();
            let unpriced = is_unpriced.then_some(bucket.calls.unwrap_or(1));
            sums.add(&entry.bill, unpriced, slice);
            if is_unpriced {
                slice.unpriced_tokens += tokens_of(&bucket.usage);
            }
            if entry.bill.state == State::Priced && entry.bill.remarks.partly_unpriced() {
                slice.partly_priced_calls += bucket.calls.unwrap_or(1);
            }
            slice.calls = slice.calls.zip(bucket.calls).map(|(sum, calls)| sum + calls);
            slice.bucket_calls += known;
            if entry.bill.state == State::Priced {
                slice.priced_calls += known;
            }
            if bucket.usage.input.is_some() {
                slice.input_calls += known;
            }
            if bucket.usage.output.is_some() {
                slice.output_calls += known;
            }
            plus(&mut slice.input_tokens, bucket.usage.input);
            plus(&mut slice.output_tokens, bucket.usage.output);
            if let (Some(input), Some(read)) = (bucket.usage.input, bucket.usage.cache_read) {
                slice.cacheable_tokens += input;
                slice.cache_read_tokens += read;
                slice.cacheable_calls += known;
            }
            if let Some(tier) = self.tier(bucket.provider, entry.model) {
                slice.tier_calls += known;
                slice.premium_calls += if tier == ModelTier::Premium { known } else { 0 };
            }
            if let Some((user, cost)) = bucket.user.zip(entry.bill.total()) {
                *sums.users.entry(user).or_default() += cost;
                slice.user_calls += known;
            }
        }
    }

    /// Whether a call says which conversation it is of, or shows it by its
    /// prompt. Of counts alone nobody knows what they continue.
    fn shows_conversation(&self, call: &Call) -> bool {
        let prompt = || self.ledger.log.prompt(call.prompt);
        call.conversation.is_some() || prompt().is_some_and(|prompt| prompt.end != NodeId::ROOT)
    }

    /// The class of a model, where the table names it.
    fn tier(&self, provider: Option<Symbol>, model: Option<Symbol>) -> Option<ModelTier> {
        self.ledger.pricer.find(provider, model)?.model().tier()
    }
}

/// The tokens that a bill would be for.
fn tokens_of(usage: &Usage) -> Tokens {
    usage.input.unwrap_or_default() + usage.output.unwrap_or_default()
}

/// What is added up exactly before it is rounded.
#[derive(Debug, Default)]
struct Sums {
    cost: Option<Usd>,
    evidence: Option<Evidence>,
    users: FxHashMap<Symbol, Usd>,
    conversations: FxHashMap<u32, Usd>,
}

impl Sums {
    /// Adds a bill; without an amount, `unpriced` calls have none.
    fn add(&mut self, bill: &Bill, unpriced: Option<u64>, slice: &mut Slice) {
        plus(&mut self.cost, bill.total());
        if bill.total().is_some() {
            self.evidence = self.evidence.max(Some(bill.evidence));
        }
        slice.unpriced_calls += unpriced.unwrap_or(0);
    }
}

/// How many there are, what they cost, and what the most expensive costs.
fn spread<K>(costs: &FxHashMap<K, Usd>) -> (Option<u64>, Option<NanoUsd>, Option<NanoUsd>) {
    let Some(highest) = costs.values().copied().max() else { return (None, None, None) };
    let sum: Usd = costs.values().copied().sum();
    (Some(costs.len() as u64), Some(sum.to_nano()), Some(highest.to_nano()))
}
