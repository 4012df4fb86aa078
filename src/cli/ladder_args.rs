//! The flags of the savings ladder. The doc comments of the fields are the help
//! text.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};

use crate::ladder::order::Order;

const QUALITY_HELP: &str = "\
A file of scores of models' answers

CSV or JSONL. A row names a call_id, as the log has it, or a feature; a model; and a score from 0 to \
1. Routing then follows the scores instead of an assumed share.";

const WHAT_IF_HELP: &str = "\
Price the calls of one model as if another had served them

Repeatable. The texts stay the same and are counted in the other model's tokens, and its cache \
rules, context limit and prices hold. It stands beside the ladder, not on it, and says nothing of \
whether the answers would be as good.";

/// How any ladder is climbed, that of a log or of an estimate.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Savings")]
pub(super) struct StepArguments {
    /// How the steps are arranged; no order changes a total [default: greedy]
    #[arg(long, value_name = "ORDER", value_parser = order())]
    pub(super) order: Option<Order>,

    /// What an hour of work costs, an assumption of the plan [default: 100]
    #[arg(long, value_name = "USD")]
    pub(super) hourly_rate: Option<String>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Savings")]
pub(super) struct LadderArguments {
    #[command(flatten)]
    pub(super) steps: StepArguments,

    /// A file of scores of models' answers
    #[arg(long, value_name = "FILE", long_help = QUALITY_HELP)]
    pub(super) quality: Option<PathBuf>,

    /// Price the calls of one model as if another had served them
    #[arg(long, value_name = "OLD=NEW", long_help = WHAT_IF_HELP)]
    pub(super) what_if: Vec<String>,

    /// Leave out what would save: faster on large logs
    #[arg(long, conflicts_with_all = ["order", "quality", "hourly_rate"])]
    pub(super) no_ladder: bool,
}

fn order() -> impl clap::builder::TypedValueParser<Value = Order> {
    let names = Order::ALL.map(|order| {
        PossibleValue::new(order.name()).help(match order {
            Order::Greedy => "what saves most on top of the steps above comes next",
            Order::Playbook => "as published playbooks list them",
            Order::Effort => "what saves most per hour of work comes next",
            Order::Savings => "by what each saves alone",
        })
    });
    PossibleValuesParser::new(names).map(|name| Order::parse(&name).unwrap_or_default())
}
