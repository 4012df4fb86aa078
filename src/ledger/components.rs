//! Which part of every prompt is what: tools, system prompt, examples, history,
//! retrieved context, user input.
//!
//! Where texts were logged, the pieces counted at reading are scaled to the
//! billed total, so components always add up to the bill. Where only counts
//! were logged, `inference` deduces what it can.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::record::call::Call;
use crate::record::component::Component;
use crate::record::log::Log;
use crate::record::symbol::Symbol;
use crate::record::usage::Usage;
use crate::units::{Evidence, Tokens};

use super::conversation::Conversations;
use super::pricing::Pricer;
use super::split::{Billed, Run, by_position, scale};
use super::{Entry, inference, messages};

/// The input of a call that is one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub component: Component,
    /// Its billed tokens.
    pub billed: Billed,
    /// How the split is known.
    pub evidence: Evidence,
    /// Whether the tokens are an upper bound.
    pub at_most: bool,
}

/// The components of every entry's input.
#[derive(Debug, Default)]
pub struct Components {
    ends: Vec<usize>,
    parts: Vec<Part>,
    /// Billed and counted tokens of every call whose whole prompt was logged.
    pub scales: Vec<(u64, u64)>,
    /// Billed tokens that the logged texts do not account for.
    pub hidden: Tokens,
    /// Calls split by their texts.
    pub by_text: u64,
    /// Calls split by what their records state.
    pub stated: u64,
    /// Calls split by what their counts allow to deduce.
    pub by_counts: u64,
}

/// How far local counts may lie from a bill before something is off.
const BELIEVABLE: std::ops::RangeInclusive<f64> = 0.2..=5.0;
/// No tokenizer in use counts more than 1.7 tokens per o200k token on any kind
/// of text; a bill beyond twice the count holds tokens that were not logged
/// (preambles of hosted tools, reasoning carried over).
const HIDDEN_FROM: u64 = 2;

impl Components {
    /// Splits the input of every entry.
    pub(super) fn of(
        log: &Log,
        entries: &[Entry],
        conversations: &Conversations,
        pricer: &Pricer<'_>,
    ) -> Self {
        let runs = messages::runs(log, entries, conversations);
        let stated: FxHashMap<u32, &[(Component, Tokens)]> =
            log.stated_components.iter().map(|(call, parts)| (*call, parts.as_slice())).collect();
        let inferred = inference::of(log, entries, conversations, &|index| {
            runs[index].is_empty() && !stated.contains_key(&entries[index].call)
        });
        let scales = Scales::of(log, entries, conversations, &runs, pricer);
        let splits: Vec<(Vec<Part>, Source)> = (0..entries.len())
            .into_par_iter()
            .map(|index| {
                let entry = &entries[index];
                let call = &log.calls[entry.call as usize];
                let usage = call.usage.get();
                if let Some(stated) = stated.get(&entry.call) {
                    return (stated_parts(stated, &usage), Source::Stated);
                }
                if !runs[index].is_empty() && usage.input.is_some() {
                    let factor = scales.factor(index, entry);
                    return (text_parts(log, call, &runs[index], factor), Source::Text);
                }
                match inferred.get(&index) {
                    Some(runs) => (count_parts(runs, &usage), Source::Counts),
                    None => (whole(&usage), Source::None),
                }
            })
            .collect();
        let mut found = Self { scales: scales.complete, ..Self::default() };
        for (parts, source) in splits {
            match source {
                Source::Text => found.by_text += 1,
                Source::Stated => found.stated += 1,
                Source::Counts => found.by_counts += 1,
                Source::None => {}
            }
            found.parts.extend(parts);
            found.ends.push(found.parts.len());
        }
        found.scales.sort_unstable_by(|left, right| {
            // Cross-multiplied, so that no float decides an order.
            let (left, right) = (
                u128::from(left.0) * u128::from(right.1),
                u128::from(right.0) * u128::from(left.1),
            );
            left.cmp(&right)
        });
        found.hidden = found.hidden_tokens(log, entries, &runs);
        found
    }

    fn hidden_tokens(&self, log: &Log, entries: &[Entry], runs: &[Vec<Run>]) -> Tokens {
        entries
            .iter()
            .enumerate()
            .filter(|(index, _)| !runs[*index].is_empty())
            .filter_map(|(index, entry)| {
                let call = &log.calls[entry.call as usize];
                Some((index, missing_component(log, call, &runs[index]).0?))
            })
            .flat_map(|(index, missing)| {
                self.parts(index).iter().filter(move |part| part.component == missing)
            })
            .map(|part| part.billed.total())
            .sum()
    }

