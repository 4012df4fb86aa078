//! Answers repeated requests from a store: equal ones, and ones whose last user
//! turn says nearly the same in an equal context.
//!
//! What is a repeat depends on the logged requests and their times alone.
//! Knows no price of a model.

mod asked;
mod curve;
mod similar;
mod store;

use crate::units::{Evidence, Usd, counted};

use super::fees;
use super::id::TechniqueId;
use super::parameter::Value;
use super::parameters::semantic_dedup as parameters;
use super::technique::{
    CallState, Coin, Conversation, Lever, Reason, Rewriter, Technique, View, Warning, World,
};
use super::traffic::{CallIndex, GroupIndex, Traffic, Unit};

use asked::{Asked, Barred, Calls, Repeatable};
pub use curve::{Numbers, Point, curve, near_repeats};
pub use store::Outcome;
use store::Rules;

/// The technique.
#[derive(Clone, Copy, Debug)]
pub struct SemanticDedup;

const EXACT: usize = 0;
const EXACT_UNSTATED: usize = 1;
const NEAR: usize = 2;

const LEVERS: &[Lever] = &[
    Lever { name: "exact", evidence: Evidence::Measured },
    Lever { name: "exact_unstated", evidence: Evidence::Inferred },
    Lever { name: "near", evidence: Evidence::Assumed },
];

impl Technique for SemanticDedup {
    fn id(&self) -> TechniqueId {
        TechniqueId::SemanticDedup
    }

    fn levers(&self) -> &'static [Lever] {
        LEVERS
    }

    fn prepare<'t>(&self, view: View<'t>) -> Box<dyn Rewriter + 't> {
        Box::new(Repeats::of(view))
    }
}

/// The repeats of a log.
#[derive(Debug)]
pub struct Repeats<'t> {
    traffic: &'t Traffic<'t>,
    calls: Calls<'t>,
    /// What becomes of each call where only equal requests are served.
    exact: Vec<Outcome>,
    /// The same where similar texts are served too.
    near: Vec<Outcome>,
    /// By group, whether similar texts are looked up.
    looks_up: Vec<bool>,
    reasons: Vec<Option<Reason>>,
    evidence: Vec<Evidence>,
    touched: u64,
    precision: Value,
    embedding: Value,
    store: Value,
}

impl<'t> Repeats<'t> {
    /// Looks for repeats.
    #[must_use]
    pub fn of(view: View<'t>) -> Self {
        let (traffic, values) = (view.traffic, view.assumptions);
        let calls = Calls::of(&view, true);
        let groups = traffic.groups.len();
        let (nowhere, everywhere) = (vec![false; groups], vec![true; groups]);
        let is_on = |lever, switch| view.levers.has(lever) && values.is_on(switch);
        let rules = Rules {
            stated: is_on(EXACT, parameters::EXACT),
            unstated: is_on(EXACT_UNSTATED, parameters::UNSTATED_TEMPERATURE)
                && values.is_on(parameters::EXACT),
            lifetime: lifetime(&view),
            threshold: values.value(parameters::THRESHOLD),
            near: &nowhere,
        };
        let exact = store::replay(&calls, rules);
        let mut repeats = Self {
            traffic,
            near: exact.clone(),
            exact,
            calls,
            looks_up: nowhere.clone(),
            reasons: Vec::new(),
            evidence: vec![Evidence::Measured; groups],
            touched: 0,
            precision: values.value(parameters::PRECISION),
            embedding: values.value(parameters::EMBEDDING_USD_PER_MILLION_TOKENS),
            store: values.value(parameters::STORE_MONTHLY_USD),
        };
        if is_on(NEAR, parameters::NEAR) {
            let found = store::replay(&repeats.calls, Rules { near: &everywhere, ..rules });
            repeats.looks_up = repeats.worth_looking_up(&found);
            repeats.near =
                store::replay(&repeats.calls, Rules { near: &repeats.looks_up, ..rules });
        }
        repeats.grade();
        repeats.judge(&view);
        repeats
    }

    /// What becomes of a call: where similar texts are served too, or only
    /// equal requests.
    #[must_use]
    pub fn outcome(&self, index: CallIndex, with_near: bool) -> Outcome {
        let outcomes = if with_near { &self.near } else { &self.exact };
        outcomes[index.0 as usize]
    }

    /// Groups in which similar texts, by the log's own bills, save more than
    /// looking up every text costs.
    fn worth_looking_up(&self, found: &[Outcome]) -> Vec<bool> {
        let mut saved = vec![Usd::ZERO; self.looks_up.len()];
        let mut paid = vec![Usd::ZERO; self.looks_up.len()];
        for ((index, call), outcome) in self.traffic.indexed().zip(found) {
            let group = call.group.0 as usize;
            if matches!(outcome, Outcome::Near(_)) {
                saved[group] += call.bill;
            }
            if !matches!(outcome, Outcome::Exact(_)) {
                paid[group] += self.embedding_of(index);
            }
        }
        let precision = self.precision.millionths().unsigned_abs();
        let expected = |saved| fees::share(saved, precision, Value::MILLION.unsigned_abs());
        saved.into_iter().zip(paid).map(|(saved, paid)| expected(saved) > paid).collect()
    }

    fn grade(&mut self) {
        for (index, call) in self.traffic.indexed() {
            let at = index.0 as usize;
            let asked = self.calls.asked[at].map(|asked| asked.repeatable);
            let is_unstated = asked == Ok(Repeatable::Unstated);
            let grade = if self.is_looked_up(index) {
                Evidence::Assumed
            } else if self.exact[at] != Outcome::Asked && is_unstated {
                Evidence::Inferred
            } else {
                continue;
            };
            let worst = &mut self.evidence[call.group.0 as usize];
            *worst = worst.worst(grade);
        }
    }

