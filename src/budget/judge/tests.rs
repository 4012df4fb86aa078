//! One rule at a time against plain figures.

use super::super::check::{Allowances, check};
use super::super::figures::{Figures, Part, Side};
use super::super::reading::{Missing, tests as slices};
use super::super::resolve::{Settings, resolve};
use super::super::settings::{BudgetSettings, Per};
use super::Bench;
use crate::report::document::{
    Check, Judgement, Ladder, Outcome, Quotient, Slice, Status, Subject, Window,
};
use crate::selection::Filter;
use crate::units::NanoUsd;

/// A log of one slice, with models told apart.
struct Log {
    subject: Subject,
    whole: Slice,
    models: Vec<(&'static str, u64)>,
    ladder: Option<Ladder>,
}

impl Figures for Log {
    fn subject(&self) -> &Subject {
        &self.subject
    }

    fn covers_a_day(&self) -> bool {
        self.subject.window.days.is_some_and(|days| days.millionths() > 1_000_000)
    }

    fn price_table(&self) -> Option<&str> {
        None
    }

    fn slices(&self, filter: &Filter, per: Option<Per>) -> Result<Vec<Part>, Missing> {
        assert!(filter.keeps_everything());
        Ok(match per {
            Some(Per::Model) => self
                .models
                .iter()
                .map(|(model, calls)| Part {
                    key: Some((*model).to_owned()),
                    slice: Slice { calls: Some(*calls), ..Slice::default() },
                })
                .collect(),
            None => vec![Part { key: None, slice: self.whole.clone() }],
            Some(_) => Vec::new(),
        })
    }

