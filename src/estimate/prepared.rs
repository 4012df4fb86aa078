//! A class with everything looked up: its models, what each technique may do to
//! it under one reading of the assumptions, and why not.

use crate::prices::PriceTable;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::Value;
use crate::techniques::parameters::{Assumptions, fine_tuning, model_routing};
use crate::techniques::technique::{Levers, Reason};
use crate::techniques::tiers::{Demand, below};
use crate::techniques::traffic::{ModelIndex, Models};
use crate::units::{Rate, Tokens};

use super::amount::{product, rest, sum};
use super::class::Class;
use super::error::EstimateError;
use super::seller::{Request, Seller};
use super::verdict;

/// One reading of the assumptions, with the levers that are on.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) assumptions: Assumptions,
    pub(super) levers: [Levers; TechniqueId::COUNT],
}

impl Scenario {
    /// Every lever on.
    pub(super) const fn of(assumptions: Assumptions) -> Self {
        Self { assumptions, levers: [Levers::ALL; TechniqueId::COUNT] }
    }

    /// Only the first levers of a technique.
    pub(super) fn with_first(mut self, technique: TechniqueId, count: usize) -> Self {
        self.levers[technique.index()] = Levers::first(count);
        self
    }

    /// Whether a lever is on, by its place in the list of its technique.
    pub(super) fn has(&self, technique: TechniqueId, place: usize) -> bool {
        self.levers[technique.index()].has(place)
    }
}

/// A model that was tuned, and what tuning it costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuned<'t> {
    pub(super) seller: Seller<'t>,
    /// Per token of training.
    pub(super) training: Rate,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Prepared<'t> {
    pub(super) class: &'t Class,
    pub(super) scenario: &'t Scenario,
    /// The model that serves the class today.
    pub(super) logged: Seller<'t>,
    /// Models that routing sends shares to.
    pub(super) routes: Vec<(Seller<'t>, Value)>,
    /// The model that does small work: a router's, a summary's.
    pub(super) cheap: Seller<'t>,
    pub(super) tuned: Option<Tuned<'t>>,
    /// Why a technique cannot act.
    pub(super) verdicts: Vec<Result<(), Reason>>,
}

impl<'t> Prepared<'t> {
    /// Looks a class over.
    ///
    /// # Errors
    /// When the table knows no model of a name.
    pub(super) fn of(
        class: &'t Class,
        scenario: &'t Scenario,
        table: &'t PriceTable,
    ) -> Result<Self, EstimateError> {
        let unknown = |model: &str| EstimateError::UnknownModel {
            class: class.name.clone(),
            model: model.to_owned(),
            suggestions: table.suggestions(model),
        };
        let assumptions = &scenario.assumptions;
        let found = table
            .find(class.provider.as_deref(), &class.model)
            .ok_or_else(|| unknown(&class.model))?;
        let logged = Seller::new(found, assumptions);
        let provider = found.model().provider();
        let mut routes = Vec::new();
        for route in &class.routes {
            let found =
                table.find(Some(provider), &route.model).ok_or_else(|| unknown(&route.model))?;
            routes.push((Seller::new(found, assumptions), route.share));
        }
        if class.routes.is_empty() {
            let share = class.easy_share.unwrap_or_else(|| assumptions.value(model_routing::SHARE));
            let lower = next_tier(class, &logged, table, assumptions);
            routes.extend(lower.map(|lower| (lower, share)));
        }
        let tuned = match &class.tuned_model {
            None => None,
            Some(name) => {
                let base = table.find(None, name).ok_or_else(|| unknown(name))?;
                tuned(table, base.model(), assumptions)
            }
        };
        let request = plain(class);
        let cheap = routes.iter().map(|(seller, _)| *seller).chain([logged]);
        let price = |seller: &Seller<'_>| {
            let own = seller.retokenised(&request, &logged);
            seller.plain(own.input(), own.output)
        };
        let cheap = cheap.min_by_key(price).unwrap_or(logged);
        let mut prepared =
            Self { class, scenario, logged, routes, cheap, tuned, verdicts: Vec::new() };
        prepared.verdicts =
            TechniqueId::ALL.into_iter().map(|id| verdict::of(&prepared, id, table)).collect();
        Ok(prepared)
    }

    /// The routes and what is left to the logged model, cheapest first: the
    /// easier a call, the cheaper the model that is good enough for it.
    pub(super) fn by_ease(&self) -> Vec<(Seller<'t>, Value, bool)> {
        let routed: Vec<Value> = self.routes.iter().map(|(_, share)| *share).collect();
        let left = rest(sum(&routed));
        let mut models: Vec<(Seller<'t>, Value, bool)> =
            self.routes.iter().map(|(seller, share)| (*seller, *share, true)).collect();
        models.push((self.logged, left, false));
        let request = plain(self.class);
        models.sort_by_key(|(seller, _, _)| {
            let own = seller.retokenised(&request, &self.logged);
            seller.plain(own.input(), own.output)
        });
        models
    }

    /// The share of calls that are answered from a store: exact repeats, and of
    /// the others near ones whose stored answer is right.
    pub(super) fn repeats(&self) -> Value {
        use crate::techniques::parameters::semantic_dedup as parameters;
        let assumptions = &self.scenario.assumptions;
        let exact = self.class.repeated_share.unwrap_or_default();
        let is_exact = assumptions.is_on(parameters::EXACT)
            && self.scenario.has(TechniqueId::SemanticDedup, 0);
        let exact = if is_exact { exact } else { Value::ZERO };
        if !self.looks_for_near() {
            return exact;
        }
        let hits = assumptions.value(parameters::NEAR_HIT_SHARE);
        let right = product(hits, assumptions.value(parameters::PRECISION));
        sum(&[exact, product(rest(exact), right)])
    }

    /// Whether near repeats are looked for: calls on their own only.
    pub(super) fn looks_for_near(&self) -> bool {
        use crate::techniques::parameters::semantic_dedup as parameters;
        let assumptions = &self.scenario.assumptions;
        self.class.turns == 1
            && self.class.prompt.tools == Value::ZERO
            && assumptions.is_on(parameters::NEAR)
            && assumptions.value(parameters::NEAR_HIT_SHARE) > Value::ZERO
            && self.scenario.has(TechniqueId::SemanticDedup, 1)
    }
}

