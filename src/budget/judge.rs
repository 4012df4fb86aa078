//! Holds one rule against one slice.
//!
//! Unknown is never within: what cannot be told is not judged, and says why.

use super::amount::Size;
use super::figures::{Part, Side};
use super::measure::{self, How};
use super::movers;
use super::reading::{self, Missing, Read, Value};
use super::rule::{Rule, RuleLimit};
use super::settings::Per;
use crate::report::document::{
    Evidence, Judgement, Limit, Quantity, Side as Allowed, Slice, Status, StepStatus, UNKNOWN_KEY,
    Unit,
};
use crate::units::{NanoUsd, Share, counted};

/// What rules are held against.
pub(super) struct Bench<'a> {
    pub log: Side<'a>,
    pub baseline: Option<Side<'a>>,
    /// Which part of unpriced calls dollars are still judged with.
    pub unpriced_share: i128,
}

/// A judgement, with what ignoring it asks for.
pub(super) struct Judged {
    pub judgement: Judgement,
    /// The feature, of a slice that is of one.
    pub feature: Option<String>,
}

const BILLION: i128 = 1_000_000_000;

/// Of how many slices of one rule it is said what moved them, the first in
/// their order: each takes a pass over the log, and a rule on every user may be
/// over for a hundred thousand of them.
const MOST_EXPLAINED: usize = 20;