    fn ladder(&self) -> Result<&Ladder, Missing> {
        let missing = || Missing { reason: "no ladder".to_owned(), help: None };
        self.ladder.as_ref().ok_or_else(missing)
    }
}

/// $48 in six days, all of it priced: $240 in thirty.
fn log() -> Log {
    let whole = Slice { unpriced_calls: 0, ..slices::slice() };
    let window = Window { days: Some(Quotient::from_millionths(6_000_000)), ..Window::default() };
    let subject = Subject { lines: 100, calls: Some(100), window, ..Subject::default() };
    Log { subject, whole, models: vec![("a", 75), ("b", 25)], ladder: None }
}

fn checked(text: &str, log: &Log, baseline: Option<&Log>) -> Check {
    let budget: BudgetSettings = toml::from_str(text).expect(text);
    let settings =
        Settings { budget: &budget, ignore: &[], source: None, presets: &[], minimum_calls: None };
    let budget = resolve(&settings).expect(text);
    let baseline = baseline.map(|baseline| -> &dyn Figures { baseline });
    check(&budget, log, baseline, Allowances::default())
}

fn judged(text: &str, log: &Log, baseline: Option<&Log>) -> Judgement {
    let mut judgements = checked(text, log, baseline).judgements;
    assert_eq!(judgements.len(), 1, "{text}");
    judgements.remove(0)
}

fn status(text: &str, log: &Log, baseline: Option<&Log>) -> Status {
    judged(text, log, baseline).status
}

#[test]
fn exactly_the_limit_is_within() {
    for (text, expected) in [
        ("cost = { max = 48 }", Status::Within),
        ("cost = { max = \"$47.999999999\" }", Status::Over),
        ("cost = { max = 48, warn_at = \"80%\" }", Status::Near),
        ("cost = { max = 60, warn_at = \"80%\" }", Status::Within),
        ("cost = { max = \"59.999999\", warn_at = \"80%\" }", Status::Near),
        ("cache_read_share = { min = \"25%\" }", Status::Within),
        ("cache_read_share = { min = \"25.0001%\" }", Status::Over),
        // 20 % is 80 % of 25 %: the least may grow by a quarter.
        ("cache_read_share = { min = \"20%\", warn_at = \"80%\" }", Status::Within),
        ("cache_read_share = { min = \"20.001%\", warn_at = \"80%\" }", Status::Near),
    ] {
        assert_eq!(status(text, &log(), None), expected, "{text}");
    }
}

#[test]
fn a_month_is_projected_from_a_day_or_more() {
    let over = judged("monthly_cost = { max = 239 }", &log(), None);
    assert_eq!(over.measured.map(super::Quantity::to_display).as_deref(), Some("$240.00"));
    assert_eq!(over.status, Status::Over);
    assert!(over.message.ends_with("(projected from 6.0 days of log)"), "{}", over.message);
    assert_eq!(status("monthly_cost = { max = 240 }", &log(), None), Status::Within);
    let mut short = log();
    short.subject.window.days = Some(Quotient::from_millionths(1_000_000));
    let held = judged("monthly_cost = { max = 48 }", &short, None);
    assert_eq!(held.status, Status::Within);
    assert!(held.message.contains("covers less than a day"), "{}", held.message);
    assert_eq!(status("monthly_cost = { max = 47 }", &short, None), Status::Over);
}

#[test]
fn dollars_of_which_a_part_is_missing_are_no_less_unknown() {
    let mut partly = log();
    partly.whole.partly_priced_calls = 4;
    let within = judged("cost = { max = 48 }", &partly, None);
    assert_eq!(within.status, Status::Within);
    assert!(within.message.ends_with(", leaving out a part of 4 calls"), "{}", within.message);
    // Of 96.
    partly.whole.partly_priced_calls = 5;
    let unknown = judged("cost = { max = 48 }", &partly, None);
    assert_eq!(unknown.status, Status::NotJudged);
    let reason = "5 calls priced in part: the dollars are only a part";
    assert_eq!(unknown.reason.as_deref(), Some(reason));
    assert_eq!(status("cost = { max = 47 }", &partly, None), Status::Over);
    assert_eq!(status("cost_per_call = { max = \"$0.01\" }", &partly, None), Status::NotJudged);
    // Two of 98 without a price, and three priced in part.
    partly.whole.partly_priced_calls = 3;
    partly.whole.unpriced_calls = 2;
    let unknown = judged("cost = { max = 48 }", &partly, None);
    let reason = "2 calls without a price and 3 priced in part: the dollars are only a part";
    assert_eq!(unknown.reason.as_deref(), Some(reason));
}

#[test]
fn few_calls_judge_sums_and_nothing_else() {
    let mut few = log();
    few.whole.calls = Some(29);
    few.whole.priced_calls = 29;
    assert_eq!(status("cost = { max = 1 }", &few, None), Status::Over);
    let mean = judged("cost_per_call = { max = \"$0.01\" }", &few, None);
    assert_eq!(mean.status, Status::NotJudged);
    assert_eq!(mean.reason.as_deref(), Some("29 calls, and it takes 30 to judge"));
    let enough = "cost_per_call = { max = \"$0.01\", minimum_calls = 29 }";
    assert_eq!(status(enough, &few, None), Status::Over);
    // A comparison of sums is a comparison.
    assert_eq!(status("cost = { increase = \"5%\" }", &few, Some(&log())), Status::NotJudged);
}

#[test]
fn dollars_without_some_calls_prove_only_that_they_are_over() {
    let mut partly = log();
    partly.whole.unpriced_calls = 4;
    // 4 of 100 are let pass, and said.
    let within = judged("cost = { max = 50 }", &partly, None);
    assert_eq!(within.status, Status::Within);
    assert!(within.message.ends_with("leaving out 4 calls without a price"), "{}", within.message);
    partly.whole.unpriced_calls = 24;
    assert_eq!(status("cost = { max = 50 }", &partly, None), Status::NotJudged);
    assert_eq!(status("cost = { max = 40 }", &partly, None), Status::Over);
    assert_eq!(status("cost_per_call = { max = \"$0.1\" }", &partly, None), Status::NotJudged);
    let strict = "max_unpriced_share = 0.25\ncost = { max = 50 }";
    assert_eq!(status(strict, &partly, None), Status::Within);
    partly.whole.cost_usd = None;
    assert_eq!(status("cost = { max = 50 }", &partly, None), Status::NotJudged);
}

#[test]
fn a_change_must_exceed_both_its_bounds() {
    // $40 before and $48 now: 20 % and $8 more.
    let mut before = log();
    before.whole.cost_usd = Some(NanoUsd::from_nano(40_000_000_000));
    let cost = |bound: &str| status(&format!("cost = {{ {bound} }}"), &log(), Some(&before));
    assert_eq!(cost("increase = \"20%\""), Status::Within);
    assert_eq!(cost("increase = \"19.9%\""), Status::Over);
    assert_eq!(cost("increase = \"$7.99\""), Status::Over);
    assert_eq!(cost("increase = \"5%\", min_change = \"$8\""), Status::Within);
    assert_eq!(cost("increase = \"5%\", min_change = \"$7.99\""), Status::Over);
    assert_eq!(cost("increase = \"25%\", warn_at = \"79%\""), Status::Near);
    assert_eq!(cost("decrease = \"5%\""), Status::Within);
    let less = status("cost = { decrease = \"16%\" }", &before, Some(&log()));
    assert_eq!(less, Status::Over, "$8 of $48 is 16.7 %");
    let none = judged("cost = { increase = \"5%\" }", &log(), None);
    assert_eq!(none.reason.as_deref(), Some("there is no baseline"));
    // [budget] increase is of the month: $240 after $200.
    let month = judged("increase = { max = \"5%\", min_change = \"$39\" }", &log(), Some(&before));
    assert_eq!((month.status, month.code.as_str()), (Status::Over, "TK101"));
    let shown = month.message;
    assert_eq!(
        shown,
        "monthly cost is $240.00 after $200.00 in the baseline (+20.0 %): more than is allowed \
         (projected from 6.0 days of log)"
    );
}

#[test]
fn the_mix_shifts_by_half_the_differences() {
    // a 75 -> 50 %, b 25 -> 30 %, c 0 -> 20 %: (25 + 5 + 20) / 2 = 25 points.
    let mut now = log();
    now.models = vec![("a", 50), ("b", 30), ("c", 20)];
    let shift = judged("model_mix_shift = { max = \"24%\" }", &now, Some(&log()));
    assert_eq!(shift.measured.map(super::Quantity::billionths), Some(250_000_000));
    assert_eq!(shift.status, Status::Over);
    let moved: Vec<(&str, i128)> = shift
        .moved_by
        .iter()
        .map(|mover| (mover.what.as_str(), mover.amount.billionths()))
        .collect();
    let expected = [("model a", -250_000_000), ("model c", 200_000_000), ("model b", 50_000_000)];
    assert_eq!(moved, expected);
    assert_eq!(status("model_mix_shift = { max = \"1%\" }", &now, None), Status::NotJudged);
    now.models = vec![("a", 20)];
    let few = status("model_mix_shift = { max = \"1%\" }", &now, Some(&log()));
    assert_eq!(few, Status::NotJudged);
}

#[test]
fn a_saving_left_on_the_table_is_over_where_it_is_measured() {
    use crate::report::document::{Evidence, Step, StepStatus};
    let step = |technique: &str, evidence, nano| Step {
        technique: technique.to_owned(),
        status: StepStatus::Applied,
        standalone_saving_usd: Some(NanoUsd::from_nano(nano)),
        evidence: Some(evidence),
        ..Step::default()
    };
    let mut log = log();
    log.ladder = Some(Ladder {
        baseline_usd: NanoUsd::from_nano(48_000_000_000),
        steps: vec![
            step("prompt-caching", Evidence::Measured, 12_000_000_000),
            step("model-routing", Evidence::Assumed, 30_000_000_000),
        ],
        ..Ladder::default()
    });
    let left = judged("saving_share = { max = \"24%\" }", &log, None);
    assert_eq!(left.status, Status::Over);
    assert!(left.message.contains("by prompt-caching is 25.0 %"), "{}", left.message);
    let caching = "saving_share = { max = \"25%\", technique = \"prompt-caching\" }";
    assert_eq!(status(caching, &log, None), Status::Within);
    let routing = judged("saving_share = { max = 0, technique = \"model-routing\" }", &log, None);
    assert_eq!(
        routing.reason.as_deref(),
        Some("what model-routing saves is assumed, not measured")
    );
    log.ladder = None;
    assert_eq!(status("saving_share = { max = 0 }", &log, None), Status::NotJudged);
}

#[test]
fn the_answer_in_all_counts_what_was_found() {
    let text = "cost = { max = 1 }\ncalls = { max = 1, level = \"warn\" }\n\
                history_share = { max = \"90%\" }\nlatency_p95_milliseconds = { increase = \"1%\" }";
    let found = checked(text, &log(), None);
    let counts = found.counts;
    assert_eq!(found.outcome, Outcome::Over);
    assert_eq!((counts.errors, counts.warnings, counts.passed, counts.not_judged), (1, 1, 1, 1));
    assert_eq!(found.questions.len(), 5);
    let nothing = checked("cost = { increase = \"1%\" }", &log(), None);
    assert_eq!(nothing.outcome, Outcome::NotJudged);
    assert_eq!(nothing.refusals[0].code, "TK003");
    let mut rejected = log();
    rejected.subject.rejected = 50;
    let refused = checked("cost = { max = 100 }", &rejected, None);
    assert_eq!((refused.outcome, refused.refusals[0].code.as_str()), (Outcome::NotJudged, "TK002"));
    rejected.subject.rejected = 49;
    assert_eq!(checked("cost = { max = 100 }", &rejected, None).outcome, Outcome::Within);
}

#[test]
fn what_was_asked_once_is_not_asked_again() {
    let log = log();
    let bench = Bench { log: Side::new(&log), baseline: None, unpriced_share: 0 };
    let first = bench.log.slices(&Filter::default(), None);
    let again = bench.log.slices(&Filter::default(), None);
    assert!(std::rc::Rc::ptr_eq(&first, &again));
}
