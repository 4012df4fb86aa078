//! What every call asks for, as far as repeats go: which requests count as
//! equal, which texts may be compared, whose answers may serve.

use std::num::FpCategory;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::record::call::{Finish, Operation, Status};
use crate::record::prompt::{BlockId, Words};
use crate::record::symbol::Symbol;
use crate::techniques::technique::View;
use crate::techniques::traffic::{
    CallIndex, FamilyIndex, GroupIndex, ModelIndex, StretchId, Traffic, mix,
};

/// How it is known that a request may be answered by an earlier answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeatable {
    /// The request or the user says so.
    Stated,
    /// The request names no temperature.
    Unstated,
}

/// Why a call takes no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Barred {
    /// Its whole request was not logged.
    NoText,
    /// It asks for a different answer every time.
    NotDeterministic,
    /// Its feature is personal and it names no user.
    NoUser,
}

/// A call as the store sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'t> {
    /// Equal for equal requests of one scope.
    pub(super) request: u32,
    pub(super) repeatable: Repeatable,
    pub(super) text: Option<Text<'t>>,
}

/// The last user turn of a call, where it may be compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'t> {
    /// Equal where everything but the text is.
    pub(super) context: u32,
    pub(super) group: GroupIndex,
    pub(super) words: &'t [u32],
    /// Its tokens.
    pub(super) tokens: u32,
}

/// When a call's answer may serve; `None`: never.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) asked: i64,
    pub(super) ready: i64,
    /// Whether it also serves texts that are only similar.
    pub(super) is_text: bool,
}

/// All calls as the store sees them.
#[derive(Debug, Default)]
pub(super) struct Calls<'t> {
    pub(super) asked: Vec<Result<Asked<'t>, Barred>>,
    pub(super) answered: Vec<Option<Answered>>,
    /// When each call was made, in microseconds.
    pub(super) times: Vec<i64>,
    /// Calls whose text is a template with little of its own.
    pub(super) templates: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Scope {
    family: FamilyIndex,
    model: ModelIndex,
    workspace: Option<Symbol>,
    user: Option<Symbol>,
}

#[derive(PartialEq, Eq, Hash)]
struct Context {
    scope: Scope,
    group: GroupIndex,
    before: StretchId,
    behind: u64,
    parameters: u64,
    numbers: u64,
}

/// Without a logged delay an answer takes this many microseconds.
const SECOND: i64 = 1_000_000;

impl<'t> Calls<'t> {
    /// Looks over all calls. Texts with other numbers are told apart where
    /// `by_numbers`.
    pub(super) fn of(view: &View<'t>, by_numbers: bool) -> Self {
        let traffic = view.traffic;
        let templates = Templates::of(traffic);
        let mut requests: FxHashMap<(Scope, u128), u32> = FxHashMap::default();
        let mut contexts: FxHashMap<Context, u32> = FxHashMap::default();
        let mut found = Self::default();
        for (index, call) in traffic.indexed() {
            found.answered.push(answered(traffic, index));
            found.times.push(call.time);
            let asked = repeatable(view, index).and_then(|repeatable| {
                let scope = scope(view, index)?;
                let recorded = traffic.recorded(index);
                let hash = recorded.map_or(0, |prompt| prompt.request_hash);
                let parameters = recorded.map_or(0, |prompt| prompt.parameters_hash);
                let text = compared(traffic, index).and_then(|(block, words, tokens)| {
                    if templates.fills(call.group, words) {
                        found.templates += 1;
                        return None;
                    }
                    let (before, behind) = around(traffic, call.end, block)?;
                    let numbers = if by_numbers { words.with_digits } else { 0 };
                    let context =
                        Context { scope, group: call.group, before, behind, parameters, numbers };
                    let context = numbered(&mut contexts, context);
                    Some(Text { context, group: call.group, words: &words.distinct, tokens })
                });
                Ok(Asked { request: numbered(&mut requests, (scope, hash)), repeatable, text })
            });
            found.asked.push(asked);
        }
        found
    }
}

fn numbered<K: std::hash::Hash + Eq>(numbers: &mut FxHashMap<K, u32>, key: K) -> u32 {
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    *numbers.entry(key).or_insert(next)
}