impl Bench<'_> {
    /// Judges a rule on every slice that it is about.
    pub fn judge(&self, rule: &Rule) -> Vec<Judged> {
        let answer = self.log.slices(&rule.scope.filter, rule.scope.per);
        let parts = match answer.as_ref() {
            Ok(parts) => parts,
            Err(missing) => return vec![unjudged(rule, missing)],
        };
        if parts.is_empty() {
            let filters = rule.scope.texts.join(" and ");
            let of = if filters.is_empty() { String::new() } else { format!(" fits {filters}") };
            let missing = Missing { reason: format!("no call{of}"), help: None };
            return vec![unjudged(rule, &missing)];
        }
        let mut explained = 0;
        let judge = |part: &Part| {
            let judged = self.judge_part(rule, part, explained < MOST_EXPLAINED);
            explained += usize::from(!judged.judgement.moved_by.is_empty());
            judged
        };
        parts.iter().map(judge).collect()
    }

    fn judge_part(&self, rule: &Rule, part: &Part, explains: bool) -> Judged {
        let mut judgement = blank(rule, part);
        judgement.calls = part.slice.calls;
        let found = whose(rule, part).and_then(|()| self.read(rule, &self.log, part));
        let found = found.and_then(|value| {
            judgement.measured = Some(value.quantity);
            judgement.evidence = Some(value.evidence);
            judgement.calls = value.calls;
            self.hold(rule, part, value, &mut judgement)
        });
        if let Err(missing) = found {
            not_judged(&mut judgement, &missing);
        }
        if matches!(judgement.status, Status::Over | Status::Near) {
            if explains {
                judgement.moved_by = movers::moved_by(self, rule, part, &judgement);
            }
            judgement.help = self.help(rule, &judgement);
        }
        let feature = (rule.scope.per == Some(Per::Feature)).then(|| part.key.clone()).flatten();
        Judged { judgement, feature }
    }

    /// What the measure of the rule is on one side.
    pub fn read(&self, rule: &Rule, side: &Side<'_>, part: &Part) -> Read {
        match rule.measure.how {
            How::Slice(read) => read(&part.slice),
            How::Month => month(side, &part.slice),
            How::Mix => self.mix(rule, part),
            How::Saving => saving(rule, side),
        }
    }

    /// Compares with what is allowed and fills the judgement in.
    fn hold(
        &self,
        rule: &Rule,
        part: &Part,
        value: Value,
        judgement: &mut Judgement,
    ) -> Result<(), Missing> {
        let held = match rule.limit {
            RuleLimit::Max(bound) | RuleLimit::Min(bound) => Held { value, bound, change: None },
            RuleLimit::Increase { allowed, .. } | RuleLimit::Decrease { allowed, .. } => {
                self.against(rule, part, value, allowed)?
            }
        };
        let side = match rule.limit {
            RuleLimit::Max(_) | RuleLimit::Increase { .. } => Allowed::AtMost,
            RuleLimit::Min(_) | RuleLimit::Decrease { .. } => Allowed::AtLeast,
        };
        judgement.measured = Some(held.value.quantity);
        judgement.limit = Some(limit(rule, side, held.bound));
        judgement.baseline = held.change.map(|change| change.base);
        let past = held.is_past(rule, side);
        self.trust(rule, part, &held.value, past)?;
        judgement.status = match (past, held.is_near(rule, side)) {
            (true, _) => Status::Over,
            (false, true) => Status::Near,
            (false, false) => Status::Within,
        };
        judgement.message = sentence(rule, &held.value, judgement);
        judgement.note.clone_from(&held.value.note);
        if let Some(without) = left_out(&part.slice).filter(|_| rule.measure.unit == Unit::Usd) {
            judgement.message = format!("{}, {without}", judgement.message);
            let notes: Vec<String> = judgement.note.take().into_iter().chain([without]).collect();
            judgement.note = Some(notes.join("; "));
        }
        Ok(())
    }

    /// The bound that the baseline sets, and the change that is allowed.
    fn against(
        &self,
        rule: &Rule,
        part: &Part,
        mut now: Value,
        allowed: Size,
    ) -> Result<Held, Missing> {
        let baseline = self.baseline()?;
        let before = baseline
            .part(&rule.scope, part.key.as_deref())?
            .ok_or_else(|| Missing::new("the baseline has no such calls", "save a new baseline"))?;
        let mut then = self.read(rule, baseline, &before).map_err(in_baseline)?;
        let is_month = *rule.measure == measure::MONTHLY_COST;
        if is_month && !(covers(&self.log) && covers(baseline)) {
            // Where one is too short to be a rate, both are held as logged.
            let note = "as logged: one of the two covers less than a day";
            now = Value { note: Some(note.to_owned()), ..reading::cost(&part.slice)? };
            then = reading::cost(&before.slice)?;
        }
        enough(rule, &now)?;
        enough(rule, &then).map_err(in_baseline)?;
        self.priced_enough(&before.slice, rule).map_err(in_baseline)?;
        let base = then.quantity.billionths();
        let by = amount_of(allowed, base);
        let bound = match rule.limit {
            RuleLimit::Decrease { .. } => base - by,
            _ => base + by,
        };
        let bound = Quantity::from_billionths(bound, rule.measure.unit);
        Ok(Held { value: now, bound, change: Some(Change { base: then.quantity, by }) })
    }

    pub fn baseline(&self) -> Result<&Side<'_>, Missing> {
        self.baseline.as_ref().ok_or_else(|| {
            Missing::new(
                "there is no baseline",
                "--baseline FILE, or baseline under [budget], names a saved analysis",
            )
        })
    }

    /// Whether the answer can be trusted: enough calls, enough of them priced.
    fn trust(&self, rule: &Rule, part: &Part, value: &Value, past: bool) -> Result<(), Missing> {
        if rule.measure.needs_sample {
            enough(rule, value)?;
        }
        // A sum without some of its calls is at least as large with them.
        if past && matches!(rule.limit, RuleLimit::Max(_)) && !rule.measure.needs_sample {
            return Ok(());
        }
        self.priced_enough(&part.slice, rule)
    }

    fn priced_enough(&self, slice: &Slice, rule: &Rule) -> Result<(), Missing> {
        if rule.measure.unit != Unit::Usd {
            return Ok(());
        }
        let is_much = |part: Option<Share>| {
            part.is_some_and(|part| part.millionths() * 1_000 > self.unpriced_share)
        };
        let (unpriced, partly) = (slice.unpriced_calls, slice.partly_priced_calls);
        let without = format!("{} without a price", counted(unpriced, "call"));
        let tokens = reading::unpriced_tokens_part(slice);
        let (calls, help) = if is_much(reading::not_wholly_priced_part(slice)) {
            match (unpriced, partly) {
                (0, _) => (
                    format!("{} priced in part", counted(partly, "call")),
                    "`tokopt analyze` says which part was not logged or has no rate",
                ),
                (_, 0) => (without, "--prices FILE adds a model"),
                _ => {
                    (format!("{without} and {partly} priced in part"), "--prices FILE adds a model")
                }
            }
        } else if let Some(tokens) = tokens.filter(|part| is_much(Some(*part))) {
            // Few calls, and the dear ones.
            let part = tokens.to_percent();
            (format!("{without}, {part} of the tokens"), "--prices FILE adds a model")
        } else {
            return Ok(());
        };
        Err(Missing::new(
            format!("{calls}: the dollars are only a part"),
            &format!("{help}; max_unpriced_share under [budget] says how many may be without"),
        ))
    }

    fn help(&self, rule: &Rule, judgement: &Judgement) -> Option<String> {
        if let Some(technique) = rule.measure.remedy {
            return Some(format!("`tokopt explain {technique}` says what moves it"));
        }
        // The highest of many says how much, and not whose: that is one table away.
        for (highest, dimension) in [
            (measure::HIGHEST_CONVERSATION_COST, "conversation"),
            (measure::HIGHEST_USER_COST, "user"),
        ] {
            if *rule.measure == highest {
                return Some(format!("`tokopt analyze LOG --by {dimension}` says which it is"));
            }
        }
        if *rule.measure == measure::SAVING_SHARE {
            return None;
        }
        if judgement.measured?.unit != Unit::Usd || !rule.scope.filter.keeps_everything() {
            return None;
        }
        let ladder = self.log.figures.ladder().ok()?;
        let step = ladder.steps.iter().filter(|step| step.status == StepStatus::Applied);
        let best =
            step.max_by_key(|step| (step.standalone_saving_usd, std::cmp::Reverse(step.rank)))?;
        let saving = best.standalone_saving_usd?;
        Some(format!(
            "{} alone would save {} of {}: `tokopt explain {}`",
            best.technique,
            saving.to_display(),
            ladder.baseline_usd.to_display(),
            best.technique
        ))
    }

    /// The shift of the model mix, against the baseline.
    fn mix(&self, rule: &Rule, part: &Part) -> Read {
        let shares = movers::mix(self, rule, part)?;
        let sum: i128 = shares.iter().map(|share| share.change().abs()).sum();
        let millionths = divide(sum, 2_000);
        let shift = Quantity::from_billionths(millionths * 1_000, Unit::Share);
        Ok(Value::measured(shift, part.slice.calls))
    }
}

