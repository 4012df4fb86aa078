//! `tokopt diff`: what is different, and by how much.

use super::arms;
use super::diff_args::DiffArguments;
use super::error::CliError;
use super::exit::Exit;
use super::surroundings::Surroundings;

pub(super) fn run(
    arguments: &DiffArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    match &arguments.arms.arms {
        Some(field) => arms::run(arguments, field, surroundings),
        None => Err(CliError::Setting {
            setting: "tokopt diff".to_owned(),
            message: "two logs cannot be compared yet".to_owned(),
            hint: Some("--arms TAG compares the arms of one log".to_owned()),
        }),
    }
}
