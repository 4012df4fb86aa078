//! What each call costs, by position of its tokens.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::prices::{
    LaneQuery, Match, MediaTokens, PriceBasis, PriceQuery, PriceTable, Priced, Remarks, Tool,
};
use crate::record::bucket::Bucket;
use crate::record::call::Call;
use crate::record::log::Log;
use crate::record::symbol::{Strings, Symbol};
use crate::record::usage::Usage;
use crate::units::{Evidence, Timestamp, Tokens, Usd};

/// The cost of one call, exact, by position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Whether the table priced it, and if not, why.
    pub state: State,
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
    /// What is missing from the amounts or was assumed for them.
    pub remarks: Remarks,
    /// How the price is known.
    pub evidence: Evidence,
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
        match self.state {
            State::Priced | State::NotBilled => {
                Some(self.input + self.cache_read + self.cache_write + self.output + self.fees)
            }
            State::UnknownModel | State::UnknownUsage => None,
        }
    }

    fn unknown(state: State) -> Self {
        Self { state, ..Self::default() }
    }

    fn of(priced: &Priced, evidence: Evidence) -> Self {
        Self {
            state: State::Priced,
            input: priced.input,
            cache_read: priced.cache_read,
            cache_write: priced.cache_write,
            output: priced.output,
            fees: priced.fees,
            remarks: priced.remarks,
            evidence,
        }
    }
}

/// Prices calls; looks every model up once.
#[derive(Debug)]
pub struct Pricer<'a> {
    log: &'a Log,
    models: FxHashMap<(Option<Symbol>, Symbol), Option<Match<'a>>>,
    table: &'a PriceTable,
    names: &'a Strings,
}

impl<'a> Pricer<'a> {
    /// Looks up every model of a log. `names` holds the models' names.
    #[must_use]
    pub fn new(table: &'a PriceTable, log: &'a Log, names: &'a Strings) -> Self {
        let mut pairs: FxHashSet<(Option<Symbol>, Option<Symbol>)> = FxHashSet::default();
        pairs.extend(log.calls.iter().map(|call| (call.provider, call.model)));
        pairs.extend(log.buckets.iter().map(|bucket| (bucket.provider, bucket.model)));
        let mut pricer = Self { log, models: FxHashMap::default(), table, names };
        for (provider, model) in pairs {
            // Names of the log and names of the ledger are different tables.
            let name = log.strings.text_of(model).and_then(|name| names.find(name));
            if let Some(model) = name {
                pricer.models.insert((provider, model), pricer.look_up(provider, model));
            }
        }
        pricer
    }

    fn look_up(&self, provider: Option<Symbol>, model: Symbol) -> Option<Match<'a>> {
        self.table.find(self.log.strings.text_of(provider), self.names.text(model))
    }

    /// The table's entry for a model as a provider names it.
    #[must_use]
    pub fn find(&self, provider: Option<Symbol>, model: Option<Symbol>) -> Option<Match<'a>> {
        let model = model?;
        match self.models.get(&(provider, model)) {
            Some(found) => *found,
            None => self.look_up(provider, model),
        }
    }

    /// Prices a call.
    #[must_use]
    pub fn call(&self, call: &Call, model: Option<Symbol>, at: Option<Timestamp>) -> Bill {
        let usage = call.usage.get();
        if call.flags.gateway_cache_hit {
            return Bill::unknown(State::NotBilled);
        }
        if !usage.is_reported() {
            let failed = call.status == crate::record::call::Status::Error;
            return Bill::unknown(if failed { State::NotBilled } else { State::UnknownUsage });
        }
        let Some(found) = self.find(call.provider, model) else {
            return Bill::unknown(State::UnknownModel);
        };
        // Schedules go by the time of completion.
        let latency = call.latency_milliseconds.get().unwrap_or(0);
        let completed = at.map(|at| {
            let micros = i64::try_from(latency).unwrap_or(0).saturating_mul(1_000);
            Timestamp::from_micros(at.micros().saturating_add(micros))
        });
        let tools = [(Tool::WebSearch, u64::from(call.tool_requests))];
        let priced = found.price(&PriceQuery {
            usage: &usage,
            lane: LaneQuery {
                tier: call.tier,
                region: self.log.strings.text_of(call.region),
                at: completed,
            },
            media: audio(&usage),
            tools: if call.tool_requests > 0 { &tools } else { &[] },
        });
        let mut evidence = basis_evidence(&found, call.flags.inferred_provider);
        if at.is_none() || call.flags.assumed_write_lifetime {
            evidence = evidence.worst(Evidence::Assumed);
        }
        Bill::of(&priced, evidence)
    }

    /// Prices a bucket: its calls are unknown, so long-context prices apply
    /// only where the export says so.
    #[must_use]
    pub fn bucket(&self, bucket: &Bucket, model: Option<Symbol>) -> Bill {
        let Some(found) = self.find(bucket.provider, model) else {
            return Bill::unknown(State::UnknownModel);
        };
        let tools = [(Tool::WebSearch, bucket.tool_requests)];
        let lane = LaneQuery {
            tier: bucket.tier,
            region: self.log.strings.text_of(bucket.region),
            at: bucket.start,
        };
        let priced = found.price_aggregate(
            &PriceQuery {
                usage: &bucket.usage,
                lane,
                media: MediaTokens::default(),
                tools: if bucket.tool_requests > 0 { &tools } else { &[] },
            },
            bucket.long_context == Some(true),
        );
        let mut evidence = basis_evidence(&found, false);
        if bucket.start.is_none() {
            evidence = evidence.worst(Evidence::Assumed);
        }
        if bucket.long_context.is_none() && has_context_tiers(&found) {
            evidence = evidence.worst(Evidence::Inferred);
        }
        Bill::of(&priced, evidence)
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

/// The tokens of a call that have rates of their own.
fn audio(usage: &Usage) -> MediaTokens {
    MediaTokens {
        audio_input: usage.audio_input.unwrap_or_default(),
        audio_output: usage.audio_output.unwrap_or_default(),
        ..MediaTokens::default()
    }
}

/// Shares `amount` out in proportion to token counts, exactly: each part gets
/// what it adds to the running total, rounded down.
#[must_use]
pub fn share_out(amount: Usd, parts: &[Tokens]) -> Vec<Usd> {
    let whole: u128 = parts.iter().map(|part| u128::from(part.get())).sum();
    if whole == 0 {
        return vec![Usd::ZERO; parts.len()];
    }
    let total = amount.femto();
    let (quotient, remainder) =
        (total.div_euclid(whole.cast_signed()), total.rem_euclid(whole.cast_signed()));
    let mut given = 0_i128;
    let mut running = 0_u128;
    parts
        .iter()
        .map(|part| {
            running += u128::from(part.get());
            // total * running / whole without overflowing 128 bits.
            let running = running.cast_signed();
            let upto = quotient * running + remainder * running / whole.cast_signed();
            let share = upto - given;
            given = upto;
            Usd::from_femto(share)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::share_out;
    use crate::units::{Tokens, Usd};

    #[test]
    fn shares_add_up_to_the_last_femto_dollar() {
        let parts: Vec<Tokens> = [3, 0, 7, 1].map(Tokens::new).to_vec();
        let shares = share_out(Usd::from_femto(100), &parts);
        // 100 * 3/11 = 27, 100 * 10/11 = 90 (63 more), the rest is 10.
        assert_eq!(shares, [27, 0, 63, 10].map(Usd::from_femto));
        assert_eq!(share_out(Usd::from_femto(5), &[Tokens::ZERO]), [Usd::ZERO]);
    }
}
