//! What was typed about the arms of an A/B test. The doc comments of the
//! fields are the help text.

use std::path::PathBuf;

use clap::Args;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Arms of an A/B test")]
pub(super) struct ArmsArguments {
    /// Compare the calls of one log by the value of this field, such as tag.variant
    ///
    /// A bare name that is no field is a tag's: `variant` means tag.variant. Fields that can be
    /// an arm are those of --where but for user, account, workspace and conversation.
    #[arg(long, value_name = "TAG")]
    pub(super) arms: Option<String>,

    /// The arm that the others are compared with [default: the one with the most calls]
    #[arg(long, value_name = "VALUE", requires = "arms")]
    pub(super) control: Option<String>,

    /// The tag that holds a call's score, a number [default: tag.score, where it is logged]
    #[arg(long, value_name = "TAG", requires = "arms", conflicts_with = "quality")]
    pub(super) score: Option<String>,

    /// Scores from 0 to 1 by call_id and model, CSV or JSONL, as `analyze --quality` reads them
    #[arg(long, value_name = "FILE", requires = "arms")]
    pub(super) quality: Option<PathBuf>,
}
