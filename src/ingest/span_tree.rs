//! Which calls of a trace restate others: known by where their spans hang.
//!
//! Two instrumentations of one program write a span each for one call, one
//! around the other, and older ones mark an agent's span as a call that sums up
//! what happens inside. The spans of a trace may lie in any lines and files, so
//! this is settled when everything is read. Must not know any format.

use std::num::NonZeroU64;

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::record::call::Status;
use crate::record::usage::Usage;
use crate::units::Tokens;

use super::batch::Packed;

/// Spans between a call and the call around it; agents nest less deep.
const DEEPEST: usize = 64;

/// A span of one trace, as a hash of both ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZeroU64);

impl SpanId {
    /// The span of that id in that trace.
    #[must_use]
    pub fn new(trace: Option<&str>, id: Option<&str>) -> Option<Self> {
        let trace = xxh3_64(trace.unwrap_or_default().as_bytes());
        NonZeroU64::new(xxh3_64_with_seed(id?.as_bytes(), trace)).map(Self)
    }
}

/// Where a span hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The span.
    pub id: SpanId,
    /// The span around it.
    pub parent: Option<SpanId>,
    /// The index of its call, where it is one.
    pub call: Option<u32>,
}

/// How a span restates the calls inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is one of them, told again.
    Same,
    /// It is their sum.
    Sum,
    /// It counts otherwise.
    Otherwise,
}

/// A call that is told better by another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Restating {
    /// The call that goes.
    pub dropped: u32,
    /// The call that stands for it.
    pub kept: u32,
    /// What it was.
    pub how: How,
}

/// The spans of all traces.
#[derive(Debug, Default)]
pub struct Tree {
    parents: FxHashMap<SpanId, SpanId>,
    // Sorted by span; one entry per call and span.
    calls: Vec<(SpanId, u32)>,
}

impl Tree {
    /// The tree of these spans; `kept` says which call stands for a call.
    #[must_use]
    pub fn new(spans: Vec<Place>, kept: impl Fn(u32) -> u32) -> Self {
        let mut tree = Self::default();
        // Where nothing hangs below anything, a span may still be told twice.
        let has_depth = spans.iter().any(|place| place.call.is_some() && place.parent.is_some());
        for place in spans {
            if let Some(call) = place.call {
                tree.calls.push((place.id, call));
            }
            if let Some(parent) = place.parent.filter(|_| has_depth) {
                // Two records of a span that disagree: the lesser, whatever came first.
                let known = tree.parents.entry(place.id).or_insert(parent);
                *known = parent.min(*known);
            }
        }
        tree.follow(kept);
        tree
    }

    /// Puts the calls that stay in the place of those that went.
    pub fn follow(&mut self, kept: impl Fn(u32) -> u32) {
        for (_, call) in &mut self.calls {
            *call = kept(*call);
        }
        self.calls.sort_unstable();
        self.calls.dedup();
    }

    /// Groups of calls that are records of one span.
    #[must_use]
    pub fn told_twice(&self) -> Vec<Vec<u32>> {
        let groups = self.calls.chunk_by(|left, right| left.0 == right.0);
        groups
            .filter(|group| group.len() > 1)
            .map(|group| group.iter().map(|(_, call)| *call).collect())
            .collect()
    }

    /// Calls that restate the calls inside them, and calls without counts inside
    /// one that counted; ordered by their index.
    #[must_use]
    pub fn restating(&self, packed: &[Packed]) -> Vec<Restating> {
        // By span below a call: indices depend on the order of files.
        let mut pairs: Vec<(u32, SpanId, u32)> = self
            .calls
            .iter()
            .filter_map(|(span, call)| Some((self.call_around(*span, *call)?, *span, *call)))
            .collect();
        pairs.sort_unstable();
        // A call with several spans is inside another one once.
        let mut known = FxHashSet::default();
        pairs.retain(|(outer, _, inner)| known.insert((*outer, *inner)));
        let mut found = Vec::new();
        for group in pairs.chunk_by(|left, right| left.0 == right.0) {
            let Some((outer, ..)) = group.first() else { continue };
            let inner: Vec<u32> = group.iter().map(|(.., call)| *call).collect();
            judge(*outer, &inner, packed, &mut found);
        }
        // A call goes once, by its surest reason.
        found.sort_unstable_by_key(|restating: &Restating| (restating.dropped, restating.how));
        found.dedup_by_key(|restating| restating.dropped);
        without_circles(&found)
    }

    /// The nearest call whose span is around that of a call.
    fn call_around(&self, span: SpanId, call: u32) -> Option<u32> {
        let mut at = span;
        for _ in 0..DEEPEST {
            at = *self.parents.get(&at)?;
            let first = self.calls.partition_point(|(known, _)| *known < at);
            match self.calls.get(first) {
                Some((known, around)) if *known == at && *around != call => return Some(*around),
                _ => {}
            }
        }
        None
    }
}

