//! `tokopt schema`: the contracts of what is written and read.

use super::config;
use super::error::CliError;
use super::exit::Exit;
use super::settings_args::{SchemaArguments, SchemaTopic};
use super::standard;
use crate::report;

pub(super) fn run(arguments: &SchemaArguments) -> Result<Exit, CliError> {
    let schema = match arguments.topic {
        SchemaTopic::Analysis => report::json_schema(),
        SchemaTopic::Config => config::json_schema(),
    };
    standard::print(schema.as_bytes())?;
    Ok(Exit::Done)
}
