//! `tokopt diff A B`: two logs or saved analyses, or two parts of one log.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use super::analyze::{check_models, judge, limit_threads, mention, price_table, print, read};
use super::args::{AnalyzeArguments, OutputArguments, SelectionArguments};
use super::config::Config;
use super::diff_args::DiffArguments;
use super::error::CliError;
use super::exit::Exit;
use super::file;
use super::ladder_args::LadderArguments;
use super::output::{self, Reported};
use super::plan::Plan;
use super::saved;
use super::surroundings::Surroundings;
use crate::difference::{self, DifferenceError, Subject};
use crate::ingest::source::{self, Input, STANDARD_INPUT};
use crate::ledger::{Ledger, Settings};
use crate::report::assemble;
use crate::report::csv::{CsvFile, difference_tables};
use crate::report::document::{Difference, Document, Per, Warning};
use crate::report::saved::{self as analysis, looks_like_analysis};
use crate::report::{Kind, RenderOptions, write_difference};
use crate::selection::Period;
use crate::selection::period::parse_instant;
use crate::units::{Moment, Timestamp, counted};

/// Bytes of a file that say whether it is a saved analysis.
const HEAD: u64 = 1 << 16;

/// A log or an analysis, with what the user calls it.
struct Side {
    source: String,
    is_saved: bool,
    document: Document,
    /// Files that no report may replace.
    files: Vec<String>,
}

pub(super) fn run(
    arguments: &DiffArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let per = arguments.sides.per.map(Per::from);
    limit_threads(arguments.reading.threads)?;
    let (before, after, common) = match (&arguments.sides.split, &arguments.sides.expect) {
        (Some(at), _) => halves(arguments, at, &config, surroundings)?,
        (None, Some(plan)) => {
            let [log] = named(arguments, "--expect", "tokopt diff --expect last.json LOG")?;
            let before = side(arguments, &file::shown(plan), &config, surroundings)?;
            let after = side(arguments, log, &config, surroundings)?;
            (before, after, Common::of(arguments, &config, surroundings)?)
        }
        (None, None) => {
            let [before, after] = named(arguments, "tokopt diff", "tokopt diff BEFORE AFTER")?;
            if before == STANDARD_INPUT && after == STANDARD_INPUT {
                return Err(CliError::setting("-", "standard input can be one of the two"));
            }
            let before = side(arguments, before, &config, surroundings)?;
            let after = side(arguments, after, &config, surroundings)?;
            (before, after, Common::of(arguments, &config, surroundings)?)
        }
    };
    let is_plan = arguments.sides.expect.is_some();
    let per = if is_plan { Per::Month } else { per.unwrap_or_default() };
    let (first, second) = (before.subject(), after.subject());
    let mut found = difference::difference(first, second, per).map_err(|error| refused(&error))?;
    if is_plan {
        let held = difference::expect(first, second, &found).map_err(|error| refused(&error))?;
        found.expectation = Some(held);
    }
    found.warnings.extend(common.left_out);
    let report =
        Report { files: before.files.iter().chain(&after.files).cloned().collect(), found };
    let plan = &common.plan;
    output::write_all(&report, &plan.outputs, &plan.render, &plan.kept)?;
    let printed = print(&report, common.plan.print, &common.plan.render);
    if common.plan.strict {
        judge(&before.document)?;
        judge(&after.document)?;
    }
    printed?;
    Ok(Exit::Done)
}

/// What both sides share.
struct Common {
    plan: Plan,
    /// What a split leaves out.
    left_out: Option<Warning>,
}

