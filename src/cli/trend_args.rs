//! What was typed after `tokopt trend`.

use clap::{Args, ValueEnum};

use super::args::{
    GeneralArguments, PricingArguments, ReadingArguments, SelectionArguments, WriteArguments,
};

/// Show use and cost by day, week or month, and what the month is coming to
///
/// For every period: calls, tokens, cost, cost and tokens per call, the share read from the cache,
/// the share that failed. Then the days that cost unlike the others, by a rule that is printed, with
/// the feature and the model that moved most; and what the month of the last call is coming to, with
/// a range where two weeks of complete days are there to draw it from.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TrendArguments {
    /// Files, folders or quoted patterns; - is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    /// How long a period is [default: by the length of the log]
    ///
    /// By day up to 62 days, by week up to 53 weeks, else by month; never shorter than the periods of
    /// a usage export. Days that stand out and the forecast go by days whatever is chosen.
    #[arg(long, value_enum, value_name = "STEP", help_heading = "Trend")]
    pub(super) by: Option<StepArgument>,

    /// Days that stand out that are shown [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Trend")]
    pub(super) top: Option<u32>,

    #[command(flatten)]
    pub(super) reading: ReadingArguments,

    #[command(flatten)]
    pub(super) selection: SelectionArguments,

    #[command(flatten)]
    pub(super) pricing: PricingArguments,

    #[command(flatten)]
    pub(super) written: WriteArguments,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const EXAMPLES: &str = "\
Examples:
  tokopt trend usage.jsonl
  tokopt trend ~/.claude/projects --by week --timezone Europe/Berlin
  tokopt trend 'logs/**/*.jsonl.gz' --where feature=chat --format json
  tokopt trend export.json -o trend.md -o tables/";

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StepArgument {
    /// From midnight to midnight in --timezone
    Day,
    /// From Monday to Sunday, numbered as in ISO 8601
    Week,
    /// A calendar month; thirty days where the log has no dates
    Month,
}
