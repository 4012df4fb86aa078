//! The ladder block, and where it starts: what was simulated, handed to the
//! document.

use crate::ladder::cache;
use crate::ladder::climb::effort;
use crate::ladder::reasons::Skip;
use crate::ladder::steps;
use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::parameters::{Assumptions, InForce};
use crate::techniques::technique;
use crate::techniques::traffic::Traffic;
use crate::units::{Evidence, NanoUsd, Usd};

use super::super::document::{
    Assumption, Document, Group, GroupSkip, Ladder, Lever, Quotient, Reason, SavingByEvidence,
    Step, StepStatus, StreamPolicy, UNKNOWN_KEY, Warning,
};
use super::month::Length;
use super::worth::{Rates, quotient};
use super::{Naming, curves, monthly, plan, why};

/// Groups that a document carries.
const MOST_GROUPS: usize = 20;
/// A step that saves less than one part in so many of the bill is negligible.
const NEGLIGIBLE: i128 = 1_000;

/// What was simulated on a log, with what a reader must know to judge it.
#[derive(Clone, Copy, Debug)]
pub struct Analysis<'a> {
    /// The calls that were simulated.
    pub traffic: &'a Traffic<'a>,
    /// The ladder of those calls.
    pub ladder: &'a steps::Ladder,
    /// The named numbers it was climbed with.
    pub assumptions: &'a Assumptions,
    /// What prompt caches do on them as they are.
    pub cache: Option<&'a cache::Cache>,
    /// What an hour of work costs.
    pub hourly_rate: Usd,
}

