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
use super::flat::Flat;
use super::inference::Inferred;
use super::pricing::Pricer;
use super::split::{Billed, Run, by_position, scale};
use super::{Entry, messages};

/// The input of a call that is one component, in 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub component: Component,
    /// How the split is known.
    pub evidence: Evidence,
    /// Whether the tokens are an upper bound.
    pub at_most: bool,
    // A count of one call fits 32 bits, see `record::call::Count`.
    read: u32,
    written: u32,
    uncached: u32,
}

impl Part {
    fn new(component: Component, billed: Billed, evidence: Evidence, at_most: bool) -> Self {
        let pack = |tokens: Tokens| u32::try_from(tokens.get()).unwrap_or(u32::MAX);
        let (read, written, uncached) =
            (pack(billed.read), pack(billed.written), pack(billed.uncached));
        Self { component, evidence, at_most, read, written, uncached }
    }

    /// Its billed tokens.
    #[must_use]
    pub fn billed(&self) -> Billed {
        let unpack = |count: u32| Tokens::new(u64::from(count));
        Billed {
            read: unpack(self.read),
            written: unpack(self.written),
            uncached: unpack(self.uncached),
        }
    }
}

/// The components of every entry's input.
#[derive(Debug, Default)]
pub struct Components {
    /// The parts of [`CHUNK`] entries each.
    chunks: Vec<Flat<Part>>,
    /// For each entry with logged texts, its prompt as runs of components in
    /// prompt order, by the local count.
    pub runs: Flat<Run>,
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

/// Entries that one thread splits in one go.
const CHUNK: usize = 8_192;
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
        let inferred = Inferred::of(log, entries, conversations, &|index| {
            runs.row(index).is_empty() && !stated.contains_key(&entries[index].call)
        });
        let scales = Scales::of(log, entries, conversations, &runs, pricer);
        let splitter = Splitter { log, conversations, runs, stated, inferred, scales };
        let splits: Vec<Split> = entries
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(number, chunk)| splitter.split(number * CHUNK, chunk))
            .collect();
        let mut found =
            Self { scales: splitter.scales.complete, runs: splitter.runs, ..Self::default() };
        for split in splits {
            found.by_text += split.by_text;
            found.stated += split.stated;
            found.by_counts += split.by_counts;
            found.hidden += split.hidden;
            found.chunks.push(split.parts);
        }
        found.scales.sort_unstable_by(|left, right| {
            // Cross-multiplied, so that no float decides an order.
            let (left, right) = (
                u128::from(left.0) * u128::from(right.1),
                u128::from(right.0) * u128::from(left.1),
            );
            left.cmp(&right)
        });
        found
    }

    /// The input components of an entry; they add up to its billed input.
    #[must_use]
    pub fn parts(&self, entry: usize) -> &[Part] {
        self.chunks.get(entry / CHUNK).map_or(&[], |chunk| chunk.row(entry % CHUNK))
    }
}

/// What is known of every prompt before it is split.
struct Splitter<'a> {
    log: &'a Log,
    conversations: &'a Conversations,
    runs: Flat<Run>,
    stated: FxHashMap<u32, &'a [(Component, Tokens)]>,
    inferred: Inferred,
    scales: Scales,
}

/// The parts of a chunk of entries, and how they were found.
#[derive(Default)]
struct Split {
    parts: Flat<Part>,
    hidden: Tokens,
    by_text: u64,
    stated: u64,
    by_counts: u64,
}

impl Splitter<'_> {
    /// Splits a chunk of entries, the first of which is number `first`.
    fn split(&self, first: usize, entries: &[Entry]) -> Split {
        let mut split = Split::default();
        for (at, entry) in entries.iter().enumerate() {
            let call = &self.log.calls[entry.call as usize];
            self.split_call(first + at, entry, call, &mut split);
            let runs = self.runs.row(first + at);
            if !runs.is_empty()
                && let (Some(missing), _) = missing_component(self.log, call, runs)
            {
                let parts = split.parts.row(at).iter().filter(|part| part.component == missing);
                split.hidden += parts.map(|part| part.billed().total()).sum();
            }
        }
        split.parts.shrink();
        split
    }

    fn split_call(&self, index: usize, entry: &Entry, call: &Call, split: &mut Split) {
        let usage = call.usage.get();
        let runs = self.runs.row(index);
        if let Some(stated) = self.stated.get(&entry.call) {
            let inferred = call.flags.inferred_components;
            let evidence = if inferred { Evidence::Inferred } else { Evidence::Measured };
            split.by_text += u64::from(inferred);
            split.stated += u64::from(!inferred);
            let mut laid = stated_parts(stated, &usage);
            if inferred {
                // Told in the order of the prompt, which is not one of keys.
                laid = stated.to_vec();
            }
            split.parts.push(parts_of(&laid, &usage, |_| (evidence, false)));
        } else if !runs.is_empty() && usage.input.is_some() {
            split.by_text += 1;
            let factor = self.scales.factor(self.conversations.conversation(index), entry);
            let laid = text_parts(self.log, call, runs, factor);
            split.parts.push(parts_of(&laid, &usage, |_| (Evidence::Inferred, false)));
        } else if let Some(total) = usage.input {
            if let Some(laid) = self.inferred.parts(index, entry, total) {
                split.by_counts += 1;
                split.parts.push(parts_of(&laid, &usage, count_grade));
            } else {
                let laid = [(Component::Unattributed, total)];
                split.parts.push(parts_of(&laid, &usage, |_| (Evidence::Measured, false)));
            }
        } else {
            split.parts.push([]);
        }
    }
}

