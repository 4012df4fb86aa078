//! `tokopt schema`: the contracts of what is written and read.

use super::config;
use super::error::CliError;
use super::exit::Exit;
use super::settings_args::{SETTINGS_FILE, SchemaArguments};
use super::standard;
use crate::report::SCHEMAS;

pub(super) fn run(arguments: &SchemaArguments) -> Result<Exit, CliError> {
    let published = SCHEMAS.iter().find(|schema| schema.topic == arguments.topic);
    let schema = match published {
        Some(published) => published.json(),
        None if arguments.topic == SETTINGS_FILE => config::json_schema(),
        None => return Err(CliError::setting("schema", "there is no such topic")),
    };
    standard::print(schema.as_bytes())?;
    Ok(Exit::Done)
}
