//! `tokopt report`: a saved analysis in, the reports of `analyze` out.

use std::path::PathBuf;

use super::analyze::{mention, print};
use super::config::Config;
use super::content;
use super::error::CliError;
use super::exit::Exit;
use super::output::{self, Output};
use super::plan::{printed, render_options};
use super::report_args::ReportArguments;
use super::surroundings::Surroundings;
use crate::record::dimension::Dimension;
use crate::report::document::Document;

pub(super) fn run(
    arguments: &ReportArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    mention(&config, !arguments.general.quiet);
    let outputs = Output::parse_all(&arguments.written.outputs)?;
    let options = render_options(&arguments.tables, &arguments.general, &config, surroundings)?;
    let document = content::analysis(&arguments.analysis)?;
    require_tables(&document, &options.by)?;
    let source = PathBuf::from(&arguments.analysis);
    let kept: Vec<PathBuf> = config.path.into_iter().chain([source]).collect();
    output::write_all(&document, &outputs, &options, &kept)?;
    print(&document, printed(&arguments.written, &arguments.general, &outputs), &options)?;
    Ok(Exit::Done)
}

/// Refuses tables that the analysis was not made with: without the log they
/// cannot be made any more.
fn require_tables(document: &Document, tables: &[Vec<Dimension>]) -> Result<(), CliError> {
    let missing = tables.iter().find(|table| !document.attribution.has(table));
    let Some(missing) = missing else { return Ok(()) };
    let names: Vec<&str> = missing.iter().map(|dimension| dimension.name()).collect();
    let table = names.join(",");
    Err(CliError::Setting {
        setting: "--by".to_owned(),
        message: format!("the saved analysis has no table by {table}"),
        hint: Some(format!("make it with one: tokopt analyze LOG --by {table} -o analysis.json")),
    })
}
