//! What a pair of cells costs after each substitution.
//!
//! Every amount is a cost of one side times a ratio of counts, exact and
//! rounded once to a femto-dollar, so that no sum depends on an order.

use crate::record::component::Component;
use crate::report::document::{Cell, Effect, TokenKind};
use crate::units::Usd;

use super::pairs::{Calls, Class, Pair, Sides, calls_of, cost_of, kind_of};
use super::stage::{Part, STAGES, TOTALS};

const INPUT: [TokenKind; 3] =
    [TokenKind::UncachedInput, TokenKind::CacheRead, TokenKind::CacheWrite];

/// What a pair costs before the first substitution and after each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amounts {
    pub amounts: [Usd; TOTALS],
    /// The first of them that is of the second side's calls; those before it are
    /// of the first side's.
    pub turn: usize,
}

/// What a pair costs after each substitution.
pub(super) fn amounts(pair: &Pair, calls: &Calls) -> Amounts {
    let first = cost_of(pair.before.as_ref());
    let last = cost_of(pair.after.as_ref());
    let at_once = |effect| {
        let turn = after(effect);
        let amounts = std::array::from_fn(|at| if at < turn { first } else { last });
        Amounts { amounts, turn }
    };
    match pair.class {
        Class::Gone => at_once(Effect::GoneFeature),
        Class::New => at_once(Effect::NewFeature),
        Class::Coverage | Class::Unpriced => at_once(Effect::Coverage),
        Class::Uncounted => match Both::of(pair) {
            Some(both) => {
                walk(first, last, Effect::Usage, |effect, part| uncounted(&both, effect, part))
            }
            None => at_once(Effect::Usage),
        },
        Class::Counted => counted(pair, calls, first, last),
    }
}

/// The position of the total after a substitution.
fn after(effect: Effect) -> usize {
    STAGES.iter().position(|stage| stage.effect == effect).map_or(TOTALS, |at| at + 1)
}

/// From `first`, by what `amount` says from the stage of `turn` on, to `last`.
fn walk(
    first: Usd,
    last: Usd,
    turn: Effect,
    amount: impl Fn(Effect, Option<Part>) -> Usd,
) -> Amounts {
    let turn = after(turn);
    let amounts = std::array::from_fn(|at| match at.checked_sub(1) {
        _ if at < turn => first,
        Some(stage) if at < TOTALS - 1 => {
            let stage = STAGES[stage];
            amount(stage.effect, stage.part)
        }
        _ => last,
    });
    Amounts { amounts, turn }
}

/// A pair of features whose calls are counted.
fn counted(pair: &Pair, calls: &Calls, first: Usd, last: Usd) -> Amounts {
    let of_feature = calls.features.get(&pair.feature).copied().unwrap_or_default();
    let model = (pair.feature.clone(), pair.model.clone());
    let of_model = calls.models.get(&model).copied().unwrap_or_default();
    let own =
        Sides { before: calls_of(pair.before.as_ref()), after: calls_of(pair.after.as_ref()) };
    let entering = own.before == 0;
    walk(first, last, Effect::Volume, |effect, part| match effect {
        _ if entering && enters(effect, of_model) => last,
        _ if entering => Usd::ZERO,
        Effect::Volume => scaled(pair, calls.all),
        Effect::FeatureMix => scaled(pair, of_feature),
        Effect::ModelMix => scaled(pair, of_model),
        Effect::TierMix => scaled(pair, own),
        _ => Both::of(pair).map_or(Usd::ZERO, |both| both.at(effect, part, own)),
    })
}

/// Whether what is new in a feature is there after an effect: a new model with
/// the models, a new provider or tier of an old model with those.
const fn enters(effect: Effect, of_model: Sides) -> bool {
    match effect {
        Effect::Volume | Effect::FeatureMix => false,
        Effect::ModelMix => of_model.before == 0,
        _ => true,
    }
}

/// The first side's cost at another number of calls.
fn scaled(pair: &Pair, calls: Sides) -> Usd {
    let Some(cell) = &pair.before else { return Usd::ZERO };
    if calls.before == 0 {
        return Usd::ZERO;
    }
    // In the same parts as below, so that equal ratios give equal amounts.
    let (_, input) = input_of(cell);
    let (_, output) = kind_of(cell, TokenKind::Output);
    let (_, fees) = kind_of(cell, TokenKind::Fees);
    [input, output, fees].iter().map(|cost| cost.times(calls.after, calls.before)).sum()
}

fn uncounted(both: &Both<'_>, effect: Effect, part: Option<Part>) -> Usd {
    // Fees have nothing to be measured by: they are part of the usage.
    let (_, fees) = kind_of(both.after, TokenKind::Fees);
    let one = Sides { before: 1, after: 1 };
    match effect {
        Effect::CacheShare | Effect::Price | Effect::Fees => {
            both.input(effect, part, one) + both.output(effect, part, one) + fees
        }
        _ => {
            let whole = Some(Part::Output);
            let tokens = Effect::TokensPerCall;
            both.input(tokens, whole, one) + both.output(tokens, whole, one) + fees
        }
    }
}

