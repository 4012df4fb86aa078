//! `tokopt estimate`: averages in, a ladder out, everything assumed.

use std::path::PathBuf;

use super::analyze::{mention, price_table, print};
use super::assumptions;
use super::config::{self, Config};
use super::error::CliError;
use super::estimate_args::EstimateArguments;
use super::exit::Exit;
use super::file;
use super::ladder_plan::hourly_rate;
use super::output::{self, Output};
use super::plan::{overrides, printed};
use super::surroundings::Surroundings;
use super::terminal;
use crate::estimate::{EstimateError, Workload, WorkloadFile, estimate, volume};
use crate::report::RenderOptions;
use crate::report::assemble::{self, Described};
use crate::units::Tokens;

pub(super) fn run(
    arguments: &EstimateArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    mention(&config, !arguments.general.quiet);
    let outputs = Output::parse_all(&arguments.written.outputs)?;
    let prices = overrides(&arguments.prices, &config)?;
    let table = price_table(&prices)?;
    let rate = hourly_rate(&arguments.steps, &config)?;
    let place = arguments.file.as_deref().map(file::shown);
    let workload = workload(arguments, &config)?;
    let order = arguments.steps.order.unwrap_or_default();
    let ladder = estimate(&workload, &table, order)
        .map_err(|source| CliError::Estimate { place, source })?;
    let volume = volume(&workload);
    let document = assemble::estimated(&Described {
        requests: volume.requests,
        input: Tokens::new(volume.input_tokens),
        output: Tokens::new(volume.output_tokens),
        ladder: &ladder,
        assumptions: &workload.assumptions,
        hourly_rate: rate,
        table: &table,
    });
    let options = RenderOptions {
        width: terminal::width(surroundings),
        color: terminal::colors_report(arguments.general.color, surroundings),
        ..RenderOptions::default()
    };
    let kept: Vec<PathBuf> =
        config.path.iter().chain(&prices.files).chain(&arguments.file).cloned().collect();
    output::write_all(&document, &outputs, &options, &kept)?;
    print(&document, printed(&arguments.written, &arguments.general, &outputs), &options)?;
    Ok(Exit::Done)
}

/// The traffic and the named numbers: the project's settings, the file's over
/// them, what was typed over both.
fn workload(arguments: &EstimateArguments, config: &Config) -> Result<Workload, CliError> {
    let (place, described) = match &arguments.file {
        Some(path) => {
            let place = file::shown(path);
            let described =
                WorkloadFile::parse(&file::read(path)?).map_err(|error| misread(&place, error))?;
            (Some(place), described)
        }
        None => {
            let class = arguments.class.class();
            (None, WorkloadFile { class: vec![class], ..WorkloadFile::default() })
        }
    };
    let mut workload = described
        .workload(config.assumptions.clone())
        .map_err(|source| CliError::Estimate { place, source })?;
    workload.assumptions = assumptions::over(workload.assumptions, &config.typed);
    Ok(workload)
}

/// A file that cannot be understood, as any other settings file.
fn misread(place: &str, error: EstimateError) -> CliError {
    match error {
        EstimateError::File { line, message } => CliError::Config {
            place: format!("{place}:{line}"),
            hint: config::suggestion(&message),
            message,
        },
        source => CliError::Estimate { place: Some(place.to_owned()), source },
    }
}