    /// The input components of an entry; they add up to its billed input.
    #[must_use]
    pub fn parts(&self, entry: usize) -> &[Part] {
        let start =
            entry.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or(0));
        let end = self.ends.get(entry).copied().unwrap_or(start);
        self.parts.get(start..end).unwrap_or_default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Text,
    Stated,
    Counts,
    None,
}

/// A call whose billed prompt holds more than its logged texts.
fn is_incomplete(log: &Log, call: &Call, runs: &[Run]) -> bool {
    missing_component(log, call, runs).0.is_some()
}

/// Billed over counted tokens, where whole prompts were logged.
struct Scales {
    complete: Vec<(u64, u64)>,
    by_model: FxHashMap<Option<Symbol>, f64>,
    by_conversation: FxHashMap<u32, f64>,
    family: FxHashMap<Option<Symbol>, f64>,
    conversation_of: Vec<u32>,
}

impl Scales {
    fn of(
        log: &Log,
        entries: &[Entry],
        conversations: &Conversations,
        runs: &[Vec<Run>],
        pricer: &Pricer<'_>,
    ) -> Self {
        let mut scales = Self {
            complete: Vec::new(),
            by_model: FxHashMap::default(),
            by_conversation: FxHashMap::default(),
            family: FxHashMap::default(),
            conversation_of: (0..entries.len())
                .map(|index| conversations.conversation(index))
                .collect(),
        };
        let mut sums: FxHashMap<Option<Symbol>, (u64, u64)> = FxHashMap::default();
        let pair = |index: usize| -> Option<(u64, u64)> {
            let call = &log.calls[entries[index].call as usize];
            let counted = runs[index].iter().map(|run| run.counted).sum();
            Some((call.usage.get().input?.get(), counted)).filter(|(_, counted)| *counted > 0)
        };
        for (index, entry) in entries.iter().enumerate() {
            let call = &log.calls[entry.call as usize];
            scales.family.entry(entry.model).or_insert_with(|| family_factor(call, entry, pricer));
            let Some((billed, counted)) = pair(index) else { continue };
            if !is_incomplete(log, call, &runs[index]) && is_text(&runs[index]) {
                scales.complete.push((billed, counted));
                let sum = sums.entry(entry.model).or_default();
                *sum = (sum.0.saturating_add(billed), sum.1.saturating_add(counted));
            }
        }
        scales.by_model.extend(
            sums.into_iter().map(|(model, (billed, counted))| (model, ratio(billed, counted))),
        );
        for (number, members) in (0..).zip(conversations.members()) {
            let pairs: Vec<(u64, u64)> =
                members.iter().filter_map(|index| pair(*index as usize)).collect();
            if let Some(factor) = growth(&pairs) {
                scales.by_conversation.insert(number, factor);
            }
        }
        scales
    }

    /// Billed tokens per counted token of a call whose prompt is not all there.
    fn factor(&self, index: usize, entry: &Entry) -> f64 {
        let known = self.by_model.get(&entry.model).or_else(|| {
            self.conversation_of.get(index).and_then(|number| self.by_conversation.get(number))
        });
        known.or_else(|| self.family.get(&entry.model)).copied().unwrap_or(1.0)
    }
}

/// Whether the runs were counted from text (block traces count by themselves).
fn is_text(runs: &[Run]) -> bool {
    runs.iter().any(|run| run.component != Component::Unattributed)
}

/// How much faster a bill grows than the local count, over the turns of a
/// conversation: what is hidden in every turn cancels out.
fn growth(pairs: &[(u64, u64)]) -> Option<f64> {
    const LEAST: u64 = 500;
    let (mut billed, mut counted) = (0_u64, 0_u64);
    for pair in pairs.windows(2) {
        if let [before, after] = pair
            && after.0 > before.0
            && after.1 > before.1
        {
            billed += after.0 - before.0;
            counted += after.1 - before.1;
        }
    }
    (counted >= LEAST).then(|| ratio(billed, counted)).filter(|factor| BELIEVABLE.contains(factor))
}

fn ratio(billed: u64, counted: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a scale needs no more than 52 bits")]
    {
        billed as f64 / counted.max(1) as f64
    }
}