fn repeatable(view: &View<'_>, index: CallIndex) -> Result<Repeatable, Barred> {
    let traffic = view.traffic;
    let record = traffic.record(index);
    let is_whole = traffic.recorded(index).is_some_and(|prompt| prompt.unmeasured_parts == 0)
        && !record.flags.hidden_head
        && !record.flags.hidden_history;
    if !is_whole || !traffic.has_text(index) {
        return Err(Barred::NoText);
    }
    let feature = traffic.feature_name(traffic.call(index).group);
    let is_declared = feature.is_some_and(|name| view.features.cacheable.contains(name));
    if is_declared || record.operation == Operation::Embeddings {
        return Ok(Repeatable::Stated);
    }
    match record.request.temperature.map(f32::classify) {
        Some(FpCategory::Zero) => Ok(Repeatable::Stated),
        None => Ok(Repeatable::Unstated),
        Some(_) => Err(Barred::NotDeterministic),
    }
}

fn scope(view: &View<'_>, index: CallIndex) -> Result<Scope, Barred> {
    let traffic = view.traffic;
    let call = traffic.call(index);
    let feature = traffic.feature_name(call.group);
    let is_personal = feature.is_some_and(|name| view.features.personal.contains(name));
    let user = traffic.record(index).user.filter(|_| is_personal);
    if is_personal && user.is_none() {
        return Err(Barred::NoUser);
    }
    let workspace = traffic.places[call.place.0 as usize].workspace;
    Ok(Scope { family: call.family, model: call.model, workspace, user })
}

fn answered(traffic: &Traffic<'_>, index: CallIndex) -> Option<Answered> {
    let record = traffic.record(index);
    let ended = matches!(record.finish, Finish::Unknown | Finish::Stop | Finish::ToolCalls);
    if record.status != Status::Success || !ended {
        return None;
    }
    let logged = record.latency_milliseconds.get().or(record.first_token_milliseconds.get());
    let delay = logged.map_or(SECOND, |milliseconds| {
        i64::try_from(milliseconds).unwrap_or(i64::MAX).saturating_mul(1_000)
    });
    let asked = traffic.call(index).time;
    let is_text = record.finish != Finish::ToolCalls && record.operation == Operation::Chat;
    Some(Answered { asked, ready: asked.saturating_add(delay), is_text })
}

/// The text of a call that may be compared: what it does must not depend on
/// tools.
fn compared<'t>(traffic: &Traffic<'t>, index: CallIndex) -> Option<(BlockId, &'t Words, u32)> {
    let record = traffic.record(index);
    if record.request.has_tools == Some(true)
        || record.finish == Finish::ToolCalls
        || record.operation != Operation::Chat
    {
        return None;
    }
    let id = traffic.recorded(index)?.last_user?;
    let block = traffic.ledger.log.block(Some(id))?;
    let words = block.words.as_deref().filter(|words| !words.distinct.is_empty())?;
    Some((id, words, block.tokens))
}

/// The prompt around a text: where what stands before it ends, and a hash of
/// what stands behind it.
fn around(traffic: &Traffic<'_>, end: StretchId, text: BlockId) -> Option<(StretchId, u64)> {
    let tree = &traffic.tree;
    let mut behind = 0;
    let mut upwards = tree.upwards(end).skip_while(|id| {
        let stretch = tree.stretch(*id);
        let is_text = stretch.block == Some(text);
        if !is_text {
            behind = mix(behind, stretch.identity);
        }
        !is_text
    });
    let mut first = upwards.next()?;
    // A text that opens like another one shares its first stretches.
    for id in upwards {
        if tree.stretch(id).ends_block {
            break;
        }
        first = id;
    }
    Some((tree.stretch(first).parent, behind))
}

/// Words that most texts of a group have in common.
struct Templates {
    groups: FxHashMap<GroupIndex, (u64, FxHashMap<u32, u64>)>,
}

/// Fewer different texts show no template.
const FEWEST_TEXTS: u64 = 10;

impl Templates {
    fn of(traffic: &Traffic<'_>) -> Self {
        let mut groups: FxHashMap<GroupIndex, (u64, FxHashMap<u32, u64>)> = FxHashMap::default();
        let mut seen = FxHashSet::default();
        for (index, call) in traffic.indexed() {
            let Some((block, words, _)) = compared(traffic, index) else { continue };
            if seen.insert((call.group, block)) {
                let (texts, counts) = groups.entry(call.group).or_default();
                *texts += 1;
                for word in &words.distinct {
                    *counts.entry(*word).or_default() += 1;
                }
            }
        }
        Self { groups }
    }

    /// Whether less than a fifth of a text is its own: such texts look alike
    /// whatever they ask.
    fn fills(&self, group: GroupIndex, words: &Words) -> bool {
        let Some((texts, counts)) = self.groups.get(&group) else { return false };
        let is_shared = |word: &&u32| counts.get(*word).is_some_and(|count| count * 5 >= texts * 4);
        let shared = words.distinct.iter().filter(is_shared).count();
        *texts >= FEWEST_TEXTS && (words.distinct.len() - shared) * 5 < words.distinct.len()
    }
}
