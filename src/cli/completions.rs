//! `tokopt completions`: a script that completes commands and flags.

use clap::CommandFactory as _;

use super::args::{Arguments, CompletionsArguments};
use super::error::CliError;
use super::exit::Exit;
use super::standard;

pub(super) fn run(arguments: &CompletionsArguments) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "tokopt", &mut script);
    standard::print(&script)?;
    Ok(Exit::Done)
}
