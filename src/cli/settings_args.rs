//! The flags of the commands around `tokopt.toml`: `init`, `config`, `schema`.
//! The doc comments of the fields are the help text.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};

use super::args::GeneralArguments;
use super::config::FILE_NAME;
use crate::report::SCHEMAS;

/// Print the settings in force and where each comes from
///
/// Lines of TOML by key: flags go before the environment, that before the project's file, that
/// before the user's own, and what nobody set is the default.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = CONFIG_EXAMPLES)]
pub(super) struct ConfigArguments {
    /// What to print
    #[arg(long, value_enum, value_name = "KIND", default_value_t, help_heading = "Output")]
    pub(super) format: ConfigFormat,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const CONFIG_EXAMPLES: &str = "\
Examples:
  tokopt config
  tokopt config --set analyze.top=5 --format json";

/// How settings are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ConfigFormat {
    /// Lines of TOML, each with its place
    #[default]
    Table,
    /// The files and the settings
    Json,
}

/// Write a commented tokopt.toml from what a log shows
///
/// The paths become its inputs; features, users and models without a price are described as found;
/// budgets are what is measured now and a quarter more. No setting of a file that is there counts, and
/// no name of a user is written. Without a path every section stands there commented out.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub(super) struct InitArguments {
    /// Files, folders or quoted patterns; - is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    /// The file to write
    #[arg(short, long, value_name = "FILE", default_value = FILE_NAME, help_heading = "Output")]
    pub(super) output: PathBuf,

    /// Print it instead of writing it
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub(super) stdout: bool,

    /// Replace a file that is there
    #[arg(long, help_heading = "Output")]
    pub(super) force: bool,

    /// No notes and no progress
    #[arg(short, long, help_heading = "General")]
    pub(super) quiet: bool,

    /// No progress on standard error
    #[arg(long, help_heading = "General")]
    pub(super) no_progress: bool,
}

const INIT_EXAMPLES: &str = "\
Examples:
  tokopt init usage.jsonl
  tokopt init 'logs/**/*.jsonl.gz' -o ci/tokopt.toml
  tokopt init --stdout";

/// Print a JSON Schema: of a JSON output, or of the settings file
///
/// Editors complete tokopt.toml from the latter: tokopt schema config > tokopt.schema.json
#[derive(Clone, Debug, Default, Args)]
pub(super) struct SchemaArguments {
    /// What to describe
    #[arg(value_name = "TOPIC", value_parser = topic(), default_value = SCHEMAS[0].topic)]
    pub(super) topic: String,
}

/// What has a schema beside the documents.
pub(super) const SETTINGS_FILE: &str = "config";

/// Accepts the documents with a published schema, and the settings file.
fn topic() -> PossibleValuesParser {
    let documents = SCHEMAS.map(|schema| PossibleValue::new(schema.topic).help(schema.about));
    let settings = PossibleValue::new(SETTINGS_FILE).help("the settings file");
    PossibleValuesParser::new(documents.into_iter().chain([settings]))
}
