//! What was typed about two logs or analyses to compare. The doc comments of
//! the fields are the help text.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::document::Per;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Difference")]
pub(super) struct SidesArguments {
    /// Compare the two parts of one log, before this day or time and from it on, or its halves
    ///
    /// `half` is the middle between the first and the last call.
    #[arg(long, value_name = "TIME|half", conflicts_with_all = ["arms", "expect"])]
    pub(super) split: Option<String>,

    /// What to compare: the totals of the logs, or thirty days of each
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "arms")]
    pub(super) per: Option<PerChoice>,

    /// Hold the plan of this saved analysis against the log: promised, realised, and why
    #[arg(long, value_name = "ANALYSIS", conflicts_with = "arms")]
    pub(super) expect: Option<PathBuf>,
}

/// What amounts are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PerChoice {
    /// The logs as they are
    Total,
    /// Thirty days like those of each log
    Month,
}

impl From<PerChoice> for Per {
    fn from(choice: PerChoice) -> Self {
        match choice {
            PerChoice::Total => Self::Total,
            PerChoice::Month => Self::Month,
        }
    }
}
