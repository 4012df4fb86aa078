//! `tokopt diff A B`: two logs or saved analyses, or two parts of one log.

use std::io;

use super::analyze::{assembled, check_models, judge, limit_threads, mention, price_table, print};
use super::args::SelectionArguments;
use super::config::Config;
use super::content::{self, Content};
use super::diff_args::DiffArguments;
use super::error::CliError;
use super::exit::Exit;
use super::file;
use super::ladder_args::LadderArguments;
use super::output::{self, Reported};
use super::plan::{Plan, Typed};
use super::surroundings::Surroundings;
use crate::difference::{self, DifferenceError, Subject};
use crate::ingest::source::STANDARD_INPUT;
use crate::ledger::{Ledger, Settings};
use crate::prices::PriceTable;
use crate::report::assemble;
use crate::report::csv::{CsvFile, difference_tables};
use crate::report::document::{Difference, Document, Per, Warning};
use crate::report::{Kind, RenderOptions, write_difference};
use crate::selection::Period;
use crate::selection::period::parse_instant;
use crate::techniques::parameters::Assumptions;
use crate::units::{Moment, Timestamp, counted};

/// A log or an analysis, with what the user calls it.
struct Side {
    source: String,
    is_saved: bool,
    document: Document,
    /// Files that no report may replace.
    files: Vec<String>,
    /// What a split leaves out.
    left_out: Option<Warning>,
}

pub(super) fn run(
    arguments: &DiffArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let is_plan = arguments.sides.expect.is_some();
    // What a plan promised and the log does not show may still be open in it.
    let ladder = is_plan.then(LadderArguments::default);
    let typed = Typed { ladder: ladder.as_ref(), ..arguments.typed(&arguments.paths) };
    let mut plan = Plan::resolve(&typed, &config, surroundings)?;
    output::refuse_metrics(plan.print, &plan.outputs)?;
    mention(&config, plan.notes);
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let [before, after] = sides(arguments, &mut plan, &table, &config.assumptions)?;
    let per =
        if is_plan { Per::Month } else { arguments.sides.per.map(Per::from).unwrap_or_default() };
    let (first, second) = (before.subject(), after.subject());
    let mut found =
        difference::difference(first, second, per).map_err(|error| refused(&error, is_plan))?;
    if is_plan {
        let held =
            difference::expect(first, second, &found).map_err(|error| refused(&error, is_plan))?;
        found.expectation = Some(held);
    }
    found.warnings.extend(before.left_out.iter().chain(&after.left_out).cloned());
    let is_saved = before.is_saved || after.is_saved;
    found.warnings.extend(other_calls(is_saved && !plan.settings.filter.keeps_everything()));
    let files = before.files.iter().chain(&after.files).cloned().collect();
    let report = Report { found, files };
    output::write_all(&report, &plan.outputs, &plan.render, &plan.kept)?;
    let printed = print(&report, plan.print, &plan.render);
    if plan.strict {
        judge(&before.document)?;
        judge(&after.document)?;
    }
    printed?;
    Ok(Exit::Done)
}

/// What a filter of the settings does not reach, where there is such a thing.
fn other_calls(is_out_of_reach: bool) -> Option<Warning> {
    is_out_of_reach.then(|| Warning {
        code: "OTHER_CALLS".to_owned(),
        message: "analyze.where of the settings selects nothing from a saved analysis: the two \
                  compare only if it was saved with the same filter"
            .to_owned(),
    })
}

/// What is compared: two parts of one log, a plan and a log, or what two paths
/// hold.
fn sides(
    arguments: &DiffArguments,
    plan: &mut Plan,
    table: &PriceTable,
    assumptions: &Assumptions,
) -> Result<[Side; 2], CliError> {
    let selected = &arguments.selection;
    if let Some(at) = &arguments.sides.split {
        let [path] = named(arguments, "--split", "tokopt diff --split half LOG")?;
        return halves(path, at, plan, table);
    }
    let work = Work { selected, table, assumptions };
    if let Some(promised) = &arguments.sides.expect {
        let [path] = named(arguments, "--expect", "tokopt diff --expect last.json LOG")?;
        let promised = file::shown(promised);
        content::refuse_twice(std::slice::from_ref(&promised), &arguments.paths)?;
        content::refuse_selection(selected, &promised)?;
        let document = content::analysis(&promised)?;
        return Ok([Side::of_analysis(&promised, document), work.side(path, plan)?]);
    }
    let [before, after] = named(arguments, "tokopt diff", "tokopt diff BEFORE AFTER")?;
    content::refuse_twice(&arguments.paths[..1], &arguments.paths[1..])?;
    Ok([work.side(before, plan)?, work.side(after, plan)?])
}

/// The paths that were named, as many as are wanted.
fn named<'a, const COUNT: usize>(
    arguments: &'a DiffArguments,
    setting: &str,
    usage: &str,
) -> Result<[&'a str; COUNT], CliError> {
    let paths: Vec<&str> = arguments.paths.iter().map(String::as_str).collect();
    let count = paths.len();
    paths.try_into().map_err(|_| CliError::Setting {
        setting: setting.to_owned(),
        message: format!(
            "{} to compare {}, and {count} {} given",
            counted(COUNT as u64, "path"),
            if COUNT == 1 { "is needed" } else { "are needed" },
            if count == 1 { "was" } else { "were" },
        ),
        hint: Some(format!(
            "{usage}; a folder or a quoted pattern stands for many files{}",
            if COUNT == 2 { "; --split half LOG compares two parts of one" } else { "" }
        )),
    })
}

