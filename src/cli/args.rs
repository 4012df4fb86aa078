//! What was typed: flags and arguments as they are, nothing resolved. The doc
//! comments of the fields are the help text.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::diff_args::DiffArguments;
use super::estimate_args::EstimateArguments;
use super::ladder_args::LadderArguments;
use super::report_args::ReportArguments;
use crate::report::Kind;

/// Says where the tokens and dollars of LLM usage logs go
///
/// Reads the logs a team already has, offline: no network, no account, no key.
/// Prompts are measured and dropped; no text of theirs reaches a report.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "tokopt",
    version,
    max_term_width = 100,
    after_help = EXIT_CODES
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done, also when the log was empty or the reader of the output went away
  1  reserved: over budget
  2  the work could not be done, or not as strictly as --strict asks

Environment:
  TOKOPT_CONFIG   the settings file; empty for none
  NO_COLOR        no colour; CLICOLOR_FORCE=1 for colour in pipes
  COLUMNS         columns of a report that goes to a pipe";

#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
    Analyze(Box<AnalyzeArguments>),
    Report(ReportArguments),
    Estimate(Box<EstimateArguments>),
    Backtest(Box<BacktestArguments>),
    Diff(Box<DiffArguments>),
    Inspect(Box<InspectArguments>),
    Convert(Box<ConvertArguments>),
    Explain(ExplainArguments),
    Prices(PricesArguments),
    /// Print the JSON Schema of the JSON output
    Schema,
    Completions(CompletionsArguments),
    Man(ManArguments),
}

/// Predict what was read from prompt caches, and compare with the bill
///
/// Looks at everything a log says but how the cached part of each prompt splits into what was
/// read and what was written, replays the provider's cache by its published rules, and sets the
/// reads that come out beside the billed ones. The gap between the two input bills says how far
/// to trust what `analyze` projects of caching on this traffic.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = BACKTEST_EXAMPLES)]
pub(super) struct BacktestArguments {
    /// Files, folders or quoted patterns; - is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    #[command(flatten)]
    pub(super) reading: ReadingArguments,

    #[command(flatten)]
    pub(super) selection: SelectionArguments,

    #[command(flatten)]
    pub(super) pricing: PricingArguments,

    /// Set a number that the replay rests on, such as prompt-caching.ttl_seconds=3600
    ///
    /// Repeatable, the last of equal names wins. `tokopt explain prompt-caching` lists them.
    #[arg(long = "set", value_name = "TECHNIQUE.NAME=VALUE", help_heading = "Replay")]
    pub(super) values: Vec<String>,

    /// What to print
    #[arg(long, value_enum, value_name = "KIND", default_value_t, help_heading = "Output")]
    pub(super) format: BacktestFormat,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const BACKTEST_EXAMPLES: &str = "\
Examples:
  tokopt backtest ~/.claude/projects
  tokopt backtest 'logs/**/*.jsonl.gz' --since 2026-06-01 --format json
  tokopt backtest --set prompt-caching.first_token_delay_seconds=0 usage.jsonl";

/// How a backtest is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum BacktestFormat {
    /// What was compared and what it means
    #[default]
    Table,
    /// Every call with both counts
    Json,
}

/// Say what a log is, what its calls carry, and what that is good for
///
/// Per file: the format and what gave it away, which counts include which, what became of its
/// records, its times, and the share of calls that carry each field. For the whole: which of the
/// eight techniques this log can measure, infer or only assume, and what single field would raise
/// each.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = INSPECT_EXAMPLES)]
pub(super) struct InspectArguments {
    /// Files, folders or quoted patterns; - is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    #[command(flatten)]
    pub(super) reading: ReadingArguments,

    #[command(flatten)]
    pub(super) pricing: PricingArguments,

    /// What to print
    #[arg(long, value_enum, value_name = "KIND", default_value_t, help_heading = "Output")]
    pub(super) format: InspectFormat,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  tokopt inspect usage.jsonl
  tokopt inspect ~/.claude/projects
  tokopt inspect logs/ --format json";

/// How an inspection is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum InspectFormat {
    /// A screen of text
    #[default]
    #[value(alias = "text")]
    Table,
    /// The whole document, every file with every field
    Json,
    /// A page to share
    #[value(alias = "markdown")]
    Md,
}

/// Write one clean table of all calls, without any text
///
/// One row for each call (and for each period of a usage export, each charge of a cost export, each
/// remark), as CSV, JSON lines or Parquet. `tokopt analyze` of the table gives what it gives of
/// the log, but for what needs the prompts themselves. With --schema focus: cost and usage by hour in
/// the columns of FOCUS 1.3.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = CONVERT_EXAMPLES)]
pub(super) struct ConvertArguments {
    /// Files, folders or quoted patterns; - is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    #[command(flatten)]
    pub(super) reading: ReadingArguments,

