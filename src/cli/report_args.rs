//! The flags of `tokopt report`. The doc comments of the fields are the help
//! text.

use clap::Args;

use super::args::{GeneralArguments, TablesArguments, WriteArguments};

/// Make reports of a saved analysis, without the logs
///
/// Prints and writes what `analyze` would have, with the same flags: the file that
/// `tokopt analyze -o analysis.json` wrote carries all of it. Nothing is computed again, so the
/// prices and assumptions are those of the analysis.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReportArguments {
    /// A saved analysis, compressed or not; - is standard input
    #[arg(value_name = "ANALYSIS")]
    pub(super) analysis: String,

    #[command(flatten)]
    pub(super) written: WriteArguments,

    #[command(flatten)]
    pub(super) tables: TablesArguments,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const EXAMPLES: &str = "\
Examples:
  tokopt analyze logs/ -q -o analysis.json
  tokopt report analysis.json
  tokopt report analysis.json -q -o report.md -o tables/
  tokopt report analysis.json --format md --by feature --top 5";
