//! `tokopt man`: manual pages, made from the same definition as the help.

use clap::CommandFactory as _;

use super::args::{Arguments, ManArguments};
use super::error::CliError;
use super::exit::Exit;
use super::standard;

pub(super) fn run(arguments: &ManArguments) -> Result<Exit, CliError> {
    let mut command = Arguments::command();
    command.build();
    let mut name = "tokopt".to_owned();
    for word in &arguments.command {
        let found = command.find_subcommand(word).cloned();
        command = found.ok_or_else(|| CliError::Setting {
            setting: "man".to_owned(),
            message: format!("there is no command `{name} {word}`"),
            hint: Some("`tokopt help` lists the commands".to_owned()),
        })?;
        name = format!("{name} {word}");
    }
    let mut page = Vec::new();
    // Writing to memory does not fail.
    clap_mangen::Man::new(command).render(&mut page).map_err(|error| CliError::Unwritable {
        path: "-".to_owned(),
        reason: error.to_string(),
    })?;
    standard::print(&page)?;
    Ok(Exit::Done)
}
