//! What each call costs, by position of its tokens.

use rustc_hash::FxHashMap;

use crate::prices::{
    LaneQuery, Match, MediaTokens, PriceBasis, PriceQuery, PriceTable, Priced, Remarks, Tool,
};
use crate::record::bucket::Bucket;
use crate::record::call::Call;
use crate::record::log::Log;
use crate::record::symbol::{Strings, Symbol};
use crate::units::{Evidence, Timestamp, Tokens, Usd};

/// What one call costs, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Whether the table priced it, and if not, why.
    pub state: State,
    amount: Usd,
    /// What is missing from the amount or was assumed for it.
    pub remarks: Remarks,
    /// How the price is known.
    pub evidence: Evidence,
}

/// A bill taken apart by the position of its tokens; all zero where the call
/// could not be priced.
///
/// Reckoned anew where it is needed: kept with every call it would be the
/// largest part of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Prompt tokens neither read nor written.
    pub input: Usd,
    /// Prompt tokens read from the cache.
    pub cache_read: Usd,
    /// Prompt tokens written to the cache.
    pub cache_write: Usd,
    /// Everything generated.
    pub output: Usd,
    /// Hosted tools.
    pub fees: Usd,
}

/// Whether a call could be priced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Priced by the table.
    Priced,
    /// The gateway answered from its own cache, or an error reports no usage:
    /// nothing was billed.
    NotBilled,
    /// The table does not know the model.
    #[default]
    UnknownModel,
    /// The log reports no usage for a call that succeeded.
    UnknownUsage,
}

impl Bill {
    /// The sum; `None` where the call could not be priced.
    #[must_use]
    pub fn total(&self) -> Option<Usd> {
        matches!(self.state, State::Priced | State::NotBilled).then_some(self.amount)
    }
}

/// The table's answer and how it is known, or why there is none.
type Answer = Result<(Priced, Evidence), State>;

impl From<Answer> for Bill {
    fn from(answer: Answer) -> Self {
        match answer {
            Ok((priced, evidence)) => Self {
                state: State::Priced,
                amount: priced.total(),
                remarks: priced.remarks,
                evidence,
            },
            Err(state) => Self { state, ..Self::default() },
        }
    }
}

impl From<Answer> for Amounts {
    fn from(answer: Answer) -> Self {
        let Ok((priced, _)) = answer else { return Self::default() };
        Self {
            input: priced.input,
            cache_read: priced.cache_read,
            cache_write: priced.cache_write,
            output: priced.output,
            fees: priced.fees,
        }
    }
}

/// Prices calls; looks every model up once.
#[derive(Debug)]
pub struct Pricer<'a> {
    log: &'a Log,
    models: FxHashMap<(Option<Symbol>, Symbol), Option<Match<'a>>>,
}

impl<'a> Pricer<'a> {
    /// Looks up models as providers name them: a provider of the log with a
    /// model of `names`.
    #[must_use]
    pub fn new(
        table: &'a PriceTable,
        log: &'a Log,
        names: &Strings,
        models: impl Iterator<Item = (Option<Symbol>, Option<Symbol>)>,
    ) -> Self {
        let mut found = FxHashMap::default();
        for (provider, model) in models {
            if let Some(model) = model {
                found.entry((provider, model)).or_insert_with(|| {
                    table.find(log.strings.text_of(provider), names.text(model))
                });
            }
        }
        Self { log, models: found }
    }