    /// Says of every group why it is left alone, if it is.
    fn judge(&mut self, view: &View<'_>) {
        let groups = self.looks_up.len();
        let mut used = vec![false; groups];
        let mut barred = vec![[0_u64; 3]; groups];
        for (index, call) in self.traffic.indexed() {
            let group = call.group.0 as usize;
            let is_touched = self.touches(index);
            used[group] |= is_touched;
            self.touched += u64::from(is_touched);
            if let Err(reason) = self.calls.asked[index.0 as usize] {
                barred[group][reason as usize] += 1;
            }
        }
        let is_off = !LEVERS.iter().enumerate().any(|(lever, _)| view.levers.has(lever));
        let reason = |(group, used): (usize, bool)| {
            let calls = view.profile.group(GroupIndex(u32::try_from(group).unwrap_or(0))).calls;
            (!used).then(|| reason(is_off, barred[group], calls))
        };
        self.reasons = used.into_iter().enumerate().map(reason).collect();
    }

    fn text(&self, index: CallIndex) -> Option<asked::Text<'t>> {
        let asked: Asked<'t> = self.calls.asked[index.0 as usize].ok()?;
        asked.text
    }

    /// Whether similar texts are looked for.
    fn is_looked_up(&self, index: CallIndex) -> bool {
        self.text(index).is_some_and(|text| self.looks_up[text.group.0 as usize])
    }

    fn embedding_of(&self, index: CallIndex) -> Usd {
        let tokens = self.text(index).map_or(0, |text| u64::from(text.tokens));
        fees::by_tokens(self.embedding, tokens)
    }

    /// Calls that another user's answer would serve.
    fn shared(&self) -> u64 {
        let user = |index| self.traffic.record(index).user;
        let is_shared = |(index, outcome): (CallIndex, &Outcome)| match outcome {
            Outcome::Asked => false,
            Outcome::Exact(source) | Outcome::Near(source) => {
                user(index).is_some() && user(*source).is_some() && user(index) != user(*source)
            }
        };
        let outcomes = (0..).map(CallIndex).zip(&self.near);
        outcomes.map(is_shared).map(u64::from).sum()
    }
}

/// How long a stored answer serves, in microseconds.
fn lifetime(view: &View<'_>) -> i64 {
    // A millionth of a second is a microsecond; without bound is the largest.
    view.assumptions.value(parameters::LIFETIME_SECONDS).millionths()
}

fn reason(is_off: bool, barred: [u64; 3], calls: u64) -> Reason {
    let all = |reason: Barred| barred[reason as usize] == calls;
    if is_off {
        Reason::skipped("SWITCHED_OFF", "no lever of semantic-dedup is on")
    } else if all(Barred::NoText) {
        let message = "the log does not hold whole requests; log `messages` and parameters to see \
            which repeat";
        Reason::unknown("NEEDS_TEXT", message)
    } else if all(Barred::NotDeterministic) {
        let message = "every request asks for a temperature above 0; declare the feature cacheable \
            if an earlier answer will do";
        Reason::skipped("NOT_DETERMINISTIC", message)
    } else if all(Barred::NoUser) {
        let message = "the feature is marked personal and its calls name no user; log `user`";
        Reason::unknown("NEEDS_USER", message)
    } else {
        Reason::skipped("NO_FURTHER_SAVING", "no request repeats one that was answered in time")
    }
}

impl Rewriter for Repeats<'_> {
    fn verdict(&self, group: GroupIndex) -> Result<(), Reason> {
        self.reasons[group.0 as usize].clone().map_or(Ok(()), Err)
    }

    fn touches(&self, call: CallIndex) -> bool {
        let at = call.0 as usize;
        let is_hit = self.exact[at] != Outcome::Asked || self.near[at] != Outcome::Asked;
        is_hit || self.is_looked_up(call)
    }

    fn coins(&self) -> Vec<(Coin, Value)> {
        if self.near.iter().any(|outcome| matches!(outcome, Outcome::Near(_))) {
            vec![(Coin::NearRepeat, self.precision)]
        } else {
            Vec::new()
        }
    }

    fn rewrite(&self, world: World, state: &mut CallState, _conversation: &mut Conversation) {
        let outcome = self.outcome(state.index, world.has(Coin::NearRepeat));
        // What is equal is found without an embedding.
        if self.is_looked_up(state.index) && !matches!(outcome, Outcome::Exact(_)) {
            state.fees += self.embedding_of(state.index);
        }
        if outcome != Outcome::Asked {
            state.requests.clear();
            state.changed_by = state.changed_by.with(TechniqueId::SemanticDedup);
        }
    }

    fn fixed_cost(&self, unit: &Unit) -> Usd {
        let touches = |call| self.touches(call);
        fees::of_store(self.traffic, unit, self.store, self.touched, touches)
    }

    fn evidence(&self, group: GroupIndex) -> Evidence {
        self.evidence[group.0 as usize]
    }

    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let shared = self.shared();
        if shared > 0 {
            let message = format!(
                "{} would get an answer that was given to another user; mark features as \
                 personal whose answers must not be shared",
                counted(shared, "call")
            );
            warnings.push(Warning { code: "SHARED_BETWEEN_USERS", message });
        }
        if self.calls.templates > 0 {
            let message = format!(
                "a template with little text of its own is in {}; similar ones are not taken \
                 for repeats",
                counted(self.calls.templates, "call")
            );
            warnings.push(Warning { code: "TEMPLATE", message });
        }
        warnings
    }
}
