//! How requests that were sent are served and what they cost: the cache is
//! replayed, then everything is priced.

use crate::prices::{LaneQuery, MediaTokens, PriceQuery, Tool};
use crate::record::usage::{CacheWrites, Usage};
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::Value;
use crate::techniques::traffic::{CallIndex, ModelIndex};
use crate::units::{Timestamp, Tokens, Usd};

use super::super::replay::policy::{Lifetime, Policy};
use super::super::replay::{Split, replay};
use super::{Detail, Engine, Lane, Outcome, Pending, Sent, StreamChoice};

/// How a request was served.
#[derive(Clone, Copy)]
enum Served {
    /// As the replay says, under a policy.
    Replayed(Split, Policy),
    /// As the log says: entries older than the log may have served it.
    Billed,
}

impl Engine<'_> {
    /// Replays and prices what was sent.
    pub(super) fn settle(
        &self,
        sent: &Sent,
        choosing: bool,
        mut detail: Option<&mut Detail>,
    ) -> Outcome {
        let mut replayed = Usd::ZERO;
        for ((model, _, _), lane) in &sent.lanes {
            let served = if lane.moved {
                self.batched(lane, choosing)
            } else if choosing && self.may_choose(lane) {
                self.chosen(sent, *model, lane, detail.as_deref_mut())
            } else {
                let current = self.caching.current(sent.family, *model);
                let splits = replay(&lane.stream, current, self.caching.rules(*model), sent.nodes);
                self.warm(lane, splits, current)
            };
            for (pending, served) in lane.pending.iter().zip(served) {
                let cost = match served {
                    Served::Replayed(split, policy) => self.price(pending, split, policy),
                    Served::Billed => self.traffic.call(pending.call).bill,
                };
                replayed += cost;
                if let Some(detail) = &mut detail {
                    detail.add(self.traffic, pending.call, cost);
                }
            }
        }
        Outcome { replayed, fees: sent.fees, detail: None }
    }

    /// Whether prompt caching has a say in a lane.
    pub(super) fn may_choose(&self, lane: &Lane) -> bool {
        self.rewriter(TechniqueId::PromptCaching).is_some_and(|rewriter| {
            lane.pending.iter().any(|pending| rewriter.touches(pending.call))
        })
    }

    /// How a lane is served under the policy that is cheapest at first.
    fn chosen(
        &self,
        sent: &Sent,
        model: ModelIndex,
        lane: &Lane,
        detail: Option<&mut Detail>,
    ) -> Vec<Served> {
        let current = self.caching.current(sent.family, model);
        let rules = self.caching.rules(model);
        let run = |policy| replay(&lane.stream, policy, rules, sent.nodes);
        let splits = run(current);
        let until = choice_end(lane);
        let costs = |splits: &[Split], policy| {
            let (mut chosen_on, mut held_out) = (Usd::ZERO, Usd::ZERO);
            for (pending, split) in lane.pending.iter().zip(splits) {
                let cost = self.price(pending, *split, policy);
                let early = self.traffic.call(pending.call).time <= until;
                *(if early { &mut chosen_on } else { &mut held_out }) += cost;
            }
            (chosen_on, held_out)
        };
        let current_costs = costs(&splits, current);
        let mut best = (current_costs, current, splits);
        for policy in self.caching.candidates(model, lane.stream.is_blocks) {
            if policy == current {
                continue;
            }
            let splits = run(policy);
            let found = costs(&splits, policy);
            // On a tie the current policy stays, then the one named first.
            if found.0 < best.0.0 {
                best = (found, policy, splits);
            }
        }
        let (best_costs, chosen, splits) = best;
        if let (Some(detail), Some(first)) = (detail, lane.pending.first()) {
            detail.streams.push(StreamChoice {
                group: self.traffic.call(first.call).group,
                model,
                current,
                chosen,
                cost: best_costs.0 + best_costs.1,
                current_cost: current_costs.0 + current_costs.1,
                held_out: best_costs.1,
                held_out_current: current_costs.1,
            });
        }
        if chosen == current {
            return self.warm(lane, splits, current);
        }
        splits.into_iter().map(|split| Served::Replayed(split, chosen)).collect()
    }

    /// As replayed, but calls so close to the log's start that older entries may
    /// have served them are as billed.
    fn warm(&self, lane: &Lane, splits: Vec<Split>, current: Policy) -> Vec<Served> {
        let until = self.caching.warm_until(current);
        let served = lane.pending.iter().zip(splits).map(|(pending, split)| {
            let is_warm = pending.unchanged
                && until.is_some_and(|until| self.traffic.call(pending.call).time <= until)
                && self.traffic.usage(pending.call).has_cache_split();
            if is_warm { Served::Billed } else { Served::Replayed(split, current) }
        });
        served.collect()
    }

    /// Calls that moved to the batch lane meet no entry of the live one.
    fn batched(&self, lane: &Lane, cached: bool) -> Vec<Served> {
        let served = lane.pending.iter().map(|pending| {
            let long_enough = pending.head >= self.caching.rules(pending.model).minimum;
            let share = u128::try_from(self.batch_hits.millionths()).unwrap_or(0);
            let read = u128::from(pending.head) * share / 1_000_000;
            let read = if cached && long_enough { read } else { 0 };
            let read = u32::try_from(read).unwrap_or(u32::MAX);
            Served::Replayed(Split { read, ..Split::default() }, Policy::None)
        });
        served.collect()
    }

    /// What a request costs as it was served.
    fn price(&self, pending: &Pending, split: Split, policy: Policy) -> Usd {
        let record = self.traffic.record(pending.call);
        let logged = record.usage.get();
        let usage = Usage {
            input: logged.input.map(|_| Tokens::new(pending.total)),
            cache_read: Some(Tokens::new(u64::from(split.read))),
            cache_write: Some(writes(split, policy)),
            output: logged.output.map(|_| Tokens::new(pending.output)),
            reasoning: logged.reasoning.map(|_| Tokens::new(pending.reasoning)),
            audio_input: None,
            audio_output: None,
        };
        let tools = [(Tool::WebSearch, u64::from(record.tool_requests))];
        let query = PriceQuery {
            usage: &usage,
            lane: LaneQuery {
                tier: pending.tier,
                region: self.traffic.ledger.log.strings.text_of(record.region),
                at: self.completed(pending.call),
            },
            media: MediaTokens::default(),
            tools: if record.tool_requests > 0 { &tools } else { &[] },
        };
        let cost = self.traffic.models.get(pending.model).price(&query).total();
        if pending.repeats == Value::ZERO {
            return cost;
        }
        let repeats = i128::from(pending.repeats.millionths());
        cost + Usd::from_femto(crate::units::divide_half_even(
            cost.femto().saturating_mul(repeats),
            Value::MILLION.into(),
        ))
    }

    /// Price schedules go by the time of completion.
    fn completed(&self, index: CallIndex) -> Option<Timestamp> {
        let latency = self.traffic.record(index).latency_milliseconds.get().unwrap_or(0);
        let micros = i64::try_from(latency).unwrap_or(0).saturating_mul(1_000);
        let at = self.traffic.date(index)?;
        Some(Timestamp::from_micros(at.micros().saturating_add(micros)))
    }
}