impl Analysis<'_> {
    /// Adds the caches, the ladder, the plan and the monthly bills to a document.
    pub(super) fn fill(&self, document: &mut Document, naming: &Naming, length: Option<Length>) {
        if self.traffic.calls.is_empty() {
            let ledger = self.traffic.ledger;
            if !ledger.entries.is_empty() || !ledger.buckets.is_empty() {
                let rates = Rates { hourly: self.hourly_rate, length };
                document.ladder = Some(self.untried(naming, rates));
                document.warnings.push(Warning {
                    code: "NO_SIMULATED_CALLS".to_owned(),
                    message: "no call carries both a time and a price, so no technique was tried"
                        .to_owned(),
                });
            }
            return;
        }
        self.add(document, naming, length);
    }

    /// The ladder of a log none of whose calls could be tried. That every call
    /// lacks a time has a code of its own; what else they lack depends on the log.
    fn untried(&self, naming: &Naming, rates: Rates) -> Ladder {
        let mut ladder = self.block(naming, rates);
        let missing = if self.traffic.left_out.unpriced > 0 {
            "a model with a price: --model NAME, or its rates with --prices FILE"
        } else {
            "a log of single calls, beside their sums"
        };
        for reason in ladder.steps.iter_mut().filter_map(|step| step.reason.as_mut()) {
            if reason.code == "NO_SIMULATED_CALLS" {
                reason.settled_by = Some(missing.to_owned());
            }
        }
        ladder
    }

    /// As [`Analysis::fill`], whatever traffic there is.
    pub(super) fn add(&self, document: &mut Document, naming: &Naming, length: Option<Length>) {
        let rates = Rates { hourly: self.hourly_rate, length };
        document.warnings.extend(self.ladder.warnings.iter().map(warning));
        document.cache = self.cache.and_then(|cache| super::cache::block(self.traffic, cache));
        document.ladder = Some(self.block(naming, rates));
        document.plan = Some(plan::plan(self, document, rates));
        document.monthly = length.map(|length| monthly::monthly(self.ladder, length));
    }

    /// Whether the ladder is one of traffic that was described, not logged.
    pub(super) fn is_estimate(&self) -> bool {
        self.traffic.calls.is_empty()
    }

    /// The calls that the ladder was climbed on.
    pub(super) fn calls(&self, document: &Document) -> u64 {
        if self.is_estimate() {
            return document.totals.calls.unwrap_or(0);
        }
        self.traffic.calls.len() as u64
    }

    /// The applied steps, in order.
    pub(super) fn applied(&self) -> impl Iterator<Item = &steps::Step> {
        self.ladder.steps.iter().filter(|step| step.skip.is_none())
    }

    fn block(&self, naming: &Naming, rates: Rates) -> Ladder {
        let totals = &self.ladder.totals;
        let (baseline, last) = (totals.cost(Set::NONE), totals.cost(Set::ALL));
        let hours = |step: &steps::Step| effort(self.assumptions, step.technique);
        let together: i64 = self.applied().map(hours).sum();
        let steps = (1..).zip(&self.ladder.steps);
        let (not_simulated_usd, not_simulated_calls) = self.not_simulated();
        Ladder {
            order: self.ladder.order.name().to_owned(),
            baseline_usd: baseline,
            final_usd: last,
            overlap_usd: totals.overlap(),
            steps: steps.map(|(rank, step)| self.step(rank, step, baseline)).collect(),
            groups: self.groups(naming),
            not_simulated_usd,
            not_simulated_calls,
            by_evidence: self.by_evidence(),
            worth: (together > 0 || self.applied().next().is_some())
                .then(|| rates.worth(together, baseline - last)),
            hourly_rate_usd: self.hourly_rate.to_nano(),
            subset_cost_usd: Set::every().map(|set| totals.cost(set)).collect(),
            curves: curves::block(&self.ladder.curves),
        }
    }

    fn step(&self, rank: u32, step: &steps::Step, baseline: NanoUsd) -> Step {
        let assumptions = self.assumptions.in_force(step.technique);
        let known = Step {
            rank,
            technique: step.technique.name().to_owned(),
            effort_hours: quotient(effort(self.assumptions, step.technique)),
            assumptions: assumptions.filter_map(assumption).collect(),
            reason: step.skip.as_ref().map(reason),
            ..Step::default()
        };
        let status = match &step.skip {
            None => StepStatus::Applied,
            Some(skip) if skip.unknown => return known,
            Some(_) => StepStatus::Skipped,
        };
        let is_applied = status == StepStatus::Applied;
        let mut warnings: Vec<Warning> = step.warnings.iter().map(warning).collect();
        if is_applied && step.marginal.nano().saturating_mul(NEGLIGIBLE) < baseline.nano() {
            warnings.insert(0, negligible());
        }
        Step {
            status,
            why: is_applied.then(|| why::why(self, step)),
            standalone_saving_usd: Some(step.standalone),
            marginal_saving_usd: Some(step.marginal),
            last_in_saving_usd: Some(step.last_in),
            shapley_saving_usd: Some(step.shapley),
            cost_after_usd: Some(step.cost_after),
            low_saving_usd: Some(step.low),
            high_saving_usd: Some(step.high),
            added_cost_usd: Some(step.added_cost),
            eligible_calls: Some(step.eligible_calls),
            levers: step.levers.iter().map(lever).collect(),
            break_even_calls_per_month: step.break_even_calls,
            policies: step.policies.iter().map(|row| self.policy(row)).collect(),
            evidence: Some(step.evidence),
            warnings,
            ..known
        }
    }

    fn policy(&self, policy: &steps::StreamPolicy) -> StreamPolicy {
        // An estimate has no calls to hold out.
        let held_out = |amount| (!self.is_estimate()).then_some(amount);
        StreamPolicy {
            feature: policy.feature.clone().unwrap_or_else(|| UNKNOWN_KEY.to_owned()),
            model: policy.model.clone(),
            current: policy.current.clone(),
            chosen: policy.chosen.clone(),
            cost_usd: policy.cost,
            current_cost_usd: policy.current_cost,
            held_out_cost_usd: held_out(policy.held_out),
            held_out_current_cost_usd: held_out(policy.held_out_current),
        }
    }

    fn groups(&self, naming: &Naming) -> Vec<Group> {
        let named = |name: Option<&str>| name.unwrap_or(UNKNOWN_KEY).to_owned();
        let names = |techniques: Set| techniques.iter().map(|one| one.name().to_owned()).collect();
        let strings = &self.traffic.ledger.log.strings;
        let groups = self.ladder.groups.iter().take(MOST_GROUPS).map(|group| {
            let place = &self.traffic.places[group.place.0 as usize];
            Group {
                feature: named(self.traffic.feature_name(place.group)),
                model: named(self.traffic.model_name(place.group)),
                workspace: strings.text_of(place.workspace).map(|name| naming.account(name)),
                calls: group.calls,
                baseline_usd: group.baseline,
                final_usd: group.after,
                applied: names(group.applied),
                skipped: group.skipped.iter().map(group_skip).collect(),
                calibration_error: group.calibration,
                evidence: group.evidence,
            }
        });
        groups.collect()
    }

    /// What calls and buckets cost that were not simulated, and how many.
    fn not_simulated(&self) -> (Option<NanoUsd>, u64) {
        let left_out = self.traffic.left_out;
        let ledger = self.traffic.ledger;
        let buckets = ledger.buckets.iter().map(|entry| ledger.bucket(entry).calls.unwrap_or(1));
        let calls = left_out.untimed + left_out.unpriced + buckets.sum::<u64>();
        let cost = self.ladder.not_simulated;
        ((calls == 0 || cost != NanoUsd::ZERO).then_some(cost), calls)
    }

    fn by_evidence(&self) -> SavingByEvidence {
        let of = |grade: Evidence| {
            let levers = self.applied().flat_map(|step| &step.levers);
            levers.filter(|lever| lever.evidence == grade).map(|lever| lever.saving).sum()
        };
        SavingByEvidence {
            measured_usd: of(Evidence::Measured),
            inferred_usd: of(Evidence::Inferred),
            assumed_usd: of(Evidence::Assumed),
        }
    }
}