/// Refuses to take the calls of nobody for those of one user.
fn whose(rule: &Rule, part: &Part) -> Result<(), Missing> {
    let unknown = part.key.as_deref() == Some(UNKNOWN_KEY);
    match rule.scope.per {
        Some(Per::User) if unknown => {
            Err(Missing::new("these calls name no user", "log the user of each call"))
        }
        Some(Per::Conversation) if unknown => Err(Missing::new(
            "these calls name no conversation",
            "log a conversation or session with each call",
        )),
        _ => Ok(()),
    }
}

fn covers(side: &Side<'_>) -> bool {
    side.figures.covers_a_day()
}

/// The cost of thirty days, or that of a log that is too short to say.
fn month(side: &Side<'_>, slice: &Slice) -> Read {
    let cost = reading::cost(slice)?;
    let window = &side.figures.subject().window;
    let projected = covers(side)
        .then(|| window.month_of(NanoUsd::from_nano(cost.quantity.billionths())))
        .flatten();
    let (Some(month), Some(days)) = (projected, window.days) else {
        let note = if window.days.is_some() {
            "the log covers less than a day, so its own dollars are held against the month"
        } else {
            "the log has no dates, so its own dollars are held against the month"
        };
        return Ok(Value { note: Some(note.to_owned()), ..cost });
    };
    let days = days.to_display(1);
    Ok(Value {
        quantity: Quantity::usd(month),
        evidence: cost.evidence.worst(Evidence::Inferred),
        note: Some(format!("projected from {days} days of log")),
        ..cost
    })
}

/// What a technique that is graded measured would save.
fn saving(rule: &Rule, side: &Side<'_>) -> Read {
    if !rule.scope.filter.keeps_everything() || rule.scope.per.is_some() {
        return Err(Missing::new(
            "savings are known of the whole log only",
            "restrict the check itself with --where",
        ));
    }
    let ladder = side.figures.ladder()?;
    let wanted = |technique: &str| rule.technique.as_deref().is_none_or(|name| name == technique);
    let steps = || ladder.steps.iter().filter(|step| wanted(&step.technique));
    if steps().next().is_none() {
        let name = rule.technique.as_deref().unwrap_or("any");
        return Err(Missing::new(
            format!("there is no technique `{name}`"),
            "`tokopt explain` lists them",
        ));
    }
    let share = |saving: NanoUsd| Share::of_nano(saving, ladder.baseline_usd).map(reading::share);
    let measured = steps()
        .filter(|step| step.status == StepStatus::Applied)
        .filter(|step| step.evidence == Some(Evidence::Measured))
        .filter_map(|step| Some((share(step.standalone_saving_usd?)?, step)))
        .max_by_key(|(share, step)| (share.billionths(), std::cmp::Reverse(step.rank)));
    let calls = side.figures.subject().calls;
    if let Some((share, step)) = measured {
        let of = Some(step.technique.clone());
        return Ok(Value { of, ..Value::measured(share, calls) });
    }
    let graded = steps().find(|step| step.status == StepStatus::Applied);
    if let Some(step) = graded {
        let grade = step.evidence.map_or("not", Evidence::name);
        return Err(Missing::new(
            format!("what {} saves is {grade}, not measured", step.technique),
            "log what `tokopt inspect` says would raise its grade",
        ));
    }
    if let Some(step) = steps().find(|step| step.status == StepStatus::Unknown) {
        let reason = step.reason.clone().unwrap_or_default();
        return Err(Missing { reason: reason.message, help: reason.settled_by });
    }
    Ok(Value::measured(Quantity::whole(0, Unit::Share), calls))
}