/// A class's call as it is.
pub(super) fn plain(class: &Class) -> Request {
    let prompt = &class.prompt;
    let fixed = sum(&[prompt.tools, prompt.system, prompt.few_shot]);
    let (kept, moving) = if class.stable_documents {
        (prompt.documents, Value::ZERO)
    } else {
        (Value::ZERO, prompt.documents)
    };
    Request {
        head: sum(&[fixed, kept]),
        history: prompt.history,
        fresh: sum(&[moving, prompt.user]),
        output: class.output,
    }
}

/// The model that the next tier down offers for this traffic.
fn next_tier<'t>(
    class: &Class,
    logged: &Seller<'t>,
    table: &'t PriceTable,
    assumptions: &Assumptions,
) -> Option<Seller<'t>> {
    let mut models = Models::new();
    let from: ModelIndex = models.add(*logged.found());
    models.add_siblings(table);
    let request = plain(class);
    let days = assumptions.value(model_routing::TARGET_DAYS).floor();
    let demand = Demand {
        input: Tokens::new(request.input().floor()),
        output: Tokens::new(request.output.floor()),
        end: Some(table.as_of_instant()),
        days: i64::try_from(days).unwrap_or(0),
    };
    let index = below(&models, from, &demand)?;
    Some(Seller::new(*models.get(index), assumptions))
}

/// The tuned form of a model, where it can be had for long enough.
fn tuned<'t>(
    table: &'t PriceTable,
    base: &crate::prices::Model,
    assumptions: &Assumptions,
) -> Option<Tuned<'t>> {
    use crate::techniques::tiers::horizon;
    let tuning = base.tuning()?;
    let found = table.find(Some(base.provider()), tuning.tuned_id.as_deref()?)?;
    let as_of = Some(table.as_of_instant());
    let months = assumptions.value(fine_tuning::RETRAIN_MONTHS).floor();
    let last = horizon(as_of, i64::try_from(months.saturating_mul(30)).unwrap_or(0))?;
    let today = horizon(as_of, 0)?;
    let trains = tuning.last_day.is_none_or(|day| day >= today);
    let model = found.model();
    let stays = [base.shutdown(), model.shutdown()].into_iter().flatten().all(|day| day > last);
    (trains && stays)
        .then_some(Tuned { seller: Seller::new(found, assumptions), training: tuning.training? })
}