/// What both sides are read with.
struct Work<'a> {
    selected: &'a SelectionArguments,
    table: &'a PriceTable,
    assumptions: &'a Assumptions,
}

impl Work<'_> {
    /// Reads one side and makes its document.
    fn side(&self, path: &str, plan: &mut Plan) -> Result<Side, CliError> {
        plan.paths = vec![path.to_owned()];
        match Content::read(plan, self.selected)? {
            Content::Analysis(document) => Ok(Side::of_analysis(path, *document)),
            Content::Logs(log) => {
                let ledger = Ledger::new(&log, self.table, &plan.settings);
                let document = assembled(&log, &ledger, plan, self.assumptions)?;
                Ok(Side::of_log(path.to_owned(), document))
            }
        }
    }
}

/// Reads one log and takes it apart at a time.
fn halves(path: &str, at: &str, plan: &Plan, table: &PriceTable) -> Result<[Side; 2], CliError> {
    let log = match Content::read(plan, &SelectionArguments::default())? {
        Content::Logs(log) => log,
        Content::Analysis(_) => {
            return Err(CliError::Setting {
                setting: "--split".to_owned(),
                message: format!("`{path}` is a saved analysis: it cannot be split any more"),
                hint: Some("give the log that it was made from".to_owned()),
            });
        }
    };
    let whole = Ledger::new(&log, table, &plan.settings);
    let middle = match at {
        "half" => middle(&whole).ok_or_else(no_dates)?,
        time => {
            parse_instant(time, &plan.settings.time_zone).map_err(CliError::selection("--split"))?
        }
    };
    let records = whole.entries.len() + whole.buckets.len();
    drop(whole);
    let mut counted_records = 0;
    let mut half = |name: &str, period: Period| {
        let settings = Settings { period, ..plan.settings.clone() };
        let ledger = Ledger::new(&log, table, &settings);
        counted_records += ledger.entries.len() + ledger.buckets.len();
        let document = assemble::document(&log, &ledger, &plan.naming, None);
        Side::of_log(format!("{path}, {name} {middle}"), document)
    };
    let Period { since, until } = plan.settings.period;
    let before = half(
        "before",
        Period { since, until: Some(until.map_or(middle, |until| until.min(middle))) },
    );
    let mut after = half(
        "from",
        Period { since: Some(since.map_or(middle, |since| since.max(middle))), until },
    );
    if counted_records == 0 && records > 0 {
        return Err(no_dates());
    }
    let missing = records.saturating_sub(counted_records) as u64;
    after.left_out = (missing > 0).then(|| Warning {
        code: "UNDATED".to_owned(),
        message: format!("In neither part, for want of a date: {}", counted(missing, "record")),
    });
    Ok([before, after])
}

/// The middle between the first and the last date of a log.
fn middle(ledger: &Ledger<'_>) -> Option<Timestamp> {
    let calls = ledger.entries.iter().filter_map(|entry| entry.time.and_then(Moment::timestamp));
    let buckets = ledger.buckets.iter().filter_map(|entry| ledger.bucket(entry).start);
    let times = || calls.clone().chain(buckets.clone());
    let (first, last) = (times().min()?, times().max()?);
    let half = (last.micros().saturating_sub(first.micros())).saturating_add(1) / 2;
    Some(Timestamp::from_micros(first.micros().saturating_add(half)))
}

fn no_dates() -> CliError {
    CliError::Setting {
        setting: "--split".to_owned(),
        message: "no call has a date to split the log at".to_owned(),
        hint: Some("--epoch 2026-01-01 says when a clock without a date starts".to_owned()),
    }
}

fn refused(error: &DifferenceError, is_plan: bool) -> CliError {
    let (setting, hint) = match error {
        DifferenceError::NothingToCompareBy(_) => {
            ("tokopt diff", "save it again from its log: tokopt analyze LOG -o analysis.json")
        }
        DifferenceError::NoPlan(_) => {
            ("--expect", "make one without --no-ladder: tokopt analyze LOG -o analysis.json")
        }
        DifferenceError::TooShort { .. } if is_plan => {
            ("--expect", "a plan is dollars a month; give a log of a day or more")
        }
        DifferenceError::TooShort { .. } => ("--per", "without it the totals are compared"),
    };
    CliError::Setting {
        setting: setting.to_owned(),
        message: error.to_string(),
        hint: Some(hint.to_owned()),
    }
}

impl Side {
    fn of_analysis(path: &str, document: Document) -> Self {
        let files = Some(path).filter(|path| *path != STANDARD_INPUT).map(str::to_owned);
        let files = files.into_iter().collect();
        Self { source: path.to_owned(), is_saved: true, document, files, left_out: None }
    }

    fn of_log(source: String, document: Document) -> Self {
        let files = document.input.files.iter().map(|file| file.path.clone()).collect();
        Self { source, is_saved: false, document, files, left_out: None }
    }

    fn subject(&self) -> Subject<'_> {
        Subject { source: &self.source, is_saved: self.is_saved, document: &self.document }
    }
}

/// A difference with the files it was made of.
struct Report {
    found: Difference,
    files: Vec<String>,
}

impl Reported for Report {
    fn render(
        &self,
        kind: Kind,
        options: &RenderOptions,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        write_difference(&self.found, kind, options, out)
    }

    fn tables(&self) -> io::Result<Vec<CsvFile>> {
        difference_tables(&self.found)
    }

    fn inputs(&self) -> Vec<&str> {
        self.files.iter().map(String::as_str).collect()
    }
}
