//! What must not matter: threads, the order of lines, how they lie in files,
//! the day, a second run; and that separate traffic adds up.

use proptest::prelude::*;
use tokopt::ladder::climb::Settings;
use tokopt::techniques::id::Set;

use super::logs::{Planned, Rendering, Shape, calls, files, plain};
use super::{Bench, planted_prices, raw};

/// Everything that a ladder says.
fn said(files: &[Vec<String>]) -> String {
    format!("{:#?}", Bench::of(&planted_prices(), files).ladder())
}

/// The same, on so many threads.
fn said_on(threads: usize, files: &[Vec<String>]) -> String {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| said(files))
}

/// Asserts that two ladders are the same, and shows the first line in which
/// they are not.
fn assert_same(first: &str, second: &str, what: &str) {
    let differing =
        first.lines().zip(second.lines()).enumerate().find(|(_, (one, two))| one != two);
    assert!(differing.is_none() && first.len() == second.len(), "{what}: {differing:?}");
}

/// Invariant 23: bills of months, and of the assumptions, are drawn by a seed.
#[test]
fn draws_are_the_same_every_time() {
    const DAY: i64 = 86_400;
    let daily = |at: usize| Planned { gap: DAY, question: at as u64 % 6, model: at % 2, ..plain() };
    let files = files(&(0..20).map(daily).collect::<Vec<_>>(), Rendering::default());
    let ladder = Bench::of(&planted_prices(), &files).ladder();
    let (least, most) = ladder.bootstrap.expect("20 days are enough");
    let drawn = ladder.percentiles.expect("a share of routed calls is assumed");
    assert!(least < most && drawn.p10 < drawn.p90);
    assert!(ladder.high <= drawn.p10 && drawn.p90 <= ladder.totals.cost(Set::NONE));
    assert_same(&said_on(1, &files), &said_on(4, &files), "draws");
}

/// A few calls around a log, so that two logs have one span.
fn framed(mut calls: Vec<Planned>) -> Vec<Planned> {
    const SPAN: i64 = 2_000_000;
    let frame = |gap| Planned { shape: Shape::Counts, feature: 9, gap, ..plain() };
    let length: i64 = calls.iter().map(|call| call.gap).sum();
    calls.insert(0, frame(0));
    calls.push(frame(SPAN - length));
    calls
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    /// Invariants 8 and 23: what is drawn is drawn by a seed, threads included.
    #[test]
    fn threads_do_not_matter(calls in calls(24)) {
        let files = files(&calls, Rendering::default());
        let one = said_on(1, &files);
        assert_same(&one, &said_on(1, &files), "a second run");
        for threads in [2, 4] {
            assert_same(&one, &said_on(threads, &files), "threads");
        }
    }

    /// Invariant 8.
    #[test]
    fn the_order_of_lines_and_files_does_not_matter(
        calls in calls(24), keys in prop::collection::vec(any::<u32>(), 24), parts in 1..4_usize,
    ) {
        let files = files(&calls, Rendering::default());
        let first = said(&files);
        let mut other = Vec::new();
        for lines in files.iter().rev() {
            let mut keyed: Vec<(u32, &String)> = keys.iter().copied().zip(lines).collect();
            keyed.sort();
            let lines: Vec<String> = keyed.into_iter().map(|(_, line)| line.clone()).collect();
            other.extend(lines.chunks(lines.len().div_ceil(parts).max(1)).map(<[String]>::to_vec));
        }
        assert_same(&first, &said(&other), "lines and files");
    }

    /// Invariant 9: whole days, prices without dates.
    #[test]
    fn the_day_does_not_matter(calls in calls(24), days in 1..400_i64) {
        let shifted = Rendering { days, ..Rendering::default() };
        let first = said(&files(&calls, Rendering::default()));
        assert_same(&first, &said(&files(&calls, shifted)), "days later");
    }

    /// Invariant 7: other workspaces, features and texts, one span. Units are
    /// added up in femto-dollars; no set costs a femto-dollar more or less.
    #[test]
    fn separate_logs_add_up(first in calls(16), second in calls(16)) {
        let (first, second) = (framed(first), framed(second));
        let here = files(&first, Rendering::default());
        let there = files(&second, Rendering { mark: " elsewhere", ..Rendering::default() });
        let both: Vec<Vec<String>> = here.iter().chain(&there).cloned().collect();
        let [here, there, both] = [here, there, both]
            .map(|files| Bench::of(&planted_prices(), &files).simulated(&Settings::default()));
        for used in Set::every() {
            prop_assert_eq!(raw(&here, used) + raw(&there, used), raw(&both, used), "{:?}", used);
        }
        let units = |simulated: &tokopt::ladder::simulate::Simulated| simulated.vectors().count();
        prop_assert_eq!(units(&here) + units(&there), units(&both));
    }
}