    #[command(flatten)]
    pub(super) selection: SelectionArguments,

    /// Lay a price file over the built-in table; repeatable, the last one wins
    #[arg(long = "prices", value_name = "FILE", help_heading = "Prices")]
    pub(super) price_files: Vec<PathBuf>,

    /// The file to write, .csv, .jsonl or .parquet; - is standard output
    ///
    /// Written beside its place, read back and compared, and only then put there: it is there whole
    /// or not at all.
    #[arg(short, long, value_name = "FILE", required = true, help_heading = "Output")]
    pub(super) output: PathBuf,

    /// What to write, where the ending of FILE does not say
    #[arg(long, value_enum, value_name = "KIND", help_heading = "Output")]
    pub(super) format: Option<TableFormat>,

    /// What the rows are
    #[arg(long, value_enum, value_name = "NAME", default_value_t, help_heading = "Output")]
    pub(super) schema: TableSchema,

    /// Write users and accounts as they are, not as pseudonyms
    #[arg(long, help_heading = "Output")]
    pub(super) show_users: bool,

    /// Make pseudonyms with the key in this file, so that they cannot be guessed
    #[arg(long, value_name = "FILE", conflicts_with = "show_users", help_heading = "Output")]
    pub(super) key_file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const CONVERT_EXAMPLES: &str = "\
Examples:
  tokopt convert 'logs/**/*.jsonl.gz' -o calls.parquet
  tokopt convert ~/.claude/projects --since 2026-06-01 -o june.csv
  tokopt convert usage.jsonl --schema focus -o focus.csv
  tokopt convert usage.jsonl --format jsonl -o - | jq .usage_input_tokens";

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    /// A header and a row per line
    Csv,
    /// A JSON object per line, without what is missing
    Jsonl,
    /// Columns, compressed with zstd
    Parquet,
}

/// What the rows of a table are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TableSchema {
    /// Calls, as the log tells them
    #[default]
    Calls,
    /// Cost and usage by hour, in the columns of FOCUS 1.3
    Focus,
}

/// Explain a technique, a reason code or a finding
///
/// Prints how a technique's saving is computed, on which assumptions, and when
/// it fails; or what a code in a report means and what would settle it.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(super) struct ExplainArguments {
    /// A technique's id, the code of a reason or a finding, or `ladder`; none lists them all
    #[arg(value_name = "TOPIC")]
    pub(super) topic: Option<String>,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  tokopt explain
  tokopt explain prompt-caching
  tokopt explain BELOW_MIN_PREFIX";

/// Say where every token and dollar of a log goes
///
/// Reads files, folders (searched through), quoted patterns and standard input,
/// plain or compressed, in any mix of the known log formats, and recognises
/// each by its content.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = ANALYZE_EXAMPLES)]
pub(super) struct AnalyzeArguments {
    /// Files, folders or quoted patterns; - is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    #[command(flatten)]
    pub(super) reading: ReadingArguments,

    #[command(flatten)]
    pub(super) selection: SelectionArguments,

    #[command(flatten)]
    pub(super) pricing: PricingArguments,

    /// Hold what is priced against a bill: a provider's cost export, or CSV with month and amount
    ///
    /// Repeatable. Prints the gap in all, by month and by model, and what explains it. A plain
    /// CSV has the columns month (YYYY-MM) or date, amount, and where known provider and model.
    #[arg(long = "invoice", value_name = "FILE", help_heading = "Prices")]
    pub(super) invoices: Vec<String>,

    #[command(flatten)]
    pub(super) ladder: LadderArguments,

