//! What prompt caches do on the logged traffic, and what each policy would:
//! nothing rewritten, everything replayed.
//!
//! Ratios are in plain input tokens: what was read and written counts by the
//! price of the call's model relative to its input price.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::prices::{CacheMode, LaneQuery};
use crate::record::lane::Tier;
use crate::techniques::parameters::Assumptions;
use crate::techniques::traffic::{CallIndex, FamilyIndex, ModelIndex, Traffic};
use crate::units::{Evidence, Moment, NanoUsd, Rate, Share, Tokens, Ttl, Usd};

use super::breaks::{self, Break};
use super::caching::Caching;
use super::logged::Logged;
use super::replay::policy::{Lifetime, Policy};
use super::replay::stream::Stream;
use super::replay::{Split, replay};

/// The replay of a log's prompt caches.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Billed reads of all input, where the log counts them.
    pub logged_read_share: Option<Share>,
    /// Replayed reads of all input, under the log's own policy.
    pub replayed_read_share: Option<Share>,
    /// Replayed reads of all input, if nothing expired.
    pub infinite_read_share: Option<Share>,
    /// What each policy would do.
    pub policies: Vec<PolicyFigures>,
    /// Where prompts stop repeating, dearest first.
    pub breaks: Vec<Break>,
    /// How the replay meets the bill.
    pub calibration: Option<Calibration>,
    /// How the replayed figures are known.
    pub evidence: Evidence,
}

/// What one policy would do on all of the traffic.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFigures {
    /// `none`, `head` or `full`.
    pub policy: &'static str,
    /// How long entries live; `None` where nothing is kept.
    pub lifetime: Option<Lifetime>,
    /// Reads of all input; `None` where no prompt shows such places.
    pub read_share: Option<Share>,
    /// Cost in plain input tokens per input token, in billionths; `None` where
    /// a provider sells no such lifetime.
    pub input_cost_ratio: Option<i128>,
    /// What it saves over the policy in the log.
    pub saving: Option<NanoUsd>,
}

/// How the replay of the log's own policy meets the billed counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calibration {
    /// Billed reads, in tokens.
    pub billed: u64,
    /// Replayed reads.
    pub replayed: u64,
    /// All input of the calls compared.
    pub input: u64,
    /// Calls whose replayed reads are the billed ones.
    pub exact: u64,
    /// Calls compared.
    pub calls: u64,
}

/// Sums over calls of what a policy does.
#[derive(Clone, Debug, Default)]
struct Sums {
    read: u64,
    input: u64,
    has_places: bool,
    /// Uncached, read and written tokens by the rates they cost.
    by_rates: BTreeMap<(Rate, Rate, Rate), (u64, u64, u64)>,
    not_sold: bool,
}

/// Replays every policy; `None` where no call can be replayed.
#[must_use]
pub fn cache(traffic: &Traffic<'_>, assumptions: &Assumptions) -> Option<Cache> {
    if traffic.calls.is_empty() {
        return None;
    }
    let caching = Caching::of(traffic, assumptions);
    let asked = asked(&caching);
    let families: Vec<FamilyIndex> = (0..).map(FamilyIndex).take(traffic.families.len()).collect();
    let looks: Vec<Look> =
        families.par_iter().map(|family| Look::at(&caching, *family, &asked)).collect();
    let mut whole = Look { sums: vec![Sums::default(); asked.len()], ..Look::default() };
    for look in looks {
        whole.merge(look);
    }
    let current = whole.current.cost();
    let policies = asked.iter().zip(&whole.sums).filter(|((_, in_report), _)| *in_report);
    let policies = policies.map(|((asked, _), sums)| PolicyFigures {
        policy: asked.name(),
        lifetime: asked.lifetime(),
        read_share: sums.read_share(),
        input_cost_ratio: sums.ratio(),
        saving: sums.cost().zip(current).map(|(cost, current)| (current - cost).to_nano()),
    });
    let infinite = asked.iter().position(|(policy, _)| *policy == Policy::Full(Lifetime::Infinite));
    let calibration = whole.calibration;
    let with_text = traffic.indexed().all(|(index, _)| traffic.has_text(index));
    Some(Cache {
        logged_read_share: share(calibration.billed, calibration.input),
        replayed_read_share: whole.current.read_share(),
        infinite_read_share: infinite.and_then(|at| whole.sums[at].read_share()),
        policies: policies.collect(),
        breaks: breaks::of(traffic, &caching),
        calibration: (calibration.calls > 0).then_some(calibration),
        evidence: if with_text { Evidence::Measured } else { Evidence::Inferred },
    })
}

