//! Where prompts that should repeat stop repeating, and what kind of thing
//! changes there.
//!
//! A prompt breaks where it leaves what the call before it of the same feature
//! and model sent, inside the part that every call sends; and where it rewrites
//! what its own conversation has sent. Texts are never shown: a break is placed
//! and classified.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::prices::LaneQuery;
use crate::record::component::Component;
use crate::record::prompt::{Block, Volatile};
use crate::techniques::traffic::{CallIndex, GroupIndex, Prompt, Segment, Traffic};
use crate::units::{NanoUsd, Share, Tokens, Usd};

use super::caching::Caching;

/// Breaks of one kind at one part of a feature's prompts.
#[derive(Clone, Debug)]
pub struct Break {
    /// The feature; `None` where the log names none.
    pub feature: Option<String>,
    /// The part of the prompt in which the first differing block stands.
    pub component: Component,
    /// What changes there.
    pub kind: Kind,
    /// Calls that break there.
    pub calls: u64,
    /// Their part of all calls with prompts.
    pub share: Option<Share>,
    /// What the part behind the break costs as new input.
    pub cost: NanoUsd,
    /// Tokens before the break, in the middle one of the calls.
    pub position: u64,
    /// Ids of the first few calls.
    pub examples: Vec<String>,
}

/// What kind of thing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A date or a time of day.
    Time,
    /// A UUID or another random id.
    Identifier,
    /// Digits in an otherwise equal text.
    Counter,
    /// The same tools in another order.
    ReorderedTools,
    /// Earlier turns are sent in another form.
    RewrittenHistory,
    /// Anything else.
    Other,
}

impl Kind {
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Identifier => "id",
            Self::Counter => "counter",
            Self::ReorderedTools => "reordered_tools",
            Self::RewrittenHistory => "rewritten_history",
            Self::Other => "other",
        }
    }
}

const EXAMPLES: usize = 3;

#[derive(Default)]
struct Sum {
    calls: u64,
    cost: Usd,
    positions: Vec<u64>,
    examples: Vec<String>,
}

/// Every kind of break, dearest first.
pub(super) fn of(traffic: &Traffic<'_>, caching: &Caching<'_>) -> Vec<Break> {
    let mut sums: BTreeMap<(GroupIndex, Component, Kind), Sum> = BTreeMap::new();
    let mut by_group: FxHashMap<GroupIndex, Prompt> = FxHashMap::default();
    let mut by_conversation: FxHashMap<u32, Prompt> = FxHashMap::default();
    let mut with_prompts = 0_u64;
    for (index, call) in traffic.indexed() {
        if !traffic.has_text(index) || traffic.is_blocks(index) {
            continue;
        }
        with_prompts += 1;
        let mut prompt = Prompt::new();
        traffic.prompt(index, &mut prompt);
        let long = traffic.conversation_length(index) > 1;
        let before = by_conversation.get(&call.conversation).filter(|_| long);
        let found = match before {
            Some(before) => rewritten(before, &prompt),
            None => by_group.get(&call.group).and_then(|before| broken(traffic, before, &prompt)),
        };
        if let Some((at, kind)) = found {
            let sum = sums.entry((call.group, prompt[at].component, kind)).or_default();
            let tokens = |segments: &[Segment]| -> u64 {
                segments.iter().map(|segment| u64::from(segment.tokens)).sum()
            };
            sum.calls += 1;
            sum.cost += input_cost(traffic, caching, index, tokens(&prompt[at..]));
            sum.positions.push(tokens(&prompt[..at]));
            if sum.examples.len() < EXAMPLES {
                let id = traffic.ledger.log.strings.text_of(traffic.record(index).request_id);
                sum.examples.extend(id.map(str::to_owned));
            }
        }
        by_group.insert(call.group, prompt.clone());
        if long {
            by_conversation.insert(call.conversation, prompt);
        }
    }
    let mut rows: Vec<(GroupIndex, Break)> = sums
        .into_iter()
        .map(|((group, component, kind), mut sum)| {
            sum.positions.sort_unstable();
            let row = Break {
                feature: traffic.feature_name(group).map(str::to_owned),
                component,
                kind,
                calls: sum.calls,
                share: Share::of_counts(sum.calls, with_prompts.max(1)),
                cost: sum.cost.to_nano(),
                position: sum.positions[(sum.positions.len() - 1) / 2],
                examples: sum.examples,
            };
            (group, row)
        })
        .collect();
    rows.sort_by_key(|(group, row)| (std::cmp::Reverse(row.cost), *group, row.component, row.kind));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Where a prompt leaves the head that the call before it sent.
fn broken(traffic: &Traffic<'_>, before: &[Segment], prompt: &[Segment]) -> Option<(usize, Kind)> {
    let at = common(before, prompt);
    let here = prompt.get(at).filter(|segment| segment.is_head())?;
    let there = before.get(at).filter(|segment| segment.is_head())?;
    let kind = if here.component == Component::ToolDefinitions && same_tools(before, prompt) {
        Kind::ReorderedTools
    } else {
        kind_of(block(traffic, here), block(traffic, there))
    };
    Some((at, kind))
}

/// Where a prompt rewrites what its conversation sent before.
fn rewritten(before: &[Segment], prompt: &[Segment]) -> Option<(usize, Kind)> {
    let at = common(before, prompt);
    let carried = prompt.get(at)?.component == Component::History;
    (carried && at < before.len()).then_some((at, Kind::RewrittenHistory))
}

fn common(left: &[Segment], right: &[Segment]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left.identity == right.identity).count()
}

fn same_tools(left: &[Segment], right: &[Segment]) -> bool {
    let tools = |prompt: &[Segment]| {
        let tools = prompt.iter().filter(|part| part.component == Component::ToolDefinitions);
        let mut tools: Vec<u64> = tools.map(|part| part.identity).collect();
        tools.sort_unstable();
        tools
    };
    tools(left) == tools(right)
}

fn block<'t>(traffic: &Traffic<'t>, segment: &Segment) -> Option<&'t Block> {
    let stretch = traffic.tree.stretch(segment.stretch?);
    traffic.ledger.log.block(stretch.block)
}

fn kind_of(here: Option<&Block>, there: Option<&Block>) -> Kind {
    let (Some(here), Some(there)) = (here, there) else { return Kind::Other };
    let both = here.volatile & there.volatile;
    if both & Volatile::Time as u8 != 0 {
        Kind::Time
    } else if both & Volatile::Identifier as u8 != 0 {
        Kind::Identifier
    } else if here.opening != 0
        && here.opening == there.opening
        && here.characters.abs_diff(there.characters) < 8
    {
        Kind::Counter
    } else {
        Kind::Other
    }
}

fn input_cost(traffic: &Traffic<'_>, caching: &Caching<'_>, index: CallIndex, tokens: u64) -> Usd {
    let model = caching.stream_model(traffic.call(index).model);
    let lane =
        LaneQuery { tier: traffic.record(index).tier, region: None, at: traffic.date(index) };
    let total = Tokens::new(traffic.input(index));
    traffic.models.get(model).rates(&lane, total).rates.input * Tokens::new(tokens)
}
