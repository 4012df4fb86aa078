//! The command line: what was typed, what it means, and what is written.
//!
//! The only module that knows arguments, the environment, the clock, standard
//! output and exit codes. It decides nothing about tokens or dollars.

mod analyze;
mod args;
mod arms;
mod arms_args;
mod assumptions;
mod backtest;
mod check;
mod check_args;
mod check_output;
mod check_side;
mod columns;
mod completions;
mod config;
mod content;
mod convert;
mod diff;
mod diff_args;
mod error;
mod estimate;
mod estimate_args;
mod exit;
mod explain;
mod file;
mod github;
mod init;
mod inspect;
mod invoice;
mod ladder_args;
mod ladder_plan;
mod man;
mod output;
mod plan;
mod prices;
mod progress;
mod quality;
mod report;
mod report_args;
mod schema;
mod self_hosting;
mod settings;
mod settings_args;
mod sides;
mod sides_args;
mod standard;
mod surroundings;
mod terminal;
mod trend;
mod trend_args;
mod what_if;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};
use error::CliError;
use surroundings::Surroundings;

pub use exit::Exit;

/// Runs the program on its arguments, the program's own name first.
///
/// A panic, which would be a defect of tokopt, ends in [`Exit::Failed`] like
/// any other failure and shows nothing of what was being read.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    exit::describe_panics();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let exit = std::panic::catch_unwind(|| dispatch(arguments));
    exit.unwrap_or(Exit::Failed).into()
}

fn dispatch(arguments: Vec<OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(refusal) => return exit::of_refusal(&refusal),
    };
    let surroundings = Surroundings::look();
    let done = match &arguments.command {
        Command::Analyze(analyze) => analyze::run(analyze, &surroundings),
        Command::Report(report) => report::run(report, &surroundings),
        Command::Estimate(estimate) => estimate::run(estimate, &surroundings),
        Command::Backtest(backtest) => backtest::run(backtest, &surroundings),
        Command::Diff(diff) => diff::run(diff, &surroundings),
        Command::Trend(trend) => trend::run(trend, &surroundings),
        Command::Check(check) => check::run(check, &surroundings),
        Command::Inspect(inspect) => inspect::run(inspect, &surroundings),
        Command::Convert(convert) => convert::run(convert, &surroundings),
        Command::Explain(explain) => explain::run(explain, &surroundings),
        Command::Prices(prices) => prices::run(prices),
        Command::Init(init) => init::run(init, &surroundings),
        Command::Config(config) => settings::run(config, &surroundings),
        Command::Schema(schema) => schema::run(schema),
        Command::Completions(completions) => completions::run(completions),
        Command::Man(man) => man::run(man),
    };
    match done {
        Ok(exit) => exit,
        // Whoever reads our output has seen enough: `tokopt ... | head`.
        Err(CliError::BrokenPipe) => Exit::Done,
        Err(error) => {
            standard::error(&error, terminal::colors_errors(&surroundings));
            Exit::Failed
        }
    }
}