/// Whether enough calls are seen. An export that does not count its calls adds
/// whole periods up and is taken as it is.
fn enough(rule: &Rule, value: &Value) -> Result<(), Missing> {
    value.calls.map_or(Ok(()), |calls| enough_calls(rule, calls))
}

/// Whether so many calls are enough for a rule.
pub(super) fn enough_calls(rule: &Rule, calls: u64) -> Result<(), Missing> {
    if calls >= rule.minimum_calls {
        return Ok(());
    }
    Err(Missing::new(
        format!("{}, and it takes {} to judge", counted(calls, "call"), rule.minimum_calls),
        "minimum_calls or --minimum-calls sets how many are enough",
    ))
}

fn amount_of(size: Size, base: i128) -> i128 {
    match size {
        Size::Whole(quantity) => quantity.billionths(),
        Size::Part(share) => scaled(base, share.billionths()),
    }
}

/// Divides, rounding halves up.
const fn divide(dividend: i128, divisor: i128) -> i128 {
    (dividend + divisor / 2).div_euclid(divisor)
}

/// A value beside what is allowed.
struct Held {
    value: Value,
    bound: Quantity,
    change: Option<Change>,
}

/// What a baseline had, and by how much that may change.
#[derive(Clone, Copy)]
struct Change {
    base: Quantity,
    by: i128,
}

impl Held {
    /// Whether the value is past the bound, by more than counts as no change.
    fn is_past(&self, rule: &Rule, side: Allowed) -> bool {
        let measured = self.value.quantity.billionths();
        let past = match side {
            Allowed::AtMost => measured > self.bound.billionths(),
            Allowed::AtLeast => measured < self.bound.billionths(),
        };
        let base = self.change.map_or(0, |change| change.base.billionths());
        past && match rule.limit {
            RuleLimit::Increase { least: Some(least), .. }
            | RuleLimit::Decrease { least: Some(least), .. } => {
                (measured - base).abs() > amount_of(least, base)
            }
            _ => true,
        }
    }

    /// Whether the value is past the part of the limit from which on to warn.
    fn is_near(&self, rule: &Rule, side: Allowed) -> bool {
        let Some(part) = rule.warn_at else { return false };
        let (measured, bound) = (self.value.quantity.billionths(), self.bound.billionths());
        match (side, self.change) {
            (Allowed::AtMost, Some(Change { base, by })) => {
                measured - base.billionths() > scaled(by, part)
            }
            (Allowed::AtLeast, Some(Change { base, by })) => {
                base.billionths() - measured > scaled(by, part)
            }
            (Allowed::AtMost, None) => measured > scaled(bound, part),
            // The limit is more than that part of what was measured.
            (Allowed::AtLeast, None) => bound > scaled(measured, part),
        }
    }
}

/// What dollars leave out, behind a sentence that holds them up.
fn left_out(slice: &Slice) -> Option<String> {
    let calls = |count: u64| counted(count, "call");
    let without = match (slice.unpriced_calls, slice.partly_priced_calls) {
        (0, 0) => return None,
        (unpriced, 0) => format!("{} without a price", calls(unpriced)),
        (0, partly) => format!("a part of {}", calls(partly)),
        (unpriced, partly) => {
            format!("{} without a price and a part of {}", calls(unpriced), calls(partly))
        }
    };
    Some(format!("leaving out {without}"))
}

fn in_baseline(missing: Missing) -> Missing {
    Missing { reason: format!("in the baseline, {}", missing.reason), help: missing.help }
}

/// A number times a part of one, in billionths.
fn scaled(number: i128, part: i128) -> i128 {
    divide(number.saturating_mul(part), BILLION)
}

fn limit(rule: &Rule, side: Allowed, bound: Quantity) -> Limit {
    let (change_share, change) = match rule.limit {
        RuleLimit::Increase { allowed, .. } => parts(allowed, 1),
        RuleLimit::Decrease { allowed, .. } => parts(allowed, -1),
        RuleLimit::Max(_) | RuleLimit::Min(_) => (None, None),
    };
    Limit { side, bound, change_share, change }
}