/// What was written, by the lifetime that was bought.
pub(crate) fn writes(split: Split, policy: Policy) -> CacheWrites {
    let ttl = |lifetime: Lifetime| lifetime.ttl();
    let (written, head) =
        (Tokens::new(u64::from(split.written)), Tokens::new(u64::from(split.written_head)));
    match policy {
        Policy::None => CacheWrites::unstated(written),
        Policy::Automatic(lifetime)
        | Policy::Head(lifetime)
        | Policy::Full(lifetime)
        | Policy::Logged(lifetime) => match ttl(lifetime) {
            Some(ttl) => CacheWrites::with_lifetime(ttl, written),
            None => CacheWrites::unstated(written),
        },
        Policy::Mixed { head: long, rest } => CacheWrites {
            unstated: Tokens::ZERO,
            short: ttl(rest).map(|ttl| (ttl, written)),
            long: ttl(long).map(|ttl| (ttl, head)),
        },
    }
}

/// Until when the first seven tenths of a stream's own time last.
fn choice_end(lane: &Lane) -> i64 {
    let times = lane.stream.requests.iter().map(|request| request.time);
    let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return 0 };
    let part = (i128::from(last) - i128::from(first)) * 7 / 10;
    first.saturating_add(i64::try_from(part).unwrap_or(i64::MAX))
}
