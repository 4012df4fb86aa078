//! Why no cache policy pays on a unit: read off replays of its logged requests.

use crate::techniques::traffic::{CallIndex, StretchId, Traffic, Unit};
use crate::units::{NanoUsd, Tokens};

use super::engine::Engine;
use super::logged::Logged;
use super::reasons::Skip;
use super::replay::policy::{Lifetime, Policy, Rules};
use super::replay::replay;
use super::replay::stream::Stream;

/// What replays of a unit's requests to explicit providers show.
#[derive(Default)]
struct Shown {
    model: String,
    minimum: u64,
    /// The longest prompt.
    longest: u64,
    /// The longest opening that an earlier prompt shares, whatever its length.
    shared: u64,
    /// Reads if nothing expired or took time, with the model's minimum.
    ever: u64,
    /// Reads under the longest lifetime that is sold.
    in_time: u64,
}

/// The reason why caching saves a unit nothing; `None` where nothing can be
/// said beyond the amounts.
pub(super) fn reason(engine: &Engine<'_>, unit: &Unit) -> Option<Skip> {
    if let Some(skip) = unseen(engine, unit) {
        return Some(skip);
    }
    let shown = Shown::of(engine, unit)?;
    let tokens = |count: u64| Tokens::new(count).to_string();
    let (code, message) = if shown.longest < shown.minimum {
        (
            "BELOW_MIN_PREFIX",
            format!(
                "the longest prompt has {} tokens, and {} caches nothing below {}",
                tokens(shown.longest),
                shown.model,
                tokens(shown.minimum)
            ),
        )
    } else if shown.shared == 0 {
        ("UNSTABLE_PREFIX", "no two prompts open with the same block".to_owned())
    } else if shown.ever == 0 {
        (
            "BELOW_MIN_PREFIX",
            format!(
                "prompts share at most their first {} tokens, and {} caches nothing below {}",
                tokens(shown.shared),
                shown.model,
                tokens(shown.minimum)
            ),
        )
    } else if shown.in_time == 0 {
        (
            "NO_REUSE_WITHIN_TTL",
            "prompts that open alike come too far apart for the longest lifetime, or before the \
             first answer has begun"
                .to_owned(),
        )
    } else {
        return None;
    };
    Some(Skip { code, message, amount: None, alone: Some(NanoUsd::ZERO), unknown: false })
}

/// Whether the log shows of some call of a unit what its prompt opens with.
pub(super) fn is_seen(traffic: &Traffic<'_>, unit: &Unit) -> bool {
    calls_of(traffic, unit).any(|call| traffic.call(call).end != StretchId::ROOT)
}

fn calls_of<'t>(traffic: &'t Traffic<'_>, unit: &Unit) -> impl Iterator<Item = CallIndex> + 't {
    let families: Vec<_> = unit.families.clone();
    families.into_iter().flat_map(|family| &traffic.families[family.0 as usize]).copied()
}

/// What keeps the openings of a unit's prompts out of sight, if all of them are:
/// that none repeats would be no finding then.
fn unseen(engine: &Engine<'_>, unit: &Unit) -> Option<Skip> {
    let traffic = engine.traffic;
    if is_seen(traffic, unit) {
        return None;
    }
    let mut calls = calls_of(traffic, unit);
    let has_sessions = calls.any(|call| traffic.record(call).conversation.is_some());
    let (code, message) = if has_sessions {
        (
            "NEEDS_TEXT",
            "the log shows no texts of prompts, and no two calls of one conversation; log \
             `messages` to see what prompts open with",
        )
    } else {
        (
            "NEEDS_SESSION",
            "the log shows neither texts of prompts nor which calls are of one conversation; log \
             a session id, or `messages`",
        )
    };
    let message = message.to_owned();
    Some(Skip { code, message, amount: None, alone: None, unknown: true })
}

impl Shown {
    fn of(engine: &Engine<'_>, unit: &Unit) -> Option<Self> {
        let (caching, traffic) = (engine.caching, engine.traffic);
        let mut shown: Option<Self> = None;
        for family in &unit.families {
            let logged = Logged::of(traffic, *family, |call| caching.delay(call));
            // What comes at one instant opens alike too, though nothing can be
            // read yet.
            let at_once = Logged::of(traffic, *family, |_| 0);
            for (((model, _), stream), at_once) in
                logged.streams.iter().zip(at_once.streams.values())
            {
                if !traffic.models.is_explicit(*model) {
                    continue;
                }
                let rules = caching.rules(*model);
                let candidates = caching.candidates(*model, stream.is_blocks);
                let longest = candidates.iter().filter_map(|policy| policy.lifetime()).max();
                let reads = |stream: &Stream, lifetime: Lifetime, rules: Rules| {
                    let policy = Policy::Automatic(lifetime);
                    let splits = replay(stream, policy, rules, logged.nodes);
                    splits.into_iter().map(|split| u64::from(split.read)).max().unwrap_or(0)
                };
                let sums = shown.get_or_insert_default();
                traffic.models.get(*model).model().id().clone_into(&mut sums.model);
                sums.minimum = sums.minimum.max(rules.minimum);
                let total = stream.requests.iter().map(|request| u64::from(request.total)).max();
                sums.longest = sums.longest.max(total.unwrap_or(0));
                let any_length = Rules { minimum: 0, ..rules };
                sums.shared = sums.shared.max(reads(at_once, Lifetime::Infinite, any_length));
                sums.ever = sums.ever.max(reads(at_once, Lifetime::Infinite, rules));
                let in_time = longest.map_or(0, |lifetime| reads(stream, lifetime, rules));
                sums.in_time = sums.in_time.max(in_time);
            }
        }
        shown
    }
}
