//! The flags of `tokopt check`. The doc comments of the fields are the help
//! text.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};

use super::args::{GeneralArguments, PricingArguments, ReadingArguments, SelectionArguments};
use crate::report::check::CheckKind;

/// Hold a log to its budgets, and fail where one is exceeded
///
/// The budgets stand in tokopt.toml under `[budget]`; --preset adds sets of rules that come with the
/// program. A rule that cannot be judged says why and never counts as within. PATH may be a saved
/// analysis (`tokopt analyze LOG -o analysis.json`).
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArguments {
    /// Files, folders or quoted patterns, or one saved analysis; - is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    /// Hold changes against this: a saved analysis, or logs; repeatable for several logs
    #[arg(long, value_name = "PATH", help_heading = "Budget")]
    pub(super) baseline: Vec<String>,

    /// Add a set of rules: playbook or dashboard; repeatable
    #[arg(long = "preset", value_name = "NAME", help_heading = "Budget")]
    pub(super) presets: Vec<String>,

    /// Calls below which percentiles, shares, per-unit measures and comparisons are not judged
    /// [default: 30]
    #[arg(long, value_name = "N", help_heading = "Budget")]
    pub(super) minimum_calls: Option<u64>,

    /// End with 0 also when over budget; what could not be judged still ends with 2
    #[arg(long, help_heading = "Budget")]
    pub(super) exit_zero: bool,

    /// A warning fails the check as an error does
    #[arg(long, help_heading = "Budget")]
    pub(super) error_on_warning: bool,

    /// Let a log without a call pass
    #[arg(long, help_heading = "Budget")]
    pub(super) allow_empty: bool,

    /// Judge also a log of which half or more was rejected
    #[arg(long, help_heading = "Budget")]
    pub(super) allow_rejected: bool,

    /// Leave out what would save: faster on large logs, and rules on savings are not judged
    #[arg(long, help_heading = "Budget")]
    pub(super) no_ladder: bool,

    #[command(flatten)]
    pub(super) reading: ReadingArguments,

    #[command(flatten)]
    pub(super) selection: SelectionArguments,

    #[command(flatten)]
    pub(super) pricing: PricingArguments,

    /// What to print [default: table]
    #[arg(long, value_name = "KIND", value_parser = kind(), help_heading = "Output")]
    pub(super) format: Option<CheckKind>,

    /// Also write a file; its kind is its name's ending, or KIND= before it
    ///
    /// Repeatable. .txt, .json, .md, .xml (JUnit) and .sarif; gitlab=FILE is GitLab's code quality
    /// report. Files are written whole or not at all.
    #[arg(short, long = "output", value_name = "[KIND=]PATH", help_heading = "Output")]
    pub(super) outputs: Vec<String>,

    /// Also save the analysis of the log, as JSON: the baseline of a later check
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) save: Option<PathBuf>,

    /// The name by which a later run finds the Markdown comment again [default: default]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(super) comment_tag: Option<String>,

    /// Neither annotate nor write a step summary where GitHub Actions run the check
    #[arg(long, help_heading = "Output")]
    pub(super) no_annotations: bool,

    /// Print users as they are, not as pseudonyms
    #[arg(long, help_heading = "Output")]
    pub(super) show_users: bool,

    #[command(flatten)]
    pub(super) general: GeneralArguments,
}

const EXAMPLES: &str = "\
Examples:
  tokopt check usage.jsonl
  tokopt check usage.jsonl --preset dashboard
  tokopt check usage.jsonl --set 'budget.cost={max=\"USD 5\"}'
  tokopt analyze main.jsonl -q -o base.json
  tokopt check branch.jsonl --baseline base.json --preset playbook -o junit=budget.xml

Exit codes:
  0  within budget, or over it with --exit-zero
  1  over budget
  2  nothing could be judged, or the work could not be done";

/// Accepts the names of the kinds of report.
fn kind() -> impl clap::builder::TypedValueParser<Value = CheckKind> {
    let names = CheckKind::ALL.map(|kind| match kind {
        CheckKind::Markdown => PossibleValue::new(kind.name()).alias("markdown"),
        CheckKind::Table => PossibleValue::new(kind.name()).alias("text"),
        _ => PossibleValue::new(kind.name()),
    });
    PossibleValuesParser::new(names).try_map(|name| CheckKind::from_name(&name))
}
