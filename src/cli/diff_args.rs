//! What was typed after `tokopt diff`. The doc comments of the fields are the
//! help text.

use clap::Args;

use super::args::{
    GeneralArguments, PricingArguments, ReadingArguments, SelectionArguments, WriteArguments,
};
use super::arms_args::ArmsArguments;

/// Say what is different between the arms of an A/B test
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
  tokopt diff --arms variant usage.jsonl
  tokopt diff --arms model --where feature=support --control gpt-5 logs/ -o arms.md";
