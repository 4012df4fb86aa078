//! `tokopt backtest`: what the replay of the caches predicts, beside the bill.

use super::analyze::{check_models, judge, limit_threads, mention, price_table, read};
use super::args::{BacktestArguments, BacktestFormat};
use super::config::Config;
use super::error::CliError;
use super::exit::Exit;
use super::output::faulty;
use super::plan::{Plan, Typed};
use super::standard;
use super::surroundings::Surroundings;
use crate::ladder::backtest::Backtest;
use crate::ledger::Ledger;
use crate::report::document;
use crate::report::{RenderOptions, assemble, write_backtest, write_json};
use crate::techniques::traffic::Traffic;

pub(super) fn run(
    arguments: &BacktestArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let typed = Typed {
        selection: Some(&arguments.selection),
        ..Typed::new(&arguments.paths, &arguments.reading, &arguments.pricing, &arguments.general)
    };
    let plan = Plan::resolve(&typed, &config, surroundings)?;
    mention(&config, plan.notes);
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let log = read(&plan)?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let traffic = Traffic::of(&ledger);
    let found = Backtest::of(&traffic, &config.assumptions);
    let document = assemble::backtest(&found, &traffic);
    if document.calls.is_empty() && plan.notes && arguments.format == BacktestFormat::Json {
        standard::note("no call reports cache counts: there is nothing to compare");
    }
    let printed = standard::print(&rendered(&document, arguments.format, &plan.render)?);
    if plan.strict {
        judge(&assemble::document(&log, &ledger, &plan.naming, None))?;
    }
    printed?;
    Ok(Exit::Done)
}

fn rendered(
    document: &document::Backtest,
    format: BacktestFormat,
    options: &RenderOptions,
) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let written = match format {
        BacktestFormat::Table => write_backtest(document, options, &mut bytes),
        BacktestFormat::Json => write_json(document, &mut bytes),
    };
    written.map_err(|error| faulty(&error))?;
    Ok(bytes)
}
