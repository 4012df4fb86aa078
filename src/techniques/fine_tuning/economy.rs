//! What a tuned model costs by the month, and from how many calls it pays.

use crate::techniques::parameter::Value;
use crate::techniques::parameters::fine_tuning as parameters;
use crate::techniques::profile::GroupProfile;
use crate::techniques::technique::View;
use crate::techniques::traffic::{GroupIndex, Prompt};
use crate::units::{Tokens, Usd, counted, divide_half_even};

use super::target::Target;
use super::{head_left, head_tokens};

/// Costs and savings of one task; savings without any cache, for orientation.
pub(super) struct Economy {
    /// Training, once.
    training: Usd,
    /// Training, labels, evaluation and hosting, by the month.
    monthly: Usd,
    /// The same over the log's window.
    pub(super) in_window: Usd,
    /// What a tuned call costs less than a logged one.
    saving: Usd,
    /// Calls a month, as the log has them.
    calls_a_month: u64,
}

const MICROS_PER_DAY: i128 = 86_400_000_000;
const MICROS_PER_MONTH: i128 = 30 * MICROS_PER_DAY;
/// Where a model is trained once only, that is written off in a year.
const LONGEST_MONTHS: i64 = 12;

impl Economy {
    pub(super) fn of(
        view: &View<'_>,
        group: GroupIndex,
        profile: &GroupProfile,
        target: &Target,
    ) -> Self {
        let value = |handle| view.assumptions.value(handle);
        let models = &view.traffic.models;
        let from = view.traffic.group(group).model;
        let examples = value(parameters::EXAMPLES).floor();
        let epochs = value(parameters::EPOCHS).floor();
        let tokens = profile.input.saturating_add(profile.output);
        let tokens = models.retokenised(tokens, from, target.tuned);
        let read = u128::from(tokens) * u128::from(examples) * u128::from(epochs);
        let read = read.min(i128::MAX.unsigned_abs()).cast_signed();
        let training = Usd::from_femto(divide_half_even(
            i128::from(target.training.femto_per_token()).saturating_mul(read),
            i128::from(profile.calls.max(1)),
        ));
        let labels = dollars(value(parameters::LABEL_USD), examples);
        let each_time = training + labels + dollars(value(parameters::EVALUATION_USD), 1);
        let months = match value(parameters::RETRAIN_MONTHS) {
            Value::ZERO => Value::whole(LONGEST_MONTHS),
            months => months,
        };
        let written_off = divide_half_even(
            each_time.femto().saturating_mul(i128::from(Value::MILLION)),
            i128::from(months.millionths()),
        );
        let monthly =
            Usd::from_femto(written_off) + dollars(value(parameters::HOSTING_MONTHLY_USD), 1);
        let window = window(view);
        let demand = &target.demand;
        let logged = demand.cost(models, from, from);
        let input = models.retokenised(demand.input.get(), from, target.tuned);
        let head = models.retokenised(mean_head(view, group, profile), from, target.tuned);
        let cut = head.saturating_sub(head_left(head, value(parameters::HEAD_SHARE)));
        let output = models.retokenised(demand.output.get(), from, target.tuned);
        let input = Tokens::new(input.saturating_sub(cut));
        let tuned = models.cost(target.tuned, demand.end, input, Tokens::new(output));
        let calls_a_month = divide_half_even(i128::from(profile.calls) * MICROS_PER_MONTH, window);
        Self {
            training,
            monthly,
            in_window: Usd::from_femto(divide_half_even(
                monthly.femto().saturating_mul(window),
                MICROS_PER_MONTH,
            )),
            saving: logged - tuned,
            calls_a_month: u64::try_from(calls_a_month).unwrap_or(u64::MAX),
        }
    }

    /// Calls a month from which it pays when the tuned model serves a share of
    /// them; `None` where a tuned call costs no less.
    pub(super) fn break_even(&self, share: Value) -> Option<u64> {
        let saved = self.saving.femto().saturating_mul(i128::from(share.millionths()));
        if saved <= 0 {
            return None;
        }
        let fixed = self.monthly.femto().saturating_mul(i128::from(Value::MILLION));
        u64::try_from(fixed.unsigned_abs().div_ceil(saved.unsigned_abs())).ok()
    }

    /// The sum in words, as a fragment.
    pub(super) fn payback(&self, share: Value) -> String {
        let show = |amount: Usd| amount.to_nano().to_display();
        let costs = format!(
            "a training costs {}, all of it {} a month",
            show(self.training),
            show(self.monthly)
        );
        let calls = i128::from(self.calls_a_month);
        let saved = divide_half_even(
            self.saving.femto().saturating_mul(i128::from(share.millionths())),
            i128::from(Value::MILLION),
        );
        let saved = Usd::from_femto(saved.saturating_mul(calls));
        match self.break_even(share) {
            None => format!("{costs}, and a tuned call costs no less: it never pays"),
            Some(least) => format!(
                "{costs}, against {} saved on {} a month before any cache: it pays from {} a \
                 month, {}",
                show(saved),
                counted(self.calls_a_month, "call"),
                counted(least, "call"),
                if self.calls_a_month >= least { "which there are" } else { "so not here" }
            ),
        }
    }
}

/// So many times an amount given in dollars.
fn dollars(amount: Value, count: u64) -> Usd {
    const FEMTO_PER_MICRO: i128 = 1_000_000_000;
    let femto = i128::from(amount.millionths()).saturating_mul(FEMTO_PER_MICRO);
    Usd::from_femto(femto.saturating_mul(i128::from(count)))
}

/// The log's window in microseconds, at least a day.
fn window(view: &View<'_>) -> i128 {
    let (first, last) = view.traffic.span.unwrap_or_default();
    (i128::from(last) - i128::from(first)).max(MICROS_PER_DAY)
}

/// Tokens of tools, system prompt and examples of a mean call.
fn mean_head(view: &View<'_>, group: GroupIndex, profile: &GroupProfile) -> u64 {
    let mut prompt = Prompt::new();
    let of_group = view.traffic.indexed().filter(|(_, call)| call.group == group);
    let heads = of_group.map(|(index, _)| {
        view.traffic.prompt(index, &mut prompt);
        head_tokens(&prompt)
    });
    heads.sum::<u64>() / profile.calls.max(1)
}