    /// The table's entry for a model as a provider names it.
    #[must_use]
    pub fn find(&self, provider: Option<Symbol>, model: Option<Symbol>) -> Option<&Match<'a>> {
        self.models.get(&(provider, model?))?.as_ref()
    }

    /// Prices a call.
    pub(super) fn call(&self, call: &Call, model: Option<Symbol>, at: Option<Timestamp>) -> Answer {
        let usage = call.usage.get();
        if call.flags.gateway_cache_hit {
            return Err(State::NotBilled);
        }
        if !usage.is_reported() {
            let failed = call.status == crate::record::call::Status::Error;
            return Err(if failed { State::NotBilled } else { State::UnknownUsage });
        }
        let Some(found) = self.find(call.provider, model) else {
            return Err(State::UnknownModel);
        };
        let priced = self.priced_as(call, found, at);
        let mut evidence = basis_evidence(found, call.flags.inferred_provider);
        if at.is_none() || call.flags.assumed_write_lifetime {
            evidence = evidence.worst(Evidence::Assumed);
        }
        Ok((priced, evidence))
    }

    /// Prices a call's counters as another model, or as at another time.
    #[must_use]
    pub fn priced_as(&self, call: &Call, model: &Match<'_>, at: Option<Timestamp>) -> Priced {
        // Schedules go by the time of completion.
        let latency = call.latency_milliseconds.get().unwrap_or(0);
        let completed = at.map(|at| {
            let micros = i64::try_from(latency).unwrap_or(0).saturating_mul(1_000);
            Timestamp::from_micros(at.micros().saturating_add(micros))
        });
        let tools = [(Tool::WebSearch, u64::from(call.tool_requests))];
        model.price(&PriceQuery {
            usage: &call.usage.get(),
            lane: LaneQuery {
                tier: call.tier,
                region: self.log.strings.text_of(call.region),
                at: completed,
            },
            media: MediaTokens::default(),
            tools: if call.tool_requests > 0 { &tools } else { &[] },
        })
    }

    /// Prices a bucket: its calls are unknown, so long-context prices apply
    /// only where the export says so.
    pub(super) fn bucket(&self, bucket: &Bucket, model: Option<Symbol>) -> Answer {
        let Some(found) = self.find(bucket.provider, model) else {
            return Err(State::UnknownModel);
        };
        let priced = self.bucket_priced_as(bucket, found);
        let mut evidence = basis_evidence(found, false);
        if bucket.start.is_none() {
            evidence = evidence.worst(Evidence::Assumed);
        }
        if bucket.long_context.is_none() && has_context_tiers(found) {
            evidence = evidence.worst(Evidence::Inferred);
        }
        Ok((priced, evidence))
    }

    /// Prices a bucket's counters as a model.
    #[must_use]
    pub fn bucket_priced_as(&self, bucket: &Bucket, model: &Match<'_>) -> Priced {
        let tools = [(Tool::WebSearch, bucket.tool_requests)];
        let lane = LaneQuery {
            tier: bucket.tier,
            region: self.log.strings.text_of(bucket.region),
            at: bucket.start,
        };
        model.price_aggregate(
            &PriceQuery {
                usage: &bucket.usage,
                lane,
                media: MediaTokens::default(),
                tools: if bucket.tool_requests > 0 { &tools } else { &[] },
            },
            bucket.long_context == Some(true),
        )
    }
}

fn basis_evidence(found: &Match<'_>, inferred_provider: bool) -> Evidence {
    match found.basis() {
        PriceBasis::MakersPrice => Evidence::Inferred,
        PriceBasis::Listed if inferred_provider => Evidence::Inferred,
        PriceBasis::Listed | PriceBasis::OnlySeller => Evidence::Measured,
    }
}

fn has_context_tiers(found: &Match<'_>) -> bool {
    found
        .model()
        .intervals()
        .iter()
        .any(|interval| interval.context_rates(crate::record::lane::Tier::Standard).count() > 1)
}

/// Shares an amount out in proportion to token counts, exactly: each part gets
/// what it adds to the running total, rounded down.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    quotient: i128,
    remainder: i128,
    whole: i128,
    running: i128,
    given: i128,
}

impl Shares {
    /// Shares `amount` over parts that have `whole` tokens in all.
    #[must_use]
    pub fn of(amount: Usd, whole: Tokens) -> Self {
        // Without any token there is nothing to give a share to.
        let whole = i128::from(whole.get().max(1));
        Self {
            quotient: amount.femto().div_euclid(whole),
            remainder: amount.femto().rem_euclid(whole),
            whole,
            running: 0,
            given: 0,
        }
    }

    /// The share of the next part.
    #[must_use]
    pub fn next(&mut self, part: Tokens) -> Usd {
        self.running += i128::from(part.get());
        // total * running / whole without overflowing 128 bits.
        let rest = if self.remainder == 0 { 0 } else { self.remainder * self.running / self.whole };
        let upto = self.quotient * self.running + rest;
        let share = upto - self.given;
        self.given = upto;
        Usd::from_femto(share)
    }
}

#[cfg(test)]
mod tests {
    use super::Shares;
    use crate::units::{Tokens, Usd};

    #[test]
    fn shares_add_up_to_the_last_femto_dollar() {
        let mut shares = Shares::of(Usd::from_femto(100), Tokens::new(11));
        // 100 * 3/11 = 27, 100 * 10/11 = 90 (63 more), the rest is 10.
        let found = [3, 0, 7, 1].map(|part| shares.next(Tokens::new(part)));
        assert_eq!(found, [27, 0, 63, 10].map(Usd::from_femto));
        assert_eq!(Shares::of(Usd::from_femto(5), Tokens::ZERO).next(Tokens::ZERO), Usd::ZERO);
    }
}