/// Every policy that is replayed, and whether the report lists it.
fn asked(caching: &Caching<'_>) -> Vec<(Policy, bool)> {
    let mut lifetimes = vec![Lifetime::from(Ttl::FIVE_MINUTES), Lifetime::from(Ttl::ONE_HOUR)];
    lifetimes.extend(caching.options().lifetime.filter(|given| *given != Lifetime::Infinite));
    lifetimes.sort_unstable();
    lifetimes.dedup();
    let mut asked = vec![(Policy::None, true)];
    asked.extend(lifetimes.iter().map(|lifetime| (Policy::Head(*lifetime), true)));
    asked.extend(lifetimes.iter().map(|lifetime| (Policy::Full(*lifetime), true)));
    let given = caching.options().lifetime == Some(Lifetime::Infinite);
    asked.push((Policy::Full(Lifetime::Infinite), given));
    asked
}

/// What one family shows.
#[derive(Default)]
struct Look {
    sums: Vec<Sums>,
    current: Sums,
    calibration: Calibration,
}

impl Look {
    fn at(caching: &Caching<'_>, family: FamilyIndex, asked: &[(Policy, bool)]) -> Self {
        let traffic = caching.traffic();
        let logged = Logged::of(traffic, family, |call| caching.delay(call));
        let mut look = Self { sums: vec![Sums::default(); asked.len()], ..Self::default() };
        for ((model, tier), stream) in &logged.streams {
            let rules = caching.rules(*model);
            let site = Site { traffic, model: *model, tier: *tier, stream };
            for ((policy, _), sums) in asked.iter().zip(&mut look.sums) {
                let Some(policy) = site.meant(*policy) else {
                    sums.add_unplaced(&site);
                    continue;
                };
                let splits = replay(stream, policy, rules, logged.nodes);
                sums.add(&site, policy, &splits);
            }
            let current = caching.current(family, *model);
            let splits = replay(stream, current, rules, logged.nodes);
            look.current.add(&site, current, &splits);
            for (request, split) in stream.requests.iter().zip(&splits) {
                look.calibration.add(traffic, request.call, *split);
            }
        }
        look
    }

    fn merge(&mut self, other: Self) {
        for (sums, more) in self.sums.iter_mut().zip(other.sums) {
            sums.merge(more);
        }
        self.current.merge(other.current);
        self.calibration.billed += other.calibration.billed;
        self.calibration.replayed += other.calibration.replayed;
        self.calibration.input += other.calibration.input;
        self.calibration.exact += other.calibration.exact;
        self.calibration.calls += other.calibration.calls;
    }
}

/// A stream and what serves it.
struct Site<'a> {
    traffic: &'a Traffic<'a>,
    model: ModelIndex,
    tier: Tier,
    stream: &'a Stream,
}

impl Site<'_> {
    /// What a policy of the report means here: providers that cache by
    /// themselves know no breakpoints; `None` where it means nothing.
    fn meant(&self, policy: Policy) -> Option<Policy> {
        let facts = self.traffic.models.get(self.model).model().cache();
        let explicit = facts.mode == Some(CacheMode::Explicit) && !self.stream.is_blocks;
        match policy {
            Policy::Head(_) if !explicit => None,
            Policy::Head(_)
                if self.stream.requests.iter().all(|request| request.head.is_none()) =>
            {
                None
            }
            Policy::Full(lifetime) if !explicit => Some(Policy::Automatic(lifetime)),
            other => Some(other),
        }
    }

    /// Input, read and write rates of a call.
    fn rates(&self, index: CallIndex, total: u32, policy: Policy) -> (Rate, Rate, Option<Rate>) {
        let at = self.traffic.entry(index).time.and_then(Moment::timestamp);
        let lane = LaneQuery { tier: self.tier, region: None, at };
        let found = self.traffic.models.get(self.model);
        let rates = found.rates(&lane, Tokens::new(u64::from(total))).rates;
        let ttl = policy.lifetime().map(Lifetime::ttl);
        let write = match ttl {
            None | Some(None) => Some(rates.cache_write.unstated),
            Some(ttl) => rates.cache_write.at(ttl),
        };
        (rates.input, rates.cache_read, write)
    }
}