/// Tokens of a model's own tokenizer per o200k token, for calls that give no
/// better measure: Claude up to 4.6 counts about 1.19 and from 4.7 on about 1.5
/// times as many (our measurement, docs/adr/0006-tokenizer.md).
fn family_factor(call: &Call, entry: &Entry, pricer: &Pricer<'_>) -> f64 {
    let found = pricer.find(call.provider, entry.model);
    match found.and_then(|found| found.model().tokenizer()) {
        Some("claude-v3") => 1.19,
        Some("claude-v4.7") => 1.5,
        _ => 1.0,
    }
}

/// Parts of a call whose texts were logged.
fn text_parts(log: &Log, call: &Call, runs: &[Run], factor: f64) -> Vec<Part> {
    let usage = call.usage.get();
    let total = usage.input.unwrap_or_default();
    let (missing, in_front) = missing_component(log, call, runs);
    let mut runs = runs.to_vec();
    if let Some(component) = missing {
        let counted: u64 = runs.iter().map(|run| run.counted).sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a positive estimate of tokens, clipped to the bill below"
        )]
        let shown = Tokens::new((counted as f64 * factor).round() as u64).min(total);
        let hidden = total.saturating_sub(shown);
        let scaled = scale(&runs, shown);
        for (run, tokens) in runs.iter_mut().zip(scaled) {
            run.counted = tokens.get();
        }
        let run = Run { component, counted: hidden.get() };
        let at = if in_front { 0 } else { runs.len() };
        runs.insert(at, run);
    }
    let scaled = scale(&runs, total);
    let laid: Vec<(Component, Tokens)> = runs.iter().map(|run| run.component).zip(scaled).collect();
    parts_of(&laid, &usage, |_| (Evidence::Inferred, false))
}

/// What the unexplained part of a bill is, and whether it stands in front.
fn missing_component(log: &Log, call: &Call, runs: &[Run]) -> (Option<Component>, bool) {
    let counted = || runs.iter().map(|run| run.counted).sum::<u64>();
    let billed = || call.usage.get().input.map_or(0, Tokens::get);
    if call.flags.hidden_head {
        (Some(Component::SystemPrompt), true)
    } else if call.flags.hidden_history {
        (Some(Component::History), true)
    } else if log.prompt(call.prompt).is_some_and(|prompt| prompt.unmeasured_parts > 0) {
        (Some(Component::ImagesAndFiles), false)
    } else if billed() > counted().saturating_mul(HIDDEN_FROM) {
        (Some(Component::Unattributed), true)
    } else {
        (None, false)
    }
}

/// Parts as the records themselves state them; what they leave is unattributed.
fn stated_parts(stated: &[(Component, Tokens)], usage: &Usage) -> Vec<Part> {
    let mut laid: Vec<(Component, Tokens)> =
        stated.iter().copied().filter(|(component, _)| !component.is_output()).collect();
    laid.sort_unstable_by_key(|(component, _)| *component);
    let sum: Tokens = laid.iter().map(|(_, tokens)| *tokens).sum();
    let total = usage.input.unwrap_or(sum);
    laid.push((Component::Unattributed, total.saturating_sub(sum)));
    parts_of(&laid, usage, |_| (Evidence::Measured, false))
}

/// Parts deduced from counts alone.
fn count_parts(runs: &[(Component, Tokens)], usage: &Usage) -> Vec<Part> {
    parts_of(runs, usage, |component| match component {
        Component::Unattributed => (Evidence::Measured, false),
        Component::SystemPrompt => (Evidence::Inferred, true),
        _ => (Evidence::Inferred, false),
    })
}

fn whole(usage: &Usage) -> Vec<Part> {
    let Some(total) = usage.input else { return Vec::new() };
    parts_of(&[(Component::Unattributed, total)], usage, |_| (Evidence::Measured, false))
}

fn parts_of(
    laid: &[(Component, Tokens)],
    usage: &Usage,
    grade: impl Fn(Component) -> (Evidence, bool),
) -> Vec<Part> {
    let billed = by_position(laid, usage);
    Component::ALL
        .into_iter()
        .filter(|component| !billed[component.index()].total().is_zero())
        .map(|component| {
            let (evidence, at_most) = grade(component);
            Part { component, billed: billed[component.index()], evidence, at_most }
        })
        .collect()
}
