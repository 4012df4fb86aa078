//! `tokopt inspect`: what a log is and what it is good for.

use super::analyze::{check_models, judge, limit_threads, mention, price_table};
use super::args::{InspectArguments, InspectFormat};
use super::config::Config;
use super::error::CliError;
use super::exit::Exit;
use super::ladder_args::LadderArguments;
use super::output::faulty;
use super::plan::{Plan, Typed};
use super::standard;
use super::surroundings::Surroundings;
use crate::ladder::climb::Settings;
use crate::ladder::reach::reach;
use crate::ledger::Ledger;
use crate::report::document::Inspection;
use crate::report::{RenderOptions, assemble, write_inspection, write_inspection_page, write_json};
use crate::techniques::traffic::Traffic;

pub(super) fn run(
    arguments: &InspectArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let typed = Typed {
        ladder: Some(&LadderArguments::default()),
        ..Typed::new(&arguments.paths, &arguments.reading, &arguments.pricing, &arguments.general)
    };
    let plan = Plan::resolve(&typed, &config, surroundings)?;
    mention(&config, plan.notes);
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let log = super::analyze::read_and_explain(&plan)?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let traffic = Traffic::of(&ledger);
    let settings = plan.ladder.as_ref().map(|ladder| ladder.settings.clone());
    let settings = settings.unwrap_or_else(Settings::default);
    let document = assemble::inspection(&traffic, &reach(&traffic, &settings));
    let printed = standard::print(&rendered(&document, arguments.format, &plan.render)?);
    if plan.strict {
        judge(&assemble::document(&log, &ledger, &plan.naming, None))?;
    }
    printed?;
    Ok(Exit::Done)
}

fn rendered(
    document: &Inspection,
    format: InspectFormat,
    options: &RenderOptions,
) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let written = match format {
        InspectFormat::Table => write_inspection(document, options, &mut bytes),
        InspectFormat::Md => write_inspection_page(document, &mut bytes),
        InspectFormat::Json => write_json(document, &mut bytes),
    };
    written.map_err(|error| faulty(&error))?;
    Ok(bytes)
}