/// A call whose billed prompt holds more than its logged texts.
fn is_incomplete(log: &Log, call: &Call, runs: &[Run]) -> bool {
    missing_component(log, call, runs).0.is_some()
}

/// Billed over counted tokens, where whole prompts were logged.
#[derive(Default)]
struct Scales {
    complete: Vec<(u64, u64)>,
    by_model: FxHashMap<Option<Symbol>, f64>,
    by_conversation: FxHashMap<u32, f64>,
    family: FxHashMap<Option<Symbol>, f64>,
}

impl Scales {
    fn of(
        log: &Log,
        entries: &[Entry],
        conversations: &Conversations,
        runs: &Flat<Run>,
        pricer: &Pricer<'_>,
    ) -> Self {
        let mut scales = Self::default();
        if runs.is_empty() {
            return scales;
        }
        let mut sums: FxHashMap<Option<Symbol>, (u64, u64)> = FxHashMap::default();
        let pair = |index: usize| -> Option<(u64, u64)> {
            let call = &log.calls[entries[index].call as usize];
            let counted = runs.row(index).iter().map(|run| run.counted).sum();
            Some((call.usage.get().input?.get(), counted)).filter(|(_, counted)| *counted > 0)
        };
        for (index, entry) in entries.iter().enumerate() {
            let call = &log.calls[entry.call as usize];
            scales.family.entry(entry.model).or_insert_with(|| family_factor(call, entry, pricer));
            let Some((billed, counted)) = pair(index) else { continue };
            if !is_incomplete(log, call, runs.row(index)) && is_text(runs.row(index)) {
                scales.complete.push((billed, counted));
                let sum = sums.entry(entry.model).or_default();
                *sum = (sum.0.saturating_add(billed), sum.1.saturating_add(counted));
            }
        }
        scales.by_model.extend(
            sums.into_iter().map(|(model, (billed, counted))| (model, ratio(billed, counted))),
        );
        for (number, members) in (0..).zip(conversations.members().rows()) {
            let pairs: Vec<(u64, u64)> =
                members.iter().filter_map(|index| pair(*index as usize)).collect();
            if let Some(factor) = growth(&pairs) {
                scales.by_conversation.insert(number, factor);
            }
        }
        scales
    }

    /// Billed tokens per counted token of a call whose prompt is not all there.
    fn factor(&self, conversation: u32, entry: &Entry) -> f64 {
        let known = self.by_model.get(&entry.model);
        let known = known.or_else(|| self.by_conversation.get(&conversation));
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
/// better measure.
fn family_factor(call: &Call, entry: &Entry, pricer: &Pricer<'_>) -> f64 {
    let found = pricer.find(call.provider, entry.model);
    found.map_or(1.0, |found| f64::from(found.model().tokenizer_hundredths()) / 100.0)
}

/// The input of a call whose texts were logged, in prompt order.
fn text_parts(log: &Log, call: &Call, runs: &[Run], factor: f64) -> Vec<(Component, Tokens)> {
    let total = call.usage.get().input.unwrap_or_default();
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
    runs.iter().map(|run| run.component).zip(scaled).collect()
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

/// The input as the records themselves state it; what they leave is
/// unattributed.
fn stated_parts(stated: &[(Component, Tokens)], usage: &Usage) -> Vec<(Component, Tokens)> {
    let mut laid: Vec<(Component, Tokens)> =
        stated.iter().copied().filter(|(component, _)| !component.is_output()).collect();
    laid.sort_unstable_by_key(|(component, _)| *component);
    let sum: Tokens = laid.iter().map(|(_, tokens)| *tokens).sum();
    let total = usage.input.unwrap_or(sum);
    laid.push((Component::Unattributed, total.saturating_sub(sum)));
    laid
}

/// How the parts deduced from counts alone are known.
fn count_grade(component: Component) -> (Evidence, bool) {
    match component {
        Component::SystemPrompt => (Evidence::Inferred, true),
        _ => (Evidence::Inferred, false),
    }
}

fn parts_of(
    laid: &[(Component, Tokens)],
    usage: &Usage,
    grade: impl Fn(Component) -> (Evidence, bool),
) -> impl Iterator<Item = Part> {
    let billed = by_position(laid, usage);
    Component::ALL.into_iter().zip(billed).filter(|(_, billed)| !billed.total().is_zero()).map(
        move |(component, billed)| {
            let (evidence, at_most) = grade(component);
            Part::new(component, billed, evidence, at_most)
        },
    )
}