    #[command(flatten)]
    pub(super) output: OutputArguments,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const ANALYZE_EXAMPLES: &str = "\
Examples:
  tokopt analyze usage.jsonl
  tokopt analyze ~/.claude/projects --by model,component
  tokopt analyze 'logs/**/*.jsonl.gz' --since 2026-06-01 --where 'feature=support*'
  tokopt analyze --set model-routing.share=0.3 --what-if gpt-5=gpt-5-mini usage.jsonl
  tokopt analyze usage.jsonl --invoice costs.csv
  zcat usage.jsonl.gz | tokopt analyze - -o report.md -o tables/";

fn input_format_help() -> String {
    format!(
        "Read every file as this format instead of recognising it\n\n\
         A name of your own under [formats.NAME] in tokopt.toml, or one of {}.",
        crate::ingest::format_names()
    )
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading")]
pub(super) struct ReadingArguments {
    /// Read every file as this format instead of recognising it
    #[arg(long, value_name = "FORMAT", long_help = input_format_help())]
    pub(super) input_format: Option<String>,

    /// When a clock without a date starts, such as 2026-06-01
    #[arg(long, value_name = "TIME")]
    pub(super) epoch: Option<String>,

    /// Fail, after writing the outputs, if a record was rejected or a model has no price
    #[arg(long)]
    pub(super) strict: bool,

    /// Threads to read with; the result never depends on it [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
}

const WHERE_HELP: &str = "\
Keep the calls whose field fits a pattern

* is any text, ? one character; != negates; commas are or, repeated filters are and. Fields: model, \
provider, feature, user, account, workspace, conversation, tier, region, status, operation, \
finish_reason, call_site, tag.NAME. A missing value fits only the empty pattern: user= keeps calls \
without a user.";

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectionArguments {
    /// Keep the calls whose field fits a pattern
    #[arg(long = "where", value_name = "FIELD=PATTERN", long_help = WHERE_HELP)]
    pub(super) filters: Vec<String>,

    /// Keep calls from this day or time on
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,

    /// Keep calls up to the end of this day, or before this time
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,

    /// Time zone of days and hours, an IANA name [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(super) timezone: Option<String>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Prices")]
pub(super) struct PricingArguments {
    /// Lay a price file over the built-in table; repeatable, the last one wins
    #[arg(long = "prices", value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    /// Price calls that name no model as this one
    #[arg(long, value_name = "MODEL")]
    pub(super) model: Option<String>,
}

/// What is printed and which files are written.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct WriteArguments {
    /// What to print [default: table]
    #[arg(long, value_name = "KIND", value_parser = kind())]
    pub(super) format: Option<Kind>,

    /// Also write a file; its kind is its extension, or KIND= before it
    ///
    /// Repeatable. A path that ends in / is a folder and gets one CSV per
    /// table. Files are written whole or not at all.
    #[arg(short, long = "output", value_name = "[KIND=]PATH")]
    pub(super) outputs: Vec<String>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArguments {
    #[command(flatten)]
    pub(super) written: WriteArguments,

    #[command(flatten)]
    pub(super) tables: TablesArguments,

    /// Print users and accounts as they are, not as pseudonyms
    #[arg(long)]
    pub(super) show_users: bool,

    /// Make pseudonyms with the key in this file, so that they cannot be guessed
    #[arg(long, value_name = "FILE", conflicts_with = "show_users")]
    pub(super) key_file: Option<PathBuf>,
}

/// Which tables a report has and how long they are.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct TablesArguments {
    /// Tables by these dimensions; a comma crosses them
    ///
    /// component, feature, model, user, account, conversation, provider, tier,
    /// day, hour. Repeat it for another table: --by model,component --by day
    #[arg(long, value_name = "DIMENSION[,...]")]
    pub(super) by: Vec<String>,

    /// Rows of a table before the rest is summed up [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) top: Option<u32>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "General")]
pub(super) struct GeneralArguments {
    /// Settings file [default: tokopt.toml here or in a folder above]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,

    /// No notes and no progress; with -o and without --format print nothing
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// No progress on standard error
    #[arg(long)]
    pub(super) no_progress: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Show the price table, or make a price file
#[derive(Clone, Debug, Args)]
pub(super) struct PricesArguments {
    #[command(subcommand)]
    pub(super) command: PricesCommand,

    /// Lay a price file over the built-in table; repeatable, the last one wins
    #[arg(long = "prices", value_name = "FILE", global = true)]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum PricesCommand {
    /// List the models, in dollars per million tokens
    List {
        /// Only this provider's models
        #[arg(long, value_name = "NAME")]
        provider: Option<String>,
    },
    /// Show everything that is known about a model
    Show {
        /// The model, as a log names it
        model: String,
        /// The provider, where several sell the model
        #[arg(long, value_name = "NAME")]
        provider: Option<String>,
        /// The day or time to price at [default: the day the table was checked]
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Say how old the table is and what is about to change
    Status,
    /// Make a price file from LiteLLM's, genai-prices' or models.dev's JSON
    Import {
        /// The catalogue, a JSON file
        file: PathBuf,
        /// Write the price file here instead of printing it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Print a completion script
///
/// For bash: tokopt completions bash > ~/.local/share/bash-completion/completions/tokopt
#[derive(Clone, Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// Print a manual page
///
/// To read one: tokopt man analyze | man -l -
#[derive(Clone, Debug, Args)]
pub(super) struct ManArguments {
    /// The command to describe, such as analyze or prices list [default: tokopt]
    #[arg(value_name = "COMMAND")]
    pub(super) command: Vec<String>,
}

/// Accepts the names of the kinds of report.
fn kind() -> impl clap::builder::TypedValueParser<Value = Kind> {
    let names = Kind::ALL.map(|kind| match kind {
        Kind::Markdown => PossibleValue::new(kind.name()).alias("markdown"),
        Kind::Table => PossibleValue::new(kind.name()).alias("text"),
        Kind::Json | Kind::Csv => PossibleValue::new(kind.name()),
    });
    PossibleValuesParser::new(names).try_map(|name| Kind::from_name(&name))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
