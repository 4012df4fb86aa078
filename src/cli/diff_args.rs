//! What was typed after `tokopt diff`. The doc comments of the fields are the
//! help text.

use clap::Args;

use super::args::{
    GeneralArguments, PricingArguments, ReadingArguments, SelectionArguments, WriteArguments,
};
use super::arms_args::ArmsArguments;
use super::sides_args::SidesArguments;

/// Say what changed in cost between two logs, and why
///
/// Each of the two is a file, a folder, a pattern, or an analysis saved with `analyze -o
/// analysis.json`. The steps from one bill to the other add up exactly: features that are gone or
/// new, number of calls, mix of features and models, tokens per call, cache share, prices.
/// --split compares two parts of one log.
///
/// With --arms: per arm what a call and a conversation cost, tokens, cache reads, errors and
/// scores; the differences with 95 % intervals from a bootstrap by conversation; and where the
/// sample is too small to tell.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(super) struct DiffArguments {
    /// Files, folders or quoted patterns; - is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    #[command(flatten)]
    pub(super) sides: SidesArguments,

    #[command(flatten)]
    pub(super) arms: ArmsArguments,

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

const DIFF_EXAMPLES: &str = "\
Examples:
  tokopt diff may.jsonl june.jsonl
  tokopt diff last-month.json 'logs/2026-06-*.jsonl' --per month -o diff.md
  tokopt diff --split 2026-06-15 usage.jsonl
  tokopt diff --arms variant usage.jsonl
  tokopt diff --arms model --where feature=support --control gpt-5 logs/ -o arms.md";
