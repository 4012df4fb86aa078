//! `tokopt trend`: use and cost from period to period.

use std::path::PathBuf;

use super::analyze::{check_models, judge, limit_threads, mention, price_table, read};
use super::args::{AnalyzeArguments, OutputArguments};
use super::config::Config;
use super::error::CliError;
use super::exit::Exit;
use super::file;
use super::ladder_args::LadderArguments;
use super::output::{self, Output};
use super::plan::Plan;
use super::standard;
use super::surroundings::Surroundings;
use super::trend_args::{StepArgument, TrendArguments};
use crate::ledger::Ledger;
use crate::report::document::Trend;
use crate::report::{
    Kind, RenderOptions, assemble, trend_tables, write_trend, write_trend_page, write_trend_rows,
};
use crate::trend::{self, Step};

pub(super) fn run(
    arguments: &TrendArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(arguments.general.config.as_deref(), surroundings)?;
    let plan = Plan::resolve(&as_analysis(arguments), &config, surroundings)?;
    mention(&config, plan.notes);
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let log = read(&plan).map_err(|error| of_saved_analysis(error, &plan))?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let by = arguments.by.map(|step| match step {
        StepArgument::Day => Step::Day,
        StepArgument::Week => Step::Week,
        StepArgument::Month => Step::Month,
    });
    let found = trend::trend(&ledger, by)?;
    let document = assemble::trend(&ledger, found.as_ref());
    write_all(&document, &plan)?;
    let printed = match plan.print {
        Some(kind) => standard::print(&rendered(&document, kind, &plan.render)?),
        None => Ok(()),
    };
    if plan.strict {
        judge(&assemble::document(&log, &ledger, &plan.naming, None))?;
    }
    printed?;
    Ok(Exit::Done)
}

/// What was typed, as `analyze` takes it: one way to read, select and write.
fn as_analysis(arguments: &TrendArguments) -> AnalyzeArguments {
    AnalyzeArguments {
        paths: arguments.paths.clone(),
        reading: arguments.reading.clone(),
        selection: arguments.selection.clone(),
        pricing: arguments.pricing.clone(),
        invoices: Vec::new(),
        ladder: LadderArguments { no_ladder: true, ..LadderArguments::default() },
        output: OutputArguments {
            written: arguments.written.clone(),
            top: arguments.top,
            ..OutputArguments::default()
        },
        general: arguments.general.clone(),
    }
}

/// Says so where what cannot be read as a log is a saved analysis.
fn of_saved_analysis(error: CliError, plan: &Plan) -> CliError {
    let is_saved = |path: &&String| {
        // Only a document of ours opens like this.
        let opening = file::opening(path.as_ref(), OPENING).unwrap_or_default();
        let opening = String::from_utf8_lossy(&opening).into_owned();
        opening.trim_start().starts_with('{')
            && opening.contains("\"schema_version\"")
            && opening.contains("\"tool_version\"")
    };
    match plan.paths.iter().find(is_saved) {
        Some(path) => CliError::NeedsLogs { path: path.clone() },
        None => error,
    }
}

/// Bytes of a file that say what it is.
const OPENING: u64 = 200;

fn write_all(document: &Trend, plan: &Plan) -> Result<(), CliError> {
    let options = RenderOptions { top: plan.render.top, ..RenderOptions::default() };
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for output in &plan.outputs {
        match output {
            Output::File { kind, path } => {
                files.push((path.clone(), rendered(document, *kind, &options)?));
            }
            Output::Tables { folder } => {
                let tables = trend_tables(document).map_err(|error| output::faulty(&error))?;
                files
                    .extend(tables.into_iter().map(|table| (folder.join(table.name), table.bytes)));
            }
        }
    }
    let inputs = document.input.files.iter().map(|file| file.path.as_str());
    output::write_files(files, &plan.outputs, inputs)
}

fn rendered(document: &Trend, kind: Kind, options: &RenderOptions) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let written = match kind {
        Kind::Table => write_trend(document, options, &mut bytes),
        Kind::Markdown => write_trend_page(document, options, &mut bytes),
        Kind::Csv => write_trend_rows(document, &mut bytes),
        Kind::Json => serde_json::to_writer_pretty(&mut bytes, document)
            .map(|()| bytes.push(b'\n'))
            .map_err(Into::into),
    };
    written.map_err(|error| output::faulty(&error))?;
    Ok(bytes)
}