/// Leaves out what would make two calls stand for each other: spans that are
/// their own ancestors exist in broken logs.
fn without_circles(found: &[Restating]) -> Vec<Restating> {
    let kept_of: FxHashMap<u32, u32> =
        found.iter().map(|restating| (restating.dropped, restating.kept)).collect();
    // Whether the chain of each call ends; `false` while it is being walked.
    let mut ends: FxHashMap<u32, bool> = FxHashMap::default();
    for Restating { dropped, .. } in found {
        let (mut walked, mut at) = (Vec::new(), *dropped);
        let is_end = loop {
            if let Some(known) = ends.get(&at) {
                break *known;
            }
            let Some(next) = kept_of.get(&at) else { break true };
            ends.insert(at, false);
            walked.push(at);
            at = *next;
        };
        ends.extend(walked.into_iter().map(|call| (call, is_end)));
    }
    found.iter().filter(|restating| ends.get(&restating.dropped) == Some(&true)).copied().collect()
}

/// Says what goes of a call and the calls right inside it.
fn judge(outer: u32, inner: &[u32], packed: &[Packed], found: &mut Vec<Restating>) {
    let usage = |call: u32| packed[call as usize].call.usage.get();
    let (whole, counted): (Usage, Vec<u32>) =
        (usage(outer), inner.iter().copied().filter(|call| usage(*call).is_reported()).collect());
    if whole.is_reported() {
        // Inside a counted call, one that counted nothing and did not fail is
        // the same one, seen by an instrumentation that keeps no counts.
        let silent = inner.iter().copied().filter(|call| {
            !usage(*call).is_reported()
                && packed[*call as usize].call.status == Status::Success
                && counted.is_empty()
        });
        found.extend(silent.map(|call| Restating { dropped: call, kept: outer, how: How::Same }));
    }
    // The largest stands for the whole where none is equal to it.
    let total = |call: &u32| numbers(&usage(*call));
    let Some(largest) = counted.iter().copied().max_by_key(total) else { return };
    let same = counted.iter().copied().find(|call| numbers(&usage(*call)) == numbers(&whole));
    let sum = counted.iter().fold((Tokens::ZERO, Tokens::ZERO), |sum, call| {
        let (input, output) = numbers(&usage(*call));
        (sum.0 + input, sum.1 + output)
    });
    let (kept, how) = if let Some(same) = same {
        (same, How::Same)
    } else if !whole.is_reported() {
        (largest, if counted.len() == 1 { How::Same } else { How::Sum })
    } else if sum == numbers(&whole) {
        (largest, How::Sum)
    } else if counted.iter().all(|call| is_other_model(outer, *call, packed)) {
        // A call of its own, in which calls of other models were made.
        return;
    } else {
        (largest, How::Otherwise)
    };
    found.push(Restating { dropped: outer, kept, how });
}

fn numbers(usage: &Usage) -> (Tokens, Tokens) {
    (usage.input.unwrap_or_default(), usage.output.unwrap_or_default())
}

/// Whether both name their model, and not the same.
fn is_other_model(outer: u32, inner: u32, packed: &[Packed]) -> bool {
    let model = |call: u32| packed[call as usize].call.model;
    matches!((model(outer), model(inner)), (Some(outer), Some(inner)) if outer != inner)
}

#[cfg(test)]
mod tests {
    use super::{How, Place, Restating, SpanId, Tree};
    use crate::ingest::batch::{Batch, Draft, Packed};
    use crate::record::usage::Usage;
    use crate::units::Tokens;

    fn id(name: &str) -> Option<SpanId> {
        SpanId::new(Some("t"), Some(name))
    }

    /// Calls of these input counts, each at its span below another one.
    fn world(spans: &[(&str, &str, u64)]) -> (Vec<Place>, Vec<Packed>) {
        let mut batch = Batch::default();
        for (name, parent, input) in spans {
            let usage = Usage { input: Some(Tokens::new(*input)), ..Usage::default() };
            let draft = Draft {
                usage: if *input > 0 { usage } else { Usage::default() },
                ..Draft::default()
            };
            let call = batch.push(draft).expect("a small count");
            batch.push_span(id(name), id(parent), Some(call));
        }
        (batch.spans, batch.calls)
    }

    fn restating(spans: &[(&str, &str, u64)]) -> Vec<(u32, u32, How)> {
        let (places, packed) = world(spans);
        let found = Tree::new(places, |call| call).restating(&packed);
        found.iter().map(|Restating { dropped, kept, how }| (*dropped, *kept, *how)).collect()
    }

    #[test]
    fn a_chain_of_tellings_ends_at_the_innermost() {
        let chain = [("a", "-", 5), ("b", "a", 5), ("c", "b", 5)];
        assert_eq!(restating(&chain), [(0, 1, How::Same), (1, 2, How::Same)]);
    }

    #[test]
    fn a_sum_and_a_call_without_counts() {
        assert_eq!(restating(&[("a", "-", 9), ("b", "a", 5), ("c", "a", 4)]), [(0, 1, How::Sum)]);
        assert_eq!(restating(&[("a", "-", 9), ("b", "a", 0)]), [(1, 0, How::Same)]);
        assert_eq!(restating(&[("a", "-", 0), ("b", "a", 4)]), [(0, 1, How::Same)]);
        assert_eq!(restating(&[("a", "-", 9), ("b", "-", 9)]), []);
    }

    #[test]
    fn spans_around_themselves_drop_nothing_whole() {
        assert_eq!(restating(&[("a", "a", 5)]), []);
        // One of the two may go, never both.
        assert!(restating(&[("a", "b", 5), ("b", "a", 5)]).len() < 2);
        let circle = [("a", "c", 5), ("b", "a", 5), ("c", "b", 5)];
        assert!(restating(&circle).len() < 3);
    }
}
