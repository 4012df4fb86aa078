//! How many calls nearly repeat an earlier one, by how alike is alike enough.

use crate::techniques::parameter::Value;
use crate::techniques::technique::View;
use crate::techniques::traffic::CallIndex;

use super::asked::Calls;
use super::lifetime;
use super::store::{self, Outcome, Rules};

/// A threshold and what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The least Jaccard index of two texts.
    pub threshold: Value,
    /// Calls whose text was looked up.
    pub looked_up: u64,
    /// Calls that an earlier answer would serve.
    pub hits: u64,
}

/// Whether texts with other numbers may be similar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// All words with digits must be the same.
    MustMatch,
    /// They are words like others.
    MayDiffer,
}

/// The calls that nearly repeat an earlier one, each with the call whose answer
/// would serve it. Equal requests count as similar texts here.
#[must_use]
pub fn near_repeats(
    view: &View<'_>,
    threshold: Value,
    numbers: Numbers,
) -> Vec<(CallIndex, CallIndex)> {
    let calls = Calls::of(view, numbers == Numbers::MustMatch);
    of(view, &calls, threshold)
}

/// The number of near repeats at each threshold.
#[must_use]
pub fn curve(view: &View<'_>, thresholds: &[Value]) -> Vec<Point> {
    let calls = Calls::of(view, true);
    let asked = calls.asked.iter().flatten();
    let looked_up = asked.filter(|asked| asked.text.is_some()).count() as u64;
    let point = |threshold: &Value| Point {
        threshold: *threshold,
        looked_up,
        hits: of(view, &calls, *threshold).len() as u64,
    };
    thresholds.iter().map(point).collect()
}

fn of(view: &View<'_>, calls: &Calls<'_>, threshold: Value) -> Vec<(CallIndex, CallIndex)> {
    let everywhere = vec![true; view.traffic.groups.len()];
    let rules = Rules {
        stated: false,
        unstated: false,
        lifetime: lifetime(view),
        threshold,
        near: &everywhere,
    };
    let outcomes = (0..).map(CallIndex).zip(store::replay(calls, rules));
    outcomes
        .filter_map(|(index, outcome)| match outcome {
            Outcome::Near(source) => Some((index, source)),
            Outcome::Asked | Outcome::Exact(_) => None,
        })
        .collect()
}
