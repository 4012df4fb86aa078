//! `tokopt diff`: what is different, and by how much.

use super::arms;
use super::diff_args::DiffArguments;
use super::error::CliError;
use super::exit::Exit;
use super::plan::Typed;
use super::sides;
use super::surroundings::Surroundings;

pub(super) fn run(
    arguments: &DiffArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    match &arguments.arms.arms {
        Some(field) => arms::run(arguments, field, surroundings),
        None => sides::run(arguments, surroundings),
    }
}

impl DiffArguments {
    /// Those that are shared with other commands, to read these paths.
    pub(super) fn typed<'a>(&'a self, paths: &'a [String]) -> Typed<'a> {
        Typed {
            selection: Some(&self.selection),
            written: Some(&self.written),
            ..Typed::new(paths, &self.reading, &self.pricing, &self.general)
        }
    }
}