impl Common {
    fn of(
        arguments: &DiffArguments,
        config: &Config,
        surroundings: &Surroundings,
    ) -> Result<Self, CliError> {
        let plan = Plan::resolve(&as_analysis(arguments, "-"), config, surroundings)?;
        mention(config, plan.notes);
        Ok(Self { plan, left_out: None })
    }
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

/// Reads one side: a saved analysis, told by its content, or a log.
fn side(
    arguments: &DiffArguments,
    path: &str,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Side, CliError> {
    if path == STANDARD_INPUT {
        return from_standard_input(arguments, config, surroundings);
    }
    if is_analysis(path)? {
        refuse_selection(&arguments.selection, path)?;
        let document = saved::read(path)?;
        let files = vec![path.to_owned()];
        return Ok(Side { source: path.to_owned(), is_saved: true, document, files });
    }
    log(arguments, path, config, surroundings)
}

/// Standard input is read whole before it is known what it holds.
fn from_standard_input(
    arguments: &DiffArguments,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Side, CliError> {
    let bytes = file::read_unpacked(STANDARD_INPUT)?;
    let source = STANDARD_INPUT.to_owned();
    if looks_like_analysis(&bytes) {
        refuse_selection(&arguments.selection, STANDARD_INPUT)?;
        let document = analysis::read(&bytes)
            .map_err(|error| CliError::Saved { path: source.clone(), source: error })?;
        return Ok(Side { source, is_saved: true, document, files: Vec::new() });
    }
    let unwritable = |error: io::Error| CliError::Unreadable {
        path: STANDARD_INPUT.to_owned(),
        reason: error.to_string(),
    };
    // It may hold prompts: a file that only its owner can read.
    let mut place = tempfile::NamedTempFile::new().map_err(unwritable)?;
    place.write_all(&bytes).map_err(unwritable)?;
    let side = log(arguments, &place.path().to_string_lossy(), config, surroundings)?;
    Ok(Side { source, files: Vec::new(), ..side })
}

/// Reads a log and makes its document.
fn log(
    arguments: &DiffArguments,
    path: &str,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Side, CliError> {
    let plan = Plan::resolve(&as_analysis(arguments, path), config, surroundings)?;
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    let log = read(&plan)?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let document = assemble::document(&log, &ledger, &plan.naming, None);
    let files = document.input.files.iter().map(|file| file.path.clone()).collect();
    Ok(Side { source: path.to_owned(), is_saved: false, document, files })
}

/// Whether a path is a file that holds a saved analysis.
fn is_analysis(path: &str) -> Result<bool, CliError> {
    let place = Path::new(path);
    if path == STANDARD_INPUT || !place.is_file() {
        return Ok(false);
    }
    let input = Input { shown: path.to_owned(), path: Some(place.to_owned()), named: true };
    let mut head = Vec::new();
    // What cannot be read or unpacked is for the reader of logs to complain of.
    let Ok(opened) = source::open(&input) else { return Ok(false) };
    if opened.reader.take(HEAD).read_to_end(&mut head).is_err() {
        return Ok(false);
    }
    if looks_like_analysis(&head) {
        return Ok(true);
    }
    // An analysis whose keys somebody sorted shows itself only as a whole.
    let may_be = path.contains(".json") && !path.contains(".jsonl") && head.starts_with(b"{");
    Ok(may_be && looks_like_analysis(&file::read_unpacked(path)?))
}

/// A saved analysis is what it is: nothing can be selected from it any more.
fn refuse_selection(selection: &SelectionArguments, path: &str) -> Result<(), CliError> {
    let typed = [
        ("--where", !selection.filters.is_empty()),
        ("--since", selection.since.is_some()),
        ("--until", selection.until.is_some()),
    ];
    let Some((flag, _)) = typed.into_iter().find(|(_, typed)| *typed) else { return Ok(()) };
    Err(CliError::Setting {
        setting: flag.to_owned(),
        message: format!("`{path}` is a saved analysis: its calls cannot be selected any more"),
        hint: Some(format!("save it with the selection: tokopt analyze LOG {flag} ... -o a.json")),
    })
}

/// Reads one log and takes it apart at a time.
fn halves(
    arguments: &DiffArguments,
    at: &str,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<(Side, Side, Common), CliError> {
    let [path] = named(arguments, "--split", "tokopt diff --split half LOG")?;
    if is_analysis(path)? {
        return Err(CliError::Setting {
            setting: "--split".to_owned(),
            message: format!("`{path}` is a saved analysis: it cannot be split any more"),
            hint: Some("give the log that it was made from".to_owned()),
        });
    }
    let plan = Plan::resolve(&as_analysis(arguments, path), config, surroundings)?;
    mention(config, plan.notes);
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    let log = read(&plan)?;
    let whole = Ledger::new(&log, &table, &plan.settings);
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
        let ledger = Ledger::new(&log, &table, &settings);
        counted_records += ledger.entries.len() + ledger.buckets.len();
        let document = assemble::document(&log, &ledger, &plan.naming, None);
        let files = document.input.files.iter().map(|file| file.path.clone()).collect();
        Side { source: format!("{path}, {name} {middle}"), is_saved: false, document, files }
    };
    let Period { since, until } = plan.settings.period;
    let before = half(
        "before",
        Period { since, until: Some(until.map_or(middle, |until| until.min(middle))) },
    );
    let after = half(
        "from",
        Period { since: Some(since.map_or(middle, |since| since.max(middle))), until },
    );
    if counted_records == 0 && records > 0 {
        return Err(no_dates());
    }
    let missing = records.saturating_sub(counted_records) as u64;
    let left_out = (missing > 0).then(|| Warning {
        code: "UNDATED".to_owned(),
        message: format!("In neither part, for want of a date: {}", counted(missing, "record")),
    });
    Ok((before, after, Common { plan, left_out }))
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

fn refused(error: &DifferenceError) -> CliError {
    let (setting, hint) = match error {
        DifferenceError::NothingToCompareBy(_) => {
            ("tokopt diff", "save it again from its log: tokopt analyze LOG -o analysis.json")
        }
        DifferenceError::NoPlan(_) => {
            ("--expect", "make one without --no-ladder: tokopt analyze LOG -o analysis.json")
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
    fn subject(&self) -> Subject<'_> {
        Subject { source: &self.source, is_saved: self.is_saved, document: &self.document }
    }
}

/// What was typed, as `analyze` takes it: one way to read and select.
fn as_analysis(arguments: &DiffArguments, path: &str) -> AnalyzeArguments {
    AnalyzeArguments {
        invoices: Vec::new(),
        paths: vec![path.to_owned()],
        reading: arguments.reading.clone(),
        selection: arguments.selection.clone(),
        pricing: arguments.pricing.clone(),
        ladder: LadderArguments { no_ladder: true, ..LadderArguments::default() },
        output: OutputArguments {
            written: arguments.written.clone(),
            ..OutputArguments::default()
        },
        general: arguments.general.clone(),
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
