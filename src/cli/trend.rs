//! `tokopt trend`: use and cost from period to period.

use std::io;

use super::analyze::{check_models, judge, limit_threads, mention, price_table, print, read};
use super::args::TablesArguments;
use super::config::Config;
use super::error::CliError;
use super::exit::Exit;
use super::output::{self, Reported};
use super::plan::{Plan, Typed};
use super::surroundings::Surroundings;
use super::trend_args::{StepArgument, TrendArguments};
use crate::ledger::Ledger;
use crate::report::csv::{CsvFile, trend_tables};
use crate::report::document::Trend;
use crate::report::{Kind, RenderOptions, assemble, write_trend};
use crate::trend::{self, Step};

pub(super) fn run(
    arguments: &TrendArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let typed = Typed {
        selection: Some(&arguments.selection),
        written: Some(&arguments.written),
        tables: Some(&TablesArguments { top: arguments.top, ..TablesArguments::default() }),
        ..Typed::new(&arguments.paths, &arguments.reading, &arguments.pricing, &arguments.general)
    };
    let plan = Plan::resolve(&typed, &config, surroundings)?;
    output::refuse_metrics(plan.print, &plan.outputs)?;
    mention(&config, plan.notes);
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let log = read(&plan).map_err(of_saved_analysis)?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let by = arguments.by.map(|step| match step {
        StepArgument::Day => Step::Day,
        StepArgument::Week => Step::Week,
        StepArgument::Month => Step::Month,
    });
    let found = trend::trend(&ledger, by)?;
    let document = assemble::trend(&ledger, found.as_ref());
    output::write_all(&document, &plan.outputs, &plan.render, &plan.kept)?;
    let printed = print(&document, plan.print, &plan.render);
    if plan.strict {
        judge(&assemble::document(&log, &ledger, &plan.naming, None))?;
    }
    printed?;
    Ok(Exit::Done)
}

/// What is wrong with a saved analysis, which `report` would show: its days say
/// nothing of features.
fn of_saved_analysis(error: CliError) -> CliError {
    match error {
        CliError::IsAnalysis { path } => CliError::NeedsLogs { path },
        other => other,
    }
}

impl Reported for Trend {
    fn render(
        &self,
        kind: Kind,
        options: &RenderOptions,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        write_trend(self, kind, options, out)
    }

    fn tables(&self) -> io::Result<Vec<CsvFile>> {
        trend_tables(self)
    }

    fn inputs(&self) -> Vec<&str> {
        self.input.files.iter().map(|file| file.path.as_str()).collect()
    }
}
