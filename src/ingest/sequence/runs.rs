//! Cuts the steps of a file into sessions, and remembers what each counted.

use rustc_hash::FxHashMap;

use crate::record::symbol::Symbol;
use crate::units::Moment;

use super::{Session, Step, Totals, What};

/// How long after a fork its parent's history is still being written down
/// again, in microseconds.
const FORK_WINDOW: i64 = 5_000_000;

/// The steps of one session in one file.
pub(super) struct Run<'a> {
    pub(super) session: Session,
    /// Sessions that it restates, by the order in which they were named.
    pub(super) ancestors: Vec<Symbol>,
    pub(super) started: Option<Moment>,
    pub(super) steps: &'a [Step],
}

impl Run<'_> {
    pub(super) fn id(&self) -> Option<Symbol> {
        self.session.id
    }

    pub(super) fn is_fork(&self) -> bool {
        !self.ancestors.is_empty()
    }
}

/// Cuts the steps into sessions. A fork opens with its ancestors' openings;
/// they begin no session of their own.
pub(super) fn runs(steps: &[Step]) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    for file in steps.chunk_by(|left, right| left.source.file == right.source.file) {
        let mut start = 0;
        let mut open: Option<Run<'_>> = None;
        for (position, step) in file.iter().enumerate() {
            let What::Session(session) = &step.what else { continue };
            if let Some(run) = &mut open {
                if session.id.is_none() || session.id == run.id() {
                    continue;
                }
                let is_ancestor = session.id.is_some_and(|id| run.ancestors.contains(&id));
                if is_ancestor || (run.is_fork() && in_window(run.started, step)) {
                    run.ancestors.extend(session.id);
                    run.ancestors.extend(parents(session, run.id()));
                    continue;
                }
            }
            close(&mut runs, open.take(), file, start..position);
            start = position;
            let mut session = session.clone();
            session.id = session.id.or(step.file_name);
            let ancestors = parents(&session, session.id).collect();
            open = Some(Run { session, ancestors, started: step.time.get(), steps: &[] });
        }
        close(&mut runs, open, file, start..file.len());
    }
    runs
}

/// The sessions that one says it stems from, itself left out.
fn parents(session: &Session, own: Option<Symbol>) -> impl Iterator<Item = Symbol> {
    session.parents.into_iter().flatten().filter(move |parent| Some(*parent) != own)
}

fn close<'a>(
    runs: &mut Vec<Run<'a>>,
    open: Option<Run<'a>>,
    file: &'a [Step],
    range: std::ops::Range<usize>,
) {
    let steps = file.get(range).unwrap_or_default();
    let Some(first) = steps.first() else { return };
    let run = open.unwrap_or_else(|| Run {
        session: Session { id: first.file_name, ..Session::default() },
        ancestors: Vec::new(),
        started: None,
        steps: &[],
    });
    runs.push(Run { steps, ..run });
}

/// Whether a step was written right after a session's start.
pub(super) fn in_window(started: Option<Moment>, step: &Step) -> bool {
    let (Some(started), Some(time)) = (started, step.time.get()) else { return false };
    time.clock == started.clock && time.micros.saturating_sub(started.micros) <= FORK_WINDOW
}

/// What the sessions that were read counted, over all files.
pub(super) struct Read {
    readings: FxHashMap<Symbol, Vec<Readings>>,
}

/// A session's readings in one file.
struct Readings {
    first: Totals,
    sorted: Vec<Totals>,
}

impl Read {
    pub(super) fn of(runs: &[Run<'_>]) -> Self {
        let mut readings: FxHashMap<Symbol, Vec<Readings>> = FxHashMap::default();
        for run in runs {
            let Some(id) = run.id() else { continue };
            let totals = run.steps.iter().filter_map(|step| match &step.what {
                What::Running { total, .. } => *total,
                _ => None,
            });
            let mut sorted: Vec<Totals> = totals.collect();
            let Some(&first) = sorted.first() else { continue };
            sorted.sort_unstable();
            readings.entry(id).or_default().push(Readings { first, sorted });
        }
        Self { readings }
    }

    /// Whether an ancestor counted the same; `None` where none was read.
    pub(super) fn is_ancestors(&self, ancestors: &[Symbol], total: Option<Totals>) -> Option<bool> {
        let mut known =
            ancestors.iter().filter_map(|id| self.readings.get(id)).flatten().peekable();
        known.peek()?;
        let total = total?;
        Some(known.any(|readings| readings.sorted.binary_search(&total).is_ok()))
    }

    /// The session's reading before this one in a file that began to count
    /// earlier: a session that was resumed in another file goes on counting
    /// there.
    pub(super) fn before(&self, id: Option<Symbol>, total: &Totals) -> Option<Totals> {
        let is_before = |earlier: &Totals| earlier != total && total.since(earlier).is_some();
        let files = self.readings.get(&id?)?.iter().filter(|readings| is_before(&readings.first));
        files
            .flat_map(|readings| &readings.sorted)
            .filter(|earlier| is_before(earlier))
            .max()
            .copied()
    }
}
