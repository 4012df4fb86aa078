//! `tokopt diff`: what is different, and by how much.

use super::diff_args::DiffArguments;
use super::error::CliError;
use super::exit::Exit;
use super::surroundings::Surroundings;

pub(super) fn run(
    arguments: &DiffArguments,
    _surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let field = arguments.arms.arms.as_deref();
    Err(CliError::Setting {
        setting: "tokopt diff".to_owned(),
        message: match field {
            Some(_) => "the arms of a log cannot be compared yet".to_owned(),
            None => "two logs cannot be compared yet".to_owned(),
        },
        hint: field.is_none().then(|| "--arms TAG compares the arms of one log".to_owned()),
    })
}