/// A warning as the document has it.
pub(super) fn warning(warning: &technique::Warning) -> Warning {
    Warning { code: warning.code.to_owned(), message: warning.message.clone() }
}

fn negligible() -> Warning {
    Warning {
        code: "NEGLIGIBLE".to_owned(),
        message: "less than a thousandth of the bill".to_owned(),
    }
}

fn lever(lever: &steps::LeverSaving) -> Lever {
    Lever { lever: lever.name.to_owned(), saving_usd: lever.saving, evidence: lever.evidence }
}

fn reason(skip: &Skip) -> Reason {
    Reason {
        code: skip.code.to_owned(),
        message: skip.message.clone(),
        amount_usd: skip.amount,
        settled_by: settled_by(skip.code).map(str::to_owned),
    }
}

fn group_skip((technique, skip): &(TechniqueId, Skip)) -> GroupSkip {
    GroupSkip {
        technique: technique.name().to_owned(),
        code: skip.code.to_owned(),
        amount_usd: skip.amount,
        alone_usd: skip.alone,
    }
}

/// A parameter that has a value; what each model has its own of in the price
/// table is no assumption.
fn assumption(found: InForce) -> Option<Assumption> {
    let finite = |value: Option<Value>| {
        value.filter(|value| !value.is_infinite()).map(|value| quotient(value.millionths()))
    };
    found.value?;
    let value: Option<Quotient> = finite(found.value);
    Some(Assumption {
        name: found.parameter.name.to_owned(),
        value,
        low: finite(found.low),
        high: finite(found.high),
        unit: found.parameter.unit.expects().to_owned(),
        meaning: found.parameter.meaning.to_owned(),
        source: if found.is_given {
            "set by the user".to_owned()
        } else {
            found.parameter.source.to_owned()
        },
    })
}

/// The field, flag or setting that would settle a reason; `None` where nothing
/// of the kind would.
fn settled_by(code: &str) -> Option<&'static str> {
    Some(match code {
        "NEEDS_TEXT" => "the requests' texts in the log",
        "NEEDS_USER" => "a user in every log record",
        "NEEDS_SESSION" => "a conversation id in every log record",
        "NEEDS_TIMESTAMPS" => "a time in every log record",
        "NO_SIMULATED_CALLS" => "a time and a price for each call",
        "UNPRICED_MODEL" => "the model's rates in a file given with --prices FILE",
        "NO_BATCH_LANE" => "a batch price in a file given with --prices FILE",
        "NO_CACHE_RULES" => "a [model.cache] section in a file given with --prices FILE",
        "NOT_ASYNC" | "MULTI_TURN" => {
            "asynchronous = true under [features.tags.NAME] in tokopt.toml, if nobody waits"
        }
        "NOT_DETERMINISTIC" => {
            "cacheable = true under [features.tags.NAME] in tokopt.toml, if a stored answer will do"
        }
        "NOT_CANDIDATE" => "scores of the cheaper model's answers, with --quality FILE",
        "LOW_VOLUME" => "a longer log",
        _ => return None,
    })
}