fn input_of(cell: &Cell) -> (i128, Usd) {
    INPUT.iter().fold((0, Usd::ZERO), |(tokens, cost), kind| {
        let (more, price) = kind_of(cell, *kind);
        (tokens + more, cost + price)
    })
}

/// A pair with a price on both sides.
struct Both<'a> {
    before: &'a Cell,
    after: &'a Cell,
    /// Whether both know their components.
    by_component: bool,
}

impl<'a> Both<'a> {
    fn of(pair: &'a Pair) -> Option<Self> {
        let priced = |cell: &&Cell| cell.cost_usd.is_some();
        let (before, after) =
            (pair.before.as_ref().filter(priced)?, pair.after.as_ref().filter(priced)?);
        let by_component = !before.components.is_empty() && !after.components.is_empty();
        Some(Self { before, after, by_component })
    }

    fn at(&self, effect: Effect, part: Option<Part>, calls: Sides) -> Usd {
        if calls.after == 0 {
            return Usd::ZERO;
        }
        let (_, fees) = kind_of(self.before, TokenKind::Fees);
        let fees = fees.times(calls.after, calls.before);
        self.input(effect, part, calls) + self.output(effect, part, calls) + fees
    }

    /// The input after a stage, at the second side's calls.
    fn input(&self, effect: Effect, part: Option<Part>, calls: Sides) -> Usd {
        let (old_tokens, old_cost) = input_of(self.before);
        let (new_tokens, new_cost) = input_of(self.after);
        match effect {
            Effect::TokensPerCall => {
                let part = part.unwrap_or(Part::Input);
                let tokens = self.tokens(part, calls, false);
                blended(tokens, (old_tokens, old_cost), (new_tokens, new_cost), calls)
            }
            _ if old_tokens == 0 || effect != Effect::CacheShare => new_cost,
            _ => INPUT
                .iter()
                .map(|kind| {
                    let (old, cost) = kind_of(self.before, *kind);
                    let (new, new_cost) = kind_of(self.after, *kind);
                    // A kind that is new has the second side's rate.
                    if old == 0 { new_cost } else { cost.times(new, old) }
                })
                .sum(),
        }
    }

    /// The output after a stage, at the second side's calls.
    fn output(&self, effect: Effect, part: Option<Part>, calls: Sides) -> Usd {
        let old = kind_of(self.before, TokenKind::Output);
        let new = kind_of(self.after, TokenKind::Output);
        match effect {
            Effect::TokensPerCall => {
                let tokens = self.tokens(part.unwrap_or(Part::Output), calls, true);
                blended(tokens, old, new, calls)
            }
            Effect::CacheShare => {
                let tokens = new.0.saturating_mul(calls.before);
                blended(tokens, old, new, calls)
            }
            _ => new.1,
        }
    }

    /// Tokens of input or output times the first side's calls, where the parts up
    /// to `last` are the second side's and the others the first side's, scaled
    /// to the second side's calls.
    fn tokens(&self, last: Part, calls: Sides, output: bool) -> i128 {
        let mut tokens = 0_i128;
        let mut is_new = true;
        for part in STAGES.iter().filter_map(|stage| stage.part) {
            if part.is_output() == output {
                let cell = if is_new { self.after } else { self.before };
                let times = if is_new { calls.before } else { calls.after };
                let own = self.part(cell, part).saturating_mul(times);
                tokens = tokens.saturating_add(own);
            }
            is_new &= part != last;
        }
        tokens
    }

    /// The tokens of a part in a cell; nothing where the pair is not told apart
    /// by that part.
    fn part(&self, cell: &Cell, part: Part) -> i128 {
        let of = |component| {
            let found = cell.components.iter().find(|found| found.component == component);
            found.map_or(0, |found| i128::from(found.tokens.get()))
        };
        let (output, _) = kind_of(cell, TokenKind::Output);
        match part {
            Part::Of(_) if !self.by_component => 0,
            Part::Input | Part::Output if self.by_component => 0,
            Part::Input => input_of(cell).0,
            Part::Output => output,
            // What no component accounts for has no other name.
            Part::Of(Component::Unattributed) => {
                let others = Component::ALL.into_iter().filter(|component| {
                    *component != Component::Unattributed && !Part::Of(*component).is_output()
                });
                input_of(cell).0 - others.map(of).sum::<i128>()
            }
            Part::Of(Component::OutputText) => output - of(Component::OutputReasoning),
            Part::Of(component) => of(component),
        }
    }
}

/// Tokens, given times the first side's calls, at the first side's mean rate;
/// at the second's where the first has none.
fn blended(tokens: i128, old: (i128, Usd), new: (i128, Usd), calls: Sides) -> Usd {
    let ((tokens_of, cost), times) =
        if old.0 > 0 { (old, calls.before) } else { (new, calls.before) };
    let whole = tokens_of.saturating_mul(times);
    if whole == 0 { Usd::ZERO } else { cost.times(tokens, whole) }
}