impl Sums {
    fn add(&mut self, site: &Site<'_>, policy: Policy, splits: &[Split]) {
        self.has_places = true;
        for (request, split) in site.stream.requests.iter().zip(splits) {
            let (input, read, write) = site.rates(request.call, request.total, policy);
            self.not_sold |= write.is_none();
            let written = u64::from(split.written) + u64::from(split.written_head);
            let row = self.by_rates.entry((input, read, write.unwrap_or(input))).or_default();
            let (total, reads) = (u64::from(request.total), u64::from(split.read));
            row.0 += total.saturating_sub(reads + written);
            row.1 += reads;
            row.2 += written;
            self.read += reads;
            self.input += total;
        }
    }

    /// Requests that a policy does not touch.
    fn add_unplaced(&mut self, site: &Site<'_>) {
        let had_places = self.has_places;
        let nothing = vec![Split::default(); site.stream.requests.len()];
        self.add(site, Policy::None, &nothing);
        self.has_places = had_places;
    }

    fn merge(&mut self, other: Self) {
        self.read += other.read;
        self.input += other.input;
        self.has_places |= other.has_places;
        self.not_sold |= other.not_sold;
        for (rates, more) in other.by_rates {
            let row = self.by_rates.entry(rates).or_default();
            *row = (row.0 + more.0, row.1 + more.1, row.2 + more.2);
        }
    }

    fn read_share(&self) -> Option<Share> {
        if self.has_places { share(self.read, self.input) } else { None }
    }

    /// Plain tokens per input token, in billionths.
    fn ratio(&self) -> Option<i128> {
        const BILLION: i128 = 1_000_000_000;
        if !self.has_places || self.not_sold || self.input == 0 {
            return None;
        }
        let mut plain = 0_i128;
        for ((input, read, write), (uncached, reads, written)) in &self.by_rates {
            let rate = |rate: &Rate| i128::from(rate.femto_per_token());
            if rate(input) == 0 {
                return None;
            }
            let cost = i128::from(*reads) * rate(read) + i128::from(*written) * rate(write);
            plain += i128::from(*uncached) * BILLION
                + crate::units::divide_half_even(cost * BILLION, rate(input));
        }
        Some(crate::units::divide_half_even(plain, i128::from(self.input)))
    }

    fn cost(&self) -> Option<Usd> {
        if !self.has_places || self.not_sold {
            return None;
        }
        let rows =
            self.by_rates.iter().map(|((input, read, write), (uncached, reads, written))| {
                *input * Tokens::new(*uncached)
                    + *read * Tokens::new(*reads)
                    + *write * Tokens::new(*written)
            });
        Some(rows.sum())
    }
}

impl Calibration {
    fn add(&mut self, traffic: &Traffic<'_>, index: CallIndex, split: Split) {
        let usage = traffic.usage(index);
        let Some(billed) = usage.cache_read else { return };
        self.billed += billed.get();
        self.replayed += u64::from(split.read);
        self.input += usage.input.unwrap_or_default().get();
        self.exact += u64::from(billed.get() == u64::from(split.read));
        self.calls += 1;
    }

    /// Billed reads of the input of the calls compared.
    #[must_use]
    pub fn billed_share(&self) -> Option<Share> {
        share(self.billed, self.input)
    }

    /// Replayed reads of the same input.
    #[must_use]
    pub fn replayed_share(&self) -> Option<Share> {
        share(self.replayed, self.input)
    }
}

fn share(part: u64, whole: u64) -> Option<Share> {
    (whole > 0).then(|| Share::of_counts(part, whole)).flatten()
}
