//! `tokopt schema`: the contract of the JSON output.

use super::error::CliError;
use super::exit::Exit;
use super::standard;
use crate::report::json_schema;

pub(super) fn run() -> Result<Exit, CliError> {
    standard::print(json_schema().as_bytes())?;
    Ok(Exit::Done)
}