/// An allowed change as a part or as an amount, with its sign.
fn parts(allowed: Size, sign: i128) -> (Option<Quantity>, Option<Quantity>) {
    let signed = |quantity: Quantity| {
        Some(Quantity::from_billionths(sign * quantity.billionths(), quantity.unit))
    };
    match allowed {
        Size::Part(share) => (signed(share), None),
        Size::Whole(change) => (None, signed(change)),
    }
}

/// The judgement before anything is found.
fn blank(rule: &Rule, part: &Part) -> Judgement {
    let mut filters = rule.scope.texts.clone();
    if let (Some(per), Some(key)) = (rule.scope.per, &part.key) {
        if rule.scope.chooses_features {
            filters.clear();
        }
        filters.push(format!("{}={}", per.name(), escaped(key)));
    }
    Judgement {
        code: rule.measure.code.to_owned(),
        rule: rule.name.clone(),
        measure: rule.measure.title.to_owned(),
        filters,
        level: rule.level,
        status: Status::NotJudged,
        limit: match rule.limit {
            RuleLimit::Max(bound) => Some(limit(rule, Allowed::AtMost, bound)),
            RuleLimit::Min(bound) => Some(limit(rule, Allowed::AtLeast, bound)),
            _ => None,
        },
        measured: None,
        baseline: None,
        evidence: None,
        calls: None,
        message: String::new(),
        note: None,
        reason: None,
        help: None,
        moved_by: Vec::new(),
        place: rule.place.clone(),
    }
}

/// A name as a filter takes it: exactly that.
pub(super) fn escaped(name: &str) -> String {
    if name == UNKNOWN_KEY {
        return String::new();
    }
    let mut text = String::with_capacity(name.len());
    for letter in name.chars() {
        if matches!(letter, '\\' | ',' | '*' | '?') {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

fn unjudged(rule: &Rule, missing: &Missing) -> Judged {
    let part = Part { key: None, slice: Slice::default() };
    let mut judgement = blank(rule, &part);
    not_judged(&mut judgement, missing);
    Judged { judgement, feature: None }
}

fn not_judged(judgement: &mut Judgement, missing: &Missing) {
    judgement.status = Status::NotJudged;
    judgement.message = format!("{} is not judged: {}", subject(judgement), missing.reason);
    judgement.reason = Some(missing.reason.clone());
    judgement.help.clone_from(&missing.help);
}

/// What a sentence is about: `cost per call of feature=support`.
fn subject(judgement: &Judgement) -> String {
    if judgement.filters.is_empty() {
        return judgement.measure.clone();
    }
    format!("{} of {}", judgement.measure, judgement.filters.join(" and "))
}

fn sentence(rule: &Rule, value: &Value, judgement: &Judgement) -> String {
    let shown = |quantity: Option<Quantity>| quantity.map(Quantity::to_display).unwrap_or_default();
    let measured = judgement.measured.unwrap_or(value.quantity);
    let limit = judgement.limit.map(|limit| limit.bound);
    let place = match (judgement.status, &rule.limit) {
        (Status::Over, RuleLimit::Max(_)) => format!("over the limit of {}", shown(limit)),
        (Status::Over, RuleLimit::Min(_)) => format!("under the minimum of {}", shown(limit)),
        (Status::Near, RuleLimit::Max(_)) => format!("near the limit of {}", shown(limit)),
        (Status::Near, RuleLimit::Min(_)) => format!("near the minimum of {}", shown(limit)),
        (_, RuleLimit::Max(_)) => format!("within the limit of {}", shown(limit)),
        (_, RuleLimit::Min(_)) => format!("above the minimum of {}", shown(limit)),
        (status, RuleLimit::Increase { .. } | RuleLimit::Decrease { .. }) => {
            let word = match status {
                Status::Over => "more than is allowed",
                Status::Near => "near what is allowed",
                _ => "as allowed",
            };
            let base = judgement.baseline;
            format!("{} in the baseline{}: {word}", shown(base), moved(measured, base))
        }
    };
    let joint = if rule.limit.compares() { " after" } else { "," };
    let of = value.of.as_ref().map_or_else(String::new, |of| format!(" by {of}"));
    let note = value.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
    format!("{}{of} is {}{joint} {place}{note}", subject(judgement), measured.to_display())
}

/// The change as a percentage: ` (+16.1 %)`.
fn moved(measured: Quantity, base: Option<Quantity>) -> String {
    let Some(base) = base.map(Quantity::billionths).filter(|base| *base > 0) else {
        return String::new();
    };
    let change = divide((measured.billionths() - base).saturating_mul(BILLION), base);
    let sign = if change > 0 { "+" } else { "" };
    format!(" ({sign}{})", Quantity::from_billionths(change, Unit::Share).to_display())
}

#[cfg(test)]
mod tests;
